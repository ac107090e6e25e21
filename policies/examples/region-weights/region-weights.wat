;; region-weights, compiled by clang 14.0.6. Made by policies/build.sh: edit the source instead.
(module
(type (func (result i32)))
(type (func (param i32) (result i32)))
(type (func (param i32 i32) (result i64)))
(type (func (param i32 i32) (result i32)))
(type (func (param i32 i32 i32 i32) (result i32)))
(type (func (param i32 i32 i32)))
(type (func (param i32 i32)))
(type (func (param i32 i32 i32 i32)))
(type (func (result i64)))
(type (func))
(type (func (param i32)))
(type (func (param i32 i64) (result i32)))
(type (func (param i32 f64) (result i32)))
(type (func (param i32 i32 i32) (result i32)))
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
i32.load offset=67280
local.tee 2
i32.const 67456
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
i32.store offset=67280
local.get 2
local.set 1
end
local.get 1)
(func (type 2) (param i32 i32) (result i64)
(local i32 i32 f64 i32 i32 i32 i32 i32 f64 i64)
global.get 0
i32.const 1232
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
local.get 0
call 4
i32.const 65698
call 5
local.tee 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
i32.const 66688
i32.add
i32.load8_u
local.tee 3
i32.eqz
br_if 0
block  ;; label = @2
local.get 3
i32.const 6
i32.eq
br_if 0
local.get 2
i32.const 976
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 0
call 6
i32.store
i32.const 65698
local.get 2
i32.const 976
i32.add
local.get 2
i32.const 65669
local.get 2
call 7
i32.const 66320
call 8
br 1
end
local.get 2
i32.const 168
i32.add
local.get 0
call 9
block  ;; label = @2
block  ;; label = @3
local.get 2
i32.const 168
i32.add
call 10
br_if 0
f64.const 0x0p+0
local.set 4
i32.const 0
local.set 5
br 1
end
i32.const 0
local.set 6
i32.const 0
local.set 5
f64.const 0x0p+0
local.set 4
block  ;; label = @3
loop  ;; label = @4
call 11
br_if 1
local.get 2
i32.load offset=168
local.set 7
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 2
i32.load offset=172
local.tee 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
i32.const 66688
i32.add
i32.load8_u
i32.const 6
i32.eq
br_if 1
end
local.get 2
i32.const 976
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 0
call 6
i32.store offset=64
local.get 7
i32.const 66653
local.get 2
i32.const 976
i32.add
local.get 2
i32.const 65865
local.get 2
i32.const 64
i32.add
call 7
i32.const 65579
call 12
local.get 6
i32.const 1
i32.add
local.set 6
br 1
end
local.get 2
i32.const 976
i32.add
local.get 0
call 9
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
local.get 2
i32.const 976
i32.add
call 10
i32.eqz
br_if 0
i32.const 0
local.set 8
i32.const 0
local.set 9
i32.const 0
local.set 3
loop  ;; label = @9
block  ;; label = @10
block  ;; label = @11
local.get 2
i32.load offset=976
local.tee 0
i32.const 65662
call 13
i32.eqz
br_if 0
local.get 2
i32.load offset=980
local.set 3
br 1
end
block  ;; label = @11
local.get 0
i32.const 65598
call 13
i32.eqz
br_if 0
local.get 2
i32.load offset=980
local.set 9
br 1
end
local.get 0
i32.const 65994
call 13
local.set 0
local.get 2
i32.load offset=980
local.get 8
local.get 0
select
local.set 8
end
local.get 2
i32.const 976
i32.add
call 10
i32.eqz
br_if 2
br 0
end
end
local.get 2
i32.const 1
i32.store offset=972
i32.const 0
local.set 9
i32.const 0
local.set 3
br 1
end
local.get 2
i32.const 1
i32.store offset=972
local.get 8
i32.eqz
br_if 0
local.get 8
i32.load8_u
i32.const 66688
i32.add
i32.load8_u
i32.eqz
br_if 0
block  ;; label = @7
local.get 8
local.get 2
i32.const 972
i32.add
call 14
br_if 0
local.get 2
i32.const 976
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 8
call 6
i32.store offset=160
local.get 7
i32.const 65975
local.get 2
i32.const 976
i32.add
local.get 2
i32.const 66067
local.get 2
i32.const 160
i32.add
call 7
i32.const 66021
call 12
local.get 6
i32.const 1
i32.add
local.set 6
br 2
end
local.get 2
i32.load offset=972
i32.eqz
br_if 1
end
block  ;; label = @6
block  ;; label = @7
local.get 3
local.get 2
i32.const 960
i32.add
call 15
br_if 0
local.get 2
i32.const 976
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 704
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 7
local.get 2
i32.const 704
i32.add
call 16
local.set 0
local.get 2
local.get 3
call 6
i32.store offset=132
local.get 2
local.get 0
i32.store offset=128
local.get 7
i32.const 65661
local.get 2
i32.const 976
i32.add
local.get 2
i32.const 65735
local.get 2
i32.const 128
i32.add
call 7
i32.const 66162
call 12
local.get 6
i32.const 1
i32.add
local.set 6
br 1
end
block  ;; label = @7
local.get 2
f64.load offset=960
local.tee 10
f64.const 0x0p+0
f64.lt
i32.eqz
br_if 0
local.get 2
i32.const 976
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 704
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 7
local.get 2
i32.const 704
i32.add
call 16
local.set 0
local.get 2
local.get 10
f64.store offset=152
local.get 2
local.get 0
i32.store offset=144
local.get 7
i32.const 65661
local.get 2
i32.const 976
i32.add
local.get 2
i32.const 66621
local.get 2
i32.const 144
i32.add
call 7
i32.const 66475
call 12
end
local.get 4
local.get 10
f64.add
local.set 4
end
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
local.get 9
i32.eqz
br_if 0
local.get 9
i32.load8_u
i32.const 66688
i32.add
i32.load8_u
br_if 1
end
local.get 2
i32.const 440
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 184
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 7
local.get 2
i32.const 184
i32.add
call 16
i32.store offset=80
local.get 7
i32.const 65538
local.get 2
i32.const 440
i32.add
local.get 2
i32.const 65548
local.get 2
i32.const 80
i32.add
call 7
i32.const 66097
call 12
br 1
end
block  ;; label = @7
local.get 9
local.get 2
i32.const 696
i32.add
call 17
br_if 0
local.get 2
i32.const 440
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 184
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 7
local.get 2
i32.const 184
i32.add
call 16
local.set 3
i32.const 65793
local.set 0
block  ;; label = @8
local.get 9
i32.load8_u
i32.const 66688
i32.add
i32.load8_u
i32.const 3
i32.eq
br_if 0
local.get 9
call 6
local.set 0
end
local.get 2
local.get 0
i32.store offset=100
local.get 2
local.get 3
i32.store offset=96
local.get 7
i32.const 65538
local.get 2
i32.const 440
i32.add
local.get 2
i32.const 65768
local.get 2
i32.const 96
i32.add
call 7
i32.const 66565
call 12
br 1
end
local.get 2
i64.load offset=696
local.tee 11
i64.const 0
i64.gt_s
br_if 0
local.get 2
i32.const 440
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
i32.const 184
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 7
local.get 2
i32.const 184
i32.add
call 16
local.set 0
local.get 2
local.get 11
i64.store offset=120
local.get 2
local.get 0
i32.store offset=112
local.get 7
i32.const 65538
local.get 2
i32.const 440
i32.add
local.get 2
i32.const 66358
local.get 2
i32.const 112
i32.add
call 7
i32.const 66227
call 12
end
local.get 5
i32.const 1
i32.add
local.set 5
end
local.get 2
i32.const 168
i32.add
call 10
br_if 0
end
end
local.get 6
br_if 1
end
call 11
br_if 0
block  ;; label = @2
local.get 5
br_if 0
i32.const 65698
i32.const 65981
i32.const 66502
call 8
br 1
end
block  ;; label = @2
local.get 4
f64.const -0x1p+0
f64.add
local.tee 10
f64.const 0x1.0c6f7a0b5ed8dp-20
f64.le
i32.eqz
br_if 0
local.get 10
f64.const -0x1.0c6f7a0b5ed8dp-20
f64.ge
br_if 1
end
local.get 2
i32.const 976
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 4
f64.store offset=56
local.get 2
local.get 5
i32.store offset=48
local.get 2
i32.const 976
i32.add
local.get 2
i32.const 66420
local.get 2
i32.const 48
i32.add
call 7
local.set 0
block  ;; label = @2
block  ;; label = @3
local.get 10
f64.const 0x0p+0
f64.gt
i32.eqz
br_if 0
local.get 2
i32.const 704
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 10
f64.store offset=16
local.get 2
i32.const 704
i32.add
local.get 2
i32.const 65932
local.get 2
i32.const 16
i32.add
call 7
local.set 3
br 1
end
local.get 2
i32.const 704
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 2
local.get 10
f64.neg
f64.store offset=32
local.get 2
i32.const 704
i32.add
local.get 2
i32.const 65890
local.get 2
i32.const 32
i32.add
call 7
local.set 3
end
i32.const 65698
local.get 0
local.get 3
call 8
end
call 18
local.set 11
local.get 2
i32.const 1232
i32.add
global.set 0
local.get 11)
(func (type 1) (param i32) (result i32)
(local i32 i32)
i32.const 0
i32.const 0
i32.store offset=67304
i32.const 0
i32.const 0
i32.store offset=67296
i32.const 0
i32.const 0
i32.store offset=67288
call 19
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
i32.store offset=67448
block  ;; label = @1
local.get 1
i32.const 66688
i32.add
i32.load8_u
i32.const 6
i32.eq
br_if 0
call 20
end
local.get 0
i32.const 65706
call 5)
(func (type 3) (param i32 i32) (result i32)
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
i32.const 66688
i32.add
i32.load8_u
i32.const 6
i32.ne
br_if 0
local.get 2
local.get 0
call 9
loop  ;; label = @2
local.get 2
call 10
i32.eqz
br_if 1
local.get 2
i32.load
local.get 1
call 13
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
i32.const 66688
i32.add
i32.load8_u
local.set 0
end
local.get 0
i32.const 10
i32.mul
i32.const 66944
i32.add)
(func (type 4) (param i32 i32 i32 i32) (result i32)
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
call 27
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
call 27
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
call 28
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
call 29
drop
br 1
end
local.get 0
i32.const 255
i32.const 1
call 29
drop
end
local.get 4
i32.const 48
i32.add
global.set 0
local.get 0)
(func (type 5) (param i32 i32 i32)
local.get 0
local.get 1
local.get 2
call 26)
(func (type 6) (param i32 i32)
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
i32.const 66688
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
call 30
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
i32.const 66653
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
call 31
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
i32.const 66688
i32.add
i32.load8_u
br_if 1
end
i32.const 0
local.set 1
local.get 0
i32.const 0
i32.store8 offset=8
call 20
end
local.get 1)
(func (type 0) (result i32)
i32.const 0
i32.load offset=67316)
(func (type 7) (param i32 i32 i32 i32)
(local i32)
global.get 0
i32.const 528
i32.sub
local.tee 4
global.set 0
local.get 4
i32.const 272
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 4
i32.const 16
i32.add
i32.const 0
i32.const 256
memory.fill
local.get 0
local.get 4
i32.const 16
i32.add
call 16
local.set 0
local.get 4
local.get 1
i32.store offset=4
local.get 4
local.get 0
i32.store
local.get 4
i32.const 272
i32.add
local.get 4
i32.const 65722
local.get 4
call 7
local.get 2
local.get 3
call 8
local.get 4
i32.const 528
i32.add
global.set 0)
(func (type 3) (param i32 i32) (result i32)
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
i32.const 66688
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
call 32
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
call 32
local.tee 3
br_if 0
end
end
local.get 1
i32.load8_u
i32.eqz
i32.const 0
i32.load8_u offset=67284
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
(func (type 3) (param i32 i32) (result i32)
(local i32 i32)
i32.const 0
local.set 2
block  ;; label = @1
local.get 0
i32.eqz
br_if 0
local.get 0
i32.load8_u
local.tee 3
i32.const 66688
i32.add
i32.load8_u
i32.const 2
i32.ne
br_if 0
local.get 1
local.get 3
i32.const 116
i32.eq
local.tee 3
i32.store
block  ;; label = @2
i32.const 66062
i32.const 66276
local.get 3
select
local.tee 3
i32.load8_u
local.tee 1
br_if 0
i32.const 1
return
end
local.get 3
i32.const 1
i32.add
local.set 3
loop  ;; label = @2
block  ;; label = @3
local.get 0
i32.load8_u
local.get 1
i32.const 255
i32.and
i32.eq
br_if 0
call 20
i32.const 0
return
end
i32.const 1
local.set 2
local.get 0
i32.const 1
i32.add
local.set 0
local.get 3
i32.load8_u
local.set 1
local.get 3
i32.const 1
i32.add
local.set 3
local.get 1
br_if 0
end
end
local.get 2)
(func (type 3) (param i32 i32) (result i32)
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
call 43
local.set 0
local.get 2
i32.const 16
i32.add
global.set 0
local.get 0
i32.const 0
i32.gt_s)
(func (type 3) (param i32 i32) (result i32)
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
i32.const 66688
i32.add
i32.load8_u
i32.const 4
i32.eq
br_if 1
end
local.get 1
i32.const 0
i32.const 0
call 29
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
call 32
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
call 32
local.tee 0
i32.eqz
br_if 2
br 0
end
end
local.get 1
local.get 3
i32.const 1
call 29
drop
br 1
end
local.get 1
local.get 3
i32.const 0
call 29
drop
end
local.get 2
i32.const 16
i32.add
global.set 0
local.get 1)
(func (type 3) (param i32 i32) (result i32)
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
local.get 2
i32.const 8
i32.add
local.get 2
call 43
i32.const 2
i32.lt_s
br_if 0
local.get 1
local.get 2
i64.load
i64.store
i32.const 1
local.set 3
end
local.get 2
i32.const 16
i32.add
global.set 0
local.get 3)
(func (type 8) (result i64)
block  ;; label = @1
i32.const 0
i32.load8_u offset=67284
i32.eqz
br_if 0
call 19
i32.const 0
i32.const 0
i32.store offset=67304
i32.const 66653
i32.const 65809
i32.const 65611
call 8
end
block  ;; label = @1
i32.const 0
i32.load offset=67292
br_if 0
i64.const 0
return
end
block  ;; label = @1
i32.const 0
i32.load offset=67316
i32.eqz
br_if 0
i32.const 66653
i32.const 66282
i32.const 66393
call 21
end
call 22
i32.const 65649
call 23
i32.const 0
i32.load offset=67304
i32.eqz
call 24
call 22
call 25)
(func (type 9)
i32.const 0
i64.const 0
i64.store offset=67308 align=4
i32.const 0
i32.const 0
i32.store offset=67316
i32.const 0
i32.const 0
i32.store offset=67292
i32.const 0
i32.const 0
i32.store offset=67300)
(func (type 9)
i32.const 0
i32.const 1
i32.store8 offset=67284)
(func (type 5) (param i32 i32 i32)
call 34
i32.const 65607
call 23
local.get 0
call 37
i32.const 66350
call 23
local.get 1
call 37
i32.const 65656
call 23
local.get 2
call 37
call 22)
(func (type 9)
(local i32)
block  ;; label = @1
i32.const 0
i32.load offset=67308
local.tee 0
br_if 0
unreachable
unreachable
end
i32.const 0
local.get 0
i32.const -1
i32.add
i32.store offset=67308
local.get 0
i32.const 67319
i32.add
i32.load8_s
call 38
i32.const 0
i32.const 1
i32.store offset=67300)
(func (type 10) (param i32)
local.get 0
call 37
i32.const 58
call 38
i32.const 0
i32.const 0
i32.store offset=67300)
(func (type 10) (param i32)
i32.const 66062
i32.const 66276
local.get 0
select
call 39)
(func (type 8) (result i64)
(local i64)
i64.const 0
i32.const 0
i64.load32_u offset=67288
i64.const 32
i64.shl
i32.const 0
i64.load32_u offset=67292
local.tee 0
i64.or
local.get 0
i64.eqz
select)
(func (type 5) (param i32 i32 i32)
(local i32 i32)
block  ;; label = @1
i32.const 0
i32.load offset=67304
br_if 0
call 19
i32.const 0
i32.const 1
i32.store offset=67304
end
block  ;; label = @1
i32.const 0
i32.load offset=67292
local.tee 3
br_if 0
call 34
i32.const 65713
call 23
call 35
i32.const 0
i32.load offset=67292
local.set 3
end
block  ;; label = @1
block  ;; label = @2
i32.const 0
i32.load offset=67312
local.tee 4
i32.const 48
i32.gt_s
br_if 0
local.get 0
local.get 1
local.get 2
call 21
i32.const 0
i32.load offset=67312
local.set 4
i32.const 67312
local.set 0
i32.const 0
i32.load offset=67292
i32.const 65280
i32.lt_u
br_if 1
end
i32.const 0
local.get 3
i32.store offset=67292
i32.const 0
local.get 4
i32.const 0
i32.gt_s
i32.store offset=67300
i32.const 0
i32.load offset=67316
local.set 4
i32.const 67316
local.set 0
end
local.get 0
local.get 4
i32.const 1
i32.add
i32.store)
(func (type 11) (param i32 i64) (result i32)
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
(func (type 12) (param i32 f64) (result i32)
(local i32 i32 i64 i64 i64 f64 i64 i64 i64 i64 i32 i32 i64)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
i32.const 65999
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
i32.const 66650
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
call 27
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
call 27
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
call 27
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
(func (type 13) (param i32 i32 i32) (result i32)
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
call 41
local.tee 0
i32.load8_u
local.tee 2
i32.const 34
i32.ne
br_if 0
local.get 0
call 31
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
call 20
end
i32.const 0
local.set 0
br 2
end
local.get 0
i32.const 2
call 41
local.set 0
br 1
end
local.get 0
call 31
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
call 42
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
call 20
i32.const 0
return
end
local.get 1
i32.const 1
i32.add)
(func (type 3) (param i32 i32) (result i32)
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
i32.const 66657
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
call 33
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
call 33
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
call 20
i32.const 0)
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
(func (type 9)
i32.const 65536
call 36)
(func (type 9)
i32.const 66418
call 36)
(func (type 10) (param i32)
(local i32)
block  ;; label = @1
i32.const 0
i32.load offset=67308
i32.const 128
i32.ne
br_if 0
unreachable
unreachable
end
local.get 0
call 39
local.get 0
i32.load8_u
local.set 0
i32.const 0
i32.const 0
i32.load offset=67308
local.tee 1
i32.const 1
i32.add
i32.store offset=67308
local.get 1
i32.const 67320
i32.add
local.get 0
i32.const 2
i32.add
i32.store8
i32.const 0
i32.const 0
i32.store offset=67300)
(func (type 10) (param i32)
(local i32 i32 i32 i32)
i32.const 66652
call 39
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
call 38
local.get 0
i32.const 66560
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
call 38
local.get 1
i32.const 15
i32.and
i32.const 66004
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
call 38
end
local.get 1
i32.const 24
i32.shl
i32.const 24
i32.shr_s
call 38
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
call 38)
(func (type 10) (param i32)
(local i32 i32 i32)
block  ;; label = @1
block  ;; label = @2
i32.const 0
i32.load offset=67292
local.tee 1
i32.const 0
i32.load offset=67296
i32.ne
br_if 0
i32.const 4096
local.get 1
i32.const 4096
i32.add
i32.const 0
i32.load offset=67288
local.tee 2
i32.const 0
i32.ne
local.get 1
local.get 2
i32.add
i32.const 0
i32.load offset=67280
i32.eq
i32.and
local.tee 2
select
call 2
local.tee 3
i32.eqz
br_if 1
i32.const 0
i32.load offset=67292
local.set 1
block  ;; label = @3
local.get 2
br_if 0
local.get 1
i32.eqz
br_if 0
local.get 3
i32.const 0
i32.load offset=67288
local.get 1
memory.copy
end
block  ;; label = @3
local.get 2
br_if 0
i32.const 0
local.get 3
i32.store offset=67288
end
i32.const 0
i32.const 0
i32.load offset=67296
i32.const 4096
i32.add
i32.store offset=67296
end
i32.const 0
local.get 1
i32.const 1
i32.add
i32.store offset=67292
i32.const 0
i32.load offset=67288
local.get 1
i32.add
local.get 0
i32.store8
return
end
unreachable
unreachable)
(func (type 10) (param i32)
(local i32)
block  ;; label = @1
i32.const 0
i32.load offset=67300
i32.eqz
br_if 0
i32.const 44
call 38
end
i32.const 0
i32.const 1
i32.store offset=67300
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
call 38
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
(func (type 3) (param i32 i32) (result i32)
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
i32.const 67024
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
(func (type 13) (param i32 i32 i32) (result i32)
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
i32.const 66688
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
call 20
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
i32.const 67024
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
call 20
i32.const 0)
(table 1 1 funcref)
(memory 2)
(global (mut i32) (i32.const 65536))
(export "memory" (memory 0))
(export "configedge_abi" (func 0))
(export "configedge_alloc" (func 1))
(export "configedge_check" (func 3))
(data (;0;) (i32.const 65536) "{\00.capacity\00%s is open and has no capacity\00give it weight and capacity\00key\00report this to whoever runs the relay\00accept\00hint\00.weight\00regions is %s, not an object\00regions\00values\00messages\00regions.%s%s\00%s is open, and its weight is %s\00the capacity of %s is %s\00no whole number\00the policy cannot read the values: no JSON, or too deep\00this is %s, not a region\00raise them by %g in all, or open a region\00lower them by %g in all, or close a region\00.open\00no region is open\00null\000123456789abcdef\00write true or false, or leave it out for true\00open is %s, not true or false\00write how many players fit, or close the region with open: false\00write a number from 0 to 1, or close the region with open: false\00raise it above 0, or close the region with open: false\00there is more, which is left out here\00write each region by its name\00message\00%s is open with a capacity of %lld\00begin with what is named\00[\00the weights of the %d open regions sum to %g, not to 1\00write a number from 0 to 1\00open at least one; a single open region has a weight of 1\00\5cu00\00write how many players fit, a whole number such as 2000\00%s has a weight of %g, below 0\00\22\00\00\00\22\22\5c\5c//b\08f\0cn\0ar\0dt\09\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\04\00\00\00\00\00\00\00\00\00\00\03\00\00\03\03\03\03\03\03\03\03\03\03\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\05\00\00\00\00\00\00\00\00\00\00\02\00\00\00\00\00\00\00\01\00\00\00\00\00\02\00\00\00\00\00\00\06\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00missing\00\00\00null\00\00\00\00\00\00a boolean\00a number\00\00a string\00\00a list\00\00\00\00an object\00\00\00\00\00\00\00\00\00\00\00\03\00\00\00\00\00\00\00\00\02\02\00\00\02\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\02\00\01\00\00\00\00\00\00\00\00\00\02\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\03\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\03\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"))
