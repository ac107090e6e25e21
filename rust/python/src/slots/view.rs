//! `View`: a section held in one generation, its members as attributes.

use crate::slots::{enter, enter_object, make_type as make_type_from_slots, slot};
use pyo3::exceptions::{PyAttributeError, PyKeyError, PyTypeError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyMapping, PyString, PyType};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// What lies behind `_core.View`. Nothing of it changes once it is made. Values are configuration, so they never refer back to a
/// view: no cycle can form, and the garbage collector has nothing to do here.
#[repr(C)]
struct ViewObject {
    head: PyObject,
    /// Name and value by the address of the name: at most half full, and with room for at least one null, where a search ends.
    /// Borrowed from `members`; names in code are interned, and so are these.
    table: Box<[(*mut PyObject, *mut PyObject)]>,
    /// Owned, a dict that nobody else has.
    members: *mut PyObject,
}

static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// A view of `members`, which belongs to it from now on.
pub(crate) fn new<'py>(members: Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    let py = members.py();
    let class = TYPE.get(py).ok_or_else(|| PyTypeError::new_err("the module is not initialised"))?;
    let interned = PyDict::new(py);
    let mut table: Box<[(*mut PyObject, *mut PyObject)]> =
        vec![(null_mut(), null_mut()); (members.len() * 2 + 1).next_power_of_two()].into_boxed_slice();
    for (name, value) in &members {
        let text: &str = name.extract()?;
        let name = PyString::intern(py, text);
        interned.set_item(&name, &value)?;
        // `view.__class__` and the like stay what they are; such members are read by `view["name"]`.
        if !text.starts_with("__") {
            let mask = table.len() - 1;
            let mut at = home(name.as_ptr()) & mask;
            while !table[at].0.is_null() {
                at = (at + 1) & mask;
            }
            table[at] = (name.as_ptr(), value.as_ptr());
        }
    }
    // SAFETY: the allocation has room for all fields, and each is written once. The dict owns what the table points to: it
    // keeps the interned names, because it was made with them.
    unsafe {
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class.as_ptr().cast(), 0))?;
        let fields = object.as_ptr().cast::<ViewObject>();
        (&raw mut (*fields).table).write(table);
        (&raw mut (*fields).members).write(interned.into_ptr());
        Ok(object)
    }
}

#[inline(always)]
fn home(name: *mut PyObject) -> usize {
    name.addr() >> 4
}

impl ViewObject {
    /// # Safety
    /// `object` is a view.
    #[inline(always)]
    unsafe fn from<'a>(object: *mut PyObject) -> &'a Self {
        // SAFETY: see above.
        unsafe { &*object.cast() }
    }

    fn members<'py>(&self, py: Python<'py>) -> Bound<'py, PyDict> {
        // SAFETY: a dict, owned since the view was made.
        unsafe { Bound::from_borrowed_ptr(py, self.members).cast_into_unchecked() }
    }
}

unsafe extern "C" fn attribute(slf: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by the interpreter with an instance and a str; `at` is below the table's length, a power of two.
    unsafe {
        let table = &ViewObject::from(slf).table;
        let mask = table.len() - 1;
        let mut at = home(name) & mask;
        loop {
            let (key, value) = *table.get_unchecked(at);
            if key == name {
                return ffi::Py_NewRef(value);
            }
            if key.is_null() {
                return other_attribute(slf, name);
            }
            at = (at + 1) & mask;
        }
    }
}

/// A name that was made at run time, an attribute of the type, or none.
#[cold]
unsafe fn other_attribute(slf: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: the interpreter's live objects; the result of the generic look-up is a new reference or an error.
        let (view, slf, name) =
            unsafe { (ViewObject::from(slf), Bound::from_borrowed_ptr(py, slf), Bound::from_borrowed_ptr(py, name)) };
        let dunder = name.extract::<&str>().is_ok_and(|text| text.starts_with("__"));
        if !dunder && let Some(value) = view.members(py).get_item(&name)? {
            return Ok(value);
        }
        // SAFETY: as above.
        let found = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyObject_GenericGetAttr(slf.as_ptr(), name.as_ptr())) };
        found.map_err(|_| {
            let error = PyAttributeError::new_err(format!("this section has no {name}; it has {}", listed(&view.members(py))));
            // For the interpreter's "Did you mean".
            let _ = error.value(py).setattr("name", &name).and_then(|()| error.value(py).setattr("obj", &slf));
            error
        })
    })
}

fn listed(members: &Bound<'_, PyDict>) -> String {
    const MOST: usize = 20;
    let mut names: Vec<String> = members.keys().iter().take(MOST).map(|name| name.to_string()).collect();
    if members.len() > MOST {
        names.push("...".into());
    }
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

unsafe extern "C" fn subscript(slf: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: the interpreter's live objects.
        let (view, name) = unsafe { (ViewObject::from(slf), Bound::from_borrowed_ptr(py, name)) };
        view.members(py).get_item(&name)?.ok_or_else(|| PyKeyError::new_err(name.unbind()))
    })
}

unsafe extern "C" fn contains(slf: *mut PyObject, name: *mut PyObject) -> c_int {
    enter(-1, |py| {
        // SAFETY: the interpreter's live objects.
        let (view, name) = unsafe { (ViewObject::from(slf), Bound::from_borrowed_ptr(py, name)) };
        view.members(py).contains(name).map(c_int::from)
    })
}

unsafe extern "C" fn length(slf: *mut PyObject) -> ffi::Py_ssize_t {
    // SAFETY: called with an instance.
    enter(-1, |py| Ok(unsafe { ViewObject::from(slf) }.members(py).len() as ffi::Py_ssize_t))
}

unsafe extern "C" fn iterate(slf: *mut PyObject) -> *mut PyObject {
    // SAFETY: called with an instance.
    enter_object(|py| Ok(unsafe { ViewObject::from(slf) }.members(py).keys().try_iter()?.into_any()))
}

/// `dir(view)`: what completion in a shell shows.
unsafe extern "C" fn names(slf: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: called with an instance.
    enter_object(|py| Ok(unsafe { ViewObject::from(slf) }.members(py).keys().into_any()))
}

unsafe extern "C" fn compare(slf: *mut PyObject, other: *mut PyObject, operator: c_int) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: the interpreter's live objects; a view is told by its type.
        let (view, other, same_type) =
            unsafe { (ViewObject::from(slf), Bound::from_borrowed_ptr(py, other), ffi::Py_TYPE(slf) == ffi::Py_TYPE(other)) };
        let right = match same_type {
            // SAFETY: as above.
            true => unsafe { ViewObject::from(other.as_ptr()) }.members(py).into_any(),
            false if other.cast::<PyMapping>().is_ok() => other,
            false => return Ok(py.NotImplemented().into_bound(py)),
        };
        let members = view.members(py);
        match operator {
            ffi::Py_EQ => members.rich_compare(right, pyo3::basic::CompareOp::Eq),
            ffi::Py_NE => members.rich_compare(right, pyo3::basic::CompareOp::Ne),
            _ => Ok(py.NotImplemented().into_bound(py)),
        }
    })
}

/// Without the values: they may be secret, and a view may end in a log.
unsafe extern "C" fn repr(slf: *mut PyObject) -> *mut PyObject {
    enter_object(|py| {
        // SAFETY: called with an instance.
        let members = unsafe { ViewObject::from(slf) }.members(py);
        Ok(PyString::new(py, &format!("<View of {}>", listed(&members))).into_any())
    })
}

unsafe extern "C" fn dealloc(slf: *mut PyObject) {
    // SAFETY: the interpreter calls this once, when nothing refers to the object any more; members are null if making it failed.
    unsafe {
        let class = ffi::Py_TYPE(slf);
        let fields = slf.cast::<ViewObject>();
        std::ptr::drop_in_place(&raw mut (*fields).table);
        ffi::Py_XDECREF((*fields).members);
        ffi::PyObject_Free(slf.cast());
        ffi::Py_DECREF(class.cast());
    }
}

pub(crate) fn make_type(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
    let methods = vec![super::method(
        c"__dir__",
        ffi::PyMethodDefPointer { PyCFunction: names },
        ffi::METH_NOARGS,
        c"__dir__($self, /)\n--\n\nThe names of the members.",
    )];
    let slots = vec![
        slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
        slot(ffi::Py_tp_getattro, attribute as *mut c_void),
        slot(ffi::Py_mp_subscript, subscript as *mut c_void),
        slot(ffi::Py_mp_length, length as *mut c_void),
        slot(ffi::Py_sq_contains, contains as *mut c_void),
        slot(ffi::Py_tp_iter, iterate as *mut c_void),
        slot(ffi::Py_tp_richcompare, compare as *mut c_void),
        slot(ffi::Py_tp_repr, repr as *mut c_void),
        slot(ffi::Py_tp_methods, super::table(methods)),
        slot(
            ffi::Py_tp_doc,
            c"A section of the configuration in one generation: its members are attributes.".as_ptr().cast_mut().cast(),
        ),
    ];
    let flags = ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    // SAFETY: the tables are leaked, and each function has the type of its slot.
    let class = unsafe { make_type_from_slots(py, c"configedge._core.View", size_of::<ViewObject>(), flags, slots)? };
    // A second import of the module keeps the first type; both are the same.
    let _ = TYPE.set(py, class.clone().unbind());
    Ok(class)
}
