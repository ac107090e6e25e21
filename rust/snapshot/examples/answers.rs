//! `answers DIR`: answers the commands on its standard input about a snapshot directory, for the tests that hold the readers in
//! Rust, C and Go side by side: `get KEY`, `wait MILLISECONDS`, `why`, `dump` (all entries in the order of their keys, then an
//! empty line), `reopen`.

use configedge_snapshot::{Entry, Reader, ValueRef};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shown(entry: &Entry<'_>, text_in_hex: bool) -> String {
    let text = |kind: &str, text: &str| format!("{kind} {}", if text_in_hex { hex(text.as_bytes()) } else { text.to_owned() });
    match entry.value() {
        ValueRef::Null => "null null".into(),
        ValueRef::Bool(value) => format!("bool {value}"),
        ValueRef::I64(value) => format!("int {value}"),
        ValueRef::F64(value) => format!("float {:#018x}", value.to_bits()),
        ValueRef::Str(value) => text("string", value),
        ValueRef::Json(value) => text("json", value),
        ValueRef::BigInt(value) => text("big", value),
        ValueRef::Bytes(bytes) => format!("bytes {}", hex(bytes)),
    }
}

fn dumped(entry: &Entry<'_>) -> String {
    let marked = if entry.is_secret() { "secret" } else { "open" };
    format!("{} {} {} {marked}\n", hex(entry.key().as_bytes()), shown(entry, true), entry.changed())
}

fn answer(reader: &mut Reader, command: &str, argument: &str) -> String {
    match command {
        "get" => reader.snapshot().get(argument).map_or("missing".into(), |entry| shown(&entry, false)),
        "wait" => reader.wait(Duration::from_millis(argument.parse().unwrap_or(0))).to_string(),
        "why" => Some(reader.health().last_error).filter(|why| !why.is_empty()).unwrap_or("nothing".into()),
        "dump" => reader.snapshot().iter().map(|entry| dumped(&entry)).collect(),
        _ => format!("there is no command {command}"),
    }
}

fn main() -> ExitCode {
    let path = PathBuf::from(std::env::args().nth(1).unwrap_or_default());
    let mut reader = match Reader::open(&path) {
        Ok(reader) => Some(reader),
        Err(error) => {
            eprintln!("answers: {error}");
            return ExitCode::FAILURE;
        }
    };
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return ExitCode::FAILURE };
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let said = match (&mut reader, command) {
            (_, "reopen") => match Reader::open(&path) {
                Ok(opened) => {
                    reader = Some(opened);
                    "opened".into()
                }
                Err(error) => {
                    reader = None;
                    error.to_string()
                }
            },
            (Some(reader), _) => answer(reader, command, argument),
            (None, _) => "closed".into(),
        };
        println!("{said}");
        if std::io::stdout().flush().is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
