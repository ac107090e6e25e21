//! The relay's one loop: sleep until a hint or a time, look, publish.

use crate::args::Serve;
use crate::footprint::Program;
use crate::http::Server;
use crate::log::{self, Format};
use crate::sandbox;
use configedge_snapshot::Publisher;
use configrelay::drive::Driver;
use configrelay::pace::Wake;
use configrelay::relay::{Options, Outcome, Relay};
use configrelay::spool::Spool;
use configrelay::status::State;
use configrelay::watch::Watch;
use configrelay::world::MachineClock;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// In a burst, events are fetched that often, however many come.
const FETCH: Duration = Duration::from_millis(2);

/// Gives whether all went well; an error means that the relay cannot run.
pub(crate) fn serve(options: Serve) -> Result<bool, String> {
    log::tell_of_faults(options.log);
    let relay = Relay::open(&options.relay).map_err(|error| error.to_string())?;
    let http = options
        .http
        .map(|address| Server::bind(address).map_err(|error| format!("--http {address}: {error}: choose another address")));
    let mut serving = Serving {
        driver: Driver::new(relay),
        http: http.transpose()?,
        log: options.log,
        program: Program::find(),
        ready: false,
        told: HashSet::new(),
        options: options.relay,
    };
    if options.once {
        if options.sandbox {
            serving.give_up_rights();
        }
        let outcome = serving.driver.step().outcome;
        // Also the durable copy of what an earlier relay published, if that one had no time for it.
        serving.driver.relay.tick();
        outcome.into_iter().for_each(|outcome| serving.tell(outcome));
        let good = matches!(serving.driver.relay.status.state, State::Ok);
        return Ok(good && serving.driver.relay.status.all_problems().next().is_none());
    }
    let signals = Signals::catch().map_err(|error| format!("cannot handle signals: {error}"))?;
    let mut watch = Watch::new(options.watch, &serving.options.spool);
    watch.arm();
    serving.show(&watch);
    if let Some(address) = serving.http.as_ref().and_then(|http| http.address().ok()) {
        serving.log.line(
            "info",
            &format!("listening on http://{address}"),
            json!({"event": "listening", "address": address.to_string()}),
        );
    }
    if options.sandbox {
        serving.give_up_rights();
    }
    serving.run(&mut watch, &signals);
    serving.log.line("info", "stopped; what is published stays", json!({"event": "stopped"}));
    Ok(true)
}

struct Serving {
    driver: Driver<Spool, Publisher, MachineClock>,
    http: Option<Server>,
    log: Format,
    program: Program,
    ready: bool,
    /// Problems that were logged and still exist.
    told: HashSet<String>,
    options: Options,
}

impl Serving {
    fn run(&mut self, watch: &mut Watch, signals: &Signals) {
        // What an earlier relay published is served before anything is parsed.
        self.announce();
        while !signals.stop.load(Ordering::Relaxed) {
            self.sleep(watch, signals);
            if signals.rescan.swap(false, Ordering::Relaxed) {
                watch.arm();
                self.driver.wake(Wake::Rescan);
            }
            if let Some(wake) = watch.take() {
                self.driver.wake(wake);
            }
            let step = self.driver.step();
            if let Some(outcome) = step.outcome {
                self.tell(outcome);
                Program::release_heap();
            }
            if step.tick {
                if watch.arm() {
                    self.driver.wake(Wake::Rescan);
                }
                self.show(watch);
                self.log_problems();
            }
            if let Some(http) = &mut self.http {
                http.serve(&self.driver.relay.status, self.driver.now());
            }
            if step.tick || step.outcome.is_some() {
                self.program.release();
            }
        }
    }

    /// Until something is due, or a descriptor has something.
    fn sleep(&self, watch: &Watch, signals: &Signals) {
        let now = self.driver.now();
        let mut until = self.driver.next();
        let mut descriptors = vec![PollFd::new(&signals.wakes, PollFlags::IN)];
        if let Some(http) = &self.http {
            until = http.next().map_or(until, |next| next.min(until));
            // What a peer goes on sending while it is answered is not read, so it must not wake.
            let flags = |writing| if writing { PollFlags::OUT } else { PollFlags::IN };
            descriptors.extend(http.descriptors(now).map(|(fd, writing)| PollFd::from_borrowed_fd(fd, flags(writing))));
        }
        if self.driver.in_burst() {
            until = until.min(now + FETCH);
        } else if let Some(events) = watch.descriptor() {
            descriptors.push(PollFd::from_borrowed_fd(events, PollFlags::IN));
        }
        let left = until.saturating_sub(now);
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        // Whatever ends the sleep, what is there is looked at.
        let _ = poll(&mut descriptors, Some(&timeout));
        signals.drain();
    }

    fn show(&mut self, watch: &Watch) {
        self.driver.relay.source().trust_events(watch.descriptor().is_some());
        let status = &mut self.driver.relay.status;
        if status.watch != watch.state() || status.watch_why != watch.why() {
            status.watch = watch.state();
            watch.why().clone_into(&mut status.watch_why);
            self.save();
        }
    }

    fn give_up_rights(&mut self) {
        let (sandbox, missing) = sandbox::enter(&self.options);
        self.driver.relay.status.sandbox = sandbox;
        for why in missing {
            self.log.line(
                "warning",
                &format!("a part of the sandbox is missing: {why}"),
                json!({"event": "sandbox", "missing": why}),
            );
        }
    }

    /// Tells the world what reading the spool came to.
    fn tell(&mut self, outcome: Outcome) {
        if outcome == Outcome::Unchanged {
            return;
        }
        if outcome == Outcome::Published {
            let status = &self.driver.relay.status;
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

    /// Tells of what is wrong since the last time, and saves the status if that changed.
    fn log_problems(&mut self) {
        let mut now = HashSet::new();
        let status = &self.driver.relay.status;
        if let Some(why) = &status.hold {
            let text = format!("held: nothing is published until the file hold is gone from the spool ({why})");
            if !self.told.contains(&text) {
                self.log.line("warning", &text, json!({"event": "held", "why": why}));
            }
            now.insert(text);
        }
        let warnings = status.bundles.iter().flat_map(|bundle| &bundle.warnings);
        for (problem, level, event) in
            status.all_problems().map(|p| (p, "error", "refused")).chain(warnings.map(|p| (p, "warning", "warned")))
        {
            let text = format!("{event}: {problem}");
            if !self.told.contains(&text) {
                self.log.line(level, &text, json!({"event": event, "problem": problem}));
            }
            now.insert(text);
        }
        if now.is_empty() && !self.told.is_empty() {
            self.log.line("info", "nothing is refused any more", json!({"event": "recovered"}));
        }
        if self.told != now {
            self.told = now;
            self.save();
        }
    }

    fn save(&self) {
        if let Err(error) = self.driver.relay.status.save(&self.options.out) {
            let message = format!("status.json was not written: {error}: make room or correct the permissions of --out");
            self.log.line("error", &message, json!({"event": "status-not-written"}));
        }
    }

    /// One line on standard output, once something is served.
    fn announce(&mut self) {
        let status = &self.driver.relay.status;
        if self.ready || status.generation == 0 {
            return;
        }
        self.ready = true;
        let line = json!({"event": "ready", "generation": status.generation, "commit": status.commit, "keys": status.keys});
        // Nobody may be listening, which is fine.
        let _ = writeln!(io::stdout(), "{line}");
        self.save();
    }
}

/// What the signals that came ask for, and a descriptor to sleep on.
struct Signals {
    stop: Arc<AtomicBool>,
    rescan: Arc<AtomicBool>,
    wakes: UnixStream,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        let (wakes, waker) = UnixStream::pair()?;
        wakes.set_nonblocking(true)?;
        let signals = Self { stop: Arc::default(), rescan: Arc::default(), wakes };
        for (signal, flag) in [(SIGTERM, &signals.stop), (SIGINT, &signals.stop), (SIGHUP, &signals.rescan)] {
            // In this order: the flag is set when the sleeper wakes.
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
        }
        Ok(signals)
    }

    fn drain(&self) {
        let mut buffer = [0; 64];
        while matches!((&self.wakes).read(&mut buffer), Ok(count) if count > 0) {}
    }
}
