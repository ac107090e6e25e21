//! `configedge._core`: the snapshot reader for CPython.
//!
//! What is hot (reader, handle) is written as type slots on the C API, because PyO3's wrappers cost more than the read
//! itself; everything else is PyO3. All `unsafe` lies in [`slots`].

#![deny(unsafe_code)]

mod check;
mod classes;
mod slots;
mod value;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
#[pyo3(name = "_core")]
fn core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("Reader", slots::reader::make_type(module.py())?)?;
    module.add("Handle", slots::handle::make_type(module.py())?)?;
    module.add_class::<classes::snapshot::Snapshot>()?;
    module.add_class::<classes::diff::Diff>()?;
    module.add_class::<classes::health::Health>()?;
    module.add_class::<classes::publisher::Publisher>()?;
    module.add_class::<check::Policies>()?;
    module.add_class::<check::CheckedBundle>()?;
    module.add_function(wrap_pyfunction!(check::check_bundle, module)?)?;
    module.add_function(wrap_pyfunction!(check::policy_digest, module)?)?;
    let mapping = module.py().import("collections.abc")?.getattr("Mapping")?;
    mapping.call_method1("register", (module.getattr("Snapshot")?,))?;
    Ok(())
}
