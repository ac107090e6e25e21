//! `configrelay check` and `configrelay status`: what people and pipelines ask, beside the running relay.

use crate::log::printable;
use configrelay::bundle::Bundle;
use configrelay::name::is_bundle_file;
use configrelay::policies::{self, Policies};
use configrelay::{Problem, check, spool, status};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Prints what is wrong with the bundles; gives whether nothing is.
pub(crate) fn check(paths: &[PathBuf], policies: Option<&Path>, as_json: bool) -> Result<bool, String> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)
            .map_err(|error| format!("{}: {error}: give files or directories that can be read", path.display()))?;
    }
    if files.is_empty() {
        return Err("no .yaml, .yml or .json file there: give the files or directories to check".to_owned());
    }
    let mut checker = Checker { given: policies, found: BTreeMap::new(), problems: Vec::new(), warnings: Vec::new() };
    let mut refused = 0;
    for file in &files {
        let before = checker.problems.len();
        checker.check(file)?;
        refused += usize::from(checker.problems.len() > before);
    }
    let Checker { problems, warnings, .. } = checker;
    if as_json {
        println!("{}", json!({"files": files.len(), "problems": problems, "warnings": warnings}));
    } else {
        warnings.iter().for_each(|warning| eprintln!("warning: {}", printable(&warning.to_string())));
        problems.iter().for_each(|problem| eprintln!("{}", printable(&problem.to_string())));
        println!("{} checked, {refused} with problems", files.len());
    }
    Ok(problems.is_empty())
}

struct Checker<'a> {
    given: Option<&'a Path>,
    /// Policies by their directory.
    found: BTreeMap<PathBuf, Policies>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Checker<'_> {
    fn check(&mut self, file: &Path) -> Result<(), String> {
        let name = file.display().to_string();
        let text = match std::fs::read(file) {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(Problem::of_file(&name, "io", error.to_string(), "make it readable"));
                return Ok(());
            }
        };
        let bundle = match Bundle::parse(&text, &name) {
            Ok(bundle) => bundle,
            Err(problems) => {
                self.problems.extend(problems);
                return Ok(());
            }
        };
        let directory = self.given.map(Path::to_owned).or_else(|| policies::find(file));
        let checked = match directory {
            Some(directory) => check::check(&bundle, self.policies(directory)?),
            None => check::check(&bundle, &Policies::default()),
        };
        self.problems.extend(checked.problems);
        self.warnings.extend(checked.warnings);
        Ok(())
    }

    /// Those of the directory; what is wrong with them is told once.
    fn policies(&mut self, directory: PathBuf) -> Result<&Policies, String> {
        if !self.found.contains_key(&directory) {
            let files = spool::read_policies(&directory)
                .map_err(|error| format!("{}: {error}: give a directory of policies", directory.display()))?;
            let policies = Policies::new(files);
            for (file, why) in policies.problems() {
                let file = directory.join(file).display().to_string();
                self.problems.push(Problem::of_file(&file, "policy", why, "a node would refuse what names it"));
            }
            self.found.insert(directory.clone(), policies);
        }
        Ok(&self.found[&directory])
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
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
        let holds_policies = name == policies::DIRECTORY && entry.path().join(policies::MANIFEST).exists();
        if name.starts_with('.') || kind.is_symlink() || holds_policies {
            continue;
        }
        if kind.is_dir() || is_bundle_file(&name) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// Prints what a relay last said of itself; gives whether it serves something.
pub(crate) fn status(out: &Path, as_json: bool) -> Result<bool, String> {
    let path = out.join(status::FILE);
    let fail = |error: String| format!("{}: {error}: is this a relay's --out directory?", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| fail(error.to_string()))?;
    let said: Value = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
    if as_json {
        println!("{}", text.trim_end());
    } else {
        print!("{}", describe(&said));
    }
    Ok(said["generation"].as_u64().is_some_and(|generation| generation > 0))
}

fn describe(said: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let commit = Some(text(&said["commit"])).filter(|commit| !commit.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    let mut lines = vec![
        format!("state       {}", text(&said["state"])),
        format!("generation  {} (commit {commit:.12}, {} keys, {} bytes)", said["generation"], said["keys"], said["bytes"]),
        format!("watch       {}", text(&said["watch"])),
    ];
    if let Some(why) = said["hold"].as_str() {
        lines.push(format!("held        {}", if why.is_empty() { "without a reason" } else { why }));
    }
    let problems = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for bundle in problems(&said["bundles"]) {
        let (namespace, name) = (text(&bundle["namespace"]), text(&bundle["name"]));
        lines.push(format!("bundle      {namespace}/{name}: serves {}", text(&bundle["serving"])));
        lines.extend(problems(&bundle["problems"]).iter().map(|problem| format!("            {}", tell(problem))));
    }
    lines.extend(problems(&said["problems"]).iter().map(|problem| format!("problem     {}", tell(problem))));
    lines.iter().map(|line| format!("{}\n", printable(line))).collect()
}

fn tell(problem: &Value) -> String {
    let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
    format!("{}:{}: {}: {} ({})", text("file"), problem["line"], text("key"), text("message"), text("hint"))
}
