//! One Python class a file.

pub(crate) mod handle;
pub(crate) mod health;
pub(crate) mod publisher;
pub(crate) mod reader;
pub(crate) mod snapshot;
