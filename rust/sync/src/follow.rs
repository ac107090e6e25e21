//! The one loop: watch, and write what is new once it is quiet. On any error the spool stays as it is.

use crate::args::{Kube, Named};
use crate::artifact::Artifacts;
use crate::backoff::Backoff;
use crate::bundles::{Bundles, version};
use crate::client::told;
use crate::commit::Commits;
use crate::flux;
use crate::log::Log;
use crate::object::{self, Bundle, GitRepository, Kustomization, Object};
use crate::pace::Pace;
use crate::spool::{Files, MAX_FILES, MAX_LEN, Spool};
use crate::troubles::Troubles;
use futures_util::stream::{BoxStream, SelectAll, StreamExt, select_all};
use kube::core::ApiResource;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Config, Event, watch_object, watcher};
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Bundles that a page of a list may have: each may have a megabyte.
const PAGE: u32 = 50;
/// How long a watch lasts, in seconds; the next one goes on where it ended. Not all begin anew at the same moment.
const SHORTEST_WATCH: u32 = 180;
const LONGEST_WATCH: u32 = 290;
/// Flux says that a commit is applied after all bundles have changed; their watch may be that much later.
const SETTLE: Duration = Duration::from_millis(200);
/// How soon it is noticed that somebody removed the spool, and how soon a disk that was full is tried again.
const TICK: Duration = Duration::from_secs(5);
const MAX_PASSED_OVER: usize = 1_000;

/// What a watch saw.
enum Seen {
    /// The number is that of the namespace.
    Bundle(usize, watcher::Result<Event<Bundle>>),
    Kustomization(watcher::Result<Option<Kustomization>>),
    GitRepository(watcher::Result<Option<GitRepository>>),
}

enum Content {
    Bundles(Bundles),
    Artifact(Box<Artifacts>),
}

pub(crate) struct Follow<'a> {
    options: &'a Kube,
    spool: Spool,
    content: Content,
    commits: Commits,
    /// Whether it is known what the Kustomization says, or nobody asked for it.
    commit_seen: bool,
    pace: Pace,
    started: Instant,
    troubles: Troubles,
    passed_over: BTreeSet<String>,
    log: Log,
}

impl<'a> Follow<'a> {
    /// # Errors
    /// There can be no such spool. One line, says what to do.
    pub(crate) fn new(options: &'a Kube, troubles: Troubles) -> Result<Self, String> {
        let spool = Spool::open(&options.spool)
            .map_err(|error| format!("--spool {}: {error}; give a directory that can be written", options.spool.display()))?;
        let content = match &options.artifact {
            Some(_) => Content::Artifact(Box::new(Artifacts::new(options.wanted.clone()))),
            None => Content::Bundles(Bundles::new(&options.wanted.namespaces, &spool.files)),
        };
        let commits = Commits::new(&spool.commit, &spool.files);
        let commit_seen = options.kustomization.is_none();
        let (pace, started, log) = (Pace::default(), Instant::now(), options.log);
        Ok(Self { options, spool, content, commits, commit_seen, pace, started, troubles, passed_over: BTreeSet::new(), log })
    }

    /// Works until it is dropped; with --once, until all is written or something went wrong, and gives which.
    pub(crate) async fn run(mut self, client: &Client) -> bool {
        let mut watches = self.watches(client);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = self.pace.next().map(|due| self.started + due);
            tokio::select! {
                Some(seen) = watches.next() => self.see(seen),
                arrived = arrive(&mut self.content) => self.arrived(arrived),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.write();
                }
                _ = tick.tick() => {
                    self.troubles.fade();
                    // What is still coming is not cut in two.
                    if due.is_none() {
                        self.write();
                    }
                }
            }
            if self.options.once && self.troubles.any() {
                return false;
            }
            if self.options.once && self.complete() {
                return self.write();
            }
        }
    }

    fn watches(&self, client: &Client) -> SelectAll<BoxStream<'static, Seen>> {
        let mut watches = Vec::new();
        if let Some(named) = &self.options.artifact {
            watches.push(one(client, named, &object::git_repositories()).map(Seen::GitRepository).boxed());
            return select_all(watches);
        }
        if let Some(named) = &self.options.kustomization {
            watches.push(one(client, named, &object::kustomizations()).map(Seen::Kustomization).boxed());
        }
        let resource = object::bundles();
        let apis: Vec<Api<Bundle>> = match self.options.wanted.namespaces.as_slice() {
            [] => vec![Api::all_with(client.clone(), &resource)],
            some => some.iter().map(|namespace| Api::namespaced_with(client.clone(), namespace, &resource)).collect(),
        };
        watches.extend(apis.into_iter().enumerate().map(|(number, api)| {
            let config = Config::default().page_size(PAGE).timeout(fastrand::u32(SHORTEST_WATCH..=LONGEST_WATCH));
            watcher(api, config).backoff(Backoff::default()).map(move |event| Seen::Bundle(number, event)).boxed()
        }));
        select_all(watches)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn see(&mut self, seen: Seen) {
        match (seen, &mut self.content) {
            (Seen::Bundle(number, Ok(event)), Content::Bundles(bundles)) => {
                let what = watched(&self.options.wanted.namespaces, number);
                if !matches!(event, Event::Init) {
                    self.troubles.is_well(&what);
                }
                let applied = bundles.apply(number, event);
                if applied.changed {
                    self.pace.changed(self.started.elapsed());
                }
                if let Some(name) = applied.passed_over
                    && self.passed_over.len() < MAX_PASSED_OVER
                    && self.passed_over.insert(name.clone())
                {
                    self.log.error(&format!("passed over: {name:?} is no bundle's name; use 1 to 63 of a-z 0-9 and -"));
                }
            }
            (Seen::Kustomization(Ok(found)), _) => self.see_kustomization(found.as_ref()),
            (Seen::GitRepository(Ok(found)), Content::Artifact(artifacts)) => {
                let artifact = found.and_then(|found| found.status?.artifact);
                let what = called("GitRepository", self.options.artifact.as_ref());
                match artifact {
                    None => self.troubles.has(&what, "it has no artifact; does it exist, and is its commit's signature good?"),
                    Some(artifact) => {
                        self.troubles.is_well(&what);
                        if artifacts.offer(artifact) {
                            self.pace.changed(self.started.elapsed());
                        }
                    }
                }
            }
            (Seen::Bundle(number, Err(error)), _) => {
                let what = watched(&self.options.wanted.namespaces, number);
                self.troubles.has(&what, &explained(&error));
            }
            (Seen::Kustomization(Err(error)), _) => {
                let what = called("Kustomization", self.options.kustomization.as_ref());
                self.troubles.has(&what, &explained(&error));
            }
            (Seen::GitRepository(Err(error)), _) => {
                let what = called("GitRepository", self.options.artifact.as_ref());
                self.troubles.has(&what, &explained(&error));
            }
            // No content is watched that is not asked for.
            (Seen::Bundle(..), Content::Artifact(_)) | (Seen::GitRepository(..), Content::Bundles(_)) => {}
        }
    }

    fn see_kustomization(&mut self, found: Option<&Kustomization>) {
        let what = called("Kustomization", self.options.kustomization.as_ref());
        self.commit_seen = true;
        let revision = found.and_then(|found| found.status.as_ref()?.last_applied_revision.as_deref());
        let commit = revision.map(flux::commit).unwrap_or_default();
        if commit.is_empty() {
            self.troubles.has(&what, "it names no commit that it has applied; does it exist, and is it ready?");
        } else {
            self.troubles.is_well(&what);
        }
        if let Some(found) = found
            && self.commits.applied(commit, version(found))
        {
            self.pace.due_within(self.now(), SETTLE);
        }
    }

    fn arrived(&mut self, arrived: Result<(), String>) {
        match arrived {
            Ok(()) => {
                self.troubles.is_well(ARTIFACT);
                self.pace.changed(self.now());
            }
            Err(why) => self.troubles.has(ARTIFACT, &why),
        }
    }

    fn complete(&self) -> bool {
        match &self.content {
            Content::Bundles(bundles) => bundles.complete() && self.commit_seen,
            Content::Artifact(artifacts) => artifacts.complete(),
        }
    }

    /// Writes what is new; whether the spool then has all that is known.
    fn write(&mut self) -> bool {
        self.pace.written();
        let (files, commit, place) = match &self.content {
            Content::Bundles(bundles) => {
                let Some(files) = bundles.files() else { return false };
                let commit = self.commits.of(&files, bundles.version);
                (files, commit, bundles.place())
            }
            Content::Artifact(artifacts) => {
                let Some(files) = artifacts.files() else { return false };
                (files.clone(), artifacts.commit().to_owned(), "the artifact".to_owned())
            }
        };
        if let Some(why) = objection(&files, &place) {
            self.troubles.has(CONTENT, &why);
            return false;
        }
        self.troubles.is_well(CONTENT);
        let count = files.len();
        match self.spool.export(files, &commit) {
            Ok(new) => {
                self.troubles.is_well(SPOOL);
                if new {
                    self.troubles.swapped();
                    let of = if commit.is_empty() { String::new() } else { format!(" of commit {commit}") };
                    self.log.info(&format!("{count} files{of} written to {}", self.options.spool.display()));
                }
                true
            }
            Err(error) => {
                self.troubles.has(SPOOL, &format!("{}: {error}; make room, and let it be written", self.options.spool.display()));
                false
            }
        }
    }
}

const CONTENT: &str = "content";
const SPOOL: &str = "spool";
const ARTIFACT: &str = "artifact";

async fn arrive(content: &mut Content) -> Result<(), String> {
    match content {
        Content::Artifact(artifacts) => artifacts.arrive().await,
        Content::Bundles(_) => std::future::pending().await,
    }
}

/// An API server that has lost its bundles, or was asked about the wrong namespace, looks the same as one where somebody deleted
/// the last of them; a node without any configuration is of use to nobody.
fn objection(files: &Files, place: &str) -> Option<String> {
    let length: usize = files.values().map(|text| text.len()).sum();
    if files.keys().all(|file| file.contains('/')) {
        Some(format!("no ConfigBundle in {place}; an empty spool is never written"))
    } else if files.len() > MAX_FILES || length > MAX_LEN {
        let limit = format!("the limits are {MAX_FILES} and {MAX_LEN}");
        Some(format!("{} files with {length} bytes, and {limit}; give --namespace, or delete some", files.len()))
    } else {
        None
    }
}

fn one<S, T>(client: &Client, named: &Named, resource: &ApiResource) -> BoxStream<'static, watcher::Result<Option<Object<S, T>>>>
where
    Object<S, T>: Clone + Debug + DeserializeOwned + Send + 'static,
{
    let api: Api<Object<S, T>> = Api::namespaced_with(client.clone(), &named.namespace, resource);
    watch_object(api, &named.name).backoff(Backoff::default()).boxed()
}

fn watched(namespaces: &[String], number: usize) -> String {
    namespaces.get(number).map_or("bundles".to_owned(), |namespace| format!("bundles in {namespace}"))
}

fn called(kind: &str, named: Option<&Named>) -> String {
    named.map_or(kind.to_owned(), |named| format!("{kind} {}/{}", named.namespace, named.name))
}

fn explained(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error) => format!("cannot be listed: {}", told(error)),
        watcher::Error::WatchStartFailed(error) => format!("cannot be watched: {}", told(error)),
        watcher::Error::WatchFailed(error) => format!("the watch broke off: {}", told(error)),
        watcher::Error::WatchError(status) => format!("the watch ended: {} {}", status.code, status.message),
        watcher::Error::NoResourceVersion => "the API server gave no resource version".to_owned(),
    }
}
