//! The policies that arrive with the configuration: modules in `policies/`, pinned by digest in `policies/manifest.yaml`.

use crate::bundle::{API_VERSION, parse_document};
use crate::name::is_name;
use crate::node::Node;
use crate::policy::{MAX_MODULE_LEN, Policy};
use crate::problem::nearest;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The directory beside the bundles.
pub const DIRECTORY: &str = "policies";
/// The file in it that says which modules there are, and by which digest.
pub const MANIFEST: &str = "manifest.yaml";
/// What the manifest says it is.
pub const KIND: &str = "PolicyManifest";
/// What a module's file is called: its policy's name, and this.
pub const SUFFIX: &str = ".wasm";
/// Most policies read.
pub const MAX_POLICIES: usize = 64;

/// The content of `policies/`: each file by name, or why it cannot be used.
pub type Files = BTreeMap<String, Result<Vec<u8>, Unusable>>;

/// Why a file or a manifest cannot be used, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unusable {
    pub message: String,
    pub hint: &'static str,
}

/// Whether a file of `policies/` is one that is read.
pub fn is_policy_file(name: &str) -> bool {
    name == MANIFEST || name.strip_suffix(SUFFIX).is_some_and(is_name)
}

/// The policies that a bundle in this file is checked with outside of a spool: those of the nearest directory above it that has some.
pub fn find(file: &Path) -> Option<PathBuf> {
    let file = std::path::absolute(file).ok()?;
    let found = file.ancestors().skip(1).map(|directory| directory.join(DIRECTORY));
    found.into_iter().find(|directory| directory.join(MANIFEST).is_file())
}

type Compiled = Result<Arc<Policy>, String>;

/// All policies of a node, compiled when they are first asked for.
#[derive(Default)]
pub struct Policies {
    files: Files,
    /// Digests by name; or what is wrong with the manifest.
    pinned: Option<Result<BTreeMap<String, String>, Unusable>>,
    compiled: Mutex<BTreeMap<String, Compiled>>,
}

impl Policies {
    pub fn new(files: Files) -> Self {
        let parse = |text: &Vec<u8>| parse_manifest(text).map_err(|message| Unusable { message, hint: "correct it" });
        let pinned = files.get(MANIFEST).map(|text| text.as_ref().map_err(Unusable::clone).and_then(parse));
        Self { files, pinned, compiled: Mutex::default() }
    }

    /// The policy of that name.
    ///
    /// # Errors
    /// There is none, it is not the one that is pinned, or it cannot be run: message and hint.
    pub fn get(&self, name: &str) -> Result<Arc<Policy>, (String, String)> {
        let wasm = self.pinned(name)?;
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = compiled.entry(name.to_owned()).or_insert_with(|| Policy::compile(wasm).map(Arc::new));
        compiled.clone().map_err(|why| {
            (format!("the policy {name} cannot be used: {why}"), "correct the module, and pin it again".to_owned())
        })
    }

    /// Everything that is wrong with the manifest and the modules it names, each tried: name and what.
    pub fn problems(&self) -> Vec<(String, String)> {
        match &self.pinned {
            None if self.files.is_empty() => Vec::new(),
            None => vec![(MANIFEST.to_owned(), "missing: `configedge policy pin` writes it".to_owned())],
            Some(Err(why)) => vec![(MANIFEST.to_owned(), why.message.clone())],
            Some(Ok(pinned)) => {
                let unpinned =
                    self.files.keys().filter_map(|file| file.strip_suffix(SUFFIX)).filter(|name| !pinned.contains_key(*name));
                let unpinned = unpinned
                    .map(|name| (format!("{name}{SUFFIX}"), format!("not in {MANIFEST}: `configedge policy pin` adds it")));
                let broken = pinned.keys().filter_map(|name| {
                    let (message, hint) = self.get(name).err()?;
                    Some((format!("{name}{SUFFIX}"), format!("{message}: {hint}")))
                });
                broken.chain(unpinned).collect()
            }
        }
    }

    fn pinned(&self, name: &str) -> Result<&[u8], (String, String)> {
        let pin = "pin it with `configedge policy pin`".to_owned();
        let pinned = match &self.pinned {
            None => {
                return Err((
                    format!("there is no {DIRECTORY}/{MANIFEST}, so no policy {name}"),
                    "add it beside the bundles".to_owned(),
                ));
            }
            Some(Err(Unusable { message, hint })) => {
                return Err((format!("{DIRECTORY}/{MANIFEST}: {message}"), (*hint).to_owned()));
            }
            Some(Ok(pinned)) => pinned,
        };
        let Some(digest) = pinned.get(name) else {
            let near = nearest(name, pinned.keys().map(String::as_str)).map_or(pin, |near| format!("did you mean {near}?"));
            return Err((format!("{DIRECTORY}/{MANIFEST} has no policy {name}"), near));
        };
        let file = format!("{DIRECTORY}/{name}{SUFFIX}");
        match self.files.get(&format!("{name}{SUFFIX}")) {
            None => Err((format!("{file} is missing"), "add the module".to_owned())),
            Some(Err(Unusable { message, hint })) => Err((format!("{file}: {message}"), (*hint).to_owned())),
            Some(Ok(wasm)) if wasm.len() > MAX_MODULE_LEN => {
                Err((format!("{file} has more than {MAX_MODULE_LEN} bytes, the limit"), "make it smaller".to_owned()))
            }
            Some(Ok(wasm)) => match digest_of(wasm) {
                found if found == *digest => Ok(wasm),
                found => {
                    Err((format!("{file} is {found}, and {MANIFEST} pins {digest}"), format!("if it is the right one, {pin}")))
                }
            },
        }
    }
}

/// What the manifest says of a module.
pub fn digest_of(wasm: &[u8]) -> String {
    let hex: String = Sha256::digest(wasm).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn parse_manifest(text: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let document = parse_document(text, MANIFEST).map_err(|problems| problems[0].to_string())?;
    let says = |field, wanted| document.get(field).and_then(Node::as_str) == Some(wanted);
    if !says("apiVersion", API_VERSION) || !says("kind", KIND) {
        return Err(format!("not a {KIND}: it begins with apiVersion: {API_VERSION} and kind: {KIND}"));
    }
    let policies = document.get("policies").and_then(Node::members).ok_or("it has no object `policies`")?;
    if policies.len() > MAX_POLICIES {
        return Err(format!("{} policies, and the limit is {MAX_POLICIES}", policies.len()));
    }
    let is_digest = |text: &str| {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        hex.len() == 64 && hex.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    };
    let each = policies.iter().map(|member| match member.node.as_str() {
        Some(digest) if is_name(&member.name) && is_digest(digest) => Ok((member.name.clone(), digest.to_owned())),
        _ => Err(format!("line {}: {:?} is not followed by sha256: and 64 hexadecimal digits", member.at.line, member.name)),
    });
    each.collect()
}
