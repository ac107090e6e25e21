//! Writing files so that a crash at any moment leaves the old one or the new one, whole.

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags, fchmod, fsync, open, openat, renameat, unlinkat};
use rustix::io::{Errno, retry_on_intr, write};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// A finished file, mode 0444, that is synced to disk before it gets its name if it is to be `durable`; gives it open, so that it
/// can be read even when its name is gone.
pub(crate) fn replace(dir: &OwnedFd, name: &str, temporary: &str, bytes: &[u8], durable: bool) -> io::Result<OwnedFd> {
    let written = (|| {
        let target = create_new(dir, temporary)?;
        write_all(&target, bytes)?;
        retry_on_intr(|| fchmod(&target, Mode::from_raw_mode(0o444)))?;
        if durable {
            retry_on_intr(|| fsync(&target))?;
        }
        retry_on_intr(|| renameat(dir, temporary, dir, name))?;
        Ok(target)
    })();
    if written.is_err() {
        let _ = unlinkat(dir, temporary, AtFlags::empty());
    }
    written
}

/// Makes `bytes` the content of the file at `path`, mode 0444, which only this process writes. After `Ok` a power cut leaves the
/// new file, after an error the old or the new one.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = make_parent(path)?;
    let name = path.file_name().and_then(|n| n.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = retry_on_intr(|| open(parent, flags, Mode::empty()))?;
    drop(replace(&dir, name, &format!(".tmp-{name}"), bytes, true)?);
    Ok(retry_on_intr(|| fsync(&dir))?)
}

/// The directory of a file that is to be, made if it is missing.
pub(crate) fn make_parent(path: &Path) -> io::Result<&Path> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    Ok(parent)
}

fn create_new(dir: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let create = || retry_on_intr(|| openat(dir, name, flags, Mode::from_raw_mode(0o600)));
    match create() {
        // Only the one writer makes such names, so it is a dead one's.
        Err(Errno::EXIST) => {
            unlinkat(dir, name, AtFlags::empty())?;
            Ok(create()?)
        }
        created => Ok(created?),
    }
}

fn write_all(file: &OwnedFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match retry_on_intr(|| write(file, bytes))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            count => bytes = &bytes[count..],
        }
    }
    Ok(())
}
