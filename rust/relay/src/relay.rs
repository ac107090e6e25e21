//! One pass from the spool to readers, and what is kept between passes.
//!
//! The published snapshot itself is the last good: a bundle that cannot be taken is rebuilt from the text that is served.

use crate::claims::{Claims, Id};
use crate::judge::{Judged, settle};
use crate::name::FileName;
use crate::newest;
use crate::policies::Policies;
use crate::problem::Problem;
use crate::proof::SIGNATURE;
use crate::room::Room;
use crate::served::{Served, names};
use crate::spool::{Contents, Spool};
use crate::status::{BundleStatus, Serving, State, Status, Timings};
use crate::world::{Clock, MachineClock, Sink, Source};
use configedge_snapshot::{BuildError, Builder, Extent, PublishError, Publisher, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Options {
    pub spool: PathBuf,
    pub out: PathBuf,
    /// Where a copy for the next boot is kept, on disk.
    pub durable: Option<PathBuf>,
    /// Only bundles of this namespace; all if there is none.
    pub namespace: Option<String>,
    /// The file of those whose signed commits are taken; if there is none, nothing needs a signature.
    pub allowed_signers: Option<PathBuf>,
    /// What of a signed commit is for this node: empty, `environment`, or `environment.region`.
    pub layer: String,
}

/// The code of the one problem that outlives the pass that found it.
const NOT_DURABLE: &str = "not-durable";

/// What a pass came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The spool is as it was.
    Unchanged,
    /// Readers see another generation.
    Published,
    /// Nothing of what changed could be published, or readers see it already.
    Kept,
}

/// The core: everything it needs of the machine comes through the three it is made of.
pub struct Relay<S, K, C> {
    source: S,
    sink: K,
    clock: C,
    places: Places,
    /// Only bundles of this namespace are taken.
    namespace: Option<String>,
    claims: Claims,
    /// Digest of the spool's content when it was last dealt with to the end.
    settled: Option<u64>,
    pub status: Status,
}

/// Where things are, for messages.
struct Places {
    out: String,
    durable: String,
}

/// What came of all files together.
struct Verdict {
    /// What readers are to see.
    builder: Builder,
    bundles: Vec<Told>,
    /// Whether readers see it already.
    same: bool,
}

/// A bundle's status as it is if nothing is published.
struct Told {
    status: BundleStatus,
    /// Whether it is good, and not what readers see.
    fresh: bool,
}

impl Relay<Spool, Publisher, MachineClock> {
    /// Takes over the snapshot directory; what it serves, or the durable copy, is served from here on.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn open(options: &Options) -> Result<Self, PublishError> {
        let publisher = Publisher::open(&options.out, options.durable.as_deref())?;
        let spool = Spool::new(options.spool.clone(), options.allowed_signers.clone(), options.layer.clone());
        let beside = options.durable.as_ref().map(|durable| {
            let mut path = durable.clone().into_os_string();
            path.push(format!(".{}", newest::FILE));
            path.into()
        });
        let newest = [options.out.join(newest::FILE)].into_iter().chain(beside).collect();
        Ok(Self::new(options, spool.keep_newest(newest), publisher, MachineClock))
    }
}

impl<S: Source, K: Sink, C: Clock> Relay<S, K, C> {
    pub fn new(options: &Options, source: S, sink: K, clock: C) -> Self {
        let status = Status { version: env!("CARGO_PKG_VERSION"), pid: std::process::id(), ..Status::default() };
        let places = Places {
            out: options.out.display().to_string(),
            durable: options.durable.as_deref().unwrap_or(&options.out).display().to_string(),
        };
        let (namespace, claims) = (options.namespace.clone(), Claims::default());
        let mut relay = Self { source, sink, clock, places, namespace, claims, settled: None, status };
        relay.show();
        if relay.status.generation > 0 {
            relay.status.state = State::Ok;
        }
        relay
    }

    pub fn clock(&self) -> &C {
        &self.clock
    }

    pub fn source(&mut self) -> &mut S {
        &mut self.source
    }

    pub fn sink(&mut self) -> &mut K {
        &mut self.sink
    }

    /// The second's duties besides looking at the spool.
    pub fn tick(&mut self) {
        self.sink.heartbeat();
        if let Some(durable) = self.sink.make_durable() {
            self.note_durable(durable);
            self.finish_state(self.status.generation > 0);
        }
    }

    fn note_durable(&mut self, durable: Result<(), String>) {
        self.status.problems.retain(|problem| problem.code != NOT_DURABLE);
        if let Err(why) = durable {
            let hint = "make the file writable; until then a reboot serves an older configuration first";
            self.status.problems.push(Problem::of_file(&self.places.durable, NOT_DURABLE, why, hint));
        }
    }

    /// Reads the spool and publishes what is good in it, if it changed since the last pass. `noticed_at` is when the change
    /// showed, since the Unix epoch.
    pub fn reload(&mut self, noticed_at: Duration) -> Outcome {
        if !self.is_lost() {
            return self.pass(noticed_at);
        }
        self.settled = None;
        if let Err(error) = self.sink.reopen() {
            let hint = "make it possible again; it is tried again at each scan";
            return self.refuse_all(Problem::of_file(&self.places.out.clone(), "io", error.to_string(), hint));
        }
        self.show();
        match self.pass(noticed_at) {
            // The status may have been lost, too.
            Outcome::Unchanged => Outcome::Kept,
            outcome => outcome,
        }
    }

    /// Whether the snapshot directory, or what is served there, was taken away; then it is time to [`Relay::reload`].
    pub fn is_lost(&self) -> bool {
        self.sink.is_lost()
    }

    fn pass(&mut self, noticed_at: Duration) -> Outcome {
        let started = self.clock.now();
        let mut contents = match self.source.read() {
            Ok(contents) => contents,
            Err(error) => {
                // What is there when it can be read again may be what was there before; then this is over all the same.
                self.settled = None;
                let hint = "make the directory readable, or correct --spool; what is published is still served";
                return self.refuse_all(Problem::of_file(&self.source.name(), "io", error.to_string(), hint));
            }
        };
        let digest = contents.digest;
        if self.settled == Some(digest) {
            return Outcome::Unchanged;
        }
        self.status.reloads += 1;
        let read = self.clock.now();
        let last = self.sink.last();
        let (commit, hold) = (contents.commit.clone(), contents.hold.clone());
        self.hold(hold);
        if let Some(problem) = contents.refused {
            self.settled = Some(digest);
            return self.refuse_all(problem);
        }
        let problems = std::mem::take(&mut contents.problems);
        let verdict = self.judge_all(contents, last.as_ref());
        let checked = self.clock.now();
        let Verdict { builder, bundles, same } = match verdict {
            Ok(Some(verdict)) => verdict,
            Ok(None) => {
                self.settled = Some(digest);
                return self.empty_spool(last.is_some());
            }
            Err(error) => return self.not_published(error.to_string(), Some(digest)),
        };

        let all_good = bundles.iter().all(|told| told.status.problems.is_empty());
        let same = last.as_ref().is_some_and(|last| same && (last.commit() == commit || !all_good));
        // What is held may still be published where nothing is: a hold keeps what there is.
        let held = self.status.hold.is_some() && last.is_some();
        if builder.is_empty() || same || held {
            self.settled = Some(digest);
            self.tell(bundles, false);
            self.status.problems.retain(|problem| problem.code == NOT_DURABLE);
            self.status.problems.extend(problems);
            self.finish_state(last.is_some());
            return Outcome::Kept;
        }
        drop(last);
        let published = match self.sink.publish(&builder, &commit) {
            Ok(published) => published,
            // Whatever it is that cannot be a snapshot will not be one at the next check either; a disk may have room by then.
            Err(error) => {
                let settled = matches!(error, PublishError::Build(_)).then_some(digest);
                self.tell(bundles, false);
                return self.not_published(error.to_string(), settled);
            }
        };
        let published_at = self.clock.now();
        self.status.timings = Timings {
            noticed_at_ns: noticed_at.as_nanos() as u64,
            published_at_ns: self.clock.unix().as_nanos() as u64,
            read_us: (read - started).as_micros() as u64,
            check_us: (checked - read).as_micros() as u64,
            publish_us: (published_at - checked).as_micros() as u64,
        };
        self.settled = Some(digest);
        self.status.problems.clear();
        self.note_durable(published.durable);
        self.status.problems.extend(problems);
        self.status.publishes += 1;
        self.tell(bundles, true);
        self.show();
        self.finish_state(true);
        Outcome::Published
    }

    fn show(&mut self) {
        let last = self.sink.last();
        self.status.generation = last.as_ref().map_or(0, Snapshot::generation);
        self.status.commit = last.as_ref().map(Snapshot::commit).unwrap_or_default();
        self.status.keys = last.as_ref().map_or(0, Snapshot::len);
        self.status.bytes = last.as_ref().map_or(0, |last| last.as_bytes().len());
    }

    /// Judges the documents one after the other, then all together. `None` if there is no bundle.
    fn judge_all(&mut self, contents: Contents, last: Option<&Snapshot>) -> Result<Option<Verdict>, BuildError> {
        let Contents { documents, policies, uncovered, .. } = contents;
        let policies = Policies::new(policies);
        // Where bundles were before, if it matters what became of them.
        let before = if uncovered.is_empty() { BTreeMap::new() } else { self.claims.by_name() };
        self.claims.retain(&documents.iter().map(|document| document.file.clone()).collect());
        let (mut judged, mut guessed) = (Vec::new(), false);
        // More than can be published is not kept in memory.
        let mut room = Room::of_snapshots(2);
        for document in documents {
            let one = Judged::of(document, &self.claims, &policies, last);
            if self.namespace.as_ref().is_some_and(|wanted| *wanted != one.id.namespace) {
                // Also of a file whose namespace is a guess, unless its name tells it.
                guessed |= !one.certain && FileName::of(&one.file).namespace.is_none();
                continue;
            }
            guessed |= !one.certain;
            if let Ok(entries) = &one.content {
                room.wish(judged.len(), Extent::default(), entries.extent());
            }
            judged.push(one);
            crowd_out(&mut room, &mut judged);
        }
        settle(&mut judged, &mut self.claims, last);
        if let Some(last) = last.filter(|_| !uncovered.is_empty()) {
            self.keep_what_may_be_there(&uncovered, &before, last, &mut judged);
        }
        if judged.is_empty() {
            return Ok(None);
        }
        // A file whose bundle nobody can tell may be that of any bundle that is served and in no other file.
        let silent = match last.filter(|_| guessed) {
            Some(last) => missing(last, &judged).into_iter().filter_map(|name| Served::of(Some(last), &name)).collect(),
            None => Vec::new(),
        };
        let mut room = Room::of_snapshots(1);
        silent.iter().for_each(|served| room.take(served.extent));
        for (number, one) in judged.iter().enumerate() {
            match &one.content {
                Ok(entries) => room.wish(number, one.old(), entries.extent()),
                Err(_) => room.take(one.old()),
            }
        }
        crowd_out(&mut room, &mut judged);
        let (mut builder, mut bundles) = (Builder::new(), Vec::new());
        for one in judged {
            bundles.push(put(&mut builder, one)?);
        }
        silent.iter().try_for_each(|served| served.insert(&mut builder))?;
        let same = bundles.iter().all(|told| !told.fresh) && last.is_some_and(|last| builder.len() == last.len());
        Ok(Some(Verdict { builder, bundles, same }))
    }

    /// A bundle that is in no file is gone only if the proof shows its namespace without it.
    fn keep_what_may_be_there<'s>(
        &mut self,
        uncovered: &BTreeMap<String, String>,
        before: &BTreeMap<String, (String, Id)>,
        last: &'s Snapshot,
        judged: &mut Vec<Judged<'s>>,
    ) {
        let mut granted = Vec::new();
        for name in missing(last, judged) {
            let known = before.get(&name);
            let namespace = known.map(|(_, id)| &id.namespace).or(self.namespace.as_ref()).cloned();
            let why = match &namespace {
                Some(namespace) => uncovered.get(namespace),
                None => uncovered.values().next(),
            };
            let Some(why) = why else { continue };
            let file = match (known, &namespace) {
                (Some((file, _)), _) => file.clone(),
                (None, Some(namespace)) => format!("{namespace}.{name}.yaml"),
                (None, None) => format!("{name}.yaml"),
            };
            let message = format!("nothing proves that this bundle was deleted: {why}");
            let hint = "export its namespace too, or let the relay take one namespace only with --namespace";
            // Empty where nobody knows it, and no proof has such a one.
            let id = Id { namespace: namespace.clone().unwrap_or_default(), name };
            if namespace.is_some() {
                granted.push((file.clone(), id.clone()));
            }
            judged.push(Judged::missing(id, Problem::of_file(&file, SIGNATURE, message, hint), Some(last)));
        }
        self.claims.grant(granted);
    }

    /// What readers see of each bundle; `since` stays while that does not change.
    fn tell(&mut self, bundles: Vec<Told>, published: bool) {
        let now = self.clock.unix().as_secs_f64();
        let before: BTreeMap<_, _> =
            std::mem::take(&mut self.status.bundles).into_iter().map(|old| (old.name, (old.ok, old.since))).collect();
        for Told { mut status, fresh } in bundles {
            if fresh && published {
                status.serving = Serving::Current;
            }
            status.ok = status.serving == Serving::Current;
            let unchanged = before.get(&status.name).filter(|(ok, _)| *ok == status.ok);
            status.since = unchanged.map_or(now, |(_, since)| *since);
            self.status.refusals += u64::from(!status.problems.is_empty());
            self.status.bundles.push(status);
        }
    }

    fn hold(&mut self, why: Option<String>) {
        if self.status.hold.is_some() != why.is_some() {
            self.status.held_since = why.as_ref().map(|_| self.clock.unix().as_secs_f64());
        }
        self.status.hold = why;
    }

    fn empty_spool(&mut self, serving: bool) -> Outcome {
        let (message, hint) = match (&self.namespace, serving) {
            (_, true) => ("no bundle is left in it", "put the bundles back; what is published is still served"),
            (None, false) => ("no bundle is in it", "put a ConfigBundle (.yaml, .yml or .json) into it"),
            (Some(_), false) => ("no bundle of the namespace is in it", "put one into it, or correct --namespace"),
        };
        self.refuse_all(Problem::of_file(&self.source.name(), "empty-spool", message, hint))
    }

    fn not_published(&mut self, why: String, settled: Option<u64>) -> Outcome {
        self.settled = settled;
        let problem = Problem::of_file(&self.places.out, "not-published", why, "what was published before is still served");
        self.refuse_all(problem)
    }

    fn refuse_all(&mut self, problem: Problem) -> Outcome {
        let new = !self.status.problems.contains(&problem);
        self.status.problems.retain(|problem| problem.code == NOT_DURABLE);
        self.status.problems.push(problem);
        self.finish_state(self.status.generation > 0);
        if new {
            self.status.refusals += 1;
            return Outcome::Kept;
        }
        Outcome::Unchanged
    }

    fn finish_state(&mut self, serving: bool) {
        let trouble = self.status.all_problems().any(|problem| problem.code != "held");
        let held = self.status.hold.is_some() || self.status.all_problems().next().is_some();
        self.status.state = match (serving, trouble, held) {
            (false, ..) => State::Empty,
            (true, true, _) => State::Degraded,
            (true, false, true) => State::Held,
            (true, false, false) => State::Ok,
        };
        self.sink.set_stale(matches!(self.status.state, State::Degraded | State::Held));
    }
}

/// Keeps to their last good those that would take more room than there is.
fn crowd_out(room: &mut Room, judged: &mut [Judged<'_>]) {
    while let Some((number, taken)) = room.refuse() {
        judged[number].crowd_out(taken);
    }
}

/// The bundles that are served and in no file.
fn missing(last: &Snapshot, judged: &[Judged<'_>]) -> Vec<String> {
    let there: BTreeSet<&str> = judged.iter().map(|one| one.id.name.as_str()).collect();
    names(last).filter(|name| !there.contains(name)).map(str::to_owned).collect()
}

/// Adds what readers are to see of a bundle.
fn put(builder: &mut Builder, one: Judged<'_>) -> Result<Told, BuildError> {
    let Judged { id: Id { namespace, name }, file, warnings, content, served, .. } = one;
    let (problems, fresh) = match content {
        Ok(entries) => {
            builder.extend(&entries);
            (Vec::new(), !served.as_ref().is_some_and(|served| served.is(&entries)))
        }
        Err(problems) => {
            served.as_ref().map_or(Ok(()), |served| served.insert(builder))?;
            (problems, false)
        }
    };
    let serving = match (served, problems.is_empty() && !fresh) {
        (None, _) => Serving::Nothing,
        (Some(_), false) => Serving::LastGood,
        (Some(_), true) => Serving::Current,
    };
    let status = BundleStatus { name, namespace, file, ok: false, since: 0.0, serving, problems, warnings };
    Ok(Told { status, fresh })
}
