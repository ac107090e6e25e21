//! Readers that verify every word while writers are killed at random: nothing torn, mixed, or older than before.
//!
//! Real processes: this program starts itself as one writer after another (each killed with SIGKILL at a random moment) and as two
//! readers. A short run on every build; `make soak` until a billion words were read over 5,000 publishes. Then a writer that
//! writes in place, which must be found out, or the readers would prove nothing.

use configedge_snapshot::{Builder, Publisher, Reader, Snapshot, Value, ValueRef};
use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio, exit};
use std::time::{Duration, Instant};

const KEYS: usize = 500;
const READERS: usize = 2;

fn main() {
    let argument = |name: &str| env::var(name).ok();
    match argument("SOAK_ROLE").as_deref() {
        Some("writer") => write(&directory()),
        Some("writer in place") => write_in_place(&directory()),
        Some("reader") => read(&directory()),
        _ => {
            let words = argument("SOAK_WORDS").map_or(20_000_000, |text| text.parse().expect("SOAK_WORDS is a number"));
            let publishes = argument("SOAK_PUBLISHES").map_or(200, |text| text.parse().expect("SOAK_PUBLISHES is a number"));
            println!("\nrunning 2 tests");
            soak(words, publishes);
            control();
            println!("\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
        }
    }
}

fn directory() -> PathBuf {
    env::var_os("SOAK_DIR").expect("given by the parent").into()
}

fn start(role: &str, dir: &Path) -> Child {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env("SOAK_ROLE", role).env("SOAK_DIR", dir).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("started")
}

fn in_memory() -> tempfile::TempDir {
    let shm = Path::new("/dev/shm");
    let scratch = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() };
    scratch.expect("a scratch directory")
}

/// Publishes until it is killed: every key has the generation's number, and sizes vary so that files do.
fn write(dir: &Path) {
    let mut publisher = Publisher::open(dir, None).expect("the directory of the one before");
    let pad = "x".repeat(60_000);
    loop {
        let number = publisher.generation() + 1;
        publisher
            .publish(&numbered(number, &pad[..(number as usize * 7919) % pad.len()]), &format!("{number:040x}"))
            .expect("published");
    }
}

fn numbered(number: u64, pad: &str) -> Builder {
    let mut builder = Builder::new();
    for key in 0..KEYS {
        builder.insert(&format!("k{key}"), Value::I64(number as i64)).expect("a fine key");
    }
    builder.insert("pad", Value::Str(pad)).expect("a fine key");
    builder
}

/// The negative control: alters the values of the announced file where they lie.
fn write_in_place(dir: &Path) {
    let newest = fs::read_dir(dir).expect("a directory").filter_map(|entry| Some(entry.ok()?.path()));
    let newest = newest.filter(|path| path.to_string_lossy().contains("/g-")).max().expect("a snapshot");
    fs::set_permissions(&newest, fs::Permissions::from_mode(0o644)).expect("our own file");
    let file = fs::OpenOptions::new().read(true).write(true).open(&newest).expect("our own file");
    let mut slots = vec![0; fs::metadata(&newest).expect("there").len() as usize - 128];
    file.read_exact_at(&mut slots, 128).expect("a whole file");
    for number in 1_000_000u64.. {
        for (at, slot) in slots.chunks_exact(32).enumerate().take(2 * KEYS) {
            // The type of an integer, and not an empty slot.
            if slot[14] == 2 && slot[..8] != [0; 8] {
                file.write_at(&number.to_le_bytes(), 128 + at as u64 * 32 + 16).expect("written");
            }
        }
    }
}

/// Verifies until its input closes, then tells what it did; ends with 1 at the first bad word.
fn read(dir: &Path) {
    let done = std::thread::spawn(|| std::io::stdin().read_line(&mut String::new()));
    let mut reader = Reader::open(dir).expect("published before");
    let (mut words, mut switches) = (0u64, 0u64);
    let mut held = reader.snapshot().clone();
    let mut last = verify(&held, 0, &mut words);
    while !done.is_finished() {
        let next = reader.snapshot().clone();
        if next.generation() != held.generation() {
            switches += 1;
            // What was held is as it was, now that it is replaced and swept.
            verify(&held, last, &mut words);
        }
        last = verify(&next, last, &mut words);
        held = next;
    }
    let failures = reader.health().failures;
    println!("{words} {switches} {failures}");
    let _ = std::io::stdout().flush();
}

/// All words say the same number, which is `last` or above; gives it.
fn verify(snapshot: &Snapshot, last: u64, words: &mut u64) -> u64 {
    let mut number = None;
    for entry in snapshot.iter() {
        if let ValueRef::I64(value) = entry.value() {
            *words += 1;
            if *number.get_or_insert(value) != value {
                bad(&format!("mixed: {value} and {number:?} in generation {}", snapshot.generation()));
            }
        }
    }
    let number = number.map_or(0, |number| number as u64);
    if number < last || snapshot.generation() != number || snapshot.commit() != format!("{number:040x}") {
        bad(&format!("{number} after {last}, in generation {} of {}", snapshot.generation(), snapshot.commit()));
    }
    number
}

fn bad(why: &str) -> ! {
    println!("BAD {why}");
    let _ = std::io::stdout().flush();
    exit(1)
}

fn finish(mut reader: Child) -> Output {
    drop(reader.stdin.take());
    reader.wait_with_output().expect("its output")
}

fn soak(least_words: u64, least_publishes: u64) {
    let scratch = in_memory();
    let dir = scratch.path().join("run");
    Publisher::open(&dir, None).and_then(|mut first| first.publish(&numbered(1, ""), &format!("{:040x}", 1))).expect("published");
    let began = Instant::now();
    let (mut words, mut switches, mut kills, mut random) = (0, 0, 0, 0x2545_f491_4f6c_dd1du64);
    let mut published = 0;
    while words < least_words || published < least_publishes {
        let readers: Vec<Child> = (0..READERS).map(|_| start("reader", &dir)).collect();
        let round = Instant::now();
        while round.elapsed() < Duration::from_secs(2) {
            let mut writer = start("writer", &dir);
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            std::thread::sleep(Duration::from_micros(1_000 + random % 60_000));
            writer.kill().expect("killed");
            writer.wait().expect("gone");
            kills += 1;
        }
        for reader in readers {
            let output = finish(reader);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "a reader ended with {}: {said}", output.status);
            let counts: Vec<u64> = said.split_whitespace().map(|count| count.parse().expect("a count")).collect();
            words += counts[0];
            switches += counts[1];
            assert_eq!(counts[2], 0, "switches that failed");
        }
        published = Publisher::open(&dir, None).expect("nobody writes").generation();
    }
    println!(
        "soak: {words} words verified, {switches} switches, {published} publishes, {kills} writers killed, 0 torn, 0 mixed, 0 backwards, in {:.0} s",
        began.elapsed().as_secs_f64()
    );
}

fn control() {
    let scratch = in_memory();
    let dir = scratch.path().join("run");
    // Large enough to be mapped: a reader has its own copy of a small one.
    let one = numbered(1, &"x".repeat(60_000));
    Publisher::open(&dir, None).and_then(|mut first| first.publish(&one, &format!("{:040x}", 1))).expect("published");
    let reader = start("reader", &dir);
    std::thread::sleep(Duration::from_millis(200));
    let mut writer = start("writer in place", &dir);
    std::thread::sleep(Duration::from_millis(500));
    let output = finish(reader);
    writer.kill().expect("killed");
    writer.wait().expect("gone");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("BAD"), "an in-place writer was not found out: {said}");
    println!("control: an in-place writer is found out: {}", said.trim());
}
