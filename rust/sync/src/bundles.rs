//! All bundles that the API server told of, by namespace.

use crate::document;
use crate::object::Bundle;
use crate::spool::Files;
use kube::runtime::watcher::Event;
use std::sync::Arc;

/// What one watch sees: a namespace, or all of them.
#[derive(Debug)]
struct Scope {
    namespace: Option<String>,
    /// Whether these are the API server's, and not those that the spool had before.
    listed: bool,
    files: Files,
    /// What a list has told so far that is not at its end.
    listing: Option<Files>,
}

/// What an event did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) changed: bool,
    /// An object that can be no bundle of a relay's.
    pub(crate) passed_over: Option<String>,
}

/// Until a namespace is listed, what the spool had of it stays: there is no telling that it is gone.
#[derive(Debug)]
pub(crate) struct Bundles {
    scopes: Vec<Scope>,
    /// The resource version of the last change that a watch told of; 0 if none did.
    pub(crate) version: u64,
}

impl Bundles {
    /// Those of the namespaces, or of all if none is named; `before` is what the spool has.
    pub(crate) fn new(namespaces: &[String], before: &Files) -> Self {
        let of = |namespace: &str| {
            let mine = |file: &str| file.split_once('.').is_some_and(|(first, _)| first == namespace) && !file.contains('/');
            before.iter().filter(|(file, _)| mine(file)).map(|(file, text)| (file.clone(), Arc::clone(text))).collect()
        };
        let scope = |namespace: Option<String>, files| Scope { namespace, listed: false, files, listing: None };
        let scopes = match namespaces {
            [] => vec![scope(None, before.clone())],
            named => named.iter().map(|namespace| scope(Some(namespace.clone()), of(namespace))).collect(),
        };
        Self { scopes, version: 0 }
    }

    /// Takes what the watch of that number saw.
    pub(crate) fn apply(&mut self, number: usize, event: Event<Bundle>) -> Applied {
        let scope = &mut self.scopes[number];
        match event {
            Event::Init => scope.listing = Some(Files::new()),
            Event::InitApply(bundle) => match document::file(&bundle) {
                Some(file) => {
                    scope.listing.get_or_insert_default().insert(file, document::text(&bundle));
                }
                None => return Applied { changed: false, passed_over: Some(told(&bundle)) },
            },
            Event::InitDone => {
                let files = scope.listing.take().unwrap_or_default();
                let changed = !scope.listed || files != scope.files;
                (scope.listed, scope.files) = (true, files);
                return Applied { changed, passed_over: None };
            }
            Event::Apply(bundle) => match document::file(&bundle) {
                Some(file) => {
                    let text = document::text(&bundle);
                    let changed = scope.files.get(&file) != Some(&text);
                    if changed {
                        scope.files.insert(file, text);
                        self.version = self.version.max(version(&bundle));
                    }
                    return Applied { changed, passed_over: None };
                }
                None => return Applied { changed: false, passed_over: Some(told(&bundle)) },
            },
            Event::Delete(bundle) => {
                let changed = document::file(&bundle).is_some_and(|file| scope.files.remove(&file).is_some());
                if changed {
                    self.version = self.version.max(version(&bundle));
                }
                return Applied { changed, passed_over: None };
            }
        }
        Applied::default()
    }

    /// Whether each namespace is listed.
    pub(crate) fn complete(&self) -> bool {
        self.scopes.iter().all(|scope| scope.listed)
    }

    /// What the spool is to have; `None` as long as it would be a part of what nodes need to start with.
    pub(crate) fn files(&self) -> Option<Files> {
        let some = self.scopes.iter().any(|scope| !scope.files.is_empty() && !scope.listed);
        let usable = self.complete() || (some && self.scopes.iter().any(|scope| scope.listed));
        usable.then(|| self.scopes.iter().flat_map(|scope| scope.files.clone()).collect())
    }

    /// Where they are looked for, for people.
    pub(crate) fn place(&self) -> String {
        let names: Vec<&str> = self.scopes.iter().filter_map(|scope| scope.namespace.as_deref()).collect();
        if names.is_empty() { "any namespace".to_owned() } else { names.join(", ") }
    }
}

/// The API server counts all changes of a resource, so the larger is the later. 0 if it is no number.
pub(crate) fn version<S, T>(object: &crate::object::Object<S, T>) -> u64 {
    object.metadata.resource_version.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn told(bundle: &Bundle) -> String {
    let [namespace, name] = [&bundle.metadata.namespace, &bundle.metadata.name].map(|part| part.as_deref().unwrap_or_default());
    format!("{namespace}/{name}")
}

#[cfg(test)]
mod tests {
    use super::{Applied, Bundles};
    use crate::object::Bundle;
    use crate::spool::Files;
    use kube::runtime::watcher::Event;
    use serde_json::json;

    fn bundle(namespace: &str, name: &str, value: u32, version: u64) -> Bundle {
        let metadata = json!({"namespace": namespace, "name": name, "resourceVersion": version.to_string()});
        let object = json!({"metadata": metadata, "spec": {"values": {"v": value}}});
        serde_json::from_str(&object.to_string()).expect("an object")
    }

    fn list(bundles: &mut Bundles, scope: usize, found: impl IntoIterator<Item = Bundle>) -> bool {
        bundles.apply(scope, Event::Init);
        found.into_iter().for_each(|bundle| drop(bundles.apply(scope, Event::InitApply(bundle))));
        bundles.apply(scope, Event::InitDone).changed
    }

    fn names(bundles: &Bundles) -> Option<Vec<String>> {
        bundles.files().map(|files| files.into_keys().collect())
    }

    #[test]
    fn only_what_is_new_is_a_change() {
        let mut all = Bundles::new(&[], &Files::new());
        assert!(list(&mut all, 0, [bundle("a", "x", 1, 5)]));
        assert!(!all.apply(0, Event::Apply(bundle("a", "x", 1, 6))).changed, "its status changed, say");
        assert_eq!(all.version, 0);
        assert!(all.apply(0, Event::Apply(bundle("a", "x", 2, 7))).changed);
        assert!(!all.apply(0, Event::Delete(bundle("a", "other", 2, 8))).changed);
        assert!(all.apply(0, Event::Apply(bundle("b", "x", 2, 9))).changed);
        assert!(!list(&mut all, 0, [bundle("b", "x", 2, 12), bundle("a", "x", 2, 11)]), "after 410 all is the same");
        assert!(all.apply(0, Event::Delete(bundle("a", "x", 2, 13))).changed);
        assert_eq!((names(&all), all.version), (Some(vec!["b.x.json".to_owned()]), 13));
    }

    #[test]
    fn a_list_that_breaks_off_changes_nothing() {
        let mut all = Bundles::new(&[], &Files::new());
        list(&mut all, 0, [bundle("a", "x", 1, 1), bundle("a", "y", 1, 1)]);
        all.apply(0, Event::Init);
        all.apply(0, Event::InitApply(bundle("a", "x", 1, 1)));
        assert_eq!(names(&all).map(|names| names.len()), Some(2));
        assert!(!list(&mut all, 0, [bundle("a", "x", 1, 1), bundle("a", "y", 1, 1)]));
    }

    #[test]
    fn a_namespace_that_cannot_be_listed_keeps_what_the_spool_had() {
        let before = Files::from([("a.x.json".to_owned(), b"old"[..].into()), ("c.x.json".to_owned(), b"old"[..].into())]);
        let mut some = Bundles::new(&["a".to_owned(), "b".to_owned()], &before);
        assert_eq!(names(&some), None);
        list(&mut some, 1, [bundle("b", "x", 1, 1)]);
        assert_eq!(names(&some), Some(vec!["a.x.json".to_owned(), "b.x.json".to_owned()]));
        list(&mut some, 0, []);
        assert_eq!(names(&some), Some(vec!["b.x.json".to_owned()]));
    }

    #[test]
    fn a_spool_without_anything_waits_for_all_namespaces() {
        let mut some = Bundles::new(&["a".to_owned(), "b".to_owned()], &Files::new());
        list(&mut some, 1, [bundle("b", "x", 1, 1)]);
        assert_eq!(names(&some), None);
        list(&mut some, 0, []);
        assert!(names(&some).is_some() && some.complete());
    }

    #[test]
    fn what_can_be_no_bundle_is_passed_over_and_told() {
        let mut all = Bundles::new(&[], &Files::new());
        let told = all.apply(0, Event::Apply(bundle("a", "not.one", 1, 1)));
        assert_eq!(told, Applied { changed: false, passed_over: Some("a/not.one".to_owned()) });
    }
}
