//! What the relay's core asks of the world around it, so that a simulation can be that world.

use crate::spool::Contents;
use configedge_snapshot::{Builder, PublishError, Published, Publisher, Snapshot};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time.
pub trait Clock {
    /// Since some moment; it never goes back.
    fn now(&self) -> Duration;
    /// Since the Unix epoch; people set it.
    fn unix(&self) -> Duration;
}

/// Where configuration comes from.
pub trait Source {
    /// What it is called in messages.
    fn name(&self) -> String;
    /// A cheap value that nearly always changes when the content does.
    fn signature(&mut self) -> io::Result<u64>;
    /// All of it, as it is at one moment.
    fn read(&mut self) -> io::Result<Contents>;
}

/// Where snapshots go.
pub trait Sink {
    /// What readers are served now.
    fn last(&self) -> Option<Snapshot>;
    /// Makes the entries the configuration, for all readers at once.
    fn publish(&mut self, builder: &Builder, commit: &str) -> Result<Published, PublishError>;
    /// Writes the durable copy if it is not known to be there; `None` if there is nothing to do now.
    fn make_durable(&mut self) -> Option<Result<(), String>>;
    /// Tells readers that somebody is here.
    fn heartbeat(&mut self);
    /// Tells readers whether what is published may be behind.
    fn set_stale(&self, stale: bool);
    /// Whether its place, or what is served there, was taken away.
    fn is_lost(&self) -> bool;
    /// Takes its place again after that.
    fn reopen(&mut self) -> Result<(), PublishError>;
}

impl Sink for Publisher {
    fn last(&self) -> Option<Snapshot> {
        Publisher::last(self)
    }

    fn publish(&mut self, builder: &Builder, commit: &str) -> Result<Published, PublishError> {
        Publisher::publish(self, builder, commit)
    }

    fn make_durable(&mut self) -> Option<Result<(), String>> {
        Publisher::make_durable(self)
    }

    fn heartbeat(&mut self) {
        Publisher::heartbeat(self);
    }

    fn set_stale(&self, stale: bool) {
        Publisher::set_stale(self, stale);
    }

    fn is_lost(&self) -> bool {
        Publisher::is_lost(self)
    }

    fn reopen(&mut self) -> Result<(), PublishError> {
        Publisher::reopen(self)
    }
}

/// The machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Duration {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }

    fn unix(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}
