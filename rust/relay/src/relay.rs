//! One pass from the spool to readers, and what is kept between passes.
//!
//! The published snapshot itself is the last good: a bundle that cannot be taken is rebuilt from the text that is served.

use crate::bundle::{Bundle, parse_document};
use crate::check::{Checked, check};
use crate::flatten::Flat;
use crate::guard::{self, Size};
use crate::name::is_name;
use crate::node::Node;
use crate::policies::Policies;
use crate::problem::Problem;
use crate::proof::SIGNATURE;
use crate::spool::{Contents, Document, Spool};
use crate::status::{BundleStatus, Serving, State, Status, Timings};
use crate::world::{Clock, MachineClock, Sink, Source};
use configedge_snapshot::{BuildError, Builder, PublishError, Publisher, Snapshot, ValueRef};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
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
    names: Names,
    /// Digest of the spool's content when it was last dealt with to the end.
    settled: Option<u64>,
    /// The bundles' status before the pass that is under way.
    before: Vec<BundleStatus>,
    pub status: Status,
}

/// Where things are called what.
struct Names {
    /// Only bundles of this namespace are taken.
    namespace: Option<String>,
    out: String,
    durable: String,
    /// Which bundle a file held when it could last be read, by file name.
    known: BTreeMap<String, (String, String)>,
}

/// File and namespace of each bundle, by name.
type Places = BTreeMap<String, (String, String)>;

/// A bundle file after checking.
struct Judged {
    name: String,
    namespace: String,
    file: String,
    /// Whether `name` is more than a guess.
    identified: bool,
    warnings: Vec<Problem>,
    content: Result<Approved, Vec<Problem>>,
}

/// What may be published.
struct Approved {
    bundle: Bundle,
    derived: Option<Node>,
    flat: Flat,
}

impl Approved {
    fn values(&self) -> &Node {
        self.derived.as_ref().unwrap_or(self.bundle.values())
    }
}

impl Relay<Spool, Publisher, MachineClock> {
    /// Takes over the snapshot directory; what it serves, or the durable copy, is served from here on.
    ///
    /// # Errors
    /// The directory cannot be used.
    pub fn open(options: &Options) -> Result<Self, PublishError> {
        let publisher = Publisher::open(&options.out, options.durable.as_deref())?;
        Ok(Self::new(
            options,
            Spool::new(options.spool.clone(), options.allowed_signers.clone(), options.layer.clone()),
            publisher,
            MachineClock,
        ))
    }
}

impl<S: Source, K: Sink, C: Clock> Relay<S, K, C> {
    pub fn new(options: &Options, source: S, sink: K, clock: C) -> Self {
        let status = Status { version: env!("CARGO_PKG_VERSION"), pid: std::process::id(), ..Status::default() };
        let names = Names {
            namespace: options.namespace.clone(),
            out: options.out.display().to_string(),
            durable: options.durable.as_deref().unwrap_or(&options.out).display().to_string(),
            known: BTreeMap::new(),
        };
        let mut relay = Self { source, sink, clock, names, settled: None, before: Vec::new(), status };
        if let Some(last) = relay.sink.last() {
            relay.show(&last);
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
            self.status.problems.push(Problem::of_file(&self.names.durable, NOT_DURABLE, why, hint));
        }
    }

    /// Reads the spool and publishes what is good in it, if it changed since the last pass. `noticed_at` is when the change
    /// showed, since the Unix epoch.
    pub fn reload(&mut self, noticed_at: Duration) -> Outcome {
        let started = self.clock.now();
        let lost = match self.reopen_if_lost() {
            Ok(lost) => lost,
            Err(error) => {
                self.settled = None;
                let hint = "make it possible again; it is tried again at each scan";
                return self.refuse_all(Problem::of_file(&self.names.out.clone(), "io", error.to_string(), hint));
            }
        };
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
        if self.settled == Some(digest) && !lost {
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
        let judged = self.judge_all(contents, last.as_ref());
        let checked = self.clock.now();
        let builder = match judged {
            Ok(Some(builder)) => builder,
            Ok(None) => {
                self.settled = Some(digest);
                return self.empty_spool(last.is_some());
            }
            Err(error) => return self.not_published(error.to_string(), Some(digest)),
        };

        let all_good = self.status.bundles.iter().all(|bundle| bundle.ok);
        let same = last.as_ref().is_some_and(|last| builder.matches(last) && (last.commit() == commit || !all_good));
        // What is held may still be published where nothing is: a hold keeps what there is.
        let held = self.status.hold.is_some() && last.is_some();
        if builder.is_empty() || same || held {
            self.settled = Some(digest);
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
        if let Some(last) = self.sink.last() {
            self.show(&last);
        }
        self.finish_state(true);
        Outcome::Published
    }

    fn show(&mut self, last: &Snapshot) {
        self.status.generation = last.generation();
        self.status.commit = last.commit();
        self.status.keys = last.len();
        self.status.bytes = last.as_bytes().len();
    }

    /// Gives whether the directory was made anew, so that all must be published again.
    fn reopen_if_lost(&mut self) -> Result<bool, PublishError> {
        let lost = self.sink.is_lost();
        if lost {
            self.sink.reopen()?;
        }
        Ok(lost)
    }

    /// Judges the documents one after the other, and gives the entries of all bundles: of a refused one, those that are served.
    /// `None` if there is no bundle.
    fn judge_all(&mut self, contents: Contents, last: Option<&Snapshot>) -> Result<Option<Builder>, BuildError> {
        let policies = Policies::new(contents.policies);
        let (mut builder, mut guessed) = (Builder::new(), false);
        self.before = std::mem::take(&mut self.status.bundles);
        let mut places = Places::new();
        // Where bundles were before, if it matters what became of them.
        let before = if contents.uncovered.is_empty() { BTreeMap::new() } else { self.names.known.clone() };
        let files: BTreeSet<String> = contents.documents.iter().map(|document| document.file.clone()).collect();
        self.names.known.retain(|file, _| files.contains(file));
        let mut strangers = Vec::new();
        for document in contents.documents {
            let unproven = matches!(&document.text, Err(problem) if problem.code == SIGNATURE);
            let one = self.names.judge(document, &policies, last);
            if self.names.namespace.as_ref().is_some_and(|wanted| *wanted != one.namespace) {
                // Also of a file whose namespace is a guess, unless its name tells it.
                guessed |= !one.identified && one.file.matches('.').count() < 2;
                continue;
            }
            // A file that says it is another's bundle must not come before the one that is, nor one that anybody can name.
            if unproven || places.contains_key(&one.name) || !self.names.is_rightful(&one) {
                strangers.push((unproven, one));
                continue;
            }
            guessed |= !one.identified;
            self.take(one, last, &mut builder, &mut places)?;
        }
        for (unproven, mut one) in strangers {
            if let Some((first, namespace)) = places.get(&one.name) {
                if !unproven {
                    let message = format!("the bundle {} is already in {first} (namespace {namespace})", one.name);
                    let hint = "rename one of them, or let the relay take one namespace only with --namespace";
                    one.content = Err(vec![Problem::of_file(&one.file, "conflict", message, hint)]);
                }
                // What the file held before goes on being served.
                let known = self.names.known.get(&one.file).filter(|(_, name)| !places.contains_key(name)).cloned();
                (one.namespace, one.name) = known.unwrap_or_else(|| {
                    let apart = format!("{}/{}", one.namespace, one.name);
                    (one.namespace.clone(), apart)
                });
            }
            guessed |= !one.identified;
            self.take(one, last, &mut builder, &mut places)?;
        }
        if let Some(last) = last.filter(|_| !contents.uncovered.is_empty()) {
            self.keep_what_may_be_there(&contents.uncovered, &before, last, &mut builder, &mut places)?;
        }
        self.names.known.extend(places.iter().map(|(name, (file, namespace))| (file.clone(), (namespace.clone(), name.clone()))));
        // A file whose bundle nobody can tell may be that of any bundle that is served and in no other file.
        if let Some(last) = last.filter(|_| guessed) {
            let mut missing = last.keys().filter(|key| !key.contains('.') && !places.contains_key(*key));
            missing.try_for_each(|name| insert_served(&mut builder, name, last).map(drop))?;
        }
        let any = !self.status.bundles.is_empty();
        if !any {
            self.status.bundles = std::mem::take(&mut self.before);
        }
        Ok(any.then_some(builder))
    }

    /// A bundle that is in no file is gone only if the proof shows its namespace without it.
    fn keep_what_may_be_there(
        &mut self,
        uncovered: &BTreeMap<String, String>,
        before: &BTreeMap<String, (String, String)>,
        last: &Snapshot,
        builder: &mut Builder,
        places: &mut Places,
    ) -> Result<(), BuildError> {
        let names = last.keys().filter(|key| !key.contains('.') && !places.contains_key(*key));
        for name in names.map(str::to_owned).collect::<Vec<_>>() {
            let known = before.values().find(|(_, bundle)| *bundle == name).map(|(namespace, _)| namespace);
            let namespace = known.or(self.names.namespace.as_ref()).cloned();
            let why = match &namespace {
                Some(namespace) => uncovered.get(namespace),
                None => uncovered.values().next(),
            };
            let Some(why) = why else { continue };
            let namespace = namespace.unwrap_or_default();
            let file = format!("{namespace}.{name}.yaml");
            let message = format!("nothing proves that this bundle was deleted: {why}");
            let hint = "export its namespace too, or let the relay take one namespace only with --namespace";
            let content = Err(vec![Problem::of_file(&file, SIGNATURE, message, hint)]);
            let one = Judged { name, namespace, file, identified: true, warnings: Vec::new(), content };
            self.take(one, Some(last), builder, places)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        one: Judged,
        last: Option<&Snapshot>,
        builder: &mut Builder,
        places: &mut Places,
    ) -> Result<(), BuildError> {
        let serving = insert(builder, &one, last)?;
        places.insert(one.name.clone(), (one.file.clone(), one.namespace.clone()));
        let told = self.told(one, serving);
        self.status.bundles.push(told);
        Ok(())
    }

    /// The bundle's fate for the status; `since` stays while it does not change.
    fn told(&mut self, judged: Judged, serving: Serving) -> BundleStatus {
        let Judged { name, namespace, file, warnings, content, .. } = judged;
        let problems = content.err().unwrap_or_default();
        let ok = problems.is_empty();
        let before = self.before.iter().find(|old| old.name == name && old.ok == ok);
        let since = before.map_or_else(|| self.clock.unix().as_secs_f64(), |old| old.since);
        if !ok {
            self.status.refusals += 1;
        }
        BundleStatus { name, namespace, file, ok, since, serving, problems, warnings }
    }

    fn hold(&mut self, why: Option<String>) {
        if self.status.hold.is_some() != why.is_some() {
            self.status.held_since = why.as_ref().map(|_| self.clock.unix().as_secs_f64());
        }
        self.status.hold = why;
    }

    fn empty_spool(&mut self, serving: bool) -> Outcome {
        let (message, hint) = match (&self.names.namespace, serving) {
            (_, true) => ("no bundle is left in it", "put the bundles back; what is published is still served"),
            (None, false) => ("no bundle is in it", "put a ConfigBundle (.yaml, .yml or .json) into it"),
            (Some(_), false) => ("no bundle of the namespace is in it", "put one into it, or correct --namespace"),
        };
        self.refuse_all(Problem::of_file(&self.source.name(), "empty-spool", message, hint))
    }

    fn not_published(&mut self, why: String, settled: Option<u64>) -> Outcome {
        self.settled = settled;
        let problem = Problem::of_file(&self.names.out, "not-published", why, "what was published before is still served");
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

impl Names {
    fn judge(&mut self, document: Document, policies: &Policies, last: Option<&Snapshot>) -> Judged {
        let Document { file, text } = document;
        let parsed = match &text {
            Ok(text) => contained(&file, || Bundle::parse(text, &file)),
            Err(problem) => Err(vec![problem.clone()]),
        };
        match parsed {
            Ok(bundle) => {
                let (namespace, name) = (bundle.namespace.clone(), bundle.name.clone());
                let (content, warnings) = approve(bundle, policies, last);
                Judged { name, namespace, file, identified: true, warnings, content }
            }
            Err(problems) => {
                let (identified, namespace, name) = self.identify(&file, text.ok().as_deref(), last);
                Judged { name, namespace, file, identified, warnings: Vec::new(), content: Err(problems) }
            }
        }
    }

    /// Whether the file is where that bundle was, or is called after it.
    fn is_rightful(&self, one: &Judged) -> bool {
        let known = self.known.get(&one.file).is_some_and(|(_, name)| *name == one.name);
        let stem = one.file.rsplit_once('.').map_or(one.file.as_str(), |(stem, _)| stem);
        known
            || stem == one.name
            || stem.split_once('.').is_some_and(|(namespace, name)| namespace == one.namespace && name == one.name)
    }

    /// Namespace and name of a bundle that cannot be read as a whole: what it says of itself, what the file held before, or
    /// what adapters call files; and whether that is more than a guess.
    fn identify(&self, file: &str, text: Option<&[u8]>, last: Option<&Snapshot>) -> (bool, String, String) {
        let document = text.and_then(|text| contained(file, || parse_document(text, file)).ok());
        let metadata = document.as_ref().and_then(|document| document.get("metadata"));
        let field =
            |name| metadata.and_then(|m| m.get(name)).and_then(Node::as_str).filter(|text| is_name(text)).map(str::to_owned);
        if let Some(name) = field("name") {
            return (true, field("namespace").unwrap_or_else(|| "default".to_owned()), name);
        }
        if let Some((namespace, name)) = self.known.get(file) {
            return (true, namespace.clone(), name.clone());
        }
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let (namespace, name) = stem.split_once('.').unwrap_or(("default", stem));
        let served = last.is_some_and(|last| last.get(name).is_some());
        (served, namespace.to_owned(), name.to_owned())
    }
}

type Approval = (Result<Approved, Vec<Problem>>, Vec<Problem>);

/// Checks, policies and guards.
fn approve(bundle: Bundle, policies: &Policies, last: Option<&Snapshot>) -> Approval {
    if let Some(held) = guard::hold(&bundle) {
        return (Err(vec![held]), Vec::new());
    }
    let checked = contained(&bundle.file, || Ok(check(&bundle, policies)));
    let Checked { problems, warnings, derived } = checked.unwrap_or_else(|problems| Checked { problems, ..Checked::default() });
    if !problems.is_empty() {
        return (Err(problems), warnings);
    }
    let flat = Flat::of(derived.as_ref().unwrap_or(bundle.values()));
    let served = last.and_then(|last| Size::served(last, &bundle.name));
    match served.and_then(|served| guard::resize(&bundle, served, Size::of(&flat))) {
        Some(problem) => (Err(vec![problem]), warnings),
        None => (Ok(Approved { bundle, derived, flat }), warnings),
    }
}

/// Whatever a document does to the code that reads it, the others are still served and the relay goes on.
fn contained<T>(file: &str, work: impl FnOnce() -> Result<T, Vec<Problem>>) -> Result<T, Vec<Problem>> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let hint = "this is a fault of the relay: report it with the file, and take back what changed";
        Err(vec![Problem::of_file(file, "internal", "checking it failed in a way that must not happen", hint)])
    })
}

fn insert(builder: &mut Builder, one: &Judged, last: Option<&Snapshot>) -> Result<Serving, BuildError> {
    match (&one.content, last) {
        (Ok(approved), _) => {
            approved.flat.insert(builder, &one.name, approved.values())?;
            approved.bundle.secrets().for_each(|path| builder.secret(&format!("{}.{path}", one.name)));
            Ok(Serving::Current)
        }
        (Err(_), Some(last)) => insert_served(builder, &one.name, last),
        (Err(_), None) => Ok(Serving::Nothing),
    }
}

/// What is served of a bundle stays so, and what was secret in it too. A container is, if something in it is.
fn insert_served(builder: &mut Builder, name: &str, last: &Snapshot) -> Result<Serving, BuildError> {
    let Some(ValueRef::Json(text)) = last.get(name).map(|entry| entry.value()) else { return Ok(Serving::Nothing) };
    let Ok(values) = serde_json::from_str(text) else { return Ok(Serving::Nothing) };
    let values = Node::from_value(&values);
    Flat::of(&values).insert(builder, name, &values)?;
    let inside = format!("{name}.");
    let leaves = last.prefix(&inside).filter(|entry| entry.is_secret() && !matches!(entry.value(), ValueRef::Json(_)));
    leaves.for_each(|entry| builder.secret(entry.key()));
    Ok(Serving::LastGood)
}
