//! The proof that comes with the files of a spool: a signed commit, and the trees that lead from it to each of them.
//!
//! `configedge.sync.proof` writes it: `.proof/commit`, and each tree in a file named by its object id. A commit names its tree by
//! its hash, a tree names its files by theirs, so one signature proves them all.

use crate::name::{FileName, is_name};
use crate::policies::{DIRECTORY as POLICIES, is_policy_file};
use crate::signature::Signed;
use sha1_checked::{Digest, Sha1};
use std::collections::BTreeMap;
use std::io;

/// The directory beside the bundles.
pub const DIRECTORY: &str = ".proof";
/// The file in it that has the commit.
pub const COMMIT: &str = "commit";
/// What problems of missing proof are called.
pub const SIGNATURE: &str = "signature";
/// Most bytes of a tree.
pub const MAX_TREE_LEN: usize = 1 << 20;
/// Most trees read, and most bytes of all of them.
const MAX_TREES: usize = 2_000;
const MAX_TREES_LEN: usize = 16 << 20;

/// Where a commit has namespaces, in them bundles: those of all nodes, and below this by layer those of an environment or a region.
const BUNDLES: &str = "bundles";
const RENDERED: &str = "rendered";
const SUFFIX: &str = ".yaml";

/// What Git calls an object.
type Id = [u8; 20];
type Tree = BTreeMap<String, Entry>;

#[derive(Clone, Copy)]
struct Entry {
    mode: u32,
    id: Id,
}

impl Entry {
    fn is_tree(self) -> bool {
        self.mode == 0o40_000
    }

    fn is_file(self) -> bool {
        matches!(self.mode, 0o100_644 | 0o100_755 | 0o100_664)
    }
}

/// A signed commit, and what it has.
pub struct Proof {
    /// The commit's object id.
    pub commit: String,
    /// Those of the commits that it was made on.
    pub(crate) parents: Vec<String>,
    /// Whose signature it is, in hexadecimal.
    pub(crate) key: String,
    /// When it was committed, Unix seconds.
    pub time: i64,
    /// Its bundles by the file that a spool has them in.
    bundles: BTreeMap<String, Id>,
    /// Its policies by file name, or why nothing is known of them.
    policies: Result<BTreeMap<String, Id>, String>,
    /// Its namespaces of which nothing is known, and why.
    pub uncovered: BTreeMap<String, String>,
}

impl Proof {
    /// Follows a commit, an object's content that was found to be signed, to the files of a layer's nodes; `read` gives the
    /// content of the tree of that name. A layer is empty, `environment`, or `environment.region`.
    ///
    /// # Errors
    /// Its root or its directory of namespaces cannot be followed.
    pub fn of(commit: &[u8], signed: Signed, layer: &str, read: impl FnMut(&str) -> io::Result<Vec<u8>>) -> Result<Self, String> {
        // Of what was signed, not of what is there: a header may stand anywhere in that.
        let root = root(&signed.payload).ok_or("the commit does not begin with its tree")?;
        let mut trees = Trees { read, count: 0, length: 0 };
        let mut proof = Self {
            commit: hex(&object_id("commit", commit)?),
            parents: parents(&signed.payload),
            key: signed.key,
            time: signed.time,
            bundles: BTreeMap::new(),
            policies: Ok(BTreeMap::new()),
            uncovered: BTreeMap::new(),
        };
        let root = trees.get(&root)?;
        if let Some(entry) = root.get(POLICIES).filter(|entry| entry.is_tree()) {
            // What names no policy can do without.
            proof.policies = trees.get(&entry.id).map(|tree| files(tree, is_policy_file, str::to_owned).collect());
        }
        let Some(namespaces) = trees.namespaces(&root, layer)? else { return Ok(proof) };
        for (namespace, entry) in namespaces.into_iter().filter(|(name, entry)| entry.is_tree() && is_name(name)) {
            match trees.get(&entry.id) {
                Ok(tree) => {
                    let is_bundle = |name: &str| name.strip_suffix(SUFFIX).is_some_and(is_name);
                    proof.bundles.extend(files(tree, is_bundle, |name| format!("{namespace}.{name}")));
                }
                Err(why) => {
                    proof.uncovered.insert(namespace, why);
                }
            }
        }
        Ok(proof)
    }

    /// Whether it has a bundle's file of that name.
    ///
    /// # Errors
    /// It has none, or nothing is known of it.
    pub fn has(&self, file: &str) -> Result<(), String> {
        self.expected(file).map(drop)
    }

    /// Checks the content of a bundle's file.
    ///
    /// # Errors
    /// It is not what the commit has.
    pub fn check(&self, file: &str, content: &[u8]) -> Result<(), String> {
        self.compare(self.expected(file)?, content)
    }

    fn expected(&self, file: &str) -> Result<&Id, String> {
        let uncovered = FileName::of(file).namespace.and_then(|namespace| self.uncovered.get(namespace));
        uncovered.map_or_else(|| self.bundles.get(file).ok_or_else(|| self.no_such_file()), |why| Err(self.unknown(why)))
    }

    /// The same of a file of `policies/`.
    ///
    /// # Errors
    /// It is not what the commit has.
    pub fn check_policy(&self, file: &str, content: &[u8]) -> Result<(), String> {
        let policies = self.policies.as_ref().map_err(|why| self.unknown(why))?;
        self.compare(policies.get(file).ok_or_else(|| self.no_such_file())?, content)
    }

    /// The files of all bundles that the commit is known to have.
    pub fn bundles(&self) -> impl Iterator<Item = &str> {
        self.bundles.keys().map(String::as_str)
    }

    fn unknown(&self, why: &str) -> String {
        format!("nothing proves what the signed commit {} has there: {why}", self.commit)
    }

    fn no_such_file(&self) -> String {
        format!("the signed commit {} has no such file", self.commit)
    }

    fn compare(&self, expected: &Id, content: &[u8]) -> Result<(), String> {
        if *expected == object_id("blob", content)? {
            Ok(())
        } else {
            Err(format!("it is not what the signed commit {} has", self.commit))
        }
    }
}

fn files(tree: Tree, wanted: impl Fn(&str) -> bool, named: impl Fn(&str) -> String) -> impl Iterator<Item = (String, Id)> {
    let wanted = move |(name, entry): &(String, Entry)| entry.is_file() && wanted(name);
    tree.into_iter().filter(wanted).map(move |(name, entry)| (named(&name), entry.id))
}

/// Reads trees within the limits, each checked against the name it is known by.
struct Trees<R> {
    read: R,
    count: usize,
    length: usize,
}

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Trees<R> {
    fn get(&mut self, id: &Id) -> Result<Tree, String> {
        let name = hex(id);
        let limit = || {
            Err(format!("{DIRECTORY}/{name}: the limit is {MAX_TREE_LEN} bytes a tree, {MAX_TREES} trees, {MAX_TREES_LEN} bytes"))
        };
        if self.count >= MAX_TREES || self.length >= MAX_TREES_LEN {
            return limit();
        }
        let content = (self.read)(&name).map_err(|error| format!("{DIRECTORY}/{name}: {error}"))?;
        self.count += 1;
        self.length += content.len();
        if content.len() > MAX_TREE_LEN || self.length > MAX_TREES_LEN {
            return limit();
        }
        if object_id("tree", &content)? != *id {
            return Err(format!("{DIRECTORY}/{name} is not the tree of that name"));
        }
        parse_tree(&content).ok_or_else(|| format!("{DIRECTORY}/{name} is not a tree"))
    }

    /// The namespaces of a layer: its own, else those of its environment, else those of all.
    fn namespaces(&mut self, root: &Tree, layer: &str) -> Result<Option<Tree>, String> {
        let environment = layer.split_once('.').map_or(layer, |(environment, _)| environment);
        let layers = if layer.is_empty() { None } else { self.directory(root, RENDERED)? };
        if let Some(layers) = layers {
            for name in [layer, environment] {
                if let Some(found) = self.directory(&layers, name)? {
                    return Ok(Some(found));
                }
            }
        }
        self.directory(root, BUNDLES)
    }

    /// The directory of that name in another, if it has one.
    fn directory(&mut self, tree: &Tree, name: &str) -> Result<Option<Tree>, String> {
        tree.get(name).filter(|entry| entry.is_tree()).map(|entry| self.get(&entry.id)).transpose()
    }
}

/// Git's form: `<octal mode> <name>\0<id>`, again and again. Names that are not UTF-8 are none of ours.
fn parse_tree(mut content: &[u8]) -> Option<Tree> {
    let mut tree = Tree::new();
    while !content.is_empty() {
        let (mode, rest) = cut(content, b' ')?;
        let (name, rest) = cut(rest, 0)?;
        let (id, rest) = rest.split_first_chunk::<20>()?;
        content = rest;
        let octal = matches!(mode.len(), 5 | 6) && mode.iter().all(|c| matches!(c, b'0'..=b'7'));
        if !octal || name.is_empty() || name.contains(&b'/') {
            return None;
        }
        let mode = mode.iter().fold(0, |sum, digit| sum * 8 + u32::from(digit - b'0'));
        if let Ok(name) = std::str::from_utf8(name)
            && tree.insert(name.to_owned(), Entry { mode, id: *id }).is_some()
        {
            return None;
        }
    }
    Some(tree)
}

fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|&c| c == at)?;
    Some((&text[..end], &text[end + 1..]))
}

fn root(payload: &[u8]) -> Option<Id> {
    let (hex, rest) = payload.strip_prefix(b"tree ")?.split_first_chunk::<40>()?;
    let mut id = [0; 20];
    data_encoding::HEXLOWER.decode_mut(hex, &mut id).ok()?;
    rest.starts_with(b"\n").then_some(id)
}

/// Behind the tree a commit names those that it was made on.
fn parents(payload: &[u8]) -> Vec<String> {
    let lines = payload.split(|&c| c == b'\n').skip(1).map_while(|line| line.strip_prefix(b"parent "));
    lines.map(|id| String::from_utf8_lossy(id).into_owned()).collect()
}

fn hex(id: &Id) -> String {
    data_encoding::HEXLOWER.encode(id)
}

/// Git's name of an object: SHA-1, which a file made to collide does not get past.
fn object_id(kind: &str, content: &[u8]) -> Result<Id, String> {
    let mut hasher = Sha1::new();
    hasher.update(format!("{kind} {}\0", content.len()));
    hasher.update(content);
    let result = hasher.try_finalize();
    if result.has_collision() {
        return Err("it was made to have the same SHA-1 as something else".to_owned());
    }
    Ok((*result.hash()).into())
}
