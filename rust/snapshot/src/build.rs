//! From keys and values to the bytes of a snapshot, all in heap memory.

use crate::hash::{Seed, key_hash, wyhash};
use crate::layout::{
    ASCII, HAS_BYTES, HEADER_LEN, Header, MAX_KEY_LEN, MAX_SNAPSHOT_LEN, Preamble, SECRET, SLOT_LEN, SNAPSHOT_MAGIC, Slot,
    commit_to_bytes, kind,
};
use crate::snapshot::{Entry, Snapshot, ValueRef};
use std::collections::BTreeSet;
use std::iter::Sum;
use std::ops::{Add, Bound, Sub};
use thiserror::Error;

/// A value on its way into a snapshot.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
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
    /// A container's JSON text, stored before by [`Builder::text`].
    Json(Span),
    /// Raw bytes.
    Bytes(&'a [u8]),
    /// An integer beyond `i64`, as decimal text.
    BigInt(&'a str),
}

/// Where a stored text lies. A container's text lies inside its parent's, so nesting costs no space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    offset: u32,
    len: u32,
}

impl Span {
    /// The part of this text that starts `start` bytes in and is `len` bytes long.
    ///
    /// # Panics
    /// If the part does not lie inside the text.
    pub fn slice(self, start: usize, len: usize) -> Span {
        assert!(start + len <= self.len as usize, "part {start}+{len} of a text of {} bytes", self.len);
        Span { offset: self.offset + start as u32, len: len as u32 }
    }
}

/// Why a snapshot cannot be built.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BuildError {
    /// A key is empty or too long: the key, its bytes.
    #[error("key {0:?} is {1} bytes long; a key has 1 to {MAX_KEY_LEN} bytes: shorten it")]
    KeyLength(String, usize),
    /// A key is given twice.
    #[error("key {0:?} is given twice: keep one")]
    DuplicateKey(String),
    /// All of it is too large, with its bytes.
    #[error("the snapshot would be {0} bytes; the limit is {MAX_SNAPSHOT_LEN}: remove keys or split the node's configuration")]
    TooLarge(usize),
    /// The commit id is none.
    #[error("{0:?} is not a commit id: give 40 or 64 hexadecimal digits, or nothing")]
    Commit(String),
}

/// Collects the entries of one snapshot.
#[derive(Debug, Default)]
pub struct Builder {
    /// Offsets count from the start of `strings` until the file is laid out.
    slots: Vec<Slot>,
    strings: Vec<u8>,
    has_bytes: bool,
    secrets: BTreeSet<Vec<u8>>,
}

/// What entries take in a snapshot; what those of several builders take together is the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extent {
    entries: usize,
    strings: usize,
}

impl Extent {
    /// That many entries, with that many bytes of keys and texts.
    pub fn new(entries: usize, strings: usize) -> Self {
        Self { entries, strings }
    }

    /// Length of the file of a snapshot with just these, in bytes.
    pub fn file_len(self) -> usize {
        self.strings_offset() + self.strings
    }

    /// Whether they can be a snapshot.
    pub fn fits(self) -> bool {
        self.file_len() <= MAX_SNAPSHOT_LEN
    }

    fn slot_count(self) -> usize {
        (self.entries * 2).next_power_of_two().max(2)
    }

    fn index_offset(self) -> usize {
        HEADER_LEN + self.slot_count() * SLOT_LEN
    }

    fn strings_offset(self) -> usize {
        self.index_offset() + self.entries * 4
    }
}

impl Add for Extent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { entries: self.entries + other.entries, strings: self.strings + other.strings }
    }
}

impl Sub for Extent {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { entries: self.entries - other.entries, strings: self.strings - other.strings }
    }
}

impl Sum for Extent {
    fn sum<I: Iterator<Item = Self>>(extents: I) -> Self {
        extents.fold(Self::default(), Add::add)
    }
}

/// What is the same for every entry of a file.
pub(crate) struct Stamp<'a> {
    pub(crate) instance: u64,
    pub(crate) generation: u64,
    pub(crate) created_ns: u64,
    pub(crate) commit: &'a str,
}

/// How many seeds are tried for the table with the shortest longest probe.
const SEEDS: u64 = 4;
/// A table in which no key takes more looks than this is not worth another try.
const GOOD_PROBE: u32 = 8;

impl Builder {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of entries so far.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is no entry yet.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Stores a text for [`Value::Json`] entries to point into.
    pub fn text(&mut self, text: &str) -> Span {
        self.append(text.as_bytes())
    }

    /// Adds an entry. The order of calls does not matter; a key given twice is found when the file is built.
    ///
    /// # Errors
    /// [`BuildError::KeyLength`] if the key is empty or longer than [`MAX_KEY_LEN`](crate::MAX_KEY_LEN).
    ///
    /// # Panics
    /// If a [`Span`] is not of a text of this builder, or cuts a character.
    pub fn insert(&mut self, key: &str, value: Value<'_>) -> Result<(), BuildError> {
        if key.is_empty() || key.len() > MAX_KEY_LEN {
            return Err(BuildError::KeyLength(key.to_owned(), key.len()));
        }
        let key_at = self.append(key.as_bytes());
        let (kind, flags, payload) = match value {
            Value::Null => (kind::NULL, 0, 0),
            Value::Bool(value) => (kind::BOOL, 0, u64::from(value)),
            Value::I64(value) => (kind::I64, 0, value as u64),
            Value::F64(value) => (kind::F64, 0, value.to_bits()),
            Value::Str(text) => self.text_payload(kind::STR, text),
            Value::BigInt(text) => self.text_payload(kind::BIG_INT, text),
            Value::Json(span) => (kind::JSON, self.ascii_flag(span), pack(span)),
            Value::Bytes(bytes) => {
                self.has_bytes = true;
                (kind::BYTES, 0, pack(self.append_terminated(bytes)))
            }
        };
        let key_len = key.len() as u16;
        self.slots.push(Slot { hash: 0, key_offset: key_at.offset, key_len, kind, flags, payload, changed: 0 });
        Ok(())
    }

    /// Marks `key`, everything below it, and the containers whose text has it in them, for tools to hide from people. The
    /// order of calls does not matter.
    pub fn secret(&mut self, key: &str) {
        self.secrets.insert(key.as_bytes().to_owned());
    }

    /// What its entries take.
    pub fn extent(&self) -> Extent {
        Extent { entries: self.len(), strings: self.strings.len() }
    }

    /// Adds all entries of another one, and what is secret in it.
    pub fn extend(&mut self, other: &Self) {
        let base = u32::try_from(self.strings.len()).unwrap_or(u32::MAX);
        let moved = |span: Span| Span { offset: span.offset.saturating_add(base), ..span };
        self.slots.extend(other.slots.iter().map(|slot| Slot {
            key_offset: slot.key_offset.saturating_add(base),
            payload: if has_text(slot.kind) { pack(moved(unpack(slot.payload))) } else { slot.payload },
            ..*slot
        }));
        self.strings.extend_from_slice(&other.strings);
        self.has_bytes |= other.has_bytes;
        self.secrets.extend(other.secrets.iter().cloned());
    }

    /// Whether `snapshot` has exactly these entries with these values.
    pub fn matches(&self, snapshot: &Snapshot) -> bool {
        self.len() == snapshot.len() && self.is_in(snapshot)
    }

    /// Whether `snapshot` has all these entries with these values.
    pub fn is_in(&self, snapshot: &Snapshot) -> bool {
        let same = |slot| {
            let before = snapshot.find(self.key(slot));
            self.unchanged(slot, before).is_some() && before.is_some_and(|entry| entry.is_secret() == self.is_secret(slot))
        };
        self.slots.iter().all(same)
    }

    fn is_secret(&self, slot: &Slot) -> bool {
        if self.secrets.is_empty() {
            return false;
        }
        let key = self.key(slot);
        let mut above = key.iter().enumerate().filter(|(_, c)| **c == b'.').map(|(at, _)| &key[..at]).chain([key]);
        let below = || {
            let inside = [key, b"."].concat();
            let first = self.secrets.range::<[u8], _>((Bound::Included(&inside[..]), Bound::Unbounded)).next();
            first.is_some_and(|secret| secret.starts_with(&inside))
        };
        above.any(|key| self.secrets.contains(key)) || below()
    }

    fn text_payload(&mut self, kind: u8, text: &str) -> (u8, u8, u64) {
        let flags = if text.is_ascii() { ASCII } else { 0 };
        (kind, flags, pack(self.append_terminated(text.as_bytes())))
    }

    fn ascii_flag(&self, span: Span) -> u8 {
        let bytes = self.bytes_at(span);
        if bytes.is_ascii() {
            return ASCII;
        }
        assert!(std::str::from_utf8(bytes).is_ok(), "{span:?} cuts a character");
        0
    }

    /// Sizes are checked against [`MAX_SNAPSHOT_LEN`] when the file is built, so offsets saturate rather than wrap until then.
    fn append(&mut self, bytes: &[u8]) -> Span {
        let offset = u32::try_from(self.strings.len()).unwrap_or(u32::MAX);
        self.strings.extend_from_slice(bytes);
        Span { offset, len: u32::try_from(bytes.len()).unwrap_or(u32::MAX) }
    }

    /// The NUL behind is not counted; it lets C readers use the text in place.
    fn append_terminated(&mut self, bytes: &[u8]) -> Span {
        let span = self.append(bytes);
        self.strings.push(0);
        span
    }

    fn bytes_at(&self, span: Span) -> &[u8] {
        &self.strings[span.offset as usize..][..span.len as usize]
    }

    fn key(&self, slot: &Slot) -> &[u8] {
        &self.strings[slot.key_offset as usize..][..usize::from(slot.key_len)]
    }

    /// The generation in which this entry got its value, if it had the same value `before`.
    fn unchanged(&self, slot: &Slot, before: Option<Entry<'_>>) -> Option<u64> {
        let before = before.filter(|before| before.slot().kind == slot.kind)?;
        let same = match before.value() {
            ValueRef::Null | ValueRef::Bool(_) | ValueRef::I64(_) | ValueRef::F64(_) => before.slot().payload == slot.payload,
            ValueRef::Str(text) | ValueRef::Json(text) | ValueRef::BigInt(text) => {
                self.bytes_at(unpack(slot.payload)) == text.as_bytes()
            }
            ValueRef::Bytes(bytes) => self.bytes_at(unpack(slot.payload)) == bytes,
        };
        same.then(|| before.changed())
    }

    /// The whole file, as words so that it is aligned, and its length in bytes. `previous` decides which entries count as changed.
    pub(crate) fn build(&self, stamp: &Stamp<'_>, previous: Option<&Snapshot>) -> Result<(Vec<u64>, usize), BuildError> {
        let (commit, commit_len) = commit_to_bytes(stamp.commit).ok_or_else(|| BuildError::Commit(stamp.commit.to_owned()))?;
        let extent = self.extent();
        let (slot_count, total_len) = (extent.slot_count(), extent.file_len());
        let (index_offset, strings_offset) = (extent.index_offset(), extent.strings_offset());
        if !extent.fits() {
            return Err(BuildError::TooLarge(total_len));
        }

        let table = self.best_table(slot_count);
        let mut words = vec![0u64; total_len.div_ceil(8)];
        let file = &mut bytemuck::cast_slice_mut(&mut words)[..total_len];
        let sorted = self.sorted()?;
        let before = |slot, hash| match previous {
            Some(previous) if previous.seed() == table.seed => previous.find_hashed(self.key(slot), hash),
            previous => previous?.find(self.key(slot)),
        };
        for (slot, place) in self.slots.iter().zip(&table.places) {
            let placed = Slot {
                hash: place.hash,
                key_offset: slot.key_offset + strings_offset as u32,
                payload: if has_text(slot.kind) { slot.payload + strings_offset as u64 } else { slot.payload },
                flags: if self.is_secret(slot) { slot.flags | SECRET } else { slot.flags },
                changed: self.unchanged(slot, before(slot, place.hash)).unwrap_or(stamp.generation),
                ..*slot
            };
            file[HEADER_LEN + place.at as usize * SLOT_LEN..][..SLOT_LEN].copy_from_slice(bytemuck::bytes_of(&placed));
        }
        for (at, &entry) in file[index_offset..strings_offset].chunks_exact_mut(4).zip(&sorted) {
            at.copy_from_slice(&table.places[entry as usize].at.to_le_bytes());
        }
        file[strings_offset..].copy_from_slice(&self.strings);

        let header = Header {
            preamble: Preamble::new(SNAPSHOT_MAGIC),
            instance: stamp.instance,
            generation: stamp.generation,
            total_len: total_len as u64,
            checksum: 0,
            seed: table.seed,
            slot_count: slot_count as u32,
            entry_count: self.len() as u32,
            longest_probe: table.longest_probe,
            flags: if self.has_bytes { HAS_BYTES } else { 0 },
            slots_offset: HEADER_LEN as u32,
            index_offset: index_offset as u32,
            strings_offset: strings_offset as u32,
            commit_len,
            reserved: [0; 3],
            created_ns: stamp.created_ns,
            commit,
        };
        seal(file, header);
        Ok((words, total_len))
    }

    /// The numbers of the entries in the order of their keys.
    fn sorted(&self) -> Result<Vec<u32>, BuildError> {
        let key_of = |entry: u32| self.key(&self.slots[entry as usize]);
        let mut sorted: Vec<u32> = (0..self.len() as u32).collect();
        // Most come in order, because documents are walked in it.
        if sorted.windows(2).all(|pair| key_of(pair[0]) < key_of(pair[1])) {
            return Ok(sorted);
        }
        sorted.sort_unstable_by_key(|&entry| key_of(entry));
        match sorted.windows(2).find(|pair| key_of(pair[0]) == key_of(pair[1])) {
            Some(twice) => Err(BuildError::DuplicateKey(String::from_utf8_lossy(key_of(twice[0])).into_owned())),
            None => Ok(sorted),
        }
    }

    /// The best of a few tables, or the first that is good enough.
    fn best_table(&self, slot_count: usize) -> Table {
        let mut best = self.table(slot_count, 1);
        for seed in 2..=SEEDS {
            if best.longest_probe <= GOOD_PROBE {
                break;
            }
            let other = self.table(slot_count, seed);
            if other.longest_probe < best.longest_probe {
                best = other;
            }
        }
        best
    }

    fn table(&self, slot_count: usize, seed: u64) -> Table {
        let (prepared, mask) = (Seed::new(seed), slot_count - 1);
        let mut taken = vec![false; slot_count];
        let mut longest_probe = 0;
        let place = |slot| {
            let hash = key_hash(self.key(slot), prepared);
            let home = hash as usize & mask;
            let distance = (0..slot_count).find(|d| !taken[(home + d) & mask]).expect("at most half of the slots are taken");
            let at = (home + distance) & mask;
            taken[at] = true;
            longest_probe = longest_probe.max(distance as u32 + 1);
            Place { hash, at: at as u32 }
        };
        let places = self.slots.iter().map(place).collect();
        Table { seed, longest_probe, places }
    }
}

/// Where the entries lie under one seed.
struct Table {
    seed: u64,
    longest_probe: u32,
    places: Vec<Place>,
}

struct Place {
    hash: u64,
    /// Number of the slot.
    at: u32,
}

/// Whether such an entry's payload is a span.
fn has_text(kind: u8) -> bool {
    matches!(kind, kind::STR | kind::JSON | kind::BYTES | kind::BIG_INT)
}

/// Offset in the low half, length in the high half.
fn pack(span: Span) -> u64 {
    u64::from(span.offset) | u64::from(span.len) << 32
}

pub(crate) fn unpack(payload: u64) -> Span {
    Span { offset: payload as u32, len: (payload >> 32) as u32 }
}

impl Span {
    pub(crate) fn new(offset: u32, len: u32) -> Self {
        Self { offset, len }
    }

    #[inline(always)]
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.offset as usize..self.offset as usize + self.len as usize
    }
}

/// Puts `header` in front of `file`, with the checksum of both.
pub(crate) fn seal(file: &mut [u8], header: Header) {
    let header = Header { checksum: 0, ..header };
    let checksum = checksum(&header, &file[HEADER_LEN..]);
    file[..HEADER_LEN].copy_from_slice(bytemuck::bytes_of(&Header { checksum, ..header }));
}

/// The body's hash, seeded by the hash of the header with its checksum field taken as zero.
pub(crate) fn checksum(header: &Header, body: &[u8]) -> u64 {
    let blank = Header { checksum: 0, ..*header };
    wyhash(body, wyhash(bytemuck::bytes_of(&blank), 0))
}

/// The same snapshot under another generation and instance: how a durable copy is served again after a reboot.
pub(crate) fn restamp(file: &[u8], instance: u64, generation: u64) -> (Vec<u64>, usize) {
    let mut words = vec![0u64; file.len().div_ceil(8)];
    let copy: &mut [u8] = &mut bytemuck::cast_slice_mut(&mut words)[..file.len()];
    copy.copy_from_slice(file);
    let header = Header::of(file);
    seal(copy, Header { instance, generation, ..header });
    (words, file.len())
}
