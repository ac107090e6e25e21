//! One read of a float, hot and scattered over 10,000 keys, beside the rivals: an in-process swap of a hash map (arc-swap), LMDB
//! (heed, in an open read transaction and in one a read), and mmap-sync, which has no keys: a struct of one float.
//! All but arc-swap can be written by another process. Bars: ours 8 ns hot, 25 ns scattered.

use arc_swap::ArcSwap;
use bytecheck::CheckBytes;
use configedge_bench::{builder, key, memory, scattered, value};
use configedge_snapshot::{Publisher, Reader};
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use heed::types::{Bytes, Str};
use heed::{Database, EnvOpenOptions};
use mmap_sync::synchronizer::Synchronizer;
use rkyv::{Archive, Deserialize, Serialize};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

const KEYS: usize = 10_000;

#[derive(Archive, Deserialize, Serialize)]
#[archive_attr(derive(CheckBytes))]
struct One {
    value: f64,
}

/// Times `read` with one key, then with all in a scattered order.
fn both(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut read: impl FnMut(&str) -> f64) {
    let (keys, order): (Vec<String>, _) = ((0..KEYS).map(key).collect(), scattered(1 << 16, KEYS));
    assert_eq!(read(&keys[7]), value(7));
    group.bench_function(format!("{name}/hot"), |bencher| bencher.iter(|| read(black_box(&keys[7]))));
    let mut at = 0;
    group.bench_function(format!("{name}/scattered"), |bencher| {
        bencher.iter(|| {
            at = (at + 1) & 0xffff;
            read(&keys[order[at]])
        });
    });
}

fn reads(criterion: &mut Criterion) {
    let scratch = tempfile::tempdir_in(memory()).expect("a directory");
    let mut group = criterion.benchmark_group("read");
    group.sample_size(60).measurement_time(Duration::from_secs(3));

    let run = scratch.path().join("run");
    Publisher::open(&run, None).expect("a directory").publish(&builder(KEYS), "").expect("published");
    let mut reader = Reader::open(&run).expect("published");
    both(&mut group, "configedge", |key| reader.snapshot().get(key).and_then(|entry| entry.as_f64()).expect("there"));

    let map = ArcSwap::from_pointee((0..KEYS).map(|number| (key(number), value(number))).collect::<HashMap<_, _>>());
    both(&mut group, "arc-swap + HashMap", |key| map.load()[key]);

    let path = scratch.path().join("lmdb");
    std::fs::create_dir(&path).expect("a directory");
    // SAFETY: nobody else opens or truncates it.
    let env = unsafe { EnvOpenOptions::new().map_size(64 << 20).open(&path) }.expect("an environment");
    let mut write = env.write_txn().expect("a transaction");
    let database: Database<Str, Bytes> = env.create_database(&mut write, None).expect("a database");
    for number in 0..KEYS {
        database.put(&mut write, &key(number), &value(number).to_le_bytes()).expect("stored");
    }
    write.commit().expect("committed");
    let float = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let open = env.read_txn().expect("a transaction");
    both(&mut group, "LMDB, open transaction", |key| float(database.get(&open, key).expect("no error").expect("there")));
    drop(open);
    both(&mut group, "LMDB, a transaction a read", |key| {
        let transaction = env.read_txn().expect("a transaction");
        float(database.get(&transaction, key).expect("no error").expect("there"))
    });

    let path = scratch.path().join("mmap-sync");
    let mut synchronizer = Synchronizer::new(path.as_os_str());
    synchronizer.write(&One { value: value(7) }, Duration::ZERO).expect("written");
    for (name, check) in [("unchecked", false), ("checked", true)] {
        group.bench_function(format!("mmap-sync, one struct, {name}/hot"), |bencher| {
            // SAFETY: nobody writes while it is read.
            bencher.iter(|| unsafe { synchronizer.read::<One>(check) }.expect("written").value);
        });
    }
    group.finish();
}

criterion_group!(benches, reads);
criterion_main!(benches);
