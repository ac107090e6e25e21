//! Making Python types from C slots, and entering Rust from them.

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
    Python::attach(|py| {
        let error = match catch_unwind(AssertUnwindSafe(|| body(py))) {
            Ok(Ok(value)) => return value,
            Ok(Err(error)) => error,
            Err(_) => PyRuntimeError::new_err("configedge panicked; please report it with the message above"),
        };
        error.restore(py);
        failed
    })
}

/// As [`enter`], for functions that give an object.
pub(crate) fn enter_object<'a>(
    body: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>> + 'a,
) -> *mut ffi::PyObject {
    enter(std::ptr::null_mut(), |py| body(py).map(Bound::into_ptr))
}
