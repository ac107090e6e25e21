//! A reader's end of a snapshot directory: what is announced, and the file that goes with it.

use crate::control;
use crate::layout::control::{CLOSED, HEARTBEAT, PID, PUBLISHED_AT, STALE, STATE, STOPPED};
use crate::map::{ControlPage, load};
use crate::snapshot::{Invalid, Snapshot};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, Stat, fstat, open, stat};
use rustix::io::Errno;
use rustix::thread::futex;
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use thiserror::Error;

/// Why there is nothing (new) to read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no directory.
    #[error("{0}: no snapshot directory there: start configrelay with --out {0}, or correct the path")]
    Missing(PathBuf),
    /// It has no snapshot yet.
    #[error("{0}: nothing is published yet: look at configrelay's log, or open with a wait")]
    Empty(PathBuf),
    /// It was given up for another one.
    #[error("{0}: the snapshot directory was replaced")]
    Closed(PathBuf),
    /// What is there cannot be read or must not be trusted.
    #[error("{path}: {why}")]
    Refused {
        /// What.
        path: PathBuf,
        /// Why.
        why: Invalid,
    },
}

/// Who writes a snapshot directory, and when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Its process id.
    pub pid: u32,
    /// What it last said of itself.
    pub state: WriterState,
    /// Time since the writer's last heartbeat, which comes about once a second.
    pub silent_for: Duration,
    /// When the newest generation was announced, in nanoseconds since the Unix epoch.
    pub published_at_ns: u64,
}

/// What the writer last said of itself. One that was killed still seems to be running: look at its heartbeat too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriterState {
    /// It runs, or it was killed.
    Running,
    /// It could not publish all of what arrived last, so this may be behind.
    Stale,
    /// It ended in order.
    Stopped,
}

/// Times a reader tries again when the file it was told of has just been swept.
const RACES: usize = 8;

/// An attached snapshot directory.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    dir: OwnedFd,
    control: OwnedFd,
    page: ControlPage,
    instance: u64,
    owner: u32,
}

impl Source {
    /// Maps the control page of the directory at `path`. Needs read permission only.
    pub fn attach(path: &Path) -> Result<Self, ReadError> {
        // So that it is found again when the process has gone elsewhere.
        let path = &std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let refused = |why: Invalid| ReadError::Refused { path: path.to_owned(), why };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = match open(path, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Err(ReadError::Missing(path.to_owned())),
            opened => opened.map_err(|error| refused(Invalid::Io(error.into())))?,
        };
        let stat = fstat(&dir).map_err(|error| refused(Invalid::Io(error.into())))?;
        // A directory without a page is one that its writer has yet to come to, and to close to others.
        let Some(found) = control::open(dir.as_fd(), OFlags::RDONLY).map_err(refused)? else {
            return Err(ReadError::Missing(path.to_owned()));
        };
        if stat.st_mode & 0o022 != 0 {
            let why = format!(
                "writable by group or others (mode {:o}), so anybody could publish: chmod go-w it",
                stat.st_mode & 0o7777
            );
            return Err(refused(Invalid::Refused(why)));
        }
        if found.owner != stat.st_uid {
            let why = format!("{} is owned by uid {}, and the directory by uid {}", control::NAME, found.owner, stat.st_uid);
            return Err(refused(Invalid::Refused(why)));
        }
        let page = ControlPage::new(found.file.as_fd()).map_err(|error| refused(Invalid::Io(error)))?;
        Ok(Self { path: path.to_owned(), dir, control: found.file, page, instance: found.instance, owner: found.owner })
    }

    /// Where it was attached.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The announced generation; 0 before the first.
    #[inline(always)]
    pub fn generation(&self) -> u64 {
        load(self.page.generation())
    }

    /// The word that [`Source::generation`] loads, for callers that keep its address in a hot object.
    pub fn generation_word(&self) -> &AtomicU64 {
        self.page.generation()
    }

    /// Maps and verifies what is announced now. A generation below `floor` is refused: none ever goes back.
    pub fn load(&self, floor: u64) -> Result<Snapshot, ReadError> {
        for _ in 0..RACES {
            let generation = self.generation();
            if generation == 0 {
                return Err(ReadError::Empty(self.path.clone()));
            }
            if generation == CLOSED {
                return Err(ReadError::Closed(self.path.clone()));
            }
            let name = format!("g-{generation:016x}");
            let refused = |why| ReadError::Refused { path: self.path.join(&name), why };
            if generation < floor {
                return Err(refused(Invalid::Refused(format!("generation {generation} was announced after {floor}"))));
            }
            match Snapshot::open_at(self.dir.as_fd(), Path::new(&name), Some(self.owner)) {
                Ok(found) if found.generation() == generation && found.instance() == self.instance => return Ok(found),
                Ok(_) => return Err(refused(Invalid::Refused("it belongs to another generation or instance".into()))),
                Err(Invalid::Io(error)) if error.kind() == io::ErrorKind::NotFound && self.generation() != generation => {}
                Err(why) => return Err(refused(why)),
            }
        }
        let why = Invalid::Refused(format!("swept {RACES} times before it could be opened"));
        Err(ReadError::Refused { path: self.path.clone(), why })
    }

    /// Sleeps until the announced generation is not `seen`, a signal arrives, or `timeout` is over; gives the generation.
    ///
    /// A futex on the read-only map: no polling, no descriptor, no writer's help.
    pub fn wait(&self, seen: u64, timeout: Duration) -> u64 {
        if self.generation() == seen {
            let timeout = Timespec::try_from(timeout).ok();
            // Whatever ends the wait, the generation is the answer.
            let _ = futex::wait(self.page.futex(), futex::Flags::empty(), seen as u32, timeout.as_ref());
        }
        self.generation()
    }

    /// Whether the directory at the path is no longer the one attached.
    pub fn is_orphaned(&self) -> bool {
        let other = |mine: Stat, there: Stat| (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino);
        self.generation() == CLOSED
            || fstat(&self.control).map_or(true, |stat| stat.st_nlink == 0)
            // Moved away, and another one took its place.
            || matches!((fstat(&self.dir), stat(&self.path)), (Ok(mine), Ok(there)) if other(mine, there))
    }

    /// Who writes here.
    pub fn writer(&self) -> Writer {
        let silent = boot_clock_ns().saturating_sub(self.page.load(HEARTBEAT));
        Writer {
            pid: self.page.load_u32(PID),
            state: match self.page.load_u32(STATE) {
                state if state & STOPPED != 0 => WriterState::Stopped,
                state if state & STALE != 0 => WriterState::Stale,
                _ => WriterState::Running,
            },
            silent_for: Duration::from_nanos(silent),
            published_at_ns: self.page.load(PUBLISHED_AT),
        }
    }
}

/// The one clock that all processes of a machine share and that no one sets.
pub(crate) fn boot_clock_ns() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
