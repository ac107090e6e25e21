//! Arguments of the methods that are not hot, by position or name.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi::PyObject;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyTuple};
use std::time::Duration;

/// # Safety
/// `args` is a tuple.
pub(crate) unsafe fn tuple(py: Python<'_>, args: *mut PyObject) -> Bound<'_, PyTuple> {
    // SAFETY: see above.
    unsafe { Bound::from_borrowed_ptr(py, args).cast_into_unchecked() }
}

/// # Safety
/// `kwargs` is a dict or null.
pub(crate) unsafe fn dict(py: Python<'_>, kwargs: *mut PyObject) -> Option<Bound<'_, PyDict>> {
    // SAFETY: see above.
    unsafe { Some(Bound::from_borrowed_ptr_or_opt(py, kwargs)?.cast_into_unchecked()) }
}

/// Arguments by position or name.
pub(crate) fn arguments<'py, const N: usize>(
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

pub(crate) fn seconds(name: &str, value: Option<Bound<'_, PyAny>>) -> PyResult<Option<Duration>> {
    let Some(value) = value.filter(|value| !value.is_none()) else { return Ok(None) };
    let seconds: f64 =
        value.cast_into::<PyFloat>().map_or_else(|other| other.into_inner().extract(), |float| Ok(float.value()))?;
    let refused = |_| PyValueError::new_err(format!("{name}={seconds}: give a number of seconds, 0 or more"));
    Duration::try_from_secs_f64(seconds).map(Some).map_err(refused)
}
