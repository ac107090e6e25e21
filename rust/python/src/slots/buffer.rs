//! Zero-copy: a memoryview of bytes in the map, which it keeps alive.

use crate::slots::{enter, make_type, slot};
use configedge_snapshot::{Entry, Snapshot, ValueRef};
use pyo3::exceptions::PyBufferError;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use std::ffi::{c_int, c_void};
use std::sync::Arc;

/// What lies behind a memoryview: never seen by name.
#[repr(C)]
struct BufferObject {
    head: PyObject,
    /// Lies in the map of `snapshot`.
    start: *const u8,
    len: usize,
    snapshot: Arc<Snapshot>,
}

/// A read-only memoryview of a value's bytes in the map; `None` for a value that has none there.
pub(crate) fn memoryview<'py>(
    py: Python<'py>,
    snapshot: &Arc<Snapshot>,
    entry: &Entry<'_>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let bytes: &[u8] = match entry.value() {
        ValueRef::Str(text) | ValueRef::Json(text) | ValueRef::BigInt(text) => text.as_bytes(),
        ValueRef::Bytes(bytes) => bytes,
        _ => return Ok(None),
    };
    debug_assert!(snapshot.as_bytes().as_ptr_range().contains(&bytes.as_ptr()) || bytes.is_empty());
    // SAFETY: the allocation has room for all fields, each is written once, and the map that `bytes` lies in lives as
    // long as the snapshot that is kept with it.
    unsafe {
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class(py)?.as_ptr().cast(), 0))?;
        let fields = object.as_ptr().cast::<BufferObject>();
        (&raw mut (*fields).start).write(bytes.as_ptr());
        (&raw mut (*fields).len).write(bytes.len());
        (&raw mut (*fields).snapshot).write(Arc::clone(snapshot));
        Bound::from_owned_ptr_or_err(py, ffi::PyMemoryView_FromObject(object.as_ptr())).map(Some)
    }
}

unsafe extern "C" fn get_buffer(slf: *mut PyObject, view: *mut ffi::Py_buffer, flags: c_int) -> c_int {
    // SAFETY: called by the interpreter with an instance and a buffer to fill; the bytes live as long as the instance, which
    // the filled buffer holds.
    unsafe {
        if flags & ffi::PyBUF_WRITABLE != 0 {
            (*view).obj = std::ptr::null_mut();
            return enter(-1, |_| Err(PyBufferError::new_err("a configuration is read-only")));
        }
        let fields = slf.cast::<BufferObject>();
        ffi::PyBuffer_FillInfo(view, slf, (*fields).start.cast_mut().cast(), (*fields).len as ffi::Py_ssize_t, 1, flags)
    }
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: the interpreter calls this once, when nothing refers to the object any more.
    unsafe {
        let class = ffi::Py_TYPE(slf);
        std::ptr::drop_in_place(&raw mut (*slf.cast::<BufferObject>()).snapshot);
        ffi::PyObject_Free(slf.cast());
        ffi::Py_DECREF(class.cast());
    }
}

fn class<'py>(py: Python<'py>) -> PyResult<&'static Py<PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    TYPE.get_or_try_init(py, || {
        let slots = vec![slot(ffi::Py_tp_dealloc, dealloc as *mut c_void), slot(ffi::Py_bf_getbuffer, get_buffer as *mut c_void)];
        let flags = ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
        // SAFETY: each function has the type of its slot.
        unsafe { make_type(py, c"configedge._core._Buffer", size_of::<BufferObject>(), flags, slots).map(Bound::unbind) }
    })
}
