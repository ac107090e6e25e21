//! ConfigBundle: the one document there is, the same in Git, in Kubernetes and on the node.

use crate::guard::ALLOW_RESIZE;
use crate::name::{is_name, is_segment};
use crate::node::{Member, Node, Position, Tree};
use crate::problem::{Problem, Problems, nearest, shorten};
use crate::yaml::join;
use crate::{json, yaml};
use configedge_snapshot::MAX_KEY_LEN;
use std::collections::BTreeSet;

pub const API_VERSION: &str = "configedge.io/v1alpha1";
pub const KIND: &str = "ConfigBundle";
/// The annotation that lists what is secret.
pub const SECRET: &str = "configedge.io/secret";

/// Largest document in bytes.
pub const MAX_DOCUMENT_LEN: usize = 1 << 20;
/// Deepest nesting of values.
pub const MAX_DEPTH: usize = 32;
/// Most keys (values and containers) a bundle.
pub const MAX_KEYS: usize = 10_000;
/// Most policies a bundle names.
pub const MAX_NAMED_POLICIES: usize = 16;
/// Longest number in characters: what CPython reads at once (`sys.int_info.default_max_str_digits`).
pub const MAX_NUMBER_LEN: usize = 4_300;
/// Longest string in bytes.
pub const MAX_STRING_LEN: usize = 64 << 10;

/// A document that fits the envelope and the limits. Whether its values fit its schema is [`crate::check`]'s question.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub file: String,
    pub name: String,
    pub namespace: String,
    document: Node,
}

impl Bundle {
    /// `file` names the source in messages; a name ending in `.json` is read as JSON, any other as YAML.
    ///
    /// # Errors
    /// Everything that is wrong, as far as it can be told in one pass.
    pub fn parse(text: &[u8], file: &str) -> Result<Self, Vec<Problem>> {
        let document = parse_document(text, file)?;
        let mut envelope = Envelope { file, problems: Problems::default() };
        let (name, namespace) = envelope.check(&document);
        envelope.problems.or(())?;
        let bundle = Self { file: file.to_owned(), name, namespace, document };
        let mut problems = Problems::default();
        problems.extend(bundle.limits_of(bundle.values()));
        check_secrets(&bundle, &mut problems);
        problems.extend(check_allow_resize(&bundle));
        problems.or(bundle)
    }

    /// The configuration: an object.
    pub fn values(&self) -> &Node {
        self.spec("values").expect("the envelope was checked")
    }

    pub fn schema(&self) -> Option<&Node> {
        self.spec("schema")
    }

    /// Names of the policies that must accept the values, in their order.
    pub fn policies(&self) -> &[Node] {
        match self.spec("policies").map(|node| &node.value) {
            Some(Tree::Array(names)) => names,
            _ => &[],
        }
    }

    /// An annotation's text.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotation_node(name)?.as_str()
    }

    pub(crate) fn annotation_node(&self, name: &str) -> Option<&Node> {
        self.document.get("metadata")?.get("annotations")?.get(name)
    }

    /// Which limits `values` break, if they took the place of the bundle's own.
    pub(crate) fn limits_of(&self, values: &Node) -> Vec<Problem> {
        let mut limits = Limits { file: &self.file, problems: Problems::default(), keys: 0 };
        limits.walk(values, "spec.values", self.name.len(), 1);
        if limits.keys > MAX_KEYS {
            let message = format!("{} keys (values and containers), and the limit is {MAX_KEYS}", limits.keys);
            limits.problems.add(|| values.problem(&self.file, "spec.values", "limit", message, "split the bundle"));
        }
        limits.problems.into_vec()
    }

    /// Paths below the bundle's name that tools must not show to people: the annotation [`SECRET`], parted by commas or space.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let listed = self.annotation(SECRET).unwrap_or_default();
        listed.split([',', ' ', '\n']).filter(|path| !path.is_empty())
    }

    /// Whether what lies at `path` below the bundle's name is secret, or has something secret in it.
    pub(crate) fn is_secret(&self, path: &str) -> bool {
        let covers = |a: &str, b: &str| b.strip_prefix(a).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.secrets().any(|secret| path.is_empty() || covers(secret, path) || covers(path, secret))
    }

    /// The whole document as compact JSON, members in their order.
    pub fn to_json(&self) -> String {
        self.document.to_value().to_string()
    }

    fn spec(&self, field: &str) -> Option<&Node> {
        self.document.get("spec")?.get(field)
    }
}

/// The tree of a document of any kind.
pub(crate) fn parse_document(text: &[u8], file: &str) -> Result<Node, Vec<Problem>> {
    let whole = |code, message: String, hint: &str| vec![Problem::of_file(file, code, message, hint)];
    if text.len() > MAX_DOCUMENT_LEN {
        let message = format!("{} bytes, and the limit is {MAX_DOCUMENT_LEN}", text.len());
        return Err(whole("limit", message, "split the bundle"));
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        let line = 1 + text[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() as u32;
        vec![Position { line, column: 0 }.problem(file, "", "utf-8", "not UTF-8".to_owned(), "save the file as UTF-8")]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if file.ends_with(".json") { json::parse(text, file) } else { yaml::parse(text, file) }
}

/// Collects what is wrong with the fields around the values.
struct Envelope<'a> {
    file: &'a str,
    problems: Problems,
}

impl Envelope<'_> {
    /// Name and namespace; meaningless if there are problems.
    fn check(&mut self, document: &Node) -> (String, String) {
        self.fields(document, "", &["apiVersion", "kind", "metadata", "spec"]);
        self.constant(document, "apiVersion", API_VERSION);
        self.constant(document, "kind", KIND);
        let (mut name, mut namespace) = (String::new(), "default".to_owned());
        if let Some(metadata) = self.required(document, "", "metadata") {
            // Kubernetes adds fields of its own to metadata when a resource is read back; they mean nothing here.
            const KNOWN: [&str; 11] = [
                "name",
                "namespace",
                "annotations",
                "labels",
                "creationTimestamp",
                "generation",
                "managedFields",
                "resourceVersion",
                "uid",
                "ownerReferences",
                "finalizers",
            ];
            self.fields(metadata, "metadata", &KNOWN);
            if let Some(node) = self.required(metadata, "metadata", "name") {
                name = self.name(node, "metadata.name");
            }
            if let Some(node) = metadata.get("namespace") {
                namespace = self.name(node, "metadata.namespace");
            }
            for field in ["annotations", "labels"] {
                for member in metadata.get(field).and_then(Node::members).unwrap_or_default() {
                    self.is(&member.node, &format!("metadata.{field}.{}", member.name), "a string");
                }
            }
        }
        if let Some(spec) = self.required(document, "", "spec") {
            self.fields(spec, "spec", &["values", "schema", "policies"]);
            if let Some(values) = self.required(spec, "spec", "values") {
                self.is(values, "spec.values", "an object");
            }
            if let Some(schema) = spec.get("schema") {
                self.is(schema, "spec.schema", "an object");
            }
            if let Some(policies) = spec.get("policies") {
                self.is(policies, "spec.policies", "an array");
                if let Tree::Array(items) = &policies.value {
                    if items.len() > MAX_NAMED_POLICIES {
                        let message = format!("{} policies, and the limit is {MAX_NAMED_POLICIES}", items.len());
                        let hint = "leave some out, or make one of them";
                        self.problems.add(|| policies.problem(self.file, "spec.policies", "limit", message, hint));
                    }
                    for (at, item) in items.iter().enumerate().take(MAX_NAMED_POLICIES) {
                        self.name(item, &format!("spec.policies.{at}"));
                    }
                }
            }
        }
        (name, namespace)
    }

    fn fields(&mut self, node: &Node, key: &str, known: &[&str]) {
        self.is(node, key, "an object");
        for member in node.members().unwrap_or_default().iter().filter(|member| !known.contains(&member.name.as_str())) {
            self.problems.add(|| {
                let hint = match nearest(&member.name, known.iter().copied()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("remove it; the fields here are {}", known[..known.len().min(4)].join(", ")),
                };
                let message = format!("unknown field {:?}", shorten(&member.name));
                member.at.problem(self.file, &join(key, &member.name), "unknown-field", message, hint)
            });
        }
    }

    fn constant(&mut self, document: &Node, field: &str, wanted: &str) {
        if let Some(node) = self.required(document, "", field)
            && node.as_str() != Some(wanted)
        {
            let message = format!("{}, and {wanted} is the only one there is", shorten(&node.to_value().to_string()));
            self.problems.add(|| node.problem(self.file, field, "type", message, format!("write {field}: {wanted}")));
        }
    }

    fn required<'n>(&mut self, parent: &'n Node, key: &str, field: &str) -> Option<&'n Node> {
        let found = parent.get(field);
        if found.is_none() && parent.members().is_some() {
            let path = join(key, field);
            self.problems.add(|| parent.problem(self.file, &path, "missing-field", "missing".to_owned(), format!("add {path}")));
        }
        found
    }

    fn is(&mut self, node: &Node, key: &str, wanted: &str) -> bool {
        let fits = node.kind() == wanted;
        if !fits {
            let message = format!("{} ({}), and {wanted} is wanted", node.kind(), shorten(&node.to_value().to_string()));
            self.problems.add(|| node.problem(self.file, key, "type", message, format!("give {wanted}")));
        }
        fits
    }

    fn name(&mut self, node: &Node, key: &str) -> String {
        if !self.is(node, key, "a string") {
            return String::new();
        }
        let name = node.as_str().unwrap_or_default();
        if !is_name(name) {
            let message = format!("{:?} is not a name", shorten(name));
            let hint = "use 1 to 63 of a-z, 0-9 and -, and neither begin nor end with -";
            self.problems.add(|| node.problem(self.file, key, "name", message, hint));
        }
        name.to_owned()
    }
}

/// A path that names nothing is most likely misspelt, and then what it meant is not hidden.
fn check_secrets(bundle: &Bundle, problems: &mut Problems) {
    let Some(node) = bundle.annotation_node(SECRET) else { return };
    let paths: BTreeSet<&str> = bundle.secrets().collect();
    let lost = paths.into_iter().filter(|path| bundle.values().find(path).is_none());
    problems.extend(lost.map(|path| {
        let key = format!("metadata.annotations.{SECRET}");
        let message = format!("there is no {:?} in spec.values", shorten(path));
        node.problem(&bundle.file, &key, "unknown-key", message, "correct the path, or remove it")
    }));
}

/// Told when the document is written, not when it is needed.
fn check_allow_resize(bundle: &Bundle) -> Option<Problem> {
    let node = bundle.annotation_node(ALLOW_RESIZE).filter(|node| node.as_str() != Some("true"))?;
    let message = format!("{} is not a value of this annotation", shorten(&node.to_value().to_string()));
    let key = format!("metadata.annotations.{ALLOW_RESIZE}");
    Some(node.problem(&bundle.file, &key, "type", message, "write \"true\", or remove it"))
}

struct Limits<'a> {
    file: &'a str,
    problems: Problems,
    keys: usize,
}

impl Limits<'_> {
    /// `key` is the path in the document; `len` is the length of the key in the snapshot, which begins with the bundle's name.
    fn walk(&mut self, node: &Node, key: &str, len: usize, depth: usize) {
        self.keys += 1;
        if depth > MAX_DEPTH {
            return self.refuse(node.at, key, format!("nested {depth} deep, and the limit is {MAX_DEPTH}"), "make it flatter");
        }
        if len > MAX_KEY_LEN {
            let message = format!("the key has {len} bytes with the bundle's name, and the limit is {MAX_KEY_LEN}");
            return self.refuse(node.at, key, message, "use shorter names");
        }
        match &node.value {
            Tree::String(text) if text.len() > MAX_STRING_LEN => {
                let message = format!("a string of {} bytes, and the limit is {MAX_STRING_LEN}", text.len());
                self.refuse(node.at, key, message, "shorten it, or split it over several keys");
            }
            Tree::Number(number) if number.as_str().len() > MAX_NUMBER_LEN => {
                let message = format!("a number of {} digits, and the limit is {MAX_NUMBER_LEN}", number.as_str().len());
                self.refuse(node.at, key, message, "write it as a string");
            }
            Tree::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    let segment = at.to_string();
                    self.walk(item, &join(key, &segment), len + 1 + segment.len(), depth + 1);
                }
            }
            Tree::Object(members) => members.iter().for_each(|member| self.member(member, key, len, depth)),
            _ => {}
        }
    }

    fn member(&mut self, member: &Member, key: &str, len: usize, depth: usize) {
        let path = join(key, &member.name);
        if is_segment(&member.name) {
            return self.walk(&member.node, &path, len + 1 + member.name.len(), depth + 1);
        }
        let message = format!("{:?} is not a key", shorten(&member.name));
        let hint = "use 1 to 64 of A-Z, a-z, 0-9, _ and -";
        self.problems.add(|| member.at.problem(self.file, &path, "name", message, hint));
    }

    fn refuse(&mut self, at: Position, key: &str, message: String, hint: &str) {
        self.problems.add(|| at.problem(self.file, key, "limit", message, hint));
    }
}
