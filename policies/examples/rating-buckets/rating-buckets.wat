;; rating-buckets, compiled by rustc 1.95.0. Made by policies/build.sh: edit the source instead.
(module
(type (func (param i32 i32 i32) (result i32)))
(type (func (param i32 i32) (result i32)))
(type (func (param i32 i32 i32)))
(type (func (param i32 i32 i32 i32) (result i32)))
(type (func))
(type (func (param i32)))
(type (func (param i32 i32)))
(type (func (param i32 i32 i32 i32)))
(type (func (param i32 i32 i32 i32 i32 i32 i32)))
(type (func (param i32 i32 i32 i32 i32)))
(type (func (param i32 i32 i32 i32 i32 i32)))
(type (func (result i32)))
(type (func (param i32) (result i32)))
(type (func (param i32 i32) (result i64)))
(type (func (param i64 i32) (result i32)))
(type (func (param i32 i64 i64 i32)))
(type (func (param i32 i64)))
(type (func (param i32 i32 i32 i64)))
(type (func (param i32 i32 i32 i64 i32)))
(type (func (param i64) (result i64)))
(type (func (param i32 i32 i32 i32 i32 i32) (result i32)))
(type (func (param i32 i32 i32 i32 i32) (result i32)))
(type (func (param i32 i64 i64 i64)))
(type (func (param i32 i64 i64 i64 i64)))
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 2
i32.const 1
i32.and
i32.eqz
br_if 0
local.get 0
local.get 1
local.get 2
i32.const 1
i32.shr_u
call 1
br 1
end
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
block  ;; label = @9
local.get 1
i32.load8_u
local.tee 4
i32.eqz
br_if 0
i32.const 0
local.set 5
local.get 1
local.set 6
i32.const 0
local.set 7
loop  ;; label = @10
local.get 6
i32.const 1
i32.add
local.set 6
block  ;; label = @11
block  ;; label = @12
local.get 4
i32.extend8_s
i32.const -1
i32.gt_s
br_if 0
block  ;; label = @13
local.get 4
i32.const 255
i32.and
i32.const 128
i32.ne
br_if 0
local.get 5
local.get 6
i32.load16_u align=1
local.tee 4
i32.add
local.set 5
local.get 6
local.get 4
i32.add
i32.const 2
i32.add
local.set 6
br 2
end
local.get 6
local.get 4
i32.const 3
i32.and
i32.const 8
i32.rotr
local.tee 8
i32.const 5
i32.shl
i32.const 1073741824
i32.and
local.get 8
i32.const 7
i32.shl
i32.or
i32.const 29
i32.shr_u
i32.add
local.get 4
i32.const 1
i32.shr_u
i32.const 2
i32.and
i32.add
local.get 4
i32.const 2
i32.shr_u
i32.const 2
i32.and
i32.add
local.set 6
local.get 5
i32.eqz
local.get 7
i32.or
local.set 7
br 1
end
local.get 6
local.get 4
i32.const 255
i32.and
local.tee 4
i32.add
local.set 6
local.get 5
local.get 4
i32.add
local.set 5
end
local.get 6
i32.load8_u
local.tee 4
br_if 0
end
local.get 7
local.get 5
i32.const 16
i32.lt_u
i32.and
i32.eqz
br_if 1
end
i32.const 1
local.set 6
br 1
end
i32.const 1
local.set 6
local.get 5
i32.const 1
i32.shl
local.tee 4
i32.const -1
i32.le_s
br_if 4
local.get 4
br_if 1
end
i32.const 0
local.set 4
br 1
end
i32.const 1
local.get 4
call 2
local.tee 6
i32.eqz
br_if 3
end
local.get 3
i32.const 0
i32.store offset=12
local.get 3
local.get 6
i32.store offset=8
local.get 3
local.get 4
i32.store offset=4
local.get 3
i32.const 4
i32.add
i32.const 66272
local.get 1
local.get 2
call 3
br_if 3
local.get 0
local.get 3
i32.load offset=12
i32.store offset=8
local.get 0
local.get 3
i64.load offset=4 align=4
i64.store align=4
end
local.get 3
i32.const 16
i32.add
global.set 0
return
end
call 4
unreachable
end
call 5
unreachable
end
i32.const 86
call 6
unreachable)
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 4
i32.add
local.get 2
i32.const 1
i32.const 1
call 40
local.get 3
i32.load offset=8
local.set 4
block  ;; label = @1
local.get 3
i32.load offset=4
i32.const 1
i32.eq
br_if 0
local.get 3
i32.load offset=12
local.set 5
local.get 0
i32.const 0
i32.store offset=8
local.get 0
local.get 5
i32.store offset=4
local.get 0
local.get 4
i32.store
block  ;; label = @2
local.get 2
i32.eqz
br_if 0
block  ;; label = @3
local.get 2
i32.eqz
br_if 0
local.get 5
local.get 1
local.get 2
memory.copy
end
local.get 0
local.get 2
i32.store offset=8
end
local.get 3
i32.const 16
i32.add
global.set 0
return
end
local.get 4
local.get 3
i32.load offset=12
call 41
unreachable)
(func (type 1) (param i32 i32) (result i32)
(local i32 i32)
local.get 0
i32.const 0
i32.load offset=71528
local.tee 2
i32.const 71536
local.get 2
i32.const 71536
i32.gt_u
select
local.tee 2
local.get 0
i32.rem_u
local.tee 3
i32.sub
i32.const 0
local.get 3
select
local.get 2
i32.add
local.get 1
call 61)
(func (type 3) (param i32 i32 i32 i32) (result i32)
(local i32 i32 i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 4
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 3
i32.const 1
i32.and
br_if 0
local.get 2
i32.load8_u
local.tee 5
br_if 1
i32.const 0
local.set 5
br 2
end
local.get 0
local.get 2
local.get 3
i32.const 1
i32.shr_u
local.get 1
i32.load offset=12
call_indirect (type 0)
local.set 5
br 1
end
local.get 1
i32.load offset=12
local.set 6
i32.const 0
local.set 7
loop  ;; label = @2
local.get 2
i32.const 1
i32.add
local.set 8
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 5
i32.extend8_s
i32.const -1
i32.gt_s
br_if 0
local.get 5
i32.const 255
i32.and
local.tee 9
i32.const 128
i32.eq
br_if 1
local.get 9
i32.const 192
i32.ne
br_if 3
local.get 4
local.get 1
i32.store offset=4
local.get 4
local.get 0
i32.store
local.get 4
i64.const 1610612768
i64.store offset=8 align=4
local.get 3
local.get 7
i32.const 3
i32.shl
i32.add
local.tee 5
i32.load
local.get 4
local.get 5
i32.load offset=4
call_indirect (type 1)
i32.eqz
br_if 2
i32.const 1
local.set 5
br 6
end
block  ;; label = @7
local.get 0
local.get 8
local.get 5
i32.const 255
i32.and
local.tee 5
local.get 6
call_indirect (type 0)
br_if 0
local.get 8
local.get 5
i32.add
local.set 2
br 4
end
i32.const 1
local.set 5
br 5
end
block  ;; label = @6
local.get 0
local.get 2
i32.const 3
i32.add
local.tee 5
local.get 2
i32.load16_u offset=1 align=1
local.tee 2
local.get 6
call_indirect (type 0)
br_if 0
local.get 5
local.get 2
i32.add
local.set 2
br 3
end
i32.const 1
local.set 5
br 4
end
local.get 7
i32.const 1
i32.add
local.set 7
local.get 8
local.set 2
br 1
end
i32.const 1610612768
local.set 10
block  ;; label = @4
local.get 5
i32.const 1
i32.and
i32.eqz
br_if 0
local.get 2
i32.const 5
i32.add
local.set 8
local.get 2
i32.load offset=1 align=1
local.set 10
end
i32.const 0
local.set 9
block  ;; label = @4
block  ;; label = @5
local.get 5
i32.const 2
i32.and
br_if 0
i32.const 0
local.set 11
local.get 8
local.set 2
br 1
end
local.get 8
i32.const 2
i32.add
local.set 2
local.get 8
i32.load16_u align=1
local.set 11
end
block  ;; label = @4
block  ;; label = @5
local.get 5
i32.const 4
i32.and
br_if 0
local.get 2
local.set 8
br 1
end
local.get 2
i32.const 2
i32.add
local.set 8
local.get 2
i32.load16_u align=1
local.set 9
end
block  ;; label = @4
block  ;; label = @5
local.get 5
i32.const 8
i32.and
br_if 0
local.get 8
local.set 2
br 1
end
local.get 8
i32.const 2
i32.add
local.set 2
local.get 8
i32.load16_u align=1
local.set 7
end
block  ;; label = @4
local.get 5
i32.const 16
i32.and
i32.eqz
br_if 0
local.get 3
local.get 11
i32.const 65535
i32.and
i32.const 3
i32.shl
i32.add
i32.load16_u offset=4
local.set 11
end
block  ;; label = @4
local.get 5
i32.const 32
i32.and
i32.eqz
br_if 0
local.get 3
local.get 9
i32.const 65535
i32.and
i32.const 3
i32.shl
i32.add
i32.load16_u offset=4
local.set 9
end
local.get 4
local.get 9
i32.store16 offset=14
local.get 4
local.get 11
i32.store16 offset=12
local.get 4
local.get 10
i32.store offset=8
local.get 4
local.get 1
i32.store offset=4
local.get 4
local.get 0
i32.store
block  ;; label = @4
local.get 3
local.get 7
i32.const 3
i32.shl
i32.add
local.tee 5
i32.load
local.get 4
local.get 5
i32.load offset=4
call_indirect (type 1)
i32.eqz
br_if 0
i32.const 1
local.set 5
br 3
end
local.get 7
i32.const 1
i32.add
local.set 7
end
local.get 2
i32.load8_u
local.tee 5
br_if 0
end
i32.const 0
local.set 5
end
local.get 4
i32.const 16
i32.add
global.set 0
local.get 5)
(func (type 4)
call 5
unreachable)
(func (type 4)
unreachable)
(func (type 5) (param i32)
call 5
unreachable)
(func (type 3) (param i32 i32 i32 i32) (result i32)
(local i32)
i32.const 0
local.set 4
block  ;; label = @1
local.get 1
local.get 3
i32.ne
br_if 0
local.get 0
local.get 2
local.get 1
call 144
i32.eqz
local.set 4
end
local.get 4)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i64)
global.get 0
i32.const 64
i32.sub
local.tee 3
global.set 0
local.get 3
local.get 1
i32.load offset=4
local.get 1
i32.load offset=8
call 1
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 3
i32.load
i32.const -2147483648
i32.ne
br_if 0
local.get 3
i32.load offset=4
local.set 0
br 1
end
local.get 0
i32.load
local.get 0
i32.load offset=4
call 9
local.get 0
local.get 3
i32.load offset=8
i32.store offset=8
local.get 0
local.get 3
i64.load align=4
i64.store align=4
local.get 0
i32.load
local.set 1
local.get 0
i32.const -2147483648
i32.store
local.get 1
i32.const -2147483648
i32.eq
br_if 1
local.get 3
local.get 0
i64.load offset=4 align=4
local.tee 4
i64.store offset=32 align=4
local.get 3
local.get 1
i32.store offset=28
local.get 3
i32.const 40
i32.add
local.get 2
call 10
block  ;; label = @3
local.get 3
i32.load8_u offset=40
i32.const 6
i32.ne
br_if 0
local.get 3
i32.load offset=44
local.set 0
local.get 1
local.get 4
i32.wrap_i64
call 11
br 1
end
local.get 3
local.get 0
i32.const 12
i32.add
local.get 3
i32.const 28
i32.add
local.get 3
i32.const 40
i32.add
call 12
local.get 3
call 13
i32.const 0
local.set 0
end
local.get 3
i32.const 64
i32.add
global.set 0
local.get 0
return
end
i32.const 43
call 14
unreachable)
(func (type 6) (param i32 i32)
block  ;; label = @1
local.get 0
i32.const -2147483648
i32.eq
br_if 0
local.get 0
local.get 1
call 11
end)
(func (type 6) (param i32 i32)
(local i32 i64 f64 i32 i32 i32)
global.get 0
i32.const 112
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 1
i32.load8_u
br_table 0 1 2 3 4 5 0
end
local.get 0
i32.const 0
i32.store8
br 5
end
local.get 0
i32.const 1
i32.store8
local.get 0
local.get 1
i32.load8_u offset=1
i32.store8 offset=1
br 4
end
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 1
i32.load offset=8
br_table 0 1 2 0
end
local.get 0
i64.const 0
i64.store offset=8
local.get 0
i32.const 2
i32.store8
local.get 0
local.get 1
i64.load offset=16
i64.store offset=16
br 5
end
local.get 0
i32.const 2
i32.store8
local.get 0
local.get 1
i64.load offset=16
local.tee 3
i64.store offset=16
local.get 0
local.get 3
i64.const 63
i64.shr_u
i64.store offset=8
br 4
end
i64.const 3
local.set 3
block  ;; label = @5
local.get 1
f64.load offset=16
local.tee 4
i64.reinterpret_f64
i64.const 9223372036854775807
i64.and
i64.const 9218868437227405311
i64.gt_s
br_if 0
local.get 2
local.get 4
f64.store offset=32
i64.const 2
local.set 3
end
local.get 2
local.get 3
i64.store offset=24
local.get 2
i32.const 0
i32.store8 offset=48
local.get 0
local.get 2
i32.const 24
i32.add
local.get 2
i32.const 48
i32.add
call 15
br 3
end
local.get 2
i32.const 24
i32.add
local.get 1
i32.load offset=8
local.get 1
i32.load offset=12
call 1
local.get 2
local.get 2
i32.load offset=32
i32.store offset=59 align=1
local.get 2
local.get 2
i64.load offset=24 align=4
i64.store offset=51 align=1
local.get 0
i32.const 3
i32.store8
local.get 0
local.get 2
i64.load offset=48 align=1
i64.store offset=1 align=1
local.get 0
local.get 2
i64.load offset=55 align=1
i64.store offset=8 align=1
br 2
end
local.get 1
i32.load offset=8
local.set 5
local.get 2
i32.const 8
i32.add
local.get 1
i32.load offset=12
local.tee 6
i32.const 8
i32.const 24
call 16
local.get 2
i32.load offset=12
local.set 1
block  ;; label = @3
local.get 2
i32.load offset=8
local.tee 7
i32.const -2147483648
i32.ne
br_if 0
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 2
end
local.get 2
i32.const 0
i32.store offset=32
local.get 2
local.get 1
i32.store offset=28
local.get 2
local.get 7
i32.store offset=24
local.get 6
i32.const 24
i32.mul
local.set 1
block  ;; label = @3
block  ;; label = @4
loop  ;; label = @5
local.get 1
i32.eqz
br_if 1
local.get 2
i32.const 88
i32.add
local.get 5
call 10
local.get 2
i32.load8_u offset=88
i32.const 6
i32.eq
br_if 2
local.get 1
i32.const -24
i32.add
local.set 1
local.get 5
i32.const 24
i32.add
local.set 5
local.get 2
i32.const 24
i32.add
local.get 2
i32.const 88
i32.add
call 17
br 0
end
end
local.get 0
i32.const 4
i32.store8
local.get 2
local.get 2
i64.load offset=24 align=4
i64.store offset=51 align=1
local.get 0
local.get 2
i64.load offset=48 align=1
i64.store offset=1 align=1
local.get 2
local.get 2
i32.load offset=32
i32.store offset=59 align=1
local.get 0
local.get 2
i64.load offset=55 align=1
i64.store offset=8 align=1
br 2
end
local.get 0
local.get 2
i32.load offset=92
i32.store offset=4
local.get 0
i32.const 6
i32.store8
local.get 2
i32.const 24
i32.add
call 18
br 1
end
local.get 2
i32.const 0
i32.store offset=44
local.get 2
i32.const 0
i32.store offset=36
local.get 2
i32.const -2147483648
i32.store offset=24
local.get 1
i32.load offset=8
local.set 6
local.get 2
local.get 1
i32.load offset=12
i32.const 0
local.get 1
i32.load offset=4
local.tee 5
select
i32.store offset=80
local.get 2
local.get 6
i32.store offset=76
local.get 2
local.get 5
i32.store offset=72
local.get 2
i32.const 0
i32.store offset=68
local.get 2
local.get 5
i32.const 0
i32.ne
local.tee 1
i32.store offset=64
local.get 2
local.get 6
i32.store offset=60
local.get 2
local.get 5
i32.store offset=56
local.get 2
i32.const 0
i32.store offset=52
local.get 2
local.get 1
i32.store offset=48
block  ;; label = @2
loop  ;; label = @3
local.get 2
i32.const 16
i32.add
local.get 2
i32.const 48
i32.add
call 19
local.get 2
i32.load offset=16
local.tee 5
i32.eqz
br_if 1
local.get 2
i32.const 24
i32.add
local.get 5
local.get 2
i32.load offset=20
call 8
local.tee 5
i32.eqz
br_if 0
end
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 5
i32.store offset=4
local.get 2
i32.const 24
i32.add
call 20
br 1
end
local.get 2
local.get 2
i64.load offset=40 align=4
i64.store offset=64
local.get 2
local.get 2
i64.load offset=32 align=4
i64.store offset=56
local.get 2
local.get 2
i64.load offset=24 align=4
i64.store offset=48
local.get 0
local.get 2
i32.const 48
i32.add
call 21
end
local.get 2
i32.const 112
i32.add
global.set 0)
(func (type 6) (param i32 i32)
local.get 0
local.get 1
i32.const 1
i32.const 1
call 117)
(func (type 7) (param i32 i32 i32 i32)
(local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32)
global.get 0
i32.const 240
i32.sub
local.tee 4
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 1
i32.load
local.tee 5
i32.eqz
br_if 0
local.get 2
i32.load offset=8
local.set 6
local.get 2
i32.load offset=4
local.set 7
local.get 1
i32.load offset=4
local.set 8
loop  ;; label = @8
local.get 5
i32.const 268
i32.add
local.set 9
local.get 5
i32.load16_u offset=402
local.tee 10
i32.const 12
i32.mul
local.set 11
i32.const -1
local.set 12
block  ;; label = @9
loop  ;; label = @10
block  ;; label = @11
local.get 11
br_if 0
local.get 10
local.set 12
br 2
end
local.get 9
i32.const 8
i32.add
local.set 13
local.get 9
i32.const 4
i32.add
local.set 14
local.get 11
i32.const -12
i32.add
local.set 11
local.get 12
i32.const 1
i32.add
local.set 12
local.get 9
i32.const 12
i32.add
local.set 9
block  ;; label = @11
local.get 7
local.get 14
i32.load
local.get 6
local.get 13
i32.load
local.tee 13
local.get 6
local.get 13
i32.lt_u
select
call 144
local.tee 14
local.get 6
local.get 13
i32.sub
local.get 14
select
local.tee 13
i32.const 0
i32.gt_s
local.get 13
i32.const 0
i32.lt_s
i32.sub
i32.const 255
i32.and
br_table 0 1 2
end
end
local.get 4
local.get 1
i32.store offset=40
local.get 4
local.get 12
i32.store offset=36
local.get 4
local.get 8
i32.store offset=32
local.get 4
local.get 5
i32.store offset=28
local.get 4
i32.const -2147483648
i32.store offset=24
local.get 2
i32.load
local.get 7
call 11
br 4
end
block  ;; label = @9
local.get 8
i32.eqz
br_if 0
local.get 8
i32.const -1
i32.add
local.set 8
local.get 5
local.get 12
i32.const 2
i32.shl
i32.add
i32.load offset=408
local.set 5
br 1
end
end
local.get 4
local.get 12
i32.store offset=48
local.get 4
i32.const 0
i32.store offset=44
local.get 4
local.get 5
i32.store offset=40
local.get 4
local.get 1
i32.store offset=36
local.get 4
local.get 2
i64.load align=4
local.tee 15
i64.store offset=24
local.get 4
local.get 2
i32.load offset=8
i32.store offset=32
local.get 15
i32.wrap_i64
i32.const -2147483648
i32.eq
br_if 1
block  ;; label = @8
local.get 5
i32.load16_u offset=402
i32.const 11
i32.lt_u
br_if 0
local.get 4
i32.const 144
i32.add
local.set 14
local.get 4
i32.const 152
i32.add
local.set 8
i32.const 4
local.set 9
block  ;; label = @9
local.get 12
i32.const 5
i32.lt_u
br_if 0
local.get 12
local.set 9
block  ;; label = @10
block  ;; label = @11
local.get 12
i32.const -5
i32.add
br_table 2 1 0
end
local.get 12
i32.const -7
i32.add
local.set 12
local.get 4
i32.const 132
i32.add
local.set 14
local.get 4
i32.const 136
i32.add
local.set 8
i32.const 6
local.set 9
br 1
end
i32.const 0
local.set 12
local.get 4
i32.const 132
i32.add
local.set 14
local.get 4
i32.const 136
i32.add
local.set 8
i32.const 5
local.set 9
end
call 120
local.tee 7
i32.const 0
i32.store16 offset=402
local.get 7
i32.const 0
i32.store offset=264
local.get 7
local.get 9
i32.const -1
i32.xor
local.get 5
i32.load16_u offset=402
local.tee 2
i32.add
local.tee 11
i32.store16 offset=402
local.get 4
local.get 5
local.get 9
i32.const 24
i32.mul
i32.add
local.tee 6
i64.load
i64.store offset=56
local.get 4
local.get 6
i64.load offset=8
i64.store offset=64
local.get 4
local.get 6
i64.load offset=16
i64.store offset=72
block  ;; label = @9
block  ;; label = @10
block  ;; label = @11
block  ;; label = @12
block  ;; label = @13
block  ;; label = @14
block  ;; label = @15
block  ;; label = @16
local.get 11
i32.const 12
i32.ge_u
br_if 0
local.get 5
i32.const 268
i32.add
local.tee 10
local.get 9
i32.const 12
i32.mul
i32.add
local.tee 6
i64.load offset=4 align=4
local.set 15
local.get 6
i32.load
local.set 13
local.get 10
local.get 9
i32.const 1
i32.add
local.tee 6
i32.const 12
i32.mul
i32.add
local.get 2
local.get 6
i32.sub
local.tee 2
local.get 7
i32.const 268
i32.add
local.get 11
call 121
local.get 5
local.get 6
i32.const 24
i32.mul
i32.add
local.get 2
local.get 7
local.get 11
call 122
local.get 5
local.get 9
i32.store16 offset=402
local.get 4
local.get 4
i64.load offset=56
i64.store offset=192 align=4
local.get 4
local.get 4
i64.load offset=64
i64.store offset=200 align=4
local.get 4
local.get 4
i64.load offset=72
i64.store offset=208 align=4
local.get 4
i32.const 0
i32.store offset=132
local.get 4
i32.const 0
i32.store offset=144
local.get 4
local.get 5
i32.store offset=152
local.get 4
local.get 7
i32.store offset=136
local.get 4
local.get 12
i32.store offset=224
local.get 4
local.get 14
i32.load
i32.store offset=220
local.get 4
local.get 8
i32.load
i32.store offset=216
local.get 4
i32.const 56
i32.add
local.get 4
i32.const 216
i32.add
local.get 4
i32.const 24
i32.add
local.get 3
call 123
local.get 4
local.get 4
i64.load offset=188 align=4
i64.store offset=160
local.get 4
local.get 4
i64.load offset=196 align=4
i64.store offset=168
local.get 4
local.get 4
i64.load offset=204 align=4
i64.store offset=176
local.get 4
local.get 4
i32.load offset=212
i32.store offset=184
local.get 13
i32.const -2147483648
i32.eq
br_if 13
local.get 4
local.get 15
i64.store offset=92 align=4
local.get 4
local.get 13
i32.store offset=88
local.get 4
local.get 4
i64.load offset=160
i64.store offset=100 align=4
local.get 4
local.get 4
i64.load offset=168
i64.store offset=108 align=4
local.get 4
local.get 4
i64.load offset=176
i64.store offset=116 align=4
local.get 4
local.get 4
i32.load offset=184
i32.store offset=124
local.get 4
i32.const 192
i32.add
local.set 8
local.get 4
i32.const 104
i32.add
local.set 16
local.get 4
i32.const 88
i32.add
i32.const 12
i32.add
local.set 14
i32.const 1
local.set 13
i32.const 0
local.set 9
loop  ;; label = @17
block  ;; label = @18
local.get 5
i32.load offset=264
local.tee 11
br_if 0
local.get 1
i32.load
local.tee 6
i32.eqz
br_if 3
local.get 1
i32.load offset=4
local.set 13
call 124
local.tee 11
local.get 6
i32.store offset=408
local.get 11
i32.const 0
i32.store16 offset=402
local.get 11
i32.const 0
i32.store offset=264
local.get 13
i32.const 1
i32.add
local.tee 6
i32.eqz
br_if 3
local.get 4
i32.const 8
i32.add
local.get 11
local.get 6
call 125
local.get 4
i32.load offset=8
local.set 11
local.get 1
local.get 4
i32.load offset=12
local.tee 6
i32.store offset=4
local.get 1
local.get 11
i32.store
local.get 9
local.get 6
i32.const -1
i32.add
i32.ne
br_if 4
local.get 11
i32.load16_u offset=402
local.tee 9
i32.const 11
i32.ge_u
br_if 5
local.get 11
local.get 9
i32.const 1
i32.add
local.tee 6
i32.store16 offset=402
local.get 11
local.get 9
i32.const 12
i32.mul
i32.add
local.tee 13
local.get 4
i32.load offset=96
i32.store offset=276
local.get 13
local.get 4
i64.load offset=88
i64.store offset=268 align=4
local.get 11
local.get 9
i32.const 24
i32.mul
i32.add
local.tee 9
local.get 4
i64.load offset=104
i64.store
local.get 9
local.get 4
i64.load offset=112
i64.store offset=8
local.get 9
local.get 4
i64.load offset=120
i64.store offset=16
local.get 11
local.get 6
i32.const 2
i32.shl
i32.add
local.get 7
i32.store offset=408
local.get 7
local.get 6
i32.store16 offset=400
local.get 7
local.get 11
i32.store offset=264
br 15
end
local.get 13
i32.const -1
i32.add
local.get 9
i32.ne
br_if 5
local.get 5
i32.load16_u offset=400
local.tee 9
local.set 2
block  ;; label = @18
local.get 11
i32.load16_u offset=402
local.tee 17
i32.const 11
i32.lt_u
br_if 0
local.get 4
i32.const 152
i32.add
local.set 10
block  ;; label = @19
block  ;; label = @20
local.get 9
i32.const 5
i32.ge_u
br_if 0
i32.const 4
local.set 9
br 1
end
local.get 9
local.set 2
block  ;; label = @20
block  ;; label = @21
local.get 9
i32.const -5
i32.add
br_table 2 1 0
end
local.get 9
i32.const -7
i32.add
local.set 2
local.get 4
i32.const 144
i32.add
local.set 10
i32.const 6
local.set 9
br 1
end
i32.const 0
local.set 2
local.get 4
i32.const 144
i32.add
local.set 10
i32.const 5
local.set 9
end
call 124
local.tee 6
i32.const 0
i32.store16 offset=402
local.get 6
i32.const 0
i32.store offset=264
local.get 6
local.get 9
i32.const -1
i32.xor
local.get 11
i32.load16_u offset=402
local.tee 18
i32.add
local.tee 12
i32.store16 offset=402
local.get 4
local.get 11
local.get 9
i32.const 24
i32.mul
i32.add
local.tee 5
i64.load
i64.store offset=216
local.get 4
local.get 5
i64.load offset=8
i64.store offset=224
local.get 4
local.get 5
i64.load offset=16
i64.store offset=232
local.get 12
i32.const 12
i32.ge_u
br_if 7
local.get 11
i32.const 268
i32.add
local.tee 19
local.get 9
i32.const 12
i32.mul
i32.add
local.tee 5
i64.load offset=4 align=4
local.set 15
local.get 5
i32.load
local.set 3
local.get 19
local.get 9
i32.const 1
i32.add
local.tee 5
i32.const 12
i32.mul
i32.add
local.get 18
local.get 5
i32.sub
local.tee 18
local.get 6
i32.const 268
i32.add
local.get 12
call 121
local.get 11
local.get 5
i32.const 24
i32.mul
i32.add
local.get 18
local.get 6
local.get 12
call 122
local.get 11
local.get 9
i32.store16 offset=402
local.get 8
local.get 4
i64.load offset=216
i64.store align=4
local.get 8
local.get 4
i64.load offset=224
i64.store offset=8 align=4
local.get 8
local.get 4
i64.load offset=232
i64.store offset=16 align=4
local.get 6
i32.load16_u offset=402
local.tee 5
i32.const 1
i32.add
local.set 12
local.get 5
i32.const 12
i32.ge_u
br_if 8
local.get 17
local.get 9
i32.sub
local.get 12
i32.ne
br_if 9
block  ;; label = @19
local.get 12
i32.const 2
i32.shl
local.tee 12
i32.eqz
br_if 0
local.get 6
i32.const 408
i32.add
local.get 11
local.get 9
i32.const 2
i32.shl
i32.add
i32.const 412
i32.add
local.get 12
memory.copy
end
local.get 4
i32.const 16
i32.add
local.get 6
local.get 13
call 125
local.get 4
local.get 11
i32.store offset=152
local.get 4
local.get 4
i64.load offset=188 align=4
i64.store offset=160
local.get 4
local.get 4
i64.load offset=196 align=4
i64.store offset=168
local.get 4
local.get 4
i64.load offset=204 align=4
i64.store offset=176
local.get 4
local.get 4
i32.load offset=212
i32.store offset=184
local.get 4
local.get 4
i32.load offset=16
i32.store offset=144
local.get 4
i32.load offset=20
local.set 9
local.get 10
i32.load
local.get 2
local.get 4
i32.const 88
i32.add
local.get 16
local.get 7
call 126
local.get 4
local.get 4
i32.load offset=184
i32.store offset=80
local.get 4
local.get 4
i64.load offset=176
i64.store offset=72
local.get 4
local.get 4
i64.load offset=168
i64.store offset=64
local.get 4
local.get 4
i64.load offset=160
i64.store offset=56
local.get 3
i32.const -2147483648
i32.eq
br_if 15
local.get 4
i32.load offset=152
local.set 5
local.get 4
i32.load offset=144
local.set 7
local.get 14
local.get 4
i64.load offset=56
i64.store align=4
local.get 14
local.get 4
i64.load offset=64
i64.store offset=8 align=4
local.get 14
local.get 4
i64.load offset=72
i64.store offset=16 align=4
local.get 14
local.get 4
i32.load offset=80
i32.store offset=24
local.get 4
local.get 15
i64.store offset=92 align=4
local.get 4
local.get 3
i32.store offset=88
local.get 13
i32.const 1
i32.add
local.set 13
br 1
end
end
local.get 11
local.get 2
local.get 4
i32.const 88
i32.add
local.get 16
local.get 7
call 126
br 13
end
i32.const 0
local.get 11
i32.const 11
call 102
unreachable
end
call 114
unreachable
end
i32.const 48
call 51
unreachable
end
i32.const 32
call 51
unreachable
end
i32.const 53
call 51
unreachable
end
i32.const 0
local.get 12
i32.const 11
call 102
unreachable
end
i32.const 0
local.get 12
i32.const 12
call 102
unreachable
end
i32.const 40
call 51
unreachable
end
local.get 4
i32.const 56
i32.add
local.get 4
i32.const 40
i32.add
local.get 4
i32.const 24
i32.add
local.get 3
call 123
br 4
end
local.get 4
i32.const 0
i32.store offset=40
local.get 4
local.get 1
i32.store offset=36
local.get 4
local.get 2
i32.load offset=8
i32.store offset=32
local.get 4
local.get 2
i64.load align=4
local.tee 15
i64.store offset=24
local.get 15
i32.wrap_i64
i32.const -2147483648
i32.ne
br_if 2
end
local.get 1
local.set 12
end
local.get 4
i32.load offset=28
local.get 12
i32.const 24
i32.mul
i32.add
local.tee 9
i64.load
local.set 15
local.get 9
local.get 3
i64.load
i64.store
local.get 0
local.get 15
i64.store
local.get 9
i64.load offset=8
local.set 15
local.get 9
local.get 3
i64.load offset=8
i64.store offset=8
local.get 0
local.get 15
i64.store offset=8
local.get 9
i64.load offset=16
local.set 15
local.get 9
local.get 3
i64.load offset=16
i64.store offset=16
local.get 0
local.get 15
i64.store offset=16
br 2
end
call 120
local.tee 9
i32.const 0
i32.store16 offset=402
local.get 9
i32.const 0
i32.store offset=264
local.get 1
i32.const 0
i32.store offset=4
local.get 1
local.get 9
i32.store
local.get 9
i32.load16_u offset=402
local.tee 11
i32.const 11
i32.ge_u
br_if 2
local.get 9
local.get 11
i32.const 1
i32.add
i32.store16 offset=402
local.get 9
local.get 11
i32.const 12
i32.mul
i32.add
local.tee 6
local.get 4
i32.load offset=32
i32.store offset=276
local.get 6
local.get 4
i64.load offset=24
i64.store offset=268 align=4
local.get 9
local.get 11
i32.const 24
i32.mul
i32.add
local.tee 9
local.get 3
i64.load
i64.store
local.get 9
local.get 3
i64.load offset=8
i64.store offset=8
local.get 9
local.get 3
i64.load offset=16
i64.store offset=16
end
local.get 0
i32.const 6
i32.store8
local.get 1
local.get 1
i32.load offset=8
i32.const 1
i32.add
i32.store offset=8
end
local.get 4
i32.const 240
i32.add
global.set 0
return
end
i32.const 32
call 51
unreachable)
(func (type 5) (param i32)
block  ;; label = @1
local.get 0
i32.load8_u
i32.const 6
i32.eq
br_if 0
local.get 0
call 35
end)
(func (type 5) (param i32)
call 5
unreachable)
(func (type 2) (param i32 i32 i32)
block  ;; label = @1
local.get 1
i64.load
i64.const 3
i64.eq
br_if 0
local.get 0
i32.const 2
i32.store8
local.get 0
local.get 1
i64.load offset=8
i64.store offset=16
local.get 0
local.get 1
i64.load
i64.store offset=8
local.get 2
call 127
return
end
local.get 0
local.get 2
i64.load offset=16
i64.store offset=16
local.get 0
local.get 2
i64.load offset=8
i64.store offset=8
local.get 0
local.get 2
i64.load
i64.store)
(func (type 7) (param i32 i32 i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 4
global.set 0
local.get 4
i32.const 4
i32.add
local.get 1
local.get 2
local.get 3
call 40
local.get 4
i32.load offset=8
local.set 3
block  ;; label = @1
local.get 4
i32.load offset=4
i32.const 1
i32.ne
br_if 0
local.get 3
local.get 4
i32.load offset=12
call 41
unreachable
end
local.get 0
local.get 4
i32.load offset=12
i32.store offset=4
local.get 0
local.get 3
i32.store
local.get 4
i32.const 16
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32)
block  ;; label = @1
local.get 0
i32.load offset=8
local.tee 2
local.get 0
i32.load
i32.ne
br_if 0
local.get 0
call 39
end
local.get 0
local.get 2
i32.const 1
i32.add
i32.store offset=8
local.get 0
i32.load offset=4
local.get 2
i32.const 24
i32.mul
i32.add
local.tee 0
local.get 1
i64.load
i64.store
local.get 0
local.get 1
i64.load offset=8
i64.store offset=8
local.get 0
local.get 1
i64.load offset=16
i64.store offset=16)
(func (type 5) (param i32)
local.get 0
call 37
local.get 0
i32.load
local.get 0
i32.load offset=4
call 38)
(func (type 6) (param i32 i32)
(local i32 i32 i32 i32 i32 i32 i32)
block  ;; label = @1
block  ;; label = @2
local.get 1
i32.load offset=32
local.tee 2
br_if 0
i32.const 0
local.set 2
br 1
end
local.get 1
local.get 2
i32.const -1
i32.add
i32.store offset=32
block  ;; label = @2
block  ;; label = @3
local.get 1
i32.load
i32.const 1
i32.ne
br_if 0
block  ;; label = @4
block  ;; label = @5
local.get 1
i32.load offset=4
local.tee 2
i32.eqz
br_if 0
local.get 1
i32.load offset=12
local.set 3
local.get 1
i32.load offset=8
local.set 4
br 1
end
local.get 1
i32.const 8
i32.add
local.set 2
local.get 1
i32.load offset=12
local.set 4
block  ;; label = @5
loop  ;; label = @6
local.get 2
i32.load
local.set 2
local.get 4
i32.eqz
br_if 1
local.get 4
i32.const -1
i32.add
local.set 4
local.get 2
i32.const 408
i32.add
local.set 2
br 0
end
end
local.get 1
i64.const 0
i64.store offset=8 align=4
local.get 1
local.get 2
i32.store offset=4
local.get 1
i32.const 1
i32.store
i32.const 0
local.set 3
i32.const 0
local.set 4
end
loop  ;; label = @4
local.get 3
local.get 2
i32.load16_u offset=402
i32.lt_u
br_if 2
local.get 2
i32.load offset=264
local.tee 5
i32.eqz
br_if 1
local.get 4
i32.const 1
i32.add
local.set 4
local.get 2
i32.load16_u offset=400
local.set 3
local.get 5
local.set 2
br 0
end
end
call 114
unreachable
end
block  ;; label = @2
block  ;; label = @3
local.get 4
br_if 0
local.get 3
i32.const 1
i32.add
local.set 6
local.get 2
local.set 7
br 1
end
local.get 2
local.get 3
i32.const 2
i32.shl
i32.add
i32.const 412
i32.add
local.set 5
i32.const 0
local.set 6
i32.const 0
local.set 8
loop  ;; label = @3
local.get 5
i32.load
local.tee 7
i32.const 408
i32.add
local.set 5
local.get 4
local.get 8
i32.const 1
i32.add
local.tee 8
i32.ne
br_if 0
end
end
local.get 1
local.get 6
i32.store offset=12
local.get 1
i32.const 0
i32.store offset=8
local.get 1
local.get 7
i32.store offset=4
local.get 2
local.get 3
i32.const 24
i32.mul
i32.add
local.set 4
local.get 2
local.get 3
i32.const 12
i32.mul
i32.add
i32.const 268
i32.add
local.set 2
end
local.get 0
local.get 4
i32.store offset=4
local.get 0
local.get 2
i32.store)
(func (type 5) (param i32)
local.get 0
i32.const 12
i32.add
call 36
local.get 0
i32.load
local.get 0
i32.load offset=4
call 9)
(func (type 6) (param i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
local.get 0
i32.const 5
i32.store8
local.get 2
local.get 1
i64.load offset=12 align=1
i64.store offset=4 align=1
local.get 0
local.get 2
i64.load offset=1 align=1
i64.store offset=1 align=1
local.get 2
local.get 1
i32.load offset=20 align=1
i32.store offset=12 align=1
local.get 0
local.get 2
i64.load offset=8 align=1
i64.store offset=8 align=1
block  ;; label = @1
local.get 1
i32.load
local.tee 0
i32.const -2147483648
i32.eq
br_if 0
local.get 0
local.get 1
i32.load offset=4
call 11
end
local.get 2
i32.const 16
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32 i64 i32 i64 i64 i64 i64 i64)
global.get 0
i32.const 128
i32.sub
local.tee 3
global.set 0
block  ;; label = @1
block  ;; label = @2
local.get 1
i32.load8_u
i32.const 5
i32.eq
br_if 0
local.get 2
i32.const 65536
i32.const 6
i32.const 65542
i32.const 23
i32.const 65565
i32.const 33
call 23
local.get 0
i64.const 0
i64.store
br 1
end
local.get 3
i32.const 104
i32.add
local.get 1
local.get 2
i32.const 65598
i32.const 3
call 24
local.get 3
i64.load offset=112
local.set 4
local.get 3
i32.load offset=104
local.set 5
local.get 3
i32.const 104
i32.add
local.get 1
local.get 2
i32.const 65601
i32.const 3
call 24
local.get 3
i64.load offset=112
local.set 6
local.get 3
i64.load offset=104
local.set 7
local.get 3
i32.const 104
i32.add
local.get 1
local.get 2
i32.const 65604
i32.const 12
call 24
block  ;; label = @2
local.get 5
br_if 0
local.get 0
i64.const 0
i64.store
br 1
end
block  ;; label = @2
local.get 7
i32.wrap_i64
br_if 0
local.get 0
i64.const 0
i64.store
br 1
end
block  ;; label = @2
local.get 3
i64.load offset=104
i32.wrap_i64
br_if 0
local.get 0
i64.const 0
i64.store
br 1
end
local.get 3
i64.load offset=112
local.set 7
local.get 3
local.get 4
i64.store offset=8
local.get 3
local.get 6
i64.store offset=16
local.get 3
local.get 7
i64.store offset=24
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 7
i64.const 1
i64.lt_s
br_if 0
local.get 4
local.get 6
i64.ge_s
br_if 1
local.get 4
i64.const 0
i64.gt_s
local.get 6
local.get 4
i64.sub
local.tee 8
local.get 6
i64.lt_s
i32.xor
br_if 2
local.get 3
local.get 8
i64.store offset=48
local.get 3
local.get 8
i64.const -1
i64.add
local.tee 9
local.get 7
i64.div_s
i64.const 1
i64.add
local.tee 10
i64.store offset=56
block  ;; label = @6
local.get 10
i64.const 256
i64.le_s
br_if 0
local.get 3
i32.const 1
i32.store offset=124
local.get 3
i32.const 66008
i32.store offset=120
local.get 3
i32.const 1
i32.store offset=116
local.get 3
i32.const 1
i32.store offset=108
local.get 3
local.get 3
i32.const 56
i32.add
i32.store offset=112
local.get 3
local.get 3
i32.const 24
i32.add
i32.store offset=104
local.get 3
i32.const 68
i32.add
i32.const 65632
local.get 3
i32.const 104
i32.add
call 0
local.get 3
local.get 9
i64.const 256
i64.div_s
i64.const 1
i64.add
i64.store offset=80
local.get 3
i32.const 1
i32.store offset=36
local.get 3
local.get 3
i32.const 80
i32.add
i32.store offset=32
local.get 3
i32.const 104
i32.add
i32.const 65839
local.get 3
i32.const 32
i32.add
call 0
block  ;; label = @7
local.get 2
i32.load8_u offset=16
br_if 0
local.get 2
i32.load
local.get 2
i32.load offset=4
call 11
local.get 2
i32.const 1
i32.store16 offset=16
local.get 2
i64.const 0
i64.store offset=8 align=4
local.get 2
i64.const 4294967296
i64.store align=4
end
local.get 2
i32.const 65983
i32.const 19
local.get 3
i32.load offset=72
local.tee 1
local.get 3
i32.load offset=76
local.get 3
i32.load offset=108
local.tee 5
local.get 3
i32.load offset=112
call 26
local.get 3
i32.load offset=104
local.get 5
call 11
local.get 3
i32.load offset=68
local.get 1
call 11
local.get 0
i64.const 0
i64.store
br 5
end
local.get 8
local.get 7
i64.rem_s
local.tee 8
i64.const 0
i64.eq
br_if 3
local.get 3
local.get 8
i64.store offset=32
local.get 3
i32.const 1
i32.store offset=124
local.get 3
i32.const 1
i32.store offset=116
local.get 3
i32.const 1
i32.store offset=108
local.get 3
local.get 3
i32.const 32
i32.add
i32.store offset=120
local.get 3
local.get 3
i32.const 24
i32.add
i32.store offset=112
local.get 3
local.get 3
i32.const 48
i32.add
i32.store offset=104
local.get 3
i32.const 92
i32.add
i32.const 65892
local.get 3
i32.const 104
i32.add
call 0
local.get 3
i32.const 1
i32.store offset=36
local.get 3
local.get 3
i32.const 48
i32.add
i32.store offset=32
local.get 3
i32.const 104
i32.add
i32.const 65721
local.get 3
i32.const 32
i32.add
call 0
block  ;; label = @6
block  ;; label = @7
local.get 2
i32.load8_u offset=16
i32.const 1
i32.ne
br_if 0
local.get 3
i32.load offset=96
local.set 1
local.get 3
i32.load offset=108
local.set 5
br 1
end
local.get 2
i32.const 65983
i32.const 19
local.get 3
i32.load offset=96
local.tee 1
local.get 3
i32.load offset=100
local.get 3
i32.load offset=108
local.tee 5
local.get 3
i32.load offset=112
call 26
end
local.get 3
i32.load offset=104
local.get 5
call 11
local.get 3
i32.load offset=92
local.get 1
call 11
br 3
end
local.get 3
i32.const 1
i32.store offset=36
local.get 3
local.get 3
i32.const 24
i32.add
i32.store offset=32
local.get 3
i32.const 104
i32.add
i32.const 65962
local.get 3
i32.const 32
i32.add
call 0
local.get 2
i32.const 65983
i32.const 19
local.get 3
i32.const 104
i32.add
i32.const 66072
i32.const 21
call 27
local.get 0
i64.const 0
i64.store
br 3
end
local.get 3
i32.const 1
i32.store offset=116
local.get 3
i32.const 1
i32.store offset=108
local.get 3
local.get 3
i32.const 8
i32.add
i32.store offset=112
local.get 3
local.get 3
i32.const 16
i32.add
i32.store offset=104
local.get 3
i32.const 32
i32.add
i32.const 65692
local.get 3
i32.const 104
i32.add
call 0
local.get 2
i32.const 66016
i32.const 10
local.get 3
i32.const 32
i32.add
i32.const 66049
i32.const 23
call 27
local.get 0
i64.const 0
i64.store
br 2
end
local.get 3
i32.const 1
i32.store offset=116
local.get 3
i32.const 1
i32.store offset=108
local.get 3
local.get 3
i32.const 16
i32.add
i32.store offset=112
local.get 3
local.get 3
i32.const 8
i32.add
i32.store offset=104
local.get 3
i32.const 32
i32.add
i32.const 65863
local.get 3
i32.const 104
i32.add
call 0
local.get 2
i32.const 66016
i32.const 10
local.get 3
i32.const 32
i32.add
i32.const 66026
i32.const 23
call 27
local.get 0
i64.const 0
i64.store
br 1
end
local.get 0
local.get 10
i64.store offset=32
local.get 0
local.get 7
i64.store offset=24
local.get 0
local.get 6
i64.store offset=16
local.get 0
local.get 4
i64.store offset=8
local.get 0
i64.const 1
i64.store
end
local.get 3
i32.const 128
i32.add
global.set 0)
(func (type 8) (param i32 i32 i32 i32 i32 i32 i32)
block  ;; label = @1
local.get 0
i32.load8_u offset=16
br_if 0
local.get 0
i32.load
local.get 0
i32.load offset=4
call 11
local.get 0
i32.const 1
i32.store16 offset=16
local.get 0
i64.const 0
i64.store offset=8 align=4
local.get 0
i64.const 4294967296
i64.store align=4
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 4
local.get 5
local.get 6
call 26)
(func (type 9) (param i32 i32 i32 i32 i32)
(local i32 i64)
global.get 0
i32.const 64
i32.sub
local.tee 5
global.set 0
local.get 5
local.get 4
i32.store offset=12
local.get 5
local.get 3
i32.store offset=8
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 3
local.get 4
local.get 1
call 28
local.tee 4
br_if 0
local.get 0
i64.const 0
i64.store
i32.const 7
local.set 4
i32.const 66183
local.set 3
br 1
end
block  ;; label = @4
local.get 4
i32.load8_u
local.tee 3
i32.const 2
i32.ne
br_if 0
block  ;; label = @5
block  ;; label = @6
local.get 4
i32.load offset=8
br_table 1 0 2 1
end
local.get 4
i64.load offset=16
local.set 6
br 3
end
local.get 4
i64.load offset=16
local.tee 6
i64.const -1
i64.gt_s
br_if 2
end
local.get 0
i64.const 0
i64.store
local.get 3
i32.const 2
i32.shl
local.tee 3
i32.load offset=66248
local.set 4
local.get 3
i32.load offset=66224
local.set 3
end
local.get 5
local.get 4
i32.store offset=20
local.get 5
local.get 3
i32.store offset=16
local.get 5
i32.const 2
i32.store offset=52
local.get 5
local.get 5
i32.const 8
i32.add
i32.store offset=48
local.get 5
i32.const 24
i32.add
i32.const 65616
local.get 5
i32.const 48
i32.add
call 0
local.get 5
i32.const 2
i32.store offset=60
local.get 5
i32.const 2
i32.store offset=52
local.get 5
local.get 5
i32.const 16
i32.add
i32.store offset=56
local.get 5
local.get 5
i32.const 8
i32.add
i32.store offset=48
local.get 5
i32.const 36
i32.add
i32.const 65684
local.get 5
i32.const 48
i32.add
call 0
local.get 2
local.get 5
i32.const 24
i32.add
local.get 5
i32.const 36
i32.add
i32.const 66108
i32.const 20
call 30
br 1
end
local.get 0
i64.const 1
i64.store
local.get 0
local.get 6
i64.store offset=8
end
local.get 5
i32.const 64
i32.add
global.set 0)
(func (type 1) (param i32 i32) (result i32)
(local i32 i32 i64 i64 i64 i32 i32)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
i32.const 20
local.set 3
block  ;; label = @1
local.get 0
i64.load
local.tee 4
local.get 4
i64.const 63
i64.shr_s
local.tee 5
i64.xor
local.get 5
i64.sub
local.tee 6
i64.const 1000
i64.lt_u
br_if 0
i32.const 20
local.set 3
loop  ;; label = @2
local.get 2
i32.const 12
i32.add
local.get 3
i32.add
local.tee 0
i32.const -4
i32.add
local.get 6
local.tee 5
local.get 5
i64.const 10000
i64.div_u
local.tee 6
i64.const 10000
i64.mul
i64.sub
i32.wrap_i64
local.tee 7
i32.const 65535
i32.and
i32.const 100
i32.div_u
local.tee 8
i32.const 1
i32.shl
i32.load16_u offset=71328
i32.store16 align=1
local.get 0
i32.const -2
i32.add
local.get 7
local.get 8
i32.const 100
i32.mul
i32.sub
i32.const 65535
i32.and
i32.const 1
i32.shl
i32.load16_u offset=71328
i32.store16 align=1
local.get 3
i32.const -4
i32.add
local.set 3
local.get 5
i64.const 9999999
i64.gt_u
br_if 0
end
end
block  ;; label = @1
local.get 6
i64.const 9
i64.le_u
br_if 0
local.get 2
i32.const 12
i32.add
local.get 3
i32.const -2
i32.add
local.tee 3
i32.add
local.get 6
i32.wrap_i64
local.tee 0
local.get 0
i32.const 65535
i32.and
i32.const 100
i32.div_u
local.tee 0
i32.const 100
i32.mul
i32.sub
i32.const 65535
i32.and
i32.const 1
i32.shl
i32.load16_u offset=71328
i32.store16 align=1
local.get 0
i64.extend_i32_u
local.set 6
end
block  ;; label = @1
block  ;; label = @2
local.get 4
i64.eqz
br_if 0
local.get 6
i64.eqz
br_if 1
end
local.get 2
i32.const 12
i32.add
local.get 3
i32.const -1
i32.add
local.tee 3
i32.add
local.get 6
i32.wrap_i64
i32.const 1
i32.shl
i32.load8_u offset=71329
i32.store8
end
local.get 1
local.get 4
i64.const -1
i64.gt_s
i32.const 1
i32.const 0
local.get 2
i32.const 12
i32.add
local.get 3
i32.add
i32.const 20
local.get 3
i32.sub
call 112
local.set 3
local.get 2
i32.const 32
i32.add
global.set 0
local.get 3)
(func (type 8) (param i32 i32 i32 i32 i32 i32 i32)
(local i32 i32 i32)
global.get 0
i32.const 96
i32.sub
local.tee 7
global.set 0
local.get 7
i32.const 0
i32.store offset=32
local.get 7
i32.const 0
i32.store offset=24
local.get 7
i32.const 16
i32.add
i32.const 3
call 48
local.get 7
i32.load offset=16
local.set 8
local.get 7
i32.load offset=20
local.tee 9
i32.const 0
i32.load16_u offset=66489 align=1
i32.store16 align=1
local.get 9
i32.const 0
i32.load8_u offset=66491
i32.store8 offset=2
local.get 7
i32.const 3
i32.store offset=44
local.get 7
local.get 9
i32.store offset=40
local.get 7
local.get 8
i32.store offset=36
local.get 7
i32.const 72
i32.add
local.get 1
local.get 2
call 97
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 7
i32.load8_u offset=72
i32.const 6
i32.eq
br_if 0
local.get 7
local.get 7
i64.load offset=88
i64.store offset=64
local.get 7
local.get 7
i64.load offset=80
i64.store offset=56
local.get 7
local.get 7
i64.load offset=72
i64.store offset=48
local.get 7
i32.const 72
i32.add
local.get 7
i32.const 24
i32.add
local.get 7
i32.const 36
i32.add
local.get 7
i32.const 48
i32.add
call 12
local.get 7
i32.const 72
i32.add
call 13
local.get 7
i32.const 8
i32.add
i32.const 7
call 48
local.get 7
i32.load offset=8
local.set 2
local.get 7
i32.load offset=12
local.tee 9
i32.const 0
i32.load offset=66492 align=1
i32.store align=1
local.get 9
i32.const 0
i32.load offset=66495 align=1
i32.store offset=3 align=1
local.get 7
i32.const 7
i32.store offset=44
local.get 7
local.get 9
i32.store offset=40
local.get 7
local.get 2
i32.store offset=36
local.get 7
i32.const 72
i32.add
local.get 3
local.get 4
call 97
local.get 7
i32.load8_u offset=72
i32.const 6
i32.eq
br_if 1
local.get 7
local.get 7
i64.load offset=88
i64.store offset=64
local.get 7
local.get 7
i64.load offset=80
i64.store offset=56
local.get 7
local.get 7
i64.load offset=72
i64.store offset=48
local.get 7
i32.const 72
i32.add
local.get 7
i32.const 24
i32.add
local.get 7
i32.const 36
i32.add
local.get 7
i32.const 48
i32.add
call 12
local.get 7
i32.const 72
i32.add
call 13
local.get 7
i32.const 4
call 48
local.get 7
i32.load
local.set 9
local.get 7
i32.load offset=4
local.tee 2
i32.const 1953393000
i32.store align=1
local.get 7
i32.const 4
i32.store offset=44
local.get 7
local.get 2
i32.store offset=40
local.get 7
local.get 9
i32.store offset=36
local.get 7
i32.const 72
i32.add
local.get 5
local.get 6
call 97
local.get 7
i32.load8_u offset=72
i32.const 6
i32.eq
br_if 2
local.get 7
local.get 7
i64.load offset=88
i64.store offset=64
local.get 7
local.get 7
i64.load offset=80
i64.store offset=56
local.get 7
local.get 7
i64.load offset=72
i64.store offset=48
local.get 7
i32.const 72
i32.add
local.get 7
i32.const 24
i32.add
local.get 7
i32.const 36
i32.add
local.get 7
i32.const 48
i32.add
call 12
local.get 7
i32.const 72
i32.add
call 13
local.get 7
local.get 7
i64.load offset=24 align=4
i64.store offset=52 align=4
local.get 7
local.get 7
i32.load offset=32
i32.store offset=60
local.get 7
i32.const 5
i32.store8 offset=48
local.get 7
i32.const 72
i32.add
local.get 7
i32.const 48
i32.add
call 52
local.get 7
i32.const 48
i32.add
call 35
i32.const 1
local.set 9
block  ;; label = @4
local.get 0
i32.load offset=12
i32.const 49
i32.eq
br_if 0
local.get 7
i32.load offset=80
local.get 0
i32.load offset=8
i32.add
i32.const 65280
i32.gt_u
local.set 9
end
local.get 0
local.get 9
local.get 0
i32.load8_u offset=17
i32.or
local.tee 2
i32.store8 offset=17
local.get 7
i32.load offset=76
local.set 9
block  ;; label = @4
local.get 2
i32.const 1
i32.and
br_if 0
local.get 0
local.get 9
local.get 7
i32.load offset=80
call 47
end
local.get 7
i32.load offset=72
local.get 9
call 11
local.get 7
i32.const 96
i32.add
global.set 0
return
end
i32.const 43
call 6
unreachable
end
i32.const 43
call 6
unreachable
end
i32.const 43
call 6
unreachable)
(func (type 10) (param i32 i32 i32 i32 i32 i32)
(local i32)
block  ;; label = @1
local.get 0
i32.load8_u offset=16
br_if 0
local.get 0
i32.load
local.get 0
i32.load offset=4
call 11
local.get 0
i32.const 1
i32.store16 offset=16
local.get 0
i64.const 0
i64.store offset=8 align=4
local.get 0
i64.const 4294967296
i64.store align=4
end
local.get 0
local.get 1
local.get 2
local.get 3
i32.load offset=4
local.tee 6
local.get 3
i32.load offset=8
local.get 4
local.get 5
call 26
local.get 3
i32.load
local.get 6
call 11)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i32 i32 i32 i32 i32 i32)
i32.const 0
local.set 3
block  ;; label = @1
local.get 2
i32.load8_u
i32.const 5
i32.ne
br_if 0
local.get 2
i32.load offset=4
local.tee 4
i32.eqz
br_if 0
local.get 2
i32.load offset=8
local.set 5
loop  ;; label = @2
local.get 4
i32.const 268
i32.add
local.set 2
local.get 4
i32.load16_u offset=402
local.tee 6
i32.const 12
i32.mul
local.set 7
i32.const -1
local.set 8
block  ;; label = @3
loop  ;; label = @4
block  ;; label = @5
local.get 7
br_if 0
local.get 6
local.set 8
br 2
end
local.get 2
i32.load offset=8
local.set 3
local.get 2
i32.load offset=4
local.set 9
local.get 7
i32.const -12
i32.add
local.set 7
local.get 8
i32.const 1
i32.add
local.set 8
local.get 2
i32.const 12
i32.add
local.set 2
block  ;; label = @5
local.get 0
local.get 9
local.get 1
local.get 3
local.get 1
local.get 3
i32.lt_u
select
call 144
local.tee 9
local.get 1
local.get 3
i32.sub
local.get 9
select
local.tee 3
i32.const 0
i32.gt_s
local.get 3
i32.const 0
i32.lt_s
i32.sub
i32.const 255
i32.and
br_table 0 1 2
end
end
local.get 4
local.get 8
i32.const 24
i32.mul
i32.add
local.set 3
br 2
end
block  ;; label = @3
local.get 5
br_if 0
i32.const 0
return
end
local.get 5
i32.const -1
i32.add
local.set 5
local.get 4
local.get 8
i32.const 2
i32.shl
i32.add
i32.load offset=408
local.set 4
br 0
end
end
local.get 3)
(func (type 1) (param i32 i32) (result i32)
local.get 1
local.get 0
i32.load
local.get 0
i32.load offset=4
call 111)
(func (type 9) (param i32 i32 i32 i32 i32)
(local i32 i32)
block  ;; label = @1
local.get 0
i32.load8_u offset=16
br_if 0
local.get 0
i32.load
local.get 0
i32.load offset=4
call 11
local.get 0
i32.const 1
i32.store16 offset=16
local.get 0
i64.const 0
i64.store offset=8 align=4
local.get 0
i64.const 4294967296
i64.store align=4
end
local.get 0
local.get 1
i32.load offset=4
local.tee 5
local.get 1
i32.load offset=8
local.get 2
i32.load offset=4
local.tee 6
local.get 2
i32.load offset=8
local.get 3
local.get 4
call 26
local.get 2
i32.load
local.get 6
call 11
local.get 1
i32.load
local.get 5
call 11)
(func (type 6) (param i32 i32)
(local i32 i64 i64 i64 i32 i64 i64 i64)
global.get 0
i32.const 112
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 0
i32.store offset=8
local.get 2
i64.const 34359738368
i64.store align=4
local.get 2
i32.const 0
i32.store offset=20
local.get 2
i64.const 34359738368
i64.store offset=12 align=4
i64.const 0
local.set 3
local.get 1
i64.load offset=24
local.tee 4
i64.const 0
local.get 4
i64.const 0
i64.gt_s
select
local.set 5
local.get 2
i32.const 24
i32.add
i32.const 4
i32.or
local.set 6
local.get 1
i64.load offset=8
local.set 7
local.get 1
i64.load offset=16
local.set 8
local.get 1
i64.load
local.set 9
block  ;; label = @1
loop  ;; label = @2
local.get 5
local.get 3
i64.eq
br_if 1
local.get 2
local.get 9
i64.store offset=40
local.get 2
i32.const 2
i32.store8 offset=24
local.get 2
local.get 9
i64.const 63
i64.shr_u
i64.store offset=32
local.get 2
local.get 2
i32.const 24
i32.add
call 17
local.get 2
local.get 9
i64.store offset=80
local.get 2
local.get 8
local.get 9
i64.add
local.tee 9
local.get 7
local.get 3
i64.const 1
i64.add
local.tee 3
local.get 4
i64.lt_s
select
i64.store offset=88
local.get 2
i32.const 1
i32.store offset=108
local.get 2
i32.const 1
i32.store offset=100
local.get 2
local.get 2
i32.const 88
i32.add
i32.store offset=104
local.get 2
local.get 2
i32.const 80
i32.add
i32.store offset=96
local.get 6
i32.const 65626
local.get 2
i32.const 96
i32.add
call 0
local.get 2
i32.const 3
i32.store8 offset=24
local.get 2
i32.const 12
i32.add
local.get 2
i32.const 24
i32.add
call 17
br 0
end
end
local.get 0
local.get 4
i64.store offset=56
local.get 0
i32.const 2
i32.store8 offset=40
local.get 0
i32.const 4
i32.store8 offset=8
local.get 0
i32.const 7
i32.store offset=4
local.get 0
i32.const 66128
i32.store
local.get 0
local.get 4
i64.const 63
i64.shr_u
i64.store offset=48
local.get 2
local.get 2
i64.load align=4
i64.store offset=53 align=1
local.get 0
local.get 2
i64.load offset=50 align=1
i64.store offset=9 align=1
local.get 2
local.get 2
i32.load offset=8
i32.store offset=61 align=1
local.get 0
local.get 2
i64.load offset=57 align=1
i64.store offset=16 align=1
local.get 2
local.get 2
i64.load offset=12 align=4
i64.store offset=68 align=1
local.get 2
local.get 2
i32.load offset=20
i32.store offset=76 align=1
local.get 0
i32.const 4
i32.store8 offset=72
local.get 0
i32.const 12
i32.store offset=68
local.get 0
i32.const 66147
i32.store offset=64
local.get 0
i32.const 12
i32.store offset=36
local.get 0
i32.const 66135
i32.store offset=32
local.get 0
local.get 2
i64.load offset=72 align=1
i64.store offset=80 align=1
local.get 0
local.get 2
i64.load offset=65 align=1
i64.store offset=73 align=1
local.get 2
i32.const 112
i32.add
global.set 0)
(func (type 1) (param i32 i32) (result i32)
local.get 0
local.get 1
call 33
i32.const 1
i32.xor)
(func (type 1) (param i32 i32) (result i32)
(local i32 i32 i32 i32 i32 i64)
global.get 0
i32.const 96
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
block  ;; label = @2
local.get 0
i32.load8_u
local.tee 3
local.get 1
i32.load8_u
i32.ne
br_if 0
i32.const 1
local.set 4
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 3
br_table 6 4 3 2 1 0 6
end
i32.const 0
local.set 4
local.get 0
i32.load offset=12
local.tee 3
local.get 1
i32.load offset=12
i32.ne
br_if 5
local.get 2
i64.const 0
i64.store offset=88 align=4
local.get 2
i32.const 0
i32.store offset=72
local.get 2
i32.const 0
i32.store offset=56
local.get 2
i32.const 0
i32.store offset=36
local.get 2
i32.const 0
i32.store offset=20
local.get 2
local.get 1
i32.load offset=4
local.tee 4
i32.store offset=76
local.get 2
local.get 4
i32.store offset=60
local.get 2
local.get 0
i32.load offset=4
local.tee 5
i32.store offset=40
local.get 2
local.get 5
i32.store offset=24
local.get 2
local.get 3
i32.const 0
local.get 4
select
i32.store offset=84
local.get 2
local.get 1
i32.load offset=8
local.tee 1
i32.store offset=80
local.get 2
local.get 4
i32.const 0
i32.ne
local.tee 4
i32.store offset=68
local.get 2
local.get 1
i32.store offset=64
local.get 2
local.get 4
i32.store offset=52
local.get 2
local.get 3
i32.const 0
local.get 5
select
i32.store offset=48
local.get 2
local.get 0
i32.load offset=8
local.tee 4
i32.store offset=44
local.get 2
local.get 5
i32.const 0
i32.ne
local.tee 1
i32.store offset=32
local.get 2
local.get 4
i32.store offset=28
local.get 2
local.get 1
i32.store offset=16
local.get 2
i32.const 52
i32.add
local.set 6
loop  ;; label = @7
local.get 2
i32.const 8
i32.add
local.get 2
i32.const 16
i32.add
call 19
i32.const 1
local.set 4
local.get 2
i32.load offset=8
local.tee 1
i32.eqz
br_if 6
local.get 2
i32.load offset=12
local.set 3
local.get 2
local.get 6
call 19
local.get 2
i32.load
local.tee 0
i32.eqz
br_if 6
local.get 2
i32.load offset=4
local.set 5
i32.const 0
local.set 4
local.get 1
i32.const 4
i32.add
i32.load
local.get 1
i32.const 8
i32.add
i32.load
local.get 0
i32.const 4
i32.add
i32.load
local.get 0
i32.const 8
i32.add
i32.load
call 7
i32.eqz
br_if 6
local.get 3
local.get 5
call 33
i32.eqz
br_if 6
br 0
end
end
local.get 0
i32.load offset=12
local.tee 3
local.get 1
i32.load offset=12
i32.ne
br_if 3
i32.const 1
local.set 4
local.get 3
i32.const 1
i32.add
local.set 3
local.get 0
i32.load offset=8
i32.const -24
i32.add
local.set 0
local.get 1
i32.load offset=8
local.set 1
loop  ;; label = @6
local.get 3
i32.const -1
i32.add
local.tee 3
i32.eqz
br_if 5
local.get 0
i32.const 24
i32.add
local.tee 0
local.get 1
call 32
local.set 5
local.get 1
i32.const 24
i32.add
local.set 1
local.get 5
br_if 4
br 0
end
end
local.get 0
i32.load offset=8
local.get 0
i32.load offset=12
local.get 1
i32.load offset=8
local.get 1
i32.load offset=12
call 7
local.set 4
br 3
end
i32.const 0
local.set 4
local.get 0
i64.load offset=8
local.tee 7
local.get 1
i64.load offset=8
i64.ne
br_if 2
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
local.get 7
i32.wrap_i64
br_table 0 1 2 0
end
local.get 0
i64.load offset=16
local.get 1
i64.load offset=16
i64.eq
local.set 4
br 4
end
local.get 0
i64.load offset=16
local.get 1
i64.load offset=16
i64.eq
local.set 4
br 3
end
local.get 0
f64.load offset=16
local.get 1
f64.load offset=16
f64.eq
local.set 4
br 2
end
local.get 0
i32.load8_u offset=1
local.get 1
i32.load8_u offset=1
i32.eq
local.set 4
br 1
end
i32.const 0
local.set 4
end
local.get 2
i32.const 96
i32.add
global.set 0
local.get 4)
(func (type 5) (param i32)
(local i32 i32)
block  ;; label = @1
local.get 0
i32.load offset=4
local.tee 1
local.get 0
i32.load
local.tee 2
i32.eq
br_if 0
local.get 1
local.get 2
i32.sub
local.set 1
local.get 2
i32.const 5
i32.shl
local.get 0
i32.add
i32.const 16
i32.add
local.set 0
loop  ;; label = @2
local.get 1
i32.eqz
br_if 1
local.get 1
i32.const -1
i32.add
local.set 1
local.get 0
call 35
local.get 0
i32.const 32
i32.add
local.set 0
br 0
end
end)
(func (type 5) (param i32)
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 0
i32.load8_u
br_table 1 1 1 2 3 0
end
local.get 0
i32.const 4
i32.add
call 36
end
return
end
local.get 0
i32.load offset=4
local.get 0
i32.load offset=8
call 11
return
end
local.get 0
i32.const 4
i32.add
call 18)
(func (type 5) (param i32)
(local i32 i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 1
global.set 0
i32.const 0
local.set 2
local.get 0
i32.load offset=8
i32.const 0
local.get 0
i32.load
local.tee 3
select
local.set 4
local.get 3
i32.const 0
i32.ne
local.set 5
local.get 0
i32.load offset=4
local.set 6
local.get 3
local.set 0
block  ;; label = @1
block  ;; label = @2
loop  ;; label = @3
block  ;; label = @4
local.get 4
br_if 0
local.get 5
i32.const 1
i32.and
i32.eqz
br_if 3
local.get 2
br_if 2
loop  ;; label = @5
block  ;; label = @6
local.get 6
br_if 0
local.get 3
local.set 2
i32.const 0
local.set 3
br 4
end
local.get 6
i32.const -1
i32.add
local.set 6
local.get 3
i32.load offset=408
local.set 3
br 0
end
end
block  ;; label = @4
local.get 5
i32.const 1
i32.and
i32.eqz
br_if 0
block  ;; label = @5
local.get 2
br_if 0
block  ;; label = @6
loop  ;; label = @7
local.get 6
i32.eqz
br_if 1
local.get 6
i32.const -1
i32.add
local.set 6
local.get 3
i32.load offset=408
local.set 3
br 0
end
end
i32.const 0
local.set 6
i32.const 0
local.set 0
local.get 3
local.set 2
end
local.get 4
i32.const -1
i32.add
local.set 4
block  ;; label = @5
loop  ;; label = @6
local.get 6
local.get 2
i32.load16_u offset=402
i32.lt_u
br_if 1
local.get 1
i32.const 4
i32.add
local.get 2
local.get 0
call 128
local.get 1
i32.load offset=4
local.tee 2
i32.eqz
br_if 2
local.get 1
i32.load offset=12
local.set 6
local.get 1
i32.load offset=8
local.set 0
br 0
end
end
block  ;; label = @5
block  ;; label = @6
local.get 0
br_if 0
local.get 6
i32.const 1
i32.add
local.set 0
local.get 2
local.set 7
br 1
end
local.get 2
local.get 6
i32.const 2
i32.shl
i32.add
i32.const 412
i32.add
local.set 3
loop  ;; label = @6
local.get 3
i32.load
local.tee 7
i32.const 408
i32.add
local.set 3
local.get 0
i32.const -1
i32.add
local.tee 0
br_if 0
end
i32.const 0
local.set 0
end
local.get 2
local.get 6
i32.const 12
i32.mul
i32.add
local.tee 3
i32.load offset=268
local.get 3
i32.const 272
i32.add
i32.load
call 11
local.get 2
local.get 6
i32.const 24
i32.mul
i32.add
call 127
i32.const 1
local.set 5
i32.const 0
local.set 3
local.get 0
local.set 6
i32.const 0
local.set 0
local.get 7
local.set 2
br 1
end
end
call 114
unreachable
end
loop  ;; label = @2
local.get 1
i32.const 4
i32.add
local.get 2
local.get 3
call 128
local.get 1
i32.load offset=4
local.tee 2
i32.eqz
br_if 1
local.get 1
i32.load offset=8
local.set 3
br 0
end
end
local.get 1
i32.const 16
i32.add
global.set 0)
(func (type 5) (param i32)
(local i32)
local.get 0
i32.load offset=8
local.set 1
local.get 0
i32.load offset=4
local.set 0
block  ;; label = @1
loop  ;; label = @2
local.get 1
i32.eqz
br_if 1
local.get 1
i32.const -1
i32.add
local.set 1
local.get 0
call 127
local.get 0
i32.const 24
i32.add
local.set 0
br 0
end
end)
(func (type 6) (param i32 i32)
local.get 0
local.get 1
i32.const 8
i32.const 24
call 117)
(func (type 5) (param i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 1
global.set 0
local.get 1
i32.const 8
i32.add
local.get 0
local.get 0
i32.load
i32.const 1
i32.const 8
i32.const 24
call 118
block  ;; label = @1
local.get 1
i32.load offset=8
local.tee 0
i32.const -2147483647
i32.eq
br_if 0
local.get 0
local.get 1
i32.load offset=12
call 41
unreachable
end
local.get 1
i32.const 16
i32.add
global.set 0)
(func (type 7) (param i32 i32 i32 i32)
(local i32 i64 i32)
global.get 0
i32.const 16
i32.sub
local.tee 4
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 3
i64.extend_i32_u
local.get 1
i64.extend_i32_u
i64.mul
local.tee 5
i64.const 32
i64.shr_u
i32.wrap_i64
br_if 0
local.get 5
i32.wrap_i64
local.tee 3
i32.const -2147483648
local.get 2
i32.sub
i32.gt_u
br_if 0
local.get 3
br_if 1
local.get 0
local.get 2
i32.store offset=8
i32.const 0
local.set 2
local.get 0
i32.const 0
i32.store offset=4
br 3
end
local.get 0
i32.const 0
i32.store offset=4
br 1
end
local.get 4
i32.const 8
i32.add
local.get 2
local.get 3
call 119
block  ;; label = @3
local.get 4
i32.load offset=8
local.tee 6
i32.eqz
br_if 0
local.get 0
local.get 6
i32.store offset=8
local.get 0
local.get 1
i32.store offset=4
i32.const 0
local.set 2
br 2
end
local.get 0
local.get 3
i32.store offset=8
local.get 0
local.get 2
i32.store offset=4
end
i32.const 1
local.set 2
end
local.get 0
local.get 2
i32.store
local.get 4
i32.const 16
i32.add
global.set 0)
(func (type 6) (param i32 i32)
block  ;; label = @1
local.get 0
i32.eqz
br_if 0
call 5
unreachable
end
call 4
unreachable)
(func (type 11) (result i32)
i32.const 1)
(func (type 12) (param i32) (result i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 1
global.set 0
i32.const 0
local.set 2
local.get 1
i32.const 4
i32.add
i32.const 0
i32.const 1
local.get 0
i32.const 1
local.get 0
i32.const 1
i32.gt_u
select
i32.const 1
i32.const 1
call 44
block  ;; label = @1
block  ;; label = @2
local.get 1
i32.load offset=4
br_if 0
local.get 1
i32.load offset=8
local.set 2
br 1
end
i32.const 0
i32.const 1
call 11
end
local.get 1
i32.const 16
i32.add
global.set 0
local.get 2)
(func (type 10) (param i32 i32 i32 i32 i32 i32)
(local i32 i32 i32 i64)
global.get 0
i32.const 32
i32.sub
local.tee 6
global.set 0
i32.const 1
local.set 7
i32.const 4
local.set 8
block  ;; label = @1
block  ;; label = @2
local.get 5
i64.extend_i32_u
local.get 3
i64.extend_i32_u
i64.mul
local.tee 9
i64.const 32
i64.shr_u
i32.wrap_i64
br_if 0
local.get 9
i32.wrap_i64
local.tee 3
i32.const -2147483648
local.get 4
i32.sub
i32.gt_u
br_if 0
block  ;; label = @3
block  ;; label = @4
local.get 1
br_if 0
i32.const 0
local.set 8
local.get 6
i32.const 28
i32.add
local.set 5
br 1
end
local.get 6
local.get 4
i32.store offset=28
local.get 1
local.get 5
i32.mul
local.set 8
local.get 6
i32.const 24
i32.add
local.set 5
end
local.get 5
local.get 8
i32.store
block  ;; label = @3
block  ;; label = @4
local.get 6
i32.load offset=28
i32.eqz
br_if 0
block  ;; label = @5
local.get 6
i32.load offset=24
local.tee 8
br_if 0
local.get 6
i32.const 16
i32.add
local.get 4
local.get 3
call 119
local.get 6
i32.load offset=20
local.set 5
local.get 6
i32.load offset=16
local.set 8
br 2
end
local.get 2
local.get 8
local.get 4
local.get 3
call 55
local.set 8
local.get 3
local.set 5
br 1
end
local.get 6
i32.const 8
i32.add
local.get 4
local.get 3
call 119
local.get 6
i32.load offset=12
local.set 5
local.get 6
i32.load offset=8
local.set 8
end
block  ;; label = @3
local.get 8
br_if 0
local.get 0
local.get 4
i32.store offset=4
i32.const 8
local.set 8
br 2
end
local.get 0
local.get 8
i32.store offset=4
i32.const 0
local.set 7
i32.const 8
local.set 8
local.get 5
local.set 3
br 1
end
i32.const 0
local.set 3
end
local.get 0
local.get 8
i32.add
local.get 3
i32.store
local.get 0
local.get 7
i32.store
local.get 6
i32.const 32
i32.add
global.set 0)
(func (type 13) (param i32 i32) (result i64)
(local i32 i32 i32 i32 i32 i32 i32 i64)
global.get 0
i32.const 272
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 0
i32.store16 offset=44
local.get 2
i64.const 0
i64.store offset=36 align=4
local.get 2
i64.const 4294967296
i64.store offset=28 align=4
local.get 2
i32.const 0
i32.store8 offset=24
local.get 2
local.get 1
i32.store offset=20
local.get 2
local.get 0
i32.store offset=16
local.get 2
i32.const 104
i32.add
local.get 2
i32.const 16
i32.add
call 46
block  ;; label = @1
local.get 2
i32.load8_u offset=104
i32.const 6
i32.eq
br_if 0
local.get 2
local.get 2
i64.load offset=120
i64.store offset=64
local.get 2
local.get 2
i64.load offset=112
i64.store offset=56
local.get 2
local.get 2
i64.load offset=104
i64.store offset=48
local.get 2
i32.const 104
i32.add
local.get 2
i32.const 48
i32.add
local.get 2
i32.const 28
i32.add
call 22
block  ;; label = @2
local.get 2
i32.load offset=104
i32.eqz
br_if 0
local.get 2
local.get 2
i64.load offset=136
i64.store offset=96
local.get 2
local.get 2
i64.load offset=128
i64.store offset=88
local.get 2
local.get 2
i64.load offset=120
i64.store offset=80
local.get 2
local.get 2
i64.load offset=112
i64.store offset=72
local.get 2
i32.const 104
i32.add
i32.const 8
i32.add
local.get 2
i32.const 72
i32.add
call 31
i32.const 3
local.set 3
local.get 2
i32.const 3
i32.store offset=108
local.get 2
i32.const 216
i32.add
i32.const 1
i32.or
local.set 4
i32.const 0
local.set 5
i32.const 1
local.set 0
loop  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 0
i32.const 4
i32.eq
br_if 0
local.get 2
i32.const 104
i32.add
local.get 5
i32.add
local.tee 1
i32.const 16
i32.add
i32.load8_u
local.tee 6
i32.const 6
i32.ne
br_if 1
local.get 0
local.set 3
end
local.get 2
local.get 3
i32.store offset=104
local.get 2
i32.const 104
i32.add
call 34
local.get 2
i32.const 48
i32.add
call 35
br 3
end
local.get 2
local.get 1
i32.const 8
i32.add
i32.load
local.tee 7
i32.store offset=208
local.get 2
local.get 1
i32.const 12
i32.add
i32.load
local.tee 8
i32.store offset=212
local.get 4
local.get 1
i32.const 17
i32.add
i64.load align=1
i64.store align=1
local.get 4
local.get 1
i32.const 25
i32.add
i64.load align=1
i64.store offset=8 align=1
local.get 4
local.get 1
i32.const 32
i32.add
i64.load align=1
i64.store offset=15 align=1
local.get 2
local.get 6
i32.store8 offset=216
block  ;; label = @4
local.get 7
local.get 8
local.get 2
i32.const 48
i32.add
call 28
local.tee 1
i32.eqz
br_if 0
local.get 1
local.get 2
i32.const 216
i32.add
call 32
i32.eqz
br_if 0
local.get 2
i32.const 2
i32.store offset=256
local.get 2
local.get 2
i32.const 208
i32.add
i32.store offset=252
local.get 2
i32.const 240
i32.add
i32.const 65766
local.get 2
i32.const 252
i32.add
call 0
local.get 2
i32.const 2
i32.store offset=268
local.get 2
local.get 2
i32.const 208
i32.add
i32.store offset=264
local.get 2
i32.const 252
i32.add
i32.const 65616
local.get 2
i32.const 264
i32.add
call 0
local.get 2
i32.const 28
i32.add
local.get 2
i32.const 252
i32.add
local.get 2
i32.const 240
i32.add
i32.const 66159
i32.const 24
call 30
end
local.get 5
i32.const 32
i32.add
local.set 5
local.get 0
i32.const 1
i32.add
local.set 0
local.get 2
i32.const 216
i32.add
call 35
br 0
end
end
local.get 2
i32.const 48
i32.add
call 35
end
block  ;; label = @1
local.get 2
i32.load8_u offset=24
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=28
local.get 2
i32.load offset=32
call 11
local.get 2
i32.const 36
i32.add
local.tee 1
i64.const 0
i64.store align=4
local.get 1
i32.const 0
i32.store16 offset=8
local.get 2
i64.const 4294967296
i64.store offset=28 align=4
local.get 2
i32.const 28
i32.add
i32.const 1
i32.const 0
i32.const 66316
i32.const 89
i32.const 66405
i32.const 78
call 23
end
block  ;; label = @1
local.get 2
i32.load8_u offset=45
i32.eqz
br_if 0
local.get 2
i32.const 28
i32.add
i32.const 66499
i32.const 94
call 47
end
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 2
i32.load offset=40
br_if 0
local.get 2
i32.load offset=28
local.get 2
i32.load offset=32
call 11
br 1
end
local.get 2
i32.load8_u offset=44
local.set 0
local.get 2
i32.const 2
i32.store offset=140
local.get 2
i32.const 66616
i32.store offset=136
local.get 2
local.get 2
i32.load offset=36
i32.store offset=132
local.get 2
local.get 2
i32.load offset=32
local.tee 8
i32.store offset=128
local.get 2
i32.const 13
i32.store offset=124
local.get 2
i32.const 66603
i32.store offset=120
i32.const 4
local.set 1
local.get 2
i32.const 5
i32.const 4
local.get 0
select
i32.store offset=116
local.get 2
i32.const 66298
i32.const 66303
local.get 0
select
i32.store offset=112
local.get 2
i32.const 10
i32.store offset=108
i32.const 0
local.set 6
block  ;; label = @3
loop  ;; label = @4
local.get 1
i32.const 44
i32.eq
br_if 1
local.get 2
i32.const 104
i32.add
local.get 1
i32.add
local.set 0
local.get 1
i32.const 8
i32.add
local.set 1
local.get 0
i32.load
local.tee 0
local.get 6
i32.add
local.tee 6
local.get 0
i32.ge_u
br_if 0
end
i32.const 53
call 14
unreachable
end
local.get 2
i32.const 8
i32.add
local.get 6
call 48
i32.const 0
local.set 0
local.get 2
i32.const 0
i32.store offset=80
local.get 2
local.get 2
i64.load offset=8
i64.store offset=72 align=4
local.get 2
i32.const 72
i32.add
i32.const 66593
i32.const 66603
call 49
local.get 2
i32.load offset=76
local.tee 3
local.get 2
i32.load offset=80
local.tee 1
i32.add
local.set 4
local.get 6
local.get 1
i32.sub
local.set 5
block  ;; label = @3
block  ;; label = @4
loop  ;; label = @5
local.get 0
i32.const 32
i32.eq
br_if 1
local.get 5
local.get 2
i32.const 104
i32.add
local.get 0
i32.add
local.tee 7
i32.const 12
i32.add
i32.load
local.tee 1
i32.lt_u
br_if 2
block  ;; label = @6
local.get 1
i32.eqz
br_if 0
local.get 4
local.get 7
i32.const 8
i32.add
i32.load
local.get 1
memory.copy
end
local.get 0
i32.const 8
i32.add
local.set 0
local.get 5
local.get 1
i32.sub
local.set 5
local.get 4
local.get 1
i32.add
local.set 4
br 0
end
end
local.get 2
i32.load offset=28
local.get 8
call 11
local.get 6
local.get 5
i32.sub
local.tee 1
i32.eqz
br_if 1
local.get 3
i64.extend_i32_u
i64.const 32
i64.shl
local.get 1
i64.extend_i32_u
i64.or
local.set 9
br 2
end
call 5
unreachable
end
i64.const 0
local.set 9
end
local.get 2
i32.const 272
i32.add
global.set 0
local.get 9)
(func (type 6) (param i32 i32)
(local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 192
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 0
i32.store offset=76
local.get 2
i32.const 46
i32.store offset=68
i32.const 7
local.set 3
block  ;; label = @1
local.get 1
i32.load
local.tee 4
local.get 1
i32.load offset=4
local.tee 5
i32.const 0
call 99
local.tee 6
local.get 5
i32.ge_u
br_if 0
i32.const 7
local.set 3
local.get 4
local.get 6
i32.add
i32.load8_u
i32.const 123
i32.ne
br_if 0
i32.const 66483
local.set 7
i32.const 0
local.set 8
local.get 2
i32.load offset=76
local.set 9
local.get 2
i32.load8_u offset=68
i32.const 255
i32.and
local.set 10
i32.const 0
local.set 11
i32.const 0
local.set 12
i32.const 1
local.set 13
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
loop  ;; label = @6
block  ;; label = @7
block  ;; label = @8
block  ;; label = @9
local.get 13
i32.const 1
i32.and
br_if 0
local.get 7
local.set 14
br 1
end
i32.const 0
local.set 14
local.get 7
i32.eqz
br_if 0
i32.const 6
local.set 15
i32.const 1
local.set 13
br 1
end
block  ;; label = @8
block  ;; label = @9
local.get 11
i32.const 1
i32.and
br_if 0
local.get 12
local.set 16
loop  ;; label = @10
block  ;; label = @11
local.get 16
i32.const 6
i32.le_u
br_if 0
local.get 16
local.set 12
br 3
end
i32.const 0
local.set 3
loop  ;; label = @11
i32.const 6
local.set 12
local.get 16
local.get 3
i32.add
local.tee 17
i32.const 6
i32.eq
br_if 3
block  ;; label = @12
local.get 17
i32.const 65536
i32.add
i32.load8_u
i32.const 46
i32.eq
br_if 0
local.get 3
i32.const 1
i32.add
local.set 3
br 1
end
end
local.get 17
i32.const 1
i32.add
local.tee 16
i32.const 6
i32.gt_u
br_if 0
local.get 17
i32.load8_u offset=65536
local.get 10
i32.ne
br_if 0
end
local.get 8
i32.const 65536
i32.add
local.set 7
local.get 17
local.get 8
i32.sub
local.set 15
i32.const 0
local.set 11
local.get 16
local.set 9
local.get 16
local.set 8
local.get 16
local.set 12
i32.const 0
local.set 13
br 2
end
local.get 2
local.get 9
i32.store offset=76
local.get 2
i32.const 8
i32.add
local.get 4
local.get 5
local.get 6
call 100
i32.const 7
local.set 3
local.get 2
i32.load offset=8
i32.const 1
i32.and
br_if 7
local.get 2
i32.load offset=12
local.tee 3
local.get 6
i32.lt_u
br_if 6
local.get 3
local.get 5
i32.gt_u
br_if 6
local.get 2
i32.const 0
i32.store offset=132
local.get 2
local.get 3
local.get 6
i32.sub
i32.store offset=128
local.get 2
local.get 4
local.get 6
i32.add
i32.store offset=124
local.get 2
i32.const 128
i32.store8 offset=136
local.get 2
i32.const 0
i32.store offset=120
local.get 2
i64.const 4294967296
i64.store offset=112 align=4
local.get 2
i32.const 88
i32.add
local.get 2
i32.const 112
i32.add
call 72
block  ;; label = @9
block  ;; label = @10
block  ;; label = @11
local.get 2
i32.load8_u offset=88
local.tee 3
i32.const 6
i32.eq
br_if 0
local.get 2
local.get 2
i64.load offset=104
i64.store offset=160
local.get 2
local.get 2
i64.load offset=96
i64.store offset=152
local.get 2
local.get 2
i64.load offset=88
i64.store offset=144
local.get 2
i32.const 172
i32.add
local.get 2
i32.const 112
i32.add
call 73
block  ;; label = @12
block  ;; label = @13
local.get 2
i32.load8_u offset=172
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=176
local.set 3
br 1
end
local.get 2
i32.load8_u offset=173
i32.const 1
i32.ne
br_if 2
local.get 2
i32.const 22
i32.store offset=180
local.get 2
i32.const 112
i32.add
local.get 2
i32.const 180
i32.add
call 74
local.set 3
end
local.get 2
local.get 3
i32.store offset=92
local.get 2
i32.const 144
i32.add
call 35
end
local.get 2
i32.load offset=112
local.get 2
i32.load offset=116
call 11
br 1
end
local.get 2
i32.load offset=112
local.get 2
i32.load offset=116
call 11
local.get 3
i32.const 6
i32.eq
br_if 0
local.get 2
local.get 2
i32.load8_u offset=91
i32.store8 offset=146
local.get 2
local.get 2
i32.load16_u offset=89 align=1
i32.store16 offset=144
local.get 2
local.get 2
i64.load offset=96
i64.store offset=112
local.get 2
local.get 2
i64.load offset=104
i64.store offset=120
local.get 2
i32.load offset=92
local.set 17
br 8
end
local.get 2
local.get 2
i32.load offset=92
i32.store offset=112
local.get 2
i32.const 112
i32.add
call 84
br 3
end
local.get 8
i32.const 65536
i32.add
local.set 7
i32.const 6
local.get 8
i32.sub
local.set 15
i32.const 0
local.set 13
i32.const 1
local.set 11
end
block  ;; label = @7
local.get 6
local.get 5
i32.ge_u
br_if 0
local.get 4
local.get 6
i32.add
i32.load8_u
i32.const 123
i32.ne
br_if 4
block  ;; label = @8
local.get 4
local.get 5
local.get 6
i32.const 1
i32.add
call 99
local.tee 17
local.get 5
i32.ge_u
br_if 0
local.get 4
local.get 17
i32.add
i32.load8_u
i32.const 125
i32.eq
br_if 5
end
local.get 15
i32.const 1
i32.add
local.set 16
loop  ;; label = @8
local.get 2
i32.const 24
i32.add
local.get 4
local.get 5
local.get 17
call 101
local.get 2
i32.load offset=24
i32.const 1
i32.and
br_if 1
local.get 4
local.get 5
local.get 4
local.get 5
local.get 2
i32.load offset=28
call 99
local.tee 3
i32.const 1
i32.add
call 99
local.set 6
local.get 3
local.get 5
i32.ge_u
br_if 1
local.get 6
local.get 5
i32.ge_u
br_if 1
local.get 4
local.get 3
i32.add
i32.load8_u
i32.const 255
i32.and
i32.const 58
i32.ne
br_if 1
local.get 3
local.get 17
i32.lt_u
br_if 4
local.get 3
local.get 5
i32.gt_u
br_if 4
block  ;; label = @9
local.get 15
local.get 3
local.get 17
i32.sub
local.tee 3
i32.ge_u
br_if 0
local.get 4
local.get 17
i32.add
local.tee 17
i32.const 1
i32.add
local.get 7
local.get 15
call 144
br_if 0
local.get 16
local.get 3
i32.ge_u
br_if 0
local.get 17
local.get 16
i32.add
i32.load8_u
i32.const 34
i32.ne
br_if 0
local.get 14
local.set 7
br 3
end
local.get 2
i32.const 16
i32.add
local.get 4
local.get 5
local.get 6
call 100
local.get 2
i32.load offset=16
i32.const 1
i32.and
br_if 1
local.get 4
local.get 5
local.get 2
i32.load offset=20
call 99
local.tee 3
local.get 5
i32.ge_u
br_if 1
block  ;; label = @9
local.get 4
local.get 3
i32.add
i32.load8_u
local.tee 17
i32.const 44
i32.eq
br_if 0
local.get 17
i32.const 125
i32.ne
br_if 2
br 6
end
local.get 4
local.get 5
local.get 3
i32.const 1
i32.add
call 99
local.set 17
br 0
end
end
end
local.get 2
local.get 9
i32.store offset=76
end
i32.const 7
local.set 3
br 3
end
local.get 2
local.get 9
i32.store offset=76
local.get 17
local.get 3
local.get 5
call 102
unreachable
end
local.get 2
local.get 9
i32.store offset=76
end
i32.const 6
local.set 3
end
local.get 1
local.get 3
i32.const 7
i32.eq
local.tee 4
local.get 1
i32.load8_u offset=8
i32.or
i32.store8 offset=8
i32.const 6
local.set 5
block  ;; label = @1
local.get 4
br_if 0
local.get 0
local.get 2
i32.load8_u offset=146
i32.store8 offset=3
local.get 0
local.get 2
i32.load16_u offset=144
i32.store16 offset=1 align=1
local.get 0
local.get 17
i32.store offset=4
local.get 0
local.get 2
i64.load offset=112
i64.store offset=8
local.get 0
local.get 2
i64.load offset=120
i64.store offset=16
local.get 3
local.set 5
end
local.get 0
local.get 5
i32.store8
local.get 2
i32.const 192
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32 i32)
block  ;; label = @1
local.get 0
i32.load offset=12
i32.eqz
br_if 0
local.get 0
i32.load offset=8
local.set 3
local.get 0
i32.const 1
call 98
local.get 0
i32.load offset=8
local.set 4
local.get 0
local.get 3
i32.const 1
i32.add
i32.store offset=8
local.get 4
local.get 0
i32.load offset=4
i32.add
i32.const 44
i32.store8
end
local.get 0
local.get 2
call 98
local.get 0
i32.load offset=8
local.set 3
block  ;; label = @1
local.get 2
i32.eqz
br_if 0
local.get 2
i32.eqz
br_if 0
local.get 0
i32.load offset=4
local.get 3
i32.add
local.get 1
local.get 2
memory.copy
end
local.get 0
local.get 3
local.get 2
i32.add
i32.store offset=8
local.get 0
local.get 0
i32.load offset=12
i32.const 1
i32.add
i32.store offset=12)
(func (type 6) (param i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 4
i32.add
local.get 1
i32.const 1
i32.const 1
call 40
local.get 2
i32.load offset=8
local.set 1
block  ;; label = @1
local.get 2
i32.load offset=4
i32.const 1
i32.ne
br_if 0
local.get 1
local.get 2
i32.load offset=12
call 41
unreachable
end
local.get 0
local.get 2
i32.load offset=12
i32.store offset=4
local.get 0
local.get 1
i32.store
local.get 2
i32.const 16
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
local.get 0
local.get 1
local.get 2
local.get 1
i32.sub
call 63)
(func (type 13) (param i32 i32) (result i64)
(local i32 i32 i32 i32 i32 i32 i32 i64)
global.get 0
i32.const 320
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 0
i32.store8 offset=28
local.get 2
local.get 1
i32.store offset=24
local.get 2
local.get 0
i32.store offset=20
local.get 2
i32.const 104
i32.add
local.get 2
i32.const 20
i32.add
call 46
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 2
i32.load8_u offset=104
local.tee 1
i32.const 6
i32.ne
br_if 0
local.get 2
i32.const 6
i32.store8 offset=272
br 1
end
local.get 2
local.get 2
i64.load offset=120 align=1
i64.store offset=48 align=1
local.get 2
local.get 2
i64.load offset=113 align=1
i64.store offset=41 align=1
local.get 2
local.get 2
i64.load offset=105 align=1
i64.store offset=33 align=1
local.get 2
local.get 1
i32.store8 offset=32
local.get 2
i64.const 0
i64.store offset=304 align=4
local.get 2
i64.const 4294967296
i64.store offset=296 align=4
local.get 2
i32.const 0
i32.store16 offset=312
local.get 2
i32.const 104
i32.add
local.get 2
i32.const 32
i32.add
local.get 2
i32.const 296
i32.add
call 22
local.get 2
i32.load offset=104
br_if 1
local.get 2
i32.const 6
i32.store8 offset=272
local.get 2
i32.load offset=296
local.get 2
i32.load offset=300
call 11
local.get 2
i32.const 32
i32.add
call 35
end
i32.const 1
local.set 1
br 1
end
local.get 2
local.get 2
i64.load offset=136
i64.store offset=80
local.get 2
local.get 2
i64.load offset=128
i64.store offset=72
local.get 2
local.get 2
i64.load offset=120
i64.store offset=64
local.get 2
local.get 2
i64.load offset=112
i64.store offset=56
local.get 2
i32.load offset=296
local.get 2
i32.load offset=300
call 11
i32.const 0
local.set 3
local.get 2
i32.const 0
i32.store offset=100
local.get 2
i32.const 0
i32.store offset=92
local.get 2
i32.const 104
i32.add
i32.const 8
i32.add
local.get 2
i32.const 56
i32.add
call 31
i32.const 3
local.set 4
local.get 2
i32.const 3
i32.store offset=108
local.get 2
i32.const 208
i32.add
i32.const 1
i32.or
local.set 5
i32.const 1
local.set 0
block  ;; label = @2
loop  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 0
i32.const 4
i32.eq
br_if 0
local.get 2
i32.const 104
i32.add
local.get 3
i32.add
local.tee 1
i32.const 16
i32.add
i32.load8_u
local.tee 6
i32.const 6
i32.ne
br_if 1
local.get 0
local.set 4
end
local.get 2
local.get 4
i32.store offset=104
local.get 2
i32.const 104
i32.add
call 34
block  ;; label = @5
block  ;; label = @6
local.get 2
i32.load offset=100
local.tee 0
i32.eqz
br_if 0
local.get 2
i32.const 0
i32.store offset=256
local.get 2
i32.const 0
i32.store offset=248
local.get 2
i32.const 260
i32.add
i32.const 65536
i32.const 6
call 1
local.get 2
i32.const 0
i32.store offset=316
local.get 2
i32.const 0
i32.store offset=308
local.get 2
i32.const -2147483648
i32.store offset=296
local.get 2
i32.load offset=96
local.set 3
local.get 2
local.get 2
i32.load offset=100
i32.const 0
local.get 2
i32.load offset=92
local.tee 1
select
i32.store offset=136
local.get 2
local.get 3
i32.store offset=132
local.get 2
local.get 1
i32.store offset=128
local.get 2
i32.const 0
i32.store offset=124
local.get 2
local.get 1
i32.const 0
i32.ne
local.tee 5
i32.store offset=120
local.get 2
local.get 3
i32.store offset=116
local.get 2
local.get 1
i32.store offset=112
local.get 2
i32.const 0
i32.store offset=108
local.get 2
local.get 5
i32.store offset=104
block  ;; label = @7
loop  ;; label = @8
local.get 2
i32.const 8
i32.add
local.get 2
i32.const 104
i32.add
call 19
local.get 2
i32.load offset=8
local.tee 1
i32.eqz
br_if 1
local.get 2
i32.const 296
i32.add
local.get 1
local.get 2
i32.load offset=12
call 8
i32.eqz
br_if 0
end
local.get 2
i32.const 296
i32.add
call 20
br 5
end
local.get 2
local.get 2
i64.load offset=312 align=4
i64.store offset=120
local.get 2
local.get 2
i64.load offset=304 align=4
i64.store offset=112
local.get 2
local.get 2
i64.load offset=296 align=4
i64.store offset=104
local.get 2
i32.const 272
i32.add
local.get 2
i32.const 104
i32.add
call 21
local.get 2
i32.load8_u offset=272
i32.const 6
i32.eq
br_if 4
local.get 2
local.get 2
i64.load offset=288
i64.store offset=120
local.get 2
local.get 2
i64.load offset=280
i64.store offset=112
local.get 2
local.get 2
i64.load offset=272
i64.store offset=104
local.get 2
i32.const 296
i32.add
local.get 2
i32.const 248
i32.add
local.get 2
i32.const 260
i32.add
local.get 2
i32.const 104
i32.add
call 12
local.get 2
i32.const 296
i32.add
call 13
local.get 2
local.get 2
i64.load offset=248 align=4
i64.store offset=107 align=1
local.get 2
local.get 2
i32.load offset=256
i32.store offset=115 align=1
local.get 2
i32.const 5
i32.store8 offset=272
local.get 2
local.get 2
i64.load offset=104 align=1
i64.store offset=273 align=1
local.get 2
local.get 2
i64.load offset=111 align=1
i64.store offset=280 align=1
br 1
end
local.get 2
i32.const 6
i32.store8 offset=272
end
local.get 0
i32.eqz
local.set 1
local.get 2
i32.const 92
i32.add
call 36
local.get 2
i32.const 32
i32.add
call 35
br 3
end
local.get 1
i32.const 12
i32.add
i32.load
local.set 7
local.get 1
i32.const 8
i32.add
i32.load
local.set 8
local.get 5
local.get 1
i32.const 17
i32.add
i64.load align=1
i64.store align=1
local.get 5
local.get 1
i32.const 25
i32.add
i64.load align=1
i64.store offset=8 align=1
local.get 5
local.get 1
i32.const 32
i32.add
i64.load align=1
i64.store offset=15 align=1
local.get 2
local.get 6
i32.store8 offset=208
block  ;; label = @4
block  ;; label = @5
local.get 8
local.get 7
local.get 2
i32.const 32
i32.add
call 28
i32.eqz
br_if 0
local.get 2
i32.const 208
i32.add
call 35
br 1
end
local.get 2
i32.const 272
i32.add
local.get 8
local.get 7
call 1
local.get 2
i32.const 296
i32.add
local.get 2
i32.const 92
i32.add
local.get 2
i32.const 272
i32.add
local.get 2
i32.const 208
i32.add
call 12
local.get 2
i32.const 296
i32.add
call 13
end
local.get 3
i32.const 32
i32.add
local.set 3
local.get 0
i32.const 1
i32.add
local.set 0
br 0
end
end
i32.const 43
call 6
unreachable
end
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 2
i32.load8_u offset=28
br_if 0
local.get 1
i32.eqz
br_if 1
i64.const 4294967296
local.set 9
i32.const 0
local.set 1
br 2
end
i32.const 38
call 51
unreachable
end
local.get 2
i32.const 104
i32.add
local.get 2
i32.const 272
i32.add
call 52
i32.const 0
i32.const 1
call 11
local.get 2
i64.load32_u offset=108
i64.const 32
i64.shl
local.set 9
local.get 2
i32.load offset=112
local.set 1
end
local.get 2
i32.const 272
i32.add
call 13
local.get 2
i32.const 320
i32.add
global.set 0
local.get 9
local.get 1
i64.extend_i32_u
i64.or
i64.const 0
local.get 1
select)
(func (type 5) (param i32)
call 5
unreachable)
(func (type 6) (param i32 i32)
(local i32 i32 i32)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 8
i32.add
i32.const 128
call 48
local.get 2
i32.const 0
i32.store offset=24
local.get 2
local.get 2
i64.load offset=8
i64.store offset=16 align=4
local.get 2
local.get 2
i32.const 16
i32.add
i32.store offset=28
local.get 1
local.get 2
i32.const 28
i32.add
call 64
local.get 2
i32.load offset=20
local.set 1
block  ;; label = @1
block  ;; label = @2
local.get 2
i32.load offset=16
local.tee 3
i32.const -2147483648
i32.eq
br_if 0
local.get 0
local.get 2
i32.load offset=24
local.tee 4
i32.store offset=8
local.get 2
local.get 1
i32.store offset=20
local.get 2
local.get 3
i32.store offset=16
local.get 0
local.get 2
i64.load offset=16 align=4
i64.store align=4
local.get 2
local.get 4
i32.store offset=24
br 1
end
local.get 0
i32.const 0
i32.store offset=8
local.get 0
i64.const 4294967296
i64.store align=4
local.get 2
i32.const -2147483648
i32.store offset=16
local.get 2
local.get 1
i32.store offset=20
local.get 2
i32.const 20
i32.add
call 84
end
local.get 2
i32.const 32
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
block  ;; label = @1
local.get 2
local.get 1
i32.add
local.tee 1
local.get 2
i32.ge_u
br_if 0
i32.const 0
i32.const 0
call 41
unreachable
end
local.get 3
i32.const 4
i32.add
local.get 0
i32.load
local.tee 2
local.get 0
i32.load offset=4
local.get 1
local.get 2
i32.const 1
i32.shl
local.tee 2
local.get 1
local.get 2
i32.gt_u
select
local.tee 2
i32.const 8
local.get 2
i32.const 8
i32.gt_u
select
local.tee 2
call 54
block  ;; label = @1
local.get 3
i32.load offset=4
i32.const 1
i32.ne
br_if 0
local.get 3
i32.load offset=8
local.get 3
i32.load offset=12
call 41
unreachable
end
local.get 3
i32.load offset=8
local.set 1
local.get 0
local.get 2
i32.store
local.get 0
local.get 1
i32.store offset=4
local.get 3
i32.const 16
i32.add
global.set 0)
(func (type 7) (param i32 i32 i32 i32)
(local i32)
i32.const 0
local.set 4
block  ;; label = @1
block  ;; label = @2
local.get 3
i32.const 0
i32.ge_s
br_if 0
i32.const 1
local.set 1
i32.const 4
local.set 2
br 1
end
block  ;; label = @2
block  ;; label = @3
local.get 1
i32.eqz
br_if 0
local.get 2
local.get 1
i32.const 1
local.get 3
call 55
local.set 4
br 1
end
i32.const 1
local.get 3
call 2
local.set 4
end
block  ;; label = @2
block  ;; label = @3
local.get 4
br_if 0
i32.const 1
local.set 1
local.get 0
i32.const 1
i32.store offset=4
br 1
end
local.get 0
local.get 4
i32.store offset=4
i32.const 0
local.set 1
end
i32.const 8
local.set 2
local.get 3
local.set 4
end
local.get 0
local.get 2
i32.add
local.get 4
i32.store
local.get 0
local.get 1
i32.store)
(func (type 3) (param i32 i32 i32 i32) (result i32)
block  ;; label = @1
block  ;; label = @2
local.get 1
local.get 0
i32.add
i32.const 0
i32.load offset=71528
i32.eq
br_if 0
local.get 3
local.get 1
i32.gt_u
br_if 1
local.get 0
return
end
local.get 0
local.get 3
call 61
return
end
block  ;; label = @1
local.get 2
local.get 3
call 2
local.tee 3
br_if 0
i32.const 0
return
end
block  ;; label = @1
local.get 1
i32.eqz
br_if 0
local.get 3
local.get 0
local.get 1
memory.copy
end
local.get 3)
(func (type 5) (param i32)
(local i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 1
global.set 0
local.get 1
i32.const 4
i32.add
local.get 0
i32.load
local.tee 2
local.get 0
i32.load offset=4
local.get 2
i32.const 1
i32.shl
local.tee 2
i32.const 8
local.get 2
i32.const 8
i32.gt_u
select
local.tee 2
call 54
block  ;; label = @1
local.get 1
i32.load offset=4
i32.const 1
i32.ne
br_if 0
local.get 1
i32.load offset=8
local.get 1
i32.load offset=12
call 41
unreachable
end
local.get 1
i32.load offset=8
local.set 3
local.get 0
local.get 2
i32.store
local.get 0
local.get 3
i32.store offset=4
local.get 1
i32.const 16
i32.add
global.set 0)
(func (type 5) (param i32)
(local i32)
block  ;; label = @1
local.get 0
i32.load
local.tee 1
i32.eqz
br_if 0
local.get 1
local.get 0
i32.load offset=4
local.tee 0
i32.add
i32.const 0
i32.load offset=71528
i32.ne
br_if 0
i32.const 0
local.get 0
i32.store offset=71528
end)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32)
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 2
local.get 0
i32.load
local.get 0
i32.load offset=8
local.tee 3
i32.sub
i32.le_u
br_if 0
local.get 0
local.get 3
local.get 2
call 53
local.get 0
i32.load offset=8
local.set 3
br 1
end
local.get 2
i32.eqz
br_if 1
end
local.get 2
i32.eqz
br_if 0
local.get 0
i32.load offset=4
local.get 3
i32.add
local.get 1
local.get 2
memory.copy
end
local.get 0
local.get 3
local.get 2
i32.add
i32.store offset=8
i32.const 0)
(func (type 1) (param i32 i32) (result i32)
(local i32 i32 i32 i32 i32 i32)
local.get 0
i32.load offset=8
local.set 2
block  ;; label = @1
block  ;; label = @2
local.get 1
i32.const 128
i32.ge_u
br_if 0
i32.const 1
local.set 3
br 1
end
block  ;; label = @2
local.get 1
i32.const 2048
i32.ge_u
br_if 0
i32.const 2
local.set 3
br 1
end
i32.const 3
i32.const 4
local.get 1
i32.const 65536
i32.lt_u
select
local.set 3
end
local.get 2
local.set 4
block  ;; label = @1
local.get 3
local.get 0
i32.load
local.get 2
i32.sub
i32.le_u
br_if 0
local.get 0
local.get 2
local.get 3
call 53
local.get 0
i32.load offset=8
local.set 4
end
local.get 0
i32.load offset=4
local.get 4
i32.add
local.set 4
block  ;; label = @1
block  ;; label = @2
local.get 1
i32.const 128
i32.lt_u
br_if 0
local.get 1
i32.const 63
i32.and
i32.const -128
i32.or
local.set 5
local.get 1
i32.const 6
i32.shr_u
local.set 6
block  ;; label = @3
local.get 1
i32.const 2048
i32.ge_u
br_if 0
local.get 4
local.get 5
i32.store8 offset=1
local.get 4
local.get 6
i32.const 192
i32.or
i32.store8
br 2
end
local.get 1
i32.const 12
i32.shr_u
local.set 7
local.get 6
i32.const 63
i32.and
i32.const -128
i32.or
local.set 6
block  ;; label = @3
local.get 1
i32.const 65535
i32.gt_u
br_if 0
local.get 4
local.get 5
i32.store8 offset=2
local.get 4
local.get 6
i32.store8 offset=1
local.get 4
local.get 7
i32.const 224
i32.or
i32.store8
br 2
end
local.get 4
local.get 5
i32.store8 offset=3
local.get 4
local.get 6
i32.store8 offset=2
local.get 4
local.get 7
i32.const 63
i32.and
i32.const -128
i32.or
i32.store8 offset=1
local.get 4
local.get 1
i32.const 18
i32.shr_u
i32.const -16
i32.or
i32.store8
br 1
end
local.get 4
local.get 1
i32.store8
end
local.get 0
local.get 3
local.get 2
i32.add
i32.store offset=8
i32.const 0)
(func (type 0) (param i32 i32 i32) (result i32)
local.get 0
i32.const 66272
local.get 1
local.get 2
call 3)
(func (type 1) (param i32 i32) (result i32)
(local i32 i32 i32)
i32.const 0
local.set 2
block  ;; label = @1
block  ;; label = @2
local.get 1
local.get 0
i32.add
local.tee 3
local.get 1
i32.lt_u
br_if 0
i32.const 0
local.set 2
local.get 3
i32.const 16
i32.shr_u
local.get 3
i32.const 65535
i32.and
i32.const 0
i32.ne
i32.add
local.tee 1
memory.size
local.tee 4
i32.le_u
br_if 1
local.get 1
local.get 4
i32.sub
memory.grow
i32.const -1
i32.ne
br_if 1
end
local.get 2
return
end
i32.const 0
local.get 3
i32.store offset=71528
local.get 0)
(func (type 5) (param i32)
local.get 0
i32.const 66315
i32.const 1
call 63)
(func (type 2) (param i32 i32 i32)
(local i32)
local.get 0
local.get 2
call 98
local.get 0
i32.load offset=8
local.set 3
block  ;; label = @1
local.get 2
i32.eqz
br_if 0
local.get 2
i32.eqz
br_if 0
local.get 0
i32.load offset=4
local.get 3
i32.add
local.get 1
local.get 2
memory.copy
end
local.get 0
local.get 3
local.get 2
i32.add
i32.store offset=8)
(func (type 6) (param i32 i32)
(local i32 i32 i64 i64 i32 i32 i32 i64 i32 i32 i32 i32)
global.get 0
i32.const 80
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
block  ;; label = @9
block  ;; label = @10
local.get 0
i32.load8_u
br_table 5 0 1 2 3 4 5
end
local.get 1
i32.load
i32.const 66303
i32.const 66298
local.get 0
i32.load8_u offset=1
local.tee 1
select
i32.const 4
i32.const 5
local.get 1
select
call 65
br 8
end
local.get 1
i32.load
local.set 3
block  ;; label = @9
block  ;; label = @10
block  ;; label = @11
local.get 0
i32.load offset=8
br_table 0 1 2 0
end
local.get 3
local.get 2
i32.const 24
i32.add
local.get 0
i64.load offset=16
local.get 2
i32.const 24
i32.add
call 66
local.tee 1
i32.add
i32.const 20
local.get 1
i32.sub
call 65
br 9
end
local.get 0
i64.load offset=16
local.tee 4
local.get 4
i64.const 63
i64.shr_s
local.tee 5
i64.xor
local.get 5
i64.sub
local.get 2
i32.const 24
i32.add
call 66
local.set 1
block  ;; label = @10
local.get 4
i64.const -1
i64.gt_s
br_if 0
local.get 2
i32.const 24
i32.add
local.get 1
i32.const -1
i32.add
local.tee 1
i32.add
i32.const 45
i32.store8
end
local.get 3
local.get 2
i32.const 24
i32.add
local.get 1
i32.add
i32.const 20
local.get 1
i32.sub
call 65
br 8
end
block  ;; label = @9
local.get 0
f64.load offset=16
i64.reinterpret_f64
local.tee 4
i64.const 9223372036854775807
i64.and
i64.const 9218868437227405311
i64.gt_s
br_if 0
local.get 2
i32.const 45
i32.store8 offset=24
local.get 4
i64.const 4503599627370495
i64.and
local.set 5
local.get 2
i32.const 24
i32.add
local.get 4
i64.const 63
i64.shr_u
i32.wrap_i64
i32.add
local.set 0
block  ;; label = @10
block  ;; label = @11
local.get 4
i64.const 52
i64.shr_u
i64.const 2047
i64.and
local.tee 4
i64.const 0
i64.ne
br_if 0
local.get 5
i64.eqz
br_if 8
local.get 2
i32.const 64
i32.add
local.get 5
i64.const 1
i32.const 1
call 67
i64.const 0
local.get 2
i64.load8_u offset=77
i64.sub
local.get 2
i64.load8_u offset=76
i64.and
local.get 2
i64.load offset=64
i64.const 10
i64.mul
i64.add
local.set 4
local.get 2
i32.load offset=72
local.set 1
loop  ;; label = @12
block  ;; label = @13
local.get 4
i64.const 1000000000000000
i64.lt_s
br_if 0
local.get 2
local.get 4
i64.const 0
i64.const 1844674407370955162
i64.const 0
call 145
local.get 2
i64.load offset=8
local.tee 5
i64.const -10
i64.mul
local.get 4
i64.add
local.tee 4
i64.const 0
i64.ne
local.set 6
local.get 4
i32.wrap_i64
local.set 7
br 3
end
local.get 1
i32.const -1
i32.add
local.set 1
local.get 4
i64.const 10
i64.mul
local.set 4
br 0
end
end
local.get 2
i32.const 64
i32.add
local.get 5
i64.const 4503599627370496
i64.or
local.get 4
local.get 5
i64.const 0
i64.ne
call 67
local.get 2
i32.load8_u offset=77
local.set 6
local.get 2
i32.load8_u offset=76
local.set 7
local.get 2
i32.load offset=72
local.set 1
local.get 2
i64.load offset=64
local.set 5
end
local.get 2
i32.const 64
i32.add
local.get 5
i64.const 100000000
i64.div_u
local.tee 4
i64.const 4294967295
i64.and
call 68
local.get 1
local.get 5
i64.const 999999999999999
i64.gt_s
local.tee 8
i32.add
i32.const 15
i32.add
local.set 1
local.get 2
i64.load offset=64
local.set 9
block  ;; label = @10
block  ;; label = @11
local.get 5
local.get 4
i64.const 100000000
i64.mul
i64.sub
local.tee 4
i64.eqz
i32.eqz
br_if 0
local.get 2
i32.load offset=72
local.set 10
i64.const 3472328296227680304
local.set 4
br 1
end
local.get 2
i32.const 64
i32.add
local.get 4
call 68
local.get 2
i32.load offset=72
i32.const 8
i32.add
local.set 10
local.get 2
i64.load offset=64
i64.const 3472328296227680304
i64.add
local.set 4
end
local.get 0
local.get 8
i32.add
local.get 9
i64.const 3472328296227680304
i64.add
i64.store align=1
local.get 0
i32.const 9
i32.const 8
local.get 8
select
i32.add
local.get 4
i64.store align=1
local.get 0
i32.const 17
i32.const 16
local.get 8
select
i32.add
local.get 7
i32.const 48
i32.add
i32.store8
i32.const 17
local.get 10
local.get 6
i32.const 1
i32.and
select
local.get 8
i32.add
local.tee 6
i32.const -1
i32.add
local.set 8
block  ;; label = @10
local.get 1
i32.const 5
i32.add
i32.const 21
i32.lt_u
br_if 0
local.get 0
i32.load8_u offset=1
local.set 7
local.get 0
i32.const 46
i32.store8 offset=1
local.get 0
local.get 7
i32.store8
local.get 0
local.get 6
i32.add
local.tee 10
local.get 8
i32.const 1
i32.gt_u
local.tee 11
i32.add
local.get 1
local.get 1
i32.const 31
i32.shr_s
local.tee 6
i32.xor
local.get 6
i32.sub
local.tee 6
i32.const 9
i32.gt_s
i32.add
local.tee 7
local.get 6
i32.const 5243
i32.mul
i32.const 19
i32.shr_u
local.tee 12
i32.const 48
i32.add
i32.store8
local.get 7
local.get 6
i32.const 99
i32.gt_s
local.tee 13
i32.add
local.get 12
i32.const -200
i32.mul
local.get 6
i32.const 1
i32.shl
i32.add
i32.const 71328
i32.add
i32.load16_u
i32.store16 align=1
local.get 10
local.get 0
local.get 8
i32.add
local.get 11
select
i32.const 11109
i32.const 11621
local.get 1
i32.const -1
i32.gt_s
select
i32.store16 align=1
local.get 7
i32.const 3
i32.const 2
local.get 13
select
i32.add
local.set 1
br 8
end
local.get 0
i32.const 1
i32.add
local.set 7
block  ;; label = @10
block  ;; label = @11
local.get 6
i32.const -2
i32.add
local.get 1
i32.le_s
br_if 0
local.get 1
i32.const -1
i32.gt_s
br_if 1
local.get 0
i32.const 1
local.get 1
i32.sub
local.tee 1
i32.add
local.set 6
block  ;; label = @12
local.get 8
i32.eqz
br_if 0
local.get 6
local.get 7
local.get 8
memory.copy
end
block  ;; label = @12
local.get 1
i32.eqz
br_if 0
local.get 0
i32.const 48
local.get 1
memory.fill
end
local.get 0
i32.const 46
i32.store8 offset=1
local.get 6
local.get 8
i32.add
local.set 1
br 9
end
block  ;; label = @11
local.get 8
i32.eqz
br_if 0
local.get 0
local.get 7
local.get 8
memory.copy
end
block  ;; label = @11
local.get 1
i32.const 3
i32.add
local.tee 6
local.get 8
i32.sub
local.tee 7
i32.eqz
br_if 0
local.get 0
local.get 8
i32.add
i32.const 48
local.get 7
memory.fill
end
local.get 0
local.get 1
i32.add
i32.const 1
i32.add
i32.const 46
i32.store8
local.get 0
local.get 6
i32.add
local.set 1
br 8
end
block  ;; label = @10
local.get 1
i32.const 1
i32.add
local.tee 1
i32.eqz
br_if 0
local.get 0
local.get 7
local.get 1
memory.copy
end
local.get 0
local.get 1
i32.add
i32.const 46
i32.store8
local.get 0
local.get 6
i32.add
local.set 1
br 7
end
local.get 3
call 69
br 7
end
local.get 1
i32.load
local.get 0
i32.load offset=8
local.get 0
i32.load offset=12
call 70
br 6
end
local.get 0
i32.load offset=12
local.set 7
local.get 0
i32.load offset=8
local.set 3
local.get 1
i32.load
i32.const 66311
i32.const 1
call 63
i32.const 0
local.set 6
i32.const 1
local.set 8
block  ;; label = @7
local.get 7
br_if 0
local.get 1
i32.load
call 62
i32.const 1
local.set 6
i32.const 0
local.set 8
end
local.get 7
i32.const 24
i32.mul
local.set 0
block  ;; label = @7
loop  ;; label = @8
local.get 0
i32.eqz
br_if 1
block  ;; label = @9
local.get 8
i32.const 1
i32.and
br_if 0
local.get 1
i32.load
i32.const 66313
i32.const 1
call 63
end
local.get 3
local.get 1
call 64
local.get 0
i32.const -24
i32.add
local.set 0
i32.const 0
local.set 8
local.get 3
i32.const 24
i32.add
local.set 3
i32.const 0
local.set 6
br 0
end
end
local.get 6
i32.const 1
i32.and
br_if 5
local.get 1
i32.load
call 62
br 5
end
local.get 0
i32.load offset=12
local.set 8
local.get 1
i32.load
i32.const 66312
i32.const 1
call 63
i32.const 1
local.set 3
block  ;; label = @6
local.get 8
br_if 0
local.get 1
i32.load
call 71
i32.const 0
local.set 3
end
local.get 0
i32.load offset=8
local.set 6
local.get 2
local.get 8
i32.const 0
local.get 0
i32.load offset=4
local.tee 0
select
i32.store offset=56
local.get 2
local.get 6
i32.store offset=52
local.get 2
local.get 0
i32.store offset=48
local.get 2
i32.const 0
i32.store offset=44
local.get 2
local.get 0
i32.const 0
i32.ne
local.tee 8
i32.store offset=40
local.get 2
local.get 6
i32.store offset=36
local.get 2
local.get 0
i32.store offset=32
local.get 2
i32.const 0
i32.store offset=28
local.get 2
local.get 8
i32.store offset=24
loop  ;; label = @6
local.get 2
i32.const 16
i32.add
local.get 2
i32.const 24
i32.add
call 19
local.get 2
i32.load offset=16
local.tee 0
i32.eqz
br_if 2
local.get 2
i32.load offset=20
local.set 8
block  ;; label = @7
local.get 3
i32.const 255
i32.and
i32.const 1
i32.eq
br_if 0
local.get 1
i32.load
i32.const 66313
i32.const 1
call 63
end
local.get 1
i32.load
local.get 0
i32.load offset=4
local.get 0
i32.load offset=8
call 70
local.get 1
i32.load
i32.const 66314
i32.const 1
call 63
local.get 8
local.get 1
call 64
i32.const 2
local.set 3
br 0
end
end
local.get 1
i32.load
call 69
br 3
end
local.get 3
i32.const 255
i32.and
i32.eqz
br_if 2
local.get 1
i32.load
call 71
br 2
end
local.get 0
i32.const 48
i32.store8 offset=2
local.get 0
i32.const 11824
i32.store16 align=1
local.get 0
i32.const 3
i32.add
local.set 1
end
local.get 3
local.get 2
i32.const 24
i32.add
local.get 1
local.get 2
i32.const 24
i32.add
i32.sub
call 65
end
local.get 2
i32.const 80
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
local.get 0
local.get 1
local.get 1
local.get 2
i32.add
call 49)
(func (type 14) (param i64 i32) (result i32)
(local i32 i64 i32 i32 i64 i32)
i32.const 20
local.set 2
local.get 0
local.set 3
loop (result i32)  ;; label = @1
block  ;; label = @2
local.get 3
i64.const 999
i64.gt_u
br_if 0
block  ;; label = @3
local.get 3
i64.const 10
i64.lt_u
br_if 0
local.get 1
local.get 2
i32.const -2
i32.add
local.tee 2
i32.add
local.get 3
i32.wrap_i64
local.tee 4
i32.const 5243
i32.mul
i32.const 19
i32.shr_u
local.tee 5
i32.const 2147483548
i32.mul
local.get 4
i32.add
i32.const 1
i32.shl
i32.load16_u offset=71328
i32.store16 align=1
local.get 5
i64.extend_i32_u
local.set 3
end
block  ;; label = @3
block  ;; label = @4
local.get 0
i64.eqz
br_if 0
local.get 3
i64.eqz
br_if 1
end
local.get 1
local.get 2
i32.const -1
i32.add
local.tee 2
i32.add
local.get 3
i32.wrap_i64
i32.const 48
i32.or
i32.store8
end
local.get 2
return
end
local.get 1
local.get 2
i32.add
local.tee 4
i32.const -4
i32.add
local.get 3
local.get 3
i64.const 10000
i64.div_u
local.tee 6
i64.const 10000
i64.mul
i64.sub
i32.wrap_i64
local.tee 5
i32.const 5243
i32.mul
i32.const 19
i32.shr_u
local.tee 7
i32.const 1
i32.shl
i32.load16_u offset=71328
i32.store16 align=1
local.get 4
i32.const -2
i32.add
local.get 7
i32.const 2147483548
i32.mul
local.get 5
i32.add
i32.const 1
i32.shl
i32.load16_u offset=71328
i32.store16 align=1
local.get 2
i32.const -4
i32.add
local.set 2
local.get 6
local.set 3
br 0
end)
(func (type 15) (param i32 i64 i64 i32)
(local i32 i32 i32 i64 i64 i32 i32)
global.get 0
i32.const 64
i32.sub
local.tee 4
global.set 0
local.get 2
i32.wrap_i64
i32.const -1075
i32.add
local.tee 5
i32.const 315653
i32.mul
local.set 6
block  ;; label = @1
block  ;; label = @2
local.get 3
br_if 0
local.get 4
i32.const 48
i32.add
local.get 6
i32.const -131072
i32.add
i32.const 20
i32.shr_s
local.tee 3
i32.const -1
i32.xor
call 142
local.get 4
i32.const 48
i32.add
local.get 4
i64.load offset=48
local.tee 2
local.get 4
i64.load offset=56
local.get 1
local.get 3
i32.const 16559509
i32.mul
i32.const 16559509
i32.add
i32.const 16
i32.shr_u
local.get 5
i32.add
local.tee 5
i32.const 7
i32.add
i64.extend_i32_u
i64.shl
call 143
local.get 4
i32.const 32
i32.add
local.get 4
i64.load offset=48
local.tee 7
i64.const 58
i64.shl
local.get 4
i64.load offset=56
i64.const 6
i64.shr_u
i64.or
local.tee 1
i64.const 0
i64.const 10
i64.const 0
call 145
local.get 4
i32.const 16
i32.add
local.get 1
local.get 2
i32.const 0
local.get 5
i32.sub
i64.extend_i32_u
i64.shr_u
local.tee 2
i64.const 1
i64.shr_u
local.tee 8
i64.sub
i64.const 0
i64.const 10
i64.const 0
call 145
local.get 2
local.get 1
i64.const -1
i64.xor
i64.gt_u
local.tee 9
local.get 1
local.get 8
i64.lt_u
i32.or
local.set 5
local.get 4
i64.load offset=40
local.get 4
i64.load offset=32
local.tee 1
i64.const 9223372036854775807
i64.add
local.get 1
i64.lt_u
i64.extend_i32_u
i64.add
i32.wrap_i64
local.tee 6
local.get 4
i64.load offset=24
local.get 4
i64.load offset=16
i64.const 0
i64.ne
i64.extend_i32_u
i64.add
i32.wrap_i64
local.tee 10
local.get 6
local.get 10
i32.gt_u
select
local.set 6
local.get 7
i64.const 6
i64.shr_u
local.get 9
i64.extend_i32_u
i64.add
local.set 1
br 1
end
local.get 4
i32.const 48
i32.add
local.get 6
i32.const 20
i32.shr_s
local.tee 3
i32.const -1
i32.xor
call 142
local.get 4
i32.const 48
i32.add
local.get 4
i64.load offset=48
local.tee 7
local.get 4
i64.load offset=56
local.get 1
local.get 3
i32.const 16559509
i32.mul
i32.const 16559509
i32.add
i32.const 16
i32.shr_u
local.get 5
i32.add
local.tee 5
i32.const 7
i32.add
i64.extend_i32_u
i64.shl
call 143
local.get 4
local.get 4
i64.load offset=48
local.tee 8
i64.const 58
i64.shl
local.get 4
i64.load offset=56
i64.const 6
i64.shr_u
i64.or
local.tee 2
i64.const 0
i64.const 10
i64.const 0
call 145
local.get 7
i32.const 0
local.get 5
i32.sub
i64.extend_i32_u
i64.shr_u
local.get 1
i64.const -1
i64.xor
i64.const 1
i64.and
i64.add
local.tee 1
local.get 2
i64.const -1
i64.xor
i64.gt_u
local.tee 6
local.get 1
local.get 2
i64.gt_u
i32.or
local.set 5
local.get 8
i64.const 6
i64.shr_u
local.get 6
i64.extend_i32_u
i64.add
local.set 1
i32.const 2
local.get 4
i64.load offset=8
local.get 4
i64.load
local.tee 7
i64.const -9223372036854775802
i64.add
local.get 7
i64.lt_u
i64.extend_i32_u
i64.add
i32.wrap_i64
local.get 2
i64.const 4611686018427387904
i64.eq
select
local.set 6
end
local.get 0
local.get 6
i32.store8 offset=12
local.get 0
local.get 3
i32.store offset=8
local.get 0
local.get 1
i64.store
local.get 0
local.get 5
i32.const 1
i32.xor
i32.store8 offset=13
local.get 4
i32.const 64
i32.add
global.set 0)
(func (type 16) (param i32 i64)
local.get 0
local.get 1
i64.const 109951163
i64.mul
i64.const 40
i64.shr_u
i64.const 4294957296
i64.mul
local.get 1
i64.add
local.tee 1
i64.const 5243
i64.mul
i64.const 19
i64.shr_u
i64.const 545460846719
i64.and
i64.const 65436
i64.mul
local.get 1
i64.add
local.tee 1
i64.const 103
i64.mul
i64.const 10
i64.shr_u
i64.const 4222189076152335
i64.and
i64.const 246
i64.mul
local.get 1
i64.add
local.tee 1
i64.const 56
i64.shl
local.get 1
i64.const 65280
i64.and
i64.const 40
i64.shl
i64.or
local.get 1
i64.const 16711680
i64.and
i64.const 24
i64.shl
local.get 1
i64.const 4278190080
i64.and
i64.const 8
i64.shl
i64.or
i64.or
local.get 1
i64.const 8
i64.shr_u
i64.const 4278190080
i64.and
local.get 1
i64.const 24
i64.shr_u
i64.const 16711680
i64.and
i64.or
local.get 1
i64.const 40
i64.shr_u
i64.const 65280
i64.and
local.get 1
i64.const 56
i64.shr_u
i64.or
i64.or
i64.or
local.tee 1
i64.store
local.get 0
i32.const 70
local.get 1
i64.const 1
i64.shl
i64.const 1
i64.or
i64.clz
i32.wrap_i64
i32.sub
i32.const 3
i32.shr_u
i32.store offset=8)
(func (type 5) (param i32)
local.get 0
i32.const 66307
i32.const 4
call 63)
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 0
i32.const 66297
i32.const 1
call 63
loop  ;; label = @1
i32.const 0
local.set 4
loop  ;; label = @2
block  ;; label = @3
local.get 2
local.get 4
local.tee 5
i32.ne
br_if 0
block  ;; label = @4
local.get 2
i32.eqz
br_if 0
local.get 0
local.get 1
local.get 2
call 65
end
local.get 0
i32.const 66297
i32.const 1
call 63
local.get 3
i32.const 16
i32.add
global.set 0
return
end
local.get 5
i32.const 1
i32.add
local.set 4
local.get 1
local.get 5
i32.add
local.tee 6
i32.load8_u
local.tee 7
i32.load8_u offset=66884
local.tee 8
i32.eqz
br_if 0
end
block  ;; label = @2
local.get 5
i32.eqz
br_if 0
local.get 0
local.get 1
local.get 5
call 65
end
local.get 6
i32.const 1
i32.add
local.set 1
local.get 2
local.get 5
i32.const -1
i32.xor
i32.add
local.set 2
block  ;; label = @2
local.get 8
i32.const 117
i32.ne
br_if 0
local.get 3
i32.const 808482140
i32.store offset=8 align=1
local.get 3
local.get 7
i32.const 15
i32.and
i32.load8_u offset=67140
i32.store8 offset=13
local.get 3
local.get 7
i32.const 4
i32.shr_u
i32.load8_u offset=67140
i32.store8 offset=12
local.get 0
local.get 3
i32.const 8
i32.add
i32.const 6
call 63
br 1
end
local.get 3
local.get 8
i32.store8 offset=15
local.get 3
i32.const 92
i32.store8 offset=14
local.get 0
local.get 3
i32.const 14
i32.add
i32.const 2
call 63
br 0
end)
(func (type 5) (param i32)
local.get 0
i32.const 66296
i32.const 1
call 63)
(func (type 6) (param i32 i32)
(local i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i64 i64)
global.get 0
i32.const 240
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 136
i32.add
local.get 1
call 73
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
block  ;; label = @9
block  ;; label = @10
block  ;; label = @11
block  ;; label = @12
block  ;; label = @13
block  ;; label = @14
block  ;; label = @15
block  ;; label = @16
block  ;; label = @17
block  ;; label = @18
block  ;; label = @19
block  ;; label = @20
block  ;; label = @21
block  ;; label = @22
block  ;; label = @23
block  ;; label = @24
block  ;; label = @25
local.get 2
i32.load8_u offset=136
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=140
local.set 1
br 1
end
block  ;; label = @25
local.get 2
i32.load8_u offset=137
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load8_u offset=138
local.tee 3
i32.const 34
i32.eq
br_if 6
local.get 3
i32.const 45
i32.eq
br_if 5
local.get 3
i32.const 91
i32.eq
br_if 7
local.get 3
i32.const 102
i32.eq
br_if 4
local.get 3
i32.const 110
i32.eq
br_if 2
local.get 3
i32.const 116
i32.eq
br_if 3
local.get 3
i32.const 123
i32.eq
br_if 8
local.get 3
i32.const -48
i32.add
i32.const 255
i32.and
i32.const 10
i32.lt_u
br_if 9
local.get 2
i32.const 10
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.get 1
call 75
local.set 1
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 24
end
local.get 2
i32.const 5
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 1
end
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 22
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 1
i32.const 66618
i32.const 3
call 76
local.tee 1
i32.eqz
br_if 7
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 21
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
block  ;; label = @22
local.get 1
i32.const 66621
i32.const 3
call 76
local.tee 1
i32.eqz
br_if 0
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 21
end
local.get 2
i32.const 257
i32.store16
br 16
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
block  ;; label = @21
local.get 1
i32.const 66624
i32.const 4
call 76
local.tee 1
i32.eqz
br_if 0
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 20
end
local.get 2
i32.const 1
i32.store16
br 15
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 24
i32.add
local.get 1
i32.const 0
call 77
local.get 2
i64.load offset=24
i64.const 3
i64.eq
br_if 17
local.get 2
local.get 2
i32.const 24
i32.add
call 78
br 13
end
local.get 1
i32.const 0
i32.store offset=8
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 200
i32.add
local.get 1
i32.const 12
i32.add
local.get 1
call 79
local.get 2
i32.load offset=204
local.set 3
local.get 2
i32.load offset=200
i32.const 2
i32.eq
br_if 15
local.get 2
i32.const 136
i32.add
local.get 3
local.get 2
i32.load offset=208
call 80
local.get 2
local.get 2
i64.load offset=136 align=4
i64.store offset=83 align=1
local.get 2
local.get 2
i32.load offset=144
i32.store offset=91 align=1
local.get 2
i32.const 3
i32.store8
local.get 2
local.get 2
i64.load offset=80 align=1
i64.store offset=1 align=1
local.get 2
local.get 2
i64.load offset=87 align=1
i64.store offset=8 align=1
br 12
end
local.get 1
local.get 1
i32.load8_u offset=24
i32.const -1
i32.add
local.tee 3
i32.store8 offset=24
local.get 3
i32.const 255
i32.and
i32.eqz
br_if 13
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
i32.const 0
local.set 4
local.get 2
i32.const 0
i32.store offset=208
local.get 2
i64.const 34359738368
i64.store offset=200 align=4
i32.const 8
local.set 5
local.get 2
i32.const 80
i32.add
i32.const 8
i32.add
local.set 6
local.get 2
i32.const 80
i32.add
i32.const 1
i32.or
local.set 7
i32.const 8
local.set 8
i32.const 1
local.set 3
loop  ;; label = @18
local.get 2
i32.const 176
i32.add
local.get 1
call 73
local.get 2
i32.load8_u offset=176
i32.const 1
i32.eq
br_if 9
block  ;; label = @19
block  ;; label = @20
block  ;; label = @21
local.get 2
i32.load8_u offset=177
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load8_u offset=178
i32.const 255
i32.and
local.tee 9
i32.const 93
i32.eq
br_if 2
block  ;; label = @22
local.get 3
i32.const 1
i32.and
br_if 0
local.get 9
i32.const 44
i32.ne
br_if 8
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 176
i32.add
local.get 1
call 73
local.get 2
i32.load8_u offset=176
br_if 13
local.get 2
i32.load8_u offset=177
i32.const 1
i32.ne
br_if 9
local.get 2
i32.load8_u offset=178
i32.const 93
i32.ne
br_if 0
local.get 2
i32.const 21
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 4
br 14
end
local.get 2
i32.const 80
i32.add
local.get 1
call 72
local.get 2
i32.load8_u offset=80
local.tee 9
i32.const 6
i32.ne
br_if 1
local.get 2
i32.load offset=84
local.set 4
br 13
end
local.get 2
i32.const 2
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 4
br 12
end
local.get 2
local.get 7
i32.load8_u offset=2
i32.store8 offset=230
local.get 2
local.get 7
i32.load16_u align=1
i32.store16 offset=228
local.get 2
local.get 6
i64.load
i64.store offset=136
local.get 2
local.get 6
i64.load offset=8
i64.store offset=144
local.get 2
i32.load offset=84
local.set 10
block  ;; label = @20
local.get 4
local.get 2
i32.load offset=200
i32.ne
br_if 0
local.get 2
i32.const 200
i32.add
call 39
local.get 2
i32.load offset=204
local.set 5
end
local.get 5
local.get 8
i32.add
local.tee 3
i32.const -8
i32.add
local.get 9
i32.store8
local.get 3
i32.const -4
i32.add
local.get 10
i32.store
local.get 3
i32.const -7
i32.add
local.tee 9
local.get 2
i32.load8_u offset=230
i32.store8 offset=2
local.get 9
local.get 2
i32.load16_u offset=228
i32.store16 align=1
local.get 3
local.get 2
i64.load offset=136
i64.store align=1
local.get 3
local.get 2
i64.load offset=144
i64.store offset=8 align=1
local.get 2
local.get 4
i32.const 1
i32.add
local.tee 4
i32.store offset=208
local.get 8
i32.const 24
i32.add
local.set 8
i32.const 0
local.set 3
br 1
end
end
i32.const 4
local.set 8
i32.const 0
local.set 6
local.get 2
i64.load offset=204 align=4
local.set 11
local.get 2
i32.load offset=200
local.set 4
br 10
end
local.get 1
local.get 1
i32.load8_u offset=24
i32.const -1
i32.add
local.tee 3
i32.store8 offset=24
local.get 3
i32.const 255
i32.and
i32.eqz
br_if 6
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 1
i32.store8 offset=120
local.get 2
local.get 1
i32.store offset=116
local.get 2
i32.const 80
i32.add
local.get 2
i32.const 116
i32.add
call 81
block  ;; label = @17
block  ;; label = @18
block  ;; label = @19
block  ;; label = @20
block  ;; label = @21
local.get 2
i32.load8_u offset=80
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=84
local.set 3
br 1
end
local.get 2
i32.load8_u offset=81
i32.const 1
i32.ne
br_if 1
local.get 2
i32.load offset=116
local.tee 3
i32.const 0
i32.store offset=8
local.get 3
local.get 3
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 80
i32.add
local.get 3
i32.const 12
i32.add
local.get 3
call 79
local.get 2
i32.load offset=84
local.set 3
local.get 2
i32.load offset=80
i32.const 2
i32.eq
br_if 0
local.get 2
i32.const 136
i32.add
local.get 3
local.get 2
i32.load offset=88
call 82
block  ;; label = @21
local.get 2
i32.load offset=136
local.tee 4
i32.const -2147483648
i32.ne
br_if 0
local.get 2
i32.load offset=140
local.set 3
br 1
end
local.get 2
i32.load offset=140
local.set 3
local.get 4
i32.const -2147483647
i32.ne
br_if 2
end
local.get 2
i32.const 6
i32.store8 offset=56
local.get 2
local.get 3
i32.store offset=60
br 2
end
local.get 2
i32.const 0
i32.store offset=68
local.get 2
i32.const 0
i32.store offset=60
local.get 2
i32.const 5
i32.store8 offset=56
br 1
end
local.get 2
i32.load offset=144
local.set 8
local.get 2
i32.const 0
i32.store offset=132
local.get 2
i32.const 0
i32.store offset=124
local.get 2
local.get 8
i32.store offset=144
local.get 2
local.get 3
i32.store offset=140
local.get 2
local.get 4
i32.store offset=136
local.get 2
i32.const 56
i32.add
local.get 2
i32.const 116
i32.add
call 83
block  ;; label = @18
block  ;; label = @19
local.get 2
i32.load8_u offset=56
i32.const 6
i32.eq
br_if 0
local.get 2
i32.const 80
i32.add
local.get 2
i32.const 124
i32.add
local.get 2
i32.const 136
i32.add
local.get 2
i32.const 56
i32.add
call 12
local.get 2
i32.const 80
i32.add
call 13
local.get 2
i32.const 136
i32.add
i32.const 4
i32.add
local.set 4
local.get 2
i32.const 80
i32.add
i32.const 4
i32.add
local.set 8
block  ;; label = @20
loop  ;; label = @21
local.get 2
i32.const 80
i32.add
local.get 2
i32.const 116
i32.add
call 81
block  ;; label = @22
block  ;; label = @23
block  ;; label = @24
local.get 2
i32.load8_u offset=80
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=84
local.set 3
br 1
end
local.get 2
i32.load8_u offset=81
i32.const 1
i32.ne
br_if 3
local.get 2
i32.load offset=116
local.tee 3
i32.const 0
i32.store offset=8
local.get 3
local.get 3
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 80
i32.add
local.get 3
i32.const 12
i32.add
local.get 3
call 79
local.get 2
i32.load offset=84
local.set 3
local.get 2
i32.load offset=80
i32.const 2
i32.eq
br_if 0
local.get 2
i32.const 228
i32.add
local.get 3
local.get 2
i32.load offset=88
call 82
block  ;; label = @24
local.get 2
i32.load offset=228
local.tee 6
i32.const -2147483648
i32.ne
br_if 0
local.get 2
i32.load offset=232
local.set 3
br 1
end
local.get 2
i32.load offset=232
local.set 3
local.get 6
i32.const -2147483647
i32.eq
br_if 0
local.get 2
i32.load offset=236
local.set 7
local.get 2
i32.const 80
i32.add
local.get 2
i32.const 116
i32.add
call 83
local.get 2
i32.load8_u offset=80
i32.const 6
i32.ne
br_if 1
local.get 2
i32.load offset=84
local.set 4
local.get 6
local.get 3
call 11
local.get 4
local.set 3
end
local.get 2
local.get 3
i32.store offset=60
local.get 2
i32.const 6
i32.store8 offset=56
br 4
end
local.get 2
local.get 2
i64.load offset=96
local.tee 11
i64.store offset=216
local.get 2
local.get 2
i64.load offset=88
local.tee 12
i64.store offset=208
local.get 2
local.get 2
i64.load offset=80
local.tee 13
i64.store offset=200
local.get 8
local.get 11
i64.store offset=16 align=4
local.get 8
local.get 12
i64.store offset=8 align=4
local.get 8
local.get 13
i64.store align=4
local.get 2
local.get 2
i64.load offset=80 align=4
i64.store offset=136
local.get 2
local.get 2
i64.load offset=88 align=4
i64.store offset=144
local.get 2
local.get 2
i64.load offset=96 align=4
i64.store offset=152
local.get 2
local.get 2
i32.load offset=104
i32.store offset=160
local.get 2
local.get 7
i32.store offset=172
local.get 2
local.get 3
i32.store offset=168
local.get 2
local.get 6
i32.store offset=164
local.get 2
local.get 4
i64.load offset=16 align=4
i64.store offset=192
local.get 2
local.get 4
i64.load offset=8 align=4
i64.store offset=184
local.get 2
local.get 4
i64.load align=4
i64.store offset=176
local.get 2
i32.const 80
i32.add
local.get 2
i32.const 124
i32.add
local.get 2
i32.const 164
i32.add
local.get 2
i32.const 176
i32.add
call 12
local.get 2
i32.const 80
i32.add
call 13
br 0
end
end
local.get 2
local.get 2
i64.load offset=124 align=4
i64.store offset=83 align=1
local.get 2
local.get 2
i32.load offset=132
i32.store offset=91 align=1
local.get 2
i32.const 5
i32.store8 offset=56
local.get 2
local.get 2
i64.load offset=80 align=1
i64.store offset=57 align=1
local.get 2
local.get 2
i64.load offset=87 align=1
i64.store offset=64 align=1
br 2
end
local.get 4
local.get 3
call 11
end
local.get 2
i32.const 124
i32.add
call 36
end
local.get 1
local.get 1
i32.load8_u offset=24
i32.const 1
i32.add
i32.store8 offset=24
local.get 2
i32.const 136
i32.add
local.get 1
call 73
block  ;; label = @17
local.get 2
i32.load8_u offset=136
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=140
local.set 3
br 6
end
local.get 2
i32.load8_u offset=137
i32.const 1
i32.ne
br_if 4
block  ;; label = @17
block  ;; label = @18
local.get 2
i32.load8_u offset=138
local.tee 3
i32.const 125
i32.eq
br_if 0
local.get 3
i32.const 44
i32.eq
br_if 1
local.get 2
i32.const 22
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 3
br 7
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
i32.const 0
local.set 3
br 6
end
local.get 2
i32.const 21
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 3
br 5
end
local.get 2
i32.const 40
i32.add
local.get 1
i32.const 1
call 77
block  ;; label = @16
local.get 2
i64.load offset=40
i64.const 3
i64.ne
br_if 0
local.get 0
local.get 2
i32.load offset=48
i32.store offset=4
local.get 0
i32.const 6
i32.store8
br 15
end
local.get 2
local.get 2
i32.const 40
i32.add
call 78
br 9
end
local.get 2
i32.const 0
i32.store8
br 9
end
local.get 2
i32.const 7
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 4
br 5
end
local.get 2
i32.const 5
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 4
br 4
end
local.get 2
i32.const 3
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 3
end
local.get 2
local.get 2
i64.load offset=56
local.tee 11
i64.store offset=80
local.get 2
local.get 2
i64.load offset=64
i64.store offset=88
local.get 2
local.get 2
i64.load offset=72
i64.store offset=96
local.get 2
local.get 3
i32.store offset=104
block  ;; label = @11
local.get 11
i32.wrap_i64
i32.const 255
i32.and
i32.const 6
i32.eq
br_if 0
block  ;; label = @12
local.get 3
br_if 0
local.get 2
local.get 2
i64.load offset=72
i64.store offset=16
local.get 2
local.get 2
i64.load offset=64
i64.store offset=8
local.get 2
local.get 2
i64.load offset=56
i64.store
br 6
end
local.get 2
i32.const 6
i32.store8
local.get 2
local.get 3
i32.store offset=4
local.get 2
i32.const 80
i32.add
call 35
br 5
end
local.get 2
local.get 2
i32.load offset=84
i32.store offset=4
local.get 2
i32.const 6
i32.store8
local.get 3
i32.eqz
br_if 4
local.get 2
i32.const 104
i32.add
call 84
br 4
end
local.get 2
i32.const 24
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 1
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 8
end
local.get 2
i32.load offset=180
local.set 4
end
local.get 2
i32.const 200
i32.add
call 18
i32.const 6
local.set 8
i32.const 1
local.set 6
end
local.get 1
local.get 1
i32.load8_u offset=24
i32.const 1
i32.add
i32.store8 offset=24
local.get 2
i32.const 200
i32.add
local.get 1
call 73
block  ;; label = @7
block  ;; label = @8
local.get 2
i32.load8_u offset=200
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=204
local.set 3
br 1
end
block  ;; label = @8
local.get 2
i32.load8_u offset=201
i32.const 1
i32.ne
br_if 0
block  ;; label = @9
block  ;; label = @10
local.get 2
i32.load8_u offset=202
local.tee 3
i32.const 93
i32.eq
br_if 0
local.get 3
i32.const 44
i32.eq
br_if 1
local.get 2
i32.const 22
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 3
br 3
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
i32.const 0
local.set 3
br 2
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 136
i32.add
local.get 1
call 73
block  ;; label = @9
local.get 2
i32.load8_u offset=136
local.tee 7
br_if 0
local.get 2
i32.load8_u offset=137
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load8_u offset=138
i32.const 255
i32.and
i32.const 93
i32.ne
br_if 0
local.get 2
i32.const 21
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 3
br 2
end
local.get 2
i32.const 22
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 3
local.get 7
i32.eqz
br_if 1
local.get 2
i32.const 140
i32.add
call 84
br 1
end
local.get 2
i32.const 2
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 3
end
local.get 2
local.get 3
i32.store offset=104
local.get 2
local.get 11
i64.store offset=88
local.get 2
local.get 4
i32.store offset=84
local.get 2
local.get 8
i32.store8 offset=80
block  ;; label = @7
local.get 6
br_if 0
block  ;; label = @8
local.get 3
br_if 0
local.get 2
local.get 2
i64.load offset=96
i64.store offset=16
local.get 2
local.get 2
i64.load offset=88
i64.store offset=8
local.get 2
local.get 2
i64.load offset=80
i64.store
br 2
end
local.get 2
i32.const 6
i32.store8
local.get 2
local.get 3
i32.store offset=4
local.get 2
i32.const 80
i32.add
call 35
br 1
end
local.get 2
i32.const 6
i32.store8
local.get 2
local.get 4
i32.store offset=4
local.get 3
i32.eqz
br_if 0
local.get 2
i32.const 104
i32.add
call 84
end
local.get 2
i32.load8_u
i32.const 6
i32.ne
br_if 0
local.get 2
i32.load offset=4
local.get 1
call 75
local.set 1
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 4
end
local.get 0
local.get 2
i64.load offset=16
i64.store offset=16
local.get 0
local.get 2
i64.load offset=8
i64.store offset=8
local.get 0
local.get 2
i64.load
i64.store
br 3
end
local.get 2
i32.const 24
i32.store offset=80
local.get 1
local.get 2
i32.const 80
i32.add
call 74
local.set 1
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 2
end
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 3
i32.store offset=4
br 1
end
local.get 0
local.get 2
i32.load offset=32
i32.store offset=4
local.get 0
i32.const 6
i32.store8
end
local.get 2
i32.const 240
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32 i32 i32 i32 i32 i32)
local.get 1
i32.load offset=20
local.tee 2
local.get 1
i32.load offset=16
local.tee 3
local.get 2
local.get 3
i32.gt_u
select
local.set 4
local.get 1
i32.load offset=12
local.set 5
loop  ;; label = @1
block  ;; label = @2
local.get 2
local.get 3
i32.ge_u
br_if 0
local.get 5
local.get 2
i32.add
i32.load8_u
local.set 6
end
block  ;; label = @2
local.get 4
local.get 2
i32.eq
br_if 0
local.get 6
i32.const 255
i32.and
i32.const -9
i32.add
local.tee 7
i32.const 23
i32.gt_u
br_if 0
i32.const 1
local.get 7
i32.shl
i32.const 8388627
i32.and
i32.eqz
br_if 0
local.get 1
local.get 2
i32.const 1
i32.add
local.tee 2
i32.store offset=20
br 1
end
end
local.get 0
local.get 6
i32.store8 offset=2
local.get 0
i32.const 0
i32.store8
local.get 0
local.get 2
local.get 3
i32.lt_u
i32.store8 offset=1)
(func (type 1) (param i32 i32) (result i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 8
i32.add
local.get 0
i32.load offset=12
local.get 0
i32.load offset=16
local.tee 3
local.get 0
i32.load offset=20
i32.const 1
i32.add
local.tee 0
local.get 3
local.get 0
local.get 3
i32.lt_u
select
call 85
local.get 1
local.get 2
i32.load offset=8
local.get 2
i32.load offset=12
call 86
local.set 0
local.get 2
i32.const 16
i32.add
global.set 0
local.get 0)
(func (type 1) (param i32 i32) (result i32)
block  ;; label = @1
local.get 0
i32.load offset=12
i32.eqz
br_if 0
local.get 0
return
end
local.get 1
local.get 0
call 88
local.set 1
block  ;; label = @1
local.get 0
i32.const 20
i32.add
i32.const 0
i32.load offset=71528
i32.ne
br_if 0
i32.const 0
local.get 0
i32.store offset=71528
end
local.get 1)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32)
global.get 0
i32.const 32
i32.sub
local.tee 3
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
loop  ;; label = @4
block  ;; label = @5
local.get 2
br_if 0
i32.const 0
local.set 2
br 4
end
local.get 3
i32.const 12
i32.add
local.get 0
call 87
local.get 3
i32.load8_u offset=12
br_if 2
local.get 3
i32.load8_u offset=13
i32.const 1
i32.ne
br_if 1
block  ;; label = @5
local.get 3
i32.load8_u offset=14
local.get 1
i32.load8_u
i32.ne
br_if 0
local.get 1
i32.const 1
i32.add
local.set 1
local.get 2
i32.const -1
i32.add
local.set 2
br 1
end
end
local.get 3
i32.const 9
i32.store offset=20
local.get 0
local.get 3
i32.const 20
i32.add
call 88
local.set 2
br 2
end
local.get 3
i32.const 5
i32.store offset=20
local.get 0
local.get 3
i32.const 20
i32.add
call 88
local.set 2
br 1
end
local.get 3
i32.load offset=16
local.set 2
end
local.get 3
i32.const 32
i32.add
global.set 0
local.get 2)
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32 i32 i32 i64 i32)
global.get 0
i32.const 32
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 8
i32.add
local.get 1
call 87
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
local.get 3
i32.load8_u offset=8
i32.const 1
i32.ne
br_if 0
local.get 3
i32.load offset=12
local.set 4
br 1
end
block  ;; label = @6
local.get 3
i32.load8_u offset=9
i32.const 1
i32.ne
br_if 0
local.get 3
i32.load8_u offset=10
local.tee 5
i32.const 255
i32.and
i32.const 48
i32.ne
br_if 2
block  ;; label = @7
local.get 1
i32.load offset=20
local.tee 4
local.get 1
i32.load offset=16
i32.ge_u
br_if 0
local.get 1
i32.load offset=12
local.get 4
i32.add
i32.load8_u
i32.const -48
i32.add
i32.const 255
i32.and
i32.const 10
i32.lt_u
br_if 4
end
local.get 0
local.get 1
local.get 2
i64.const 0
call 89
br 5
end
local.get 3
i32.const 5
i32.store offset=16
local.get 1
local.get 3
i32.const 16
i32.add
call 88
local.set 4
end
local.get 0
i64.const 3
i64.store
local.get 0
local.get 4
i32.store offset=8
br 3
end
local.get 5
i32.const -49
i32.add
i32.const 255
i32.and
i32.const 9
i32.lt_u
br_if 1
local.get 3
i32.const 13
i32.store offset=16
local.get 1
local.get 3
i32.const 16
i32.add
call 88
local.set 4
local.get 0
i64.const 3
i64.store
local.get 0
local.get 4
i32.store offset=8
br 2
end
local.get 3
i32.const 13
i32.store offset=16
local.get 1
local.get 3
i32.const 16
i32.add
call 74
local.set 4
local.get 0
i64.const 3
i64.store
local.get 0
local.get 4
i32.store offset=8
br 1
end
local.get 1
i32.load offset=20
local.tee 4
local.get 1
i32.load offset=16
local.tee 6
local.get 4
local.get 6
i32.gt_u
select
local.set 7
local.get 5
i32.const -48
i32.add
i64.extend_i32_u
i64.const 255
i64.and
local.set 8
local.get 1
i32.load offset=12
local.set 9
loop  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 7
local.get 4
i32.eq
br_if 0
local.get 9
local.get 4
i32.add
i32.load8_u
i32.const -48
i32.add
local.tee 5
i32.const 255
i32.and
local.tee 6
i32.const 10
i32.lt_u
br_if 1
end
local.get 0
local.get 1
local.get 2
local.get 8
call 89
br 2
end
block  ;; label = @3
block  ;; label = @4
local.get 8
i64.const 1844674407370955161
i64.lt_u
br_if 0
local.get 8
i64.const 1844674407370955161
i64.ne
br_if 1
local.get 6
i32.const 5
i32.gt_u
br_if 1
end
local.get 1
local.get 4
i32.const 1
i32.add
local.tee 4
i32.store offset=20
local.get 8
i64.const 10
i64.mul
local.get 5
i64.extend_i32_u
i64.const 255
i64.and
i64.add
local.set 8
br 1
end
end
local.get 3
i32.const 16
i32.add
local.get 1
local.get 2
local.get 8
call 90
block  ;; label = @2
block  ;; label = @3
local.get 3
i32.load offset=16
i32.const 1
i32.ne
br_if 0
local.get 0
local.get 3
i32.load offset=20
i32.store offset=8
i64.const 3
local.set 8
br 1
end
local.get 0
local.get 3
f64.load offset=24
f64.store offset=8
i64.const 0
local.set 8
end
local.get 0
local.get 8
i64.store
end
local.get 3
i32.const 32
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32 i64 f64)
global.get 0
i32.const 48
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 1
i32.load
br_table 0 1 2 0
end
i64.const 3
local.set 3
block  ;; label = @4
local.get 1
f64.load offset=8
local.tee 4
i64.reinterpret_f64
i64.const 9223372036854775807
i64.and
i64.const 9218868437227405311
i64.gt_s
br_if 0
local.get 2
local.get 4
f64.store offset=16
i64.const 2
local.set 3
end
local.get 2
local.get 3
i64.store offset=8
local.get 2
i32.const 0
i32.store8 offset=24
local.get 0
local.get 2
i32.const 8
i32.add
local.get 2
i32.const 24
i32.add
call 15
br 2
end
local.get 0
i64.const 0
i64.store offset=8
local.get 0
i32.const 2
i32.store8
local.get 0
local.get 1
i64.load offset=8
i64.store offset=16
br 1
end
local.get 0
i32.const 2
i32.store8
local.get 0
local.get 1
i64.load offset=8
local.tee 3
i64.store offset=16
local.get 0
local.get 3
i64.const 63
i64.shr_u
i64.store offset=8
end
local.get 2
i32.const 48
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32 i32 i32 i32 i32 i32 i64)
global.get 0
i32.const 32
i32.sub
local.tee 3
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
loop  ;; label = @9
local.get 1
i32.load offset=8
local.tee 4
local.get 1
i32.load offset=4
local.tee 5
i32.eq
br_if 2
block  ;; label = @10
block  ;; label = @11
block  ;; label = @12
block  ;; label = @13
local.get 4
local.get 5
i32.ge_u
br_if 0
local.get 1
i32.load
local.tee 6
local.get 4
i32.add
i32.load8_u
local.tee 7
i32.const 34
i32.eq
br_if 2
local.get 7
i32.const 92
i32.eq
br_if 2
local.get 7
i32.const 32
i32.lt_u
br_if 2
local.get 3
local.get 4
i32.const 1
i32.add
local.tee 8
local.get 6
local.get 5
call 135
local.get 3
i32.load
i32.const -8
i32.add
local.set 9
i32.const 0
local.get 3
i32.load offset=4
local.tee 10
i32.const 2147483640
i32.and
i32.sub
local.set 7
loop  ;; label = @14
local.get 7
i32.eqz
br_if 2
local.get 7
i32.const 8
i32.add
local.set 7
local.get 9
i32.const 8
i32.add
local.tee 9
i64.load align=1
local.tee 11
i64.const 2459565876494606882
i64.xor
i64.const -72340172838076673
i64.add
local.get 11
i64.const -2314885530818453536
i64.add
i64.or
local.get 11
i64.const 6655295901103053916
i64.xor
i64.const -72340172838076673
i64.add
i64.or
local.get 11
i64.const -1
i64.xor
i64.and
i64.const -9187201950435737472
i64.and
local.tee 11
i64.eqz
br_if 0
end
local.get 1
local.get 9
local.get 6
i32.sub
local.get 11
i64.ctz
i32.wrap_i64
i32.const 3
i32.shr_u
i32.add
local.tee 7
i32.store offset=8
br 3
end
local.get 4
local.get 5
call 115
unreachable
end
local.get 1
local.get 10
i32.const -8
i32.and
local.get 8
i32.add
i32.store offset=8
local.get 1
call 140
local.get 1
i32.load offset=4
local.set 5
local.get 1
i32.load offset=8
local.set 7
br 1
end
local.get 4
local.set 7
end
local.get 7
local.get 5
i32.eq
br_if 2
local.get 7
local.get 5
i32.ge_u
br_if 3
block  ;; label = @10
block  ;; label = @11
local.get 1
i32.load
local.tee 9
local.get 7
i32.add
i32.load8_u
local.tee 6
i32.const 92
i32.eq
br_if 0
local.get 6
i32.const 34
i32.eq
br_if 1
local.get 1
local.get 7
i32.const 1
i32.add
i32.store offset=8
local.get 3
i32.const 16
i32.store offset=20
local.get 0
local.get 1
local.get 3
i32.const 20
i32.add
call 131
br 10
end
local.get 7
local.get 4
i32.lt_u
br_if 5
local.get 2
local.get 9
local.get 4
i32.add
local.get 7
local.get 4
i32.sub
call 65
local.get 1
local.get 7
i32.const 1
i32.add
local.tee 4
i32.store offset=8
block  ;; label = @11
block  ;; label = @12
local.get 4
local.get 5
i32.ge_u
br_if 0
local.get 1
local.get 7
i32.const 2
i32.add
i32.store offset=8
local.get 3
local.get 9
local.get 4
i32.add
i32.load8_u
local.tee 7
i32.store8 offset=13
br 1
end
local.get 3
i32.const 4
i32.store offset=20
local.get 3
i32.const 12
i32.add
local.get 1
local.get 3
i32.const 20
i32.add
call 138
block  ;; label = @12
local.get 3
i32.load8_u offset=12
i32.const 1
i32.ne
br_if 0
local.get 3
i32.load offset=16
local.set 7
br 10
end
local.get 3
i32.load8_u offset=13
local.set 7
end
block  ;; label = @11
block  ;; label = @12
block  ;; label = @13
block  ;; label = @14
block  ;; label = @15
block  ;; label = @16
block  ;; label = @17
block  ;; label = @18
block  ;; label = @19
block  ;; label = @20
block  ;; label = @21
local.get 7
i32.const 255
i32.and
local.tee 7
i32.const -110
i32.add
br_table 7 1 1 1 8 1 9 10 0
end
block  ;; label = @21
local.get 7
i32.const -98
i32.add
br_table 5 1 1 1 6 0
end
local.get 7
i32.const 34
i32.eq
br_if 1
local.get 7
i32.const 47
i32.eq
br_if 3
local.get 7
i32.const 92
i32.eq
br_if 2
end
local.get 3
i32.const 12
i32.store offset=20
local.get 1
local.get 3
i32.const 20
i32.add
call 132
local.set 7
br 17
end
local.get 2
i32.const 34
call 133
br 9
end
local.get 2
i32.const 92
call 133
br 8
end
local.get 2
i32.const 47
call 133
br 7
end
local.get 2
i32.const 8
call 133
br 6
end
local.get 2
i32.const 12
call 133
br 5
end
local.get 2
i32.const 10
call 133
br 4
end
local.get 2
i32.const 13
call 133
br 3
end
local.get 2
i32.const 9
call 133
br 2
end
local.get 3
i32.const 20
i32.add
local.get 1
call 134
local.get 3
i32.load16_u offset=20
i32.const 1
i32.eq
br_if 7
block  ;; label = @11
local.get 3
i32.load16_u offset=22
local.tee 7
i32.const 64512
i32.and
i32.const 56320
i32.ne
br_if 0
local.get 3
i32.const 20
i32.store offset=20
local.get 1
local.get 3
i32.const 20
i32.add
call 132
local.set 7
br 9
end
block  ;; label = @11
local.get 7
i32.const 9216
i32.add
i32.const 65535
i32.and
i32.const 64512
i32.lt_u
br_if 0
local.get 3
i32.const 20
i32.add
local.get 1
call 137
local.get 3
i32.load8_u offset=20
i32.const 1
i32.eq
br_if 8
local.get 3
i32.load8_u offset=21
local.set 9
local.get 1
local.get 1
i32.load offset=8
local.tee 4
i32.const 1
i32.add
i32.store offset=8
local.get 9
i32.const 92
i32.ne
br_if 3
local.get 3
i32.const 20
i32.add
local.get 1
call 137
local.get 3
i32.load8_u offset=20
br_if 8
local.get 3
i32.load8_u offset=21
local.set 9
local.get 1
local.get 4
i32.const 2
i32.add
i32.store offset=8
local.get 9
i32.const 117
i32.ne
br_if 7
local.get 3
i32.const 20
i32.add
local.get 1
call 134
local.get 3
i32.load16_u offset=20
br_if 8
block  ;; label = @12
local.get 3
i32.load16_u offset=22
local.tee 9
i32.const 8192
i32.add
i32.const 65535
i32.and
i32.const 64511
i32.gt_u
br_if 0
local.get 3
i32.const 20
i32.store offset=20
local.get 1
local.get 3
i32.const 20
i32.add
call 132
local.set 7
br 10
end
local.get 7
i32.const 10240
i32.add
i32.const 65535
i32.and
i32.const 10
i32.shl
local.get 9
i32.const 9216
i32.add
i32.const 65535
i32.and
i32.add
i32.const 65536
i32.add
local.get 2
call 139
br 2
end
local.get 7
local.get 2
call 139
br 1
end
end
block  ;; label = @9
local.get 2
i32.load offset=8
i32.eqz
br_if 0
local.get 7
local.get 4
i32.lt_u
br_if 4
local.get 2
local.get 9
local.get 4
i32.add
local.get 7
local.get 4
i32.sub
call 65
i32.const 1
local.set 9
local.get 1
local.get 7
i32.const 1
i32.add
i32.store offset=8
local.get 3
i32.const 20
i32.add
local.get 1
local.get 2
i32.load offset=4
local.get 2
i32.load offset=8
call 141
block  ;; label = @10
block  ;; label = @11
local.get 3
i32.load offset=20
local.tee 7
br_if 0
i32.const 2
local.set 9
local.get 3
i32.load offset=24
local.set 7
br 1
end
local.get 0
local.get 3
i32.load offset=24
i32.store offset=8
end
local.get 0
local.get 9
i32.store
local.get 0
local.get 7
i32.store offset=4
br 8
end
local.get 7
local.get 4
i32.lt_u
br_if 3
local.get 1
local.get 7
i32.const 1
i32.add
i32.store offset=8
local.get 3
i32.const 20
i32.add
local.get 1
local.get 9
local.get 4
i32.add
local.get 7
local.get 4
i32.sub
call 141
block  ;; label = @9
block  ;; label = @10
local.get 3
i32.load offset=20
local.tee 7
br_if 0
i32.const 2
local.set 9
local.get 3
i32.load offset=24
local.set 7
br 1
end
local.get 0
local.get 3
i32.load offset=24
i32.store offset=8
i32.const 0
local.set 9
end
local.get 0
local.get 9
i32.store
local.get 0
local.get 7
i32.store offset=4
br 7
end
local.get 3
i32.const 23
i32.store offset=20
local.get 1
local.get 3
i32.const 20
i32.add
call 132
local.set 7
br 5
end
local.get 3
i32.const 4
i32.store offset=20
local.get 0
local.get 1
local.get 3
i32.const 20
i32.add
call 131
br 5
end
local.get 7
local.get 5
call 115
unreachable
end
local.get 4
local.get 7
local.get 5
call 102
unreachable
end
local.get 3
i32.const 23
i32.store offset=20
local.get 1
local.get 3
i32.const 20
i32.add
call 132
local.set 7
br 1
end
local.get 3
i32.load offset=24
local.set 7
end
local.get 0
i32.const 2
i32.store
local.get 0
local.get 7
i32.store offset=4
end
local.get 3
i32.const 32
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 8
i32.add
local.get 2
call 48
local.get 3
i32.load offset=8
local.set 4
local.get 3
i32.load offset=12
local.set 5
local.get 0
i32.const 0
i32.store offset=8
local.get 0
local.get 5
i32.store offset=4
local.get 0
local.get 4
i32.store
block  ;; label = @1
local.get 2
i32.eqz
br_if 0
block  ;; label = @2
local.get 2
i32.eqz
br_if 0
local.get 5
local.get 1
local.get 2
memory.copy
end
local.get 0
local.get 2
i32.store offset=8
end
local.get 3
i32.const 16
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32 i32 i32)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 12
i32.add
local.get 1
i32.load
local.tee 3
call 73
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 2
i32.load8_u offset=12
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=16
local.set 1
br 1
end
block  ;; label = @4
local.get 2
i32.load8_u offset=13
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load8_u offset=14
local.tee 4
i32.const 255
i32.and
i32.const 125
i32.ne
br_if 2
local.get 0
i32.const 0
i32.store16
br 3
end
local.get 2
i32.const 3
i32.store offset=20
local.get 3
local.get 2
i32.const 20
i32.add
call 74
local.set 1
end
local.get 0
i32.const 1
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 1
end
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
local.get 1
i32.load8_u offset=4
br_if 0
local.get 4
i32.const 255
i32.and
i32.const 44
i32.ne
br_if 1
local.get 3
local.get 3
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 2
i32.const 12
i32.add
local.get 3
call 73
block  ;; label = @7
local.get 2
i32.load8_u offset=12
i32.eqz
br_if 0
local.get 0
local.get 2
i32.load offset=16
i32.store offset=4
local.get 0
i32.const 1
i32.store8
br 6
end
block  ;; label = @7
block  ;; label = @8
block  ;; label = @9
local.get 2
i32.load8_u offset=13
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load8_u offset=14
local.tee 1
i32.const 34
i32.eq
br_if 1
local.get 1
i32.const 125
i32.eq
br_if 2
local.get 2
i32.const 17
i32.store offset=20
local.get 0
local.get 3
local.get 2
i32.const 20
i32.add
call 74
i32.store offset=4
br 6
end
local.get 2
i32.const 5
i32.store offset=20
local.get 0
local.get 3
local.get 2
i32.const 20
i32.add
call 74
i32.store offset=4
br 5
end
local.get 0
i32.const 1
i32.store8 offset=1
i32.const 0
local.set 1
br 5
end
local.get 2
i32.const 21
i32.store offset=20
local.get 0
local.get 3
local.get 2
i32.const 20
i32.add
call 74
i32.store offset=4
br 3
end
local.get 1
i32.const 0
i32.store8 offset=4
local.get 4
i32.const 255
i32.and
i32.const 34
i32.eq
br_if 1
local.get 2
i32.const 17
i32.store offset=20
local.get 3
local.get 2
i32.const 20
i32.add
call 74
local.set 1
local.get 0
i32.const 1
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 4
end
local.get 2
i32.const 8
i32.store offset=20
local.get 3
local.get 2
i32.const 20
i32.add
call 74
local.set 1
local.get 0
i32.const 1
i32.store8
local.get 0
local.get 1
i32.store offset=4
br 3
end
local.get 0
i32.const 256
i32.store16
br 2
end
i32.const 1
local.set 1
end
local.get 0
local.get 1
i32.store8
end
local.get 2
i32.const 32
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 8
i32.add
local.get 2
i32.const 1
i32.const 1
call 16
local.get 3
i32.load offset=8
local.set 4
local.get 3
i32.load offset=12
local.set 5
local.get 0
i32.const 0
i32.store offset=8
local.get 0
local.get 5
i32.store offset=4
local.get 0
local.get 4
i32.store
block  ;; label = @1
local.get 2
i32.eqz
br_if 0
block  ;; label = @2
local.get 2
i32.eqz
br_if 0
local.get 5
local.get 1
local.get 2
memory.copy
end
local.get 0
local.get 2
i32.store offset=8
end
local.get 3
i32.const 16
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 12
i32.add
local.get 1
i32.load
local.tee 1
call 73
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 2
i32.load8_u offset=12
i32.const 1
i32.ne
br_if 0
local.get 2
i32.load offset=16
local.set 1
br 1
end
block  ;; label = @3
local.get 2
i32.load8_u offset=13
i32.const 1
i32.ne
br_if 0
block  ;; label = @4
local.get 2
i32.load8_u offset=14
i32.const 58
i32.eq
br_if 0
local.get 2
i32.const 6
i32.store offset=20
local.get 1
local.get 2
i32.const 20
i32.add
call 74
local.set 1
br 2
end
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
i32.store offset=20
local.get 0
local.get 1
call 72
br 2
end
local.get 2
i32.const 3
i32.store offset=20
local.get 1
local.get 2
i32.const 20
i32.add
call 74
local.set 1
end
local.get 0
i32.const 6
i32.store8
local.get 0
local.get 1
i32.store offset=4
end
local.get 2
i32.const 32
i32.add
global.set 0)
(func (type 5) (param i32)
(local i32 i32 i32)
block  ;; label = @1
block  ;; label = @2
local.get 0
i32.load
local.tee 0
i32.load
i32.eqz
br_if 0
i32.const 0
i32.load offset=71528
local.set 1
br 1
end
i32.const 0
i32.load offset=71528
local.set 1
local.get 0
i32.load offset=8
local.tee 2
i32.eqz
br_if 0
local.get 2
local.get 0
i32.load offset=4
local.tee 3
i32.add
local.get 1
i32.ne
br_if 0
i32.const 0
local.get 3
i32.store offset=71528
local.get 3
local.set 1
end
block  ;; label = @1
local.get 0
i32.const 20
i32.add
local.get 1
i32.ne
br_if 0
i32.const 0
local.get 0
i32.store offset=71528
end)
(func (type 7) (param i32 i32 i32 i32)
(local i32 i32 i32)
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 3
local.get 2
i32.gt_u
br_if 0
i32.const 0
local.set 4
local.get 3
i32.eqz
br_if 4
local.get 1
local.get 3
i32.add
local.set 2
block  ;; label = @6
local.get 3
i32.const 3
i32.gt_u
br_if 0
loop  ;; label = @7
local.get 2
local.get 1
i32.le_u
br_if 6
local.get 2
i32.const -1
i32.add
local.tee 2
i32.load8_u
i32.const 10
i32.ne
br_if 0
br 5
end
end
block  ;; label = @6
i32.const 16843008
local.get 2
i32.const -4
i32.add
i32.load align=1
local.tee 5
i32.const 168430090
i32.xor
i32.sub
local.get 5
i32.or
i32.const -2139062144
i32.and
i32.const -2139062144
i32.eq
br_if 0
loop  ;; label = @7
local.get 2
local.get 1
i32.le_u
br_if 6
local.get 2
i32.const -1
i32.add
local.tee 2
i32.load8_u
i32.const 10
i32.ne
br_if 0
br 5
end
end
local.get 3
local.get 2
i32.const 3
i32.and
i32.sub
local.set 5
local.get 3
i32.const 9
i32.lt_u
br_if 1
loop  ;; label = @6
block  ;; label = @7
block  ;; label = @8
local.get 5
i32.const 8
i32.lt_s
br_if 0
i32.const 16843008
local.get 1
local.get 5
i32.add
local.tee 2
i32.const -8
i32.add
i32.load
local.tee 6
i32.const 168430090
i32.xor
i32.sub
local.get 6
i32.or
i32.const -2139062144
i32.and
i32.const -2139062144
i32.eq
br_if 1
end
local.get 1
local.get 5
i32.add
local.set 2
br 4
end
local.get 5
i32.const -8
i32.add
local.set 5
i32.const 16843008
local.get 2
i32.const -4
i32.add
i32.load
local.tee 6
i32.const 168430090
i32.xor
i32.sub
local.get 6
i32.or
i32.const -2139062144
i32.and
i32.const -2139062144
i32.eq
br_if 0
br 3
end
end
i32.const 0
local.get 3
local.get 2
call 102
unreachable
end
local.get 1
local.get 5
i32.add
local.set 2
loop  ;; label = @4
local.get 2
local.get 1
i32.le_u
br_if 3
local.get 2
i32.const -1
i32.add
local.tee 2
i32.load8_u
i32.const 10
i32.ne
br_if 0
br 2
end
end
loop  ;; label = @3
local.get 2
local.get 1
i32.le_u
br_if 2
local.get 2
i32.const -1
i32.add
local.tee 2
i32.load8_u
i32.const 10
i32.ne
br_if 0
end
end
local.get 2
local.get 1
i32.sub
i32.const 1
i32.add
local.set 4
end
i32.const 1
local.set 2
block  ;; label = @1
local.get 1
local.get 1
local.get 4
i32.add
local.tee 5
i32.ge_u
br_if 0
i32.const 0
local.set 2
block  ;; label = @2
loop  ;; label = @3
local.get 1
local.get 5
i32.ge_u
br_if 1
local.get 2
local.get 1
i32.load8_u
i32.const 10
i32.eq
i32.add
local.set 2
local.get 1
i32.const 1
i32.add
local.set 1
br 0
end
end
local.get 2
i32.const 1
i32.add
local.set 2
end
local.get 0
local.get 2
i32.store
local.get 0
local.get 3
local.get 4
i32.sub
i32.store offset=4)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 8
i32.add
i32.const 4
i32.const 20
call 119
block  ;; label = @1
local.get 3
i32.load offset=8
local.tee 4
br_if 0
call 5
unreachable
end
local.get 4
local.get 2
i32.store offset=16
local.get 4
local.get 1
i32.store offset=12
local.get 4
local.get 0
i32.load offset=8
i32.store offset=8
local.get 4
local.get 0
i64.load align=4
i64.store align=4
local.get 3
i32.const 16
i32.add
global.set 0
local.get 4)
(func (type 6) (param i32 i32)
(local i32 i32 i32)
block  ;; label = @1
local.get 1
i32.load offset=20
local.tee 2
local.get 1
i32.load offset=16
local.tee 3
i32.ge_u
br_if 0
local.get 1
local.get 2
i32.const 1
i32.add
i32.store offset=20
local.get 1
i32.load offset=12
local.get 2
i32.add
i32.load8_u
local.set 4
end
local.get 0
local.get 4
i32.store8 offset=2
local.get 0
i32.const 0
i32.store8
local.get 0
local.get 2
local.get 3
i32.lt_u
i32.store8 offset=1)
(func (type 1) (param i32 i32) (result i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 8
i32.add
local.get 0
i32.const 12
i32.add
call 91
local.get 1
local.get 2
i32.load offset=8
local.get 2
i32.load offset=12
call 86
local.set 0
local.get 2
i32.const 16
i32.add
global.set 0
local.get 0)
(func (type 17) (param i32 i32 i32 i64)
(local i32 i32 i64 i64)
global.get 0
i32.const 16
i32.sub
local.tee 4
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
local.get 1
i32.load offset=20
local.tee 5
local.get 1
i32.load offset=16
i32.ge_u
br_if 0
local.get 1
i32.load offset=12
local.get 5
i32.add
i32.load8_u
local.tee 5
i32.const 46
i32.eq
br_if 1
local.get 5
i32.const 69
i32.eq
br_if 2
local.get 5
i32.const 101
i32.eq
br_if 2
end
local.get 2
i32.eqz
br_if 2
i64.const 1
local.set 6
br 5
end
local.get 4
local.get 1
local.get 2
local.get 3
i32.const 0
call 92
local.get 4
i32.load
br_if 2
br 3
end
local.get 4
local.get 1
local.get 2
local.get 3
i32.const 0
call 93
local.get 4
i32.load
i32.eqz
br_if 2
local.get 0
local.get 4
i32.load offset=4
i32.store offset=8
local.get 0
i64.const 3
i64.store
br 4
end
i64.const 0
local.set 6
block  ;; label = @5
i64.const 0
local.get 3
i64.sub
local.tee 7
i64.const 0
i64.ge_s
br_if 0
i64.const 2
local.set 6
local.get 7
local.set 3
br 3
end
local.get 3
f64.convert_i64_u
i64.reinterpret_f64
i64.const -9223372036854775808
i64.or
local.set 3
br 2
end
local.get 0
local.get 4
i32.load offset=4
i32.store offset=8
local.get 0
i64.const 3
i64.store
br 2
end
local.get 4
i64.load offset=8
local.set 3
i64.const 0
local.set 6
end
local.get 0
local.get 3
i64.store offset=8
local.get 0
local.get 6
i64.store
end
local.get 4
i32.const 16
i32.add
global.set 0)
(func (type 17) (param i32 i32 i32 i64)
(local i32 i32 i32 i32 i32)
i32.const 0
local.set 4
i32.const 0
local.get 1
i32.load offset=16
local.tee 5
local.get 1
i32.load offset=20
local.tee 6
i32.sub
local.tee 7
local.get 7
local.get 5
i32.gt_u
select
local.set 5
local.get 1
i32.load offset=12
local.get 6
i32.add
local.set 7
local.get 6
i32.const 1
i32.add
local.set 8
loop  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 5
local.get 4
i32.eq
br_if 0
local.get 7
local.get 4
i32.add
i32.load8_u
local.tee 6
i32.const -48
i32.add
i32.const 255
i32.and
i32.const 10
i32.lt_u
br_if 3
local.get 6
i32.const 46
i32.eq
br_if 1
local.get 6
i32.const 69
i32.eq
br_if 2
local.get 6
i32.const 101
i32.eq
br_if 2
local.get 4
local.set 5
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 5
call 94
return
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 4
call 92
return
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 4
call 93
return
end
local.get 1
local.get 8
local.get 4
i32.add
i32.store offset=20
local.get 4
i32.const 1
i32.add
local.set 4
br 0
end)
(func (type 6) (param i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 8
i32.add
local.get 1
i32.load
local.get 1
i32.load offset=4
local.get 1
i32.load offset=8
call 85
local.get 2
i32.load offset=12
local.set 1
local.get 0
local.get 2
i32.load offset=8
i32.store
local.get 0
local.get 1
i32.store offset=4
local.get 2
i32.const 16
i32.add
global.set 0)
(func (type 18) (param i32 i32 i32 i64 i32)
(local i32 i32 i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 5
global.set 0
local.get 1
local.get 1
i32.load offset=20
i32.const 1
i32.add
local.tee 6
i32.store offset=20
local.get 1
i32.load offset=12
local.set 7
local.get 1
i32.load offset=16
local.set 8
i32.const 0
local.set 9
block  ;; label = @1
loop  ;; label = @2
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 6
local.get 8
i32.ge_u
br_if 0
local.get 7
local.get 6
i32.add
i32.load8_u
local.tee 10
i32.const -48
i32.add
local.tee 11
i32.const 255
i32.and
local.tee 12
i32.const 10
i32.lt_u
br_if 4
local.get 9
br_if 1
local.get 5
i32.const 13
i32.store offset=4
local.get 1
local.get 5
i32.const 4
i32.add
call 74
local.set 6
local.get 0
i32.const 1
i32.store
local.get 0
local.get 6
i32.store offset=4
br 6
end
block  ;; label = @7
local.get 9
i32.eqz
br_if 0
local.get 9
local.get 4
i32.add
local.set 6
br 2
end
local.get 5
i32.const 5
i32.store offset=4
local.get 1
local.get 5
i32.const 4
i32.add
call 74
local.set 6
local.get 0
i32.const 1
i32.store
local.get 0
local.get 6
i32.store offset=4
br 5
end
local.get 9
local.get 4
i32.add
local.set 6
local.get 10
i32.const 32
i32.or
i32.const 101
i32.eq
br_if 1
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 6
call 94
br 3
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 6
call 93
br 2
end
block  ;; label = @3
block  ;; label = @4
local.get 3
i64.const 1844674407370955160
i64.le_u
br_if 0
local.get 3
i64.const 1844674407370955161
i64.ne
br_if 1
local.get 12
i32.const 5
i32.gt_u
br_if 1
end
local.get 1
local.get 6
i32.const 1
i32.add
local.tee 6
i32.store offset=20
local.get 9
i32.const -1
i32.add
local.set 9
local.get 3
i64.const 10
i64.mul
local.get 11
i64.extend_i32_u
i64.const 255
i64.and
i64.add
local.set 3
br 1
end
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 9
local.get 4
i32.add
call 95
end
local.get 5
i32.const 16
i32.add
global.set 0)
(func (type 18) (param i32 i32 i32 i64 i32)
(local i32 i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 32
i32.sub
local.tee 5
global.set 0
local.get 1
local.get 1
i32.load offset=20
local.tee 6
i32.const 1
i32.add
local.tee 7
i32.store offset=20
i32.const 1
local.set 8
block  ;; label = @1
local.get 7
local.get 1
i32.load offset=16
i32.ge_u
br_if 0
i32.const 1
local.set 8
block  ;; label = @2
block  ;; label = @3
local.get 1
i32.load offset=12
local.get 7
i32.add
i32.load8_u
i32.const -43
i32.add
br_table 1 2 0 2
end
i32.const 0
local.set 8
end
local.get 1
local.get 6
i32.const 2
i32.add
i32.store offset=20
end
local.get 5
i32.const 12
i32.add
local.get 1
call 87
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 5
i32.load8_u offset=12
i32.const 1
i32.ne
br_if 0
local.get 5
i32.load offset=16
local.set 7
br 1
end
block  ;; label = @4
local.get 5
i32.load8_u offset=13
i32.const 1
i32.ne
br_if 0
local.get 5
i32.load8_u offset=14
i32.const -48
i32.add
i32.const 255
i32.and
local.tee 6
i32.const 10
i32.lt_u
br_if 2
local.get 5
i32.const 13
i32.store offset=20
local.get 1
local.get 5
i32.const 20
i32.add
call 88
local.set 7
local.get 0
i32.const 1
i32.store
local.get 0
local.get 7
i32.store offset=4
br 3
end
local.get 5
i32.const 5
i32.store offset=20
local.get 1
local.get 5
i32.const 20
i32.add
call 88
local.set 7
end
local.get 0
i32.const 1
i32.store
local.get 0
local.get 7
i32.store offset=4
br 1
end
local.get 1
i32.load offset=20
local.tee 7
local.get 1
i32.load offset=16
local.tee 9
local.get 7
local.get 9
i32.gt_u
select
local.set 10
local.get 1
i32.load offset=12
local.set 11
loop  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 10
local.get 7
i32.eq
br_if 0
local.get 11
local.get 7
i32.add
i32.load8_u
i32.const -48
i32.add
i32.const 255
i32.and
local.tee 9
i32.const 10
i32.lt_u
br_if 1
end
block  ;; label = @4
block  ;; label = @5
local.get 8
br_if 0
local.get 4
local.get 6
i32.sub
local.tee 7
i32.const 31
i32.shr_s
i32.const -2147483648
i32.xor
local.get 7
local.get 6
i32.const 0
i32.gt_s
local.get 7
local.get 4
i32.lt_s
i32.xor
select
local.set 7
br 1
end
local.get 4
local.get 6
i32.add
local.tee 7
i32.const 31
i32.shr_s
i32.const -2147483648
i32.xor
local.get 7
local.get 6
i32.const 0
i32.lt_s
local.get 7
local.get 4
i32.lt_s
i32.xor
select
local.set 7
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 7
call 94
br 2
end
local.get 1
local.get 7
i32.const 1
i32.add
local.tee 7
i32.store offset=20
block  ;; label = @3
block  ;; label = @4
local.get 6
i32.const 214748363
i32.le_s
br_if 0
local.get 6
i32.const 214748364
i32.ne
br_if 1
local.get 9
i32.const 7
i32.gt_u
br_if 1
end
local.get 6
i32.const 10
i32.mul
local.get 9
i32.add
local.set 6
br 1
end
end
local.get 0
local.get 1
local.get 2
local.get 3
i64.eqz
local.get 8
call 96
end
local.get 5
i32.const 32
i32.add
global.set 0)
(func (type 18) (param i32 i32 i32 i64 i32)
(local i32 f64 i32 f64)
global.get 0
i32.const 16
i32.sub
local.tee 5
global.set 0
local.get 3
f64.convert_i64_u
local.set 6
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
loop  ;; label = @5
block  ;; label = @6
local.get 4
local.get 4
i32.const 31
i32.shr_s
local.tee 7
i32.xor
local.get 7
i32.sub
local.tee 7
i32.const 308
i32.gt_u
br_if 0
local.get 7
i32.const 3
i32.shl
f64.load offset=67160
local.set 8
local.get 4
i32.const -1
i32.gt_s
br_if 2
local.get 6
local.get 8
f64.div
local.set 6
br 4
end
local.get 6
f64.const 0x0p+0
f64.eq
br_if 3
block  ;; label = @6
local.get 4
i32.const -1
i32.gt_s
br_if 0
local.get 4
i32.const 308
i32.add
local.set 4
local.get 6
f64.const 0x1.1ccf385ebc8ap+1023
f64.div
local.set 6
br 1
end
end
local.get 5
i32.const 14
i32.store offset=4
local.get 0
local.get 1
local.get 5
i32.const 4
i32.add
call 88
i32.store offset=4
br 1
end
local.get 6
local.get 8
f64.mul
local.tee 6
f64.abs
f64.const inf
f64.ne
br_if 1
local.get 5
i32.const 14
i32.store offset=4
local.get 0
local.get 1
local.get 5
i32.const 4
i32.add
call 88
i32.store offset=4
end
i32.const 1
local.set 4
br 1
end
local.get 0
local.get 6
local.get 6
f64.neg
local.get 2
select
f64.store offset=8
i32.const 0
local.set 4
end
local.get 0
local.get 4
i32.store
local.get 5
i32.const 16
i32.add
global.set 0)
(func (type 18) (param i32 i32 i32 i64 i32)
(local i32 i32 i32 i32)
local.get 1
i32.load offset=20
local.tee 5
local.get 1
i32.load offset=16
local.tee 6
local.get 5
local.get 6
i32.gt_u
select
local.set 6
local.get 1
i32.load offset=12
local.set 7
block  ;; label = @1
block  ;; label = @2
loop  ;; label = @3
local.get 6
local.get 5
i32.eq
br_if 1
block  ;; label = @4
local.get 7
local.get 5
i32.add
i32.load8_u
local.tee 8
i32.const -48
i32.add
i32.const 255
i32.and
i32.const 9
i32.gt_u
br_if 0
local.get 1
local.get 5
i32.const 1
i32.add
local.tee 5
i32.store offset=20
br 1
end
end
local.get 8
i32.const 32
i32.or
i32.const 101
i32.eq
br_if 1
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 4
call 94
return
end
local.get 0
local.get 1
local.get 2
local.get 3
local.get 4
call 93)
(func (type 9) (param i32 i32 i32 i32 i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 5
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 3
br_if 0
local.get 4
br_if 1
end
local.get 1
i32.load offset=20
local.tee 3
local.get 1
i32.load offset=16
local.tee 4
local.get 3
local.get 4
i32.gt_u
select
local.set 4
local.get 1
i32.load offset=12
local.set 6
loop  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 4
local.get 3
i32.eq
br_if 0
local.get 6
local.get 3
i32.add
i32.load8_u
i32.const -48
i32.add
i32.const 255
i32.and
i32.const 10
i32.lt_u
br_if 1
end
local.get 0
f64.const 0x0p+0
f64.const -0x0p+0
local.get 2
select
f64.store offset=8
i32.const 0
local.set 3
br 3
end
local.get 1
local.get 3
i32.const 1
i32.add
local.tee 3
i32.store offset=20
br 0
end
end
local.get 5
i32.const 14
i32.store offset=4
local.get 0
local.get 1
local.get 5
i32.const 4
i32.add
call 88
i32.store offset=4
i32.const 1
local.set 3
end
local.get 0
local.get 3
i32.store
local.get 5
i32.const 16
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32)
global.get 0
i32.const 32
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 20
i32.add
local.get 1
local.get 2
call 80
local.get 3
local.get 3
i32.load offset=28
i32.store offset=16 align=1
local.get 3
local.get 3
i64.load offset=20 align=4
i64.store offset=8 align=1
local.get 0
i32.const 3
i32.store8
local.get 0
local.get 3
i64.load offset=5 align=1
i64.store offset=1 align=1
local.get 0
local.get 3
i64.load offset=12 align=1
i64.store offset=8 align=1
local.get 3
i32.const 32
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
local.get 1
local.get 0
i32.load
local.get 0
i32.load offset=8
local.tee 3
i32.sub
i32.le_u
br_if 0
local.get 2
i32.const 8
i32.add
local.get 0
local.get 3
local.get 1
i32.const 1
i32.const 1
call 118
local.get 2
i32.load offset=8
local.tee 0
i32.const -2147483647
i32.eq
br_if 0
local.get 0
local.get 2
i32.load offset=12
call 41
unreachable
end
local.get 2
i32.const 16
i32.add
global.set 0)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32)
local.get 2
local.get 1
local.get 2
local.get 1
i32.gt_u
select
local.set 3
loop (result i32)  ;; label = @1
block  ;; label = @2
local.get 3
local.get 2
i32.ne
br_if 0
local.get 3
return
end
block  ;; label = @2
block  ;; label = @3
local.get 0
local.get 2
i32.add
i32.load8_u
i32.const -9
i32.add
local.tee 1
i32.const 23
i32.gt_u
br_if 0
i32.const 1
local.get 1
i32.shl
i32.const 8388627
i32.and
br_if 1
end
local.get 2
return
end
local.get 2
i32.const 1
i32.add
local.set 2
br 0
end)
(func (type 7) (param i32 i32 i32 i32)
(local i32 i32 i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 4
global.set 0
block  ;; label = @1
block  ;; label = @2
local.get 3
local.get 2
i32.ge_u
br_if 0
block  ;; label = @3
local.get 1
local.get 3
i32.add
i32.load8_u
local.tee 5
i32.const 34
i32.eq
br_if 0
block  ;; label = @4
local.get 5
i32.const 123
i32.eq
br_if 0
local.get 5
i32.const 91
i32.ne
br_if 2
end
i32.const 0
local.set 6
loop  ;; label = @4
block  ;; label = @5
local.get 1
local.get 2
local.get 3
call 104
local.tee 3
local.get 2
i32.lt_u
br_if 0
i32.const 1
local.set 5
br 4
end
block  ;; label = @5
local.get 1
local.get 3
i32.add
i32.load8_u
local.tee 5
i32.const 34
i32.eq
br_if 0
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
local.get 5
i32.const 91
i32.eq
br_if 0
local.get 5
i32.const 123
i32.ne
br_if 1
end
i32.const 1
local.set 5
br 1
end
i32.const -1
local.set 5
end
local.get 3
i32.const 1
i32.add
local.set 3
local.get 6
local.get 5
i32.add
local.tee 6
br_if 1
i32.const 0
local.set 5
br 4
end
local.get 4
i32.const 8
i32.add
local.get 1
local.get 2
local.get 3
call 101
i32.const 1
local.set 5
local.get 4
i32.load offset=12
local.set 3
local.get 4
i32.load offset=8
i32.const 1
i32.and
i32.eqz
br_if 0
br 3
end
end
local.get 4
local.get 1
local.get 2
local.get 3
call 101
local.get 4
i32.load offset=4
local.set 3
local.get 4
i32.load
local.set 5
br 1
end
local.get 3
local.get 2
local.get 3
local.get 2
i32.gt_u
select
local.set 7
loop  ;; label = @2
i32.const 0
local.set 5
block  ;; label = @3
local.get 7
local.get 3
i32.ne
br_if 0
local.get 7
local.set 3
br 2
end
block  ;; label = @3
local.get 1
local.get 3
i32.add
i32.load8_u
local.tee 2
i32.const -13
i32.add
local.tee 6
i32.const 31
i32.gt_u
br_if 0
i32.const 1
local.get 6
i32.shl
i32.const -2146959359
i32.and
br_if 2
end
local.get 2
i32.const -9
i32.add
i32.const 2
i32.lt_u
br_if 1
local.get 2
i32.const 93
i32.eq
br_if 1
local.get 2
i32.const 125
i32.eq
br_if 1
local.get 3
i32.const 1
i32.add
local.set 3
br 0
end
end
local.get 0
local.get 3
i32.store offset=4
local.get 0
local.get 5
i32.store
local.get 4
i32.const 16
i32.add
global.set 0)
(func (type 7) (param i32 i32 i32 i32)
(local i32 i32)
i32.const 1
local.set 4
block  ;; label = @1
block  ;; label = @2
local.get 3
local.get 2
i32.ge_u
br_if 0
local.get 1
local.get 3
i32.add
i32.load8_u
i32.const 34
i32.ne
br_if 1
i32.const 1
local.set 4
loop  ;; label = @3
local.get 1
local.get 2
local.get 3
i32.const 1
i32.add
call 103
local.tee 5
local.get 2
i32.ge_u
br_if 1
local.get 5
i32.const 1
i32.add
local.set 3
local.get 1
local.get 5
i32.add
i32.load8_u
i32.const 34
i32.ne
br_if 0
end
i32.const 0
local.set 4
br 1
end
end
local.get 0
local.get 3
i32.store offset=4
local.get 0
local.get 4
i32.store)
(func (type 2) (param i32 i32 i32)
call 5
unreachable)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i64)
local.get 1
local.get 2
i32.sub
local.set 3
block  ;; label = @1
loop  ;; label = @2
local.get 1
local.get 2
i32.lt_u
br_if 1
local.get 3
i32.const 8
i32.lt_u
br_if 1
block  ;; label = @3
local.get 0
local.get 2
i32.add
i64.load align=1
call 109
i64.const -9187201950435737472
i64.and
local.tee 4
i64.eqz
i32.eqz
br_if 0
local.get 3
i32.const -8
i32.add
local.set 3
local.get 2
i32.const 8
i32.add
local.set 2
br 1
end
end
local.get 4
i64.ctz
i32.wrap_i64
i32.const 3
i32.shr_u
local.get 2
i32.add
return
end
local.get 0
local.get 1
local.get 2
call 110)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i64)
local.get 1
local.get 2
i32.sub
local.set 3
block  ;; label = @1
loop  ;; label = @2
local.get 1
local.get 2
i32.lt_u
br_if 1
local.get 3
i32.const 8
i32.lt_u
br_if 1
block  ;; label = @3
local.get 0
local.get 2
i32.add
i64.load align=1
call 105
i64.const -9187201950435737472
i64.and
local.tee 4
i64.eqz
i32.eqz
br_if 0
local.get 3
i32.const -8
i32.add
local.set 3
local.get 2
i32.const 8
i32.add
local.set 2
br 1
end
end
local.get 4
i64.ctz
i32.wrap_i64
i32.const 3
i32.shr_u
local.get 2
i32.add
return
end
local.get 0
local.get 1
local.get 2
call 106)
(func (type 19) (param i64) (result i64)
(local i64)
local.get 0
i64.const 2314885530818453536
i64.or
local.tee 1
i64.const 8897841259083430779
i64.xor
i64.const -72340172838076673
i64.add
local.get 1
i64.const -8897841259083430780
i64.xor
i64.and
local.get 0
i64.const 2459565876494606882
i64.xor
i64.const -72340172838076673
i64.add
local.get 0
i64.const -2459565876494606883
i64.xor
i64.and
i64.or
local.get 1
i64.const 9042521604759584125
i64.xor
i64.const -72340172838076673
i64.add
local.get 1
i64.const -9042521604759584126
i64.xor
i64.and
i64.or)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i32 i64)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i64.const 2314885530818453536
i64.store offset=8
local.get 3
local.get 3
i32.const 8
i32.add
i32.const 0
local.get 1
local.get 2
i32.sub
local.tee 4
local.get 4
local.get 1
i32.gt_u
select
local.tee 4
call 107
local.get 3
i32.load
local.get 3
i32.load offset=4
i32.const 1
local.get 0
local.get 2
i32.add
local.get 1
local.get 2
i32.lt_u
select
local.get 4
call 108
local.get 3
i64.load offset=8
call 105
local.set 5
local.get 3
i32.const 16
i32.add
global.set 0
local.get 5
i64.const -9187201950435737472
i64.and
i64.ctz
i32.wrap_i64
i32.const 3
i32.shr_u
local.get 2
i32.add
local.tee 3
local.get 1
local.get 3
local.get 1
i32.lt_u
select)
(func (type 2) (param i32 i32 i32)
block  ;; label = @1
local.get 2
i32.const 9
i32.lt_u
br_if 0
i32.const 0
local.get 2
i32.const 8
call 102
unreachable
end
local.get 0
local.get 2
i32.store offset=4
local.get 0
local.get 1
i32.store)
(func (type 7) (param i32 i32 i32 i32)
block  ;; label = @1
local.get 1
local.get 3
i32.ne
br_if 0
block  ;; label = @2
local.get 1
i32.eqz
br_if 0
local.get 0
local.get 2
local.get 1
memory.copy
end
return
end
local.get 1
local.get 3
call 116
unreachable)
(func (type 19) (param i64) (result i64)
local.get 0
i64.const 2459565876494606882
i64.xor
i64.const -72340172838076673
i64.add
local.get 0
i64.const -2459565876494606883
i64.xor
i64.and
local.get 0
i64.const 6655295901103053916
i64.xor
i64.const -72340172838076673
i64.add
local.get 0
i64.const -6655295901103053917
i64.xor
i64.and
i64.or)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i32 i64)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i64.const 2314885530818453536
i64.store offset=8
local.get 3
local.get 3
i32.const 8
i32.add
i32.const 0
local.get 1
local.get 2
i32.sub
local.tee 4
local.get 4
local.get 1
i32.gt_u
select
local.tee 4
call 107
local.get 3
i32.load
local.get 3
i32.load offset=4
i32.const 1
local.get 0
local.get 2
i32.add
local.get 1
local.get 2
i32.lt_u
select
local.get 4
call 108
local.get 3
i64.load offset=8
call 109
local.set 5
local.get 3
i32.const 16
i32.add
global.set 0
local.get 5
i64.const -9187201950435737472
i64.and
i64.ctz
i32.wrap_i64
i32.const 3
i32.shr_u
local.get 2
i32.add
local.tee 3
local.get 1
local.get 3
local.get 1
i32.lt_u
select)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
block  ;; label = @1
block  ;; label = @2
local.get 0
i32.load offset=8
local.tee 3
i32.const 402653184
i32.and
i32.eqz
br_if 0
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 3
i32.const 268435456
i32.and
i32.eqz
br_if 0
local.get 0
i32.load16_u offset=14
local.tee 4
br_if 1
i32.const 0
local.set 2
br 2
end
block  ;; label = @7
local.get 2
i32.const 16
i32.lt_u
br_if 0
local.get 2
local.get 1
local.get 1
i32.const 3
i32.add
i32.const -4
i32.and
local.tee 5
i32.sub
local.tee 6
i32.add
local.tee 7
i32.const 3
i32.and
local.set 8
i32.const 0
local.set 9
i32.const 0
local.set 4
block  ;; label = @8
local.get 1
local.get 5
i32.eq
br_if 0
i32.const 0
local.set 4
local.get 1
local.set 10
loop  ;; label = @9
local.get 4
local.get 10
i32.load8_s
i32.const -65
i32.gt_s
i32.add
local.set 4
local.get 10
i32.const 1
i32.add
local.set 10
local.get 6
i32.const 1
i32.add
local.tee 6
br_if 0
end
end
block  ;; label = @8
local.get 8
i32.eqz
br_if 0
local.get 5
local.get 7
i32.const 2147483644
i32.and
i32.add
local.set 10
i32.const 0
local.set 9
loop  ;; label = @9
local.get 9
local.get 10
i32.load8_s
i32.const -65
i32.gt_s
i32.add
local.set 9
local.get 10
i32.const 1
i32.add
local.set 10
local.get 8
i32.const -1
i32.add
local.tee 8
br_if 0
end
end
local.get 7
i32.const 2
i32.shr_u
local.set 6
local.get 9
local.get 4
i32.add
local.set 4
loop  ;; label = @8
local.get 5
local.set 7
local.get 6
i32.eqz
br_if 5
local.get 6
i32.const 192
local.get 6
i32.const 192
i32.lt_u
select
local.tee 11
i32.const 3
i32.and
local.set 12
block  ;; label = @9
block  ;; label = @10
local.get 11
i32.const 2
i32.shl
local.tee 13
i32.const 1008
i32.and
local.tee 10
br_if 0
i32.const 0
local.set 9
br 1
end
local.get 7
local.get 10
i32.add
local.set 5
i32.const 0
local.set 9
local.get 7
local.set 10
loop  ;; label = @10
local.get 10
i32.const 12
i32.add
i32.load
local.tee 8
i32.const -1
i32.xor
i32.const 7
i32.shr_u
local.get 8
i32.const 6
i32.shr_u
i32.or
i32.const 16843009
i32.and
local.get 10
i32.const 8
i32.add
i32.load
local.tee 8
i32.const -1
i32.xor
i32.const 7
i32.shr_u
local.get 8
i32.const 6
i32.shr_u
i32.or
i32.const 16843009
i32.and
local.get 10
i32.const 4
i32.add
i32.load
local.tee 8
i32.const -1
i32.xor
i32.const 7
i32.shr_u
local.get 8
i32.const 6
i32.shr_u
i32.or
i32.const 16843009
i32.and
local.get 10
i32.load
local.tee 8
i32.const -1
i32.xor
i32.const 7
i32.shr_u
local.get 8
i32.const 6
i32.shr_u
i32.or
i32.const 16843009
i32.and
local.get 9
i32.add
i32.add
i32.add
i32.add
local.set 9
local.get 10
i32.const 16
i32.add
local.tee 10
local.get 5
i32.ne
br_if 0
end
end
local.get 6
local.get 11
i32.sub
local.set 6
local.get 7
local.get 13
i32.add
local.set 5
local.get 9
i32.const 8
i32.shr_u
i32.const 16711935
i32.and
local.get 9
i32.const 16711935
i32.and
i32.add
i32.const 65537
i32.mul
i32.const 16
i32.shr_u
local.get 4
i32.add
local.set 4
local.get 12
i32.eqz
br_if 0
end
local.get 12
i32.const 2
i32.shl
local.set 8
local.get 7
local.get 11
i32.const 252
i32.and
i32.const 2
i32.shl
i32.add
local.set 10
i32.const 0
local.set 9
loop  ;; label = @8
local.get 10
i32.load
local.tee 5
i32.const -1
i32.xor
i32.const 7
i32.shr_u
local.get 5
i32.const 6
i32.shr_u
i32.or
i32.const 16843009
i32.and
local.get 9
i32.add
local.set 9
local.get 10
i32.const 4
i32.add
local.set 10
local.get 8
i32.const -4
i32.add
local.tee 8
br_if 0
end
local.get 9
i32.const 8
i32.shr_u
i32.const 16711935
i32.and
local.get 9
i32.const 16711935
i32.and
i32.add
i32.const 65537
i32.mul
i32.const 16
i32.shr_u
local.get 4
i32.add
local.set 4
br 4
end
i32.const 0
local.set 4
local.get 2
i32.eqz
br_if 3
local.get 1
local.set 10
local.get 2
local.set 9
loop  ;; label = @7
local.get 4
local.get 10
i32.load8_s
i32.const -65
i32.gt_s
i32.add
local.set 4
local.get 10
i32.const 1
i32.add
local.set 10
local.get 9
i32.const -1
i32.add
local.tee 9
br_if 0
br 4
end
end
local.get 1
local.get 2
i32.add
local.set 5
i32.const 0
local.set 2
local.get 1
local.set 9
local.get 4
local.set 8
loop  ;; label = @6
local.get 9
local.tee 10
local.get 5
i32.eq
br_if 2
block  ;; label = @7
block  ;; label = @8
local.get 10
i32.load8_s
local.tee 9
i32.const -1
i32.le_s
br_if 0
local.get 10
i32.const 1
i32.add
local.set 9
br 1
end
block  ;; label = @8
local.get 9
i32.const -32
i32.ge_u
br_if 0
local.get 10
i32.const 2
i32.add
local.set 9
br 1
end
local.get 10
i32.const 4
i32.const 3
local.get 9
i32.const -17
i32.gt_u
select
i32.add
local.set 9
end
local.get 9
local.get 10
i32.sub
local.get 2
i32.add
local.set 2
local.get 8
i32.const -1
i32.add
local.tee 8
br_if 0
end
end
i32.const 0
local.set 8
end
local.get 4
local.get 8
i32.sub
local.set 4
end
local.get 4
local.get 0
i32.load16_u offset=12
local.tee 10
i32.ge_u
br_if 0
local.get 10
local.get 4
i32.sub
local.set 7
i32.const 0
local.set 10
i32.const 0
local.set 6
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 3
i32.const 29
i32.shr_u
i32.const 3
i32.and
br_table 2 0 1 2 2
end
local.get 7
local.set 6
br 1
end
local.get 7
i32.const 65534
i32.and
i32.const 1
i32.shr_u
local.set 6
end
local.get 3
i32.const 2097151
i32.and
local.set 4
local.get 0
i32.load offset=4
local.set 8
local.get 0
i32.load
local.set 5
block  ;; label = @3
loop  ;; label = @4
local.get 10
i32.const 65535
i32.and
local.get 6
i32.const 65535
i32.and
i32.ge_u
br_if 1
i32.const 1
local.set 9
local.get 10
i32.const 1
i32.add
local.set 10
local.get 5
local.get 4
local.get 8
i32.load offset=16
call_indirect (type 1)
br_if 3
br 0
end
end
i32.const 1
local.set 9
local.get 5
local.get 1
local.get 2
local.get 8
i32.load offset=12
call_indirect (type 0)
br_if 1
local.get 7
local.get 6
i32.sub
i32.const 65535
i32.and
local.set 6
i32.const 0
local.set 10
loop  ;; label = @3
block  ;; label = @4
local.get 10
i32.const 65535
i32.and
local.get 6
i32.lt_u
br_if 0
i32.const 0
return
end
i32.const 1
local.set 9
local.get 10
i32.const 1
i32.add
local.set 10
local.get 5
local.get 4
local.get 8
i32.load offset=16
call_indirect (type 1)
br_if 2
br 0
end
end
local.get 0
i32.load
local.get 1
local.get 2
local.get 0
i32.load offset=4
i32.load offset=12
call_indirect (type 0)
local.set 9
end
local.get 9)
(func (type 20) (param i32 i32 i32 i32 i32 i32) (result i32)
(local i32 i32 i32 i32 i32 i32 i32 i32 i64)
i32.const 43
i32.const 1114112
local.get 0
i32.load offset=8
local.tee 6
i32.const 2097152
i32.and
local.tee 7
select
local.set 8
local.get 7
i32.const 21
i32.shr_u
i32.const 1
local.get 1
select
local.get 5
i32.add
local.set 9
block  ;; label = @1
block  ;; label = @2
local.get 6
i32.const 8388608
i32.and
br_if 0
i32.const 0
local.set 2
br 1
end
i32.const 0
local.set 10
block  ;; label = @2
local.get 3
i32.eqz
br_if 0
local.get 2
local.set 7
local.get 3
local.set 11
loop  ;; label = @3
local.get 10
local.get 7
i32.load8_s
i32.const -65
i32.gt_s
i32.add
local.set 10
local.get 7
i32.const 1
i32.add
local.set 7
local.get 11
i32.const -1
i32.add
local.tee 11
br_if 0
end
end
local.get 10
local.get 9
i32.add
local.set 9
end
local.get 8
i32.const 45
local.get 1
select
local.set 12
block  ;; label = @1
block  ;; label = @2
local.get 9
local.get 0
i32.load16_u offset=12
local.tee 8
i32.ge_u
br_if 0
block  ;; label = @3
block  ;; label = @4
block  ;; label = @5
local.get 6
i32.const 16777216
i32.and
br_if 0
local.get 8
local.get 9
i32.sub
local.set 13
i32.const 0
local.set 7
i32.const 0
local.set 8
block  ;; label = @6
block  ;; label = @7
block  ;; label = @8
local.get 6
i32.const 29
i32.shr_u
i32.const 3
i32.and
br_table 2 0 1 0 2
end
local.get 13
local.set 8
br 1
end
local.get 13
i32.const 65534
i32.and
i32.const 1
i32.shr_u
local.set 8
end
local.get 6
i32.const 2097151
i32.and
local.set 1
local.get 0
i32.load offset=4
local.set 9
local.get 0
i32.load
local.set 11
loop  ;; label = @6
local.get 7
i32.const 65535
i32.and
local.get 8
i32.const 65535
i32.and
i32.ge_u
br_if 2
i32.const 1
local.set 10
local.get 7
i32.const 1
i32.add
local.set 7
local.get 11
local.get 1
local.get 9
i32.load offset=16
call_indirect (type 1)
i32.eqz
br_if 0
br 5
end
end
local.get 0
local.get 0
i64.load offset=8 align=4
local.tee 14
i32.wrap_i64
i32.const -1612709888
i32.and
i32.const 536870960
i32.or
i32.store offset=8
i32.const 1
local.set 10
local.get 0
i32.load
local.tee 11
local.get 0
i32.load offset=4
local.tee 1
local.get 12
local.get 2
local.get 3
call 113
br_if 3
i32.const 0
local.set 7
local.get 8
local.get 9
i32.sub
i32.const 65535
i32.and
local.set 9
loop  ;; label = @5
local.get 7
i32.const 65535
i32.and
local.get 9
i32.ge_u
br_if 2
i32.const 1
local.set 10
local.get 7
i32.const 1
i32.add
local.set 7
local.get 11
i32.const 48
local.get 1
i32.load offset=16
call_indirect (type 1)
i32.eqz
br_if 0
br 4
end
end
i32.const 1
local.set 10
local.get 11
local.get 9
local.get 12
local.get 2
local.get 3
call 113
br_if 2
local.get 11
local.get 4
local.get 5
local.get 9
i32.load offset=12
call_indirect (type 0)
br_if 2
local.get 13
local.get 8
i32.sub
i32.const 65535
i32.and
local.set 0
i32.const 0
local.set 7
loop  ;; label = @4
block  ;; label = @5
local.get 7
i32.const 65535
i32.and
local.get 0
i32.lt_u
br_if 0
i32.const 0
return
end
i32.const 1
local.set 10
local.get 7
i32.const 1
i32.add
local.set 7
local.get 11
local.get 1
local.get 9
i32.load offset=16
call_indirect (type 1)
i32.eqz
br_if 0
br 3
end
end
i32.const 1
local.set 10
local.get 11
local.get 4
local.get 5
local.get 1
i32.load offset=12
call_indirect (type 0)
br_if 1
local.get 0
local.get 14
i64.store offset=8 align=4
i32.const 0
return
end
i32.const 1
local.set 10
local.get 0
i32.load
local.tee 7
local.get 0
i32.load offset=4
local.tee 11
local.get 12
local.get 2
local.get 3
call 113
br_if 0
local.get 7
local.get 4
local.get 5
local.get 11
i32.load offset=12
call_indirect (type 0)
local.set 10
end
local.get 10)
(func (type 21) (param i32 i32 i32 i32 i32) (result i32)
block  ;; label = @1
local.get 2
i32.const 1114112
i32.eq
br_if 0
local.get 0
local.get 2
local.get 1
i32.load offset=16
call_indirect (type 1)
i32.eqz
br_if 0
i32.const 1
return
end
block  ;; label = @1
local.get 3
br_if 0
i32.const 0
return
end
local.get 0
local.get 3
local.get 4
local.get 1
i32.load offset=12
call_indirect (type 0))
(func (type 4)
i32.const 43
call 51
unreachable)
(func (type 6) (param i32 i32)
call 5
unreachable)
(func (type 6) (param i32 i32)
call 5
unreachable)
(func (type 7) (param i32 i32 i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.set 4
block  ;; label = @1
block  ;; label = @2
local.get 0
br_if 0
i32.const 0
local.set 0
local.get 4
i32.const 12
i32.add
local.set 3
br 1
end
local.get 4
local.get 2
i32.store offset=12
local.get 0
local.get 3
i32.mul
local.set 0
local.get 4
i32.const 8
i32.add
local.set 3
end
local.get 3
local.get 0
i32.store
block  ;; label = @1
local.get 4
i32.load offset=12
i32.eqz
br_if 0
local.get 4
i32.load offset=8
local.tee 4
i32.eqz
br_if 0
local.get 4
local.get 1
i32.add
i32.const 0
i32.load offset=71528
i32.ne
br_if 0
i32.const 0
local.get 1
i32.store offset=71528
end)
(func (type 10) (param i32 i32 i32 i32 i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 6
global.set 0
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
local.get 3
local.get 2
i32.add
local.tee 2
local.get 3
i32.ge_u
br_if 0
i32.const 0
local.set 3
br 1
end
local.get 6
i32.const 4
i32.add
local.get 1
i32.load
local.tee 3
local.get 1
i32.load offset=4
local.get 2
local.get 3
i32.const 1
i32.shl
local.tee 3
local.get 2
local.get 3
i32.gt_u
select
local.tee 3
i32.const 8
i32.const 4
local.get 5
i32.const 1
i32.eq
select
local.tee 2
local.get 3
local.get 2
i32.gt_u
select
local.tee 3
local.get 4
local.get 5
call 44
block  ;; label = @3
local.get 6
i32.load offset=4
i32.const 1
i32.ne
br_if 0
local.get 6
i32.load offset=12
local.set 2
local.get 6
i32.load offset=8
local.set 3
br 2
end
local.get 6
i32.load offset=8
local.set 2
local.get 1
local.get 3
i32.store
local.get 1
local.get 2
i32.store offset=4
i32.const -2147483647
local.set 3
end
end
local.get 0
local.get 2
i32.store offset=4
local.get 0
local.get 3
i32.store
local.get 6
i32.const 16
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
block  ;; label = @1
local.get 2
i32.eqz
br_if 0
local.get 1
local.get 2
call 2
local.set 1
end
local.get 0
local.get 2
i32.store offset=4
local.get 0
local.get 1
i32.store)
(func (type 11) (result i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 0
global.set 0
local.get 0
i32.const 8
i32.add
i32.const 8
i32.const 408
call 119
block  ;; label = @1
local.get 0
i32.load offset=8
local.tee 1
br_if 0
call 5
unreachable
end
local.get 0
i32.const 16
i32.add
global.set 0
local.get 1)
(func (type 7) (param i32 i32 i32 i32)
block  ;; label = @1
local.get 1
local.get 3
i32.ne
br_if 0
block  ;; label = @2
local.get 1
i32.const 12
i32.mul
local.tee 1
i32.eqz
br_if 0
local.get 2
local.get 0
local.get 1
memory.copy
end
return
end
i32.const 40
call 51
unreachable)
(func (type 7) (param i32 i32 i32 i32)
block  ;; label = @1
local.get 1
local.get 3
i32.ne
br_if 0
block  ;; label = @2
local.get 1
i32.const 24
i32.mul
local.tee 1
i32.eqz
br_if 0
local.get 2
local.get 0
local.get 1
memory.copy
end
return
end
i32.const 40
call 51
unreachable)
(func (type 7) (param i32 i32 i32 i32)
(local i32 i32 i32)
local.get 1
i32.load
local.tee 4
i32.const 268
i32.add
local.get 4
i32.load16_u offset=402
i32.const 1
i32.add
local.tee 5
local.get 1
i32.load offset=8
local.tee 6
local.get 2
call 129
local.get 4
local.get 5
local.get 6
local.get 3
call 130
local.get 4
local.get 5
i32.store16 offset=402
local.get 0
local.get 6
i32.store offset=8
local.get 0
local.get 4
i32.store
local.get 0
local.get 1
i32.load offset=4
i32.store offset=4)
(func (type 11) (result i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 0
global.set 0
local.get 0
i32.const 8
i32.add
i32.const 8
i32.const 456
call 119
block  ;; label = @1
local.get 0
i32.load offset=8
local.tee 1
br_if 0
call 5
unreachable
end
local.get 0
i32.const 16
i32.add
global.set 0
local.get 1)
(func (type 2) (param i32 i32 i32)
(local i32 i32 i32 i32)
local.get 1
i32.const 408
i32.add
local.set 3
local.get 1
i32.load16_u offset=402
local.set 4
i32.const 0
local.set 5
i32.const 0
local.set 6
block  ;; label = @1
loop  ;; label = @2
local.get 6
i32.const 1
i32.and
br_if 1
local.get 5
local.get 4
i32.gt_u
br_if 1
local.get 3
local.get 5
i32.const 2
i32.shl
i32.add
i32.load
local.tee 6
local.get 5
i32.store16 offset=400
local.get 6
local.get 1
i32.store offset=264
local.get 5
local.get 4
i32.ge_u
local.set 6
local.get 5
local.get 5
local.get 4
i32.lt_u
i32.add
local.set 5
br 0
end
end
local.get 0
local.get 2
i32.store offset=4
local.get 0
local.get 1
i32.store)
(func (type 9) (param i32 i32 i32 i32 i32)
(local i32 i32 i32 i32)
local.get 0
i32.const 268
i32.add
local.get 0
i32.load16_u offset=402
local.tee 5
i32.const 1
i32.add
local.tee 6
local.get 1
local.get 2
call 129
local.get 0
local.get 6
local.get 1
local.get 3
call 130
local.get 1
i32.const 1
i32.add
local.set 2
local.get 0
i32.const 408
i32.add
local.set 7
block  ;; label = @1
local.get 5
i32.const 2
i32.add
local.tee 3
local.get 1
i32.const 2
i32.add
local.tee 8
i32.le_u
br_if 0
local.get 5
local.get 1
i32.sub
i32.const 2
i32.shl
local.tee 5
i32.eqz
br_if 0
local.get 7
local.get 8
i32.const 2
i32.shl
i32.add
local.get 7
local.get 2
i32.const 2
i32.shl
i32.add
local.get 5
memory.copy
end
local.get 7
local.get 2
i32.const 2
i32.shl
i32.add
local.get 4
i32.store
local.get 0
local.get 6
i32.store16 offset=402
local.get 3
local.get 2
local.get 3
local.get 2
i32.gt_u
select
local.set 3
local.get 1
i32.const 2
i32.shl
local.get 0
i32.add
i32.const 412
i32.add
local.set 1
block  ;; label = @1
loop  ;; label = @2
local.get 3
local.get 2
i32.eq
br_if 1
local.get 1
i32.load
local.tee 6
local.get 2
i32.store16 offset=400
local.get 6
local.get 0
i32.store offset=264
local.get 1
i32.const 4
i32.add
local.set 1
local.get 2
i32.const 1
i32.add
local.set 2
br 0
end
end)
(func (type 5) (param i32)
block  ;; label = @1
block  ;; label = @2
block  ;; label = @3
block  ;; label = @4
local.get 0
i32.load8_u
br_table 1 1 1 2 3 0
end
local.get 0
i32.const 4
i32.add
call 36
end
return
end
local.get 0
i32.load offset=4
local.get 0
i32.load offset=8
call 11
return
end
local.get 0
i32.const 4
i32.add
call 37
local.get 0
i32.load offset=4
local.get 0
i32.load offset=8
call 38)
(func (type 2) (param i32 i32 i32)
(local i32)
block  ;; label = @1
local.get 1
i32.load offset=264
local.tee 3
i32.eqz
br_if 0
local.get 0
local.get 1
i32.load16_u offset=400
i32.store offset=8
local.get 0
local.get 2
i32.const 1
i32.add
i32.store offset=4
end
local.get 0
local.get 3
i32.store
block  ;; label = @1
i32.const 456
i32.const 408
local.get 2
select
local.get 1
i32.add
i32.const 0
i32.load offset=71528
i32.ne
br_if 0
i32.const 0
local.get 1
i32.store offset=71528
end)
(func (type 7) (param i32 i32 i32 i32)
(local i32)
block  ;; label = @1
local.get 1
local.get 2
i32.const 1
i32.add
local.tee 4
i32.le_u
br_if 0
local.get 1
local.get 2
i32.const -1
i32.xor
i32.add
i32.const 12
i32.mul
local.tee 1
i32.eqz
br_if 0
local.get 0
local.get 4
i32.const 12
i32.mul
i32.add
local.get 0
local.get 2
i32.const 12
i32.mul
i32.add
local.get 1
memory.copy
end
local.get 0
local.get 2
i32.const 12
i32.mul
i32.add
local.tee 2
local.get 3
i32.load offset=8
i32.store offset=8
local.get 2
local.get 3
i64.load align=4
i64.store align=4)
(func (type 7) (param i32 i32 i32 i32)
(local i32)
block  ;; label = @1
local.get 1
local.get 2
i32.const 1
i32.add
local.tee 4
i32.le_u
br_if 0
local.get 1
local.get 2
i32.const -1
i32.xor
i32.add
i32.const 24
i32.mul
local.tee 1
i32.eqz
br_if 0
local.get 0
local.get 4
i32.const 24
i32.mul
i32.add
local.get 0
local.get 2
i32.const 24
i32.mul
i32.add
local.get 1
memory.copy
end
local.get 0
local.get 2
i32.const 24
i32.mul
i32.add
local.tee 2
local.get 3
i64.load offset=16
i64.store offset=16
local.get 2
local.get 3
i64.load offset=8
i64.store offset=8
local.get 2
local.get 3
i64.load
i64.store)
(func (type 2) (param i32 i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 8
i32.add
local.get 1
call 91
local.get 2
local.get 3
i32.load offset=8
local.get 3
i32.load offset=12
call 86
local.set 1
local.get 0
i32.const 2
i32.store
local.get 0
local.get 1
i32.store offset=4
local.get 3
i32.const 16
i32.add
global.set 0)
(func (type 1) (param i32 i32) (result i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 8
i32.add
local.get 0
call 91
local.get 1
local.get 2
i32.load offset=8
local.get 2
i32.load offset=12
call 86
local.set 0
local.get 2
i32.const 16
i32.add
global.set 0
local.get 0)
(func (type 6) (param i32 i32)
(local i32)
block  ;; label = @1
local.get 0
i32.load offset=8
local.tee 2
local.get 0
i32.load
i32.ne
br_if 0
local.get 0
call 56
end
local.get 0
local.get 2
i32.const 1
i32.add
i32.store offset=8
local.get 0
i32.load offset=4
local.get 2
i32.add
local.get 1
i32.store8)
(func (type 6) (param i32 i32)
(local i32 i32 i32)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
local.get 2
i32.const 8
i32.add
local.get 1
i32.load offset=8
local.tee 3
local.get 1
i32.load
local.get 1
i32.load offset=4
local.tee 4
call 135
block  ;; label = @1
block  ;; label = @2
local.get 2
i32.load offset=12
i32.const 3
i32.gt_u
br_if 0
local.get 1
local.get 4
i32.store offset=8
local.get 2
i32.const 4
i32.store offset=20
local.get 0
local.get 1
local.get 2
i32.const 20
i32.add
call 136
br 1
end
local.get 2
i32.load offset=8
local.set 4
local.get 1
local.get 3
i32.const 4
i32.add
i32.store offset=8
block  ;; label = @2
local.get 4
i32.load8_u offset=1
i32.const 1
i32.shl
i32.load16_u offset=69632
local.get 4
i32.load8_u
i32.const 1
i32.shl
i32.load16_u offset=70144
i32.or
i32.extend16_s
i32.const 8
i32.shl
local.get 4
i32.load8_u offset=2
i32.const 1
i32.shl
i32.load16_s offset=70144
i32.or
local.get 4
i32.load8_u offset=3
i32.const 1
i32.shl
i32.load16_s offset=69632
i32.or
local.tee 4
i32.const -1
i32.gt_s
br_if 0
local.get 2
i32.const 12
i32.store offset=20
local.get 0
local.get 1
local.get 2
i32.const 20
i32.add
call 136
br 1
end
local.get 0
i32.const 0
i32.store16
local.get 0
local.get 4
i32.store16 offset=2
end
local.get 2
i32.const 32
i32.add
global.set 0)
(func (type 7) (param i32 i32 i32 i32)
block  ;; label = @1
local.get 3
local.get 1
i32.lt_u
br_if 0
local.get 0
local.get 3
local.get 1
i32.sub
i32.store offset=4
local.get 0
local.get 2
local.get 1
i32.add
i32.store
return
end
local.get 1
local.get 3
local.get 3
call 102
unreachable)
(func (type 2) (param i32 i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 8
i32.add
local.get 1
call 91
local.get 2
local.get 3
i32.load offset=8
local.get 3
i32.load offset=12
call 86
local.set 1
local.get 0
i32.const 1
i32.store16
local.get 0
local.get 1
i32.store offset=4
local.get 3
i32.const 16
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32 i32)
global.get 0
i32.const 16
i32.sub
local.tee 2
global.set 0
block  ;; label = @1
block  ;; label = @2
local.get 1
i32.load offset=8
local.tee 3
local.get 1
i32.load offset=4
i32.ge_u
br_if 0
local.get 0
i32.const 0
i32.store8
local.get 0
local.get 1
i32.load
local.get 3
i32.add
i32.load8_u
i32.store8 offset=1
br 1
end
local.get 2
i32.const 4
i32.store offset=4
local.get 0
local.get 1
local.get 2
i32.const 4
i32.add
call 138
end
local.get 2
i32.const 16
i32.add
global.set 0)
(func (type 2) (param i32 i32 i32)
(local i32)
global.get 0
i32.const 16
i32.sub
local.tee 3
global.set 0
local.get 3
i32.const 8
i32.add
local.get 1
call 91
local.get 2
local.get 3
i32.load offset=8
local.get 3
i32.load offset=12
call 86
local.set 1
local.get 0
i32.const 1
i32.store8
local.get 0
local.get 1
i32.store offset=4
local.get 3
i32.const 16
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32 i32 i32)
block  ;; label = @1
local.get 0
i32.const 128
i32.lt_u
br_if 0
local.get 1
i32.const 4
call 98
local.get 1
i32.load offset=4
local.get 1
i32.load offset=8
local.tee 2
i32.add
local.set 3
block  ;; label = @2
block  ;; label = @3
local.get 0
i32.const 2048
i32.ge_u
br_if 0
local.get 3
local.get 0
i32.const 6
i32.shr_u
i32.const 192
i32.or
i32.store8
i32.const 2
local.set 4
br 1
end
block  ;; label = @3
local.get 0
i32.const 65535
i32.gt_u
br_if 0
local.get 3
local.get 0
i32.const 12
i32.shr_u
i32.const 224
i32.or
i32.store8
local.get 3
local.get 0
i32.const 6
i32.shr_u
i32.const 63
i32.and
i32.const 128
i32.or
i32.store8 offset=1
i32.const 3
local.set 4
br 1
end
local.get 3
local.get 0
i32.const 18
i32.shr_u
i32.const 240
i32.or
i32.store8
local.get 3
local.get 0
i32.const 6
i32.shr_u
i32.const 63
i32.and
i32.const 128
i32.or
i32.store8 offset=2
local.get 3
local.get 0
i32.const 12
i32.shr_u
i32.const 63
i32.and
i32.const 128
i32.or
i32.store8 offset=1
i32.const 4
local.set 4
end
local.get 1
local.get 2
local.get 4
i32.add
i32.store offset=8
local.get 3
local.get 4
i32.add
i32.const -1
i32.add
local.get 0
i32.const 63
i32.and
i32.const 128
i32.or
i32.store8
return
end
local.get 1
local.get 0
call 133)
(func (type 5) (param i32)
(local i32 i32 i32 i32)
local.get 0
i32.load offset=8
local.tee 1
local.get 0
i32.load offset=4
local.tee 2
local.get 1
local.get 2
i32.gt_u
select
local.set 3
local.get 0
i32.load
local.set 4
block  ;; label = @1
loop  ;; label = @2
local.get 3
local.get 1
i32.eq
br_if 1
local.get 4
local.get 1
i32.add
i32.load8_u
local.tee 2
i32.const 34
i32.eq
br_if 1
local.get 2
i32.const 92
i32.eq
br_if 1
local.get 2
i32.const 32
i32.lt_u
br_if 1
local.get 0
local.get 1
i32.const 1
i32.add
local.tee 1
i32.store offset=8
br 0
end
end)
(func (type 7) (param i32 i32 i32 i32)
(local i32 i32 i32 i32 i32 i32 i32)
global.get 0
i32.const 32
i32.sub
local.tee 4
global.set 0
i32.const 0
local.set 5
block  ;; label = @1
local.get 3
i32.eqz
br_if 0
i32.const 0
local.get 3
i32.const -7
i32.add
local.tee 5
local.get 5
local.get 3
i32.gt_u
select
local.set 6
local.get 2
i32.const 3
i32.add
i32.const -4
i32.and
local.get 2
i32.sub
local.set 7
i32.const 0
local.set 5
block  ;; label = @2
loop  ;; label = @3
block  ;; label = @4
block  ;; label = @5
block  ;; label = @6
block  ;; label = @7
local.get 2
local.get 5
i32.add
i32.load8_u
local.tee 8
i32.extend8_s
local.tee 9
i32.const 0
i32.lt_s
br_if 0
local.get 7
local.get 5
i32.sub
i32.const 3
i32.and
br_if 1
local.get 5
local.get 6
i32.ge_u
br_if 2
loop  ;; label = @8
local.get 2
local.get 5
i32.add
local.tee 8
i32.const 4
i32.add
i32.load
local.get 8
i32.load
i32.or
i32.const -2139062144
i32.and
br_if 3
local.get 5
i32.const 8
i32.add
local.tee 5
local.get 6
i32.lt_u
br_if 0
br 3
end
end
block  ;; label = @7
block  ;; label = @8
block  ;; label = @9
block  ;; label = @10
block  ;; label = @11
block  ;; label = @12
block  ;; label = @13
local.get 8
i32.load8_u offset=66628
i32.const -2
i32.add
br_table 0 1 2 5
end
local.get 5
i32.const 1
i32.add
local.tee 8
local.get 3
i32.ge_u
br_if 4
local.get 2
local.get 8
i32.add
i32.load8_s
i32.const -65
i32.gt_s
br_if 4
br 5
end
local.get 5
i32.const 1
i32.add
local.tee 10
local.get 3
i32.ge_u
br_if 3
local.get 2
local.get 10
i32.add
i32.load8_s
local.set 10
block  ;; label = @12
block  ;; label = @13
local.get 8
i32.const 224
i32.eq
br_if 0
local.get 8
i32.const 237
i32.eq
br_if 1
local.get 9
i32.const 31
i32.add
i32.const 255
i32.and
i32.const 12
i32.lt_u
br_if 3
local.get 9
i32.const -2
i32.and
i32.const -18
i32.ne
br_if 5
local.get 10
i32.const -64
i32.lt_s
br_if 4
br 5
end
local.get 10
i32.const -32
i32.and
i32.const -96
i32.eq
br_if 3
br 4
end
local.get 10
i32.const -97
i32.gt_s
br_if 3
br 2
end
local.get 5
i32.const 1
i32.add
local.tee 10
local.get 3
i32.ge_u
br_if 2
local.get 2
local.get 10
i32.add
i32.load8_s
local.set 10
block  ;; label = @11
block  ;; label = @12
block  ;; label = @13
block  ;; label = @14
local.get 8
i32.const -240
i32.add
br_table 1 0 0 0 2 0
end
local.get 9
i32.const 15
i32.add
i32.const 255
i32.and
i32.const 2
i32.gt_u
br_if 5
local.get 10
i32.const -64
i32.lt_s
br_if 2
br 5
end
local.get 10
i32.const 112
i32.add
i32.const 255
i32.and
i32.const 48
i32.lt_u
br_if 1
br 4
end
local.get 10
i32.const -113
i32.gt_s
br_if 3
end
local.get 5
i32.const 2
i32.add
local.tee 8
local.get 3
i32.ge_u
br_if 2
local.get 2
local.get 8
i32.add
i32.load8_s
i32.const -65
i32.gt_s
br_if 2
local.get 5
i32.const 3
i32.add
local.tee 8
local.get 3
i32.ge_u
br_if 2
local.get 2
local.get 8
i32.add
i32.load8_s
i32.const -64
i32.lt_s
br_if 3
br 2
end
local.get 10
i32.const -64
i32.ge_s
br_if 1
end
local.get 5
i32.const 2
i32.add
local.tee 8
local.get 3
i32.ge_u
br_if 0
local.get 2
local.get 8
i32.add
i32.load8_s
i32.const -65
i32.le_s
br_if 1
end
local.get 4
i32.const 8
i32.add
local.get 1
call 91
local.get 4
i32.load offset=8
local.set 6
local.get 4
i32.load offset=12
local.set 8
local.get 4
i32.const 15
i32.store offset=20
i32.const 0
local.set 2
local.get 4
i32.const 20
i32.add
local.get 6
i32.const 0
local.get 8
local.get 5
local.get 3
i32.sub
i32.add
local.tee 5
local.get 5
local.get 8
i32.gt_u
select
call 86
local.set 5
br 6
end
local.get 8
i32.const 1
i32.add
local.set 5
br 2
end
local.get 5
i32.const 1
i32.add
local.set 5
br 1
end
local.get 5
local.get 3
i32.ge_u
br_if 0
loop  ;; label = @5
local.get 2
local.get 5
i32.add
i32.load8_s
i32.const 0
i32.lt_s
br_if 1
local.get 3
local.get 5
i32.const 1
i32.add
local.tee 5
i32.ne
br_if 0
br 3
end
end
local.get 5
local.get 3
i32.lt_u
br_if 0
end
end
local.get 3
local.set 5
end
local.get 0
local.get 2
i32.store
local.get 0
local.get 5
i32.store offset=4
local.get 4
i32.const 32
i32.add
global.set 0)
(func (type 6) (param i32 i32)
(local i32 i32 i32 i32 i64 i64 i64 i64)
global.get 0
i32.const 32
i32.sub
local.tee 2
global.set 0
local.get 2
local.get 1
i32.const 303
i32.add
local.tee 3
i32.const 28
i32.div_u
local.tee 4
i32.const 4
i32.shl
local.tee 5
i64.load offset=70888
local.tee 6
i64.const 0
local.get 3
local.get 4
i32.const 28
i32.mul
i32.sub
i32.const 3
i32.shl
i64.load offset=70656
local.tee 7
i64.const 0
call 145
local.get 2
i32.const 16
i32.add
local.get 5
i64.load offset=70880
local.tee 8
i64.const 0
local.get 7
i64.const 0
call 145
block  ;; label = @1
local.get 8
local.get 7
i64.mul
local.tee 9
local.get 2
i64.load offset=8
i64.add
local.tee 8
local.get 9
i64.lt_u
i64.extend_i32_u
local.get 2
i64.load offset=24
i64.add
local.tee 9
i64.const 0
i64.lt_s
br_if 0
local.get 9
i64.const 1
i64.shl
local.get 8
i64.const 63
i64.shr_u
i64.or
local.set 9
local.get 8
i64.const 1
i64.shl
local.get 6
local.get 7
i64.mul
i64.const 63
i64.shr_u
i64.or
local.set 8
end
local.get 0
local.get 9
i64.store
local.get 0
local.get 8
local.get 1
i32.const 293
i32.add
local.tee 1
i32.const 3
i32.shr_u
i32.const 536870908
i32.and
i32.load offset=71248
local.get 1
i32.shr_u
i32.const 1
i32.and
i64.extend_i32_u
i64.sub
i64.store offset=8
local.get 2
i32.const 32
i32.add
global.set 0)
(func (type 22) (param i32 i64 i64 i64)
(local i32)
global.get 0
i32.const 32
i32.sub
local.tee 4
global.set 0
local.get 4
local.get 3
i64.const 0
local.get 1
i64.const 0
call 145
local.get 4
i32.const 16
i32.add
local.get 3
i64.const 0
local.get 2
i64.const 0
call 145
local.get 0
local.get 4
i64.load offset=24
local.tee 3
local.get 4
i64.load
i64.add
local.tee 1
i64.store offset=8
local.get 0
local.get 1
local.get 3
i64.lt_u
i64.extend_i32_u
local.get 4
i64.load offset=8
i64.add
i64.store
local.get 4
i32.const 32
i32.add
global.set 0)
(func (type 0) (param i32 i32 i32) (result i32)
(local i32 i32 i32)
i32.const 0
local.set 3
block  ;; label = @1
local.get 2
i32.eqz
br_if 0
block  ;; label = @2
loop  ;; label = @3
local.get 0
i32.load8_u
local.tee 4
local.get 1
i32.load8_u
local.tee 5
i32.ne
br_if 1
local.get 0
i32.const 1
i32.add
local.set 0
local.get 1
i32.const 1
i32.add
local.set 1
local.get 2
i32.const -1
i32.add
local.tee 2
i32.eqz
br_if 2
br 0
end
end
local.get 4
local.get 5
i32.sub
local.set 3
end
local.get 3)
(func (type 23) (param i32 i64 i64 i64 i64)
(local i64 i64 i64 i64 i64 i64)
local.get 0
local.get 3
i64.const 4294967295
i64.and
local.tee 5
local.get 1
i64.const 4294967295
i64.and
local.tee 6
i64.mul
local.tee 7
local.get 3
i64.const 32
i64.shr_u
local.tee 8
local.get 6
i64.mul
local.tee 6
local.get 5
local.get 1
i64.const 32
i64.shr_u
local.tee 9
i64.mul
i64.add
local.tee 5
i64.const 32
i64.shl
i64.add
local.tee 10
i64.store
local.get 0
local.get 8
local.get 9
i64.mul
local.get 5
local.get 6
i64.lt_u
i64.extend_i32_u
i64.const 32
i64.shl
local.get 5
i64.const 32
i64.shr_u
i64.or
i64.add
local.get 10
local.get 7
i64.lt_u
i64.extend_i32_u
i64.add
local.get 4
local.get 1
i64.mul
local.get 3
local.get 2
i64.mul
i64.add
i64.add
i64.store offset=8)
(table 7 7 funcref)
(memory 2 64)
(global (mut i32) (i32.const 65536))
(global i32 (i32.const 71536))
(global i32 (i32.const 71532))
(export "memory" (memory 0))
(export "configedge_abi" (func 42))
(export "configedge_alloc" (func 43))
(export "configedge_check" (func 45))
(export "configedge_derive" (func 50))
(export "__heap_base" (global 1))
(export "__data_end" (global 2))
(elem (i32.const 1) func 25 29 57 58 59 60)
(data (;0;) (i32.const 65536) "ratingrating is not an objectgive it min, max and bucket_widthminmaxbucket_width\07rating.\c0\00\c0\02..\c0\00\0ba width of \c0\07 makes \c0\1b buckets, and the limit is \c0\00\c0\04 is \c0\00\07max is \c0\11, not above min, \c0\00\1cchoose a width that divides \c0\0d, or move max\00\c0F is written by hand, and not what min, max and bucket_width make of it\00\0cwiden it to \c0\08 or more\00\c0\04 to \c0\14 is too wide a scale\00\c0%, from min to max, is no multiple of \c0\15: the last bucket is \c0\05 wide\00\0ca bucket is \c0\05 wide\00rating.bucket_width\00\00\00\00\00\00\00\01\00\00\00\00\00\00rating.maxlower max, or raise minraise max, or lower minwrite a width above 0no whole numberwrite a whole numberbucketsbucket_countbucket_namesremove it: it is derivedmissinga booleana stringa listan object\00\00\03\03\01\00\8e\02\01\00-\02\01\00\97\02\01\00\9f\02\01\00\a5\02\01\00\04\00\00\00\09\00\00\00\0f\00\00\00\08\00\00\00\06\00\00\00\09\00\00\00\03\00\00\00\0c\00\00\00\04\00\00\00\04\00\00\00\05\00\00\00\06\00\00\00}\22falsetruenull[{,:]the policy cannot read the values: no JSON, too deep, or with a number of over 308 digitsshorten such a number; if there is none, report this to whoever runs the relayvalueskeymessage{\22key\22:\22\22,\22message\22:\22there is more, which is left out here\22,\22hint\22:\22begin with what is named\22}{\22accept\22:,\22messages\22:[]}ullruealse\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\02\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\03\04\04\04\04\04\00\00\00\00\00\00\00\00\00\00\00uuuuuuuubtnufruuuuuuuuuuuuuuuuuu\00\00\22\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\5c\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\000123456789abcdef\00\00\00\00\00\00\00\00\00\00\f0?\00\00\00\00\00\00$@\00\00\00\00\00\00Y@\00\00\00\00\00@\8f@\00\00\00\00\00\88\c3@\00\00\00\00\00j\f8@\00\00\00\00\80\84.A\00\00\00\00\d0\12cA\00\00\00\00\84\d7\97A\00\00\00\00e\cd\cdA\00\00\00 _\a0\02B\00\00\00\e8vH7B\00\00\00\a2\94\1amB\00\00@\e5\9c0\a2B\00\00\90\1e\c4\bc\d6B\00\004&\f5k\0cC\00\80\e07y\c3AC\00\a0\d8\85W4vC\00\c8Ngm\c1\abC\00=\91`\e4X\e1C@\8c\b5x\1d\af\15DP\ef\e2\d6\e4\1aKD\92\d5M\06\cf\f0\80D\f6J\e1\c7\02-\b5D\b4\9d\d9yCx\eaD\91\02(,*\8b E5\032\b7\f4\adTE\02\84\fe\e4q\d9\89E\81\12\1f/\e7'\c0E!\d7\e6\fa\e01\f4E\ea\8c\a09Y>)F$\b0\08\88\ef\8d_F\17n\05\b5\b5\b8\93F\9c\c9F\22\e3\a6\c8F\03|\d8\ea\9b\d0\feF\82M\c7raB3G\e3 y\cf\f9\12hG\1biWC\b8\17\9eG\b1\a1\16*\d3\ce\d2G\1dJ\9c\f4\87\82\07H\a5\5c\c3\f1)c=H\e7\19\1a7\fa]rHa\a0\e0\c4x\f5\a6Hy\c8\18\f6\d6\b2\dcHL}\cfY\c6\ef\11I\9e\5cC\f0\b7kFI\c63T\ec\a5\06|I\5c\a0\b4\b3'\84\b1Is\c8\a1\a01\e5\e5I\8f:\ca\08~^\1bJ\9ad~\c5\0e\1bQJ\c0\fd\ddv\d2a\85J0}\95\14G\ba\baJ>n\ddll\b4\f0J\ce\c9\14\88\87\e1$KA\fc\19j\e9\19ZK\a9=P\e21P\90K\13M\e4Z>d\c4KW`\9d\f1M}\f9Km\b8\04n\a1\dc/LD\f3\c2\e4\e4\e9cL\15\b0\f3\1d^\e4\98L\1b\9cp\a5u\1d\cfL\91af\87ir\03M\f5\f9?\e9\03O8Mr\f8\8f\e3\c4bnMG\fb9\0e\bb\fd\a2M\19z\c8\d1)\bd\d7M\9f\98:Ft\ac\0dNd\9f\e4\ab\c8\8bBN=\c7\dd\d6\ba.wN\0c9\95\8ci\fa\acN\a7C\dd\f7\81\1c\e2N\91\94\d4u\a2\a3\16O\b5\b9I\13\8bLLO\11\14\0e\ec\d6\af\81O\16\99\11\a7\cc\1b\b6O[\ff\d5\d0\bf\a2\ebO\99\bf\85\e2\b7E!P\7f/'\db%\97UP_\fb\f0Q\ef\fc\8aP\1b\9d6\93\15\de\c0PbD\04\f8\9a\15\f5P{U\05\b6\01[*QmU\c3\11\e1x`Q\c8*4V\19\97\94Qz5\c1\ab\df\bc\c9Ql\c1X\cb\0b\16\00R\c7\f1.\be\8e\1b4R9\ae\bamr\22iR\c7Y)\09\0fk\9fR\1d\d8\b9e\e9\a2\d3R$N(\bf\a3\8b\08S\ada\f2\ae\8c\ae>S\0c}W\ed\17-sSO\5c\ad\e8]\f8\a7Sc\b3\d8bu\f6\ddS\1ep\c7]\09\ba\12T%L9\b5\8bhGT.\9f\87\a2\aeB}T}\c3\94%\adI\b2T\5c\f4\f9n\18\dc\e6Tsq\b8\8a\1e\93\1cU\e8F\b3\16\f3\dbQU\a2\18`\dc\efR\86U\ca\1ex\d3\ab\e7\bbU?\13+d\cbp\f1U\0e\d85=\fe\cc%V\12N\83\cc=@[V\cb\10\d2\9f&\08\91V\fe\94\c6G0J\c5V=:\b8Y\bc\9c\faVf$\13\b8\f5\a10W\80\ed\17&s\cadW\e0\e8\9d\ef\0f\fd\99W\8c\b1\c2\f5)>\d0W\ef]3s\b4M\04Xk5\00\90!a9X\c5B\00\f4i\b9oX\bb)\808\e2\d3\a3X*4\a0\c6\da\c8\d8X5AHx\11\fb\0eY\c1(-\eb\ea\5cCY\f1r\f8\a5%4xY\ad\8fv\0f/A\aeY\cc\19\aai\bd\e8\e2Y?\a0\14\c4\ec\a2\17ZO\c8\19\f5\a7\8bMZ2\1d0\f9Hw\82Z~$|7\1b\15\b7Z\9e-[\05b\da\ecZ\82\fcXC}\08\22[\a3;/\94\9c\8aV[\8c\0a;\b9C-\8c[\97\e6\c4SJ\9c\c1[= \b6\e8\5c\03\f6[M\a8\e3\224\84+\5c0I\ce\95\a02a\5c|\dbA\bbH\7f\95\5c[R\12\ea\1a\df\ca\5cysK\d2p\cb\00]WP\de\06M\fe4]m\e4\95H\e0=j]\c4\ae]-\acf\a0]u\1a\b58W\80\d4]\12a\e2\06m\a0\09^\ab|M$D\04@^\d6\db`-U\05t^\cc\12\b9x\aa\06\a9^\7fW\e7\16UH\df^\af\96P.5\8d\13_[\bc\e4y\82pH_r\eb]\18\a3\8c~_'\b3:\ef\e5\17\b3_\f1_\09k\df\dd\e7_\ed\b7\cbEW\d5\1d`\f4R\9f\8bV\a5R`\b1'\87.\acN\87`\9d\f1(:W\22\bd`\02\97Y\84v5\f2`\c3\fco%\d4\c2&a\f4\fb\cb.\89s\5cax}?\bd5\c8\91a\d6\5c\8f,C:\c6a\0c4\b3\f7\d3\c8\fba\87\00\d0z\84]1b\a9\00\84\99\e5\b4eb\d4\00\e5\ff\1e\22\9bb\84 \ef_S\f5\d0b\a5\e8\ea7\a82\05c\cf\a2\e5ER\7f:c\c1\85\afk\93\8fpc2g\9bFx\b3\a4c\fe@BXV\e0\d9c\9fh)\f75,\10d\c6\c2\f3tC7Ddx\b30R\14EydV\e0\bcfY\96\afd6\0c6\e0\f7\bd\e3dC\8fC\d8u\ad\18e\14sTN\d3\d8Ne\ec\c7\f4\10\84G\83e\e8\f91\15e\19\b8eax~Z\be\1f\eee=\0b\8f\f8\d6\d3\22f\0c\ce\b2\b6\cc\88Wf\8f\81_\e4\ffj\8df\f9\b0\bb\ee\dfb\c2f8\9dj\ea\97\fb\f6f\86D\05\e5}\ba,g\d4J#\af\8e\f4ag\89\1d\ecZ\b2q\96g\eb$\a7\f1\1e\0e\ccg\13w\08W\d3\88\01h\d7\94\ca,\08\eb5h\0d:\fd7\caekhHD\feb\9e\1f\a1hZ\d5\bd\fb\85g\d5h\b1J\adzg\c1\0ai\afN\ac\ac\e0\b8@iZb\d7\d7\18\e7ti\f1:\cd\0d\df \aai\d6D\a0h\8bT\e0i\0cV\c8B\aei\14j\8fkz\d3\19\84Ijs\06YH \e5\7fj\08\a47-4\ef\b3j\0a\8d\858\01\eb\e8jL\f0\a6\86\c1%\1fk0V(\f4\98wSk\bbk21\7fU\88k\aa\06\7f\fd\dej\bek*do^\cb\02\f3k5=\0b6~\c3'l\82\0c\8e\c3]\b4]l\d1\c78\9a\ba\90\92l\c6\f9\c6@\e94\c7l7\b8\f8\90#\02\fdl#s\9b:V!2m\ebOB\c9\ab\a9fm\e6\e3\92\bb\16T\9cmp\ce;5\8e\b4\d1m\0c\c2\8a\c2\b1!\06n\8fr-3\1e\aa;n\99g\fc\dfRJqn\7f\81\fb\97\e7\9c\a5n\dfa\fa}!\04\dbn,}\bc\ee\94\e2\10ov\9ck*:\1bEo\94\83\06\b5\08bzo=\12$qE}\b0o\cc\16m\cd\96\9c\e4o\7f\5c\c8\80\bc\c3\19p\cf9}\d0U\1aPpC\88\9cD\eb \84pT\aa\c3\15&)\b9p\e9\944\9bos\efp\11\dd\00\c1%\a8#qV\14A1/\92XqkY\91\fd\ba\b6\8eq\e3\d7z\de42\c3q\dc\8d\19\16\c2\fe\f7qS\f1\9f\9br\fe-r\d4\f6C\a1\07\bfbr\89\f4\94\89\c9n\97r\ab1\fa\eb{J\cdr\0b_|s\8dN\02s\cdv[\d00\e26s\81Tr\04\bd\9als\d0t\c7\22\b6\e0\a1s\04Ry\ab\e3X\d6s\86\a6W\96\1c\ef\0bt\14\c8\f6\ddquAt\18ztU\ce\d2ut\9e\98\d1\ea\81G\abtc\ff\c22\b1\0c\e1t<\bfs\7f\ddO\15u\0b\afP\df\d4\a3Jugm\92\0be\a6\80u\c0\08wN\fe\cf\b4u\f1\ca\14\e2\fd\03\eau\d6\feL\ad~B v\8c>\a0X\1eSTv/N\c8\ee\e5g\89v\bbazj\df\c1\bfv\15}\8c\a2+\d9\f3vZ\9c/\8bv\cf(wp\83\fb-T\03_w&2\bd\9c\14b\93w\b0~\ec\c3\99:\c8w\5c\9e\e74@I\few\f9\c2\10!\c8\ed2x\b8\f3T):\a9gx\a50\aa\b3\88\93\9dxg^Jp5|\d2x\01\f6\5c\ccB\1b\07y\823t\7f\13\e2<y1\a0\a8/L\0dry=\c8\92;\9f\90\a6yMzw\0a\c74\dcyp\ac\8af\fc\a0\11z\8cW-\80;\09Fzo\ad8`\8a\8b{zel#|67\b1z\7fG,\1b\04\85\e5z^Y\f7!E\e6\1a{\db\97:5\eb\cfP{\d2=\89\02\e6\03\85{F\8d+\83\dfD\ba{L8\fb\b1\0bk\f0{_\06z\9e\ce\85$|\f6\87\18FB\a7Y|\faT\cfk\89\08\90|8*\c3\c6\ab\0a\c4|\c7\f4s\b8V\0d\f9|\f8\f1\90f\acP/};\97\1a\c0k\92c}\0a=!\b0\06w\98}L\8c)\5c\c8\94\ce}\b0\f7\999\fd\1c\03~\9cu\00\88<\e47~\03\93\00\aaK\ddm~\e2[@JO\aa\a2~\dar\d0\1c\e3T\d7~\90\8f\04\e4\1b*\0d\7f\ba\d9\82nQ:B\7f)\90#\ca\e5\c8v\7f3t\ac<\1f{\ac\7f\a0\c8\eb\85\f3\cc\e1\7f\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\00\00\01\00\02\00\03\00\04\00\05\00\06\00\07\00\08\00\09\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\0a\00\0b\00\0c\00\0d\00\0e\00\0f\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\0a\00\0b\00\0c\00\0d\00\0e\00\0f\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\00\00\10\00 \000\00@\00P\00`\00p\00\80\00\90\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\a0\00\b0\00\c0\00\d0\00\e0\00\f0\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\a0\00\b0\00\c0\00\d0\00\e0\00\f0\00\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\ff\00\00\00\00\00\00\00\80\00\00\00\00\00\00\00\a0\00\00\00\00\00\00\00\c8\00\00\00\00\00\00\00\fa\00\00\00\00\00\00@\9c\00\00\00\00\00\00P\c3\00\00\00\00\00\00$\f4\00\00\00\00\00\80\96\98\00\00\00\00\00 \bc\be\00\00\00\00\00(k\ee\00\00\00\00\00\f9\02\95\00\00\00\00@\b7C\ba\00\00\00\00\10\a5\d4\e8\00\00\00\00*\e7\84\91\00\00\00\80\f4 \e6\b5\00\00\00\a01\a9_\e3\00\00\00\04\bf\c9\1b\8e\00\00\00\c5.\bc\a2\b1\00\00@v:k\0b\de\00\00\e8\89\04#\c7\8a\00\00b\ac\c5\ebx\ad\00\80z\17\b7&\d7\d8\00\90\acn2x\86\87\00\b4W\0a?\16h\a9\00\a1\ed\cc\ce\1b\c2\d3\a0\84\14@aQY\84\c8\a5\19\90\b9\a5o\a5:\0f \f4'\8f\cb\ceo\1b\8e(\10T\8e\af\daM\e4^\ae\f0\ec\07J\fb\9f\f4\98'D\b1\9dwA\df\cf\11\cd\99\07\ef\99\85\0b?\fe\b2\15\aa\b4\dc\e6\a7\1f\86c\beZ\06\0b\a5\bc\b4\aaSkuz\07\ed\0f\08\bf,)Ud\7f\b6C\d5\b1\17L\c8;\1a\fb;\efi\c2\87F\b8B\a7\ee@OQ]=\eb\dd\e4PF\1a\12\ba\13\e4labM\f3\92\ea\af(\b6\ef&\e2\bb\8c6U\0a\f7\89\04\89\0f`\cb\05\e9\b8\b6\bd!\c9\c1\bb\87\e9\00T\96_\9a\84x\db\8f\bf4\d0\bdr\04R\98\de'\8a\92\95\00\9am\c1\94\82\17\0f<\05\b7u\00\00\00\00\00\00P\c3\00\00\00\00\00\00\00\00\05\e3L6\12\197\c5\00\00\00\00\00\00(l\d6\aa\80\9d\ef\f0\22\c7\f6~\b9\b7\d2:MBL\c8q\d5m\93\13\c9\ea8\1e\cd\19:\bc\03\1cU\ab\01\80\0c\09\cb\c6,\07\d3\bf\f5\ad\5c\a1\90\08\137h\03\cd\10\8cz\c3\87\a8\db6.\ef\07\12\c2\b2\02\cf\bc\f4\03^\e4g\f9\94\c7\85\d7in\f8\06\d1R\ba\be\01\d763\e1|\a0\1c4\a8E\10\d3Q\a0\09\12\11H\de\1e1Vx\85\fa\a6\1e\d5f\a5>\7f\22t*U3\f1\ca\ba\0f)2\d7\96@\adGy\17|\a9t\088\c7\b1\d8J\d9\bc\22x\ae\81R7\18?6N\0a@\18\00\00\00d\00\00@\00 $\00\00\00\00\00\00\00\0c\80\13\c8\82\1f\e0L^\0f\f60\d7\1b\00\00\00\00\00\00\00\fc\ff\f7\cd\d8\01\82n\d1?\cd@\01%d\db\0d\0d\00\00\00$\04\14@8qS\b4\1dx\11\00\00\00\0000010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"))
