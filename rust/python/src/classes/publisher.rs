//! `Publisher`: writes snapshots without a relay, for the tests of services that read them.

use crate::value::insert;
use configedge_snapshot as core;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The one writer of a snapshot directory. `configedge.testing` is its public face.
#[pyclass(frozen, module = "configedge")]
pub(crate) struct Publisher(Mutex<core::Publisher>);

#[pymethods]
impl Publisher {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        let publisher = core::Publisher::open(&path, None).map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(Self(Mutex::new(publisher)))
    }

    /// Publishes `bundles` (name -> values) as the whole configuration; gives the generation. The values of `secrets` (keys) are
    /// marked for tools not to show.
    ///
    /// Raises TypeError for a value that JSON has no type for, ValueError for a key or size over a limit, OSError
    /// if nothing could be written.
    #[pyo3(signature = (bundles, commit="", secrets=Vec::new()))]
    fn publish(&self, bundles: &Bound<'_, PyDict>, commit: &str, secrets: Vec<String>) -> PyResult<u64> {
        let mut builder = core::Builder::new();
        secrets.iter().for_each(|key| builder.secret(key));
        for (name, values) in bundles {
            insert(&mut builder, &name.extract::<String>()?, &values)?;
        }
        let mut publisher = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        publisher.heartbeat();
        match publisher.publish(&builder, commit) {
            Ok(published) => Ok(published.generation),
            Err(error @ core::PublishError::Build(_)) => Err(PyValueError::new_err(error.to_string())),
            Err(error) => Err(PyOSError::new_err(error.to_string())),
        }
    }

    /// Tells readers that their relay is alive.
    fn heartbeat(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).heartbeat();
    }

    /// Tells readers whether what is published may be behind.
    fn set_stale(&self, stale: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).set_stale(stale);
    }
}
