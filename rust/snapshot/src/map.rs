//! All of this crate's `unsafe`: memory maps, typed parts of them, and the atomics of the control page.
//!
//! The contract that makes this sound: a snapshot file is never written after its rename, and the control page is never
//! truncated and is only written through [`ControlPageMut`]. Length and blocks are checked before mapping ([`crate::snapshot`]),
//! so no page of a mapping lies beyond the end of its file.

#![allow(unsafe_code)]

use crate::layout::{CONTROL_LEN, control};
use bytemuck::Pod;
use rustix::fd::BorrowedFd;
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::io;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Memory that holds a file: its pages, unmapped on drop, or words of the heap, freed on drop.
#[derive(Debug)]
struct Pages {
    start: NonNull<u8>,
    len: usize,
    mapped: bool,
}

// SAFETY: the memory belongs to this value alone; shared access is reading plain memory, or atomics.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

impl Pages {
    /// Not populated: a snapshot is read whole when it is verified, and that maps its pages many at a time.
    fn map(file: BorrowedFd<'_>, len: usize, protection: ProtFlags) -> io::Result<Self> {
        // SAFETY: a fresh mapping at an address of the kernel's choice overlaps no memory of ours.
        let start = unsafe { mmap(std::ptr::null_mut(), len, protection, MapFlags::SHARED, file, 0)? };
        NonNull::new(start.cast()).map(|start| Self { start, len, mapped: true }).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// The first `len` bytes of `words`.
    fn own(words: Box<[u64]>, len: usize) -> Self {
        assert_eq!(words.len(), len.div_ceil(8));
        Self { start: NonNull::from(Box::leak(words)).cast(), len, mapped: false }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let start = self.start.as_ptr();
        if self.mapped {
            // SAFETY: `start` and `len` are what `mmap` gave, and every borrow of the pages borrows `self`.
            // A failure would leave the pages mapped, which harms nobody.
            let _ = unsafe { munmap(start.cast(), self.len) };
        } else {
            let words = std::ptr::slice_from_raw_parts_mut(start.cast::<u64>(), self.len.div_ceil(8));
            // SAFETY: these are the words that `own` leaked, and as above.
            drop(unsafe { Box::from_raw(words) });
        }
    }
}

/// A snapshot file in memory: bytes that do not change for as long as this lives.
#[derive(Debug)]
pub(crate) struct Mapping(Pages);

impl Mapping {
    /// The caller has checked that the file is a finished snapshot of `len` > 0 bytes.
    pub(crate) fn new(file: BorrowedFd<'_>, len: usize) -> io::Result<Self> {
        Pages::map(file, len, ProtFlags::READ).map(Self)
    }

    /// The first `len` bytes of `words`, which come to be aligned as a mapped file is.
    pub(crate) fn own(words: Vec<u64>, len: usize) -> Self {
        Self(Pages::own(words.into_boxed_slice(), len))
    }
}

impl Deref for Mapping {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        // SAFETY: `len` readable bytes lie at `start`, and nobody writes them (see the module's contract).
        unsafe { std::slice::from_raw_parts(self.0.start.as_ptr(), self.0.len) }
    }
}

/// A run of `T` inside a mapping, which it keeps alive.
#[derive(Clone, Debug)]
pub(crate) struct MappedSlice<T> {
    start: NonNull<T>,
    len: usize,
    _mapping: Arc<Mapping>,
}

// SAFETY: a shared view of memory that nobody writes.
unsafe impl<T: Pod + Sync> Send for MappedSlice<T> {}
// SAFETY: as above.
unsafe impl<T: Pod + Sync> Sync for MappedSlice<T> {}

impl<T: Pod> MappedSlice<T> {
    /// `len` values from `offset` on; `None` if they do not lie inside the mapping or are not aligned.
    pub(crate) fn new(mapping: &Arc<Mapping>, offset: usize, len: usize) -> Option<Self> {
        let bytes = mapping.get(offset..offset.checked_add(len.checked_mul(size_of::<T>())?)?)?;
        let values: &[T] = bytemuck::try_cast_slice(bytes).ok()?;
        Some(Self { start: NonNull::from(values).cast(), len, _mapping: Arc::clone(mapping) })
    }
}

impl<T: Pod> Deref for MappedSlice<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: checked for bounds and alignment in `new`; the mapping lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

/// A reader's read-only map of the control page.
#[derive(Debug)]
pub(crate) struct ControlPage(Pages);

impl ControlPage {
    /// The caller has checked that the file has [`CONTROL_LEN`] bytes.
    pub(crate) fn new(file: BorrowedFd<'_>) -> io::Result<Self> {
        Pages::map(file, CONTROL_LEN, ProtFlags::READ).map(Self)
    }

    #[inline(always)]
    pub(crate) fn load(&self, offset: usize) -> u64 {
        load(word(&self.0, offset))
    }

    pub(crate) fn load_u32(&self, offset: usize) -> u32 {
        let value = half_word(&self.0, offset).load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        value
    }

    #[inline(always)]
    pub(crate) fn generation(&self) -> &AtomicU64 {
        word(&self.0, control::GENERATION)
    }

    /// The low half of the generation (little-endian), for `FUTEX_WAIT`.
    pub(crate) fn futex(&self) -> &AtomicU32 {
        half_word(&self.0, control::GENERATION)
    }
}

/// The writer's map of the control page.
#[derive(Debug)]
pub(crate) struct ControlPageMut(Pages);

impl ControlPageMut {
    /// The caller has checked that the file has [`CONTROL_LEN`] allocated bytes.
    pub(crate) fn new(file: BorrowedFd<'_>) -> io::Result<Self> {
        Pages::map(file, CONTROL_LEN, ProtFlags::READ | ProtFlags::WRITE).map(Self)
    }

    pub(crate) fn load(&self, offset: usize) -> u64 {
        word(&self.0, offset).load(Ordering::Acquire)
    }

    pub(crate) fn store(&self, offset: usize, value: u64) {
        word(&self.0, offset).store(value, Ordering::Release);
    }

    pub(crate) fn store_u32(&self, offset: usize, value: u32) {
        half_word(&self.0, offset).store(value, Ordering::Release);
    }

    pub(crate) fn futex(&self) -> &AtomicU32 {
        half_word(&self.0, control::GENERATION)
    }
}

/// An acquiring load of a word in memory that may be read-only. In two parts, because of single loads only relaxed ones are sure not
/// to be made of a write (see "Atomic accesses to read-only memory" in [`std::sync::atomic`]).
#[inline(always)]
pub fn load(word: &AtomicU64) -> u64 {
    let value = word.load(Ordering::Relaxed);
    fence(Ordering::Acquire);
    value
}

#[inline(always)]
fn word(pages: &Pages, offset: usize) -> &AtomicU64 {
    debug_assert!(offset.is_multiple_of(8) && offset + 8 <= pages.len);
    // SAFETY: inside the page and aligned (offsets are this crate's constants); shared memory that is only touched by atomics.
    unsafe { AtomicU64::from_ptr(pages.start.as_ptr().add(offset).cast()) }
}

#[inline(always)]
fn half_word(pages: &Pages, offset: usize) -> &AtomicU32 {
    debug_assert!(offset.is_multiple_of(4) && offset + 4 <= pages.len);
    // SAFETY: as in `word`.
    unsafe { AtomicU32::from_ptr(pages.start.as_ptr().add(offset).cast()) }
}

/// Bytes of a snapshot that were checked when it was opened, as text.
#[inline(always)]
pub(crate) fn verified_text(bytes: &[u8]) -> &str {
    debug_assert!(std::str::from_utf8(bytes).is_ok());
    // SAFETY: `Snapshot::check_entries` refused every key and text value that is not UTF-8, and a mapping does not change.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}
