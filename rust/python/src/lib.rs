//! `configedge._core`: the snapshot reader for CPython.
//!
//! What is hot (`classes::reader`, `classes::handle`) is written as type slots on the C API, because PyO3's wrappers cost more than
//! the read itself; everything else is PyO3. All `unsafe` lies in those two files and in `slots`.

mod check;
mod classes;
mod slots;
mod value;

use pyo3::prelude::*;

#[pymodule(gil_used = true)]
#[pyo3(name = "_core")]
fn core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("Reader", classes::reader::make_type(module.py())?)?;
    module.add("Handle", classes::handle::make_type(module.py())?)?;
    module.add_class::<classes::snapshot::Snapshot>()?;
    module.add_class::<classes::health::Health>()?;
    module.add_class::<classes::publisher::Publisher>()?;
    module.add_function(wrap_pyfunction!(check::check_bundle, module)?)
}
