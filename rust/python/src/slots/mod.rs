//! All `unsafe` of this crate: types made of C slots, because PyO3's wrappers cost more than the reads behind them.
//!
//! What every file here relies on: a slot is called by the interpreter with an instance of its type and with the thread attached;
//! and no two threads are in the code of one reader at a time: the GIL sees to it, or [`locked`] where there is none.

#![allow(unsafe_code)]

mod arguments;
pub(crate) mod buffer;
pub(crate) mod handle;
pub(crate) mod objects;
pub(crate) mod reader;

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;
use std::ffi::{CStr, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) fn slot(id: c_int, function: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot: id, pfunc: function }
}

pub(crate) const fn method(
    name: &'static CStr,
    function: ffi::PyMethodDefPointer,
    flags: c_int,
    doc: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef { ml_name: name.as_ptr(), ml_meth: function, ml_flags: flags, ml_doc: doc.as_ptr() }
}

pub(crate) const fn getter(name: &'static CStr, get: ffi::getter, doc: &'static CStr) -> ffi::PyGetSetDef {
    ffi::PyGetSetDef { name: name.as_ptr(), get: Some(get), set: None, doc: doc.as_ptr(), closure: std::ptr::null_mut() }
}

/// The entries of a type's table, live for ever. `T` is one of C Python's `...Def` structs.
pub(crate) fn table<T>(mut entries: Vec<T>) -> *mut c_void {
    // SAFETY: these structs are made of pointers and numbers, and one that is all zeroes is the table's end mark.
    entries.push(unsafe { std::mem::zeroed() });
    entries.leak().as_mut_ptr().cast()
}

/// A heap type of `size` bytes an instance. The tables the slots point to must live for ever, and each slot must have the
/// function type of its id; that is the caller's part.
pub(crate) unsafe fn make_type<'py>(
    py: Python<'py>,
    name: &'static CStr,
    size: usize,
    flags: u64,
    mut slots: Vec<ffi::PyType_Slot>,
) -> PyResult<Bound<'py, PyType>> {
    slots.push(slot(0, std::ptr::null_mut()));
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: size as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | flags) as _,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the spec is complete and its tables are live (see above); the result is a new reference or an error.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&mut spec))?.cast_into_unchecked()) }
}

/// Runs the slow part of a slot: errors become Python exceptions, and so does a panic.
pub(crate) fn enter<T>(failed: T, body: impl FnOnce(Python<'_>) -> PyResult<T>) -> T {
    // SAFETY: slots are called by the interpreter with the thread attached.
    let py = unsafe { Python::assume_attached() };
    let error = match catch_unwind(AssertUnwindSafe(|| body(py))) {
        Ok(Ok(value)) => return value,
        Ok(Err(error)) => error,
        Err(_) => PyRuntimeError::new_err("configedge panicked; please report it with the message above"),
    };
    error.restore(py);
    failed
}

/// As [`enter`], for functions that give an object.
pub(crate) fn enter_object<'a>(
    body: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>> + 'a,
) -> *mut ffi::PyObject {
    enter(std::ptr::null_mut(), |py| body(py).map(Bound::into_ptr))
}

/// Runs `body` while no other thread runs one for the same object. With a GIL that is so anyway. As with the GIL, another thread may
/// come between where `body` runs Python code or waits.
///
/// # Safety
/// `object` is live, and the thread is attached.
#[inline(always)]
pub(crate) unsafe fn locked<T>(object: *mut ffi::PyObject, body: impl FnOnce() -> T) -> T {
    #[cfg(Py_GIL_DISABLED)]
    {
        struct Section(ffi::PyCriticalSection);
        impl Drop for Section {
            fn drop(&mut self) {
                // SAFETY: begun below, and not moved since.
                unsafe { ffi::PyCriticalSection_End(&mut self.0) }
            }
        }
        // SAFETY: two pointers, and `Begin` sets both.
        let mut section = Section(unsafe { std::mem::zeroed() });
        // SAFETY: see above; the section stays where it is until it ends.
        unsafe { ffi::PyCriticalSection_Begin(&mut section.0, object) };
        body()
    }
    #[cfg(not(Py_GIL_DISABLED))]
    {
        let _ = object;
        body()
    }
}

/// The text of a `str` (or of a subclass), as the interpreter keeps it; `None` for anything else, and for text that has no UTF-8.
///
/// # Safety
/// `key` is live, and stays so while the text is used.
#[inline(always)]
pub(crate) unsafe fn text<'a>(key: *mut ffi::PyObject) -> Option<&'a str> {
    // SAFETY: the interpreter gives the address and the length of UTF-8 that belongs to the str, or null and an exception.
    unsafe {
        if ffi::PyUnicode_Check(key) == 0 {
            return None;
        }
        let mut len = 0;
        let start = ffi::PyUnicode_AsUTF8AndSize(key, &mut len);
        if start.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(std::str::from_utf8_unchecked(std::slice::from_raw_parts(start.cast(), len as usize)))
    }
}
