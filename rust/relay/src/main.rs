//! The `configrelay` command.

mod args;
mod log;
mod serve;

use args::{Command, USAGE};
use configrelay::bundle::Bundle;
use configrelay::{Problem, check, status};
use std::path::{Path, PathBuf};
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
        Command::Check { paths } => check_paths(&paths),
        Command::Status { out } => show_status(&out),
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

/// Prints what is wrong with the bundles; gives whether nothing is.
fn check_paths(paths: &[PathBuf]) -> Result<bool, String> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)
            .map_err(|error| format!("{}: {error}: give files or directories that can be read", path.display()))?;
    }
    if files.is_empty() {
        return Err("no .yaml, .yml or .json file there: give the files or directories to check".to_owned());
    }
    let problems: Vec<Problem> = files.iter().flat_map(|file| check_file(file)).collect();
    for problem in &problems {
        eprintln!("{problem}");
    }
    println!(
        "{} checked, {} with problems",
        files.len(),
        files.iter().filter(|f| problems.iter().any(|p| p.file == label(f))).count()
    );
    Ok(problems.is_empty())
}

fn check_file(file: &Path) -> Vec<Problem> {
    let name = label(file);
    match std::fs::read(file) {
        Ok(text) => Bundle::parse(&text, &name).map_or_else(|problems| problems, |bundle| check::check(&bundle)),
        Err(error) => vec![Problem::of_file(&name, "io", error.to_string(), "make it readable")],
    }
}

fn label(file: &Path) -> String {
    file.display().to_string()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !std::fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries: Vec<_> = std::fs::read_dir(path)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        if name.starts_with('.') || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() || [".yaml", ".yml", ".json"].iter().any(|suffix| name.ends_with(suffix)) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

fn show_status(out: &Path) -> Result<bool, String> {
    let path = out.join(status::FILE);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}: is this a relay's --out directory?", path.display()))?;
    println!("{text}");
    Ok(true)
}
