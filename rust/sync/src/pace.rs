//! When to write: changes that come together are one swap.

use std::time::Duration;

/// Changes belong together until it is quiet for so long ...
pub(crate) const QUIET: Duration = Duration::from_millis(50);
/// ... but none waits for longer than this.
pub(crate) const LONGEST: Duration = Duration::from_millis(500);

/// Times are those of a clock that never goes back.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// When the first change came, and when it will have been quiet.
    burst: Option<(Duration, Duration)>,
}

impl Pace {
    /// Something changed.
    pub(crate) fn changed(&mut self, now: Duration) {
        self.due_within(now, QUIET);
    }

    /// Something is to be done if nothing else comes within that time.
    pub(crate) fn due_within(&mut self, now: Duration, quiet: Duration) {
        let first = self.burst.map_or(now, |(first, _)| first);
        self.burst = Some((first, now + quiet));
    }

    /// When to write; `None` if there is nothing new.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.burst.map(|(first, quiet)| quiet.min(first + LONGEST))
    }

    /// Takes it that all that came so far is written.
    pub(crate) fn written(&mut self) {
        self.burst = None;
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Pace, QUIET};
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn a_change_is_written_once_it_is_quiet() {
        let (mut pace, start) = (Pace::default(), Duration::from_secs(9));
        assert_eq!(pace.next(), None);
        pace.changed(start);
        assert_eq!(pace.next(), Some(start + QUIET));
        pace.changed(start + QUIET / 2);
        assert_eq!(pace.next(), Some(start + QUIET / 2 + QUIET));
        pace.written();
        assert_eq!(pace.next(), None);
    }

    proptest! {
        #[test]
        fn no_change_waits_longer_than_the_longest(gaps in prop::collection::vec(0u64..200, 1..100)) {
            let (mut pace, mut now) = (Pace::default(), Duration::from_secs(1));
            let mut waiting: Option<Duration> = None;
            for gap in gaps {
                now += Duration::from_millis(gap);
                if let Some(due) = pace.next().filter(|due| *due <= now) {
                    prop_assert!(due - waiting.take().expect("what is due had come") <= LONGEST);
                    pace.written();
                }
                waiting.get_or_insert(now);
                pace.changed(now);
            }
            prop_assert!(pace.next().expect("something is waiting") <= waiting.expect("so it is") + LONGEST);
        }
    }
}
