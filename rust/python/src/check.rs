//! The relay's own check of a bundle, for the control plane, for CI, and for anyone before a push.

use configrelay::Problem;
use configrelay::bundle::Bundle;
use configrelay::check::check;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

type Checked<'py> = (Option<Bound<'py, PyBytes>>, Vec<Bound<'py, PyDict>>);

/// Checks one ConfigBundle document: syntax, envelope, limits, schema.
///
/// `file` names it in problems; a name that ends in `.json` is read as JSON, any other as YAML. Gives the whole document as
/// compact JSON, or None if it cannot be read as a bundle, and a list of problems (dicts with file, key, line, column,
/// code, message, hint), which is empty if the document may be published.
#[pyfunction]
#[pyo3(signature = (text, file, /))]
pub(crate) fn check_bundle<'py>(py: Python<'py>, text: &[u8], file: &str) -> PyResult<Checked<'py>> {
    let (json, problems) = py.detach(|| match Bundle::parse(text, file) {
        Ok(bundle) => (Some(bundle.to_json()), check(&bundle)),
        Err(problems) => (None, problems),
    });
    let problems = problems.iter().map(|problem| to_dict(py, problem)).collect::<PyResult<_>>()?;
    Ok((json.map(|json| PyBytes::new(py, json.as_bytes())), problems))
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
