//! The relay's own check of a bundle, for the control plane, for CI, and for anyone before a push.

use configrelay::Problem;
use configrelay::bundle::Bundle;
use configrelay::check::{Checked, check};
use configrelay::flatten::Flat;
use configrelay::guard::{self, Size};
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

/// What came of the check of one document.
#[pyclass(frozen, get_all, module = "configedge._core")]
pub(crate) struct CheckedBundle {
    document: Option<Py<PyBytes>>,
    problems: Vec<Py<PyDict>>,
    warnings: Vec<Py<PyDict>>,
    derived: Option<Py<PyBytes>>,
    size: (usize, usize),
}

/// Checks one ConfigBundle document: syntax, envelope, limits, schema, policies, and its size against that of what is served.
///
/// `file` names it in problems; a name that ends in `.json` is read as JSON, any other as YAML. `served` is the `size` of what
/// it would replace: without it, or with the annotation, any size will do.
#[pyfunction]
#[pyo3(signature = (text, file, policies=None, served=None, /))]
pub(crate) fn check_bundle(
    py: Python<'_>,
    text: &[u8],
    file: &str,
    policies: Option<&Policies>,
    served: Option<(usize, usize)>,
) -> PyResult<CheckedBundle> {
    let none = policies::Policies::default();
    let policies = policies.map_or(&none, |policies| &policies.0);
    let (json, checked, size) = py.detach(|| match Bundle::parse(text, file) {
        Ok(bundle) => {
            let mut checked = check(&bundle, policies);
            let new = Size::of(&Flat::of(checked.derived.as_ref().unwrap_or(bundle.values())));
            let old = served.filter(|_| checked.problems.is_empty()).map(|(keys, bytes)| Size { keys, bytes });
            checked.problems.extend(old.and_then(|old| guard::resize(&bundle, old, new)));
            (Some(bundle.to_json()), checked, new)
        }
        Err(problems) => (None, Checked { problems, ..Checked::default() }, Size { keys: 0, bytes: 0 }),
    });
    let dicts = |told: &[Problem]| told.iter().map(|problem| Ok(to_dict(py, problem)?.unbind())).collect::<PyResult<Vec<_>>>();
    let bytes = |text: &str| PyBytes::new(py, text.as_bytes()).unbind();
    Ok(CheckedBundle {
        document: json.map(|json| bytes(&json)),
        problems: dicts(&checked.problems)?,
        warnings: dicts(&checked.warnings)?,
        derived: checked.derived.map(|values| bytes(&values.to_value().to_string())),
        size: (size.keys, size.bytes),
    })
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
