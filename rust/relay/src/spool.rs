//! The spool: the directory that some adapter makes appear, and the relay's only input.
//!
//! Either bundle files directly in it, or, as Kubernetes' AtomicWriter and `configedge sync` do, a symlink `..data` to a hidden
//! directory that has them, swapped as one.

use crate::bundle::MAX_DOCUMENT_LEN;
use crate::problem::Problem;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;
use serde::Deserialize;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;

const DATA: &str = "..data";
/// What an adapter says of the files beside it: `{"commit": "..."}` and what else it likes.
const MARKER: &str = ".configedge.json";
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
    /// Changes when any content does.
    pub digest: u64,
}

/// Reads the spool at `path`.
pub fn read(path: &Path) -> io::Result<Contents> {
    let dir = open_contents(path)?;
    let mut contents = Contents::default();
    for name in names(&dir)? {
        let text = read_file(&dir, &name).map_err(|error| {
            Problem::of_file(&name, "io", error.to_string(), "make it a readable regular file inside the spool, or remove it")
        });
        contents.documents.push(Document { file: name, text });
    }
    if let Ok(marker) = read_file(&dir, MARKER) {
        contents.commit = commit(&marker);
    }
    let mut hasher = DefaultHasher::new();
    for Document { file, text } in &contents.documents {
        (file, text.as_ref().map_err(|problem| &problem.message)).hash(&mut hasher);
    }
    contents.commit.hash(&mut hasher);
    contents.digest = hasher.finish();
    Ok(contents)
}

/// A cheap value that nearly always changes when the spool does: names, inodes, sizes and change times.
pub fn signature(path: &Path) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let dir = open_contents(path)?;
    let stat = fstat(&dir)?;
    (stat.st_dev, stat.st_ino).hash(&mut hasher);
    for name in names(&dir)?.iter().map(String::as_str).chain([MARKER]) {
        name.hash(&mut hasher);
        if let Ok(stat) = rustix::fs::statat(&dir, name, rustix::fs::AtFlags::empty()) {
            (stat.st_dev, stat.st_ino, stat.st_size, stat.st_ctime, stat.st_ctime_nsec).hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// The directory that has the files: the one behind `..data`, if there is such a link.
fn open_contents(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let spool = openat(CWD, path, flags, Mode::empty())?;
    // The link's target is one hidden directory beside it; anything else would lead out of the spool.
    let target = match rustix::fs::readlinkat(&spool, DATA, Vec::new()) {
        Err(Errno::NOENT | Errno::INVAL) => return Ok(spool),
        target => target?,
    };
    if target.to_bytes().contains(&b'/') {
        return Err(io::Error::other(format!(
            "{DATA} points to {target:?}, which is not a directory beside it: swap it for one that is"
        )));
    }
    Ok(openat(&spool, target, flags | OFlags::NOFOLLOW, Mode::empty())?)
}

/// Names of the bundle files, sorted.
fn names(dir: &OwnedFd) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().to_str()
            && !name.starts_with('.')
            && [".yaml", ".yml", ".json"].iter().any(|suffix| name.ends_with(suffix))
        {
            names.push(name.to_owned());
        }
    }
    if names.len() > MAX_FILES {
        return Err(io::Error::other(format!("{} files, and the limit is {MAX_FILES}: remove some", names.len())));
    }
    names.sort_unstable();
    Ok(names)
}

fn read_file(dir: &OwnedFd, name: &str) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(dir.as_fd(), name, flags, Mode::empty()) {
        Err(Errno::LOOP) => return Err(io::Error::other("a symbolic link, which could lead out of the spool")),
        opened => opened?,
    };
    let stat = fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = Vec::new();
    // One byte more than allowed tells the document's own check that it is too long.
    File::from(file).take(MAX_DOCUMENT_LEN as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
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
