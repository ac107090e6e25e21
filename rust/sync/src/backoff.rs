//! How long to wait after a failure: longer and longer, never for long, and no two nodes alike.

use std::time::Duration;
use tokio::time::Instant;

const FIRST: Duration = Duration::from_millis(200);
/// With the time to connect this is less than five seconds, in which all is to be well again after a partition.
const LONGEST: Duration = Duration::from_secs(2);
/// A success sooner than that after a failure may be a part of the next one: a connection that is closed again at once.
const CALM: Duration = Duration::from_secs(10);

/// A herd that comes back from the same failure is spread over the whole of the pause.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    last: Option<Instant>,
}

impl Backoff {
    pub(crate) fn pause(&mut self) -> Duration {
        self.last = Some(Instant::now());
        let longest = FIRST.saturating_mul(1 << self.failures.min(8)).min(LONGEST);
        self.failures += 1;
        longest.mul_f64(0.25 + 0.75 * fastrand::f64())
    }

    pub(crate) fn succeeded(&mut self) {
        if self.last.is_none_or(|last| last.elapsed() > CALM) {
            self.failures = 0;
        }
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.pause())
    }
}

impl kube::runtime::utils::Backoff for Backoff {
    fn reset(&mut self) {
        self.succeeded();
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, FIRST, LONGEST};

    #[test]
    fn pauses_become_longer_and_never_long() {
        let mut backoff = Backoff::default();
        assert!(backoff.pause() <= FIRST);
        let pauses: Vec<_> = (0..100).map(|_| backoff.pause()).collect();
        assert!(pauses.iter().all(|pause| *pause <= LONGEST && *pause >= FIRST / 4));
        assert!(pauses.iter().skip(10).any(|pause| *pause > LONGEST / 2));
    }

    #[test]
    fn a_success_that_does_not_last_changes_nothing() {
        let mut backoff = Backoff::default();
        for _ in 0..10 {
            backoff.pause();
        }
        backoff.succeeded();
        assert!((0..50).any(|_| backoff.pause() > LONGEST / 2));
    }
}
