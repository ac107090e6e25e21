//! What is wrong, said once, and told to whoever asks for it.

use crate::log::{Log, one_line};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A watch that works says nothing, and one that does not says so again sooner than this.
const OVER: Duration = Duration::from_secs(20);

/// What a heartbeat tells of this program.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) problems: Vec<String>,
    /// How often the spool was swapped.
    pub(crate) swaps: u64,
}

#[derive(Debug)]
pub(crate) struct Troubles {
    log: Log,
    told: watch::Sender<Told>,
    current: BTreeMap<String, (String, Instant)>,
}

impl Troubles {
    pub(crate) fn new(log: Log, told: watch::Sender<Told>) -> Self {
        Self { log, told, current: BTreeMap::new() }
    }

    /// Something is wrong with what is called `what`.
    pub(crate) fn has(&mut self, what: &str, why: &str) {
        let why = one_line(why);
        let before = self.current.insert(what.to_owned(), (why.clone(), Instant::now()));
        if before.is_none_or(|(before, _)| before != why) {
            self.log.error(&format!("{what}: {why}; the last good stays"));
            self.tell();
        }
    }

    /// Nothing is wrong with it.
    pub(crate) fn is_well(&mut self, what: &str) {
        if self.current.remove(what).is_some() {
            self.log.info(&format!("{what}: well again"));
            self.tell();
        }
    }

    /// Forgets what was not said again.
    pub(crate) fn fade(&mut self) {
        let over: Vec<String> =
            self.current.iter().filter(|(_, (_, at))| at.elapsed() > OVER).map(|(what, _)| what.clone()).collect();
        over.iter().for_each(|what| self.is_well(what));
    }

    /// The spool was swapped.
    pub(crate) fn swapped(&self) {
        self.told.send_modify(|told| told.swaps += 1);
    }

    pub(crate) fn any(&self) -> bool {
        !self.current.is_empty()
    }

    fn tell(&self) {
        let problems = self.current.iter().map(|(what, (why, _))| format!("sync: {what}: {why}")).collect();
        self.told.send_modify(|told| told.problems = problems);
    }
}
