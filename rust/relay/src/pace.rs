//! When to look at the spool. Hints are only hints; checks by time make the promise.

use crate::world::Source;
use std::time::Duration;

/// A burst of hints is over after this much quiet ...
pub const QUIET: Duration = Duration::from_millis(20);
/// ... and is not waited for longer than this.
pub const LONGEST_BURST: Duration = Duration::from_millis(200);
/// The cheap check, the heartbeat, and the look whether the directories are still there.
pub const TICK: Duration = Duration::from_secs(1);
/// The full check, which makes the promise independent of events and of file times.
pub const FULL_CHECK: Duration = Duration::from_secs(5);

/// What wakes the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something in the spool may have changed.
    Hint,
    /// All of the spool was swapped as one, so there is nothing to wait for.
    Swapped,
    /// Look at everything now: asked for, or events were lost.
    Rescan,
}

/// What is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The second's duties.
    pub tick: bool,
    /// To read the spool, for a change that showed then.
    pub read: Option<Duration>,
}

/// Times are those of a clock that never goes back.
#[derive(Debug)]
pub struct Pace {
    /// First and last hint.
    burst: Option<(Duration, Duration)>,
    /// Since when a read is due that waits for nothing.
    now: Option<Duration>,
    next_tick: Duration,
    next_full: Duration,
    signature: Option<u64>,
}

impl Pace {
    /// The first read is due at once.
    pub fn new(now: Duration) -> Self {
        Self { burst: None, now: Some(now), next_tick: now + TICK, next_full: now + FULL_CHECK, signature: None }
    }

    pub fn wake(&mut self, wake: Wake, now: Duration) {
        match wake {
            Wake::Hint => self.burst = Some((self.burst.map_or(now, |(first, _)| first), now)),
            Wake::Swapped | Wake::Rescan => self.now = self.now.or(Some(now)),
        }
    }

    /// Whether hints were given that are not yet dealt with, so that more of them need not be told at once.
    pub fn in_burst(&self) -> bool {
        self.burst.is_some()
    }

    /// When [`Pace::due`] is to be called, unless something wakes before.
    pub fn next(&self) -> Duration {
        let burst = self.burst.map(|(first, last)| (last + QUIET).min(first + LONGEST_BURST));
        [self.now, burst].into_iter().flatten().fold(self.next_tick, Duration::min)
    }

    /// What is due now. `troubled` means that something is wrong that may be over by now, so each tick reads.
    pub fn due(&mut self, now: Duration, source: &mut impl Source, troubled: bool) -> Due {
        let mut due = Due { tick: now >= self.next_tick, read: self.now.take() };
        if let Some((first, last)) = self.burst
            && (now >= last + QUIET || now >= first + LONGEST_BURST || due.read.is_some())
        {
            self.burst = None;
            due.read = due.read.or(Some(first));
        }
        if due.tick {
            self.next_tick = now + TICK;
            let full = now >= self.next_full;
            // Taken before a read, so that what changes meanwhile shows at the next tick.
            let signature = source.signature().ok();
            if full || troubled || signature != self.signature {
                due.read = due.read.or(Some(now));
            }
            self.signature = signature;
            if full {
                self.next_full = now + FULL_CHECK;
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::{Due, LONGEST_BURST, Pace, QUIET, TICK, Wake};
    use crate::spool::Contents;
    use crate::world::Source;
    use std::io;
    use std::time::Duration;

    struct Signed(u64);

    impl Source for Signed {
        fn name(&self) -> String {
            String::new()
        }

        fn signature(&mut self) -> io::Result<u64> {
            Ok(self.0)
        }

        fn read(&mut self) -> io::Result<Contents> {
            Ok(Contents::default())
        }
    }

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_burst_is_due_after_quiet_and_never_later_than_its_longest() {
        let (start, mut source) = (ms(10_000), Signed(1));
        let mut pace = Pace::new(start);
        assert_eq!(pace.due(start, &mut source, false).read, Some(start));
        pace.wake(Wake::Hint, start);
        assert_eq!(pace.due(start + QUIET - ms(1), &mut source, false), Due::default());
        for at in (0..190).step_by(10) {
            pace.wake(Wake::Hint, start + ms(at));
        }
        assert_eq!(pace.next(), start + LONGEST_BURST);
        assert_eq!(pace.due(start + LONGEST_BURST, &mut source, false).read, Some(start));
        assert!(!pace.in_burst());
        pace.wake(Wake::Hint, start + ms(300));
        assert_eq!(pace.next(), start + ms(300) + QUIET);
    }

    #[test]
    fn a_change_without_a_hint_shows_at_the_next_tick_or_at_the_next_full_check() {
        let mut source = Signed(1);
        let mut pace = Pace::new(ms(0));
        pace.due(ms(0), &mut source, false);
        // The first tick has nothing to compare with.
        assert!(pace.due(TICK, &mut source, false).read.is_some());
        assert_eq!(pace.due(2 * TICK, &mut source, false), Due { tick: true, read: None });
        source.0 = 2;
        assert!(pace.due(3 * TICK, &mut source, false).read.is_some());
        assert_eq!(pace.due(4 * TICK, &mut source, false).read, None);
        assert!(pace.due(5 * TICK, &mut source, false).read.is_some(), "the full check");
        assert!(pace.due(6 * TICK, &mut source, true).read.is_some(), "in trouble each tick reads");
    }

    #[test]
    fn a_swap_waits_for_nothing() {
        let mut source = Signed(1);
        let mut pace = Pace::new(ms(0));
        pace.due(ms(0), &mut source, false);
        pace.wake(Wake::Hint, ms(100));
        pace.wake(Wake::Swapped, ms(101));
        assert_eq!(pace.next(), ms(101));
        assert_eq!(pace.due(ms(101), &mut source, false).read, Some(ms(101)));
        assert!(!pace.in_burst());
    }
}
