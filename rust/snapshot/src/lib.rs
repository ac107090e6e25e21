//! The ConfigEdge snapshot: live configuration as immutable memory-mapped files.
//!
//! One writer publishes each generation as a new file and announces it in a 4 KiB control page; any number of readers, in
//! any process, map what is announced. A reader needs read permission only, registers nowhere, takes no lock, and
//! can neither block nor be blocked. What it holds never changes under it.
//!
//! ```
//! use configedge_snapshot::{Builder, Publisher, Reader, Value};
//! # let scratch = tempfile::tempdir()?;
//! # let dir = scratch.path().join("run");
//! let mut publisher = Publisher::open(&dir, None)?;
//! let mut builder = Builder::new();
//! builder.insert("matchmaking.max_ping_ms", Value::I64(80))?;
//! publisher.publish(&builder, "")?;
//!
//! let mut reader = Reader::open(&dir)?;
//! let snapshot = reader.snapshot();
//! assert_eq!(snapshot.get("matchmaking.max_ping_ms").and_then(|entry| entry.as_i64()), Some(80));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `docs/format.md` in the repository specifies every byte.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod build;
mod control;
mod file;
mod hash;
mod layout;
mod map;
mod publish;
mod reader;
mod snapshot;
mod source;

pub use build::{BuildError, Builder, Extent, Span, Value};
pub use file::save;
pub use hash::wyhash;
pub use layout::{MAX_KEY_LEN, MAX_SNAPSHOT_LEN};
pub use map::load;
pub use publish::{PublishError, Published, Publisher};
pub use reader::{Health, Reader};
pub use snapshot::{Entry, Invalid, Snapshot, ValueRef};
pub use source::{ReadError, Source, Writer, WriterState};
