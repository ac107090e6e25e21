//! The Python objects of a snapshot's values: each is made when it is first read, and lives as long as the snapshot.

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// An owned object, or null, for each slot of a snapshot's table.
pub(crate) struct Objects(Box<[AtomicPtr<PyObject>]>);

impl Objects {
    pub(crate) fn new(len: usize) -> Self {
        // Zeroed memory that is touched only where something is read, not a write of every slot at each switch.
        let zeroed = Box::into_raw(vec![0usize; len].into_boxed_slice());
        const { assert!(size_of::<AtomicPtr<PyObject>>() == size_of::<AtomicUsize>()) };
        // SAFETY: an `AtomicPtr` has size and alignment of a `usize`, and all zeroes are its null.
        Self(unsafe { Box::from_raw(zeroed as *mut [AtomicPtr<PyObject>]) })
    }

    /// The object of slot `at`, made by `make` if there is none yet.
    #[inline(always)]
    pub(crate) fn get<'py>(
        &self,
        py: Python<'py>,
        at: usize,
        make: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let object = self.0[at].load(Ordering::Acquire);
        if object.is_null() {
            return self.put(at, make()?);
        }
        // SAFETY: owned by this table until it goes, and the caller keeps it.
        unsafe { Ok(Bound::from_borrowed_ptr(py, object)) }
    }

    /// Two threads may make an object for one slot; the first stays.
    fn put<'py>(&self, at: usize, new: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = new.py();
        match self.0[at].compare_exchange(null_mut(), new.as_ptr(), Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: the table owns one reference of its own to what it took; what was there before is owned by it.
            Ok(_) => unsafe {
                ffi::Py_INCREF(new.as_ptr());
                Ok(new)
            },
            // SAFETY: as above.
            Err(first) => unsafe { Ok(Bound::from_borrowed_ptr(py, first)) },
        }
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        for object in &mut self.0 {
            // SAFETY: owned, or null. This is dropped with the Python object that it belongs to, so by the interpreter.
            unsafe { ffi::Py_XDECREF(*object.get_mut()) };
        }
    }
}
