//! One Python class a file; the hot ones are in `slots`.

pub(crate) mod diff;
pub(crate) mod health;
pub(crate) mod publisher;
pub(crate) mod snapshot;
