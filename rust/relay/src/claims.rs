//! Which file has which bundle, where that is not plain: a file that cannot be read, or two that say they are the same.

use crate::bundle::parse_document;
use crate::name::{FileName, is_name};
use crate::node::Node;
use crate::problem::Problem;
use std::collections::{BTreeMap, BTreeSet};

/// A bundle's namespace and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Id {
    fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// What makes a file that of a bundle. Of two the larger counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    /// Whoever may write into the spool can call a file as they like.
    pub(crate) proven: bool,
    pub(crate) by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    /// Nothing: it is a guess.
    Nothing,
    /// It says so, and is called otherwise.
    Content,
    /// It is called so. Whether it can be read makes no difference, or one that is broken would lose its bundle to a namesake.
    Name,
    /// It was that bundle's before.
    Past,
}

/// The bundle that a file is taken for.
pub(crate) struct Found {
    pub(crate) id: Id,
    pub(crate) by: By,
    /// Whether the document says that it is that.
    pub(crate) said: bool,
}

/// Which bundle each file had.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    known: BTreeMap<String, Id>,
}

impl Claims {
    /// Forgets the files that are not there any more.
    pub(crate) fn retain(&mut self, files: &BTreeSet<String>) {
        self.known.retain(|file, _| files.contains(file));
    }

    /// Which bundles were in which file, by name.
    pub(crate) fn by_name(&self) -> BTreeMap<String, (String, Id)> {
        self.known.iter().map(|(file, id)| (id.name.clone(), (file.clone(), id.clone()))).collect()
    }

    /// What the file was when that was last known.
    pub(crate) fn of_file(&self, file: &str) -> Option<&Id> {
        self.known.get(file)
    }

    /// From here on these files are those of these bundles, and no others are.
    pub(crate) fn grant(&mut self, granted: Vec<(String, Id)>) {
        let files: BTreeMap<&str, &str> = granted.iter().map(|(file, id)| (id.name.as_str(), file.as_str())).collect();
        self.known.retain(|file, id| files.get(id.name.as_str()).is_none_or(|granted| granted == file));
        self.known.extend(granted);
    }

    /// A file whose document says that it is this bundle. If it is called after another one, it is a bad version of that, with a
    /// problem.
    pub(crate) fn said(&self, file: &str, namespace: &str, name: &str) -> (Found, Option<Problem>) {
        match FileName::of(file).bundle() {
            Some((wanted_namespace, wanted)) if (wanted_namespace, wanted) != (namespace, name) => {
                let message =
                    format!("it says it is {namespace}/{name}, and the file is called after {wanted_namespace}/{wanted}");
                let hint = "correct metadata.name and metadata.namespace, or call the file <namespace>.<name>.yaml after them";
                let problem = Problem::of_file(file, "conflict", message, hint);
                (self.found(file, Id::new(wanted_namespace, wanted), false), Some(problem))
            }
            _ => (self.found(file, Id::new(namespace, name), true), None),
        }
    }

    /// A file that cannot be read as a whole: what it is called after, what it says of itself, what it was before, or what people
    /// may have called it.
    pub(crate) fn guess(&self, file: &str, text: Option<&[u8]>) -> Found {
        let called = FileName::of(file);
        if let Some((namespace, name)) = called.bundle() {
            return self.found(file, Id::new(namespace, name), false);
        }
        let document = text.and_then(|text| parse_document(text, file).ok());
        let metadata = document.as_ref().and_then(|document| document.get("metadata"));
        let field = |name| metadata.and_then(|m| m.get(name)).and_then(Node::as_str).filter(|text| is_name(text));
        match (field("name"), self.known.get(file)) {
            (Some(name), _) => self.found(file, Id::new(field("namespace").unwrap_or("default"), name), true),
            (None, Some(known)) => self.found(file, known.clone(), false),
            (None, None) => self.found(file, Id::new("default", called.name), false),
        }
    }

    fn found(&self, file: &str, id: Id, said: bool) -> Found {
        let by = if self.known.get(file).is_some_and(|known| known.name == id.name) {
            By::Past
        } else if FileName::of(file).name == id.name && is_name(&id.name) {
            By::Name
        } else if said {
            By::Content
        } else {
            By::Nothing
        };
        Found { id, by, said }
    }
}

/// Which of several files of one bundle has it: the one with the largest claim, if there is one; the others have none, nor has
/// any of several with the same.
pub(crate) fn winner(claims: &[Claim]) -> Option<usize> {
    let best = claims.iter().max()?;
    let mut with_best = claims.iter().enumerate().filter(|(_, claim)| *claim == best).map(|(at, _)| at);
    with_best.next().filter(|_| with_best.next().is_none())
}
