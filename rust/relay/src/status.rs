//! What the relay is doing, for people and programs: `status.json` beside the snapshots.

use crate::problem::Problem;
use serde::Serialize;
use std::fs;
use std::io;
use std::path::Path;

pub const FILE: &str = "status.json";

#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is published yet.
    #[default]
    Empty,
    /// All that is in the spool is published.
    Ok,
    /// Something in the spool was refused; the last good configuration is served in its place.
    Degraded,
    /// Somebody asked to keep what is published, and nothing else is wrong.
    Held,
}

impl State {
    /// As in `status.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Held => "held",
        }
    }
}

/// What readers see of a bundle.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Serving {
    /// What its file says.
    Current,
    /// What it said when that was last good.
    LastGood,
    /// It has never been good.
    Nothing,
}

/// One bundle as the node has it.
#[derive(Clone, Debug, Serialize)]
pub struct BundleStatus {
    pub name: String,
    pub namespace: String,
    pub file: String,
    /// Whether the file's content is what is served.
    pub ok: bool,
    /// Since when it is (not), in seconds since the Unix epoch.
    pub since: f64,
    pub serving: Serving,
    pub problems: Vec<Problem>,
    /// What policies that accept it say of it.
    pub warnings: Vec<Problem>,
}

/// Where the time of the last publish went.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Timings {
    /// First hint of the change, or the check that found it; nanoseconds since the Unix epoch.
    pub noticed_at_ns: u64,
    /// When readers could see it; nanoseconds since the Unix epoch.
    pub published_at_ns: u64,
    pub read_us: u64,
    pub check_us: u64,
    pub publish_us: u64,
}

/// What the relay has given up of its rights.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Sandbox {
    /// Version of Landlock that is enforced; 0 if the kernel has none.
    pub landlock: u8,
    pub seccomp: bool,
    pub no_new_privileges: bool,
    pub capabilities_dropped: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Status {
    pub state: State,
    pub version: &'static str,
    pub pid: u32,
    pub watch: &'static str,
    /// Why there are no events, if there are none.
    pub watch_why: String,
    pub sandbox: Sandbox,
    pub generation: u64,
    pub commit: String,
    pub keys: usize,
    pub bytes: usize,
    pub bundles: Vec<BundleStatus>,
    /// What is wrong with the spool or the snapshot directory as a whole; empty if nothing is.
    pub problems: Vec<Problem>,
    /// Why what is published is kept, if somebody asked for that; an empty text if without a reason.
    pub hold: Option<String>,
    /// In seconds since the Unix epoch.
    pub held_since: Option<f64>,
    pub reloads: u64,
    pub publishes: u64,
    pub refusals: u64,
    pub timings: Timings,
}

impl Status {
    /// Replaces `status.json` in `dir` as one.
    pub fn save(&self, dir: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let temporary = dir.join(".tmp-status.json");
        fs::write(&temporary, text)?;
        fs::rename(&temporary, dir.join(FILE))
    }

    /// All problems, those of the whole first.
    pub fn all_problems(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().chain(self.bundles.iter().flat_map(|bundle| &bundle.problems))
    }
}
