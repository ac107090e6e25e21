//! `Health`: what a reader knows of itself and its relay.

use configedge_snapshot as core;
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The relay's heartbeat comes once a second.
const ALIVE: Duration = Duration::from_secs(5);

/// What a reader knows of itself and its relay, at one moment. Ages are in seconds.
#[pyclass(frozen, get_all, module = "configedge")]
pub(crate) struct Health {
    /// Whether the newest snapshot is read, all of it fits its handles and views, and the relay is alive.
    ok: bool,
    /// Generation read now.
    generation: u64,
    /// Newest generation announced; above `generation` only if it could not be taken.
    announced: u64,
    /// Git commit of the generation read now.
    commit: String,
    keys: usize,
    bytes: usize,
    /// Seconds since the snapshot was built.
    age: f64,
    /// Seconds since the relay's last heartbeat.
    relay_silent_for: f64,
    relay_pid: u32,
    relay_alive: bool,
    /// "running", "stale" (it could not publish all of what arrived last) or "stopped" (it ended in order).
    relay_state: &'static str,
    /// Snapshots switched to since the reader was opened.
    switches: u64,
    /// Snapshots that could not be taken since the reader was opened.
    failures: u64,
    /// Why the newest snapshot could not be taken; empty if it was.
    last_error: String,
    /// Why handles and views keep an older value: the newest does not fit them. By key.
    rejected: BTreeMap<String, String>,
}

impl Health {
    pub(crate) fn new(health: core::Health, rejected: BTreeMap<String, String>) -> Self {
        let created = UNIX_EPOCH + Duration::from_nanos(health.created_ns);
        let relay_alive = health.writer.silent_for < ALIVE;
        Self {
            ok: relay_alive && health.generation == health.announced && rejected.is_empty(),
            generation: health.generation,
            announced: health.announced,
            commit: health.commit,
            keys: health.keys,
            bytes: health.bytes,
            age: SystemTime::now().duration_since(created).unwrap_or_default().as_secs_f64(),
            relay_silent_for: health.writer.silent_for.as_secs_f64(),
            relay_pid: health.writer.pid,
            relay_alive,
            relay_state: match health.writer.state {
                core::WriterState::Running => "running",
                core::WriterState::Stale => "stale",
                core::WriterState::Stopped => "stopped",
            },
            switches: health.switches,
            failures: health.failures,
            last_error: health.last_error,
            rejected,
        }
    }
}

#[pymethods]
impl Health {
    fn __repr__(&self) -> String {
        let mut trouble = String::new();
        if !self.last_error.is_empty() {
            trouble += &format!(" last_error={:?}", self.last_error);
        }
        if !self.rejected.is_empty() {
            trouble += &format!(" rejected={:?}", self.rejected.keys());
        }
        format!(
            "<Health ok={} generation={} announced={} age={:.1}s relay_alive={}{trouble}>",
            if self.ok { "True" } else { "False" },
            self.generation,
            self.announced,
            self.age,
            if self.relay_alive { "True" } else { "False" },
        )
    }
}
