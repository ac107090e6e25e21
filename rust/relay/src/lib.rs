//! ConfigRelay: from a directory of ConfigBundle files to a published snapshot, and nothing bad in between.
//!
//! The way of the data: [`spool`] (files) → [`bundle`] (one document, with positions) → [`check`] (schema) → [`flatten`]
//! (entries) → `configedge_snapshot::Publisher`. [`relay`] drives it, [`watch`] says when, [`status`] tells the world.

pub mod bundle;
pub mod check;
pub mod flatten;
mod json;
pub mod name;
pub mod node;
mod problem;
pub mod relay;
pub mod spool;
pub mod status;
pub mod watch;
mod yaml;

pub use problem::Problem;
