//! The control page as a file: made once, adopted by every later writer, opened by every reader.

use crate::layout::{CONTROL_LEN, CONTROL_MAGIC, Preamble, control};
use crate::snapshot::Invalid;
use bytemuck::Zeroable;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, SeekFrom, fchmod, fstat, fsync, openat, renameat, seek, unlinkat};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};
use std::io;

pub(crate) const NAME: &str = "current";
const TEMPORARY: &str = ".tmp-current";

/// An open control page that passed its checks.
pub(crate) struct ControlFile {
    pub(crate) file: OwnedFd,
    pub(crate) instance: u64,
    pub(crate) owner: u32,
}

/// Opens the page in `dir`; `None` if there is none.
pub(crate) fn open(dir: BorrowedFd<'_>, access: OFlags) -> Result<Option<ControlFile>, Invalid> {
    let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match retry_on_intr(|| openat(dir, NAME, flags, Mode::empty())) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened.map_err(io::Error::from)?,
    };
    let stat = fstat(&file).map_err(io::Error::from)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || stat.st_size != CONTROL_LEN as i64 {
        return Err(Invalid::Refused(format!("{NAME} is not a regular file of {CONTROL_LEN} bytes")));
    }
    if stat.st_mode & 0o022 != 0 {
        return Err(Invalid::Refused(format!("{NAME} is writable by group or others (mode {:o})", stat.st_mode & 0o7777)));
    }
    // Reading a hole of a full tmpfs is a SIGBUS, so a page of holes is not mapped.
    if seek(&file, SeekFrom::Hole(0)).map_err(io::Error::from)? != CONTROL_LEN as u64 {
        return Err(Invalid::Refused(format!("{NAME} is sparse")));
    }
    let mut head = [0; control::INSTANCE + 8];
    pread(&file, &mut head[..], 0).map_err(io::Error::from)?;
    let mut preamble = Preamble::zeroed();
    bytemuck::bytes_of_mut(&mut preamble).copy_from_slice(&head[..control::INSTANCE]);
    if !preamble.is_readable(CONTROL_MAGIC) {
        return Err(Invalid::Refused(format!("{NAME} is not a control page this version knows")));
    }
    let instance = u64::from_le_bytes(*head.last_chunk().expect("eight bytes behind the preamble"));
    Ok(Some(ControlFile { file, instance, owner: stat.st_uid }))
}

/// Makes a page for generation 0 under a temporary name and moves it into place.
pub(crate) fn create(dir: BorrowedFd<'_>, instance: u64) -> io::Result<()> {
    let _ = unlinkat(dir, TEMPORARY, AtFlags::empty());
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = retry_on_intr(|| openat(dir, TEMPORARY, flags, Mode::from_raw_mode(0o644)))?;
    let mut page = [0; CONTROL_LEN];
    page[..control::INSTANCE].copy_from_slice(bytemuck::bytes_of(&Preamble::new(CONTROL_MAGIC)));
    page[control::INSTANCE..][..8].copy_from_slice(&instance.to_le_bytes());
    // Every byte is written, so that the page has its memory now: a store into a hole of a full tmpfs is a SIGBUS.
    if retry_on_intr(|| pwrite(&file, &page, 0))? != CONTROL_LEN {
        return Err(io::ErrorKind::WriteZero.into());
    }
    retry_on_intr(|| fchmod(&file, Mode::from_raw_mode(0o644)))?;
    retry_on_intr(|| fsync(file.as_fd()))?;
    Ok(retry_on_intr(|| renameat(dir, TEMPORARY, dir, NAME))?)
}
