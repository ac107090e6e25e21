//! The spool: the directory that some adapter makes appear, and the relay's only input.
//!
//! Either bundle files directly in it, or, as Kubernetes' AtomicWriter and `configedge sync` do, a symlink `..data` to a hidden
//! directory that has them, swapped as one. Beside the files there may be `policies/`, and a file `hold`.

use crate::bundle::MAX_DOCUMENT_LEN;
use crate::policies::{self, DIRECTORY, MAX_POLICIES, is_policy_file};
use crate::policy::MAX_MODULE_LEN;
use crate::problem::{Problem, shorten};
use crate::world::Source;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, fstat, openat};
use rustix::io::{Errno, retry_on_intr};
use serde::Deserialize;
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
    /// Changes when any content does.
    pub digest: u64,
}

/// The spool at a path.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    /// Whether the signature is of each file, and not of the directories alone.
    thorough: bool,
}

impl Spool {
    pub fn new(path: PathBuf) -> Self {
        Self { path, thorough: true }
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
        signature(&self.path, self.thorough)
    }

    fn read(&mut self) -> io::Result<Contents> {
        read(&self.path)
    }
}

fn read(path: &Path) -> io::Result<Contents> {
    let Place { top, dir } = Place::open(path)?;
    let mut contents = Contents { hold: hold(&top, &dir), policies: policies_of(&dir)?, ..Contents::default() };
    for name in names(&dir)? {
        let text = read_file(&dir, &name, MAX_DOCUMENT_LEN).map_err(|error| {
            Problem::of_file(&name, "io", error.to_string(), "make it a readable regular file inside the spool, or remove it")
        });
        contents.documents.push(Document { file: name, text });
    }
    if let Ok(marker) = read_file(&dir, MARKER, MAX_DOCUMENT_LEN) {
        contents.commit = commit(&marker);
    }
    contents.digest = contents.compute_digest();
    Ok(contents)
}

impl Contents {
    /// What `digest` is to be.
    pub fn compute_digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for Document { file, text } in &self.documents {
            (file, text.as_ref().map_err(|problem| &problem.message)).hash(&mut hasher);
        }
        (&self.policies, &self.hold, &self.commit).hash(&mut hasher);
        hasher.finish()
    }
}

/// A cheap value that nearly always changes when the spool does: of names, inodes, sizes and change times, in any order.
fn signature(path: &Path, thorough: bool) -> io::Result<u64> {
    let Place { top, dir } = Place::open(path)?;
    let mut sum = 0u64;
    for directory in [&top, &dir] {
        let stat = fstat(directory)?;
        sum = sum.wrapping_add(hash_of(&(stat.st_dev, stat.st_ino, stat.st_ctime, stat.st_ctime_nsec)));
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
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(dir.as_fd(), name, flags, Mode::empty()) {
        Err(Errno::LOOP) => return Err(io::Error::other("a symbolic link, which could lead out of the spool")),
        opened => opened?,
    };
    let stat = fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("not a regular file"));
    }
    // One byte more than allowed tells who checks it that it is too long, and one more than it has that it has not grown.
    let room = (stat.st_size as usize).min(longest) + 1;
    let mut text = Vec::with_capacity(room);
    loop {
        let count = retry_on_intr(|| rustix::io::read(&file, rustix::buffer::spare_capacity(&mut text)))?;
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
