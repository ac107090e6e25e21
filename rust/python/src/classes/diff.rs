//! `Diff`: what two snapshots say differently.

use crate::value::to_python;
use configedge_snapshot::{Entry, Snapshot, ValueRef};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What changed from one snapshot to another, by key: of values, not of the containers around them.
#[pyclass(frozen, get_all, module = "configedge")]
pub(crate) struct Diff {
    /// Keys that are new, with their values.
    added: Py<PyDict>,
    /// Keys that are gone, with the values they had.
    removed: Py<PyDict>,
    /// Keys with another value: (old, new).
    changed: Py<PyDict>,
}

impl Diff {
    pub(crate) fn new(py: Python<'_>, old: &Snapshot, new: &Snapshot, inside: impl Fn(&str) -> bool) -> PyResult<Self> {
        let [added, removed, changed] = [PyDict::new(py), PyDict::new(py), PyDict::new(py)];
        for entry in new.iter().filter(|entry| inside(entry.key())) {
            match (old.get(entry.key()).filter(is_leaf), is_leaf(&entry)) {
                (Some(before), true) if before.value() != entry.value() => {
                    let values = (to_python(py, before.value())?, to_python(py, entry.value())?);
                    changed.set_item(entry.key(), values)?;
                }
                (None, true) => added.set_item(entry.key(), to_python(py, entry.value())?)?,
                (Some(before), false) => removed.set_item(before.key(), to_python(py, before.value())?)?,
                _ => {}
            }
        }
        for entry in old.iter().filter(|entry| inside(entry.key()) && is_leaf(entry) && new.get(entry.key()).is_none()) {
            removed.set_item(entry.key(), to_python(py, entry.value())?)?;
        }
        Ok(Self { added: added.unbind(), removed: removed.unbind(), changed: changed.unbind() })
    }
}

/// What has something below it differs where that does.
fn is_leaf(entry: &Entry<'_>) -> bool {
    !matches!(entry.value(), ValueRef::Json(text) if text.len() > 2)
}

#[pymethods]
impl Diff {
    fn __bool__(&self, py: Python<'_>) -> bool {
        self.__len__(py) > 0
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        [&self.added, &self.removed, &self.changed].map(|side| side.bind(py).len()).iter().sum()
    }

    /// Without the values: a diff may end in a log.
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let keys = |side: &Py<PyDict>| side.bind(py).keys().repr().map(|keys| keys.to_string());
        Ok(format!("<Diff added={} removed={} changed={}>", keys(&self.added)?, keys(&self.removed)?, keys(&self.changed)?))
    }
}
