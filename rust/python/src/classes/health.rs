//! `Health`: what a reader knows of itself and its relay.

use configedge_snapshot as core;
use pyo3::prelude::*;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The relay's heartbeat comes once a second.
const ALIVE: Duration = Duration::from_secs(5);

/// What a reader knows of itself and its relay, at one moment. Ages are in seconds.
#[pyclass(frozen, get_all, module = "configedge")]
pub(crate) struct Health {
    /// Whether the newest snapshot is read and the relay is alive.
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
    /// Snapshots switched to since the reader was opened.
    switches: u64,
    /// Snapshots that could not be taken since the reader was opened.
    failures: u64,
    /// Why the newest snapshot could not be taken; empty if it was.
    last_error: String,
}

impl From<core::Health> for Health {
    fn from(health: core::Health) -> Self {
        let created = UNIX_EPOCH + Duration::from_nanos(health.created_ns);
        let relay_alive = health.writer.silent_for < ALIVE;
        Self {
            ok: relay_alive && health.generation == health.announced,
            generation: health.generation,
            announced: health.announced,
            commit: health.commit,
            keys: health.keys,
            bytes: health.bytes,
            age: SystemTime::now().duration_since(created).unwrap_or_default().as_secs_f64(),
            relay_silent_for: health.writer.silent_for.as_secs_f64(),
            relay_pid: health.writer.pid,
            relay_alive,
            switches: health.switches,
            failures: health.failures,
            last_error: health.last_error,
        }
    }
}

#[pymethods]
impl Health {
    fn __repr__(&self) -> String {
        let trouble = if self.last_error.is_empty() { String::new() } else { format!(" last_error={:?}", self.last_error) };
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
