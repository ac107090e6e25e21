//! What a change costs: building and publishing it, and the first read after it (open, map, verify), at three sizes.
//! Bars at 64 KiB: publish 60 us, first read 15 us.

use configedge_bench::{key, memory};
use configedge_snapshot::{Builder, Publisher, Reader, Value};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use std::time::{Duration, Instant};

/// A configuration that makes a file of about `len` bytes: 128 a key with its slots and its name, every other one a text.
fn of_len(len: usize, number: i64) -> Builder {
    let keys = (len / 128).clamp(1, 10_000);
    let text = "x".repeat(if keys == 1 { 1 } else { 70 });
    let mut builder = Builder::new();
    for at in 0..keys {
        let value = if at % 2 == 0 { Value::I64(number) } else { Value::Str(&text) };
        builder.insert(&key(at), value).expect("a fine key");
    }
    builder
}

fn changes(criterion: &mut Criterion) {
    for (name, len) in [("1 key", 1), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)] {
        let scratch = tempfile::tempdir_in(memory()).expect("a directory");
        let run = scratch.path().join("run");
        let mut publisher = Publisher::open(&run, None).expect("a directory");
        publisher.publish(&of_len(len, 0), "").expect("published");
        let mut reader = Reader::open(&run).expect("published");
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(reader.held().as_bytes().len() as u64));
        group.sample_size(50).measurement_time(Duration::from_secs(3));
        let mut number = 0;
        group.bench_function("publish", |bencher| {
            bencher.iter_batched_ref(
                || {
                    number += 1;
                    of_len(len, number)
                },
                |builder| publisher.publish(builder, "").expect("published"),
                BatchSize::PerIteration,
            );
        });
        group.bench_function("first read", |bencher| {
            bencher.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    number += 1;
                    publisher.publish(&of_len(len, number), "").expect("published");
                    let began = Instant::now();
                    std::hint::black_box(reader.snapshot().get("matchmaking.key_00000.value"));
                    spent += began.elapsed();
                }
                spent
            });
        });
        group.finish();
    }
}

criterion_group!(benches, changes);
criterion_main!(benches);
