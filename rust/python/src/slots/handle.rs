//! `Handle`: one key, read again and again.
//!
//! The value's object is made once a change of that key: when another generation is announced but the key kept its value, the same
//! object is given on.

use crate::classes::snapshot::{Snapshot, decode};
use crate::slots::reader::{ReaderObject, is_passing, name};
use crate::slots::{enter, enter_object, getter, locked, make_type as make_type_from_slots, slot, table};
use configedge_snapshot::{Entry, ValueRef};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString, PyType};
use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::AtomicU64;

/// What lies behind `_core.Handle`. All access is by one thread at a time, see [`super`]. Pointers to objects are owned.
#[repr(C)]
pub(crate) struct HandleObject {
    head: PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    /// The announced generation, in the control page that `reader` keeps mapped.
    word: Cell<*const AtomicU64>,
    /// The announced generation when `value` was taken; 0 makes the next read look again.
    seen: Cell<u64>,
    value: Cell<*mut PyObject>,
    /// The generation in which the key got what was looked at last; 0 if there was no such key.
    changed: Cell<u64>,
    truth: Cell<c_int>,
    reader: *mut PyObject,
    key: *mut PyObject,
    /// Null if there is none.
    default: Cell<*mut PyObject>,
    /// Null if any type will do.
    kind: Cell<*mut PyObject>,
    /// Why `value` is an older one.
    rejected: RefCell<Option<String>>,
}

static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// A handle on `key`; the value is read at once, so a missing key or a wrong type shows here.
pub(crate) fn new<'py>(
    reader: &Bound<'py, PyAny>,
    key: Bound<'py, PyString>,
    default: Option<Bound<'py, PyAny>>,
    kind: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = reader.py();
    let class = TYPE.get(py).ok_or_else(|| PyTypeError::new_err("the module is not initialised"))?;
    // SAFETY: the allocation has room for all fields, and each is written once before the object is seen by anyone; the
    // garbage collector may look at it before that, and finds nulls.
    unsafe {
        let source = ReaderObject::from(reader.as_ptr());
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class.as_ptr().cast(), 0))?;
        let fields = object.as_ptr().cast::<HandleObject>();
        (&raw mut (*fields).vectorcall).write(Some(call));
        (&raw mut (*fields).word).write(Cell::new(source.word()));
        (&raw mut (*fields).reader).write(reader.clone().into_ptr());
        (&raw mut (*fields).key).write(key.into_ptr());
        (&raw mut (*fields).default).write(Cell::new(default.map_or(null_mut(), Bound::into_ptr)));
        (&raw mut (*fields).kind).write(Cell::new(kind.map_or(null_mut(), Bound::into_ptr)));
        (&raw mut (*fields).rejected).write(RefCell::new(None));
        source.register(NonNull::new_unchecked(fields));
        (*fields).look_again(py)?;
        Ok(object)
    }
}

impl HandleObject {
    /// # Safety
    /// `object` is a handle.
    #[inline(always)]
    unsafe fn from<'a>(object: *mut PyObject) -> &'a Self {
        // SAFETY: see above.
        unsafe { &*object.cast() }
    }

    /// The reader maps another control page now.
    pub(crate) fn follow(&self, word: *const AtomicU64) {
        self.word.set(word);
        self.seen.set(0);
        self.changed.set(u64::MAX);
    }

    /// The key, and why the value is an older one, if it is.
    pub(crate) fn rejected(&self, py: Python<'_>) -> Option<(String, String)> {
        let why = self.rejected.borrow().clone()?;
        // SAFETY: a str, owned since the handle was made.
        let key = unsafe { Bound::from_borrowed_ptr(py, self.key).cast_into_unchecked() };
        Some((name(&key), why))
    }

    #[inline(always)]
    fn is_current(&self) -> bool {
        // SAFETY: the reader keeps the page mapped, and tells when it maps another.
        unsafe { configedge_snapshot::load(&*self.word.get()) == self.seen.get() }
    }

    /// A new reference to the value, or null with an exception set.
    #[inline(always)]
    fn read(&self) -> *mut PyObject {
        // SAFETY: the reader is owned; the value is, since the handle was made.
        unsafe {
            locked(self.reader, || {
                if !self.is_current() && enter(true, |py| self.look_again(py).map(|()| false)) {
                    return null_mut();
                }
                ffi::Py_NewRef(self.value.get())
            })
        }
    }

    /// Takes the value of what is published now, if it is another one that fits. Fails only while there is no value yet.
    #[cold]
    fn look_again(&self, py: Python<'_>) -> PyResult<()> {
        // SAFETY: these are owned, of these types, and never change while the handle can be called.
        let (reader, key) = unsafe {
            let key = Bound::from_borrowed_ptr(py, self.key);
            (ReaderObject::from(self.reader), key.cast_into_unchecked::<PyString>())
        };
        loop {
            let snapshot = reader.snapshot(py)?;
            let generation = snapshot.get().inner.generation();
            let entry = snapshot.get().entry(key.as_any())?;
            let changed = entry.as_ref().map_or(0, |entry| entry.changed());
            if !self.value.get().is_null() && changed == self.changed.get() {
                self.seen.set(generation);
                return Ok(());
            }
            // This may run other code, which may switch the reader: then what was taken is old, and is not kept.
            let taken = match self.take(py, &snapshot, &key, entry.as_ref()) {
                Ok(taken) => Ok(taken),
                Err(why) if self.value.get().is_null() => return Err(why),
                Err(why) if is_passing(py, &why)? => return Ok(()),
                Err(why) => Err(reader.reject(py, &key, generation, &why)?),
            };
            if !reader.holds(&snapshot) {
                continue;
            }
            self.changed.set(changed);
            self.seen.set(generation);
            match taken {
                Ok((value, truth)) => {
                    let old = self.value.replace(value.into_ptr());
                    self.truth.set(c_int::from(truth));
                    self.rejected.replace(None);
                    // SAFETY: `old` was owned, or is null.
                    unsafe { ffi::Py_XDECREF(old) };
                }
                Err(why) => {
                    self.rejected.replace(Some(why));
                }
            }
            return Ok(());
        }
    }

    fn take<'py>(
        &self,
        py: Python<'py>,
        snapshot: &Bound<'py, Snapshot>,
        key: &Bound<'py, PyString>,
        entry: Option<&Entry<'_>>,
    ) -> PyResult<(Bound<'py, PyAny>, bool)> {
        // SAFETY: owned, or null.
        let (default, kind) = unsafe {
            (Bound::from_borrowed_ptr_or_opt(py, self.default.get()), Bound::from_borrowed_ptr_or_opt(py, self.kind.get()))
        };
        let value = match (entry, default) {
            (Some(entry), _) => typed(snapshot.get().value(py, entry)?, key, entry, kind.as_ref())?,
            (None, Some(default)) => default,
            (None, None) => return Err(Snapshot::missing(snapshot, key.as_any())),
        };
        let truth = value.is_truthy()?;
        Ok((value, truth))
    }
}

/// `value`, if it is a `kind`, or what a `kind` that is no type of JSON's makes of it. An int is a float where a float is wanted, as
/// in Python's own type system.
fn typed<'py>(
    value: Bound<'py, PyAny>,
    key: &Bound<'py, PyString>,
    entry: &Entry<'_>,
    kind: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(kind) = kind else { return Ok(value) };
    let py = value.py();
    let is_bool = value.is_instance_of::<PyBool>();
    let wants_bool = kind.is(py.get_type::<PyBool>());
    if value.is_instance(kind).unwrap_or(false) && (is_bool == wants_bool || !kind.is(py.get_type::<PyInt>())) {
        return Ok(value);
    }
    if kind.is(py.get_type::<PyFloat>()) && value.is_instance_of::<PyInt>() && !is_bool {
        return kind.call1((value,));
    }
    let plain = [
        py.get_type::<PyBool>(),
        py.get_type::<PyInt>(),
        py.get_type::<PyFloat>(),
        py.get_type::<PyString>(),
        py.get_type::<PyBytes>(),
    ];
    if !plain.iter().any(|class| kind.is(class)) {
        return match entry.value() {
            ValueRef::Json(text) => {
                decode(kind, key.as_any(), PyBytes::new(py, text.as_bytes()).as_any(), true, entry.is_secret())
            }
            _ => decode(kind, key.as_any(), &value, false, entry.is_secret()),
        };
    }
    let wanted = kind.getattr("__name__").map_or_else(|_| kind.to_string(), |name| name.to_string());
    let shown = if entry.is_secret() { "a secret".to_owned() } else { value.repr()?.to_string() };
    let message = format!(
        "{key} is {shown} ({}), and {wanted} is wanted: correct the bundle or the handle's type",
        value.get_type().name()?
    );
    Err(PyTypeError::new_err(message))
}

unsafe extern "C" fn call(slf: *mut PyObject, _: *const *mut PyObject, count: usize, names: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    unsafe {
        if ffi::PyVectorcall_NARGS(count) != 0 || !names.is_null() {
            return enter_object(|_| Err(PyTypeError::new_err("a handle takes no arguments: call it as handle()")));
        }
        HandleObject::from(slf).read()
    }
}

unsafe extern "C" fn attribute(slf: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    static VALUE: PyOnceLock<Py<PyString>> = PyOnceLock::new();
    // SAFETY: called by the interpreter with an instance and a str.
    unsafe {
        // Attribute names in code are interned, so identity nearly always decides.
        let value =
            VALUE.get_or_init(Python::assume_attached(), || PyString::intern(Python::assume_attached(), "value").unbind());
        if name == value.as_ptr() {
            return HandleObject::from(slf).read();
        }
        ffi::PyObject_GenericGetAttr(slf, name)
    }
}

unsafe extern "C" fn is_true(slf: *mut PyObject) -> c_int {
    // SAFETY: called by the interpreter with an instance; its reader is owned.
    unsafe {
        let handle = HandleObject::from(slf);
        locked(handle.reader, || {
            if !handle.is_current() && enter(true, |py| handle.look_again(py).map(|()| false)) {
                return -1;
            }
            handle.truth.get()
        })
    }
}

unsafe extern "C" fn value(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance.
    unsafe { HandleObject::from(slf) }.read()
}

unsafe extern "C" fn key(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance; the key is owned.
    unsafe { ffi::Py_NewRef(HandleObject::from(slf).key) }
}

/// Without the value: it may be secret, and a handle may end in a log.
unsafe extern "C" fn repr(slf: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: called by the interpreter with an instance; the key is owned.
        let key = unsafe { Bound::from_borrowed_ptr(py, HandleObject::from(slf).key) };
        Ok(PyString::new(py, &format!("<Handle {key}>")).into_any())
    })
}

unsafe extern "C" fn traverse(slf: *mut PyObject, visit: ffi::visitproc, arg: *mut c_void) -> c_int {
    // SAFETY: called by the garbage collector with an instance, in which all pointers are owned or null.
    unsafe {
        let handle = HandleObject::from(slf);
        let class = ffi::Py_TYPE(slf).cast();
        for object in [class, handle.value.get(), handle.default.get(), handle.kind.get(), handle.reader] {
            if !object.is_null() {
                let stop = visit(object, arg);
                if stop != 0 {
                    return stop;
                }
            }
        }
        0
    }
}

/// What may refer back to the handle; the value stays, because a finaliser may still call it.
unsafe extern "C" fn clear(slf: *mut PyObject) -> c_int {
    // SAFETY: called by the garbage collector with an instance; what was owned is given up once.
    unsafe {
        let handle = HandleObject::from(slf);
        ffi::Py_XDECREF(handle.default.replace(null_mut()));
        ffi::Py_XDECREF(handle.kind.replace(null_mut()));
    }
    0
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: the interpreter calls this once, when nothing refers to the object any more. A handle whose making failed has
    // a reader too, because that is written before anything can fail.
    unsafe {
        ffi::PyObject_GC_UnTrack(slf.cast());
        let class = ffi::Py_TYPE(slf);
        let handle = HandleObject::from(slf);
        locked(handle.reader, || ReaderObject::from(handle.reader).unregister(NonNull::new_unchecked(slf.cast())));
        for object in [handle.value.get(), handle.key, handle.default.get(), handle.kind.get(), handle.reader] {
            ffi::Py_XDECREF(object);
        }
        std::ptr::drop_in_place(&raw mut (*slf.cast::<HandleObject>()).rejected);
        ffi::PyObject_GC_Del(slf.cast());
        ffi::Py_DECREF(class.cast());
    }
}

pub(crate) fn make_type(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let members = vec![ffi::PyMemberDef {
        name: c"__vectorcalloffset__".as_ptr(),
        type_code: ffi::Py_T_PYSSIZET,
        offset: offset_of!(HandleObject, vectorcall) as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: std::ptr::null(),
    }];
    let getters = vec![
        getter(c"value", value, c"The value now; the same as calling the handle."),
        getter(c"key", key, c"The key it reads."),
    ];
    let slots = vec![
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_tp_traverse, traverse as *mut c_void),
        slot(ffi::Py_tp_clear, clear as *mut c_void),
        slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
        slot(ffi::Py_tp_getattro, attribute as *mut c_void),
        slot(ffi::Py_nb_bool, is_true as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_members, table(members)),
        slot(ffi::Py_tp_getset, table(getters)),
        slot(
            ffi::Py_tp_doc,
            c"One key, read again and again: `handle()`, `handle.value`, `if handle:`.".as_ptr().cast_mut().cast(),
        ),
    ];
    let flags = ffi::Py_TPFLAGS_HAVE_VECTORCALL | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION | ffi::Py_TPFLAGS_HAVE_GC;
    // SAFETY: the tables are leaked, and each function has the type of its slot.
    let class = unsafe { make_type_from_slots(py, c"configedge._core.Handle", size_of::<HandleObject>(), flags, slots)? };
    // A second import of the module keeps the first type; both are the same.
    let _ = TYPE.set(py, class.clone().unbind());
    Ok(class)
}
