//! `wat IN.wat OUT.wasm ...`: compiles modules that are written as text, in pairs. For tests, and for trying a policy by hand.

use std::process::ExitCode;

fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() || !paths.len().is_multiple_of(2) {
        eprintln!("usage: wat IN.wat OUT.wasm [IN.wat OUT.wasm ...]");
        return ExitCode::from(2);
    }
    for pair in paths.chunks(2) {
        let compiled = wat::parse_file(&pair[0]).map_err(|error| error.to_string());
        let written = compiled.and_then(|wasm| std::fs::write(&pair[1], wasm).map_err(|error| format!("{}: {error}", pair[1])));
        if let Err(error) = written {
            eprintln!("wat: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
