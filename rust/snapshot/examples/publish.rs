//! `publish DIR DURABLE TEXT`: publishes one snapshot and says in which of its three states that ended. The tests kill and
//! disturb each of its system calls.

use configedge_snapshot::{Builder, Publisher, Value};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, durable, text] = &arguments[..] else {
        eprintln!("usage: publish DIR DURABLE TEXT");
        return ExitCode::from(2);
    };
    let mut builder = Builder::new();
    builder.insert("text", Value::Str(text)).expect("a fine key");
    let published =
        Publisher::open(Path::new(dir), Some(Path::new(durable))).and_then(|mut publisher| publisher.publish(&builder, ""));
    match published {
        Ok(published) if published.durable.is_ok() => println!("published {}", published.generation),
        Ok(published) => println!("published but not durable {}", published.generation),
        Err(error) => println!("not published: {error}"),
    }
    ExitCode::SUCCESS
}
