//! The format's one primitive: wyhash (final version 4, public domain, Wang Yi), used for keys and for the checksum.
//!
//! Chosen because a second implementation is forty lines in C or Go, and because it costs what XXH3 costs on a 30-byte key.

const SECRET: [u64; 4] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3, 0x5899_65cc_7537_4cc3];

#[inline(always)]
fn multiply(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    (product as u64, (product >> 64) as u64)
}

#[inline(always)]
fn mix(a: u64, b: u64) -> u64 {
    let (low, high) = multiply(a, b);
    low ^ high
}

#[inline(always)]
fn read8(data: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(*data[at..].first_chunk().expect("eight bytes left"))
}

#[inline(always)]
fn read4(data: &[u8], at: usize) -> u64 {
    u64::from(u32::from_le_bytes(*data[at..].first_chunk().expect("four bytes left")))
}

/// A seed after the first step, which does not depend on the data: done once for all keys of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ mix(seed ^ SECRET[0], SECRET[1]))
    }
}

/// wyhash final 4 of `data` under `seed`.
#[inline]
pub fn wyhash(data: &[u8], seed: u64) -> u64 {
    finish(data, Seed::new(seed))
}

#[inline(always)]
fn finish(data: &[u8], Seed(mut seed): Seed) -> u64 {
    let length = data.len();
    let (a, b) = if length > 16 {
        let mut rest = data;
        if rest.len() > 48 {
            let (mut lane1, mut lane2) = (seed, seed);
            while rest.len() > 48 {
                seed = mix(read8(rest, 0) ^ SECRET[1], read8(rest, 8) ^ seed);
                lane1 = mix(read8(rest, 16) ^ SECRET[2], read8(rest, 24) ^ lane1);
                lane2 = mix(read8(rest, 32) ^ SECRET[3], read8(rest, 40) ^ lane2);
                rest = &rest[48..];
            }
            seed ^= lane1 ^ lane2;
        }
        while rest.len() > 16 {
            seed = mix(read8(rest, 0) ^ SECRET[1], read8(rest, 8) ^ seed);
            rest = &rest[16..];
        }
        (read8(data, length - 16), read8(data, length - 8))
    } else if length >= 4 {
        let step = (length >> 3) << 2;
        (read4(data, 0) << 32 | read4(data, step), read4(data, length - 4) << 32 | read4(data, length - 4 - step))
    } else if length > 0 {
        (u64::from(data[0]) << 16 | u64::from(data[length >> 1]) << 8 | u64::from(data[length - 1]), 0)
    } else {
        (0, 0)
    };
    let (low, high) = multiply(a ^ SECRET[1], b ^ seed);
    mix(low ^ SECRET[0] ^ length as u64, high ^ SECRET[1])
}

/// The hash a slot stores for `key`: never 0, because 0 marks an empty slot.
#[inline(always)]
pub(crate) fn key_hash(key: &[u8], seed: Seed) -> u64 {
    finish(key, seed).max(1)
}

#[cfg(test)]
mod tests {
    use super::wyhash;

    #[test]
    fn agrees_with_the_published_vectors_of_wyhash_final_4() {
        let digits = "1234567890".repeat(8);
        let vectors: [(&str, u64); 7] = [
            ("", 0x0409_638e_e2bd_e459),
            ("a", 0xa841_2d09_1b5f_e0a9),
            ("abc", 0x32dd_92e4_b291_5153),
            ("message digest", 0x8619_1240_89a3_a16b),
            ("abcdefghijklmnopqrstuvwxyz", 0x7a43_afb6_1d7f_5f40),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 0xff42_329b_90e5_0d58),
            (&digits, 0xc39c_ab13_b115_aad3),
        ];
        for (seed, (text, expected)) in vectors.into_iter().enumerate() {
            assert_eq!(wyhash(text.as_bytes(), seed as u64), expected, "{text:?}");
        }
    }
}
