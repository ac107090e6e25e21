//! `Reader`: the newest configuration of a directory.
//!
//! A read loads the announced generation and compares it with the one seen; while they are equal, `reader[key]` looks in a cache by
//! the identity of the key object (constant keys in code are interned), then in the snapshot's table, where each slot has its
//! Python object once it was read. The cache is dropped when another generation is taken.

use crate::classes::health::Health;
use crate::classes::snapshot::{Snapshot, open_error};
use crate::slots::handle::{self, HandleObject};
use crate::slots::{enter, enter_object, getter, locked, make_type as make_type_from_slots, method, slot, table, text};
use configedge_snapshot as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyString, PyTuple, PyType};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Entries of the cache by identity of keys, and of that by identity of tuples of keys.
const RECENT: usize = 256;
const RECENT_TUPLES: usize = 16;
/// Most views kept; a service has a few.
const VIEWS: usize = 64;

/// An owned key with its owned value, or two nulls.
struct Recent {
    key: Cell<*mut PyObject>,
    value: Cell<*mut PyObject>,
}

impl Recent {
    /// # Safety
    /// Both are live objects.
    unsafe fn put(&self, key: *mut PyObject, value: *mut PyObject) {
        // SAFETY: the entry owns what it holds; holding the key keeps its address from being used again.
        unsafe {
            let (old_key, old_value) = (self.key.replace(ffi::Py_NewRef(key)), self.value.replace(ffi::Py_NewRef(value)));
            ffi::Py_XDECREF(old_key);
            ffi::Py_XDECREF(old_value);
        }
    }

    fn forget(&self) {
        let (key, value) = (self.key.replace(null_mut()), self.value.replace(null_mut()));
        // SAFETY: both were owned, or are null.
        unsafe {
            ffi::Py_XDECREF(key);
            ffi::Py_XDECREF(value);
        }
    }
}

/// What `view` gave for a section and a class.
struct Viewed {
    section: Py<PyString>,
    into: Option<Py<PyAny>>,
    value: Py<PyAny>,
    /// The generation read when `value` was last known to be the newest.
    seen: u64,
    /// The generation in which the section got what was looked at last.
    changed: u64,
}

/// What lies behind `_core.Reader`. All access is by one thread at a time, see [`super`].
#[repr(C)]
pub(crate) struct ReaderObject {
    head: PyObject,
    /// The announced generation, in the mapped control page that `core` keeps.
    word: Cell<*const AtomicU64>,
    seen: Cell<u64>,
    /// What is in `snapshot`.
    held: Cell<*const Snapshot>,
    recent: [Recent; RECENT],
    tuples: [Recent; RECENT_TUPLES],
    /// Owned, a `Snapshot`.
    snapshot: Cell<*mut PyObject>,
    core: RefCell<core::Reader>,
    /// Those that read through this reader; they hold it, not it them.
    handles: RefCell<Vec<NonNull<HandleObject>>>,
    views: RefCell<Vec<Viewed>>,
    /// Why something newer does not fit a handle or a view, by key.
    rejected: RefCell<BTreeMap<String, String>>,
    /// The interpreter's.
    weak_references: *mut PyObject,
}

impl ReaderObject {
    /// # Safety
    /// `object` is an instance of `_core.Reader` (or of a subclass).
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

    /// The newest value of `key` fits again.
    pub(crate) fn accept(&self, key: &Bound<'_, PyString>) {
        if !self.rejected.borrow().is_empty() {
            self.rejected.borrow_mut().remove(&key.to_string());
        }
    }

    /// The newest value of `key` does not fit, so an older one is given on: told once in the log, and by `health()`.
    pub(crate) fn reject(&self, py: Python<'_>, key: &Bound<'_, PyString>, generation: u64, why: PyErr) {
        let why = format!("generation {generation}: {}", why.value(py));
        let before = self.rejected.borrow_mut().insert(key.to_string(), why.clone());
        if before.as_ref() != Some(&why) {
            let log = || py.import("logging")?.call_method1("getLogger", ("configedge",));
            // A log that fails must not fail a read.
            let _ = log().and_then(|log| log.call_method1("error", ("%s keeps its last good value: %s", key, why)));
        }
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
        self.held.set(snapshot.get());
        let old = self.snapshot.replace(snapshot.into_ptr());
        self.seen.set(core.held().generation());
        self.follow_source(core.source().generation_word());
        drop(core);
        self.recent.iter().chain(&self.tuples).for_each(Recent::forget);
        // SAFETY: `old` was owned.
        unsafe { ffi::Py_DECREF(old) };
        Ok(())
    }

    /// When the directory was replaced, generations may repeat, so handles and views must look again.
    fn follow_source(&self, word: *const AtomicU64) {
        if self.word.replace(word) != word {
            for handle in self.handles.borrow().iter() {
                // SAFETY: handles unregister before they go.
                unsafe { handle.as_ref() }.follow(word);
            }
            for viewed in self.views.borrow_mut().iter_mut() {
                (viewed.seen, viewed.changed) = (0, u64::MAX);
            }
        }
    }

    /// A new reference to the value, or null with or without an exception set.
    #[inline(always)]
    fn read(&self, key: *mut PyObject) -> *mut PyObject {
        if self.is_current() {
            let recent = &self.recent[(key.addr() >> 4) % RECENT];
            if recent.key.get() == key {
                // SAFETY: a cache entry with a key owns a value.
                return unsafe { ffi::Py_NewRef(recent.value.get()) };
            }
        }
        self.look_up(key)
    }

    /// As [`Self::read`], in the snapshot.
    #[inline(never)]
    fn look_up(&self, key: *mut PyObject) -> *mut PyObject {
        if !self.is_current() && enter(true, |py| self.snapshot(py).map(|_| false)) {
            return null_mut();
        }
        // SAFETY: the caller's live object, and a snapshot that is owned.
        let (found, held) = unsafe { (text(key), self.held.get()) };
        let Some(text) = found else {
            return enter(null_mut(), |py| {
                // SAFETY: the caller's live object.
                let key = unsafe { Bound::from_borrowed_ptr(py, key) };
                // A str without UTF-8 is the name of nothing.
                if key.is_instance_of::<PyString>() { Ok(null_mut()) } else { Err(not_a_key(&key)) }
            });
        };
        let value = enter(null_mut(), |py| {
            // Making an object may run other code, see `follow_core`: the snapshot must outlive that.
            let snapshot = self.held(py);
            let Some(entry) = snapshot.get().inner.get(text) else { return Ok(null_mut()) };
            snapshot.get().value(py, &entry).map(Bound::into_ptr)
        });
        if !value.is_null() && self.held.get() == held {
            // SAFETY: both are live objects.
            unsafe { self.recent[(key.addr() >> 4) % RECENT].put(key, value) };
        }
        value
    }

    /// The values of all `keys`, of one generation.
    fn read_many<'py>(&self, py: Python<'py>, keys: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let snapshot = self.snapshot(py)?;
        if keys.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("many(keys) takes several keys: many((key, key)), or read one by reader[key]"));
        }
        let values: Vec<_> = keys.try_iter()?.map(|key| snapshot.as_any().get_item(key?)).collect::<PyResult<_>>()?;
        let values = PyTuple::new(py, values)?.into_any();
        let fixed = keys.cast_exact::<PyTuple>().is_ok_and(|keys| keys.iter().all(|key| key.is_exact_instance_of::<PyString>()));
        if fixed && std::ptr::eq(self.held.get(), snapshot.get()) {
            // SAFETY: both are live objects. The same tuple of keys will always ask for the same values of this snapshot.
            unsafe { self.tuples[(keys.as_ptr().addr() >> 4) % RECENT_TUPLES].put(keys.as_ptr(), values.as_ptr()) };
        }
        Ok(values)
    }

    /// A section as `into`: what was made of it before, unless it has changed and what is new fits.
    fn read_view<'py>(
        &self,
        py: Python<'py>,
        section: &Bound<'py, PyString>,
        into: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let snapshot = self.snapshot(py)?;
        let (seen, entry) = (self.seen(), snapshot.get().entry(section.as_any())?);
        let changed = entry.map_or(0, |entry| entry.changed());
        let known = self.viewed(section.as_ptr(), into.map_or(null_mut(), Bound::as_ptr), |viewed| {
            if viewed.changed == changed {
                viewed.seen = seen;
            }
            (viewed.value.clone_ref(py), viewed.changed == changed)
        });
        if let Some((value, true)) = known {
            return Ok(value.into_bound(py));
        }
        let made = Snapshot::section(&snapshot, section.as_any(), into);
        let value = match (made, known) {
            (Ok(made), _) => {
                self.accept(section);
                made
            }
            (Err(why), None) => return Err(why),
            (Err(why), Some((last_good, _))) => {
                self.reject(py, section, snapshot.get().inner.generation(), why);
                last_good.into_bound(py)
            }
        };
        let new = Viewed {
            section: section.clone().unbind(),
            into: into.map(|into| into.clone().unbind()),
            value: value.clone().unbind(),
            seen,
            changed,
        };
        let old = self.viewed(section.as_ptr(), into.map_or(null_mut(), Bound::as_ptr), |viewed| viewed.value.clone_ref(py));
        let mut views = self.views.borrow_mut();
        let gone = match old {
            Some(_) => views.iter().position(|viewed| viewed.is(section.as_ptr(), new.class())).map(|at| views.swap_remove(at)),
            None if views.len() == VIEWS => Some(views.swap_remove(0)),
            None => None,
        };
        views.push(new);
        drop(views);
        // What goes may run code that reads from here.
        drop(gone);
        Ok(value)
    }

    /// Calls `found` with the view of that section and class.
    fn viewed<T>(&self, section: *mut PyObject, into: *mut PyObject, found: impl FnOnce(&mut Viewed) -> T) -> Option<T> {
        self.views.borrow_mut().iter_mut().find(|viewed| viewed.is(section, into)).map(found)
    }
}

impl Viewed {
    fn class(&self) -> *mut PyObject {
        self.into.as_ref().map_or(null_mut(), Py::as_ptr)
    }

    /// Sections are told by identity, then by text.
    #[inline(always)]
    fn is(&self, section: *mut PyObject, into: *mut PyObject) -> bool {
        // SAFETY: both are live strs.
        self.class() == into && (self.section.as_ptr() == section || unsafe { text(self.section.as_ptr()) == text(section) })
    }
}

fn not_a_key(key: &Bound<'_, PyAny>) -> PyErr {
    let name = key.get_type().name().map_or_else(|_| "this".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("a configuration key is a str, not {name}"))
}

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
            (&raw mut (*fields).rejected).write(RefCell::default());
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
        std::ptr::drop_in_place(&raw mut (*fields).rejected);
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
        let rejected = reader.rejected.borrow().clone();
        Ok(Bound::new(py, Health::new(health, rejected))?.into_any())
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
            c"many",
            ffi::PyMethodDefPointer { PyCFunction: many },
            ffi::METH_O,
            c"many($self, keys, /)\n--\n\nThe values of all `keys` as a tuple, all of one generation.",
        ),
        method(
            c"view",
            ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: view },
            ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            c"view($self, section, into=None)\n--\n\nA section with its members as attributes, or as an instance of `into`; the same object until it changes.",
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
