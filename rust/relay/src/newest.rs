//! The newest commit that was proven: an older one is not taken after it, also not by a relay that was restarted.

use crate::problem::Problem;
use crate::proof::{Proof, SIGNATURE};
use crate::signature::Signers;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What the file is called in the snapshot directory; beside a durable copy it is behind that one's name and a dot.
pub(crate) const FILE: &str = "newest.json";
const MAX_LEN: u64 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Newest {
    /// Where it is kept.
    paths: Vec<PathBuf>,
    known: Option<Known>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    commit: String,
    /// The committer's, Unix seconds.
    time: i64,
    /// Whose signature it was, in hexadecimal.
    key: String,
}

impl Newest {
    /// The newest of what is kept at these paths.
    pub(crate) fn kept_at(paths: Vec<PathBuf>) -> Self {
        let known = paths.iter().filter_map(|path| load(path)).max_by_key(|known| known.time);
        Self { paths, known }
    }

    /// Makes this the newest, unless it is older. A commit whose parent is the newest is not, whatever its time. What was signed
    /// by a key that does not count any more is no measure.
    ///
    /// # Errors
    /// It is older: why it is refused.
    pub(crate) fn advance(&mut self, proof: &Proof, allowed: &Signers) -> Result<(), String> {
        let known = self.known.as_ref().filter(|known| allowed.count(&known.key, known.time));
        match known {
            Some(Known { commit, time, .. }) if proof.time < *time && !proof.parents.contains(commit) => Err(format!(
                "the signed commit {} of {} is older than {commit} of {time} (Unix seconds), which was here before",
                proof.commit, proof.time
            )),
            _ => {
                self.known = Some(Known { commit: proof.commit.clone(), time: proof.time, key: proof.key.clone() });
                Ok(())
            }
        }
    }

    /// Writes it to where it is kept; gives what is wrong with that.
    pub(crate) fn keep(&self) -> Vec<Problem> {
        let Some(known) = &self.known else { return Vec::new() };
        let problem = |path: &Path, why: String| {
            let message = format!("which commit is the newest cannot be kept: {why}");
            let hint = "make the file writable; until then a relay that is restarted takes older commits";
            Problem::of_file(&path.display().to_string(), SIGNATURE, message, hint)
        };
        let text = serde_json::to_vec(known).expect("strings and a number");
        let behind = self.paths.iter().filter(|path| load(path).as_ref() != Some(known));
        behind
            .filter_map(|path| configedge_snapshot::save(path, &text).err().map(|error| problem(path, error.to_string())))
            .collect()
    }
}

/// A file that is missing or damaged tells nothing.
fn load(path: &Path) -> Option<Known> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(MAX_LEN).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
