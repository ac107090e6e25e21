//! Where every byte is. `docs/format.md` says the same in prose; change both or neither.

use bytemuck::{Pod, Zeroable};

#[cfg(target_endian = "big")]
compile_error!("snapshots are little-endian and read in place; big-endian machines are not supported");

pub(crate) const MAJOR: u16 = 1;
pub(crate) const MINOR: u16 = 0;
pub(crate) const BYTE_ORDER_MARK: u32 = 0x0102_0304;

pub(crate) const SNAPSHOT_MAGIC: [u8; 8] = *b"CEDGESNP";
pub(crate) const CONTROL_MAGIC: [u8; 8] = *b"CEDGECTL";

/// Size of the control page in bytes.
pub(crate) const CONTROL_LEN: usize = 4096;
/// Largest snapshot a writer makes or a reader maps, in bytes.
pub const MAX_SNAPSHOT_LEN: usize = 16 << 20;
/// Longest key, in bytes.
pub const MAX_KEY_LEN: usize = 256;

pub(crate) mod control {
    pub(crate) const INSTANCE: usize = 16;
    /// Alone in its cache line; the low half is the futex word.
    pub(crate) const GENERATION: usize = 64;
    pub(crate) const HEARTBEAT: usize = 128;
    pub(crate) const PUBLISHED_AT: usize = 136;
    pub(crate) const PID: usize = 144;
    pub(crate) const STATE: usize = 148;
    /// In [`STATE`]: the writer ended in order, so nobody refreshes this directory until another starts.
    pub(crate) const STOPPED: u32 = 1;
    /// In [`STATE`]: the writer cannot read what it publishes from, so this may be behind.
    pub(crate) const STALE: u32 = 2;
    /// A generation that is none: the writer gave this page up (its directory was replaced); open the directory again by path.
    pub(crate) const CLOSED: u64 = u64::MAX;
}

/// First 16 bytes of both kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Preamble {
    pub(crate) magic: [u8; 8],
    pub(crate) major: u16,
    pub(crate) minor: u16,
    pub(crate) byte_order_mark: u32,
}

impl Preamble {
    pub(crate) const fn new(magic: [u8; 8]) -> Self {
        Self { magic, major: MAJOR, minor: MINOR, byte_order_mark: BYTE_ORDER_MARK }
    }

    /// A minor version may only add what older readers can ignore, so only the major number is compared.
    pub(crate) fn is_readable(&self, magic: [u8; 8]) -> bool {
        self.magic == magic && self.major == MAJOR && self.byte_order_mark == BYTE_ORDER_MARK
    }
}

/// The first 128 bytes of a snapshot.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Header {
    pub(crate) preamble: Preamble,
    pub(crate) instance: u64,
    pub(crate) generation: u64,
    pub(crate) total_len: u64,
    pub(crate) checksum: u64,
    pub(crate) seed: u64,
    pub(crate) slot_count: u32,
    pub(crate) entry_count: u32,
    pub(crate) longest_probe: u32,
    pub(crate) flags: u32,
    pub(crate) slots_offset: u32,
    pub(crate) index_offset: u32,
    pub(crate) strings_offset: u32,
    pub(crate) commit_len: u8,
    pub(crate) reserved: [u8; 3],
    pub(crate) created_ns: u64,
    pub(crate) commit: [u8; 32],
}

impl Header {
    /// Of a file that is at least as long as a header.
    pub(crate) fn of(file: &[u8]) -> Self {
        bytemuck::pod_read_unaligned(&file[..HEADER_LEN])
    }
}

pub(crate) const HEADER_LEN: usize = size_of::<Header>();
const _: () = assert!(HEADER_LEN == 128);

/// In `Header::flags`: the string area holds raw bytes, so it is not UTF-8 as a whole.
pub(crate) const HAS_BYTES: u32 = 1;

/// One entry of the hash table; a key's slot is its value, so a scalar read touches one cache line.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Slot {
    /// 0 marks an empty slot.
    pub(crate) hash: u64,
    pub(crate) key_offset: u32,
    pub(crate) key_len: u16,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) payload: u64,
    pub(crate) changed: u64,
}

pub(crate) const SLOT_LEN: usize = size_of::<Slot>();
const _: () = assert!(SLOT_LEN == 32);

pub(crate) mod kind {
    pub(crate) const NULL: u8 = 0;
    pub(crate) const BOOL: u8 = 1;
    pub(crate) const I64: u8 = 2;
    pub(crate) const F64: u8 = 3;
    pub(crate) const STR: u8 = 4;
    pub(crate) const JSON: u8 = 5;
    pub(crate) const BYTES: u8 = 6;
    pub(crate) const BIG_INT: u8 = 7;
}

/// In `Slot::flags`: every byte of the text is below 0x80.
pub(crate) const ASCII: u8 = 1;
/// In `Slot::flags`: a tool that shows values to people hides this one.
pub(crate) const SECRET: u8 = 2;

/// The commit id is hexadecimal text outside and raw bytes inside.
pub(crate) fn commit_to_bytes(commit: &str) -> Option<([u8; 32], u8)> {
    let text = commit.as_bytes();
    if !matches!(text.len(), 0 | 40 | 64) {
        return None;
    }
    let mut raw = [0; 32];
    for (byte, pair) in raw.iter_mut().zip(text.chunks(2)) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
    }
    Some((raw, (text.len() / 2) as u8))
}

pub(crate) fn commit_to_hex(raw: &[u8]) -> String {
    raw.iter().map(|byte| format!("{byte:02x}")).collect()
}
