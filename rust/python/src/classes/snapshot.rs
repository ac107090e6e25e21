//! `Snapshot`: one generation, as a mapping that never changes.

use crate::classes::diff::Diff;
use crate::slots::buffer::memoryview;
use crate::slots::objects::Objects;
use crate::value::{to_plain_python, to_python, to_view};
use configedge_snapshot as core;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList, PyMapping, PyString, PyType};
use std::path::PathBuf;
use std::sync::Arc;

/// One generation of the configuration: an immutable mapping from key to value.
///
/// All values belong together, and stay as they are for as long as the snapshot is held.
#[pyclass(frozen, mapping, module = "configedge", weakref)]
pub(crate) struct Snapshot {
    pub(crate) inner: Arc<core::Snapshot>,
    pub(crate) objects: Objects,
}

impl Snapshot {
    pub(crate) fn new(py: Python<'_>, inner: Arc<core::Snapshot>) -> PyResult<Py<Self>> {
        let objects = Objects::new(inner.places());
        Py::new(py, Self { inner, objects })
    }

    /// The object of an entry of this snapshot: the same one each time.
    #[inline(always)]
    pub(crate) fn value<'py>(&self, py: Python<'py>, entry: &core::Entry<'_>) -> PyResult<Bound<'py, PyAny>> {
        self.objects.get(py, entry.place(), || to_python(py, entry.value()))
    }

    /// The entry of `key`. A key without UTF-8 is in no configuration.
    pub(crate) fn entry(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<core::Entry<'_>>> {
        let Ok(text) = key.cast::<PyString>() else {
            return Err(PyTypeError::new_err(format!("a configuration key is a str, not {}", key.get_type().name()?)));
        };
        Ok(text.to_str().ok().and_then(|text| self.inner.get(text)))
    }

    fn find<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.entry(key)?.map(|entry| self.value(key.py(), &entry)).transpose()
    }

    fn require<'a>(slf: &'a Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<core::Entry<'a>> {
        slf.get().entry(key)?.ok_or_else(|| Self::missing(slf, key))
    }

    /// The section `key`: a `View`, or an instance of `into`.
    pub(crate) fn section<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        into: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let entry = Self::require(slf, key)?;
        let json = match entry.value() {
            core::ValueRef::Json(text) => Some(text),
            _ => None,
        };
        match (json, into) {
            (Some(text), Some(into)) => decode(into, key, PyBytes::new(py, text.as_bytes()).as_any(), true, entry.is_secret()),
            (None, Some(into)) => decode(into, key, &slf.get().value(py, &entry)?, false, entry.is_secret()),
            (json, None) => {
                let view = json.map(|text| to_view(py, text)).transpose()?.flatten();
                let message = || format!("{key} is a single value or a list, and a view takes a section: read it by its key");
                view.ok_or_else(|| PyTypeError::new_err(message()))
            }
        }
    }

    pub(crate) fn missing(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyErr {
        static ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
        let error = ERROR.import(slf.py(), "configedge.errors", "MissingKeyError").and_then(|class| class.call1((key, slf)));
        error.map_or_else(|failure| failure, PyErr::from_value)
    }
}

pub(crate) fn open_error(py: Python<'_>, why: &str) -> PyErr {
    static ERROR: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let error = ERROR.import(py, "configedge.errors", "OpenError").and_then(|class| class.call1((why,)));
    error.map_or_else(|failure| failure, PyErr::from_value)
}

/// `value` (or the JSON text that it is) as an instance of `into`.
pub(crate) fn decode<'py>(
    into: &Bound<'py, PyAny>,
    key: &Bound<'py, PyAny>,
    value: &Bound<'py, PyAny>,
    is_json: bool,
    is_secret: bool,
) -> PyResult<Bound<'py, PyAny>> {
    static DECODE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    DECODE.import(key.py(), "configedge._decode", "decode")?.call1((into, key, value, is_json, is_secret))
}

/// Whether `key` is `section` or lies below it; `section` may end in `*`, for all keys that begin so, or be empty, for all.
pub(crate) fn lies_in(section: &str, key: &str) -> bool {
    if let Some(prefix) = section.strip_suffix('*') {
        return key.starts_with(prefix);
    }
    section.is_empty() || key.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[pymethods]
impl Snapshot {
    /// The snapshot in one file, such as the relay's durable copy, whoever owns it.
    ///
    /// Raises OpenError (an OSError) if it cannot be read or is not a whole snapshot.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Py<Self>> {
        match core::Snapshot::open(&path) {
            Ok(inner) => Self::new(py, Arc::new(inner)),
            Err(why) => Err(open_error(py, &format!("{}: {why}", path.display()))),
        }
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().value(slf.py(), &Self::require(slf, key)?)
    }

    /// The value of `key`, or `default` if there is no such key.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(&self, key: &Bound<'py, PyAny>, default: Option<Bound<'py, PyAny>>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.find(key)?.or(default))
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(key.is_instance_of::<PyString>() && self.entry(key)?.is_some())
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

    /// Two snapshots are equal if they say the same, whatever their generations; another mapping, if it has the same items.
    fn __eq__<'py>(slf: &Bound<'py, Self>, other: &Bound<'py, PyAny>) -> PyResult<bool> {
        if let Ok(other) = other.cast::<Self>() {
            let (a, b) = (&slf.get().inner, &other.get().inner);
            return Ok(a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.key() == b.key() && a.value() == b.value()));
        }
        Ok(other.cast::<PyMapping>().is_ok()
            && PyDict::from_sequence(Self::items(slf)?.into_pyobject(slf.py())?.as_any())?.eq(other)?)
    }

    /// The generation in which `key` got the value it has here.
    ///
    /// Raises MissingKeyError (a KeyError) if there is no such key.
    fn changed(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<u64> {
        Self::require(slf, key).map(|entry| entry.changed())
    }

    /// Whether the value of `key` is marked as one that tools must not show to people.
    ///
    /// Raises MissingKeyError (a KeyError) if there is no such key.
    fn is_secret(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        Self::require(slf, key).map(|entry| entry.is_secret())
    }

    /// The bytes of a string (UTF-8), of bytes, of a container's JSON text or of an integer beyond 64 bits (decimal text) as they
    /// lie in the map: nothing is copied, and the map stays for as long as the view is held.
    ///
    /// Raises MissingKeyError (a KeyError) if there is no such key, TypeError for any other value.
    fn memoryview<'py>(slf: &Bound<'py, Self>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let entry = Self::require(slf, key)?;
        memoryview(slf.py(), &slf.get().inner, &entry)?.ok_or_else(|| {
            PyTypeError::new_err(format!("{key} is no string, bytes or container, so it has no bytes to look at: read its value"))
        })
    }

    /// The section `key` with its members as attributes; with `into`, as an instance of that dataclass, msgspec.Struct or
    /// pydantic model.
    ///
    /// Raises MissingKeyError (a KeyError) if there is no such key, TypeError if it is no section, DecodeError (a ValueError) if
    /// it does not fit `into`.
    #[pyo3(signature = (key, into=None))]
    fn view<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
        into: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::section(slf, key, into)
    }

    /// What this says that `older` did not, by key. With a `section`, only that key and those below it; `section*` is all keys
    /// that begin with `section`.
    #[pyo3(signature = (older, section=""))]
    fn diff(&self, py: Python<'_>, older: &Self, section: &str) -> PyResult<Diff> {
        Diff::new(py, &older.inner, &self.inner, |key| lies_in(section, key))
    }

    /// The keys that were added, removed or got another value since `older`, sorted, the containers around them too. With a
    /// `section`, as in `diff`.
    #[pyo3(signature = (older, section=""))]
    fn changed_since(&self, older: &Self, section: &str) -> Vec<String> {
        let prefix = section.trim_end_matches('*');
        let differs = |entry: &core::Entry<'_>| older.inner.get(entry.key()).is_none_or(|old| old.value() != entry.value());
        let new = self.inner.prefix(prefix).filter(differs);
        let removed = older.inner.prefix(prefix).filter(|entry| self.inner.get(entry.key()).is_none());
        let keys = new.chain(removed).map(|entry| entry.key());
        let mut keys: Vec<_> = keys.filter(|key| lies_in(section, key)).map(str::to_owned).collect();
        keys.sort_unstable();
        keys
    }

    /// The section `key` as new dicts and lists that are the caller's to change; without a key, all bundles by name.
    ///
    /// Raises MissingKeyError (a KeyError) if there is no such key.
    #[pyo3(signature = (key=None))]
    fn to_dict<'py>(slf: &Bound<'py, Self>, key: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        if let Some(key) = key {
            return to_plain_python(py, Self::require(slf, key)?.value());
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
