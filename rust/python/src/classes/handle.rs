//! `Handle`: one key, read again and again.
//!
//! The value's object is made once a change of that key: when another generation is announced but the key kept its value, the same
//! object is given on.

use crate::classes::reader::ReaderObject;
use crate::classes::snapshot::Snapshot;
use crate::slots::{enter, enter_object, getter, make_type as make_type_from_slots, slot, table};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

/// What lies behind `_core.Handle`. All access is under the GIL. Pointers to objects are owned.
#[repr(C)]
pub(crate) struct HandleObject {
    head: PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    /// The announced generation, in the control page that `reader` keeps mapped.
    word: Cell<*const AtomicU64>,
    /// The announced generation when `value` was taken; 0 makes the next read look again.
    seen: Cell<u64>,
    value: Cell<*mut PyObject>,
    /// The generation in which the key got `value`; 0 if it is the default.
    changed: Cell<u64>,
    truth: Cell<c_int>,
    reader: *mut PyObject,
    key: *mut PyObject,
    /// Null if there is none.
    default: *mut PyObject,
    /// Null if any type will do.
    kind: *mut PyObject,
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
    // SAFETY: the allocation has room for all fields, and each is written once before the object is seen by anyone.
    unsafe {
        let source = ReaderObject::from(reader.as_ptr());
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class.as_ptr().cast(), 0))?;
        let fields = object.as_ptr().cast::<HandleObject>();
        (&raw mut (*fields).vectorcall).write(Some(call));
        (&raw mut (*fields).word).write(Cell::new(source.word()));
        (&raw mut (*fields).reader).write(reader.clone().into_ptr());
        (&raw mut (*fields).key).write(key.into_ptr());
        (&raw mut (*fields).default).write(default.map_or(null_mut(), Bound::into_ptr));
        (&raw mut (*fields).kind).write(kind.map_or(null_mut(), Bound::into_ptr));
        source.register(NonNull::new_unchecked(fields));
        (*fields).look_again(py)?;
        Ok(object)
    }
}

impl HandleObject {
    /// # Safety
    /// `object` is a handle, and the GIL is held while the result is used.
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

    #[inline(always)]
    fn is_current(&self) -> bool {
        // SAFETY: see `word`.
        unsafe { (*self.word.get()).load(Ordering::Acquire) == self.seen.get() }
    }

    /// A new reference to the value, or null with an exception set.
    #[inline(always)]
    fn read(&self) -> *mut PyObject {
        if !self.is_current() && enter(true, |py| self.look_again(py).map(|()| false)) {
            return null_mut();
        }
        // SAFETY: owned since the handle was made.
        unsafe { ffi::Py_NewRef(self.value.get()) }
    }

    /// Takes the value of what is published now, if it is another one.
    #[cold]
    fn look_again(&self, py: Python<'_>) -> PyResult<()> {
        // SAFETY: these fields are owned, of these types, and never change.
        let (reader, key, default, kind) = unsafe {
            (
                ReaderObject::from(self.reader),
                Bound::from_borrowed_ptr(py, self.key).cast_into_unchecked::<PyString>(),
                Bound::from_borrowed_ptr_or_opt(py, self.default),
                Bound::from_borrowed_ptr_or_opt(py, self.kind),
            )
        };
        let snapshot = reader.snapshot(py)?;
        let entry = snapshot.get().inner.get(key.to_str()?);
        let changed = entry.as_ref().map_or(0, |entry| entry.changed());
        if self.value.get().is_null() || changed != self.changed.get() {
            let found = if entry.is_some() { snapshot.get().find(key.as_any())? } else { None };
            let value = match (found, default) {
                (Some(value), _) => checked(value, &key, kind.as_ref())?,
                (None, Some(default)) => default,
                (None, None) => return Err(Snapshot::missing(&snapshot, key.as_any())),
            };
            let truth = value.is_truthy()?;
            let old = self.value.replace(value.into_ptr());
            self.truth.set(c_int::from(truth));
            self.changed.set(changed);
            // SAFETY: `old` was owned, or is null.
            unsafe { ffi::Py_XDECREF(old) };
        }
        self.seen.set(reader.seen());
        Ok(())
    }
}

/// `value`, if it is a `kind`. An int is a float where a float is wanted, as in Python's own type system.
fn checked<'py>(
    value: Bound<'py, PyAny>,
    key: &Bound<'py, PyString>,
    kind: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(kind) = kind else { return Ok(value) };
    let py = value.py();
    let is_bool = value.is_instance_of::<pyo3::types::PyBool>();
    let wants_bool = kind.is(py.get_type::<pyo3::types::PyBool>());
    if value.is_instance(kind)? && is_bool == wants_bool {
        return Ok(value);
    }
    if kind.is(py.get_type::<pyo3::types::PyFloat>()) && value.is_instance_of::<pyo3::types::PyInt>() && !is_bool {
        return kind.call1((value,));
    }
    let wanted = kind.getattr("__name__").map_or_else(|_| kind.to_string(), |name| name.to_string());
    let message = format!(
        "{key} is {} ({}), and {wanted} is wanted: correct the bundle or the handle's type",
        value.repr()?,
        value.get_type().name()?
    );
    Err(PyTypeError::new_err(message))
}

unsafe extern "C" fn call(slf: *mut PyObject, _: *const *mut PyObject, count: usize, names: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance, under the GIL.
    unsafe {
        if ffi::PyVectorcall_NARGS(count) != 0 || !names.is_null() {
            return enter_object(|_| Err(PyTypeError::new_err("a handle takes no arguments: call it as handle()")));
        }
        HandleObject::from(slf).read()
    }
}

unsafe extern "C" fn attribute(slf: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    static VALUE: PyOnceLock<Py<PyString>> = PyOnceLock::new();
    // SAFETY: called by the interpreter with an instance and a str, under the GIL.
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
    // SAFETY: called by the interpreter with an instance, under the GIL.
    let handle = unsafe { HandleObject::from(slf) };
    if !handle.is_current() && enter(true, |py| handle.look_again(py).map(|()| false)) {
        return -1;
    }
    handle.truth.get()
}

unsafe extern "C" fn value(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance, under the GIL.
    unsafe { HandleObject::from(slf) }.read()
}

unsafe extern "C" fn key(slf: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance, under the GIL; the key is owned.
    unsafe { ffi::Py_NewRef(HandleObject::from(slf).key) }
}

unsafe extern "C" fn repr(slf: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: called by the interpreter with an instance, under the GIL; key and value are owned.
        let (key, value) = unsafe {
            let handle = HandleObject::from(slf);
            (Bound::from_borrowed_ptr(py, handle.key), Bound::from_owned_ptr_or_err(py, handle.read())?)
        };
        Ok(PyString::new(py, &format!("<Handle {key} = {}>", value.repr()?)).into_any())
    })
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: the interpreter calls this once, when nothing refers to the object any more. A handle whose making failed has
    // a reader too, because that is written before anything can fail.
    unsafe {
        let class = ffi::Py_TYPE(slf);
        let handle = HandleObject::from(slf);
        ReaderObject::from(handle.reader).unregister(NonNull::new_unchecked(slf.cast()));
        for object in [handle.value.get(), handle.key, handle.default, handle.kind, handle.reader] {
            ffi::Py_XDECREF(object);
        }
        if let Some(free) = (*class).tp_free {
            free(slf.cast());
        }
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
    let flags = ffi::Py_TPFLAGS_HAVE_VECTORCALL | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    // SAFETY: the tables are leaked, and each function has the type of its slot.
    let class = unsafe { make_type_from_slots(py, c"configedge._core.Handle", size_of::<HandleObject>(), flags, slots)? };
    // A second import of the module keeps the first type; both are the same.
    let _ = TYPE.set(py, class.clone().unbind());
    Ok(class)
}
