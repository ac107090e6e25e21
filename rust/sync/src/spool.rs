//! The spool directory, written as `configedge.sync.spool` writes it: files in `<spool>/..configedge-<unique>/`, and the symbolic
//! link `<spool>/..data` to that directory, replaced by one rename.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Content by name, which may have one directory before it, as in `policies/manifest.yaml`.
pub(crate) type Files = BTreeMap<String, Arc<[u8]>>;

/// Most files of a spool; a relay reads no more bundles.
pub(crate) const MAX_FILES: usize = 2_000;
/// Most bytes of all of them; of bundles a relay reads half of that.
pub(crate) const MAX_LEN: usize = 64 << 20;

const DATA: &str = "..data";
const NEXT: &str = "..data_tmp";
const OURS: &str = "..configedge-";
const MANIFEST: &str = ".configedge.json";

#[derive(Serialize)]
struct Manifest<'a> {
    commit: &'a str,
    exported_at_ns: u64,
}

/// A spool that nobody else writes.
#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
    pub(crate) files: Files,
    /// What commit they are of; empty if nobody knows.
    pub(crate) commit: String,
}

impl Spool {
    /// Makes the directory if it is missing, and reads what is there; what cannot be read will be written anew.
    ///
    /// # Errors
    /// There can be no such directory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let path = path.canonicalize()?;
        let (files, commit) = read(&path.join(DATA)).unwrap_or_default();
        Ok(Self { path, files, commit })
    }

    /// Whether somebody removed it under us.
    pub(crate) fn is_gone(&self) -> bool {
        !self.files.is_empty() && !self.path.join(DATA).exists()
    }

    /// Makes `files` all that it has, at once; whether they are other ones, or of another commit, than it had.
    ///
    /// # Errors
    /// They cannot be written. It then is as it was.
    pub(crate) fn export(&mut self, files: Files, commit: &str) -> io::Result<bool> {
        if files == self.files && commit == self.commit && !self.is_gone() {
            return Ok(false);
        }
        fs::create_dir_all(&self.path)?;
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("{OURS}{}-{:08x}", at.as_secs(), fastrand::u32(..));
        let new = self.path.join(&name);
        let manifest = Manifest { commit, exported_at_ns: at.as_nanos() as u64 };
        if let Err(error) = self.swap(&new, &name, &files, &manifest) {
            let _ = fs::remove_dir_all(&new);
            return Err(error);
        }
        (self.files, self.commit) = (files, commit.to_owned());
        self.sweep(&name);
        Ok(true)
    }

    fn swap(&self, new: &Path, name: &str, files: &Files, manifest: &Manifest<'_>) -> io::Result<()> {
        directory(new)?;
        for (file, content) in files {
            if let Some((inner, _)) = file.split_once('/') {
                directory(&new.join(inner))?;
            }
            write(&new.join(file), content)?;
        }
        write(&new.join(MANIFEST), &serde_json::to_vec(manifest)?)?;
        let next = self.path.join(NEXT);
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        symlink(name, &next)?;
        fs::rename(&next, self.path.join(DATA))
    }

    /// Removes what an exporter that was killed left behind, and the files before these. Never anybody else's.
    fn sweep(&self, keep: &str) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(OURS) && name != keep) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

fn directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o755).recursive(true).create(path)
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?.write_all(content)
}

/// All files below, and their commit; `None` if they are not as an exporter leaves them.
fn read(data: &Path) -> Option<(Files, String)> {
    #[derive(Deserialize)]
    struct Manifest {
        commit: String,
    }
    let (mut files, mut room) = (Files::new(), MAX_LEN as u64);
    read_into(&mut files, &mut room, data, "").ok()?;
    let manifest = files.remove(MANIFEST)?;
    let manifest: Manifest = serde_json::from_slice(&manifest).ok()?;
    Some((files, manifest.commit))
}

fn read_into(files: &mut Files, room: &mut u64, directory: &Path, prefix: &str) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| io::Error::other("a name that is not UTF-8"))?;
        let kind = entry.file_type()?;
        if kind.is_dir() && prefix.is_empty() {
            read_into(files, room, &entry.path(), &format!("{name}/"))?;
            continue;
        }
        if !kind.is_file() || files.len() > MAX_FILES {
            return Err(io::Error::other("not what an exporter leaves"));
        }
        let mut content = Vec::new();
        fs::File::open(entry.path())?.take(*room + 1).read_to_end(&mut content)?;
        *room = room.checked_sub(content.len() as u64).ok_or_else(|| io::Error::other("too long"))?;
        files.insert(format!("{prefix}{name}"), content.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Files, Spool};
    use std::fs;
    use std::path::Path;

    fn files(named: &[(&str, &str)]) -> Files {
        named.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().into())).collect()
    }

    fn entries(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(path)
            .expect("a directory")
            .map(|entry| entry.expect("one").file_name().to_string_lossy().into())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_appear_together_and_those_before_go() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("deep/spool");
        let mut spool = Spool::open(&path).expect("a spool");
        let first = files(&[("a.x.json", "1"), ("policies/manifest.yaml", "p")]);
        assert!(spool.export(first.clone(), "").expect("room"));
        assert_eq!(fs::read_to_string(path.join("..data/a.x.json")).expect("a file"), "1");
        assert_eq!(fs::read_to_string(path.join("..data/policies/manifest.yaml")).expect("a file"), "p");
        let inode = fs::read_link(path.join("..data")).expect("a link");
        assert!(!spool.export(first, "").expect("room"), "equal content is not written again");
        assert_eq!(fs::read_link(path.join("..data")).expect("a link"), inode);
        let commit = "c".repeat(40);
        assert!(spool.export(files(&[("a.y.json", "2")]), &commit).expect("room"));
        assert_eq!(entries(&path.join("..data")), [".configedge.json", "a.y.json"]);
        assert_eq!(entries(&path).len(), 2, "the link and one directory");
        let again = Spool::open(&path).expect("a spool");
        assert_eq!((again.files, again.commit), (files(&[("a.y.json", "2")]), commit));
    }

    #[test]
    fn what_others_left_is_never_taken_for_ours() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(dir.path().join("hold"), "why").expect("a file");
        fs::create_dir(dir.path().join("..configedge-torn")).expect("a directory");
        fs::create_dir(dir.path().join("..2026_01_01")).expect("a directory");
        let mut spool = Spool::open(dir.path()).expect("a spool");
        assert!(spool.export(files(&[("a.x.json", "1")]), "").expect("room"));
        let left = entries(dir.path());
        assert!(left.contains(&"hold".to_owned()) && left.contains(&"..2026_01_01".to_owned()));
        assert!(!left.contains(&"..configedge-torn".to_owned()));
    }

    #[test]
    fn a_spool_that_was_removed_is_filled_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("spool");
        let mut spool = Spool::open(&path).expect("a spool");
        let same = files(&[("a.x.json", "1")]);
        spool.export(same.clone(), "").expect("room");
        fs::remove_dir_all(&path).expect("it is there");
        assert!(spool.is_gone() && spool.export(same, "").expect("room") && !spool.is_gone());
    }

    #[test]
    fn a_spool_that_is_torn_is_written_anew() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut spool = Spool::open(dir.path()).expect("a spool");
        spool.export(files(&[("a.x.json", "1")]), "").expect("room");
        fs::write(dir.path().join("..data/.configedge.json"), "").expect("a file");
        let mut again = Spool::open(dir.path()).expect("a spool");
        assert!(again.files.is_empty());
        assert!(again.export(files(&[("a.x.json", "1")]), "").expect("room"));
    }

    #[test]
    fn a_write_that_fails_leaves_the_spool_as_it_was() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut spool = Spool::open(dir.path()).expect("a spool");
        spool.export(files(&[("a.x.json", "1")]), "").expect("room");
        // A file where a directory is needed.
        assert!(spool.export(files(&[("a", "1"), ("a/b", "2")]), "").is_err());
        assert_eq!(entries(&dir.path().join("..data")), [".configedge.json", "a.x.json"]);
        assert_eq!(entries(dir.path()).len(), 2);
    }
}
