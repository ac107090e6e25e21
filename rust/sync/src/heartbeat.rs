//! What a node says of itself to a control plane. `configedge.sync.report` is the Python twin.

use crate::args::Report;
use crate::relay::STATUS as STATUS_FILE;
use configedge_snapshot::{ReadError, Source, WriterState};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

const MAX_PROBLEMS: usize = 20;
const MAX_PROBLEM: usize = 300;
const MAX_STATUS_LEN: u64 = 16 << 20;
/// The relay's own heartbeat comes once a second.
const SILENT: Duration = Duration::from_secs(5);
/// How long after a publish, or a refusal, the relay may need to write its status, and how often that is looked for.
const STATUS: Duration = Duration::from_millis(200);
const LOOK: Duration = Duration::from_millis(10);

/// As `configedge.control.fleet` reads it; times are Unix seconds.
#[derive(Debug, Serialize)]
pub(crate) struct Heartbeat<'a> {
    node: &'a str,
    environment: &'a str,
    region: &'a str,
    pub(crate) generation: u64,
    commit: String,
    state: String,
    problems: Vec<String>,
    published_at: f64,
    sent_at: f64,
    version: String,
    /// Not sent: whether the relay refused something, or was held, as the look began.
    #[serde(skip)]
    pub(crate) stale: bool,
}

/// A node's snapshot directory, looked at from outside.
#[derive(Debug, Default)]
pub(crate) struct Node {
    source: Option<Source>,
    /// Of the generation that was looked at last: its commit, and when it was built.
    known: Option<(u64, String, u64)>,
}

/// `status.json` of a relay, as much of it as is told on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    state: String,
    version: String,
    generation: u64,
    problems: Vec<Problem>,
    bundles: Vec<BundleStatus>,
    timings: Timings,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    file: String,
    line: u32,
    key: String,
    code: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BundleStatus {
    problems: Vec<Problem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Timings {
    published_at_ns: u64,
}

impl Node {
    /// What it serves now, what its relay says of that, and what else is wrong.
    pub(crate) async fn look<'a>(&mut self, report: &'a Report, others: &[String]) -> Heartbeat<'a> {
        let served = self.serves(&report.status);
        let writer = self.source.as_ref().map(Source::writer);
        let stale = writer.is_some_and(|writer| writer.state == WriterState::Stale);
        let beat = |generation, commit, state: &str, problems: Vec<String>, published_at, version| Heartbeat {
            node: &report.node,
            environment: &report.environment,
            region: &report.region,
            generation,
            commit,
            state: state.to_owned(),
            problems: problems.iter().take(MAX_PROBLEMS).map(|text| line(text)).collect(),
            published_at,
            sent_at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64(),
            version,
            stale,
        };
        let (generation, commit, created_ns) = match served {
            Ok(served) => served,
            Err(why) => {
                let status = Status::read(&report.status);
                let problems = std::iter::once(why.to_string()).chain(others.iter().cloned()).chain(status.told());
                return beat(0, String::new(), "empty", problems.collect(), 0.0, status.version());
            }
        };
        // One that ended does not say.
        let said = writer.filter(|writer| writer.state != WriterState::Stopped).map(|_| stale);
        let status = Status::of(&report.status, generation, said).await;
        // Built is what is known of a snapshot alone; it is published within milliseconds.
        let own = status.generation == generation && status.timings.published_at_ns > 0;
        let published_ns = if own { status.timings.published_at_ns } else { created_ns };
        let mut problems: Vec<String> = others.iter().cloned().chain(status.told()).collect();
        let silent = writer.map(|writer| writer.silent_for).unwrap_or_default();
        let state = if silent > SILENT {
            problems.insert(0, format!("the relay is silent for {} s", silent.as_secs()));
            "silent"
        } else if ["empty", "ok", "degraded", "held"].contains(&status.state.as_str()) {
            &status.state
        } else if stale {
            "degraded"
        } else {
            "ok"
        };
        beat(generation, commit, state, problems, published_ns as f64 / 1e9, status.version())
    }

    /// The generation that is announced; 0 if none is.
    pub(crate) fn generation(&self) -> u64 {
        self.source.as_ref().map_or(0, Source::generation)
    }

    /// Whether the relay refuses something now, or is held.
    pub(crate) fn is_stale(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.writer().state == WriterState::Stale)
    }

    /// Generation, commit, and when it was built, in nanoseconds since the Unix epoch.
    fn serves(&mut self, out: &Path) -> Result<(u64, String, u64), ReadError> {
        if self.source.as_ref().is_some_and(Source::is_orphaned) {
            (self.source, self.known) = (None, None);
        }
        let source = match self.source.take() {
            Some(source) => source,
            None => Source::attach(out)?,
        };
        let source = self.source.insert(source);
        let generation = source.generation();
        if let Some(known) = self.known.as_ref().filter(|known| known.0 == generation) {
            return Ok(known.clone());
        }
        // Not kept mapped: a program that only tells of it has no use for its pages.
        let snapshot = source.load(0)?;
        Ok(self.known.insert((snapshot.generation(), snapshot.commit(), snapshot.created_ns())).clone())
    }
}

impl Status {
    fn read(out: &Path) -> Self {
        let read = || -> Option<Self> {
            let mut text = Vec::new();
            File::open(out.join(STATUS_FILE)).ok()?.take(MAX_STATUS_LEN).read_to_end(&mut text).ok()?;
            serde_json::from_slice(&text).ok()
        };
        read().unwrap_or_default()
    }

    /// What the relay says; it may still be about to say it of this generation, and of what it refuses.
    async fn of(out: &Path, generation: u64, stale: Option<bool>) -> Self {
        let deadline = Instant::now() + STATUS;
        loop {
            let status = Self::read(out);
            let refuses = ["degraded", "held"].contains(&status.state.as_str());
            let current = status.generation == generation && stale.is_none_or(|stale| stale == refuses);
            if current || status.version.is_empty() || Instant::now() > deadline {
                return status;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Where something is wrong and of which kind. The relay's own words stay on the node: they can hold a value.
    fn told(&self) -> impl Iterator<Item = String> {
        self.problems.iter().chain(self.bundles.iter().flat_map(|bundle| &bundle.problems)).map(|problem| {
            let place = if problem.line > 0 { format!("{}:{}", problem.file, problem.line) } else { problem.file.clone() };
            let code = if problem.code.is_empty() { "refused" } else { &problem.code };
            let words = [place.as_str(), &problem.key, code];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(": ")
        })
    }

    fn version(&self) -> String {
        let fits = |c: u8| c.is_ascii_alphanumeric() || b".+_-".contains(&c);
        let good = (1..=64).contains(&self.version.len()) && self.version.bytes().all(fits);
        if good { self.version.clone() } else { env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// As much of a text as a heartbeat takes.
pub(crate) fn line(text: &str) -> String {
    text.chars().take(MAX_PROBLEM).map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect()
}
