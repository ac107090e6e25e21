//! What the benches share: the same configuration for all, in memory where the machine has a file system there.

use configedge_snapshot::{Builder, Value};
use std::path::Path;

/// Length of a key is that of a real one.
pub fn key(number: usize) -> String {
    format!("matchmaking.key_{number:05}.value")
}

pub fn value(number: usize) -> f64 {
    number as f64 * 0.5
}

pub fn builder(keys: usize) -> Builder {
    let mut builder = Builder::new();
    for number in 0..keys {
        builder.insert(&key(number), Value::F64(value(number))).expect("a fine key");
    }
    builder
}

/// A directory in memory, for what publishes to it.
pub fn memory() -> &'static Path {
    Path::new(if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" })
}

/// `count` numbers below `end` in an order that no cache guesses.
pub fn scattered(count: usize, end: usize) -> Vec<usize> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % end as u64) as usize
    };
    (0..count).map(next).collect()
}
