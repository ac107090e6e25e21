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

#[cfg(test)]
mod tests {
    use super::{is_name, is_segment};
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
}
