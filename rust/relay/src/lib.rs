//! ConfigRelay: from a directory of ConfigBundle files to a published snapshot, and nothing bad in between.
//!
//! The way of the data: [`spool`] (files) → [`bundle`] (one document, with positions) → [`check`] (schema, policies) → [`guard`]
//! → [`flatten`] (entries) → `configedge_snapshot::Publisher`. [`relay`] is one pass of it, [`drive`], [`pace`] and [`watch`] say when, [`status`] tells
//! the world. [`proof`] and [`signature`] say whether files are what somebody signed. [`world`] is all that the core knows of the machine.

pub mod bundle;
pub mod check;
mod claims;
pub mod drive;
pub mod flatten;
pub mod guard;
mod json;
mod judge;
pub mod name;
mod newest;
pub mod node;
pub mod pace;
mod pattern_cost;
pub mod policies;
pub mod policy;
mod problem;
pub mod proof;
pub mod relay;
mod room;
mod schema;
mod schema_cost;
mod schema_form;
mod served;
pub mod signature;
pub mod spool;
pub mod status;
pub mod watch;
pub mod world;
mod yaml;

pub use problem::Problem;
