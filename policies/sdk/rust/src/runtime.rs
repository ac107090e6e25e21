//! What a policy without std needs besides: memory, hardly ever given back, for an instance lives for one bundle; and a
//! panic that traps, at which the host refuses the bundle.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size, unreachable};
use core::cell::Cell;

const PAGE: usize = 64 << 10;

struct Bump {
    top: Cell<usize>,
}

// SAFETY: a policy has one thread.
unsafe impl Sync for Bump {}

unsafe extern "C" {
    static __heap_base: u8;
}

impl Bump {
    /// Room from `at` on, if memory reaches that far.
    fn take(&self, at: usize, len: usize) -> *mut u8 {
        let Some(top) = at.checked_add(len) else { return core::ptr::null_mut() };
        let (wanted, have) = (top.div_ceil(PAGE), memory_size(0));
        if wanted > have && memory_grow(0, wanted - have) == usize::MAX {
            return core::ptr::null_mut();
        }
        self.top.set(top);
        at as *mut u8
    }
}

// SAFETY: what was given out lies below `top`, and only what lies last is ever grown or given back.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let top = self.top.get().max(&raw const __heap_base as usize);
        self.take(top.next_multiple_of(layout.align()), layout.size())
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if at as usize + layout.size() == self.top.get() {
            self.top.set(at as usize);
        }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        if at as usize + layout.size() == self.top.get() {
            return self.take(at as usize, len);
        }
        if len <= layout.size() {
            return at;
        }
        // SAFETY: the caller vouches for `at` and `layout`; the new room is behind all others.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(len, layout.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(at, layout.size());
            }
            new
        }
    }
}

#[global_allocator]
static BUMP: Bump = Bump { top: Cell::new(0) };

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unreachable()
}
