//! Relay and pace together: what the loop does when something wakes it, without knowing what that was.

use crate::pace::{Pace, Wake};
use crate::relay::{Outcome, Relay};
use crate::world::{Clock, Sink, Source};
use std::time::Duration;

pub struct Driver<S, K, C> {
    pub relay: Relay<S, K, C>,
    pace: Pace,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// A second is over: the watch is to be looked after, too.
    pub tick: bool,
    /// What reading the spool came to, if it was read.
    pub outcome: Option<Outcome>,
}

impl<S: Source, K: Sink, C: Clock> Driver<S, K, C> {
    /// The first read is due at once.
    pub fn new(relay: Relay<S, K, C>) -> Self {
        let pace = Pace::new(relay.clock().now());
        Self { relay, pace }
    }

    pub fn now(&self) -> Duration {
        self.relay.clock().now()
    }

    pub fn wake(&mut self, wake: Wake) {
        self.pace.wake(wake, self.now());
    }

    /// When [`Driver::step`] is to be called, unless something wakes before.
    pub fn next(&self) -> Duration {
        self.pace.next()
    }

    /// Whether hints were given that are not yet dealt with.
    pub fn in_burst(&self) -> bool {
        self.pace.in_burst()
    }

    /// Does what is due.
    pub fn step(&mut self) -> Step {
        let now = self.now();
        let troubled = !self.relay.status.problems.is_empty() || self.relay.is_lost();
        let due = self.pace.due(now, self.relay.source(), troubled);
        if due.tick {
            self.relay.tick();
        }
        let outcome = due.read.map(|since| {
            let waited = self.now().saturating_sub(since);
            let noticed_at = self.relay.clock().unix().saturating_sub(waited);
            self.relay.reload(noticed_at)
        });
        Step { tick: due.tick, outcome }
    }
}
