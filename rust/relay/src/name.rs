//! What names may look like. `configedge.bundle` is the Python twin; `tests/vectors/names.json` holds both to it.

/// Whether `name` fits a bundle or a namespace: `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`.
pub fn is_name(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = name.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|&c| inner(c) || c == b'-')
        && bytes.first().is_some_and(|&c| inner(c))
        && bytes.last().is_some_and(|&c| inner(c))
}

/// Whether `segment` fits between the dots of a key: `[A-Za-z0-9_-]{1,64}`.
pub fn is_segment(segment: &str) -> bool {
    (1..=64).contains(&segment.len()) && segment.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
}

/// Endings of files that may have a bundle.
const SUFFIXES: [&str; 3] = [".yaml", ".yml", ".json"];

/// Whether a file of that name may have a bundle.
pub fn is_bundle_file(name: &str) -> bool {
    !name.starts_with('.') && SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// What the name of a bundle's file tells: adapters call it `<namespace>.<name>.yaml`, people `<name>.yaml` or as they like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileName<'a> {
    /// In a file that has this, only that bundle of that namespace may be.
    pub(crate) namespace: Option<&'a str>,
    /// Perhaps no name of a bundle, if there is no namespace.
    pub(crate) name: &'a str,
}

impl<'a> FileName<'a> {
    pub(crate) fn of(file: &'a str) -> Self {
        let stem = SUFFIXES.iter().find_map(|suffix| file.strip_suffix(suffix)).unwrap_or(file);
        match stem.split_once('.').filter(|(namespace, name)| is_name(namespace) && is_name(name)) {
            Some((namespace, name)) => Self { namespace: Some(namespace), name },
            None => Self { namespace: None, name: stem },
        }
    }

    /// Namespace and name of the bundle that is in it, if it is called after both.
    pub(crate) fn bundle(self) -> Option<(&'a str, &'a str)> {
        self.namespace.map(|namespace| (namespace, self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::{FileName, is_bundle_file, is_name, is_segment};
    use serde_json::Value;

    #[test]
    fn names_and_segments_agree_with_the_shared_vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/names.json");
        let vectors: Value = serde_json::from_slice(&std::fs::read(path).expect("the shared vectors")).expect("JSON");
        let each = |pointer: &str, check: &dyn Fn(&str) -> bool, expected: bool| {
            for name in vectors.pointer(pointer).and_then(Value::as_array).expect(pointer) {
                let name = name.as_str().expect("a string");
                assert_eq!(check(name), expected, "{pointer}: {name:?}");
            }
        };
        each("/valid", &is_name, true);
        each("/invalid", &is_name, false);
        each("/segments/valid", &is_segment, true);
        each("/segments/invalid", &is_segment, false);
    }

    #[test]
    fn the_name_of_a_file_tells_of_a_bundle() {
        for (file, namespace, name) in [
            ("game.m.yaml", Some("game"), "m"),
            ("game.m.yml", Some("game"), "m"),
            ("m.json", None, "m"),
            ("a.b.c.yaml", None, "a.b.c"),
            ("Game.m.yaml", None, "Game.m"),
            ("game.m_.yaml", None, "game.m_"),
            (".m.yaml", None, ".m"),
            ("m.yaml.yaml", Some("m"), "yaml"),
        ] {
            assert_eq!(FileName::of(file), FileName { namespace, name }, "{file}");
        }
        assert!(is_bundle_file("m.yml") && !is_bundle_file(".m.yaml") && !is_bundle_file("m.yaml~"));
    }
}
