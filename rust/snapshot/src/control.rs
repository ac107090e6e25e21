//! The control page as a file: made once, adopted by every later writer, opened by every reader.

use crate::layout::{CONTROL_LEN, CONTROL_MAGIC, Preamble, control};
use crate::snapshot::Invalid;
use bytemuck::Zeroable;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FallocateFlags, FileType, Mode, OFlags, fallocate, fchmod, fstat, fsync, openat, renameat, unlinkat};
use rustix::io::{Errno, pread, pwrite};
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
    let file = match openat(dir, NAME, flags, Mode::empty()) {
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
    let _ = unlinkat(dir, TEMPORARY, rustix::fs::AtFlags::empty());
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(dir, TEMPORARY, flags, Mode::from_raw_mode(0o644))?;
    // Allocated, not sparse: storing into a hole of a full tmpfs would kill the writer.
    match fallocate(&file, FallocateFlags::empty(), 0, CONTROL_LEN as u64) {
        Err(Errno::OPNOTSUPP) => {
            pwrite(&file, &[0; CONTROL_LEN], 0)?;
        }
        done => done?,
    }
    let mut head = bytemuck::bytes_of(&Preamble::new(CONTROL_MAGIC)).to_vec();
    head.extend_from_slice(&instance.to_le_bytes());
    pwrite(&file, &head, 0)?;
    fchmod(&file, Mode::from_raw_mode(0o644))?;
    fsync(file.as_fd())?;
    Ok(renameat(dir, TEMPORARY, dir, NAME)?)
}
