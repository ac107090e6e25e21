//! `changes DIR BYTES`: publishes a snapshot of about that size for each line on its standard input, and prints what that cost, what
//! a reader's first read after it cost (both in us), and the size. `python -m benches.switch` drives it.

use configedge_snapshot::{Builder, Publisher, Reader, Value};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

/// About 128 bytes a key with its slots and its name, every other one a text.
fn of_len(len: usize, number: i64) -> Builder {
    let keys = (len / 128).clamp(1, 10_000);
    let text = "x".repeat(if keys == 1 { 1 } else { 80 });
    let mut builder = Builder::new();
    for at in 0..keys {
        let value = if at % 2 == 0 { Value::I64(number) } else { Value::Str(&text) };
        builder.insert(&format!("m.k{at:05}.value"), value).expect("a fine key");
    }
    builder
}

fn run(path: &Path, len: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut publisher = Publisher::open(path, None)?;
    publisher.publish(&of_len(len, 0), "")?;
    let mut reader = Reader::open(path)?;
    println!("ready");
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        line?;
        let builder = of_len(len, number as i64 + 1);
        let begun = Instant::now();
        publisher.publish(&builder, "")?;
        let published = begun.elapsed();
        let begun = Instant::now();
        let found = reader.snapshot().get("m.k00000.value").and_then(|entry| entry.as_i64());
        let read = begun.elapsed();
        assert_eq!(found, Some(number as i64 + 1));
        let us = |time: std::time::Duration| time.as_nanos() as f64 / 1000.0;
        println!("{:.2} {:.2} {}", us(published), us(read), reader.held().as_bytes().len());
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, len] = &arguments[..] else {
        eprintln!("usage: changes DIR BYTES");
        return ExitCode::from(2);
    };
    match run(Path::new(path), len.parse().unwrap_or(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("changes: {error}");
            ExitCode::FAILURE
        }
    }
}
