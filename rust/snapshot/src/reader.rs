//! Reading for as long as a service lives: switch when something new is announced, keep what is good when it is not.

use crate::snapshot::Snapshot;
use crate::source::{ReadError, Source, Writer, boot_clock_ns};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a failed switch is not tried again; doubled with each failure in a row.
const RETRY_FIRST: Duration = Duration::from_millis(10);
const RETRY_LAST: Duration = Duration::from_secs(1);
/// A generation that is never announced with content: what is seen of a directory that was replaced.
const LOST: u64 = 0;
/// How often a wait looks whether its directory is still there.
const ORPHAN_CHECK: Duration = Duration::from_secs(1);

/// What a reader knows of itself and its writer.
#[derive(Clone, Debug)]
pub struct Health {
    /// Generation that is read now.
    pub generation: u64,
    /// Newest generation announced: the same, unless it could not be taken.
    pub announced: u64,
    /// Upstream commit of what is read now, as hexadecimal text; empty if the writer was not told.
    pub commit: String,
    /// Number of entries.
    pub keys: usize,
    /// Length of the file.
    pub bytes: usize,
    /// When it was built, in nanoseconds since the Unix epoch.
    pub created_ns: u64,
    /// Who writes.
    pub writer: Writer,
    /// Snapshots switched to since the reader was opened.
    pub switches: u64,
    /// Switches that failed since the reader was opened.
    pub failures: u64,
    /// Why the last failed switch failed; empty once a later one succeeded.
    pub last_error: String,
}

/// The newest good snapshot of a directory.
///
/// A reader belongs to one thread at a time. A clone is cheap and shares the maps: give each thread its own.
///
/// ```
/// # use configedge_snapshot::{Builder, Publisher, Reader, Value};
/// # let scratch = tempfile::tempdir()?;
/// # let dir = scratch.path().join("run");
/// # let mut publisher = Publisher::open(&dir, None)?;
/// # let mut builder = Builder::new();
/// # builder.insert("limit", Value::F64(0.5))?;
/// # publisher.publish(&builder, "")?;
/// let mut reader = Reader::open(&dir)?;
/// // For one value: a few nanoseconds, and what is published now.
/// let limit = reader.snapshot().get("limit").and_then(|entry| entry.as_f64()).unwrap_or(1.0);
/// // For values that belong together: hold the snapshot.
/// let held = reader.snapshot().clone();
/// for entry in held.prefix("lim") {
///     println!("{} = {:?}, since generation {}", entry.key(), entry.value(), entry.changed());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    source: Arc<Source>,
    current: Arc<Snapshot>,
    seen: u64,
    retry_at_ns: u64,
    failures_in_a_row: u32,
    switches: u64,
    failures: u64,
    last_error: String,
}

impl Reader {
    /// Attaches to the directory at `path`, which must have something published.
    ///
    /// # Errors
    /// There is no such directory, nothing in it yet, or what is there must not be trusted.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let source = Arc::new(Source::attach(path)?);
        let current = Arc::new(source.load(0)?);
        let seen = current.generation();
        Ok(Self {
            source,
            current,
            seen,
            retry_at_ns: 0,
            failures_in_a_row: 0,
            switches: 0,
            failures: 0,
            last_error: String::new(),
        })
    }

    /// As [`Reader::open`], waiting up to `wait` for the directory and its first snapshot.
    ///
    /// # Errors
    /// As [`Reader::open`], after that time; at once if what is there must not be trusted.
    pub fn open_within(path: &Path, wait: Duration) -> Result<Self, ReadError> {
        let deadline = Instant::now() + wait.min(Duration::from_secs(365 * 86_400));
        loop {
            let failure = match Self::open(path) {
                Err(failure @ (ReadError::Missing(_) | ReadError::Empty(_) | ReadError::Closed(_))) => failure,
                settled => return settled,
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(failure);
            }
            // Nothing to sleep on before the directory exists.
            std::thread::sleep(left.min(Duration::from_millis(5)));
        }
    }

    /// Whether nothing newer is announced than what [`Reader::held`] gives.
    #[inline(always)]
    pub fn is_current(&self) -> bool {
        self.source.generation() == self.seen
    }

    /// The snapshot held, without looking for a newer one.
    #[inline(always)]
    pub fn held(&self) -> &Arc<Snapshot> {
        &self.current
    }

    /// To wait on without borrowing the reader.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The newest snapshot. Never fails and never blocks: if the newest cannot be taken, the one before stays, and
    /// [`Reader::health`] says why.
    #[inline]
    pub fn snapshot(&mut self) -> &Arc<Snapshot> {
        if !self.is_current() {
            self.refresh();
        }
        &self.current
    }

    /// Switches to what is announced; gives whether the snapshot held is now another one.
    #[cold]
    pub fn refresh(&mut self) -> bool {
        if self.is_current() || (self.retry_at_ns != 0 && boot_clock_ns() < self.retry_at_ns) {
            return false;
        }
        match self.load() {
            Ok(snapshot) => {
                self.seen = snapshot.generation();
                self.current = Arc::new(snapshot);
                self.switches += 1;
                self.failures_in_a_row = 0;
                self.retry_at_ns = 0;
                self.last_error.clear();
                true
            }
            Err(error) => {
                let pause = (RETRY_FIRST * 2u32.pow(self.failures_in_a_row.min(7))).min(RETRY_LAST);
                self.retry_at_ns = boot_clock_ns() + pause.as_nanos() as u64;
                self.failures_in_a_row += 1;
                self.failures += 1;
                self.last_error = error.to_string();
                false
            }
        }
    }

    /// From a new directory at the path if the old one was given up. What can be loaded shows that it was not.
    fn load(&mut self) -> Result<Snapshot, ReadError> {
        if self.seen != LOST {
            let loaded = self.source.load(self.current.generation());
            if loaded.is_ok() || !self.source.is_orphaned() {
                return loaded;
            }
        }
        let source = Source::attach(self.source.path())?;
        let snapshot = source.load(0)?;
        self.source = Arc::new(source);
        Ok(snapshot)
    }

    /// Whether the directory was replaced without its writer saying so; the next [`Reader::refresh`] then looks again.
    fn follow_directory(&mut self) {
        if self.source.is_orphaned() {
            self.seen = LOST;
        }
    }

    /// Sleeps until another snapshot is held or `timeout` is over, or for a signal; gives whether it is another one.
    pub fn wait(&mut self, timeout: Duration) -> bool {
        if self.refresh() {
            return true;
        }
        let (source, announced, timeout) = self.before_wait(timeout);
        source.wait(announced, timeout);
        self.after_wait()
    }

    /// What to wait on, without borrowing the reader: `source.wait(announced, timeout)`, then [`Reader::after_wait`].
    pub fn before_wait(&self, timeout: Duration) -> (Arc<Source>, u64, Duration) {
        let announced = self.source.generation();
        let mut timeout = timeout.min(ORPHAN_CHECK);
        if announced != self.seen {
            timeout = timeout.min(Duration::from_nanos(self.retry_at_ns.saturating_sub(boot_clock_ns())));
        }
        (Arc::clone(&self.source), announced, timeout)
    }

    /// Takes what a wait was for; gives whether the snapshot held is now another one.
    pub fn after_wait(&mut self) -> bool {
        self.follow_directory();
        self.refresh()
    }

    /// How the reader and its writer are doing. Also finds out whether the directory was replaced.
    pub fn health(&mut self) -> Health {
        self.follow_directory();
        let snapshot = Arc::clone(self.snapshot());
        if self.is_current() {
            // Also if what could not be taken is announced no more.
            self.last_error.clear();
        }
        Health {
            generation: snapshot.generation(),
            announced: self.source.generation(),
            commit: snapshot.commit(),
            keys: snapshot.len(),
            bytes: snapshot.as_bytes().len(),
            created_ns: snapshot.created_ns(),
            writer: self.source.writer(),
            switches: self.switches,
            failures: self.failures,
            last_error: self.last_error.clone(),
        }
    }
}
