//! The test vectors that every reader of the format is checked against (`docs/format.md`).

use configedge_snapshot::{Entry, Snapshot, ValueRef, wyhash};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::PathBuf;

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn load(path: &str) -> Json {
    let text = fs::read_to_string(vectors().join(path)).expect("the vectors are in the repository");
    serde_json::from_str(&text).expect("vectors are JSON")
}

fn word(value: &Json) -> u64 {
    u64::from_str_radix(&text(value)[2..], 16).expect("hexadecimal")
}

fn text(value: &Json) -> &str {
    value.as_str().expect("text")
}

fn list(value: &Json) -> &[Json] {
    value.as_array().expect("a list")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

fn describe(entry: &Entry<'_>) -> Json {
    let (kind, value) = match entry.value() {
        ValueRef::Null => ("null", Json::Null),
        ValueRef::Bool(value) => ("bool", json!(value)),
        ValueRef::I64(value) => ("int", json!(value.to_string())),
        ValueRef::F64(value) => ("float", json!(format!("{:#018x}", value.to_bits()))),
        ValueRef::Str(text) => ("string", json!(text)),
        ValueRef::Json(text) => ("json", json!(text)),
        ValueRef::Bytes(bytes) => ("bytes", json!(hex(bytes))),
        ValueRef::BigInt(text) => ("big", json!(text)),
    };
    let changed = entry.changed().to_string();
    json!({"type": kind, "value": value, "key": entry.key(), "changed": changed, "secret": entry.is_secret()})
}

#[test]
fn the_hash_has_its_values() {
    for case in list(&load("hash.json")) {
        assert_eq!(wyhash(&unhex(text(&case["data"])), word(&case["seed"])), word(&case["hash"]), "{case}");
    }
    for case in list(&load("keys.json")) {
        let hash = wyhash(text(&case["key"]).as_bytes(), word(&case["seed"])).max(1);
        assert_eq!(hash, word(&case["hash"]), "{case}");
        let slots = case["slots"].as_u64().expect("a number");
        assert_eq!(hash & (slots - 1), case["home"].as_u64().expect("a number"), "{case}");
    }
}

#[test]
fn good_snapshots_are_read_as_described() {
    let mut count = 0;
    for file in fs::read_dir(vectors().join("snapshots/good")).expect("the vectors are in the repository") {
        let path = file.expect("a directory").path();
        if path.extension().is_some_and(|extension| extension == "bin") {
            let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            let expected = load(&format!("snapshots/good/{name}.json"));
            let snapshot = Snapshot::from_bytes(&fs::read(&path).expect("readable")).expect(name);
            let said = json!({
                "generation": snapshot.generation().to_string(),
                "instance": format!("{:#018x}", snapshot.instance()),
                "commit": snapshot.commit(),
                "created_ns": snapshot.created_ns().to_string(),
                "entries": snapshot.iter().map(|entry| describe(&entry)).collect::<Vec<_>>(),
            });
            assert_eq!(said, expected, "{name}");
            for entry in snapshot.iter() {
                assert_eq!(snapshot.get(entry.key()).expect("found by its key").place(), entry.place());
            }
            assert!(snapshot.get("no such key").is_none());
            count += 1;
        }
    }
    assert!(count >= 7, "{count} vectors");
}

#[test]
fn bad_snapshots_are_refused() {
    let reasons = load("snapshots/bad.json");
    let reasons = reasons.as_object().expect("reasons by name");
    for (name, reason) in reasons {
        let file = fs::read(vectors().join(format!("snapshots/bad/{name}.bin"))).expect("readable");
        let refused = Snapshot::from_bytes(&file).expect_err(&format!("{name}: {reason}")).to_string();
        assert_eq!(refused.contains("checksum"), reason == "checksum", "{name}: {refused}");
    }
    assert!(reasons.len() > 30);
}
