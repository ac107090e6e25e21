//! Giving back memory that an idle relay does not need.
//!
//! A static binary's resident size is nearly its file's, because the kernel maps cached pages of it around each one that is used. Most
//! of it is needed for a moment after a change only, so it is unmapped again; what is used comes back from the page cache.

#![allow(unsafe_code)]

use libc::{PF_W, PT_LOAD, c_int, c_void, dl_phdr_info, size_t};
use rustix::mm::{Advice, madvise};
use std::ops::Range;

/// Where the program's own code and constants lie.
#[derive(Debug)]
pub(crate) struct Program(Vec<Range<usize>>);

impl Program {
    pub(crate) fn find() -> Self {
        let mut found: Vec<Range<usize>> = Vec::new();
        // SAFETY: the callback gets back the pointer given here, and is not called after this returns.
        unsafe { libc::dl_iterate_phdr(Some(first_object), (&raw mut found).cast()) };
        Self(found)
    }

    /// Gives back the pages of code and constants.
    pub(crate) fn release(&self) {
        for range in &self.0 {
            // SAFETY: pages of a private mapping of a file that were never written, since they are in a segment without write
            // permission: they read the same when they come back. An error would leave them where they are.
            let _ = unsafe { madvise(range.start as *mut c_void, range.len(), Advice::LinuxDontNeed) };
        }
    }

    /// Gives back what the heap has left over.
    pub(crate) fn release_heap() {
        #[cfg(target_env = "gnu")]
        // SAFETY: no more than a call into the allocator, which takes its own locks.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}

/// Notes the segments of the first object, which is the program itself, that nobody may write, also not while it is loaded.
unsafe extern "C" fn first_object(object: *mut dl_phdr_info, _: size_t, found: *mut c_void) -> c_int {
    const PAGE: usize = 4096;
    // SAFETY: the linker gives a whole description, and `found` is the vector that `find` gave.
    let (object, found) = unsafe { (&*object, &mut *found.cast::<Vec<Range<usize>>>()) };
    // SAFETY: the description says how many headers there are.
    let segments = unsafe { std::slice::from_raw_parts(object.dlpi_phdr, usize::from(object.dlpi_phnum)) };
    for segment in segments.iter().filter(|segment| segment.p_type == PT_LOAD && segment.p_flags & PF_W == 0) {
        let start = object.dlpi_addr as usize + segment.p_vaddr as usize;
        let end = start + segment.p_memsz as usize;
        // Whole pages only, and not the last one, which a neighbour may share.
        found.push(start.next_multiple_of(PAGE)..end & !(PAGE - 1));
    }
    found.retain(|range| !range.is_empty());
    1
}
