//! Damaged and hostile files: none with a wrong checksum is taken, and none is read beyond its end.
//!
//! The same function is the fuzz target's (`fuzz/fuzz_targets/verify.rs`); here it runs on every build, from three seed files.

use configedge_snapshot::{Snapshot, wyhash};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

const MUTATIONS: usize = 1_000_000;
const HEADER_LEN: usize = 128;
const CHECKSUM: std::ops::Range<usize> = 40..48;

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let good = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/snapshots/good");
    let read = |name| fs::read(good.join(format!("{name}.bin"))).expect("the vectors are in the repository");
    ["one", "text-only", "every-type"].map(|name| (name, read(name))).into()
}

/// Puts the checksum right, so that only the checks behind it stand between the file and the reader.
fn seal(file: &mut [u8]) {
    if file.len() >= HEADER_LEN {
        file[CHECKSUM].fill(0);
        let checksum = wyhash(&file[HEADER_LEN..], wyhash(&file[..HEADER_LEN], 0));
        file[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Reads all there is, if the file is taken; gives whether it was.
fn exercise(file: &[u8]) -> bool {
    let Ok(snapshot) = Snapshot::from_bytes(file) else { return false };
    let mut seen = snapshot.commit().len();
    for entry in snapshot.iter() {
        seen += format!("{:?}", entry.value()).len() + entry.key().len();
        seen += usize::from(snapshot.get(entry.key()).is_some());
    }
    seen += snapshot.prefix("m.").count() + snapshot.keys().map(str::len).sum::<usize>();
    std::hint::black_box(seen);
    true
}

/// SplitMix64: the same mutations on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

#[test]
fn no_single_byte_can_be_altered_unnoticed() {
    for (name, good) in seeds() {
        assert!(exercise(&good), "{name}");
        let mut file = good.clone();
        for at in 0..good.len() {
            // Each bit and more of every byte, and all values of those in the header.
            let step = if at < HEADER_LEN { 1 } else { 15 };
            for byte in (1..=255u8).step_by(step) {
                file[at] = good[at] ^ byte;
                assert!(!exercise(&file), "{name}: byte {at} ^ {byte:#x} was taken");
            }
            file[at] = good[at];
        }
    }
}

#[test]
fn no_field_leads_out_of_the_file_even_with_the_right_checksum() {
    let mut taken = 0;
    for (_, good) in seeds() {
        let len = good.len() as u64;
        let odd = [
            0,
            1,
            2,
            3,
            127,
            128,
            129,
            255,
            256,
            257,
            0x7fff,
            0x8000,
            0xffff,
            1 << 31,
            u64::from(u32::MAX),
            1 << 32,
            len,
            len - 1,
        ];
        let values = odd.into_iter().chain(odd.map(|value| u64::MAX - value)).chain(odd.map(|value| value << 32 | 1));
        let ends = HEADER_LEN + 32 * 64.min((good.len() - HEADER_LEN) / 32);
        for size in [1, 2, 4, 8] {
            let parts: BTreeSet<Vec<u8>> = values.clone().map(|value| value.to_le_bytes()[..size].to_vec()).collect();
            for (part, at) in parts.iter().flat_map(|part| (0..ends).step_by(size).map(move |at| (part, at))) {
                let mut file = good.clone();
                file[at..at + size].copy_from_slice(part);
                seal(&mut file);
                taken += u32::from(exercise(&file));
            }
        }
    }
    assert!(taken > 0, "some fields may have any value");
}

#[test]
fn a_million_mutations_are_refused_or_read_whole() {
    let (seeds, mut random, mut taken) = (seeds(), Random(1), 0);
    for round in 0..MUTATIONS {
        let mut file = seeds[random.below(seeds.len())].1.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(file.len());
            match random.below(6) {
                0 => file[at] = random.next() as u8,
                1 => file[at] ^= 1 << random.below(8),
                2 => file.truncate(at.max(1)),
                3 => file.extend_from_slice(&random.next().to_le_bytes()),
                4 => {
                    let (from, len) = (random.below(file.len()), random.below(64));
                    let part = file[from..(from + len).min(file.len())].to_vec();
                    let end = (at + part.len()).min(file.len());
                    file[at..end].copy_from_slice(&part[..end - at]);
                }
                // A word of the header or of a slot: where offsets and lengths are.
                _ => {
                    let at = at.min(file.len().saturating_sub(8)) & !3;
                    let word = (random.next() >> random.below(64)) as u32;
                    if let Some(place) = file.get_mut(at..at + 4) {
                        place.copy_from_slice(&word.to_le_bytes());
                    }
                }
            }
        }
        let original = seeds.iter().any(|(_, seed)| *seed == file);
        if round % 4 == 0 {
            assert!(original || !exercise(&file), "round {round}: a wrong checksum was taken");
        } else {
            seal(&mut file);
            taken += u32::from(exercise(&file));
        }
    }
    assert!(taken > 1000, "{taken} taken: the mutations are too wild to reach behind the checks");
}
