//! When to look at the spool. Events are hints only; checks by time make the promise.

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use rustix::fs::statfs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// A burst of events is over after this much quiet ...
pub const QUIET: Duration = Duration::from_millis(20);
/// ... and is not waited for longer than this.
pub const LONGEST_BURST: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Events where they can be had and trusted, checks by time everywhere.
    Auto,
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

/// What wakes the relay's loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something in the spool may have changed.
    Hint,
    /// All of the spool was swapped as one, so there is nothing to wait for.
    Swapped,
    /// Look at everything now: asked for, or events were lost.
    Rescan,
    Stop,
}

/// An inotify watch on the spool, for as long as the directory is the one it was armed on.
pub struct Watch {
    mode: Mode,
    spool: PathBuf,
    wakes: Sender<Wake>,
    armed: Option<(RecommendedWatcher, Identity)>,
}

type Identity = (u64, u64);

impl Watch {
    pub fn new(mode: Mode, spool: &Path, wakes: Sender<Wake>) -> Self {
        Self { mode, spool: spool.to_owned(), wakes, armed: None }
    }

    /// `inotify` if events come, else `poll`.
    pub fn state(&self) -> &'static str {
        if self.armed.is_some() { "inotify" } else { "poll" }
    }

    /// Makes sure that the directory at the path is watched, also after it was replaced. Gives whether it was armed just now,
    /// which means that changes may have gone unseen. Call it about once a second.
    pub fn arm(&mut self) -> bool {
        let Some(identity) = identity(&self.spool) else {
            self.armed = None;
            return false;
        };
        if self.armed.as_ref().is_some_and(|(_, armed)| *armed == identity) {
            return false;
        }
        self.armed = None;
        if self.mode == Mode::Poll || (self.mode == Mode::Auto && !events_are_complete(&self.spool)) {
            return false;
        }
        let wakes = self.wakes.clone();
        let watcher = notify::recommended_watcher(move |event| {
            if let Some(wake) = wake(event) {
                // The receiver only goes when the process does.
                let _ = wakes.send(wake);
            }
        });
        let armed = watcher.and_then(|mut watcher| watcher.watch(&self.spool, RecursiveMode::NonRecursive).map(|()| watcher));
        self.armed = armed.ok().map(|watcher| (watcher, identity));
        self.armed.is_some()
    }
}

fn wake(event: notify::Result<Event>) -> Option<Wake> {
    match event {
        Err(_) => Some(Wake::Rescan),
        Ok(event) if event.need_rescan() => Some(Wake::Rescan),
        Ok(event) => match event.kind {
            // Reading the spool makes events too.
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Wake::Hint),
            EventKind::Access(_) => None,
            EventKind::Modify(notify::event::ModifyKind::Name(_)) if event.paths.iter().any(|path| path.ends_with("..data")) => {
                Some(Wake::Swapped)
            }
            _ => Some(Wake::Hint),
        },
    }
}

fn identity(path: &Path) -> Option<Identity> {
    rustix::fs::stat(path).ok().map(|stat| (stat.st_dev, stat.st_ino))
}

/// Network and layered file systems change without events.
fn events_are_complete(path: &Path) -> bool {
    const NFS: i64 = 0x6969;
    const CIFS: i64 = 0xff53_4d42;
    const SMB2: i64 = 0xfe53_4d42;
    const V9FS: i64 = 0x0102_1997;
    const OVERLAY: i64 = 0x794c_7630;
    const FUSE: i64 = 0x6573_5546;
    statfs(path).is_ok_and(|fs| ![NFS, CIFS, SMB2, V9FS, OVERLAY, FUSE].contains(&fs.f_type))
}

/// Turns a burst of hints into one moment.
#[derive(Debug, Default)]
pub struct Debounce {
    burst: Option<(Instant, Instant)>,
}

impl Debounce {
    pub fn hint(&mut self, now: Instant) {
        let first = self.burst.map_or(now, |(first, _)| first);
        self.burst = Some((first, now));
    }

    /// When the burst is to be dealt with, if there is one.
    pub fn due_at(&self) -> Option<Instant> {
        self.burst.map(|(first, last)| (last + QUIET).min(first + LONGEST_BURST))
    }

    /// When the burst began, if it is due; it is over then.
    pub fn take(&mut self, now: Instant) -> Option<Instant> {
        self.due_at().filter(|due| *due <= now)?;
        self.burst.take().map(|(first, _)| first)
    }
}

#[cfg(test)]
mod tests {
    use super::{Debounce, LONGEST_BURST, QUIET};
    use std::time::{Duration, Instant};

    #[test]
    fn a_burst_is_due_after_quiet_and_never_later_than_its_longest() {
        let start = Instant::now();
        let mut debounce = Debounce::default();
        assert_eq!(debounce.take(start), None);
        debounce.hint(start);
        assert_eq!(debounce.take(start + QUIET - Duration::from_millis(1)), None);
        for ms in (0..400).step_by(10) {
            debounce.hint(start + Duration::from_millis(ms));
        }
        assert_eq!(debounce.due_at(), Some(start + LONGEST_BURST));
        assert_eq!(debounce.take(start + LONGEST_BURST), Some(start));
        assert_eq!(debounce.due_at(), None);
    }
}
