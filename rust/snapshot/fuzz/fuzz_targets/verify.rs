//! Any bytes as a snapshot, as they are and with their checksum put right: refused, or read without leaving the file.
#![no_main]

use configedge_snapshot::{Snapshot, wyhash};
use libfuzzer_sys::fuzz_target;

fn exercise(file: &[u8]) -> bool {
    let Ok(snapshot) = Snapshot::from_bytes(file) else { return false };
    for entry in snapshot.iter() {
        std::hint::black_box((snapshot.get(entry.key()), format!("{:?}", entry.value())));
    }
    std::hint::black_box((snapshot.prefix("m.").count(), snapshot.commit()));
    true
}

fuzz_target!(|data: &[u8]| {
    let mut file = data.to_vec();
    let taken = exercise(&file);
    if file.len() >= 128 {
        let before = file[40..48].to_vec();
        file[40..48].fill(0);
        let checksum = wyhash(&file[128..], wyhash(&file[..128], 0)).to_le_bytes();
        assert!(!taken || before == checksum, "a wrong checksum was taken");
        file[40..48].copy_from_slice(&checksum);
        exercise(&file);
    }
});
