//! The `configrelay` command.

#![deny(unsafe_code)]

mod args;
mod commands;
mod footprint;
mod http;
mod log;
mod metrics;
mod sandbox;
mod serve;

use args::{Command, USAGE};
use std::process::ExitCode;

/// Something given was refused.
const REFUSED: u8 = 1;
/// The relay cannot run at all.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let command = match args::parse() {
        Ok(command) => command,
        Err(error) => {
            eprintln!("configrelay: {error}\n\n{USAGE}");
            return ExitCode::from(UNUSABLE);
        }
    };
    let done = match command {
        Command::Help => {
            print!("{USAGE}");
            Ok(true)
        }
        Command::Version => {
            println!("configrelay {}", env!("CARGO_PKG_VERSION"));
            Ok(true)
        }
        Command::Check { paths, policies, json } => commands::check(&paths, policies.as_deref(), json),
        Command::Status { out, json } => commands::status(&out, json),
        Command::Serve(options) => serve::serve(options),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(REFUSED),
        Err(error) => {
            eprintln!("configrelay: {error}");
            ExitCode::from(UNUSABLE)
        }
    }
}
