//! The one writer of a snapshot directory.

use crate::build::{BuildError, Builder, Stamp, restamp};
use crate::control::{self, ControlFile};
use crate::file;
use crate::layout::control::{CLOSED, GENERATION, HEARTBEAT, PID, PUBLISHED_AT, STALE, STATE, STOPPED};
use crate::map::ControlPageMut;
use crate::snapshot::{Invalid, Snapshot};
use crate::source::boot_clock_ns;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FlockOperation, Mode, OFlags, Stat, fchmod, flock, fstat, open, openat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};
use rustix::rand::{GetRandomFlags, getrandom};
use rustix::thread::futex;
use std::collections::VecDeque;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use thiserror::Error;

/// Why nothing was published. What was published before is still served.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The file system refused.
    #[error("{path}: {action}: {error}: {hint}")]
    Io {
        /// Where.
        path: PathBuf,
        /// What could not be done.
        action: &'static str,
        /// Why.
        error: io::Error,
        /// What to do about it.
        hint: &'static str,
    },
    /// Another publisher has the directory.
    #[error("{0}: another relay publishes here: stop it, or give this one a directory of its own")]
    Locked(PathBuf),
    /// The entries cannot be a snapshot.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// What became of a publish that readers can see.
#[derive(Debug)]
pub struct Published {
    /// Its generation.
    pub generation: u64,
    /// Number of its entries.
    pub keys: usize,
    /// Length of its file.
    pub bytes: usize,
    /// Whether the durable copy was written too; if not, why.
    pub durable: Result<(), String>,
}

/// A file that readers may still be on their way to.
#[derive(Debug)]
struct Kept {
    generation: u64,
    len: u64,
    /// By the boot clock, which nobody sets.
    published_ns: u64,
}

/// The file that readers are sent to, open: when its name or its directory is deleted, this is what is left of it.
#[derive(Debug)]
struct Announced {
    file: OwnedFd,
    identity: Identity,
}

/// Device, inode, size and modification time.
type Identity = (u64, u64, i64, i64, u64);

impl Announced {
    fn new(file: OwnedFd) -> Option<Self> {
        let identity = identity(&fstat(&file).ok()?);
        Some(Self { file, identity })
    }
}

/// How long after a durable copy could not be written it is tried again.
const SAVE_AGAIN_NS: u64 = 5_000_000_000;
const KEEP_FILES: usize = 4;
const KEEP_NS: u64 = 10_000_000_000;
/// Young files beyond the last few are kept only up to this many bytes, so that a storm of publishes cannot fill a tmpfs.
const KEEP_BYTES: u64 = 64 << 20;

/// Publishes snapshots into a directory. There is one a directory, held by a lock.
#[derive(Debug)]
pub struct Publisher {
    path: PathBuf,
    durable: Option<PathBuf>,
    dir: OwnedFd,
    _lock: OwnedFd,
    control: OwnedFd,
    page: ControlPageMut,
    instance: u64,
    /// The newest generation ever given, announced or not.
    generation: u64,
    kept: VecDeque<Kept>,
    /// None if nothing is announced, or what is cannot be had any more.
    file: Option<Announced>,
    /// Whether the durable copy may not be what is announced, and when to try again (by the boot clock).
    behind: Option<u64>,
    /// What was published last, so that the next publish need not map and verify its own work; given up after a while. Never a
    /// mapping, which whoever alters the file would alter too.
    recent: Option<Snapshot>,
}

impl Publisher {
    /// Takes over the directory at `path`, made if it is missing. What it serves goes on being served; if it serves
    /// nothing good, the copy at `durable` is published again.
    ///
    /// # Errors
    /// [`PublishError::Locked`] if another publisher has it, [`PublishError::Io`] if it cannot be made or written.
    pub fn open(path: &Path, durable: Option<&Path>) -> Result<Self, PublishError> {
        Self::open_after(path, durable, None)
    }

    /// `before` is the one whose directory was taken away: what it served is served on.
    fn open_after(path: &Path, durable: Option<&Path>, before: Option<&Self>) -> Result<Self, PublishError> {
        let fail = |action, hint| move |error: io::Error| PublishError::Io { path: path.to_owned(), action, error, hint };
        let permission = "give the relay a directory of its own with --out, owned by the user it runs as";
        let dir = open_directory(path).map_err(fail("cannot use the snapshot directory", permission))?;
        let lock = open_lock(&dir).map_err(fail("cannot make the lock file", permission))?;
        if let Err(error) = retry_on_intr(|| flock(&lock, FlockOperation::NonBlockingLockExclusive)) {
            return match error {
                Errno::WOULDBLOCK => Err(PublishError::Locked(path.to_owned())),
                error => Err(fail("cannot lock the directory", permission)(error.into())),
            };
        }
        let ControlFile { file, instance, .. } = adopt_control(&dir).map_err(fail("cannot make the control page", permission))?;
        let page = ControlPageMut::new(file.as_fd()).map_err(fail("cannot map the control page", permission))?;
        let kept = sweep_strangers(&dir).map_err(fail("cannot list the directory", permission))?;
        let newest = kept.back().map_or(0, |file| file.generation);
        let announced = Some(page.load(GENERATION)).filter(|&g| g != CLOSED).unwrap_or(0);

        let mut publisher = Self {
            path: path.to_owned(),
            durable: durable.map(Path::to_owned),
            dir,
            _lock: lock,
            control: file,
            page,
            instance,
            generation: announced.max(newest).max(before.map_or(0, |before| before.generation)),
            kept,
            file: None,
            // What was served before may have had no time to be saved.
            behind: durable.map(|_| 0),
            recent: None,
        };
        // Now, since a process may later give up the right to; if it cannot be, the first save says so.
        let _ = durable.map(file::make_parent);
        publisher.page.store_u32(PID, rustix::process::getpid().as_raw_nonzero().get() as u32);
        publisher.page.store_u32(STATE, 0);
        publisher.heartbeat();
        match (before.and_then(Self::left), publisher.last()) {
            (Some(left), _) => publisher.announce_again(&left)?,
            (None, Some(last)) => {
                publisher.drop_unannounced(last.generation());
                publisher.file = open_file(&publisher.dir, last.generation());
            }
            (None, None) => publisher.serve_again()?,
        }
        Ok(publisher)
    }

    /// What readers are served now.
    pub fn last(&self) -> Option<Snapshot> {
        let generation = self.page.load(GENERATION);
        if generation == 0 {
            return None;
        }
        if let Some(recent) = self.recent.as_ref().filter(|recent| recent.generation() == generation) {
            return Some(recent.clone());
        }
        // Those who have it mapped are served it even if its name is gone.
        self.named(generation).or_else(|| self.left().filter(|left| left.generation() == generation))
    }

    /// What a newcomer would find of a generation.
    fn named(&self, generation: u64) -> Option<Snapshot> {
        let mine = |snapshot: &Snapshot| snapshot.generation() == generation && snapshot.instance() == self.instance;
        self.snapshot(generation).filter(mine)
    }

    fn snapshot(&self, generation: u64) -> Option<Snapshot> {
        Snapshot::open_at(self.dir.as_fd(), Path::new(&name(generation)), None).ok()
    }

    /// What a dead writer wrote and never announced would only stand in the way of room.
    fn drop_unannounced(&mut self, announced: u64) {
        let gone = |file: &&Kept| file.generation > announced;
        for file in self.kept.iter().filter(gone) {
            let _ = unlinkat(&self.dir, name(file.generation), AtFlags::empty());
        }
        self.kept.retain(|file| file.generation <= announced);
    }

    /// The announced file is gone or bad: the newest of the other good ones and the durable copy takes its place.
    fn serve_again(&mut self) -> Result<(), PublishError> {
        let other = self.kept.iter().rev().find_map(|file| self.snapshot(file.generation));
        let durable = self.durable.as_deref().and_then(|path| Snapshot::open(path).ok());
        match other.into_iter().chain(durable).max_by_key(Snapshot::generation) {
            Some(good) => self.announce_again(&good),
            None => Ok(()),
        }
    }

    /// Makes newcomers find what is served, after its file was deleted or damaged.
    fn restore(&mut self) -> Result<(), PublishError> {
        let announced = self.page.load(GENERATION);
        if self.named(announced).is_some() {
            self.file = open_file(&self.dir, announced);
            return Ok(());
        }
        let last = self.last();
        self.behind = self.durable.as_ref().map(|_| 0);
        // Not to be tried again and again if nothing good is left, but if there is no room.
        let before = self.file.take();
        let restored = match last {
            Some(good) => self.announce_again(&good),
            None => self.serve_again(),
        };
        if restored.is_err() {
            self.file = before;
        }
        restored
    }

    fn announce_again(&mut self, good: &Snapshot) -> Result<(), PublishError> {
        let generation = self.generation.max(good.generation()) + 1;
        let (words, len) = restamp(good.as_bytes(), self.instance, generation);
        self.announce(&bytemuck::cast_slice(&words)[..len], generation)?;
        self.recent = Snapshot::built(words, len).ok();
        Ok(())
    }

    /// What is served, even if its directory is gone.
    fn left(&self) -> Option<Snapshot> {
        Snapshot::open_file(self.file.as_ref()?.file.as_fd()).ok().filter(|snapshot| snapshot.instance() == self.instance)
    }

    /// The newest generation; the next publish gets the one after it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Identifies the directory's control page; new only when that is made anew.
    pub fn instance(&self) -> u64 {
        self.instance
    }

    /// Makes `builder`'s entries the configuration, for all readers at once. `commit` is the upstream commit id, 40 or 64
    /// hexadecimal digits, or empty.
    ///
    /// There are three outcomes: published, published but not durable (see [`Published::durable`]), and not published.
    ///
    /// # Errors
    /// Nothing was published, and what was published before is still served.
    pub fn publish(&mut self, builder: &Builder, commit: &str) -> Result<Published, PublishError> {
        let generation = self.generation + 1;
        let stamp = Stamp { instance: self.instance, generation, created_ns: unix_ns(), commit };
        let previous = self.last();
        self.recent = None;
        let (words, len) = builder.build(&stamp, previous.as_ref())?;
        let file = &bytemuck::cast_slice(&words)[..len];
        self.announce(file, generation)?;
        let durable = self.durable.as_deref().map_or(Ok(()), |path| file::save(path, file));
        self.behind = durable.is_err().then(|| boot_clock_ns() + SAVE_AGAIN_NS);
        self.recent = Snapshot::built(words, len).ok();
        Ok(Published { generation, keys: builder.len(), bytes: len, durable: durable.map_err(not_durable) })
    }

    /// Writes the durable copy of what is announced, if it is not known to be there; `None` if it is not the time to try. Call it
    /// about once a second.
    ///
    /// # Errors
    /// It still cannot be written; says why.
    pub fn make_durable(&mut self) -> Option<Result<(), String>> {
        let path = self.durable.as_deref()?;
        let due = self.behind?;
        if boot_clock_ns() < due {
            return None;
        }
        let served = self.last()?;
        let there = Snapshot::open(path).is_ok_and(|copy| copy.as_bytes() == served.as_bytes());
        let saved = if there { Ok(()) } else { file::save(path, served.as_bytes()) };
        self.behind = saved.is_err().then(|| boot_clock_ns() + SAVE_AGAIN_NS);
        Some(saved.map_err(not_durable))
    }

    fn announce(&mut self, file: &[u8], generation: u64) -> Result<(), PublishError> {
        let mut written = self.write(file, generation);
        if matches!(&written, Err(error) if error.raw_os_error() == Some(Errno::NOSPC.raw_os_error())) {
            self.sweep(1, 0);
            written = self.write(file, generation);
        }
        let hint = "make room or correct the permissions; the last good snapshot is still served";
        let written = written.map_err(|error| PublishError::Io {
            path: self.path.join(name(generation)),
            action: "not published",
            error,
            hint,
        })?;

        self.generation = generation;
        self.page.store(PUBLISHED_AT, unix_ns());
        self.page.store(GENERATION, generation);
        self.wake();
        self.file = Announced::new(written);
        self.kept.push_back(Kept { generation, len: file.len() as u64, published_ns: boot_clock_ns() });
        self.sweep(KEEP_FILES, KEEP_NS);
        Ok(())
    }

    /// write(2), never a store through a map: on a full tmpfs that is ENOSPC here instead of SIGBUS in a reader.
    fn write(&self, file: &[u8], generation: u64) -> io::Result<OwnedFd> {
        file::replace(&self.dir, &name(generation), &format!(".tmp-{generation:016x}"), file, false)
    }

    fn wake(&self) {
        // Waking can only fail for arguments that are constants here.
        let _ = futex::wake(self.page.futex(), futex::Flags::empty(), i32::MAX as u32);
    }

    /// Removes what no reader can be on its way to: all but the last `files`, unless younger than `young_ns` and not too much.
    fn sweep(&mut self, files: usize, young_ns: u64) {
        let (now, announced) = (boot_clock_ns(), self.page.load(GENERATION));
        let mut total: u64 = self.kept.iter().map(|file| file.len).sum();
        while self.kept.len() > files {
            let Some(oldest) = self.kept.front() else { return };
            if oldest.generation == announced {
                return;
            }
            if now.saturating_sub(oldest.published_ns) < young_ns && total <= KEEP_BYTES {
                return;
            }
            total -= oldest.len;
            let _ = unlinkat(&self.dir, name(oldest.generation), AtFlags::empty());
            self.kept.pop_front();
        }
    }

    /// Tells readers that somebody is here. Call it about once a second.
    pub fn heartbeat(&mut self) {
        self.page.store(HEARTBEAT, boot_clock_ns());
        if self.kept.back().is_none_or(|file| boot_clock_ns().saturating_sub(file.published_ns) > KEEP_NS) {
            self.recent = None;
        }
    }

    /// Tells readers whether what is published may be behind, because its source cannot be read.
    pub fn set_stale(&self, stale: bool) {
        self.page.store_u32(STATE, if stale { STALE } else { 0 });
    }

    /// Whether the directory, its control page or the announced file was deleted, replaced or altered under the publisher.
    pub fn is_lost(&self) -> bool {
        self.directory_lost() || self.file_lost()
    }

    fn file_lost(&self) -> bool {
        let Some(Announced { file, identity: before }) = &self.file else { return false };
        let named = statat(&self.dir, name(self.page.load(GENERATION)), AtFlags::SYMLINK_NOFOLLOW);
        let same = |stat: rustix::io::Result<Stat>| stat.is_ok_and(|stat| identity(&stat) == *before);
        !(same(fstat(file)) && same(named))
    }

    fn directory_lost(&self) -> bool {
        let unlinked = fstat(&self.control).is_ok_and(|stat| stat.st_nlink == 0);
        let same = |a: &Stat, b: &Stat| (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino);
        let moved = match (fstat(&self.dir), rustix::fs::stat(&self.path)) {
            (Ok(mine), Ok(there)) => !same(&mine, &there),
            _ => true,
        };
        unlinked || moved
    }

    /// Takes the path over again after [`Publisher::is_lost`], and sends the readers of the old directory there if it is another
    /// one now. Generations go on growing. What was served is served there.
    ///
    /// # Errors
    /// As [`Publisher::open`]; the old directory then stays in use.
    pub fn reopen(&mut self) -> Result<(), PublishError> {
        if !self.directory_lost() {
            return self.restore();
        }
        // The path may be the same directory still, only emptied: then its lock is this one's own.
        let _ = flock(&self._lock, FlockOperation::Unlock);
        let next = Self::open_after(&self.path, self.durable.as_deref(), Some(self)).inspect_err(|_| {
            let _ = flock(&self._lock, FlockOperation::NonBlockingLockExclusive);
        })?;
        let old = std::mem::replace(self, next);
        old.page.store(GENERATION, CLOSED);
        old.wake();
        Ok(())
    }
}

/// A writer that ends in order says so; one that is killed shows by its heartbeat.
impl Drop for Publisher {
    fn drop(&mut self) {
        self.page.store_u32(STATE, STOPPED);
    }
}

fn not_durable(error: io::Error) -> String {
    format!("the durable copy was not written: {error}")
}

fn name(generation: u64) -> String {
    format!("g-{generation:016x}")
}

fn unix_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos() as u64
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = retry_on_intr(|| open(path, flags, Mode::empty()))?;
    let stat = fstat(&dir)?;
    let me = rustix::process::geteuid().as_raw();
    // What is published belongs to this process' user, and readers refuse it where the directory belongs to another.
    if stat.st_uid != me {
        let (path, owner) = (path.display(), stat.st_uid);
        return Err(io::Error::other(format!("{path} is owned by uid {owner}, and this runs as uid {me}: chown {me} {path}")));
    }
    // Readers refuse a directory in which others could publish (a Kubernetes emptyDir starts that way).
    let mode = stat.st_mode & 0o7777;
    if mode & 0o1000 != 0 {
        return Err(io::Error::other(format!("{} is shared by all users (mode {mode:o})", path.display())));
    }
    if mode & 0o022 != 0 {
        retry_on_intr(|| fchmod(&dir, Mode::from_raw_mode(mode & !0o022)))?;
    }
    Ok(dir)
}

fn open_file(dir: &OwnedFd, generation: u64) -> Option<Announced> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    retry_on_intr(|| openat(dir, name(generation), flags, Mode::empty())).ok().and_then(Announced::new)
}

fn identity(stat: &Stat) -> Identity {
    (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime, stat.st_mtime_nsec)
}

fn open_lock(dir: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(retry_on_intr(|| openat(dir, ".lock", flags, Mode::from_raw_mode(0o600)))?)
}

/// The page that is there, so that readers of an earlier writer go on; a new one if it cannot be used.
fn adopt_control(dir: &OwnedFd) -> io::Result<ControlFile> {
    let usable = |file: &ControlFile| {
        let mut generation = [0; 8];
        let read = rustix::io::pread(&file.file, &mut generation[..], GENERATION as u64);
        read.is_ok() && u64::from_le_bytes(generation) != CLOSED
    };
    match control::open(dir.as_fd(), OFlags::RDWR) {
        Ok(Some(found)) if usable(&found) => return Ok(found),
        // A good page that cannot be had at this moment, for want of descriptors say, must not be replaced.
        Err(Invalid::Io(error)) if error.raw_os_error() != Some(Errno::LOOP.raw_os_error()) => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let mut instance = [0; 8];
    getrandom(&mut instance, GetRandomFlags::empty())?;
    control::create(dir.as_fd(), u64::from_le_bytes(instance))?;
    match control::open(dir.as_fd(), OFlags::RDWR) {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(io::ErrorKind::NotFound.into()),
        Err(why) => Err(io::Error::other(why)),
    }
}

/// Deletes what dead writers left half done; gives the snapshots, oldest first.
fn sweep_strangers(dir: &OwnedFd) -> io::Result<VecDeque<Kept>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let listing = Dir::new(retry_on_intr(|| openat(dir, ".", flags, Mode::empty()))?)?;
    let mut kept = Vec::new();
    for entry in listing {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if name.starts_with(".tmp-") {
            let _ = unlinkat(dir, name, AtFlags::empty());
        } else if let Some(generation) =
            name.strip_prefix("g-").and_then(|hex| u64::from_str_radix(hex, 16).ok()).filter(|&g| g < CLOSED / 2)
        {
            let stat = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
            // How old it is, no clock can tell that may have been set since: it is kept a while longer.
            let published_ns = boot_clock_ns();
            kept.push(Kept { generation, len: stat.st_size as u64, published_ns });
        }
    }
    kept.sort_by_key(|file| file.generation);
    Ok(kept.into())
}
