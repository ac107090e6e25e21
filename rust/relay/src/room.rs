//! Which bundles may become what they want, where there is no room for all of them in one snapshot.
//!
//! The last good of all has room, since it was published. So each bundle can be kept to its own: first the one that would grow most,
//! which is the least likely to be an everyday change.

use configedge_snapshot::{Extent, MAX_SNAPSHOT_LEN};
use std::collections::BinaryHeap;

#[derive(Debug)]
pub(crate) struct Room {
    /// Bytes.
    limit: usize,
    taken: Extent,
    wishes: BinaryHeap<Wish>,
}

/// Ordered by growth, in bytes.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wish {
    growth: i64,
    number: usize,
    old: Extent,
    new: Extent,
}

impl Room {
    /// That of a snapshot, or of several.
    pub(crate) fn of_snapshots(count: usize) -> Self {
        Self { limit: count * MAX_SNAPSHOT_LEN, taken: Extent::default(), wishes: BinaryHeap::new() }
    }

    /// What stays as it is.
    pub(crate) fn take(&mut self, extent: Extent) {
        self.taken = self.taken + extent;
    }

    /// Number `number` wants `new` in place of `old`.
    pub(crate) fn wish(&mut self, number: usize, old: Extent, new: Extent) {
        self.taken = self.taken + new;
        let growth = new.file_len() as i64 - old.file_len() as i64;
        self.wishes.push(Wish { growth, number, old, new });
    }

    /// The number of one that cannot have its wish, until there is room for the rest; and how much they would have taken.
    pub(crate) fn refuse(&mut self) -> Option<(usize, usize)> {
        let taken = self.taken.file_len();
        let wish = (taken > self.limit).then(|| self.wishes.pop()).flatten()?;
        self.taken = self.taken - wish.new + wish.old;
        Some((wish.number, taken))
    }
}
