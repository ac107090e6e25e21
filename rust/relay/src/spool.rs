//! The spool: the directory that some adapter makes appear, and the relay's only input.
//!
//! Either bundle files directly in it, or, as Kubernetes' AtomicWriter and `configedge sync` do, a symlink `..data` to a hidden
//! directory that has them, swapped as one. Beside the files there may be `policies/`, a file `hold`, and the proof that a signed
//! commit has them.

use crate::bundle::MAX_DOCUMENT_LEN;
use crate::policies::{self, DIRECTORY, MAX_POLICIES, is_policy_file};
use crate::policy::MAX_MODULE_LEN;
use crate::problem::{Problem, shorten};
use crate::proof::{self, MAX_TREE_LEN, Proof, SIGNATURE};
use crate::signature::{MAX_COMMIT_LEN, MAX_SIGNERS_LEN, Signers};
use crate::world::Source;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, fstat, openat};
use rustix::io::{Errno, retry_on_intr};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

const DATA: &str = "..data";
/// What an adapter says of the files beside it: `{"commit": "..."}` and what else it likes.
const MARKER: &str = ".configedge.json";
/// As long as there is a file of this name, what is published is kept. Its first line says why.
pub const HOLD: &str = "hold";
/// Most bundle files read.
const MAX_FILES: usize = 2_000;

/// One file's content, or why it has none.
#[derive(Debug)]
pub struct Document {
    pub file: String,
    pub text: Result<Vec<u8>, Problem>,
}

/// All that the spool held at one moment.
#[derive(Debug, Default)]
pub struct Contents {
    /// Sorted by file name.
    pub documents: Vec<Document>,
    /// Upstream commit, if the adapter told it.
    pub commit: String,
    /// The content of `policies/`.
    pub policies: policies::Files,
    /// Why nothing is to be published, if somebody asked for that.
    pub hold: Option<String>,
    /// Why nothing of it may be taken.
    pub refused: Option<Problem>,
    /// What is wrong with files that are no bundles.
    pub problems: Vec<Problem>,
    /// Namespaces whose bundles nothing proves, so neither that one was deleted; and why.
    pub uncovered: BTreeMap<String, String>,
    /// Changes when any content does.
    pub digest: u64,
}

/// The spool at a path.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    /// Whether the signature is of each file, and not of the directories alone.
    thorough: bool,
    /// Only what a commit has that one of these signed is taken.
    signers: Option<PathBuf>,
    /// Whose nodes this is one of: the commit has files of its own for them.
    layer: String,
    /// Time and id of the newest commit that was proven.
    newest: Option<(i64, String)>,
}

impl Spool {
    /// With `signers`, a file as Git has it, every file needs proof that it is one of the layer's.
    pub fn new(path: PathBuf, signers: Option<PathBuf>, layer: String) -> Self {
        Self { path, thorough: true, signers, layer, newest: None }
    }

    /// Where events tell of files that are written in place, it is enough to look at the directories each second: whatever
    /// comes, goes or is renamed shows there, and the rest at the full check.
    pub fn trust_events(&mut self, trusted: bool) {
        self.thorough = !trusted;
    }
}

impl Source for Spool {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn signature(&mut self) -> io::Result<u64> {
        signature(&self.path, self.thorough, self.signers.as_deref())
    }

    fn read(&mut self) -> io::Result<Contents> {
        let Place { top, dir } = Place::open(&self.path)?;
        let mut contents = read(&top, &dir)?;
        if let Some(signers) = &self.signers {
            match prove(&dir, signers, &self.layer, &contents.commit, self.newest.as_ref()) {
                Ok(proof) => {
                    contents.require(&proof);
                    self.newest = Some((proof.time, proof.commit));
                }
                Err(why) => contents.refused = Some(unproven(&format!("{}/{}", proof::DIRECTORY, proof::COMMIT), why)),
            }
        }
        contents.digest = contents.compute_digest();
        Ok(contents)
    }
}

fn read(top: &OwnedFd, dir: &OwnedFd) -> io::Result<Contents> {
    let mut contents = Contents { hold: hold(top, dir), policies: policies_of(dir)?, ..Contents::default() };
    for name in names(dir)? {
        let text = read_file(dir, &name, MAX_DOCUMENT_LEN).map_err(|error| {
            Problem::of_file(&name, "io", error.to_string(), "make it a readable regular file inside the spool, or remove it")
        });
        contents.documents.push(Document { file: name, text });
    }
    if let Ok(marker) = read_file(dir, MARKER, MAX_DOCUMENT_LEN) {
        contents.commit = commit(&marker);
    }
    Ok(contents)
}

/// The proof of what is in a directory, whose adapter says that it is of the commit `told`.
fn prove(dir: &OwnedFd, signers: &Path, layer: &str, told: &str, newest: Option<&(i64, String)>) -> Result<Proof, String> {
    let whose = signers.display();
    let text = openat(CWD, signers, OPEN_FILE, Mode::empty()).map_err(io::Error::from);
    let text = text.and_then(|file| read_open(&file, MAX_SIGNERS_LEN)).map_err(|error| format!("{whose}: {error}"))?;
    let allowed = Signers::parse(&text).map_err(|why| format!("{whose}: {why}"))?;
    let files = openat(dir, proof::DIRECTORY, OPEN_DIRECTORY | OFlags::NOFOLLOW, Mode::empty());
    let files = files.map_err(|error| format!("there is no signed commit: {}", io::Error::from(error)))?;
    let commit =
        read_file(&files, proof::COMMIT, MAX_COMMIT_LEN).map_err(|error| format!("there is no signed commit: {error}"))?;
    let signed = allowed.verify(&commit).map_err(|why| format!("the commit is not signed by anyone in {whose}: {why}"))?;
    let proof = Proof::of(&commit, signed, layer, |name| read_file(&files, name, MAX_TREE_LEN))?;
    if !told.is_empty() && told != proof.commit {
        return Err(format!("the signed commit is {}, and {MARKER} says {told}", proof.commit));
    }
    match newest {
        Some((time, newer)) if proof.time < *time => Err(format!(
            "the signed commit {} of {} is older than {newer} of {time} (Unix seconds), which was here before",
            proof.commit, proof.time
        )),
        _ => Ok(proof),
    }
}

fn unproven(file: &str, why: String) -> Problem {
    let hint = "export a commit that is newer and signed by one of --allowed-signers; what is published is still served";
    Problem::of_file(file, SIGNATURE, why, hint)
}

impl Contents {
    /// Leaves of each file what the proof says that it is.
    fn require(&mut self, proof: &Proof) {
        for Document { file, text } in &mut self.documents {
            if let Some(why) = text.as_ref().ok().and_then(|content| proof.check(file, content).err()) {
                *text = Err(unproven(file, why));
            }
        }
        let there: BTreeSet<&str> = self.documents.iter().map(|document| document.file.as_str()).collect();
        let missing: Vec<_> = proof.bundles().filter(|file| !there.contains(file)).map(str::to_owned).collect();
        self.documents.extend(missing.into_iter().map(|file| {
            let why = format!("the signed commit {} has it, and it is missing", proof.commit);
            Document { text: Err(unproven(&file, why)), file }
        }));
        self.documents.sort_unstable_by(|a, b| a.file.cmp(&b.file));
        for (name, content) in &mut self.policies {
            if let Some(why) = content.as_ref().ok().and_then(|content| proof.check_policy(name, content).err()) {
                self.problems.push(unproven(&format!("{DIRECTORY}/{name}"), why.clone()));
                *content = Err(why);
            }
        }
        self.commit.clone_from(&proof.commit);
        self.uncovered.clone_from(&proof.uncovered);
    }

    /// What `digest` is to be.
    pub fn compute_digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for Document { file, text } in &self.documents {
            (file, text.as_ref().map_err(|problem| &problem.message)).hash(&mut hasher);
        }
        (&self.policies, &self.hold, &self.commit, &self.uncovered).hash(&mut hasher);
        self.refused.as_ref().map(|problem| &problem.message).hash(&mut hasher);
        hasher.finish()
    }
}

/// A cheap value that nearly always changes when the spool does: of names, inodes, sizes and change times, in any order.
fn signature(path: &Path, thorough: bool, signers: Option<&Path>) -> io::Result<u64> {
    let Place { top, dir } = Place::open(path)?;
    let mut sum = 0u64;
    for directory in [&top, &dir] {
        let stat = fstat(directory)?;
        sum = sum.wrapping_add(hash_of(&(stat.st_dev, stat.st_ino, stat.st_ctime, stat.st_ctime_nsec)));
    }
    // No event tells of the signers.
    if let Some(stat) = signers.and_then(|signers| rustix::fs::stat(signers).ok()) {
        sum = sum.wrapping_add(hash_of(&(stat.st_dev, stat.st_ino, stat.st_size, stat.st_ctime, stat.st_ctime_nsec)));
    }
    if !thorough {
        return Ok(sum);
    }
    let mut add = |dir: &OwnedFd, name: &CStr| {
        if let Ok(stat) = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            let told = (name.to_bytes(), stat.st_dev, stat.st_ino, stat.st_size, stat.st_ctime, stat.st_ctime_nsec);
            sum = sum.wrapping_add(hash_of(&told));
        }
    };
    for_each(&dir, |name| {
        let text = name.to_bytes();
        if is_bundle_file(text) || text == HOLD.as_bytes() || text == MARKER.as_bytes() {
            add(&dir, name);
        }
    })?;
    add(&top, c"hold");
    if signers.is_some() {
        add(&dir, c".proof");
        add(&dir, c".proof/commit");
    }
    if let Some(policies) = open_policies(&dir)? {
        for_each(&policies, |name| add(&policies, name))?;
    }
    Ok(sum)
}

fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

const OPEN_FILE: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK);
const OPEN_DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Where the files are now.
struct Place {
    top: OwnedFd,
    /// The directory behind `..data`, if there is such a link, else the same.
    dir: OwnedFd,
}

impl Place {
    fn open(path: &Path) -> io::Result<Self> {
        let top = openat(CWD, path, OPEN_DIRECTORY, Mode::empty())?;
        // The link's target is one hidden directory beside it; anything else would lead out of the spool.
        let dir = match rustix::fs::readlinkat(&top, DATA, Vec::new()) {
            Err(Errno::NOENT | Errno::INVAL) => openat(&top, ".", OPEN_DIRECTORY, Mode::empty())?,
            Err(error) => return Err(error.into()),
            Ok(target) if target.to_bytes().contains(&b'/') || target.to_bytes() == b".." => {
                return Err(io::Error::other(format!(
                    "{DATA} points to {target:?}, which is not a directory beside it: swap it for one that is"
                )));
            }
            Ok(target) => openat(&top, target, OPEN_DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?,
        };
        Ok(Self { top, dir })
    }
}

fn hold(top: &OwnedFd, dir: &OwnedFd) -> Option<String> {
    // In a ConfigMap's volume the upper one is a link to the lower.
    let there = |dir: &OwnedFd| rustix::fs::statat(dir, HOLD, AtFlags::SYMLINK_NOFOLLOW).is_ok();
    let holder = [dir, top].into_iter().find(|dir| there(dir))?;
    let text = read_file(holder, HOLD, 4096).unwrap_or_default();
    Some(shorten(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim()))
}

fn open_policies(dir: &OwnedFd) -> io::Result<Option<OwnedFd>> {
    match openat(dir, DIRECTORY, OPEN_DIRECTORY | OFlags::NOFOLLOW, Mode::empty()) {
        // Without such a directory, or with a file or a link of that name, there are none.
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

/// The policies in the directory at `path`.
///
/// # Errors
/// It cannot be read.
pub fn read_policies(path: &Path) -> io::Result<policies::Files> {
    policy_files(&openat(CWD, path, OPEN_DIRECTORY, Mode::empty())?)
}

fn policies_of(dir: &OwnedFd) -> io::Result<policies::Files> {
    open_policies(dir)?.map_or_else(|| Ok(policies::Files::new()), |dir| policy_files(&dir))
}

fn policy_files(dir: &OwnedFd) -> io::Result<policies::Files> {
    let read = |name: String| {
        let content = read_file(dir, &name, MAX_MODULE_LEN).map_err(|error| error.to_string());
        (name, content)
    };
    Ok(policy_names(dir)?.into_iter().map(read).collect())
}

fn policy_names(dir: &OwnedFd) -> io::Result<Vec<String>> {
    listed(dir, MAX_POLICIES + 1, is_policy_file)
}

/// Names of the bundle files, sorted.
fn names(dir: &OwnedFd) -> io::Result<Vec<String>> {
    listed(dir, MAX_FILES, |name| is_bundle_file(name.as_bytes()))
}

fn is_bundle_file(name: &[u8]) -> bool {
    !name.starts_with(b".") && [".yaml", ".yml", ".json"].iter().any(|suffix| name.ends_with(suffix.as_bytes()))
}

fn listed(dir: &OwnedFd, most: usize, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for_each(dir, |name| names.extend(name.to_str().ok().filter(|name| wanted(name)).map(str::to_owned)))?;
    if names.len() > most {
        return Err(io::Error::other(format!("{} files, and the limit is {most}: remove some", names.len())));
    }
    names.sort_unstable();
    Ok(names)
}

fn for_each(dir: &OwnedFd, mut found: impl FnMut(&CStr)) -> io::Result<()> {
    // Not `Dir`, which wants a descriptor of its own and asks for its flags.
    let mut buffer = Vec::with_capacity(32 << 10);
    let mut entries = RawDir::new(dir, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        found(entry?.file_name());
    }
    Ok(())
}

fn read_file(dir: &OwnedFd, name: &str, longest: usize) -> io::Result<Vec<u8>> {
    match openat(dir.as_fd(), name, OPEN_FILE | OFlags::NOFOLLOW, Mode::empty()) {
        Err(Errno::LOOP) => Err(io::Error::other("a symbolic link, which could lead out of the spool")),
        opened => read_open(&opened?, longest),
    }
}

fn read_open(file: &OwnedFd, longest: usize) -> io::Result<Vec<u8>> {
    let stat = fstat(file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("not a regular file"));
    }
    // One byte more than allowed tells who checks it that it is too long, and one more than it has that it has not grown.
    let room = (stat.st_size as usize).min(longest) + 1;
    let mut text = Vec::with_capacity(room);
    loop {
        let count = retry_on_intr(|| rustix::io::read(file, rustix::buffer::spare_capacity(&mut text)))?;
        if count == 0 || text.len() < room || text.len() > longest {
            return Ok(text);
        }
        text.reserve(longest + 1 - text.len());
    }
}

fn commit(marker: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Marker {
        #[serde(default)]
        commit: String,
    }
    let is_commit = |text: &String| matches!(text.len(), 40 | 64) && text.bytes().all(|c| c.is_ascii_hexdigit());
    serde_json::from_slice::<Marker>(marker).ok().map(|marker| marker.commit).filter(is_commit).unwrap_or_default()
}
