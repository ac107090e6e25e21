//! From values in a snapshot to Python objects, and back for tests.

use configedge_snapshot::{BuildError, Builder, MAX_KEY_LEN, Span, Value, ValueRef};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMappingProxy, PyString, PyTuple, PyType};
use serde_json::Value as Json;

/// Containers come out immutable, because the object is cached and shared: an array as a tuple, an object as a mapping proxy.
pub(crate) fn to_python<'py>(py: Python<'py>, value: ValueRef<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        ValueRef::Null => py.None().into_bound(py),
        ValueRef::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
        ValueRef::I64(value) => value.into_pyobject(py)?.into_any(),
        ValueRef::F64(value) => PyFloat::new(py, value).into_any(),
        ValueRef::Str(text) => PyString::new(py, text).into_any(),
        ValueRef::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        ValueRef::BigInt(text) => integer(py, text)?,
        ValueRef::Json(text) => json_to_python(py, &parse(text)?, Containers::Frozen)?,
    })
}

/// As [`to_python`], with containers as new dicts and lists.
pub(crate) fn to_plain_python<'py>(py: Python<'py>, value: ValueRef<'_>) -> PyResult<Bound<'py, PyAny>> {
    match value {
        ValueRef::Json(text) => json_to_python(py, &parse(text)?, Containers::Plain),
        other => to_python(py, other),
    }
}

/// A container's text as a view of its members; `None` if it is an array.
pub(crate) fn to_view<'py>(py: Python<'py>, text: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let json = parse(text)?;
    json.is_object().then(|| json_to_python(py, &json, Containers::Views)).transpose()
}

/// What objects and arrays become.
#[derive(Clone, Copy)]
enum Containers {
    /// Mapping proxies and tuples.
    Frozen,
    /// Dicts and lists.
    Plain,
    /// Views and tuples.
    Views,
}

fn parse(text: &str) -> PyResult<Json> {
    serde_json::from_str(text).map_err(|error| PyValueError::new_err(format!("a container in the snapshot is not JSON: {error}")))
}

/// Python's own parser, in parts: it refuses more than 4,300 digits at once, and a read must not fail for a long number.
fn integer<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    const PART: usize = 4_000;
    let int = py.get_type::<PyInt>();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    if digits.len() <= PART || !digits.is_ascii() {
        return int.call1((text,));
    }
    let mut value = int.call0()?;
    for part in digits.as_bytes().chunks(PART) {
        let shift = int.call1((10,))?.pow(part.len(), py.None())?;
        value = value.mul(shift)?.add(int.call1((PyBytes::new(py, part),))?)?;
    }
    value.mul(sign)
}

fn json_to_python<'py>(py: Python<'py>, value: &Json, containers: Containers) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Json::Null => py.None().into_bound(py),
        Json::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Json::Number(number) => match (number.as_i64(), number.as_str()) {
            (Some(value), _) => value.into_pyobject(py)?.into_any(),
            (None, text) if text.bytes().all(|c| c == b'-' || c.is_ascii_digit()) => integer(py, text)?,
            (None, text) => PyFloat::new(py, text.parse()?).into_any(),
        },
        Json::String(text) => PyString::new(py, text).into_any(),
        Json::Array(items) => {
            let items = items.iter().map(|item| json_to_python(py, item, containers)).collect::<PyResult<Vec<_>>>()?;
            match containers {
                Containers::Plain => PyList::new(py, items)?.into_any(),
                Containers::Frozen | Containers::Views => PyTuple::new(py, items)?.into_any(),
            }
        }
        Json::Object(members) => {
            let dict = PyDict::new(py);
            for (name, member) in members {
                // Interned, as the names of attributes in code are: a view is read by identity.
                dict.set_item(PyString::intern(py, name), json_to_python(py, member, containers)?)?;
            }
            match containers {
                Containers::Plain => dict.into_any(),
                Containers::Frozen => PyMappingProxy::new(py, dict.as_mapping()).into_any(),
                Containers::Views => new_view(dict)?,
            }
        }
    })
}

fn new_view<'py>(members: Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    static VIEW: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    VIEW.import(members.py(), "configedge.view", "View")?.call1((members,))
}

/// Adds `value` and everything below it under `key`: what the relay's flattening does, for values that never were a document.
pub(crate) fn insert(builder: &mut Builder, key: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    // At the first key that is too long, so that a dict inside itself ends.
    if key.len() > MAX_KEY_LEN {
        return Err(PyValueError::new_err(BuildError::KeyLength(key.to_owned(), key.len()).to_string()));
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        for (name, member) in dict {
            insert(builder, &format!("{key}.{}", name.extract::<String>()?), &member)?;
        }
    } else if let Ok(items) = value.cast::<PyList>() {
        for (at, item) in items.iter().enumerate() {
            insert(builder, &format!("{key}.{at}"), &item)?;
        }
    }
    let text;
    let value = if value.is_none() {
        Value::Null
    } else if let Ok(value) = value.cast::<PyBool>() {
        Value::Bool(value.is_true())
    } else if let Ok(number) = value.cast::<PyInt>() {
        match number.extract() {
            Ok(value) => Value::I64(value),
            Err(_) => {
                text = number.str()?.to_string();
                Value::BigInt(&text)
            }
        }
    } else if let Ok(number) = value.cast::<PyFloat>() {
        finite(key, number.value())?
    } else if let Ok(string) = value.cast::<PyString>() {
        Value::Str(string.to_str()?)
    } else if value.is_instance_of::<PyDict>() || value.is_instance_of::<PyList>() {
        Value::Json(json_text(builder, value)?)
    } else {
        let kind = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!("{key}: a configuration has no {kind}: give JSON types")));
    };
    builder.insert(key, value).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn finite<'a>(key: &str, value: f64) -> PyResult<Value<'a>> {
    let refused = || PyValueError::new_err(format!("{key}: JSON has no {value}: give a finite number"));
    value.is_finite().then_some(Value::F64(value)).ok_or_else(refused)
}

fn json_text(builder: &mut Builder, value: &Bound<'_, PyAny>) -> PyResult<Span> {
    let json = value.py().import("json")?;
    let text: String = json.call_method1("dumps", (value,))?.extract()?;
    Ok(builder.text(&text))
}
