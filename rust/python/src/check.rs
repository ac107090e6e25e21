//! The relay's own check of a bundle, for the control plane, for CI, and for anyone before a push.

use configrelay::Problem;
use configrelay::bundle::Bundle;
use configrelay::check::{Checked, check};
use configrelay::policies;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::collections::BTreeMap;

/// Policies that bundles may name: the content of a directory `policies`, by file name (`manifest.yaml` and the modules).
///
/// Modules are compiled when a bundle first names them. Safe to share between threads.
#[pyclass(frozen, module = "configedge._core")]
pub(crate) struct Policies(policies::Policies);

#[pymethods]
impl Policies {
    #[new]
    #[pyo3(signature = (files, /))]
    fn new(files: BTreeMap<String, Vec<u8>>) -> Self {
        let wanted = files.into_iter().filter(|(name, _)| policies::is_policy_file(name));
        Self(policies::Policies::new(wanted.map(|(name, content)| (name, Ok(content))).collect()))
    }

    /// What is wrong with the manifest and the modules in it, each tried: pairs of a file's name and what.
    fn problems(&self, py: Python<'_>) -> Vec<(String, String)> {
        py.detach(|| self.0.problems())
    }
}

/// What a manifest says of a module: `sha256:` and 64 hexadecimal digits.
#[pyfunction]
#[pyo3(signature = (module, /))]
pub(crate) fn policy_digest(module: &[u8]) -> String {
    policies::digest_of(module)
}

type Told<'py> = (Option<Bound<'py, PyBytes>>, Vec<Bound<'py, PyDict>>, Vec<Bound<'py, PyDict>>, Option<Bound<'py, PyBytes>>);

/// Checks one ConfigBundle document: syntax, envelope, limits, schema, policies.
///
/// `file` names it in problems; a name that ends in `.json` is read as JSON, any other as YAML. Gives the whole document as
/// compact JSON, or None if it cannot be read as a bundle; a list of problems (dicts with file, key, line, column, code,
/// message, hint), which is empty if the document may be published; a list of warnings, of the same shape; and the
/// values with what policies derived as compact JSON, or None if none did.
#[pyfunction]
#[pyo3(signature = (text, file, policies=None, /))]
pub(crate) fn check_bundle<'py>(py: Python<'py>, text: &[u8], file: &str, policies: Option<&Policies>) -> PyResult<Told<'py>> {
    let none = policies::Policies::default();
    let policies = policies.map_or(&none, |policies| &policies.0);
    let (json, checked) = py.detach(|| match Bundle::parse(text, file) {
        Ok(bundle) => (Some(bundle.to_json()), check(&bundle, policies)),
        Err(problems) => (None, Checked { problems, ..Checked::default() }),
    });
    let dicts = |told: &[Problem]| told.iter().map(|problem| to_dict(py, problem)).collect::<PyResult<Vec<_>>>();
    let derived = checked.derived.map(|values| PyBytes::new(py, values.to_value().to_string().as_bytes()));
    let json = json.map(|json| PyBytes::new(py, json.as_bytes()));
    Ok((json, dicts(&checked.problems)?, dicts(&checked.warnings)?, derived))
}

fn to_dict<'py>(py: Python<'py>, problem: &Problem) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("file", &problem.file)?;
    dict.set_item("key", &problem.key)?;
    dict.set_item("line", problem.line)?;
    dict.set_item("column", problem.column)?;
    dict.set_item("code", problem.code)?;
    dict.set_item("message", &problem.message)?;
    dict.set_item("hint", &problem.hint)?;
    Ok(dict)
}
