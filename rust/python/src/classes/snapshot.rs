//! `Snapshot`: one generation, as a mapping that never changes.

use crate::value::{to_plain_python, to_python};
use configedge_snapshot as core;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyType};
use std::sync::Arc;

/// One generation of the configuration: an immutable mapping from key to value.
///
/// All values belong together, and stay as they are for as long as the snapshot is held.
#[pyclass(frozen, mapping, module = "configedge", weakref)]
pub(crate) struct Snapshot {
    pub(crate) inner: Arc<core::Snapshot>,
    /// Objects made so far. Only keys that exist get in, so it is bounded.
    cache: Py<PyDict>,
}

impl Snapshot {
    pub(crate) fn new(py: Python<'_>, inner: Arc<core::Snapshot>) -> PyResult<Py<Self>> {
        Py::new(py, Self { inner, cache: PyDict::new(py).unbind() })
    }

    /// The cache, for the reader's fast path.
    pub(crate) fn cache(&self) -> &Py<PyDict> {
        &self.cache
    }

    /// The value of `key`, from the cache if it was read before.
    pub(crate) fn find<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = key.py();
        let Ok(text) = key.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!("a configuration key is a str, not {}", key.get_type().name()?)));
        };
        let values = self.cache.bind(py);
        if let Some(value) = values.get_item(text)? {
            return Ok(Some(value));
        }
        let Some(entry) = self.inner.get(text.to_str()?) else { return Ok(None) };
        let value = to_python(py, entry.value())?;
        values.set_item(text, &value)?;
        Ok(Some(value))
    }

    pub(crate) fn missing(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyErr {
        static ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let error = ERROR.import(slf.py(), "configedge.errors", "MissingKeyError").and_then(|class| class.call1((key, slf)));
        error.map_or_else(|failure| failure, PyErr::from_value)
    }
}

#[pymethods]
impl Snapshot {
    fn __getitem__<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().find(key)?.ok_or_else(|| Self::missing(slf, key))
    }

    /// The value of `key`, or `default` if there is no such key.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(&self, key: &Bound<'py, PyAny>, default: Option<Bound<'py, PyAny>>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.find(key)?.or(default))
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(key.cast::<PyString>().is_ok_and(|text| text.to_str().is_ok_and(|text| self.inner.get(text).is_some())))
    }

    fn __len__(&self) -> usize {
        self.inner.len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.keys(py, "")?.try_iter()?.into_any())
    }

    /// The keys that begin with `prefix`, sorted.
    #[pyo3(signature = (prefix=""))]
    fn keys<'py>(&self, py: Python<'py>, prefix: &str) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.inner.prefix(prefix).map(|entry| entry.key()).collect::<Vec<_>>())
    }

    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        slf.get().keys(slf.py(), "")?.iter().map(|key| Self::__getitem__(slf, &key)).collect()
    }

    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
        slf.get().keys(slf.py(), "")?.iter().map(|key| Ok((key.clone(), Self::__getitem__(slf, &key)?))).collect()
    }

    /// The generation in which `key` got the value it has here.
    ///
    /// Raises MissingKeyError (a KeyError) if there is no such key.
    fn changed(slf: &Bound<'_, Self>, key: &Bound<'_, PyString>) -> PyResult<u64> {
        let entry = slf.get().inner.get(key.to_str()?);
        entry.map(|entry| entry.changed()).ok_or_else(|| Self::missing(slf, key.as_any()))
    }

    /// The keys that were added, removed or got another value since `older`, sorted. With a `section`, only that key
    /// and those below it.
    #[pyo3(signature = (older, section=""))]
    fn changed_since(&self, older: &Self, section: &str) -> Vec<String> {
        let inside = |key: &str| {
            section.is_empty() || key.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let differs = |entry: &core::Entry<'_>| older.inner.get(entry.key()).is_none_or(|old| old.value() != entry.value());
        let new = self.inner.prefix(section).filter(differs);
        let removed = older.inner.prefix(section).filter(|entry| self.inner.get(entry.key()).is_none());
        let mut keys: Vec<_> = new.chain(removed).map(|entry| entry.key()).filter(|key| inside(key)).map(str::to_owned).collect();
        keys.sort_unstable();
        keys
    }

    /// The section `key` as new dicts and lists that are the caller's to change; without a key, all bundles by name.
    ///
    /// Raises MissingKeyError (a KeyError) if there is no such key.
    #[pyo3(signature = (key=None))]
    fn to_dict<'py>(slf: &Bound<'py, Self>, key: Option<&Bound<'py, PyString>>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if let Some(key) = key {
            let entry = slf.get().inner.get(key.to_str()?).ok_or_else(|| Self::missing(slf, key.as_any()))?;
            return to_plain_python(py, entry.value());
        }
        let all = PyDict::new(py);
        for entry in slf.get().inner.iter().filter(|entry| !entry.key().contains('.')) {
            all.set_item(entry.key(), to_plain_python(py, entry.value())?)?;
        }
        Ok(all.into_any())
    }

    /// Counts up by one with each publish; compares within one instance.
    #[getter]
    fn generation(&self) -> u64 {
        self.inner.generation()
    }

    /// Identifies the snapshot directory; changes only when that is made anew.
    #[getter]
    fn instance(&self) -> u64 {
        self.inner.instance()
    }

    /// The Git commit this came from, as hexadecimal text; empty if the relay was not told.
    #[getter]
    fn commit(&self) -> String {
        self.inner.commit()
    }

    /// When it was built, in seconds since the Unix epoch.
    #[getter]
    fn created_at(&self) -> f64 {
        self.inner.created_ns() as f64 / 1e9
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let inner = &slf.get().inner;
        let name = slf.get_type().getattr(intern!(slf.py(), "__name__"))?;
        Ok(format!("<{name} generation={} commit={:.12} keys={}>", inner.generation(), inner.commit(), inner.len()))
    }
}
