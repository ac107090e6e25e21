//! What Python sees of a reader: its slots and methods, and its type.

use super::{RECENT_TUPLES, ReaderObject, Recent, not_a_key};
use crate::classes::health::Health;
use crate::classes::snapshot::{Snapshot, open_error};
use crate::slots::arguments::{arguments, dict, seconds, tuple};
use crate::slots::{enter, enter_object, getter, handle, locked, make_type as make_type_from_slots, method, slot, table, text};
use configedge_snapshot as core;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::Arc;
use std::time::{Duration, Instant};

unsafe extern "C" fn subscript(slf: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    let (reader, value) = unsafe { (ReaderObject::from(slf), locked(slf, || ReaderObject::from(slf).read(key))) };
    // SAFETY: the thread is attached.
    if value.is_null() && unsafe { ffi::PyErr_Occurred() }.is_null() {
        return enter_object(|py| {
            // SAFETY: the caller's live object.
            let key = unsafe { Bound::from_borrowed_ptr(py, key) };
            // SAFETY: as above.
            Err(Snapshot::missing(&unsafe { locked(slf, || reader.snapshot(py)) }?, &key))
        });
    }
    value
}

unsafe extern "C" fn get(slf: *mut PyObject, args: *mut *mut PyObject, count: ffi::Py_ssize_t) -> *mut PyObject {
    if count != 1 && count != 2 {
        return enter_object(|_| {
            Err(PyTypeError::new_err(format!("get(key, default=None, /) takes 1 or 2 arguments, not {count}")))
        });
    }
    // SAFETY: called by the interpreter with an instance and `count` arguments.
    unsafe {
        let value = locked(slf, || ReaderObject::from(slf).read(*args));
        if value.is_null() && ffi::PyErr_Occurred().is_null() {
            return ffi::Py_NewRef(if count == 2 { *args.add(1) } else { ffi::Py_None() });
        }
        value
    }
}

unsafe extern "C" fn contains(slf: *mut PyObject, key: *mut PyObject) -> c_int {
    // SAFETY: called by the interpreter with an instance and a live object.
    unsafe {
        locked(slf, || {
            let reader = ReaderObject::from(slf);
            let Some(text) = text(key) else {
                let is_str = ffi::PyUnicode_Check(key) != 0;
                return enter(-1, |py| if is_str { Ok(0) } else { Err(not_a_key(&Bound::from_borrowed_ptr(py, key))) });
            };
            if !reader.is_current() && enter(true, |py| reader.snapshot(py).map(|_| false)) {
                return -1;
            }
            c_int::from((*reader.held.get()).inner.get(text).is_some())
        })
    }
}

unsafe extern "C" fn many(slf: *mut PyObject, keys: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance and a live object; a cache entry with a key owns a value.
    unsafe {
        locked(slf, || {
            let reader = ReaderObject::from(slf);
            let recent = &reader.tuples[(keys.addr() >> 4) % RECENT_TUPLES];
            if reader.is_current() && recent.key.get() == keys {
                return ffi::Py_NewRef(recent.value.get());
            }
            enter_object(|py| reader.read_many(py, &Bound::from_borrowed_ptr(py, keys)))
        })
    }
}

/// `view(section, into=None)`
unsafe extern "C" fn view(
    slf: *mut PyObject,
    args: *const *mut PyObject,
    count: ffi::Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance, `count` arguments by position and one behind for each name.
    unsafe {
        let named = if names.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(names) };
        let is_into = named == 0 || (named == 1 && count == 1 && text(ffi::PyTuple_GET_ITEM(names, 0)) == Some("into"));
        if count < 1 || count + named > 2 || !is_into {
            return enter_object(|_| Err(PyTypeError::new_err("view(section, into=None) takes a section and a class")));
        }
        let (section, into) = (*args, if count + named == 2 { *args.add(1) } else { ffi::Py_None() });
        let into = if into == ffi::Py_None() { null_mut() } else { into };
        if ffi::PyUnicode_Check(section) == 0 {
            return enter_object(|py| Err(not_a_key(&Bound::from_borrowed_ptr(py, section))));
        }
        locked(slf, || {
            let reader = ReaderObject::from(slf);
            let seen = reader.seen();
            if reader.is_current()
                && let Some(Some(value)) =
                    reader.viewed(section, into, |viewed| (viewed.seen == seen).then(|| ffi::Py_NewRef(viewed.value.as_ptr())))
            {
                return value;
            }
            enter_object(|py| {
                let section = Bound::from_borrowed_ptr(py, section).cast_into_unchecked();
                reader.read_view(py, &section, Bound::from_borrowed_ptr_or_opt(py, into).as_ref())
            })
        })
    }
}

/// `Reader(path, wait=0.0)`
unsafe extern "C" fn new(class: *mut ffi::PyTypeObject, args: *mut PyObject, kwargs: *mut PyObject) -> *mut PyObject {
    enter(null_mut(), |py| {
        // SAFETY: the interpreter gives a tuple, and a dict or null.
        let (args, kwargs) = unsafe { (tuple(py, args), dict(py, kwargs)) };
        let [path, wait] = arguments("Reader", ["path", "wait"], &args, kwargs.as_ref())?;
        let path: PathBuf = path.ok_or_else(|| PyTypeError::new_err("Reader(path, wait=0.0) needs a path"))?.extract()?;
        let wait = seconds("wait", wait)?.unwrap_or(Duration::ZERO);
        let reader = open(py, &path, wait)?;
        let snapshot = Snapshot::new(py, Arc::clone(reader.held()))?;
        // SAFETY: `class` is this type or a subclass, so the allocation has room for all fields; each is written once.
        unsafe {
            let object = ffi::PyType_GenericAlloc(class, 0);
            if object.is_null() {
                return Err(PyErr::fetch(py));
            }
            let fields = object.cast::<ReaderObject>();
            // `recent`, `tuples` and `weak_references` are left as allocated: zeroed, so all nulls.
            (&raw mut (*fields).word).write(Cell::new(reader.source().generation_word()));
            (&raw mut (*fields).seen).write(Cell::new(reader.held().generation()));
            (&raw mut (*fields).held).write(Cell::new(snapshot.get()));
            (&raw mut (*fields).snapshot).write(Cell::new(snapshot.into_ptr()));
            (&raw mut (*fields).core).write(RefCell::new(reader));
            (&raw mut (*fields).handles).write(RefCell::default());
            (&raw mut (*fields).views).write(RefCell::default());
            (&raw mut (*fields).told).write(RefCell::default());
            Ok(object)
        }
    })
}

/// Waits in slices, so that Ctrl-C works.
fn open(py: Python<'_>, path: &Path, wait: Duration) -> PyResult<core::Reader> {
    let slice = Duration::from_millis(100);
    let deadline = Instant::now() + wait.min(Duration::from_secs(365 * 86_400));
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match py.detach(|| core::Reader::open_within(path, left.min(slice))) {
            Ok(reader) => return Ok(reader),
            Err(error) if left <= slice || matches!(error, core::ReadError::Refused { .. }) => {
                return Err(open_error(py, &error.to_string()));
            }
            Err(_) => py.check_signals()?,
        }
    }
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: the interpreter calls this once, when nothing refers to the object any more; so no handle does.
    unsafe {
        let class = ffi::Py_TYPE(slf);
        let fields = slf.cast::<ReaderObject>();
        if !(*fields).weak_references.is_null() {
            ffi::PyObject_ClearWeakRefs(slf);
        }
        (*fields).recent.iter().chain(&(*fields).tuples).for_each(Recent::forget);
        ffi::Py_XDECREF((*fields).snapshot.replace(null_mut()));
        std::ptr::drop_in_place(&raw mut (*fields).core);
        std::ptr::drop_in_place(&raw mut (*fields).handles);
        std::ptr::drop_in_place(&raw mut (*fields).views);
        std::ptr::drop_in_place(&raw mut (*fields).told);
        if let Some(free) = (*class).tp_free {
            free(slf.cast());
        }
        ffi::Py_DECREF(class.cast());
    }
}

/// `handle(key, *, default=..., type=None)`
unsafe extern "C" fn make_handle(slf: *mut PyObject, args: *mut PyObject, kwargs: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: the interpreter gives a live instance, a tuple, and a dict or null.
        let (slf, args, kwargs) = unsafe { (Bound::from_borrowed_ptr(py, slf), tuple(py, args), dict(py, kwargs)) };
        let [key, default, kind] = arguments("handle", ["key", "default", "type"], &args, kwargs.as_ref())?;
        let key = key.ok_or_else(|| PyTypeError::new_err("handle(key, default=..., type=None) needs a key"))?;
        let key = key.cast_into::<PyString>().map_err(|error| not_a_key(&error.into_inner()))?;
        // SAFETY: a live instance.
        unsafe { locked(slf.as_ptr(), || handle::new(&slf, key, default, kind.filter(|kind| !kind.is_none()))) }
    })
}

unsafe extern "C" fn current_snapshot(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance; the snapshot is owned by the reader.
    unsafe {
        locked(slf, || {
            let reader = ReaderObject::from(slf);
            if reader.is_current() {
                return ffi::Py_NewRef(reader.snapshot.get());
            }
            enter_object(|py| Ok(reader.snapshot(py)?.into_any()))
        })
    }
}

unsafe extern "C" fn health(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    with_reader(unsafe { (slf, ReaderObject::from(slf)) }, |py, reader| {
        let health = reader.core.borrow_mut().health();
        reader.follow_core(py)?;
        Ok(Bound::new(py, Health::new(health, reader.rejected(py)))?.into_any())
    })
}

/// `wait(generation, timeout)`
unsafe extern "C" fn wait_for(slf: *mut PyObject, args: *mut PyObject, kwargs: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: the interpreter gives a live instance, a tuple, and a dict or null.
        let (reader, args, kwargs) = unsafe { (ReaderObject::from(slf), tuple(py, args), dict(py, kwargs)) };
        let [generation, timeout] = arguments("wait", ["generation", "timeout"], &args, kwargs.as_ref())?;
        let (Some(generation), Some(timeout)) = (generation, seconds("timeout", timeout)?) else {
            return Err(PyTypeError::new_err("wait(generation, timeout) needs both"));
        };
        let generation: u64 = generation.extract()?;
        // SAFETY: a live instance.
        let inside = |step: &dyn Fn() -> PyResult<u64>| unsafe { locked(slf, step) };
        let now = inside(&|| Ok(reader.snapshot(py)?.get().inner.generation()))?;
        if now != generation {
            return Ok(now.into_pyobject(py)?.into_any());
        }
        // SAFETY: a live instance.
        let (source, announced, timeout) = unsafe { locked(slf, || reader.core.borrow().before_wait(timeout)) };
        py.detach(|| source.wait(announced, timeout));
        py.check_signals()?;
        let now = inside(&|| {
            reader.core.borrow_mut().after_wait();
            reader.follow_core(py)?;
            Ok(reader.held(py).get().inner.generation())
        })?;
        Ok(now.into_pyobject(py)?.into_any())
    })
}

/// `watch(key="", callback=None)`: in Python, where threads and event loops are.
unsafe extern "C" fn watch(slf: *mut PyObject, args: *mut PyObject, kwargs: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: the interpreter gives a live instance, a tuple, and a dict or null.
        let (slf, args, kwargs) = unsafe { (Bound::from_borrowed_ptr(py, slf), tuple(py, args), dict(py, kwargs)) };
        let [key, callback] = arguments("watch", ["key", "callback"], &args, kwargs.as_ref())?;
        let key = key.unwrap_or_else(|| PyString::new(py, "").into_any());
        if !key.is_instance_of::<PyString>() {
            return Err(not_a_key(&key));
        }
        py.import("configedge.watch")?.getattr("Watch")?.call1((slf, key, callback))
    })
}

unsafe extern "C" fn repr(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    with_reader(unsafe { (slf, ReaderObject::from(slf)) }, |py, reader| {
        let path = reader.core.borrow().source().path().display().to_string();
        let generation = reader.snapshot(py)?.get().inner.generation();
        Ok(PyString::new(py, &format!("<Reader {path} generation={generation}>")).into_any())
    })
}

unsafe extern "C" fn generation(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    with_reader(unsafe { (slf, ReaderObject::from(slf)) }, |py, reader| {
        Ok(reader.snapshot(py)?.get().inner.generation().into_pyobject(py)?.into_any())
    })
}

unsafe extern "C" fn commit(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    with_reader(unsafe { (slf, ReaderObject::from(slf)) }, |py, reader| {
        Ok(reader.snapshot(py)?.get().inner.commit().into_pyobject(py)?.into_any())
    })
}

unsafe extern "C" fn path(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    with_reader(unsafe { (slf, ReaderObject::from(slf)) }, |py, reader| {
        let path = reader.core.borrow().source().path().to_owned();
        Ok(path.into_pyobject(py)?.into_any())
    })
}

fn with_reader(
    (slf, reader): (*mut PyObject, &ReaderObject),
    body: impl for<'py> FnOnce(Python<'py>, &ReaderObject) -> PyResult<Bound<'py, PyAny>>,
) -> *mut PyObject {
    // SAFETY: `slf` is the live object that `reader` lies in.
    enter_object(|py| unsafe { locked(slf, || body(py, reader)) })
}

pub(crate) fn make_type(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let keywords = ffi::METH_VARARGS | ffi::METH_KEYWORDS;
    let methods = vec![
        method(
            c"get",
            ffi::PyMethodDefPointer { PyCFunctionFast: get },
            ffi::METH_FASTCALL,
            c"get($self, key, default=None, /)\n--\n\nThe value of `key` now, or `default` if there is no such key.",
        ),
        method(
            c"handle",
            ffi::PyMethodDefPointer { PyCFunctionWithKeywords: make_handle },
            keywords,
            c"handle($self, key, default=..., type=None)\n--\n\nA `Handle` that reads `key`; the quickest way to read one key again and again.",
        ),
        method(
            c"many",
            ffi::PyMethodDefPointer { PyCFunction: many },
            ffi::METH_O,
            c"many($self, keys, /)\n--\n\nThe values of all `keys` as a tuple, all of one generation.",
        ),
        method(
            c"view",
            ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: view },
            ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            c"view($self, section, /, into=None)\n--\n\nA section with its members as attributes, or as an instance of `into`; the same object until it changes.",
        ),
        method(
            c"snapshot",
            ffi::PyMethodDefPointer { PyCFunction: current_snapshot },
            ffi::METH_NOARGS,
            c"snapshot($self, /)\n--\n\nThe newest `Snapshot`; the same object until something else is published.",
        ),
        method(
            c"health",
            ffi::PyMethodDefPointer { PyCFunction: health },
            ffi::METH_NOARGS,
            c"health($self, /)\n--\n\nWhat the reader knows of itself and its relay.",
        ),
        method(
            c"watch",
            ffi::PyMethodDefPointer { PyCFunctionWithKeywords: watch },
            keywords,
            c"watch($self, key='', callback=None)\n--\n\nChanges from now on of `key` and what is below it, as a `Watch`.",
        ),
        method(
            c"wait",
            ffi::PyMethodDefPointer { PyCFunctionWithKeywords: wait_for },
            keywords,
            c"wait($self, generation, timeout)\n--\n\nSleeps while `generation` is what is read, for `timeout` seconds or less; gives the generation read then.",
        ),
    ];
    let members = vec![ffi::PyMemberDef {
        name: c"__weaklistoffset__".as_ptr(),
        type_code: ffi::Py_T_PYSSIZET,
        offset: offset_of!(ReaderObject, weak_references) as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: std::ptr::null(),
    }];
    let getters = vec![
        getter(c"generation", generation, c"The generation read now."),
        getter(c"commit", commit, c"The Git commit of the generation read now; empty if the relay was not told."),
        getter(c"path", path, c"The snapshot directory."),
    ];
    let slots = vec![
        slot(ffi::Py_tp_new, new as *mut c_void),
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_mp_subscript, subscript as *mut c_void),
        slot(ffi::Py_sq_contains, contains as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_methods, table(methods)),
        slot(ffi::Py_tp_members, table(members)),
        slot(ffi::Py_tp_getset, table(getters)),
        slot(
            ffi::Py_tp_doc,
            c"Reader(path, wait=0.0)\n--\n\nThe newest configuration of a snapshot directory.".as_ptr().cast_mut().cast(),
        ),
    ];
    // SAFETY: the tables are leaked, and each function has the type of its slot.
    unsafe { make_type_from_slots(py, c"configedge._core.Reader", size_of::<ReaderObject>(), ffi::Py_TPFLAGS_BASETYPE, slots) }
}
