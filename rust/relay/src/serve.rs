//! The relay's one loop: sleep until a hint or a time, look, publish.

use crate::args::Serve;
use crate::log::Format;
use configrelay::relay::{Outcome, Relay};
use configrelay::spool;
use configrelay::watch::{Debounce, Wake, Watch};
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The cheap check, the heartbeat, and the look whether the directories are still there.
const TICK: Duration = Duration::from_secs(1);
/// The full check, which makes the promise independent of events and of file times.
const FULL_CHECK: Duration = Duration::from_secs(5);

/// Gives whether all went well; an error means that the relay cannot run.
pub(crate) fn serve(options: Serve) -> Result<bool, String> {
    let relay = Relay::open(options.relay).map_err(|error| error.to_string())?;
    let mut serving = Serving { relay, log: options.log, ready: false, told: HashSet::new() };
    if options.once {
        serving.reload(unix_ns());
        return Ok(serving.relay.status.all_problems().next().is_none() && serving.relay.status.generation > 0);
    }
    let (sender, wakes) = channel();
    forward_signals(sender.clone())?;
    let spool = serving.relay.options().spool.clone();
    let mut watch = Watch::new(options.watch, &spool, sender);
    watch.arm();
    serving.run(&mut watch, &wakes, &spool);
    options.log.line("info", "stopped; what is published stays", json!({"event": "stopped"}));
    Ok(true)
}

struct Serving {
    relay: Relay,
    log: Format,
    ready: bool,
    /// Problems that were logged and still exist.
    told: HashSet<String>,
}

impl Serving {
    fn run(&mut self, watch: &mut Watch, wakes: &Receiver<Wake>, spool: &Path) {
        self.relay.status.watch = watch.state();
        // What an earlier relay published is served before anything is parsed.
        self.announce();
        self.reload(unix_ns());
        let mut debounce = Debounce::default();
        let mut signature = spool::signature(spool).ok();
        let (mut next_tick, mut next_full) = (Instant::now() + TICK, Instant::now() + FULL_CHECK);
        loop {
            let due = debounce.due_at().map_or(next_tick, |due| due.min(next_tick));
            match wakes.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Wake::Stop) => return,
                Ok(Wake::Hint) => debounce.hint(Instant::now()),
                Ok(Wake::Swapped) => self.reload(unix_ns()),
                Ok(Wake::Rescan) => {
                    watch.arm();
                    self.reload(unix_ns());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if let Some(first) = debounce.take(now) {
                self.reload(unix_ns() - (now - first).as_nanos() as u64);
                signature = spool::signature(spool).ok();
            }
            if now >= next_tick {
                next_tick = now + TICK;
                self.relay.heartbeat();
                let armed = watch.arm();
                let current = spool::signature(spool).ok();
                if armed || current != signature || now >= next_full || !self.relay.status.problems.is_empty() {
                    signature = current;
                    self.reload(unix_ns());
                }
                if now >= next_full {
                    next_full = now + FULL_CHECK;
                }
                if self.relay.status.watch != watch.state() {
                    self.relay.status.watch = watch.state();
                    self.save();
                }
            }
        }
    }

    fn reload(&mut self, noticed_at_ns: u64) {
        let outcome = self.relay.reload(noticed_at_ns);
        if outcome == Outcome::Unchanged {
            return;
        }
        if outcome == Outcome::Published {
            let status = &self.relay.status;
            let message = format!(
                "published generation {} (commit {:.12}, {} keys, {} bytes)",
                status.generation,
                if status.commit.is_empty() { "unknown" } else { &status.commit },
                status.keys,
                status.bytes
            );
            let fields = json!({"event": "published", "generation": status.generation, "commit": status.commit, "keys": status.keys,
                "bytes": status.bytes, "timings": status.timings});
            self.log.line("info", &message, fields);
        }
        self.log_problems();
        self.save();
        self.announce();
    }

    fn log_problems(&mut self) {
        let mut now = HashSet::new();
        for problem in self.relay.status.all_problems() {
            let text = problem.to_string();
            if !self.told.contains(&text) {
                self.log.line("error", &format!("refused: {text}"), json!({"event": "refused", "problem": problem}));
            }
            now.insert(text);
        }
        if now.is_empty() && !self.told.is_empty() {
            self.log.line("info", "nothing is refused any more", json!({"event": "recovered"}));
        }
        self.told = now;
    }

    fn save(&self) {
        if let Err(error) = self.relay.status.save(&self.relay.options().out) {
            let message = format!("status.json was not written: {error}: make room or correct the permissions of --out");
            self.log.line("error", &message, json!({"event": "status-not-written"}));
        }
    }

    /// One line on standard output, once something is served.
    fn announce(&mut self) {
        let status = &self.relay.status;
        if self.ready || status.generation == 0 {
            return;
        }
        self.ready = true;
        let line = json!({"event": "ready", "generation": status.generation, "commit": status.commit, "keys": status.keys});
        // Nobody may be listening, which is fine.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

fn forward_signals(wakes: Sender<Wake>) -> Result<(), String> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(|error| format!("cannot handle signals: {error}"))?;
    let forward = move || {
        for signal in signals.forever() {
            let wake = if signal == SIGHUP { Wake::Rescan } else { Wake::Stop };
            if wakes.send(wake).is_err() {
                return;
            }
        }
    };
    // The smallest stack that does: this is one of the relay's few pages.
    let started = std::thread::Builder::new().name("signals".to_owned()).stack_size(64 << 10).spawn(forward);
    started.map(|_| ()).map_err(|error| format!("cannot start the signal thread: {error}"))
}

fn unix_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}
