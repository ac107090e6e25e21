//! `Reader`: the newest configuration of a directory.
//!
//! A read loads the announced generation and compares it with the one seen; while they are equal, `reader[key]` looks in a cache by
//! the identity of the key object (constant keys in code are interned), then in the snapshot's table, where each slot has its
//! Python object once it was read. The cache is dropped when another generation is taken.

mod face;

use crate::classes::snapshot::Snapshot;
use crate::slots::handle::HandleObject;
use crate::slots::{enter, text};
use configedge_snapshot as core;
pub(crate) use face::make_type;
use pyo3::exceptions::{PyException, PyKeyError, PyMemoryError, PyRecursionError, PyTypeError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Entries of the cache by identity of keys, and of that by identity of tuples of keys.
const RECENT: usize = 256;
const RECENT_TUPLES: usize = 16;
/// Most views kept; a service has a few.
const VIEWS: usize = 256;

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
    /// Why `value` is not of that generation.
    rejected: Option<String>,
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
    /// What was told in the log since the last switch.
    told: RefCell<BTreeSet<String>>,
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
        unsafe { core::load(&*self.word.get()) == self.seen.get() }
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

    /// Why the newest value of `key` does not fit a handle or a view, which gives an older one on: told in the log, once a change.
    /// Fails only for what is no fault of the value: Ctrl-C while the log is written.
    pub(crate) fn reject(&self, py: Python<'_>, key: &Bound<'_, PyString>, generation: u64, why: &PyErr) -> PyResult<String> {
        // A missing key would look for its nearest ones, among thousands.
        let gone = why.is_instance_of::<PyKeyError>(py);
        let why = if gone { "it is not in the configuration any more".to_owned() } else { why.value(py).to_string() };
        let why = format!("generation {generation}: {why}");
        if self.told.borrow_mut().insert(format!("{} {why}", name(key))) {
            let log = || py.import("logging")?.call_method1("getLogger", ("configedge",));
            // A log that fails must not fail a read.
            let told = log().and_then(|log| log.call_method1("error", ("%s keeps its last good value: %s", key, &why)));
            told.map(drop).or_else(|error| if error.is_instance_of::<PyException>(py) { Ok(()) } else { Err(error) })?;
        }
        Ok(why)
    }

    /// Whether `snapshot` is still what is read.
    pub(crate) fn holds(&self, snapshot: &Bound<'_, Snapshot>) -> bool {
        std::ptr::eq(self.held.get(), snapshot.get())
    }

    /// What handles and views keep older values of, with the reasons.
    fn rejected(&self, py: Python<'_>) -> BTreeMap<String, String> {
        // SAFETY: handles unregister before they go.
        let handles =
            self.handles.borrow().iter().filter_map(|handle| unsafe { handle.as_ref() }.rejected(py)).collect::<Vec<_>>();
        let views = self.views.borrow();
        let views = views.iter().filter_map(|viewed| Some((name(viewed.section.bind(py)), viewed.rejected.clone()?)));
        handles.into_iter().chain(views).collect()
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
        self.told.borrow_mut().clear();
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
        let into = &into.map(|into| self.same_class(into));
        let into = into.as_ref();
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
        let (value, rejected) = match (made, known) {
            (Ok(made), _) => (made, None),
            (Err(why), None) => return Err(why),
            (Err(why), Some((last_good, _))) if is_passing(py, &why)? => return Ok(last_good.into_bound(py)),
            (Err(why), Some((last_good, _))) => {
                let why = self.reject(py, section, snapshot.get().inner.generation(), &why)?;
                (last_good.into_bound(py), Some(why))
            }
        };
        // Other code may have switched the reader meanwhile: then the next call looks again.
        let (seen, changed) = if self.holds(&snapshot) { (seen, changed) } else { (0, u64::MAX) };
        let new = Viewed {
            section: section.clone().unbind(),
            into: into.map(|into| into.clone().unbind()),
            value: value.clone().unbind(),
            seen,
            changed,
            rejected,
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

    /// What equals `into` among the classes known: `list[int]` is another object each time it is written.
    fn same_class<'py>(&self, into: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        let py = into.py();
        if into.is_instance_of::<PyType>() {
            return into.clone();
        }
        let bound = |viewed: &Viewed| viewed.into.as_ref().map(|known| known.bind(py).clone());
        let known: Vec<_> = self.views.borrow().iter().filter_map(bound).collect();
        // Comparing may run code that reads from here: nothing is borrowed any more.
        let same = |known: &Bound<'py, PyAny>| known.is(into) || known.eq(into).unwrap_or(false);
        known.into_iter().find(same).unwrap_or_else(|| into.clone())
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

/// Whether what went wrong says nothing about the value, so that it is worth another try. What is no `Exception` is passed on.
pub(crate) fn is_passing(py: Python<'_>, why: &PyErr) -> PyResult<bool> {
    if !why.is_instance_of::<PyException>(py) {
        return Err(why.clone_ref(py));
    }
    Ok(why.is_instance_of::<PyMemoryError>(py) || why.is_instance_of::<PyRecursionError>(py))
}

/// A key as text, without running code of a subclass of str.
pub(crate) fn name(key: &Bound<'_, PyString>) -> String {
    key.to_str().unwrap_or("a key without UTF-8").to_owned()
}

fn not_a_key(key: &Bound<'_, PyAny>) -> PyErr {
    let name = key.get_type().name().map_or_else(|_| "this".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("a configuration key is a str, not {name}"))
}
