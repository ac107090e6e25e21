;; wait-order, compiled by clang 14.0.6. Made by policies/build.sh: edit the source instead.
(module
(type (func (result i32)))
(type (func (param i32) (result i32)))
(type (func (param i32 i32) (result i64)))
(type (func (param i32 i32)))
(type (func (param i32 i32) (result i32)))
(type (func (param i32 i32 i32 i32) (result i32)))
(type (func (param i32 i32 i32)))
(type (func (result i64)))
(type (func))
(type (func (param i32)))
(type (func (param i32 i32 i32) (result i32)))
(type (func (param i32 i32 i32 i32)))
(type (func (param i32 i64) (result i32)))
(type (func (param i32 f64) (result i32)))
(type (func (param f64 i64) (result f64)))
(func (type 0) (result i32)
i32.const 1)
(func (type 1) (param i32) (result i32)
(local i32 i32 i32)
i32.const 0
local.set 1
block  ;; label = @1
local.get 0
i32.const 4194303
i32.gt_u
br_if 0
local.get 0
i32.const 8
i32.add
call 2
local.tee 2
i32.eqz
br_if 0
local.get 2
local.get 0
i32.add
local.set 3
i32.const 0
local.set 0
loop  ;; label = @2
local.get 3
local.get 0
i32.add
i32.const 0
i32.store8
local.get 0
i32.const 7
i32.lt_u
local.set 1
local.get 0
i32.const 1
i32.add
local.set 0
local.get 1
br_if 0
end
local.get 2
local.set 1
end
local.get 1)
(func (type 1) (param i32) (result i32)
(local i32 i32 i32 i32)
i32.const 0
local.set 1
block  ;; label = @1
i32.const 0
i32.load offset=67176
local.tee 2
i32.const 67360
local.get 2
select
i32.const 15
i32.add
i32.const -16
i32.and
local.tee 2
i32.const 4194304
i32.gt_u
br_if 0
i32.const 4194304
local.get 2
i32.sub
local.get 0
i32.lt_u
br_if 0
block  ;; label = @2
local.get 2
local.get 0
i32.add
local.tee 0
i32.const 65535
i32.add
i32.const 16
i32.shr_u
local.tee 3
memory.size
local.tee 4
i32.le_u
br_if 0
local.get 3
local.get 4
i32.sub
memory.grow
i32.const -1
i32.eq
br_if 1
end
i32.const 0
local.get 0
i32.store offset=67176
local.get 2
local.set 1
end
local.get 1)
(func (type 2) (param i32 i32) (result i64)
(local i32 i32 i32 i32 i32 i32 i32 i32 i32 f64 i32 f64 i64)
global.get 0
i32.const 4208
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 1648
i32.add
local.get 0
call 4
call 5
block  ;; label = @1
local.get 2
i32.const 1648
i32.add
call 6
i32.eqz
br_if 0
i32.const 0
local.set 0
i32.const 0
local.set 3
block  ;; label = @2
loop  ;; label = @3
block  ;; label = @4
local.get 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
i32.eqz
br_if 0
local.get 3
i32.eqz
br_if 0
local.get 3
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
br_if 2
end
block  ;; label = @4
block  ;; label = @5
local.get 2
i32.load offset=1648
local.tee 4
i32.const 66126
call 7
i32.eqz
br_if 0
local.get 2
i32.load offset=1652
local.set 0
br 1
end
local.get 4
i32.const 65793
call 7
local.set 4
local.get 2
i32.load offset=1652
local.get 3
local.get 4
select
local.set 3
end
local.get 2
i32.const 1648
i32.add
call 6
br_if 0
end
local.get 0
i32.eqz
br_if 1
end
local.get 0
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
local.tee 4
i32.eqz
br_if 0
block  ;; label = @2
local.get 4
i32.const 5
i32.eq
br_if 0
local.get 2
i32.const 3952
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 0
call 8
i32.store offset=352
i32.const 66126
local.get 2
i32.const 3952
i32.add
local.get 2
i32.const 65580
local.get 2
i32.const 352
i32.add
call 9
i32.const 66475
call 10
br 1
end
local.get 2
i32.const 2160
i32.add
local.get 0
call 5
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 2
i32.const 2160
i32.add
call 6
br_if 0
i32.const 0
local.set 5
br 1
end
i32.const 0
local.set 5
loop  ;; label = @4
local.get 5
i32.const 64
i32.eq
br_if 2
block  ;; label = @5
block  ;; label = @6
local.get 2
i32.load offset=2164
local.tee 6
i32.eqz
br_if 0
local.get 6
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
i32.const 4
i32.eq
br_if 1
end
local.get 2
i32.const 3440
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 5
i32.store offset=336
local.get 2
i32.const 3440
i32.add
local.get 2
i32.const 66461
local.get 2
i32.const 336
i32.add
call 9
local.set 0
local.get 2
i32.const 3184
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 6
call 8
i32.store offset=320
local.get 0
local.get 2
i32.const 3184
i32.add
local.get 2
i32.const 66323
local.get 2
i32.const 320
i32.add
call 9
i32.const 65672
call 10
end
local.get 2
i32.const 2928
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 6
local.get 2
i32.const 2928
i32.add
call 11
local.set 7
block  ;; label = @5
local.get 5
i32.eqz
br_if 0
local.get 2
i32.const 1648
i32.add
local.set 0
local.get 5
local.set 4
block  ;; label = @6
loop  ;; label = @7
local.get 0
i32.load
local.get 7
call 7
br_if 1
local.get 0
i32.const 8
i32.add
local.set 0
local.get 4
i32.const -1
i32.add
local.tee 4
i32.eqz
br_if 2
br 0
end
end
i32.const 0
local.set 6
local.get 2
i32.const 2672
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 5
i32.store offset=304
local.get 2
i32.const 2672
i32.add
local.get 2
i32.const 66461
local.get 2
i32.const 304
i32.add
call 9
local.set 0
local.get 2
i32.const 2416
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
i32.store offset=288
local.get 0
local.get 2
i32.const 2416
i32.add
local.get 2
i32.const 66361
local.get 2
i32.const 288
i32.add
call 9
i32.const 66193
call 10
end
local.get 2
i32.const 1648
i32.add
local.get 5
i32.const 3
i32.shl
i32.add
local.tee 0
i32.const 0
i32.store offset=4
local.get 0
local.get 6
i32.store
local.get 5
i32.const 1
i32.add
local.set 5
local.get 2
i32.const 2160
i32.add
call 6
br_if 0
end
end
block  ;; label = @3
local.get 3
i32.eqz
br_if 0
local.get 3
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
local.tee 0
i32.eqz
br_if 0
local.get 0
i32.const 6
i32.eq
br_if 0
local.get 2
i32.const 3952
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 3
call 8
i32.store offset=256
i32.const 65793
local.get 2
i32.const 3952
i32.add
local.get 2
i32.const 65621
local.get 2
i32.const 256
i32.add
call 9
i32.const 66295
call 10
br 2
end
local.get 2
i32.const 2416
i32.add
local.get 3
call 5
block  ;; label = @3
local.get 2
i32.const 2416
i32.add
call 6
i32.eqz
br_if 0
local.get 5
i32.const 1
i32.lt_s
local.set 6
i32.const 0
local.set 7
loop  ;; label = @4
block  ;; label = @5
block  ;; label = @6
local.get 7
i32.const 64
i32.eq
br_if 0
local.get 2
i32.const 3440
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.load offset=2416
local.get 2
i32.const 3440
i32.add
call 11
local.set 3
block  ;; label = @7
block  ;; label = @8
local.get 6
br_if 0
local.get 2
i32.const 1648
i32.add
local.set 0
local.get 5
local.set 4
loop  ;; label = @9
local.get 0
i32.load
local.get 3
call 7
br_if 2
local.get 0
i32.const 8
i32.add
local.set 0
local.get 4
i32.const -1
i32.add
local.tee 4
br_if 0
end
end
local.get 2
i32.const 3184
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 3
i32.store offset=240
local.get 2
i32.const 3184
i32.add
local.get 2
i32.const 65838
local.get 2
i32.const 240
i32.add
call 9
local.set 0
local.get 2
i32.const 2928
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 3
i32.store offset=224
local.get 2
i32.const 2928
i32.add
local.get 2
i32.const 66387
local.get 2
i32.const 224
i32.add
call 9
local.set 4
local.get 2
i32.const 2672
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 3
i32.store offset=208
local.get 0
local.get 4
local.get 2
i32.const 2672
i32.add
local.get 2
i32.const 66001
local.get 2
i32.const 208
i32.add
call 9
call 12
br 2
end
local.get 0
i32.const 4
i32.add
local.get 2
i32.load offset=2420
i32.store
br 1
end
local.get 2
i32.const 3696
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 64
i32.store offset=192
i32.const 65793
local.get 2
i32.const 3696
i32.add
local.get 2
i32.const 65770
local.get 2
i32.const 192
i32.add
call 9
i32.const 66283
call 10
br 4
end
local.get 7
i32.const 1
i32.add
local.set 7
local.get 2
i32.const 2416
i32.add
call 6
br_if 0
end
end
local.get 5
i32.const 1
i32.lt_s
br_if 1
i32.const -1
local.set 8
local.get 2
i32.const 1648
i32.add
local.set 0
local.get 2
i32.const 136
i32.add
local.set 9
local.get 2
i32.const 128
i32.add
local.set 10
i32.const 0
local.set 3
f64.const 0x0p+0
local.set 11
loop  ;; label = @3
local.get 2
i32.const 1384
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 0
i32.load
local.tee 4
local.get 2
i32.const 1384
i32.add
call 11
local.set 7
block  ;; label = @4
local.get 4
i32.eqz
br_if 0
local.get 4
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
i32.const 4
i32.ne
br_if 0
local.get 0
i32.const 4
i32.add
i32.load
local.tee 4
i32.const 65827
call 13
local.set 6
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 4
i32.eqz
br_if 0
local.get 4
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
local.tee 12
i32.const 6
i32.eq
br_if 2
local.get 12
br_if 1
end
local.get 2
i32.const 3952
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
i32.store offset=20
local.get 2
local.get 7
i32.store offset=16
local.get 2
i32.const 3952
i32.add
local.get 2
i32.const 65870
local.get 2
i32.const 16
i32.add
call 9
local.set 4
local.get 2
i32.const 3696
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
i32.store offset=4
local.get 2
local.get 7
i32.store
i32.const 65793
local.get 4
local.get 2
i32.const 3696
i32.add
local.get 2
i32.const 66022
local.get 2
call 9
call 10
br 2
end
local.get 2
i32.const 3440
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
i32.store offset=48
local.get 2
i32.const 3440
i32.add
local.get 2
i32.const 65838
local.get 2
i32.const 48
i32.add
call 9
local.set 6
local.get 2
i32.const 3184
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 4
call 8
i32.store offset=36
local.get 2
local.get 7
i32.store offset=32
local.get 6
local.get 2
i32.const 3184
i32.add
local.get 2
i32.const 65648
local.get 2
i32.const 32
i32.add
call 9
i32.const 65819
call 10
br 1
end
block  ;; label = @5
local.get 6
local.get 2
i32.const 1640
i32.add
call 14
br_if 0
local.get 2
i32.const 2928
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
i32.store offset=80
local.get 2
i32.const 2928
i32.add
local.get 2
i32.const 65799
local.get 2
i32.const 80
i32.add
call 9
local.set 4
local.get 2
i32.const 2672
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 6
call 8
i32.store offset=68
local.get 2
local.get 7
i32.store offset=64
local.get 4
local.get 2
i32.const 2672
i32.add
local.get 2
i32.const 65847
local.get 2
i32.const 64
i32.add
call 9
i32.const 66509
call 10
br 1
end
block  ;; label = @5
local.get 2
f64.load offset=1640
local.tee 13
f64.const 0x0p+0
f64.le
i32.eqz
br_if 0
local.get 2
i32.const 2416
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
i32.store offset=176
local.get 2
i32.const 2416
i32.add
local.get 2
i32.const 65799
local.get 2
i32.const 176
i32.add
call 9
local.set 4
local.get 2
i32.const 2160
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 13
f64.store offset=168
local.get 2
local.get 7
i32.store offset=160
local.get 4
local.get 2
i32.const 2160
i32.add
local.get 2
i32.const 65911
local.get 2
i32.const 160
i32.add
call 9
i32.const 66509
call 10
br 1
end
block  ;; label = @5
local.get 13
local.get 11
f64.ge
i32.eqz
br_if 0
local.get 3
local.set 8
local.get 13
local.set 11
br 1
end
local.get 2
i32.const 1128
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 1648
i32.add
local.get 8
i32.const 3
i32.shl
i32.add
i32.load
local.get 2
i32.const 1128
i32.add
call 11
local.set 4
local.get 2
i32.const 872
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
i32.store offset=144
local.get 2
i32.const 872
i32.add
local.get 2
i32.const 65799
local.get 2
i32.const 144
i32.add
call 9
local.set 6
local.get 2
i32.const 616
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 9
local.get 11
f64.store
local.get 10
local.get 4
i32.store
local.get 2
local.get 13
f64.store offset=120
local.get 2
local.get 7
i32.store offset=112
local.get 2
i32.const 616
i32.add
local.get 2
i32.const 65931
local.get 2
i32.const 112
i32.add
call 9
local.set 7
local.get 2
i32.const 360
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 4
i32.store offset=104
local.get 2
local.get 11
f64.store offset=96
local.get 6
local.get 7
local.get 2
i32.const 360
i32.add
local.get 2
i32.const 66065
local.get 2
i32.const 96
i32.add
call 9
call 10
end
local.get 0
i32.const 8
i32.add
local.set 0
local.get 5
local.get 3
i32.const 1
i32.add
local.tee 3
i32.ne
br_if 0
br 2
end
end
local.get 2
i32.const 3696
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 64
i32.store offset=272
i32.const 66126
local.get 2
i32.const 3696
i32.add
local.get 2
i32.const 65734
local.get 2
i32.const 272
i32.add
call 9
i32.const 65990
call 10
end
call 15
local.set 14
local.get 2
i32.const 4208
i32.add
global.set 0
local.get 14)
(func (type 1) (param i32) (result i32)
(local i32 i32)
i32.const 0
i32.const 0
i32.store offset=67200
i32.const 0
i32.const 0
i32.store offset=67192
i32.const 0
i32.const 0
i32.store offset=67184
call 16
block  ;; label = @1
loop  ;; label = @2
local.get 0
i32.load8_u
local.tee 1
i32.const -9
i32.add
local.tee 2
i32.const 23
i32.gt_u
br_if 1
i32.const 1
local.get 2
i32.shl
i32.const 8388627
i32.and
i32.eqz
br_if 1
local.get 0
i32.const 1
i32.add
local.set 0
br 0
end
end
i32.const 0
local.get 0
i32.store offset=67344
block  ;; label = @1
local.get 1
i32.const 66816
i32.add
i32.load8_u
i32.const 6
i32.eq
br_if 0
call 17
end
local.get 0
i32.const 65718
call 13)
(func (type 3) (param i32 i32)
(local i32)
i32.const 0
local.set 2
block  ;; label = @1
local.get 1
i32.eqz
br_if 0
i32.const 93
i32.const 125
i32.const 0
local.get 1
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
local.tee 2
i32.const 6
i32.eq
select
local.get 2
i32.const 5
i32.eq
select
local.set 2
end
local.get 0
i32.const 0
i32.store8 offset=9
local.get 0
local.get 2
i32.store8 offset=8
local.get 0
local.get 1
i32.store offset=4
local.get 0
i32.const 0
i32.store)
(func (type 1) (param i32) (result i32)
(local i32 i32 i32 i32)
block  ;; label = @1
local.get 0
i32.load8_u offset=8
br_if 0
i32.const 0
return
end
local.get 0
i32.load offset=4
local.set 1
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 0
i32.load8_u offset=9
br_if 0
local.get 1
i32.const 1
i32.add
local.set 1
br 1
end
local.get 1
call 23
local.tee 1
i32.eqz
br_if 1
end
block  ;; label = @3
loop  ;; label = @4
local.get 1
i32.load8_u
local.tee 2
i32.const -9
i32.add
local.tee 3
i32.const 23
i32.gt_u
br_if 1
i32.const 1
local.get 3
i32.shl
i32.const 8388627
i32.and
i32.eqz
br_if 1
local.get 1
i32.const 1
i32.add
local.set 1
br 0
end
end
block  ;; label = @3
local.get 2
local.get 0
i32.load8_u offset=8
local.tee 4
i32.ne
br_if 0
local.get 0
i32.const 0
i32.store8 offset=8
i32.const 0
return
end
block  ;; label = @3
block  ;; label = @4
local.get 0
i32.load8_u offset=9
br_if 0
local.get 1
local.set 3
br 1
end
i32.const 66544
local.set 3
local.get 2
i32.const 44
i32.ne
br_if 0
local.get 1
i32.const 1
i32.add
local.set 3
loop  ;; label = @4
local.get 3
i32.load8_u
i32.const -9
i32.add
local.tee 1
i32.const 23
i32.gt_u
br_if 1
i32.const 1
local.get 1
i32.shl
i32.const 8388627
i32.and
i32.eqz
br_if 1
local.get 3
i32.const 1
i32.add
local.set 3
br 0
end
end
block  ;; label = @3
local.get 4
i32.const 125
i32.ne
br_if 0
local.get 0
local.get 3
i32.store
block  ;; label = @4
local.get 3
i32.load8_u
i32.const 34
i32.ne
br_if 0
local.get 3
call 24
local.tee 1
i32.eqz
br_if 0
block  ;; label = @5
loop  ;; label = @6
local.get 1
i32.load8_u
local.tee 2
i32.const -9
i32.add
local.tee 3
i32.const 23
i32.gt_u
br_if 1
i32.const 1
local.get 3
i32.shl
i32.const 8388627
i32.and
i32.eqz
br_if 1
local.get 1
i32.const 1
i32.add
local.set 1
br 0
end
end
local.get 2
i32.const 58
i32.ne
br_if 0
local.get 1
i32.const 1
i32.add
local.set 3
loop  ;; label = @5
local.get 3
i32.load8_u
i32.const -9
i32.add
local.tee 1
i32.const 23
i32.gt_u
br_if 2
i32.const 1
local.get 1
i32.shl
i32.const 8388627
i32.and
i32.eqz
br_if 2
local.get 3
i32.const 1
i32.add
local.set 3
br 0
end
end
local.get 0
i32.const 1
i32.store8 offset=9
local.get 0
i32.const 0
i32.store offset=4
br 1
end
i32.const 1
local.set 1
local.get 0
i32.const 1
i32.store8 offset=9
local.get 0
local.get 3
i32.store offset=4
local.get 3
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
br_if 1
end
i32.const 0
local.set 1
local.get 0
i32.const 0
i32.store8 offset=8
call 17
end
local.get 1)
(func (type 4) (param i32 i32) (result i32)
(local i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
i32.const 0
local.set 3
block  ;; label = @1
local.get 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
i32.const 4
i32.ne
br_if 0
local.get 0
i32.const 1
i32.add
local.set 3
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 0
i32.load8_u offset=1
local.tee 0
local.get 1
i32.load8_u
local.tee 4
i32.ne
br_if 0
loop  ;; label = @6
local.get 0
i32.const 255
i32.and
local.tee 0
i32.eqz
br_if 4
local.get 0
i32.const 34
i32.eq
br_if 2
block  ;; label = @7
local.get 0
i32.const 92
i32.ne
br_if 0
local.get 2
local.get 3
i32.store offset=8
br 4
end
local.get 3
i32.const 1
i32.add
local.tee 3
i32.load8_u
local.tee 0
local.get 1
i32.const 1
i32.add
local.tee 1
i32.load8_u
local.tee 4
i32.eq
br_if 0
end
end
local.get 2
local.get 3
i32.store offset=8
local.get 0
i32.const 34
i32.eq
br_if 0
i32.const 0
local.set 3
local.get 0
i32.const 92
i32.eq
br_if 1
br 3
end
local.get 4
i32.const 255
i32.and
i32.eqz
local.set 3
br 2
end
block  ;; label = @3
local.get 2
i32.const 8
i32.add
local.get 2
i32.const 12
i32.add
call 25
local.tee 3
i32.eqz
br_if 0
loop  ;; label = @4
block  ;; label = @5
local.get 3
i32.const 1
i32.lt_s
br_if 0
local.get 1
local.get 3
i32.add
local.set 4
local.get 2
i32.const 12
i32.add
local.set 0
loop  ;; label = @6
local.get 0
i32.load8_u
local.get 1
i32.load8_u
i32.ne
br_if 4
local.get 0
i32.const 1
i32.add
local.set 0
local.get 1
i32.const 1
i32.add
local.set 1
local.get 3
i32.const -1
i32.add
local.tee 3
br_if 0
end
local.get 4
local.set 1
end
local.get 2
i32.const 8
i32.add
local.get 2
i32.const 12
i32.add
call 25
local.tee 3
br_if 0
end
end
local.get 1
i32.load8_u
i32.eqz
i32.const 0
i32.load8_u offset=67180
i32.const 1
i32.xor
i32.and
local.set 3
br 1
end
i32.const 0
local.set 3
end
local.get 2
i32.const 16
i32.add
global.set 0
local.get 3)
(func (type 1) (param i32) (result i32)
block  ;; label = @1
block  ;; label = @2
local.get 0
br_if 0
i32.const 0
local.set 0
br 1
end
local.get 0
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
local.set 0
end
local.get 0
i32.const 10
i32.mul
i32.const 67104
i32.add)
(func (type 5) (param i32 i32 i32 i32) (result i32)
(local i32 i32 i32 i32)
global.get 0
i32.const 48
i32.sub
local.tee 4
global.set 0
local.get 4
local.get 3
i32.store offset=12
i32.const 0
local.set 3
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 2
i32.load8_u
local.tee 5
i32.eqz
br_if 0
i32.const 0
local.set 3
loop  ;; label = @4
local.get 4
i32.const 0
i32.store8 offset=11
local.get 4
local.get 5
i32.store8 offset=10
local.get 4
i32.const 10
i32.add
local.set 6
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 2
i32.load8_u
i32.const 37
i32.eq
br_if 0
local.get 2
local.set 7
br 1
end
local.get 4
i32.const 10
i32.add
local.set 6
block  ;; label = @7
block  ;; label = @8
local.get 2
i32.load8_s offset=1
local.tee 5
br_if 0
local.get 2
local.set 7
br 1
end
local.get 2
i32.const 1
i32.add
local.set 7
block  ;; label = @8
block  ;; label = @9
block  ;; label = @10
block  ;; label = @11
local.get 5
i32.const -100
i32.add
br_table 1 4 4 3 0
end
local.get 5
i32.const 108
i32.eq
br_if 1
local.get 5
i32.const 115
i32.ne
br_if 3
local.get 4
local.get 4
i32.load offset=12
local.tee 5
i32.const 4
i32.add
i32.store offset=12
local.get 5
i32.load
local.set 6
br 3
end
local.get 4
local.get 4
i32.load offset=12
local.tee 5
i32.const 4
i32.add
i32.store offset=12
local.get 4
i32.const 16
i32.add
local.get 5
i64.load32_s
call 28
local.set 6
br 2
end
local.get 4
local.get 4
i32.load offset=12
i32.const 7
i32.add
i32.const -8
i32.and
local.tee 5
i32.const 8
i32.add
i32.store offset=12
local.get 2
i32.const 3
i32.add
local.set 7
local.get 4
i32.const 16
i32.add
local.get 5
i64.load
call 28
local.set 6
br 1
end
local.get 4
local.get 4
i32.load offset=12
i32.const 7
i32.add
i32.const -8
i32.and
local.tee 5
i32.const 8
i32.add
i32.store offset=12
local.get 4
i32.const 16
i32.add
local.get 5
f64.load
call 29
local.set 6
end
local.get 6
i32.load8_u
local.tee 5
i32.eqz
br_if 1
end
local.get 6
i32.const 1
i32.add
local.set 2
loop  ;; label = @6
local.get 3
i32.const 255
i32.eq
br_if 4
local.get 0
local.get 3
i32.add
local.get 5
i32.store8
local.get 3
i32.const 1
i32.add
local.set 3
local.get 2
i32.load8_u
local.set 5
local.get 2
i32.const 1
i32.add
local.set 2
local.get 5
br_if 0
end
end
local.get 7
i32.const 1
i32.add
local.set 2
local.get 7
i32.load8_u offset=1
local.tee 5
br_if 0
end
end
local.get 0
local.get 3
i32.const 0
call 26
drop
br 1
end
local.get 0
i32.const 255
i32.const 1
call 26
drop
end
local.get 4
i32.const 48
i32.add
global.set 0
local.get 0)
(func (type 6) (param i32 i32 i32)
i32.const 1
local.get 0
local.get 1
local.get 2
call 27)
(func (type 4) (param i32 i32) (result i32)
(local i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
i32.const 4
i32.eq
br_if 1
end
local.get 1
i32.const 0
i32.const 0
call 26
drop
br 1
end
local.get 2
local.get 0
i32.const 1
i32.add
i32.store offset=8
i32.const 0
local.set 3
block  ;; label = @2
local.get 2
i32.const 8
i32.add
local.get 2
i32.const 12
i32.add
call 25
local.tee 0
i32.eqz
br_if 0
i32.const 0
local.set 3
block  ;; label = @3
loop  ;; label = @4
local.get 0
local.get 3
i32.add
local.tee 4
i32.const 255
i32.gt_u
br_if 1
block  ;; label = @5
local.get 0
i32.const 1
i32.lt_s
br_if 0
local.get 1
local.get 3
i32.add
local.get 2
i32.const 12
i32.add
local.get 0
memory.copy
local.get 4
local.set 3
end
local.get 2
i32.const 8
i32.add
local.get 2
i32.const 12
i32.add
call 25
local.tee 0
i32.eqz
br_if 2
br 0
end
end
local.get 1
local.get 3
i32.const 1
call 26
drop
br 1
end
local.get 1
local.get 3
i32.const 0
call 26
drop
end
local.get 2
i32.const 16
i32.add
global.set 0
local.get 1)
(func (type 6) (param i32 i32 i32)
i32.const 0
local.get 0
local.get 1
local.get 2
call 27)
(func (type 4) (param i32 i32) (result i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
i32.const 0
local.set 3
block  ;; label = @1
local.get 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
i32.const 66816
i32.add
i32.load8_u
i32.const 6
i32.ne
br_if 0
local.get 2
local.get 0
call 5
loop  ;; label = @2
local.get 2
call 6
i32.eqz
br_if 1
local.get 2
i32.load
local.get 1
call 7
i32.eqz
br_if 0
end
local.get 2
i32.load offset=4
local.set 3
end
local.get 2
i32.const 16
i32.add
global.set 0
local.get 3)
(func (type 4) (param i32 i32) (result i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
local.get 0
local.get 1
local.get 2
i32.const 8
i32.add
call 39
local.set 0
local.get 2
i32.const 16
i32.add
global.set 0
local.get 0
i32.const 0
i32.gt_s)
(func (type 7) (result i64)
block  ;; label = @1
i32.const 0
i32.load8_u offset=67180
i32.eqz
br_if 0
call 16
i32.const 0
i32.const 0
i32.store offset=67200
i32.const 66544
i32.const 66137
i32.const 65542
call 10
end
block  ;; label = @1
i32.const 0
i32.load offset=67188
br_if 0
i64.const 0
return
end
block  ;; label = @1
i32.const 0
i32.load offset=67212
i32.eqz
br_if 0
i32.const 66544
i32.const 66245
i32.const 66436
call 18
end
call 19
i32.const 65609
call 20
i32.const 0
i32.load offset=67200
i32.eqz
call 21
call 19
call 22)
(func (type 8)
i32.const 0
i64.const 0
i64.store offset=67204 align=4
i32.const 0
i32.const 0
i32.store offset=67212
i32.const 0
i32.const 0
i32.store offset=67188
i32.const 0
i32.const 0
i32.store offset=67196)
(func (type 8)
i32.const 0
i32.const 1
i32.store8 offset=67180)
(func (type 6) (param i32 i32 i32)
call 33
i32.const 65538
call 20
local.get 0
call 36
i32.const 66353
call 20
local.get 1
call 36
i32.const 65616
call 20
local.get 2
call 36
call 19)
(func (type 8)
(local i32)
block  ;; label = @1
i32.const 0
i32.load offset=67204
local.tee 0
br_if 0
unreachable
unreachable
end
i32.const 0
local.get 0
i32.const -1
i32.add
i32.store offset=67204
local.get 0
i32.const 67215
i32.add
i32.load8_s
call 37
i32.const 0
i32.const 1
i32.store offset=67196)
(func (type 9) (param i32)
local.get 0
call 36
i32.const 58
call 37
i32.const 0
i32.const 0
i32.store offset=67196)
(func (type 9) (param i32)
i32.const 66234
i32.const 66239
local.get 0
select
call 38)
(func (type 7) (result i64)
(local i64)
i64.const 0
i32.const 0
i64.load32_u offset=67184
i64.const 32
i64.shl
i32.const 0
i64.load32_u offset=67188
local.tee 0
i64.or
local.get 0
i64.eqz
select)
(func (type 1) (param i32) (result i32)
(local i32 i32 i32)
global.get 0
i32.const 128
i32.sub
local.tee 1
global.set 0
block  ;; label = @1
block  ;; label = @2
local.get 0
i32.load8_u
local.tee 2
i32.const 34
i32.eq
br_if 0
block  ;; label = @3
block  ;; label = @4
local.get 2
i32.const 123
i32.eq
br_if 0
local.get 2
i32.const 91
i32.ne
br_if 1
end
i32.const 0
local.set 3
block  ;; label = @4
loop  ;; label = @5
block  ;; label = @6
local.get 0
i32.const 1
call 30
local.tee 0
i32.load8_u
local.tee 2
i32.const 34
i32.ne
br_if 0
local.get 0
call 24
local.tee 0
br_if 1
br 2
end
local.get 0
i32.const 1
i32.add
local.set 0
block  ;; label = @6
block  ;; label = @7
local.get 2
i32.const 223
i32.and
i32.const 91
i32.ne
br_if 0
local.get 3
i32.const 128
i32.eq
br_if 1
local.get 1
local.get 3
i32.add
local.get 2
i32.store8
local.get 3
i32.const 1
i32.add
local.set 3
br 2
end
local.get 2
i32.eqz
br_if 0
local.get 2
i32.const 24
i32.shl
i32.const 24
i32.shr_s
i32.const -2
i32.add
local.get 1
local.get 3
i32.const -1
i32.add
local.tee 3
i32.add
i32.load8_s
i32.ne
br_if 0
local.get 3
br_if 1
br 5
end
end
call 17
end
i32.const 0
local.set 0
br 2
end
local.get 0
i32.const 2
call 30
local.set 0
br 1
end
local.get 0
call 24
local.set 0
end
local.get 1
i32.const 128
i32.add
global.set 0
local.get 0)
(func (type 1) (param i32) (result i32)
(local i32)
block  ;; label = @1
block  ;; label = @2
loop  ;; label = @3
local.get 0
i32.const 1
i32.add
call 31
local.tee 1
i32.load8_u
local.tee 0
i32.eqz
br_if 1
local.get 0
i32.const 34
i32.eq
br_if 2
local.get 1
i32.const 1
i32.add
local.set 0
local.get 1
i32.load8_u offset=1
br_if 0
end
end
call 17
i32.const 0
return
end
local.get 1
i32.const 1
i32.add)
(func (type 4) (param i32 i32) (result i32)
(local i32 i32 i32 i32 i32)
block  ;; label = @1
local.get 0
i32.load
local.tee 2
i32.load8_u
local.tee 3
i32.const 31
i32.le_u
br_if 0
i32.const 0
local.set 4
block  ;; label = @2
local.get 3
i32.const 34
i32.eq
br_if 0
i32.const 1
local.set 4
local.get 0
local.get 2
i32.const 1
i32.add
i32.store
local.get 1
local.get 2
i32.load8_u
i32.store8
local.get 2
i32.load8_u
i32.const 92
i32.ne
br_if 0
local.get 0
local.get 2
i32.const 2
i32.add
local.tee 5
i32.store
local.get 2
i32.load8_u offset=1
local.set 6
i32.const 34
local.set 4
i32.const 67073
local.set 3
loop  ;; label = @3
block  ;; label = @4
local.get 6
i32.const 255
i32.and
local.get 4
i32.const 255
i32.and
i32.ne
br_if 0
local.get 1
local.get 3
i32.load8_u
i32.store8
i32.const 1
return
end
local.get 3
i32.const 1
i32.add
local.set 4
local.get 3
i32.const 2
i32.add
local.set 3
local.get 4
i32.load8_u
local.tee 4
br_if 0
end
local.get 6
i32.const 255
i32.and
i32.const 117
i32.ne
br_if 1
local.get 5
call 32
local.tee 3
i32.const -1
i32.le_s
br_if 1
local.get 0
local.get 2
i32.const 6
i32.add
local.tee 4
i32.store
block  ;; label = @3
local.get 3
i32.const -1024
i32.and
i32.const 55296
i32.ne
br_if 0
local.get 4
i32.load8_u
i32.const 92
i32.ne
br_if 0
local.get 2
i32.load8_u offset=7
i32.const 117
i32.ne
br_if 0
local.get 2
i32.const 8
i32.add
call 32
local.tee 4
i32.const -1024
i32.and
i32.const 56320
i32.ne
br_if 0
local.get 0
local.get 2
i32.const 12
i32.add
i32.store
local.get 3
i32.const 10
i32.shl
i32.const 1047552
i32.and
local.get 4
i32.const 1023
i32.and
i32.or
i32.const 65536
i32.add
local.set 3
end
block  ;; label = @3
i32.const 65533
local.get 3
local.get 3
i32.const -2048
i32.and
i32.const 55296
i32.eq
select
i32.const 65533
local.get 3
select
local.tee 6
i32.const 127
i32.gt_s
br_if 0
local.get 1
local.get 6
i32.store8
i32.const 1
return
end
local.get 1
i32.const 240
i32.const 1
i32.const 2
i32.const 3
local.get 6
i32.const 65536
i32.lt_u
select
local.get 6
i32.const 2048
i32.lt_u
select
local.tee 2
i32.const 3
i32.xor
i32.shl
local.get 6
local.get 2
i32.const 6
i32.mul
local.tee 3
i32.shr_u
i32.or
i32.store8
local.get 3
i32.const -6
i32.add
local.set 3
local.get 1
i32.const 1
i32.add
local.set 4
local.get 2
local.set 0
loop  ;; label = @3
local.get 4
local.get 6
local.get 3
i32.shr_s
i32.const 63
i32.and
i32.const 128
i32.or
i32.store8
local.get 3
i32.const -6
i32.add
local.set 3
local.get 4
i32.const 1
i32.add
local.set 4
local.get 0
i32.const -1
i32.add
local.tee 0
br_if 0
end
local.get 2
i32.const 1
i32.add
local.set 4
end
local.get 4
return
end
call 17
i32.const 0)
(func (type 10) (param i32 i32 i32) (result i32)
(local i32 i32)
block  ;; label = @1
loop  ;; label = @2
local.get 2
i32.eqz
br_if 1
local.get 1
i32.eqz
br_if 1
local.get 0
local.get 1
i32.add
local.set 3
local.get 1
i32.const -1
i32.add
local.tee 4
local.set 1
local.get 3
i32.const -1
i32.add
i32.load8_u
local.tee 3
i32.const 192
i32.and
i32.const 128
i32.eq
br_if 0
end
local.get 4
local.get 4
i32.const 1
i32.add
local.get 3
i32.const 24
i32.shl
i32.const 24
i32.shr_s
i32.const 0
i32.lt_s
select
local.set 1
end
local.get 0
local.get 1
i32.add
i32.const 0
i32.store8
local.get 0)
(func (type 11) (param i32 i32 i32 i32)
(local i32 i32)
i32.const 0
i32.load offset=67200
local.set 4
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 0
i32.eqz
br_if 0
local.get 4
br_if 0
call 16
i32.const 0
i32.const 1
i32.store offset=67200
br 1
end
local.get 0
br_if 0
local.get 4
br_if 1
end
block  ;; label = @2
i32.const 0
i32.load offset=67188
local.tee 5
br_if 0
call 33
i32.const 65725
call 20
call 34
i32.const 0
i32.load offset=67188
local.set 5
end
block  ;; label = @2
block  ;; label = @3
i32.const 0
i32.load offset=67208
local.tee 0
i32.const 48
i32.gt_s
br_if 0
local.get 1
local.get 2
local.get 3
call 18
i32.const 0
i32.load offset=67208
local.set 0
i32.const 67208
local.set 4
i32.const 0
i32.load offset=67188
i32.const 65280
i32.lt_u
br_if 1
end
i32.const 0
local.get 5
i32.store offset=67188
i32.const 0
local.get 0
i32.const 0
i32.gt_s
i32.store offset=67196
i32.const 0
i32.load offset=67212
local.set 0
i32.const 67212
local.set 4
end
local.get 4
local.get 0
i32.const 1
i32.add
i32.store
end)
(func (type 12) (param i32 i64) (result i32)
(local i64 i64 i32)
local.get 0
i32.const 0
i32.store8 offset=31
local.get 1
local.get 1
i64.const 63
i64.shr_s
local.tee 2
i64.add
local.get 2
i64.xor
local.set 2
local.get 0
i32.const 30
i32.add
local.set 0
loop  ;; label = @1
local.get 0
local.get 2
local.get 2
i64.const 10
i64.div_u
local.tee 3
i64.const 10
i64.mul
i64.sub
i32.wrap_i64
i32.const 48
i32.or
i32.store8
local.get 0
i32.const -1
i32.add
local.set 0
local.get 2
i64.const 9
i64.gt_u
local.set 4
local.get 3
local.set 2
local.get 4
br_if 0
end
block  ;; label = @1
local.get 1
i64.const -1
i64.le_s
br_if 0
local.get 0
i32.const 1
i32.add
return
end
local.get 0
i32.const 45
i32.store8
local.get 0)
(func (type 13) (param i32 f64) (result i32)
(local i32 i32 i64 i64 i64 f64 i64 i64 i64 i64 i32 i32 i64)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
i32.const 66212
local.set 3
block  ;; label = @1
local.get 1
i64.reinterpret_f64
i64.const 52
i64.shr_u
i64.const 2047
i64.and
i64.const -1023
i64.add
local.tee 4
i64.const 1024
i64.eq
br_if 0
i32.const 66541
local.set 3
local.get 1
f64.const 0x0p+0
f64.eq
br_if 0
local.get 4
i64.const 315653
i64.mul
i64.const 20
i64.shr_s
local.set 5
i64.const 0
local.set 6
block  ;; label = @2
local.get 1
f64.const 0x0p+0
f64.lt
i32.eqz
br_if 0
local.get 0
i32.const 45
i32.store8
local.get 1
f64.neg
local.set 1
i64.const 1
local.set 6
end
block  ;; label = @2
local.get 1
i64.const 14
local.get 5
i64.sub
call 40
local.tee 7
f64.const 0x1.6bcc41e9p+46
f64.lt
i32.eqz
br_if 0
i64.const 0
local.get 5
i64.sub
local.set 4
loop  ;; label = @3
local.get 4
i64.const 15
i64.add
local.set 8
local.get 4
i64.const 1
i64.add
local.tee 9
local.set 4
local.get 1
local.get 8
call 40
local.tee 7
f64.const 0x1.6bcc41e9p+46
f64.lt
br_if 0
end
i64.const 0
local.get 9
i64.sub
local.set 5
end
block  ;; label = @2
block  ;; label = @3
local.get 7
f64.const 0x1p-1
f64.add
local.tee 1
f64.const 0x1p+64
f64.lt
local.get 1
f64.const 0x0p+0
f64.ge
i32.and
i32.eqz
br_if 0
local.get 1
i64.trunc_f64_u
local.set 4
br 1
end
i64.const 0
local.set 4
end
block  ;; label = @2
local.get 4
i64.const 1000000000000000
i64.lt_u
br_if 0
loop  ;; label = @3
local.get 5
i64.const 1
i64.add
local.set 5
local.get 4
i64.const 5
i64.add
local.tee 8
i64.const 10
i64.div_u
local.set 4
local.get 8
i64.const 9999999999999999
i64.gt_u
br_if 0
end
end
i64.const 15
local.set 9
block  ;; label = @2
local.get 4
i64.const 10
i64.rem_u
i64.const 0
i64.ne
br_if 0
i64.const 15
local.set 9
loop  ;; label = @3
local.get 9
i64.const -1
i64.add
local.set 9
local.get 4
i64.const 10
i64.div_u
local.tee 4
i64.const 10
i64.rem_u
i64.eqz
br_if 0
end
end
local.get 5
i64.const 0
local.get 5
i64.const 7
i64.add
local.tee 10
i64.const 23
i64.lt_u
select
local.tee 11
i64.const 63
i64.shr_s
local.get 11
i64.and
local.tee 8
local.get 9
i64.lt_s
local.set 12
local.get 2
local.get 4
call 28
local.get 8
i32.wrap_i64
i32.add
local.set 3
loop  ;; label = @2
i32.const 48
local.set 13
block  ;; label = @3
local.get 8
i64.const 0
i64.lt_s
br_if 0
local.get 12
i32.const 1
i32.and
i32.eqz
br_if 0
local.get 3
i32.load8_u
local.set 13
end
local.get 0
local.get 6
i32.wrap_i64
i32.add
local.get 13
i32.store8
local.get 6
i64.const 1
i64.add
local.set 14
local.get 8
i64.const 1
i64.add
local.set 4
block  ;; label = @3
block  ;; label = @4
local.get 8
local.get 11
i64.ne
br_if 0
local.get 4
local.get 9
i64.ge_s
br_if 0
local.get 0
local.get 14
i32.wrap_i64
i32.add
i32.const 46
i32.store8
local.get 6
i64.const 2
i64.add
local.set 6
br 1
end
local.get 14
local.set 6
end
local.get 4
local.get 9
i64.lt_s
local.set 12
local.get 4
i64.const -1
i64.add
local.set 14
local.get 3
i32.const 1
i32.add
local.set 3
local.get 4
local.set 8
local.get 4
local.get 9
i64.lt_s
br_if 0
local.get 4
local.set 8
local.get 14
local.get 11
i64.lt_s
br_if 0
end
block  ;; label = @2
block  ;; label = @3
local.get 10
i64.const 22
i64.gt_u
br_if 0
local.get 2
local.get 5
call 28
drop
br 1
end
local.get 0
local.get 6
i32.wrap_i64
i32.add
local.tee 12
i32.const 101
i32.store8
local.get 6
i64.const 1
i64.add
local.set 6
local.get 2
local.get 5
call 28
local.tee 13
i32.load8_u
local.tee 3
i32.eqz
br_if 0
local.get 13
i32.const 1
i32.add
local.set 13
local.get 12
i32.const 1
i32.add
local.set 12
loop  ;; label = @3
local.get 12
local.get 3
i32.store8
local.get 12
i32.const 1
i32.add
local.set 12
local.get 6
i64.const 1
i64.add
local.set 6
local.get 13
i32.load8_u
local.set 3
local.get 13
i32.const 1
i32.add
local.set 13
local.get 3
br_if 0
end
end
local.get 0
local.get 6
i32.wrap_i64
i32.add
i32.const 0
i32.store8
local.get 0
local.set 3
end
local.get 2
i32.const 32
i32.add
global.set 0
local.get 3)
(func (type 4) (param i32 i32) (result i32)
local.get 0
i32.const -1
i32.add
local.set 0
loop  ;; label = @1
local.get 0
i32.const 1
i32.add
local.tee 0
i32.load8_u
i32.const 66560
i32.add
i32.load8_u
local.get 1
i32.and
i32.eqz
br_if 0
end
local.get 0)
(func (type 1) (param i32) (result i32)
(local i64)
local.get 0
i32.const -8
i32.add
local.set 0
loop  ;; label = @1
local.get 0
i32.const 8
i32.add
local.tee 0
i64.load align=1
local.tee 1
i64.const -1
i64.xor
local.get 1
i64.const 6655295901103053916
i64.xor
i64.const -72340172838076673
i64.add
local.get 1
i64.const -72340172838076673
i64.add
i64.or
local.get 1
i64.const 2459565876494606882
i64.xor
i64.const -72340172838076673
i64.add
i64.or
i64.and
i64.const -9187201950435737472
i64.and
local.tee 1
i64.eqz
br_if 0
end
local.get 0
local.get 1
i64.ctz
i32.wrap_i64
i32.const 3
i32.shr_u
i32.add)
(func (type 1) (param i32) (result i32)
(local i32 i32 i32 i32)
i32.const 0
local.set 1
i32.const 0
local.set 2
loop  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 0
local.get 2
i32.add
i32.load8_s
local.tee 3
i32.const -48
i32.add
local.tee 4
i32.const 255
i32.and
i32.const 9
i32.gt_u
br_if 0
local.get 4
local.get 1
i32.const 4
i32.shl
i32.or
local.set 1
br 1
end
block  ;; label = @3
local.get 3
i32.const 32
i32.or
local.tee 3
i32.const -97
i32.add
i32.const 5
i32.le_u
br_if 0
i32.const -1
return
end
local.get 3
i32.const -87
i32.add
local.get 1
i32.const 4
i32.shl
i32.or
local.set 1
end
local.get 2
i32.const 1
i32.add
local.tee 2
i32.const 4
i32.ne
br_if 0
end
local.get 1)
(func (type 8)
i32.const 65536
call 35)
(func (type 8)
i32.const 66502
call 35)
(func (type 9) (param i32)
(local i32)
block  ;; label = @1
i32.const 0
i32.load offset=67204
i32.const 128
i32.ne
br_if 0
unreachable
unreachable
end
local.get 0
call 38
local.get 0
i32.load8_u
local.set 0
i32.const 0
i32.const 0
i32.load offset=67204
local.tee 1
i32.const 1
i32.add
i32.store offset=67204
local.get 1
i32.const 67216
i32.add
local.get 0
i32.const 2
i32.add
i32.store8
i32.const 0
i32.const 0
i32.store offset=67196)
(func (type 9) (param i32)
(local i32 i32 i32 i32)
i32.const 66543
call 38
block  ;; label = @1
local.get 0
i32.load8_u
local.tee 1
i32.eqz
br_if 0
loop  ;; label = @2
local.get 0
local.set 2
block  ;; label = @3
block  ;; label = @4
local.get 1
i32.const 255
i32.and
local.tee 0
i32.const 31
i32.gt_u
br_if 0
i32.const 92
local.set 3
i32.const 1
local.set 0
loop  ;; label = @5
local.get 3
i32.const 24
i32.shl
i32.const 24
i32.shr_s
call 37
local.get 0
i32.const 66504
i32.add
i32.load8_u
local.set 3
local.get 0
i32.const 1
i32.add
local.tee 4
local.set 0
local.get 4
i32.const 5
i32.ne
br_if 0
end
local.get 1
i32.const 240
i32.and
i32.const 4
i32.shr_u
i32.const 48
i32.or
call 37
local.get 1
i32.const 15
i32.and
i32.const 66217
i32.add
i32.load8_u
local.set 1
br 1
end
block  ;; label = @4
local.get 0
i32.const 92
i32.eq
br_if 0
local.get 0
i32.const 34
i32.ne
br_if 1
end
i32.const 92
call 37
end
local.get 1
i32.const 24
i32.shl
i32.const 24
i32.shr_s
call 37
local.get 2
i32.const 1
i32.add
local.set 0
local.get 2
i32.load8_u offset=1
local.tee 1
br_if 0
end
end
i32.const 34
call 37)
(func (type 9) (param i32)
(local i32 i32 i32)
block  ;; label = @1
block  ;; label = @2
i32.const 0
i32.load offset=67188
local.tee 1
i32.const 0
i32.load offset=67192
i32.ne
br_if 0
i32.const 4096
local.get 1
i32.const 4096
i32.add
i32.const 0
i32.load offset=67184
local.tee 2
i32.const 0
i32.ne
local.get 1
local.get 2
i32.add
i32.const 0
i32.load offset=67176
i32.eq
i32.and
local.tee 2
select
call 2
local.tee 3
i32.eqz
br_if 1
i32.const 0
i32.load offset=67188
local.set 1
block  ;; label = @3
local.get 2
br_if 0
local.get 1
i32.eqz
br_if 0
local.get 3
i32.const 0
i32.load offset=67184
local.get 1
memory.copy
end
block  ;; label = @3
local.get 2
br_if 0
i32.const 0
local.get 3
i32.store offset=67184
end
i32.const 0
i32.const 0
i32.load offset=67192
i32.const 4096
i32.add
i32.store offset=67192
end
i32.const 0
local.get 1
i32.const 1
i32.add
i32.store offset=67188
i32.const 0
i32.load offset=67184
local.get 1
i32.add
local.get 0
i32.store8
return
end
unreachable
unreachable)
(func (type 9) (param i32)
(local i32)
block  ;; label = @1
i32.const 0
i32.load offset=67196
i32.eqz
br_if 0
i32.const 44
call 37
end
i32.const 0
i32.const 1
i32.store offset=67196
block  ;; label = @1
local.get 0
i32.load8_u
local.tee 1
i32.eqz
br_if 0
local.get 0
i32.const 1
i32.add
local.set 0
loop  ;; label = @2
local.get 1
i32.const 24
i32.shl
i32.const 24
i32.shr_s
call 37
local.get 0
i32.load8_u
local.set 1
local.get 0
i32.const 1
i32.add
local.set 0
local.get 1
br_if 0
end
end)
(func (type 10) (param i32 i32 i32) (result i32)
(local i32 i32 i32 i64 i64 i32 i64 i64 f64)
i32.const 0
local.set 3
block  ;; label = @1
block  ;; label = @2
local.get 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
local.tee 4
i32.const 66816
i32.add
i32.load8_u
i32.const 3
i32.ne
br_if 0
local.get 0
local.get 4
i32.const 45
i32.eq
i32.add
local.tee 5
i32.load8_u
local.tee 0
i32.const -58
i32.add
i32.const 255
i32.and
i32.const 246
i32.lt_u
br_if 1
block  ;; label = @3
local.get 0
i32.const 255
i32.and
i32.const 48
i32.ne
br_if 0
local.get 5
i32.load8_u offset=1
i32.const -58
i32.add
i32.const 255
i32.and
i32.const 246
i32.ge_u
br_if 2
end
i64.const 0
local.set 6
i64.const 0
local.set 7
i32.const 1
local.set 8
i64.const 0
local.set 9
block  ;; label = @3
loop  ;; label = @4
local.get 5
i32.const 1
i32.add
local.set 3
loop  ;; label = @5
local.get 0
i64.extend_i32_u
local.set 10
local.get 6
local.get 9
i64.add
local.get 7
i64.const 999999999999999999
i64.gt_u
i64.extend_i32_u
i64.add
local.set 6
local.get 3
i32.load8_u
local.set 0
local.get 3
i32.const 1
i32.add
local.tee 5
local.set 3
local.get 7
i64.const 10
i64.mul
local.get 10
i64.const 255
i64.and
i64.add
i64.const -48
i64.add
local.get 7
local.get 7
i64.const 1000000000000000000
i64.lt_u
select
local.tee 10
local.set 7
local.get 0
i32.const -58
i32.add
i32.const 255
i32.and
i32.const 245
i32.gt_u
br_if 0
end
local.get 8
local.get 0
i32.const 255
i32.and
i32.const 46
i32.eq
i32.and
i32.const 1
i32.ne
br_if 1
i64.const -1
local.set 9
i32.const 0
local.set 8
local.get 10
local.set 7
local.get 5
i32.load8_u
local.tee 0
i32.const -58
i32.add
i32.const 255
i32.and
i32.const 245
i32.gt_u
br_if 0
end
call 17
i32.const 0
return
end
block  ;; label = @3
local.get 0
i32.const 223
i32.and
i32.const 69
i32.ne
br_if 0
local.get 5
i32.const 1
i32.add
local.tee 0
local.get 0
local.get 5
local.get 5
i32.load8_u
local.tee 8
i32.const 43
i32.eq
select
local.get 8
i32.const 45
i32.eq
select
local.tee 0
i32.load8_u
local.tee 3
i32.const -58
i32.add
i32.const 255
i32.and
i32.const 246
i32.lt_u
br_if 2
i64.const 0
local.set 7
loop  ;; label = @4
local.get 7
i64.const 10
i64.mul
local.get 3
i64.extend_i32_u
i64.const 255
i64.and
i64.add
i64.const -48
i64.add
local.get 7
local.get 7
i64.const 100000000
i64.lt_s
select
local.set 7
local.get 0
i32.const 1
i32.add
local.tee 0
i32.load8_u
local.tee 3
i32.const -58
i32.add
i32.const 255
i32.and
i32.const 245
i32.gt_u
br_if 0
end
i64.const 0
local.get 7
i64.sub
local.get 7
local.get 8
i32.const 45
i32.eq
select
local.get 6
i64.add
local.set 6
local.get 0
i32.load8_u
local.set 0
i32.const 0
local.set 8
end
local.get 0
i32.const 255
i32.and
i32.const 66560
i32.add
i32.load8_u
i32.const 2
i32.and
i32.eqz
br_if 1
local.get 2
i64.const 0
local.get 10
i64.sub
local.get 10
local.get 4
i32.const 45
i32.eq
local.tee 0
select
i64.store
local.get 1
f64.const 0x1.fffffffffffffp+1023
local.get 10
f64.convert_i64_u
local.get 6
call 40
local.tee 11
local.get 11
local.get 11
f64.sub
f64.const 0x0p+0
f64.ne
select
local.tee 11
f64.neg
local.get 11
local.get 0
select
f64.store
i32.const 1
i32.const 1
i32.const 2
local.get 10
i64.const -9223372036854775808
i64.const 9223372036854775807
local.get 0
select
i64.gt_u
select
local.get 6
i64.const 0
i64.ne
select
i32.const 1
local.get 8
select
local.set 3
end
local.get 3
return
end
call 17
i32.const 0)
(func (type 14) (param f64 i64) (result f64)
(local i64 i32 i64 f64)
block  ;; label = @1
block  ;; label = @2
local.get 1
i64.const -400
local.get 1
i64.const -400
i64.gt_s
select
local.tee 2
i64.const 400
local.get 2
i64.const 400
i64.lt_s
select
local.tee 1
i64.const 22
i64.lt_s
br_if 0
loop  ;; label = @3
local.get 0
f64.const 0x1.0f0cf064dd592p+73
f64.mul
local.set 0
local.get 1
i64.const 43
i64.gt_u
local.set 3
local.get 1
i64.const -22
i64.add
local.tee 4
local.set 1
local.get 3
br_if 0
br 2
end
end
block  ;; label = @2
local.get 2
i64.const -22
i64.le_s
br_if 0
local.get 2
local.set 4
br 1
end
loop  ;; label = @2
local.get 0
f64.const 0x1.0f0cf064dd592p+73
f64.div
local.set 0
local.get 2
i64.const -43
i64.lt_u
local.set 3
local.get 2
i64.const 22
i64.add
local.tee 4
local.set 2
local.get 3
br_if 0
end
end
f64.const 0x1p+0
local.set 5
block  ;; label = @1
local.get 4
local.get 4
i64.const 63
i64.shr_s
local.tee 1
i64.add
local.get 1
i64.xor
local.tee 1
i64.eqz
br_if 0
loop  ;; label = @2
local.get 5
f64.const 0x1.4p+3
f64.mul
local.set 5
local.get 1
i64.const -1
i64.add
local.tee 1
i64.eqz
i32.eqz
br_if 0
end
end
block  ;; label = @1
local.get 4
i64.const 0
i64.ge_s
br_if 0
local.get 0
local.get 5
f64.div
return
end
local.get 0
local.get 5
f64.mul)
(table 1 1 funcref)
(memory 2)
(global (mut i32) (i32.const 65536))
(export "memory" (memory 0))
(export "configedge_abi" (func 0))
(export "configedge_alloc" (func 1))
(export "configedge_check" (func 3))
(data (;0;) (i32.const 65536) "{\00key\00report this to whoever runs the relay\00mode_order is %s, not a list\00accept\00hint\00modes is %s, not an object\00%s is %s, not an object\00write a name that is in modes, or remove this\00values\00messages\00mode_order lists more than %d modes\00there are more than %d modes\00modes.%s.max_wait_s\00give it max_wait_s\00modes.%s\00max_wait_s of %s is %s\00mode_order lists %s, and modes has no %s\00%s waits up to %g s\00%s waits up to %g s, and %s, before it in mode_order, %g s\00list fewer\00add %s to mode_order\00add modes.%s, or take %s out of mode_order\00raise it to %g or more, lower modes.%s.max_wait_s, or change mode_order\00the policy cannot read the values: no JSON, or too deep\00remove one of them\00null\000123456789abcdef\00true\00false\00there is more, which is left out here\00remove some\00write each mode by its name\00this is %s, not a mode's name\00message\00mode_order lists %s twice\00mode_order lacks %s, so its wait is not compared\00begin with what is named\00mode_order.%d\00write [first, second, ...]\00[\00\5cu00\00write a number of seconds above 0\00\22\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\03\00\00\00\00\00\00\00\00\02\02\00\00\02\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\02\00\01\00\00\00\00\00\00\00\00\00\02\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\03\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\03\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\04\00\00\00\00\00\00\00\00\00\00\03\00\00\03\03\03\03\03\03\03\03\03\03\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\05\00\00\00\00\00\00\00\00\00\00\02\00\00\00\00\00\00\00\01\00\00\00\00\00\02\00\00\00\00\00\00\06\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\22\22\5c\5c//b\08f\0cn\0ar\0dt\09\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00missing\00\00\00null\00\00\00\00\00\00a boolean\00a number\00\00a string\00\00a list\00\00\00\00an object\00"))
