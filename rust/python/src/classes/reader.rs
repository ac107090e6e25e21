//! `Reader`: the newest configuration of a directory.
//!
//! A read loads the announced generation and compares it with the one seen; while they are equal, `reader[key]` looks in two caches.
//! The first is by the identity of the key object (constant keys in code are interned), the second is the snapshot's own
//! dict of values (a str knows its hash). Both are dropped when another generation is announced.

use crate::classes::handle::{self, HandleObject};
use crate::classes::health::Health;
use crate::classes::snapshot::Snapshot;
use crate::slots::{enter, enter_object, getter, make_type as make_type_from_slots, method, slot, table};
use configedge_snapshot as core;
use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyString, PyTuple, PyType};
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Entries of the cache by identity.
const RECENT: usize = 256;

/// An owned key with its owned value, or two nulls.
struct Recent {
    key: Cell<*mut PyObject>,
    value: Cell<*mut PyObject>,
}

/// What lies behind `_core.Reader`. All access is under the GIL.
#[repr(C)]
pub(crate) struct ReaderObject {
    head: PyObject,
    /// The announced generation, in the mapped control page that `core` keeps.
    word: Cell<*const AtomicU64>,
    seen: Cell<u64>,
    /// Borrowed from `snapshot`.
    values: Cell<*mut PyObject>,
    recent: [Recent; RECENT],
    /// Owned, a `Snapshot`.
    snapshot: Cell<*mut PyObject>,
    core: RefCell<core::Reader>,
    /// Those that read through this reader; they hold it, not it them.
    handles: RefCell<Vec<NonNull<HandleObject>>>,
}

impl ReaderObject {
    /// # Safety
    /// `object` is an instance of `_core.Reader` (or of a subclass), and the GIL is held while the result is used.
    pub(crate) unsafe fn from<'a>(object: *mut PyObject) -> &'a Self {
        // SAFETY: see above.
        unsafe { &*object.cast() }
    }

    #[inline(always)]
    pub(crate) fn is_current(&self) -> bool {
        // SAFETY: `core` maps the page as long as `self` lives, and `follow_source` keeps `word` in step with it.
        unsafe { (*self.word.get()).load(Ordering::Acquire) == self.seen.get() }
    }

    pub(crate) fn word(&self) -> *const AtomicU64 {
        self.word.get()
    }

    pub(crate) fn seen(&self) -> u64 {
        self.seen.get()
    }

    pub(crate) fn register(&self, handle: NonNull<HandleObject>) {
        self.handles.borrow_mut().push(handle);
    }

    pub(crate) fn unregister(&self, handle: NonNull<HandleObject>) {
        self.handles.borrow_mut().retain(|other| *other != handle);
    }

    /// The snapshot to read from now, after switching to a newer one if there is one that can be taken.
    pub(crate) fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, Snapshot>> {
        if !self.is_current() {
            self.core.borrow_mut().refresh();
            self.follow_core(py)?;
        }
        Ok(self.held(py))
    }

    fn held<'py>(&self, py: Python<'py>) -> Bound<'py, Snapshot> {
        // SAFETY: a `Snapshot`, owned by `self` since it was made.
        unsafe { Bound::from_borrowed_ptr(py, self.snapshot.get()).cast_into_unchecked() }
    }

    /// Serves what `core` holds, if that is not what is served.
    fn follow_core(&self, py: Python<'_>) -> PyResult<()> {
        let held = Arc::clone(self.core.borrow().held());
        if Arc::ptr_eq(&held, &self.held(py).get().inner) {
            return Ok(());
        }
        // Making an object may run the garbage collector, and that may run code that reads from here: `core` must not be
        // borrowed, and if that code has switched to something newer, this is over.
        let snapshot = Snapshot::new(py, held)?;
        let core = self.core.borrow();
        if !Arc::ptr_eq(core.held(), &snapshot.get().inner) {
            return Ok(());
        }
        self.values.set(snapshot.get().cache().as_ptr());
        let old = self.snapshot.replace(snapshot.into_ptr());
        self.seen.set(core.held().generation());
        self.follow_source(core.source().generation_word());
        drop(core);
        self.forget_recent();
        // SAFETY: `old` was owned.
        unsafe { ffi::Py_DECREF(old) };
        Ok(())
    }

    /// When the directory was replaced, generations may repeat, so handles must look again.
    fn follow_source(&self, word: *const AtomicU64) {
        if self.word.replace(word) != word {
            for handle in self.handles.borrow().iter() {
                // SAFETY: handles unregister before they go.
                unsafe { handle.as_ref() }.follow(word);
            }
        }
    }

    fn forget_recent(&self) {
        for recent in &self.recent {
            let (key, value) = (recent.key.replace(null_mut()), recent.value.replace(null_mut()));
            // SAFETY: both were owned, or are null.
            unsafe {
                ffi::Py_XDECREF(key);
                ffi::Py_XDECREF(value);
            }
        }
    }

    /// A new reference to the value, or null with or without an exception set.
    #[inline(always)]
    fn read(&self, key: *mut PyObject) -> *mut PyObject {
        if self.is_current() {
            let recent = &self.recent[(key as usize >> 4) % RECENT];
            if recent.key.get() == key {
                // SAFETY: a cache entry with a key owns a value.
                return unsafe { ffi::Py_NewRef(recent.value.get()) };
            }
            // SAFETY: both are live objects.
            unsafe {
                if ffi::PyUnicode_CheckExact(key) != 0 {
                    let value = ffi::PyDict_GetItemWithError(self.values.get(), key);
                    if !value.is_null() {
                        self.remember(recent, key, value);
                        return ffi::Py_NewRef(value);
                    }
                }
            }
        }
        self.read_slowly(key)
    }

    /// # Safety
    /// Both are live objects.
    unsafe fn remember(&self, recent: &Recent, key: *mut PyObject, value: *mut PyObject) {
        // SAFETY: the entry owns what it holds; holding the key keeps its address from being used again.
        unsafe {
            let (old_key, old_value) = (recent.key.replace(ffi::Py_NewRef(key)), recent.value.replace(ffi::Py_NewRef(value)));
            ffi::Py_XDECREF(old_key);
            ffi::Py_XDECREF(old_value);
        }
    }

    #[cold]
    fn read_slowly(&self, key: *mut PyObject) -> *mut PyObject {
        enter(null_mut(), |py| {
            // SAFETY: the caller's live object.
            let key = unsafe { Bound::from_borrowed_ptr(py, key) };
            let value = self.snapshot(py)?.get().find(&key)?;
            Ok(value.map_or(null_mut(), Bound::into_ptr))
        })
    }
}

unsafe extern "C" fn subscript(slf: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance, under the GIL.
    let reader = unsafe { ReaderObject::from(slf) };
    let value = reader.read(key);
    // SAFETY: under the GIL.
    if value.is_null() && unsafe { ffi::PyErr_Occurred() }.is_null() {
        return enter_object(|py| {
            // SAFETY: the caller's live object.
            let key = unsafe { Bound::from_borrowed_ptr(py, key) };
            Err(Snapshot::missing(&reader.snapshot(py)?, &key))
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
    // SAFETY: called by the interpreter with an instance and `count` arguments, under the GIL.
    unsafe {
        let value = ReaderObject::from(slf).read(*args);
        if value.is_null() && ffi::PyErr_Occurred().is_null() {
            return ffi::Py_NewRef(if count == 2 { *args.add(1) } else { ffi::Py_None() });
        }
        value
    }
}

unsafe extern "C" fn contains(slf: *mut PyObject, key: *mut PyObject) -> c_int {
    // SAFETY: called by the interpreter with an instance, under the GIL.
    let value = unsafe { ReaderObject::from(slf) }.read(key);
    if value.is_null() {
        // SAFETY: under the GIL.
        return if unsafe { ffi::PyErr_Occurred() }.is_null() { 0 } else { -1 };
    }
    // SAFETY: a reference of ours.
    unsafe { ffi::Py_DECREF(value) };
    1
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
            // `recent` is left as allocated: zeroed, so all nulls.
            (&raw mut (*fields).word).write(Cell::new(reader.source().generation_word()));
            (&raw mut (*fields).seen).write(Cell::new(reader.held().generation()));
            (&raw mut (*fields).values).write(Cell::new(snapshot.get().cache().as_ptr()));
            (&raw mut (*fields).snapshot).write(Cell::new(snapshot.into_ptr()));
            (&raw mut (*fields).core).write(RefCell::new(reader));
            (&raw mut (*fields).handles).write(RefCell::default());
            Ok(object)
        }
    })
}

/// Waits in slices, so that Ctrl-C works.
fn open(py: Python<'_>, path: &Path, wait: Duration) -> PyResult<core::Reader> {
    let slice = Duration::from_millis(100);
    let deadline = Instant::now() + wait;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match py.detach(|| core::Reader::open_within(path, left.min(slice))) {
            Ok(reader) => return Ok(reader),
            Err(error) if left <= slice || matches!(error, core::ReadError::Refused { .. }) => {
                return Err(open_error(py, &error));
            }
            Err(_) => py.check_signals()?,
        }
    }
}

fn open_error(py: Python<'_>, error: &core::ReadError) -> PyErr {
    let class = py.import("configedge.errors").and_then(|errors| errors.getattr("OpenError"));
    match class.and_then(|class| class.call1((error.to_string(),))) {
        Ok(error) => PyErr::from_value(error),
        Err(_) => PyOSError::new_err(error.to_string()),
    }
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: the interpreter calls this once, when nothing refers to the object any more; so no handle does.
    unsafe {
        let class = ffi::Py_TYPE(slf);
        let reader = ReaderObject::from(slf);
        reader.forget_recent();
        ffi::Py_XDECREF(reader.snapshot.replace(null_mut()));
        std::ptr::drop_in_place(&raw mut (*slf.cast::<ReaderObject>()).core);
        std::ptr::drop_in_place(&raw mut (*slf.cast::<ReaderObject>()).handles);
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
        let key = key.cast_into::<PyString>().map_err(|_| PyTypeError::new_err("a configuration key is a str"))?;
        handle::new(&slf, key, default, kind.filter(|kind| !kind.is_none()))
    })
}

unsafe extern "C" fn current_snapshot(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance, under the GIL.
    let reader = unsafe { ReaderObject::from(slf) };
    if reader.is_current() {
        // SAFETY: owned by the reader.
        return unsafe { ffi::Py_NewRef(reader.snapshot.get()) };
    }
    enter_object(|py| Ok(reader.snapshot(py)?.into_any()))
}

unsafe extern "C" fn health(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: called by the interpreter with an instance, under the GIL.
        let reader = unsafe { ReaderObject::from(slf) };
        let health = reader.core.borrow_mut().health();
        reader.follow_core(py)?;
        Ok(Bound::new(py, Health::from(health))?.into_any())
    })
}

unsafe extern "C" fn wait(slf: *mut PyObject, args: *mut PyObject, kwargs: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: the interpreter gives a live instance, a tuple, and a dict or null.
        let (reader, args, kwargs) = unsafe { (ReaderObject::from(slf), tuple(py, args), dict(py, kwargs)) };
        let [generation, timeout] = arguments("wait", ["generation", "timeout"], &args, kwargs.as_ref())?;
        let (Some(generation), Some(timeout)) = (generation, seconds("timeout", timeout)?) else {
            return Err(PyTypeError::new_err("wait(generation, timeout) needs both"));
        };
        let held = || Ok(reader.snapshot(py)?.get().inner.generation().into_pyobject(py)?.into_any());
        let now: Bound<'_, PyAny> = held()?;
        if !now.eq(generation)? {
            return Ok(now);
        }
        let (source, announced, timeout) = reader.core.borrow().before_wait(timeout);
        py.detach(|| source.wait(announced, timeout));
        py.check_signals()?;
        reader.core.borrow_mut().after_wait();
        reader.follow_core(py)?;
        held()
    })
}

unsafe extern "C" fn generation(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: called by the interpreter with an instance, under the GIL.
        let snapshot = unsafe { ReaderObject::from(slf) }.snapshot(py)?;
        Ok(snapshot.get().inner.generation().into_pyobject(py)?.into_any())
    })
}

unsafe extern "C" fn commit(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: called by the interpreter with an instance, under the GIL.
        let snapshot = unsafe { ReaderObject::from(slf) }.snapshot(py)?;
        Ok(snapshot.get().inner.commit().into_pyobject(py)?.into_any())
    })
}

unsafe extern "C" fn path(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: called by the interpreter with an instance, under the GIL.
        let path = unsafe { ReaderObject::from(slf) }.core.borrow().source().path().to_owned();
        Ok(path.into_pyobject(py)?.into_any())
    })
}

/// # Safety
/// `args` is a tuple.
unsafe fn tuple(py: Python<'_>, args: *mut PyObject) -> Bound<'_, PyTuple> {
    // SAFETY: see above.
    unsafe { Bound::from_borrowed_ptr(py, args).cast_into_unchecked() }
}

/// # Safety
/// `kwargs` is a dict or null.
unsafe fn dict(py: Python<'_>, kwargs: *mut PyObject) -> Option<Bound<'_, PyDict>> {
    // SAFETY: see above.
    unsafe { Some(Bound::from_borrowed_ptr_or_opt(py, kwargs)?.cast_into_unchecked()) }
}

/// Arguments by position or name.
fn arguments<'py, const N: usize>(
    function: &str,
    names: [&str; N],
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<[Option<Bound<'py, PyAny>>; N]> {
    if args.len() > N {
        return Err(PyTypeError::new_err(format!("{function}() takes at most {N} arguments, not {}", args.len())));
    }
    let mut found = std::array::from_fn(|at| args.get_item(at).ok());
    for (name, value) in kwargs.into_iter().flatten() {
        let name: String = name.extract()?;
        match names.iter().position(|known| *known == name) {
            Some(at) if found[at].is_none() => found[at] = Some(value),
            Some(_) => return Err(PyTypeError::new_err(format!("{function}() got {name:?} twice"))),
            None => return Err(PyTypeError::new_err(format!("{function}() has no argument {name:?}; it has {names:?}"))),
        }
    }
    Ok(found)
}

fn seconds(name: &str, value: Option<Bound<'_, PyAny>>) -> PyResult<Option<Duration>> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(None) };
    let seconds: f64 =
        value.cast_into::<PyFloat>().map_or_else(|other| other.into_inner().extract(), |float| Ok(float.value()))?;
    let refused = |_| PyValueError::new_err(format!("{name}={seconds}: give a number of seconds, 0 or more"));
    Duration::try_from_secs_f64(seconds).map(Some).map_err(refused)
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
            c"wait",
            ffi::PyMethodDefPointer { PyCFunctionWithKeywords: wait },
            keywords,
            c"wait($self, generation, timeout)\n--\n\nSleeps while `generation` is what is read, for `timeout` seconds or less; gives the generation read then.",
        ),
    ];
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
        slot(ffi::Py_tp_methods, table(methods)),
        slot(ffi::Py_tp_getset, table(getters)),
        slot(
            ffi::Py_tp_doc,
            c"Reader(path, wait=0.0)\n--\n\nThe newest configuration of a snapshot directory.".as_ptr().cast_mut().cast(),
        ),
    ];
    // SAFETY: the tables are leaked, and each function has the type of its slot.
    unsafe { make_type_from_slots(py, c"configedge._core.Reader", size_of::<ReaderObject>(), ffi::Py_TPFLAGS_BASETYPE, slots) }
}
