//! An inotify watch on the spool. It gives hints only; [`crate::pace`] makes the promise without them.
//!
//! The kernel's interface itself, not a library: one descriptor in the relay's one poll loop instead of a thread, and what libraries
//! are known to lose (an overflow, a watch that ended with its directory) is seen as it comes.

use crate::pace::Wake;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::fs::statfs;
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Events where they can be had and trusted, checks by time everywhere.
    Auto,
    /// Events on any file system.
    Inotify,
    /// Checks by time only.
    Poll,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "inotify" => Ok(Self::Inotify),
            "poll" => Ok(Self::Poll),
            other => Err(format!("{other:?} is not a watch mode: use auto, inotify or poll")),
        }
    }
}

/// A watch on the spool, for as long as the directory is the one it was armed on.
#[derive(Debug)]
pub struct Watch {
    mode: Mode,
    spool: PathBuf,
    armed: Option<(OwnedFd, Identity)>,
    why: String,
}

type Identity = (u64, u64);

impl Watch {
    pub fn new(mode: Mode, spool: &Path) -> Self {
        Self { mode, spool: spool.to_owned(), armed: None, why: String::new() }
    }

    /// `inotify` if events come, else `poll`.
    pub fn state(&self) -> &'static str {
        if self.armed.is_some() { "inotify" } else { "poll" }
    }

    /// Why no events come, if none do.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// To poll for events; there is none while events do not come.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.armed.as_ref().map(|(events, _)| events.as_fd())
    }

    /// Makes sure that the directory at the path is watched, also after it was replaced or covered. Gives whether it was armed
    /// just now, which means that changes may have gone unseen. Call it about once a second.
    pub fn arm(&mut self) -> bool {
        let identity = match rustix::fs::stat(&self.spool) {
            Ok(stat) => (stat.st_dev, stat.st_ino),
            Err(error) => return self.disarm(format!("{}: {error}", self.spool.display())),
        };
        if self.armed.as_ref().is_some_and(|(_, armed)| *armed == identity) {
            return false;
        }
        if self.mode == Mode::Poll {
            return self.disarm("asked for".to_owned());
        }
        if self.mode == Mode::Auto
            && let Some(name) = without_events(&self.spool)
        {
            return self.disarm(format!("{name} does not tell of all changes"));
        }
        match watch(&self.spool) {
            Ok(events) => {
                self.armed = Some((events, identity));
                self.why.clear();
                true
            }
            Err(Errno::MFILE) => {
                self.disarm("this user has no inotify instance left: raise fs.inotify.max_user_instances".to_owned())
            }
            Err(Errno::NOSPC) => self.disarm("this user has no inotify watch left: raise fs.inotify.max_user_watches".to_owned()),
            Err(error) => self.disarm(format!("inotify: {error}")),
        }
    }

    fn disarm(&mut self, why: String) -> bool {
        self.armed = None;
        self.why = why;
        false
    }

    /// What the events that have come mean; `None` if there are none.
    pub fn take(&mut self) -> Option<Wake> {
        let (events, _) = self.armed.as_ref()?;
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(events, &mut buffer);
        let (mut wake, mut lost) = (None, false);
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => break,
                Err(_) => {
                    lost = true;
                    break;
                }
            };
            let happened = event.events();
            if happened.contains(ReadFlags::QUEUE_OVERFLOW) {
                wake = Some(Wake::Rescan);
            } else if happened.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT | ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF)
            {
                lost = true;
            } else if happened.contains(ReadFlags::MOVED_TO) && event.file_name().is_some_and(|name| name.to_bytes() == b"..data")
            {
                wake = if wake == Some(Wake::Rescan) { wake } else { Some(Wake::Swapped) };
            } else {
                wake = wake.or(Some(Wake::Hint));
            }
        }
        if lost {
            // The directory is not what was armed any more: looked at anew, and armed on what is there by then.
            self.armed = None;
            self.arm();
            return Some(Wake::Rescan);
        }
        wake
    }
}

fn watch(spool: &Path) -> rustix::io::Result<OwnedFd> {
    let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
    let flags = WatchFlags::CREATE
        | WatchFlags::MOVED_TO
        | WatchFlags::MOVED_FROM
        | WatchFlags::DELETE
        | WatchFlags::CLOSE_WRITE
        | WatchFlags::MODIFY
        | WatchFlags::ATTRIB
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF
        | WatchFlags::ONLYDIR;
    inotify::add_watch(&events, spool, flags)?;
    Ok(events)
}

/// The name of a file system that changes without events: one of the network, or one that lies over others.
fn without_events(path: &Path) -> Option<&'static str> {
    const KNOWN: [(i64, &str); 8] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x0102_1997, "9p"),
        (0x794c_7630, "overlayfs"),
        (0x6573_5546, "FUSE"),
        (0x00c3_6400, "Ceph"),
        (0x5346_414f, "AFS"),
    ];
    let found = statfs(path).ok()?.f_type;
    KNOWN.iter().find(|(magic, _)| *magic == found).map(|(_, name)| *name)
}
