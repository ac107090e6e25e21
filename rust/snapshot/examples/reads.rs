//! `reads DIR`: prints what one read of a float costs, in ns: of one key again and again, and of all in a scattered order. The
//! C and the Go reader have the same program; `python -m benches.readers` runs them in turn.

use configedge_snapshot::Reader;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

const READS: usize = 1 << 20;

fn ns(reader: &mut Reader, keys: &[String]) -> f64 {
    let begun = Instant::now();
    let mut sum = 0.0;
    for key in keys.iter().cycle().take(READS) {
        sum += reader.snapshot().get(black_box(key)).and_then(|entry| entry.as_f64()).unwrap_or(f64::NAN);
    }
    black_box(sum);
    begun.elapsed().as_nanos() as f64 / READS as f64
}

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: reads DIR");
        return ExitCode::from(2);
    };
    let mut reader = match Reader::open(Path::new(&path)) {
        Ok(reader) => reader,
        Err(error) => {
            eprintln!("reads: {error}");
            return ExitCode::from(2);
        }
    };
    let entries = reader.snapshot().iter().filter(|entry| entry.as_f64().is_some());
    let mut keys: Vec<String> = entries.map(|entry| entry.key().to_owned()).collect();
    // A stride that is prime to the number of keys visits them all, far apart.
    let stride = (1..).map(|at| keys.len() / 2 + at).find(|stride| gcd(*stride, keys.len()) == 1).unwrap_or(1);
    keys = (0..keys.len()).map(|at| keys[at * stride % keys.len()].clone()).collect();
    println!("{:.2} {:.2}", ns(&mut reader, &keys[..1]), ns(&mut reader, &keys));
    ExitCode::SUCCESS
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
