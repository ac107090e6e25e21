//! What a writer and its readers see of each other through a directory.

use configedge_snapshot::{
    BuildError, Builder, PublishError, Publisher, ReadError, Reader, Snapshot, Value, ValueRef, WriterState,
};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

fn builder(entries: &[(&str, Value<'_>)]) -> Builder {
    let mut builder = Builder::new();
    for (key, value) in entries {
        builder.insert(key, *value).expect("a fine key");
    }
    builder
}

fn one(value: i64) -> Builder {
    builder(&[("a.b", Value::I64(value))])
}

fn read(reader: &mut Reader) -> i64 {
    match reader.snapshot().get("a.b").map(|entry| entry.value()) {
        Some(ValueRef::I64(value)) => value,
        other => panic!("expected an integer, found {other:?}"),
    }
}

struct Rig {
    _scratch: TempDir,
    dir: PathBuf,
    durable: PathBuf,
}

impl Rig {
    fn new() -> Self {
        let scratch = tempfile::tempdir().expect("a scratch directory");
        Self { dir: scratch.path().join("run"), durable: scratch.path().join("disk/last-good"), _scratch: scratch }
    }

    fn publisher(&self) -> Publisher {
        Publisher::open(&self.dir, Some(&self.durable)).expect("a fresh directory")
    }

    fn file(&self, generation: u64) -> PathBuf {
        self.dir.join(format!("g-{generation:016x}"))
    }
}

/// Replaces a published file by other bytes, as a buggy writer would: a new inode under the same name.
fn replace(path: &Path, bytes: &[u8]) {
    let other = path.with_extension("other");
    fs::write(&other, bytes).expect("a writable directory");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o444)).expect("our own file");
    fs::rename(&other, path).expect("the same directory");
}

#[test]
fn a_publish_is_seen_by_readers_that_were_there_before() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    assert_eq!(read(&mut reader), 1);
    let published = publisher.publish(&one(2), &"ab".repeat(20)).expect("published");
    assert_eq!((read(&mut reader), reader.held().generation()), (2, published.generation));
    assert_eq!(reader.held().commit(), "ab".repeat(20));
}

#[test]
fn a_held_snapshot_never_changes() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    let held = reader.snapshot().clone();
    for value in 2..50 {
        publisher.publish(&one(value), "").expect("published");
    }
    assert_eq!(held.get("a.b").map(|entry| entry.value()), Some(ValueRef::I64(1)));
    assert_eq!(read(&mut reader), 49);
}

#[test]
fn a_key_keeps_the_generation_in_which_its_value_changed() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&builder(&[("a", Value::Str("x")), ("b", Value::I64(1))]), "").expect("published");
    publisher.publish(&builder(&[("a", Value::Str("x")), ("b", Value::I64(2))]), "").expect("published");
    publisher.publish(&builder(&[("a", Value::Str("x")), ("b", Value::F64(2.0))]), "").expect("published");
    let last = publisher.last().expect("published");
    let changed = |key| last.get(key).map(|entry| entry.changed());
    assert_eq!((changed("a"), changed("b")), (Some(1), Some(3)));
}

#[test]
fn a_key_may_change_from_any_type_to_any_other() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    let big = "9".repeat(40);
    let far = Value::I64(i64::MAX);
    let values =
        [Value::Null, Value::Bool(true), far, Value::F64(-1.5), Value::Str("text"), Value::Bytes(b"\xff"), Value::BigInt(&big)];
    for (from, to) in values.iter().flat_map(|from| values.iter().map(move |to| (from, to))) {
        publisher.publish(&builder(&[("a", *from)]), "").expect("published");
        let before = publisher.generation();
        publisher.publish(&builder(&[("a", *to)]), "").expect("published");
        let last = publisher.last().expect("published");
        let entry = last.get("a").expect("there");
        let same = std::mem::discriminant(from) == std::mem::discriminant(to);
        assert_eq!(entry.changed() <= before, same, "{from:?} -> {to:?}");
    }
}

#[test]
fn a_generation_that_goes_back_is_refused() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    publisher.publish(&one(2), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    // What a writer of some other making might do: announce an older file that is still there.
    let page = fs::OpenOptions::new().write(true).open(rig.dir.join("current")).expect("our own file");
    std::os::unix::fs::FileExt::write_at(&page, &1u64.to_le_bytes(), 64).expect("written");
    assert_eq!(read(&mut reader), 2);
    assert!(reader.health().last_error.contains("generation 1 was announced after 2"), "{:?}", reader.health());
    drop(publisher);
    rig.publisher().publish(&one(3), "").expect("published");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(read(&mut reader), 3);
}

#[test]
fn a_directory_that_was_emptied_under_its_writer_is_taken_over_again() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    for name in ["current", "g-0000000000000001"] {
        fs::remove_file(rig.dir.join(name)).expect("somebody cleans up, all but the lock");
    }
    assert!(publisher.is_lost());
    publisher.reopen().expect("its own lock is in nobody's way");
    publisher.publish(&one(2), "").expect("published");
    std::thread::sleep(Duration::from_millis(15));
    assert_eq!(read(&mut reader), 2);
    assert_eq!(read(&mut Reader::open(&rig.dir).expect("a newcomer")), 2);
    assert!(matches!(Publisher::open(&rig.dir, None), Err(PublishError::Locked(_))), "and still locked");
}

#[test]
fn what_a_dead_writer_never_announced_is_deleted_and_not_kept_instead_of_what_it_did() {
    let rig = Rig::new();
    rig.publisher().publish(&one(1), "").expect("published");
    fs::copy(rig.file(1), rig.file(2)).expect("killed between rename and announcement");
    let mut publisher = rig.publisher();
    assert!(!rig.file(2).exists() && rig.file(1).exists());
    assert_eq!(publisher.publish(&one(3), "").expect("published").generation, 3);
}

#[test]
fn a_writer_says_how_it_is() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    assert_eq!(reader.health().writer.state, WriterState::Running);
    publisher.set_stale(true);
    assert_eq!(reader.health().writer.state, WriterState::Stale);
    publisher.set_stale(false);
    assert_eq!(reader.health().writer.state, WriterState::Running);
    drop(publisher);
    assert_eq!(reader.health().writer.state, WriterState::Stopped);
    let _publisher = rig.publisher();
    assert_eq!(reader.health().writer.state, WriterState::Running);
}

#[test]
fn what_is_secret_is_marked_with_what_is_around_and_below_it() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    let entries = [("m", Value::Null), ("m.db", Value::Null), ("m.db.password", Value::Null), ("m.db.password.x", Value::Null)];
    let mut secret = builder(&[&entries[..], &[("m.dbx", Value::Null), ("n", Value::Null)]].concat());
    publisher.publish(&secret, "").expect("published");
    secret.secret("m.db.password");
    assert!(!secret.matches(&publisher.last().expect("published")), "another mark is another snapshot");
    publisher.publish(&secret, "").expect("published");
    let last = publisher.last().expect("published");
    let marked: Vec<_> = last.iter().filter(|entry| entry.is_secret()).map(|entry| entry.key().to_owned()).collect();
    assert_eq!(marked, ["m", "m.db", "m.db.password", "m.db.password.x"]);
    assert!(secret.matches(&last));
}

#[test]
fn a_control_page_with_holes_is_not_mapped() {
    let rig = Rig::new();
    fs::create_dir(&rig.dir).expect("a directory");
    let page = fs::File::create(rig.dir.join("current")).expect("a file");
    page.set_len(4096).expect("a hole");
    let error = Reader::open(&rig.dir).expect_err("a hole").to_string();
    assert!(error.contains("sparse"), "{error}");
}

#[test]
fn a_truncated_or_altered_file_is_refused_and_the_old_snapshot_stays() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    publisher.publish(&one(2), "").expect("published");
    let good = fs::read(rig.file(2)).expect("the newest file");
    let mut altered = good.clone();
    altered[good.len() / 2] ^= 1;
    for bad in [&good[..good.len() - 1], &altered, b"", b"short"] {
        replace(&rig.file(2), bad);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(read(&mut reader), 1);
    }
    let health = reader.health();
    assert!(health.failures > 0 && !health.last_error.is_empty(), "{health:?}");
    publisher.publish(&one(3), "").expect("published");
    // A failed switch is not tried again at once.
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(read(&mut reader), 3);
    assert_eq!(reader.health().last_error, "");
}

#[test]
fn no_single_byte_can_be_altered_unnoticed() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    let entries = [("a", Value::Str("text")), ("a.b", Value::I64(-1)), ("c", Value::F64(0.5)), ("d", Value::Bytes(&[0xff, 0]))];
    publisher.publish(&builder(&entries), &"0f".repeat(32)).expect("published");
    let good = fs::read(rig.file(1)).expect("the file");
    let path = rig.dir.join("altered");
    for at in 0..good.len() {
        for bit in [0x01, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            // The minor version is for what older readers may ignore, but the checksum covers it too.
            replace(&path, &bad);
            assert!(Snapshot::open(&path).is_err(), "byte {at} ^ {bit:#x}");
        }
    }
}

#[test]
fn hostile_files_in_place_of_a_snapshot_are_refused() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let good = fs::read(rig.file(1)).expect("the file");
    let at = |name: &str| rig.dir.join(name);

    symlink(rig.file(1), at("link")).expect("a link");
    assert!(Snapshot::open(&at("link")).is_err());

    rustix::fs::mknodat(rustix::fs::CWD, at("fifo"), rustix::fs::FileType::Fifo, 0o444.into(), 0).expect("a FIFO");
    assert!(Snapshot::open(&at("fifo")).expect_err("a FIFO").to_string().contains("regular file"));

    fs::write(at("writable"), &good).expect("a file");
    fs::set_permissions(at("writable"), fs::Permissions::from_mode(0o666)).expect("our own file");
    assert!(Snapshot::open(&at("writable")).expect_err("group-writable").to_string().contains("writable by group"));

    let sparse = fs::File::create(at("sparse")).expect("a file");
    sparse.set_len(1 << 20).expect("a hole");
    assert!(Snapshot::open(&at("sparse")).expect_err("a hole").to_string().contains("sparse"));
    sparse.set_len(64 << 20).expect("a larger hole");
    assert!(Snapshot::open(&at("sparse")).expect_err("too large").to_string().contains("bytes long"));
    assert!(Snapshot::open(&rig.dir).is_err());
}

#[test]
fn a_restarted_writer_goes_on_where_the_dead_one_stopped() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    publisher.publish(&one(2), "").expect("published");
    let instance = publisher.instance();
    let mut reader = Reader::open(&rig.dir).expect("attached");
    drop(publisher);
    // What a kill between write, rename and announcement leaves behind.
    fs::write(rig.dir.join(".tmp-0000000000000003"), "half").expect("a leftover");
    fs::copy(rig.file(2), rig.file(3)).expect("an unannounced file");

    let mut publisher = rig.publisher();
    assert_eq!(publisher.instance(), instance);
    assert_eq!(publisher.last().expect("still served").generation(), 2);
    assert_eq!(read(&mut reader), 2);
    assert_eq!(publisher.publish(&one(4), "").expect("published").generation, 4);
    assert_eq!(read(&mut reader), 4);
    assert!(!rig.dir.join(".tmp-0000000000000003").exists());
}

/// What a clean-up, a restored backup or a bad disk makes of a published file.
const LOSSES: [fn(&Path); 4] = [
    |file| fs::remove_file(file).expect("deleted"),
    |file| fs::rename(file, file.with_extension("moved")).expect("moved"),
    |file| replace(file, b"another"),
    |file| {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).expect("our own file");
        fs::write(file, b"damaged").expect("writable");
    },
];

#[test]
fn a_published_file_that_is_lost_is_published_again_by_its_running_writer() {
    for (number, lose) in LOSSES.iter().enumerate() {
        let rig = Rig::new();
        drop(rig.publisher());
        // Without a durable copy while another one may be had: of what is damaged in place nothing else is left.
        let durable = (number == 3).then_some(rig.durable.as_path());
        let mut publisher = Publisher::open(&rig.dir, durable).expect("the same directory");
        publisher.publish(&one(1), "").expect("published");
        publisher.publish(&one(2), "").expect("published");
        drop(publisher);
        let mut publisher = Publisher::open(&rig.dir, durable).expect("a writer that has published nothing itself");
        let mut reader = Reader::open(&rig.dir).expect("attached");
        assert!(!publisher.is_lost(), "{number}");
        lose(&rig.file(2));
        assert!(publisher.is_lost(), "{number}");
        publisher.reopen().expect("repaired");
        assert!(!publisher.is_lost() && publisher.generation() == 3, "{number}");
        assert_eq!(read(&mut reader), 2, "{number}");
        assert_eq!(read(&mut Reader::open(&rig.dir).expect("a newcomer")), 2, "{number}");
        assert_eq!(publisher.publish(&one(4), "").expect("published").generation, 4);
        assert_eq!(read(&mut reader), 4, "{number}");
    }
}

#[test]
fn what_is_served_is_known_even_where_its_file_has_no_name() {
    let rig = Rig::new();
    rig.publisher().publish(&one(1), "").expect("published");
    let publisher = Publisher::open(&rig.dir, None).expect("the same directory");
    fs::remove_file(rig.file(1)).expect("deleted");
    assert_eq!(publisher.last().expect("still mapped by readers").generation(), 1);
}

#[test]
fn a_file_that_was_only_touched_is_not_published_again() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let file = fs::File::open(rig.file(1)).expect("readable");
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("our own file");
    assert!(publisher.is_lost());
    publisher.reopen().expect("looked at");
    assert!(!publisher.is_lost() && publisher.generation() == 1);
}

#[test]
fn a_file_of_which_nothing_good_is_left_is_given_up_once() {
    let rig = Rig::new();
    Publisher::open(&rig.dir, None).expect("a directory").publish(&one(1), "").expect("published");
    let mut publisher = Publisher::open(&rig.dir, None).expect("the same directory");
    LOSSES[3](&rig.file(1));
    assert!(publisher.is_lost() && publisher.last().is_none());
    publisher.reopen().expect("there is nothing to do");
    assert!(!publisher.is_lost());
    assert_eq!(publisher.publish(&one(2), "").expect("published").generation, 2);
}

#[test]
fn a_lost_file_is_tried_again_until_it_can_be_published() {
    let rig = Rig::new();
    Publisher::open(&rig.dir, None).expect("a directory").publish(&one(1), "").expect("published");
    let mut publisher = Publisher::open(&rig.dir, None).expect("the same directory");
    fs::remove_file(rig.file(1)).expect("deleted");
    fs::create_dir(rig.file(2)).expect("in the way");
    assert!(publisher.reopen().is_err() && publisher.is_lost());
    assert_eq!(publisher.last().expect("still served").generation(), 1);
    fs::remove_dir(rig.file(2)).expect("empty");
    publisher.reopen().expect("repaired");
    assert_eq!(read(&mut Reader::open(&rig.dir).expect("a newcomer")), 1);
}

#[test]
fn a_damaged_file_gives_way_to_the_newest_of_what_is_good() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    publisher.publish(&one(2), "").expect("published");
    drop(publisher);
    LOSSES[3](&rig.file(2));
    let publisher = rig.publisher();
    assert_eq!(read(&mut Reader::open(&rig.dir).expect("attached")), 2, "the durable copy, not the older file beside it");
    drop(publisher);
    fs::remove_file(&rig.durable).expect("deleted");
    LOSSES[3](&rig.file(3));
    let _publisher = rig.publisher();
    assert_eq!(read(&mut Reader::open(&rig.dir).expect("attached")), 1, "else the older file");
}

#[test]
fn after_a_reboot_the_durable_copy_is_served_under_a_higher_generation() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    assert!(publisher.publish(&one(7), "").expect("published").durable.is_ok());
    drop(publisher);
    fs::remove_dir_all(&rig.dir).expect("a tmpfs after a reboot");

    let publisher = rig.publisher();
    let mut reader = Reader::open(&rig.dir).expect("attached");
    assert_eq!(read(&mut reader), 7);
    assert!(publisher.generation() > 2);
}

#[test]
fn a_durable_copy_that_cannot_be_written_is_reported_and_the_publish_still_counts() {
    let rig = Rig::new();
    fs::write(rig.dir.parent().expect("a parent").join("disk"), "in the way").expect("a file");
    let mut publisher = rig.publisher();
    let published = publisher.publish(&one(1), "").expect("published");
    assert!(published.durable.is_err());
    assert_eq!(read(&mut Reader::open(&rig.dir).expect("attached")), 1);
}

#[test]
fn readers_follow_when_the_directory_is_deleted_and_made_again() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    fs::remove_dir_all(&rig.dir).expect("somebody cleans up");
    assert!(publisher.is_lost());
    assert_eq!(read(&mut reader), 1);
    publisher.reopen().expect("made again");
    let published = publisher.publish(&one(2), "").expect("published");
    assert!(published.generation > 1);
    std::thread::sleep(Duration::from_millis(15));
    assert_eq!(read(&mut reader), 2);
}

#[test]
fn readers_follow_a_new_writer_in_a_new_directory_at_the_same_path() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    drop(publisher);
    fs::remove_dir_all(&rig.dir).expect("somebody cleans up");
    let mut publisher = Publisher::open(&rig.dir, None).expect("a fresh directory");
    publisher.publish(&one(2), "").expect("published");
    reader.health();
    assert_eq!(read(&mut reader), 2);
}

#[test]
fn a_second_writer_is_turned_away() {
    let rig = Rig::new();
    let first = rig.publisher();
    assert!(matches!(Publisher::open(&rig.dir, None), Err(PublishError::Locked(_))));
    drop(first);
    assert!(Publisher::open(&rig.dir, None).is_ok());
}

#[test]
fn only_files_that_a_reader_may_be_on_its_way_to_are_kept() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    let large = "x".repeat(8 << 20);
    for value in 0..12 {
        publisher.publish(&builder(&[("n", Value::I64(value)), ("t", Value::Str(&large))]), "").expect("published");
    }
    let files = fs::read_dir(&rig.dir).expect("a directory").filter_map(|e| e.ok()?.file_name().into_string().ok());
    let kept = files.filter(|name| name.starts_with("g-")).count();
    assert!((4..=9).contains(&kept), "{kept} files of 8 MiB");
}

#[test]
fn a_waiting_reader_wakes_with_the_publish() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    let mut reader = Reader::open(&rig.dir).expect("attached");
    assert!(!reader.wait(Duration::from_millis(1)));
    let waiter = std::thread::spawn(move || {
        let woken = (0..10).any(|_| reader.wait(Duration::from_secs(1)));
        (woken, read(&mut reader))
    });
    std::thread::sleep(Duration::from_millis(20));
    publisher.publish(&one(2), "").expect("published");
    assert_eq!(waiter.join().expect("no panic"), (true, 2));
}

#[test]
fn what_is_wrong_with_a_directory_is_said() {
    let rig = Rig::new();
    assert!(matches!(Reader::open(&rig.dir), Err(ReadError::Missing(_))));
    let publisher = rig.publisher();
    assert!(matches!(Reader::open(&rig.dir), Err(ReadError::Empty(_))));
    drop(publisher);
    fs::set_permissions(&rig.dir, fs::Permissions::from_mode(0o777)).expect("our own directory");
    let error = Reader::open(&rig.dir).expect_err("anybody could publish").to_string();
    assert!(error.contains("chmod go-w"), "{error}");
    // A writer that owns the directory puts that right.
    rig.publisher().publish(&one(1), "").expect("published");
    assert!(Reader::open(&rig.dir).is_ok());
}

#[test]
fn a_directory_that_all_users_share_is_neither_used_nor_changed() {
    let rig = Rig::new();
    fs::create_dir(&rig.dir).expect("a directory");
    fs::set_permissions(&rig.dir, fs::Permissions::from_mode(0o1777)).expect("our own directory");
    let error = Publisher::open(&rig.dir, None).expect_err("shared, as /tmp is").to_string();
    assert!(error.contains("directory of its own"), "{error}");
    assert_eq!(fs::metadata(&rig.dir).expect("still there").permissions().mode() & 0o7777, 0o1777);
}

#[test]
fn keys_and_commits_that_do_not_fit_are_refused_and_nothing_is_published() {
    let rig = Rig::new();
    let mut publisher = rig.publisher();
    publisher.publish(&one(1), "").expect("published");
    assert!(matches!(Builder::new().insert(&"k".repeat(257), Value::Null), Err(BuildError::KeyLength(..))));
    let twice = builder(&[("a", Value::Null), ("b", Value::Null), ("a", Value::Bool(true))]);
    let error = publisher.publish(&twice, "").expect_err("given twice");
    assert!(error.to_string().contains("\"a\""), "{error}");
    assert!(publisher.publish(&one(2), "not hex").is_err());
    let huge = "x".repeat(16 << 20);
    assert!(publisher.publish(&builder(&[("a", Value::Str(&huge))]), "").is_err());
    assert_eq!(publisher.last().expect("still served").generation(), 1);
}
