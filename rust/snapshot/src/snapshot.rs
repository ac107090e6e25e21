//! A snapshot as a reader has it: mapped, verified once, and never changing.

use crate::build::{BuildError, Builder, Span, Stamp, checksum, unpack};
use crate::hash::{Seed, key_hash};
use crate::layout::{
    ASCII, HAS_BYTES, HEADER_LEN, Header, MAX_KEY_LEN, MAX_SNAPSHOT_LEN, SECRET, SLOT_LEN, SNAPSHOT_MAGIC, Slot, commit_to_hex,
    kind,
};
use crate::map::{MappedSlice, Mapping};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, SeekFrom, fstat, openat, seek};
use rustix::io::{pread, retry_on_intr};
use std::io;
use std::path::Path;
use std::str;
use std::sync::Arc;
use thiserror::Error;

/// Why a file is not taken as a snapshot. What was served before stays.
#[derive(Debug, Error)]
pub enum Invalid {
    /// It cannot be opened or mapped.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no snapshot, or must not be trusted; says why.
    #[error("{0}")]
    Refused(String),
}

fn refused<T>(why: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid::Refused(why.into()))
}

/// One generation of the configuration.
///
/// Everything read from it belongs to the same generation; it stays valid as long as it is held, whatever the
/// relay does. A clone is cheap: it shares the map.
#[derive(Clone, Debug)]
pub struct Snapshot {
    mapping: Arc<Mapping>,
    slots: MappedSlice<Slot>,
    index: MappedSlice<u32>,
    seed: Seed,
    header: Header,
}

/// Files of up to so many bytes are read instead of mapped: to map, fault and unmap the pages of 64 KiB takes 9 us longer than to
/// copy them (`benches/switch.py`), and the copy costs a process no more than the pages it has anyway.
const COPIED_LEN: usize = 64 << 10;

/// The first `len` bytes, as words so that they are aligned.
fn read_whole(file: BorrowedFd<'_>, len: usize) -> Result<Vec<u64>, Invalid> {
    let mut words = vec![0u64; len.div_ceil(8)];
    let bytes: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut words)[..len];
    let mut at = 0;
    while at < len {
        match retry_on_intr(|| pread(file, &mut bytes[at..], at as u64)).map_err(io::Error::from)? {
            0 => return refused("it became shorter while it was read"),
            count => at += count,
        }
    }
    Ok(words)
}

impl Snapshot {
    /// Maps and verifies the file at `path`, whoever owns it.
    ///
    /// # Errors
    /// It cannot be read, others than its owner may write it, or it is not a whole, sound snapshot.
    pub fn open(path: &Path) -> Result<Self, Invalid> {
        Self::open_at(CWD, path, None)
    }

    /// As [`Snapshot::open`], relative to a directory, and only if `owner` (a uid) owns the file.
    pub(crate) fn open_at(dir: BorrowedFd<'_>, name: &Path, owner: Option<u32>) -> Result<Self, Invalid> {
        // NONBLOCK: a FIFO of that name must not hang the reader.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = retry_on_intr(|| openat(dir, name, flags, Mode::empty())).map_err(io::Error::from)?;
        Self::open_owned(file.as_fd(), owner)
    }

    /// As [`Snapshot::open`], of an open file that may have no name any more.
    pub(crate) fn open_file(file: BorrowedFd<'_>) -> Result<Self, Invalid> {
        Self::open_owned(file, None)
    }

    fn open_owned(file: BorrowedFd<'_>, owner: Option<u32>) -> Result<Self, Invalid> {
        let stat = fstat(file).map_err(io::Error::from)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return refused("not a regular file");
        }
        if let Some(owner) = owner.filter(|&uid| uid != stat.st_uid) {
            return refused(format!("owned by uid {}, and the directory by uid {owner}", stat.st_uid));
        }
        if stat.st_mode & 0o022 != 0 {
            return refused(format!("writable by group or others (mode {:o})", stat.st_mode & 0o7777));
        }
        let len = stat.st_size as usize;
        if !(HEADER_LEN..=MAX_SNAPSHOT_LEN).contains(&len) {
            return refused(format!("{len} bytes long; a snapshot has {HEADER_LEN} to {MAX_SNAPSHOT_LEN}"));
        }
        // A page of a hole is a SIGBUS on a full tmpfs. With as many blocks as bytes there is none; with fewer it may be packed
        // by its file system. File systems without SEEK_HOLE report the end of the file.
        let whole = stat.st_blocks as u64 * 512 >= len as u64;
        if !whole && seek(file, SeekFrom::Hole(0)).map_err(io::Error::from)? != len as u64 {
            return refused("sparse");
        }
        Self::verify(if len <= COPIED_LEN { Mapping::own(read_whole(file, len)?, len) } else { Mapping::new(file, len)? })
    }

    /// Verifies a copy of `file`, which need not lie in a file: for tests, and for snapshots that came another way.
    ///
    /// # Errors
    /// It is not a whole, sound snapshot.
    pub fn from_bytes(file: &[u8]) -> Result<Self, Invalid> {
        if !(HEADER_LEN..=MAX_SNAPSHOT_LEN).contains(&file.len()) {
            return refused(format!("{} bytes long; a snapshot has {HEADER_LEN} to {MAX_SNAPSHOT_LEN}", file.len()));
        }
        let mut words = vec![0u64; file.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..file.len()].copy_from_slice(file);
        Self::verify(Mapping::own(words, file.len()))
    }

    /// A snapshot that lies in no file, as one would be published after `previous`: for tests and simulations.
    ///
    /// # Errors
    /// The entries cannot be a snapshot.
    pub fn of(builder: &Builder, generation: u64, commit: &str, previous: Option<&Self>) -> Result<Self, BuildError> {
        let stamp = Stamp { instance: 0, generation, created_ns: 0, commit };
        let (words, len) = builder.build(&stamp, previous)?;
        Ok(Self::built(words, len).expect("what was just built is sound"))
    }

    fn verify(mapping: Mapping) -> Result<Self, Invalid> {
        let header = Header::of(&mapping);
        if !header.preamble.is_readable(SNAPSHOT_MAGIC) {
            return refused(format!(
                "not a snapshot this reader knows (magic {:?}, version {}.{})",
                String::from_utf8_lossy(&header.preamble.magic),
                header.preamble.major,
                header.preamble.minor
            ));
        }
        if header.total_len != mapping.len() as u64 {
            return refused(format!("truncated or padded: {} bytes, and its header says {}", mapping.len(), header.total_len));
        }
        if checksum(&header, &mapping[HEADER_LEN..]) != header.checksum {
            return refused("its checksum does not match its content");
        }
        let snapshot = Self::of_parts(mapping, header)?;
        snapshot.check_entries()?;
        Ok(snapshot)
    }

    /// What this crate has just built: it needs no verifying.
    pub(crate) fn built(words: Vec<u64>, len: usize) -> Result<Self, Invalid> {
        let mapping = Mapping::own(words, len);
        let header = Header::of(&mapping);
        Self::of_parts(mapping, header)
    }

    fn of_parts(mapping: Mapping, header: Header) -> Result<Self, Invalid> {
        let mapping = Arc::new(mapping);
        let (slots, index) = check_layout(&mapping, &header)?;
        Ok(Self { mapping, slots, index, seed: Seed::new(header.seed), header })
    }

    /// One pass over all slots, so that reads need no checks beyond slicing.
    fn check_entries(&self) -> Result<(), Invalid> {
        let strings = Strings::new(&self.mapping, &self.header)?;
        let mut entries = 0;
        for slot in self.slots.iter().filter(|slot| slot.hash != 0) {
            entries += 1;
            let key = Span::new(slot.key_offset, u32::from(slot.key_len));
            if slot.key_len == 0 || usize::from(slot.key_len) > MAX_KEY_LEN || !strings.has_text(key) {
                return refused("a key lies outside the string area or is not UTF-8");
            }
            let value = unpack(slot.payload);
            let fits = match slot.kind {
                kind::NULL | kind::I64 | kind::F64 => true,
                kind::BOOL => slot.payload <= 1,
                kind::STR | kind::JSON | kind::BIG_INT => {
                    strings.has_text(value) && (slot.flags & ASCII == 0 || strings.is_ascii(value))
                }
                kind::BYTES => strings.has(value),
                _ => false,
            };
            if !fits || slot.changed > self.header.generation {
                let key = self.text(slot.key_offset as usize, usize::from(slot.key_len));
                return refused(format!("the entry {key:?} is malformed"));
            }
        }
        let indexed = self.index.iter().all(|&at| self.slots.get(at as usize).is_some_and(|slot| slot.hash != 0));
        if entries != self.header.entry_count || !indexed {
            return refused("its index does not match its slots");
        }
        Ok(())
    }

    /// Counts up with each publish; compares within one instance.
    pub fn generation(&self) -> u64 {
        self.header.generation
    }

    /// Identifies the control page this snapshot belongs to; generations compare only within one instance.
    pub fn instance(&self) -> u64 {
        self.header.instance
    }

    /// The upstream commit as hexadecimal text, or nothing if the relay was not told.
    pub fn commit(&self) -> String {
        commit_to_hex(&self.header.commit[..usize::from(self.header.commit_len)])
    }

    /// When it was built, in nanoseconds since the Unix epoch.
    pub fn created_ns(&self) -> u64 {
        self.header.created_ns
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.header.entry_count as usize
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many different numbers [`Entry::place`] may give.
    pub fn places(&self) -> usize {
        self.slots.len()
    }

    /// The whole file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.mapping
    }

    /// The entry of `key`: a hash, a look into one or two cache lines, and a comparison.
    #[inline]
    pub fn get(&self, key: &str) -> Option<Entry<'_>> {
        self.find(key.as_bytes())
    }

    #[inline]
    pub(crate) fn find(&self, key: &[u8]) -> Option<Entry<'_>> {
        self.find_hashed(key, key_hash(key, self.seed))
    }

    pub(crate) fn seed(&self) -> u64 {
        self.header.seed
    }

    /// `hash` is the key's under this snapshot's seed.
    #[inline(always)]
    pub(crate) fn find_hashed(&self, key: &[u8], hash: u64) -> Option<Entry<'_>> {
        let slots = &*self.slots;
        let mask = slots.len() - 1;
        let mut at = hash as usize & mask;
        for _ in 0..self.header.longest_probe {
            let slot = &slots[at];
            if slot.hash == hash && usize::from(slot.key_len) == key.len() {
                let entry = Entry { snapshot: self, slot };
                if entry.key().as_bytes() == key {
                    return Some(entry);
                }
            } else if slot.hash == 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// All entries, sorted by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry<'_>> {
        self.index.iter().map(|&at| Entry { snapshot: self, slot: &self.slots[at as usize] })
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|entry| entry.key())
    }

    /// The entries whose key begins with `prefix`, sorted by key.
    pub fn prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = Entry<'a>> {
        let entry = |&at: &u32| Entry { snapshot: self, slot: &self.slots[at as usize] };
        let first = self.index.partition_point(|at| entry(at).key() < prefix);
        self.index[first..].iter().map(entry).take_while(move |e| e.key().starts_with(prefix))
    }

    #[inline]
    fn text(&self, offset: usize, len: usize) -> &str {
        crate::map::verified_text(&self.mapping[offset..offset + len])
    }
}

/// The string area of a file that is being verified. What holds for the whole of it need not be looked at in each part.
struct Strings<'a> {
    file: &'a [u8],
    start: usize,
    all_ascii: bool,
    all_text: bool,
}

impl<'a> Strings<'a> {
    fn new(file: &'a [u8], header: &Header) -> Result<Self, Invalid> {
        let start = header.strings_offset as usize;
        let strings = &file[start..];
        let all_ascii = strings.is_ascii();
        let all_text = all_ascii || header.flags & HAS_BYTES == 0;
        if !all_ascii && all_text && str::from_utf8(strings).is_err() {
            return refused("its string area is not UTF-8");
        }
        Ok(Self { file, start, all_ascii, all_text })
    }

    #[inline(always)]
    fn has(&self, part: Span) -> bool {
        let part = part.range();
        part.start >= self.start && part.end <= self.file.len()
    }

    #[inline(always)]
    fn has_text(&self, part: Span) -> bool {
        self.has(part) && (self.all_ascii || self.is_text(part))
    }

    fn is_text(&self, part: Span) -> bool {
        let part = part.range();
        if !self.all_text {
            return str::from_utf8(&self.file[part]).is_ok();
        }
        // Inside valid UTF-8, a part is valid if neither end cuts a character.
        let cuts = |at: usize| self.file.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
        !cuts(part.start) && !cuts(part.end)
    }

    #[inline(always)]
    fn is_ascii(&self, part: Span) -> bool {
        self.all_ascii || self.file[part.range()].is_ascii()
    }
}

fn check_layout(mapping: &Arc<Mapping>, header: &Header) -> Result<(MappedSlice<Slot>, MappedSlice<u32>), Invalid> {
    let slot_count = header.slot_count as usize;
    let entries = header.entry_count as usize;
    let [slots_at, index_at, strings_at] = [header.slots_offset, header.index_offset, header.strings_offset].map(|o| o as usize);
    let sane = slot_count >= 2
        && slot_count.is_power_of_two()
        && entries <= slot_count / 2
        && header.longest_probe as usize <= slot_count
        && matches!(header.commit_len, 0 | 20 | 32)
        && slots_at == HEADER_LEN
        && index_at == slots_at + slot_count * SLOT_LEN
        && strings_at == index_at + entries * 4
        && strings_at <= mapping.len();
    match (MappedSlice::new(mapping, slots_at, slot_count), MappedSlice::new(mapping, index_at, entries)) {
        (Some(slots), Some(index)) if sane => Ok((slots, index)),
        _ => refused("its header contradicts itself"),
    }
}

/// A value in a snapshot; texts and bytes point into the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// Nothing: JSON's `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of 64 bits.
    I64(i64),
    /// A float.
    F64(f64),
    /// Text.
    Str(&'a str),
    /// A container, as compact JSON text.
    Json(&'a str),
    /// Raw bytes.
    Bytes(&'a [u8]),
    /// An integer beyond `i64`, as decimal text.
    BigInt(&'a str),
}

/// A key with its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    snapshot: &'a Snapshot,
    slot: &'a Slot,
}

impl<'a> Entry<'a> {
    /// The whole key.
    #[inline]
    pub fn key(&self) -> &'a str {
        self.snapshot.text(self.slot.key_offset as usize, usize::from(self.slot.key_len))
    }

    /// The value, whatever its type.
    #[inline]
    pub fn value(&self) -> ValueRef<'a> {
        let payload = self.slot.payload;
        match self.slot.kind {
            kind::BOOL => ValueRef::Bool(payload != 0),
            kind::I64 => ValueRef::I64(payload as i64),
            kind::F64 => ValueRef::F64(f64::from_bits(payload)),
            kind::STR => ValueRef::Str(self.text_value()),
            kind::JSON => ValueRef::Json(self.text_value()),
            kind::BIG_INT => ValueRef::BigInt(self.text_value()),
            kind::BYTES => ValueRef::Bytes(&self.snapshot.mapping[unpack(payload).range()]),
            _ => ValueRef::Null,
        }
    }

    /// The value as a float, if it is one or an integer that fits.
    #[inline]
    pub fn as_f64(&self) -> Option<f64> {
        match self.slot.kind {
            kind::F64 => Some(f64::from_bits(self.slot.payload)),
            kind::I64 => Some(self.slot.payload as i64 as f64),
            _ => None,
        }
    }

    /// The value, if it is an integer of 64 bits.
    #[inline]
    pub fn as_i64(&self) -> Option<i64> {
        (self.slot.kind == kind::I64).then_some(self.slot.payload as i64)
    }

    /// The value, if it is a boolean.
    #[inline]
    pub fn as_bool(&self) -> Option<bool> {
        (self.slot.kind == kind::BOOL).then_some(self.slot.payload != 0)
    }

    /// The value, if it is a string; it lies in the map.
    #[inline]
    pub fn as_str(&self) -> Option<&'a str> {
        (self.slot.kind == kind::STR).then(|| self.text_value())
    }

    /// Whether the value is a text of ASCII characters only.
    pub fn is_ascii(&self) -> bool {
        self.slot.flags & ASCII != 0
    }

    /// A number below [`Snapshot::places`] that is this entry's alone: for tables beside the snapshot.
    #[inline(always)]
    pub fn place(&self) -> usize {
        (std::ptr::from_ref(self.slot).addr() - self.snapshot.slots.as_ptr().addr()) / SLOT_LEN
    }

    /// Whether tools should hide the value from people.
    pub fn is_secret(&self) -> bool {
        self.slot.flags & SECRET != 0
    }

    /// The generation in which this key got its value.
    #[inline]
    pub fn changed(&self) -> u64 {
        self.slot.changed
    }

    fn text_value(&self) -> &'a str {
        let range = unpack(self.slot.payload).range();
        self.snapshot.text(range.start, range.len())
    }

    pub(crate) fn slot(&self) -> &'a Slot {
        self.slot
    }
}
