//! One pass from the spool to readers, and what is kept between passes.
//!
//! The published snapshot itself is the last good: a bundle that cannot be taken is rebuilt from the text that is served.

use crate::bundle::{Bundle, parse_document};
use crate::check::check;
use crate::flatten::flatten;
use crate::name::is_name;
use crate::node::Node;
use crate::problem::Problem;
use crate::spool::{self, Contents, Document};
use crate::status::{BundleStatus, State, Status, Timings, unix_ns, unix_seconds};
use configedge_snapshot::{BuildError, Builder, PublishError, Publisher, Snapshot, ValueRef};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Clone, Debug)]
pub struct Options {
    pub spool: PathBuf,
    pub out: PathBuf,
    /// Where a copy for the next boot is kept, on disk.
    pub durable: Option<PathBuf>,
    /// Only bundles of this namespace; all if there is none.
    pub namespace: Option<String>,
}

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

pub struct Relay {
    options: Options,
    publisher: Publisher,
    /// Digest of the spool's content when it was last dealt with to the end.
    settled: Option<u64>,
    /// Which bundle a file held when it could last be read, by file name.
    names: BTreeMap<String, (String, String)>,
    pub status: Status,
}

/// A bundle file after checking.
struct Checked {
    name: String,
    namespace: String,
    file: String,
    content: Result<Bundle, Vec<Problem>>,
}

impl Relay {
    /// Takes over the snapshot directory; what it serves, or the durable copy, is served from here on.
    pub fn open(options: Options) -> Result<Self, PublishError> {
        let publisher = Publisher::open(&options.out, options.durable.as_deref())?;
        let status = Status { version: env!("CARGO_PKG_VERSION"), pid: std::process::id(), ..Status::default() };
        let mut relay = Self { options, publisher, settled: None, names: BTreeMap::new(), status };
        if let Some(last) = relay.publisher.last() {
            relay.show(&last);
            relay.status.state = State::Ok;
        }
        Ok(relay)
    }

    /// Reads the spool and publishes what is good in it, if it changed since the last pass. `noticed_at_ns` is when the
    /// change showed, in nanoseconds since the Unix epoch.
    pub fn reload(&mut self, noticed_at_ns: u64) -> Outcome {
        let started = Instant::now();
        let lost = match self.reopen_if_lost() {
            Ok(lost) => lost,
            Err(error) => {
                let out = self.options.out.display().to_string();
                let hint = "make it possible again; it is tried again at each scan";
                return self.refuse_all(Problem::of_file(&out, "io", error.to_string(), hint));
            }
        };
        let contents = match spool::read(&self.options.spool) {
            Ok(contents) => contents,
            Err(error) => {
                let hint = "make the directory readable, or correct --spool; what is published is still served";
                return self.refuse_all(Problem::of_file(
                    &self.options.spool.display().to_string(),
                    "io",
                    error.to_string(),
                    hint,
                ));
            }
        };
        if self.settled == Some(contents.digest) && !lost {
            return Outcome::Unchanged;
        }
        self.status.reloads += 1;
        let read = Instant::now();
        let (commit, digest) = (contents.commit.clone(), contents.digest);
        let checked = self.check_all(contents);
        let check = Instant::now();
        let last = self.publisher.last();
        if checked.is_empty() {
            self.settled = Some(digest);
            return self.empty_spool(last.is_some());
        }
        let built = build(&checked, last.as_ref());
        let build = Instant::now();
        self.tell(checked);

        let all_good = self.status.bundles.iter().all(|bundle| bundle.ok);
        let builder = match built {
            Ok(builder) => builder,
            Err(error) => return self.not_published(error.to_string(), Some(digest)),
        };
        let same = last.as_ref().is_some_and(|last| builder.matches(last) && (last.commit() == commit || !all_good));
        if builder.is_empty() || same {
            self.settled = Some(digest);
            self.status.problems.clear();
            self.finish_state(last.is_some());
            return Outcome::Kept;
        }
        drop(last);
        let published = match self.publisher.publish(&builder, &commit) {
            Ok(published) => published,
            // Not settled: the next check tries again.
            Err(error) => return self.not_published(error.to_string(), None),
        };
        self.status.timings = Timings {
            noticed_at_ns,
            published_at_ns: unix_ns(),
            read_us: (read - started).as_micros() as u64,
            check_us: (check - read).as_micros() as u64,
            build_us: (build - check).as_micros() as u64,
            publish_us: build.elapsed().as_micros() as u64,
        };
        self.settled = Some(digest);
        self.status.problems.clear();
        if let Err(why) = published.durable {
            let file = self.options.durable.as_deref().unwrap_or(&self.options.out).display().to_string();
            let hint = "make the file writable; until then a reboot serves an older configuration first";
            self.status.problems.push(Problem::of_file(&file, "not-durable", why, hint));
        }
        self.status.publishes += 1;
        if let Some(last) = self.publisher.last() {
            self.show(&last);
        }
        self.finish_state(true);
        Outcome::Published
    }

    pub fn heartbeat(&mut self) {
        self.publisher.heartbeat();
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    fn show(&mut self, last: &Snapshot) {
        self.status.generation = last.generation();
        self.status.commit = last.commit();
        self.status.keys = last.len();
        self.status.bytes = last.as_bytes().len();
    }

    /// Gives whether the directory was made anew, so that all must be published again.
    fn reopen_if_lost(&mut self) -> Result<bool, PublishError> {
        let lost = self.publisher.directory_lost();
        if lost {
            self.publisher.reopen()?;
        }
        Ok(lost)
    }

    fn check_all(&mut self, contents: Contents) -> Vec<Checked> {
        let mut checked: Vec<Checked> = Vec::new();
        for document in contents.documents {
            let mut one = self.check_one(document);
            if self.options.namespace.as_ref().is_some_and(|wanted| *wanted != one.namespace) {
                continue;
            }
            if let Some(first) = checked.iter().find(|other| other.name == one.name) {
                let message = format!("the bundle {} is already in {} (namespace {})", one.name, first.file, first.namespace);
                let hint = "rename one of them, or let the relay take one namespace only with --namespace";
                one.content = Err(vec![Problem::of_file(&one.file, "conflict", message, hint)]);
                one.name = format!("{}/{}", one.namespace, one.name);
            }
            checked.push(one);
        }
        checked
    }

    fn check_one(&mut self, document: Document) -> Checked {
        let Document { file, text } = document;
        let text = match text {
            Ok(text) => text,
            Err(problem) => {
                let (namespace, name) = self.identify(&file, None);
                return Checked { name, namespace, file, content: Err(vec![problem]) };
            }
        };
        match Bundle::parse(&text, &file) {
            Ok(bundle) => {
                let (namespace, name) = (bundle.namespace.clone(), bundle.name.clone());
                self.names.insert(file.clone(), (namespace.clone(), name.clone()));
                let problems = check(&bundle);
                Checked { name, namespace, file, content: if problems.is_empty() { Ok(bundle) } else { Err(problems) } }
            }
            Err(problems) => {
                let (namespace, name) = self.identify(&file, Some(&text));
                Checked { name, namespace, file, content: Err(problems) }
            }
        }
    }

    /// Namespace and name of a bundle that cannot be read as a whole: what it says of itself, what the file held before, or
    /// what adapters call files.
    fn identify(&self, file: &str, text: Option<&[u8]>) -> (String, String) {
        let document = text.and_then(|text| parse_document(text, file).ok());
        let metadata = document.as_ref().and_then(|document| document.get("metadata"));
        let field =
            |name| metadata.and_then(|m| m.get(name)).and_then(Node::as_str).filter(|text| is_name(text)).map(str::to_owned);
        if let Some(name) = field("name") {
            return (field("namespace").unwrap_or_else(|| "default".to_owned()), name);
        }
        if let Some(known) = self.names.get(file) {
            return known.clone();
        }
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let (namespace, name) = stem.split_once('.').unwrap_or(("default", stem));
        (namespace.to_owned(), name.to_owned())
    }

    /// Puts the bundles' fate into the status; `since` stays while it does not change.
    fn tell(&mut self, checked: Vec<Checked>) {
        let before = std::mem::take(&mut self.status.bundles);
        for Checked { name, namespace, file, content } in checked {
            let problems = content.err().unwrap_or_default();
            let ok = problems.is_empty();
            let same = before.iter().find(|old| old.name == name && old.ok == ok);
            let since = same.map_or_else(unix_seconds, |old| old.since);
            if !ok {
                self.status.refusals += 1;
            }
            self.status.bundles.push(BundleStatus { name, namespace, file, ok, since, problems });
        }
    }

    fn empty_spool(&mut self, serving: bool) -> Outcome {
        let file = self.options.spool.display().to_string();
        let (message, hint) = match (&self.options.namespace, serving) {
            (_, true) => ("no bundle is left in it", "put the bundles back; what is published is still served"),
            (None, false) => ("no bundle is in it", "put a ConfigBundle (.yaml, .yml or .json) into it"),
            (Some(_), false) => ("no bundle of the namespace is in it", "put one into it, or correct --namespace"),
        };
        self.refuse_all(Problem::of_file(&file, "empty-spool", message, hint))
    }

    fn not_published(&mut self, why: String, settled: Option<u64>) -> Outcome {
        self.settled = settled;
        let file = self.options.out.display().to_string();
        self.refuse_all(Problem::of_file(&file, "not-published", why, "what was published before is still served"))
    }

    fn refuse_all(&mut self, problem: Problem) -> Outcome {
        let new = !self.status.problems.contains(&problem);
        self.status.problems = vec![problem];
        self.finish_state(self.status.generation > 0);
        if new {
            self.status.refusals += 1;
            return Outcome::Kept;
        }
        Outcome::Unchanged
    }

    fn finish_state(&mut self, serving: bool) {
        let trouble = self.status.all_problems().next().is_some();
        self.status.state = match (serving, trouble) {
            (false, _) => State::Empty,
            (true, true) => State::Degraded,
            (true, false) => State::Ok,
        };
        self.publisher.set_stale(self.status.state == State::Degraded);
    }
}

/// The entries of all bundles: of a refused one, those that are served.
fn build(checked: &[Checked], last: Option<&Snapshot>) -> Result<Builder, BuildError> {
    let mut builder = Builder::new();
    for one in checked {
        match &one.content {
            Ok(bundle) => {
                flatten(&mut builder, &one.name, bundle.values())?;
                bundle.secrets().for_each(|path| builder.secret(&format!("{}.{path}", one.name)));
            }
            Err(_) => {
                if let Some(ValueRef::Json(text)) = last.and_then(|last| last.get(&one.name)).map(|entry| entry.value())
                    && let Ok(values) = serde_json::from_str(text)
                {
                    flatten(&mut builder, &one.name, &Node::from_value(&values))?;
                    keep_secrets(&mut builder, &one.name, last);
                }
            }
        }
    }
    Ok(builder)
}

/// What was secret in the bundle that is served stays so. A container is, if something in it is.
fn keep_secrets(builder: &mut Builder, name: &str, last: Option<&Snapshot>) {
    let inside = format!("{name}.");
    let entries = last.iter().flat_map(|last| last.prefix(&inside));
    let leaves = entries.filter(|entry| entry.is_secret() && !matches!(entry.value(), ValueRef::Json(_)));
    leaves.for_each(|entry| builder.secret(entry.key()));
}
