//! Whatever goes into a snapshot comes out of it.

use configedge_snapshot::{Builder, Extent, Publisher, Snapshot, Value, ValueRef};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Given {
    Null,
    Bool(bool),
    I64(i64),
    F64(f64),
    Str(String),
    Json(String),
    Bytes(Vec<u8>),
    BigInt(String),
}

fn given() -> impl Strategy<Value = Given> {
    prop_oneof![
        Just(Given::Null),
        any::<bool>().prop_map(Given::Bool),
        any::<i64>().prop_map(Given::I64),
        any::<f64>().prop_map(Given::F64),
        ".{0,40}".prop_map(Given::Str),
        "[\\[\\]{}\",: 0-9é]{1,40}".prop_map(Given::Json),
        vec(any::<u8>(), 0..40).prop_map(Given::Bytes),
        "-?[1-9][0-9]{18,40}".prop_map(Given::BigInt),
    ]
}

fn same(given: &Given, read: ValueRef<'_>) -> bool {
    match (given, read) {
        (Given::Null, ValueRef::Null) => true,
        (Given::Bool(a), ValueRef::Bool(b)) => *a == b,
        (Given::I64(a), ValueRef::I64(b)) => *a == b,
        (Given::F64(a), ValueRef::F64(b)) => a.to_bits() == b.to_bits(),
        (Given::Str(a), ValueRef::Str(b)) | (Given::Json(a), ValueRef::Json(b)) | (Given::BigInt(a), ValueRef::BigInt(b)) => {
            a == b
        }
        (Given::Bytes(a), ValueRef::Bytes(b)) => a == b,
        _ => false,
    }
}

fn build(entries: &BTreeMap<String, Given>) -> Builder {
    let mut builder = Builder::new();
    for (key, given) in entries {
        let value = match given {
            Given::Null => Value::Null,
            Given::Bool(value) => Value::Bool(*value),
            Given::I64(value) => Value::I64(*value),
            Given::F64(value) => Value::F64(*value),
            Given::Str(text) => Value::Str(text),
            Given::Json(text) => Value::Json(builder.text(text)),
            Given::Bytes(bytes) => Value::Bytes(bytes),
            Given::BigInt(text) => Value::BigInt(text),
        };
        builder.insert(key, value).expect("a fine key");
    }
    builder
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_key_is_found_with_its_value_and_no_other_is(
        entries in btree_map("[a-zé][a-z0-9._é-]{0,30}", given(), 0..120),
        absent in "[A-Z]{1,20}",
    ) {
        let scratch = tempfile::tempdir()?;
        let mut publisher = Publisher::open(&scratch.path().join("run"), None)?;
        let builder = build(&entries);
        publisher.publish(&builder, "")?;
        let snapshot = publisher.last().expect("just published");
        prop_assert!(builder.matches(&snapshot));
        prop_assert_eq!(snapshot.keys().collect::<Vec<_>>(), entries.keys().map(String::as_str).collect::<Vec<_>>());
        for (key, given) in &entries {
            let entry = snapshot.get(key).expect("a key that was inserted");
            prop_assert!(same(given, entry.value()), "{}: {:?} became {:?}", key, given, entry.value());
        }
        prop_assert!(snapshot.get(&absent).is_none());
        for prefix in entries.keys().filter_map(|key| key.get(..1)) {
            let expected: Vec<_> = entries.keys().map(String::as_str).filter(|key| key.starts_with(prefix)).collect();
            prop_assert_eq!(snapshot.prefix(prefix).map(|entry| entry.key()).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn builders_that_are_put_together_are_as_one(entries in btree_map("[a-zé][a-z0-9._é-]{0,30}", given(), 0..60), cut in 0..60usize) {
        let (mut first, mut second) = (entries.clone(), BTreeMap::new());
        if let Some(key) = entries.keys().nth(cut) {
            second = first.split_off(key);
        }
        let mut together = build(&first);
        let second = build(&second);
        prop_assert_eq!([together.extent(), second.extent()].into_iter().sum::<Extent>(), build(&entries).extent());
        together.extend(&second);
        let [parts, whole] = [&together, &build(&entries)].map(|builder| Snapshot::of(builder, 1, "", None).expect("fine entries"));
        prop_assert!(together.matches(&whole) && second.is_in(&whole) && build(&entries).matches(&parts));
        prop_assert_eq!(parts.as_bytes().len(), together.extent().file_len());
        prop_assert_eq!(second.matches(&whole), first.is_empty());
    }

    #[test]
    fn publishing_the_same_again_changes_no_key(entries in btree_map("[a-z]{1,8}", given(), 1..40)) {
        let scratch = tempfile::tempdir()?;
        let mut publisher = Publisher::open(&scratch.path().join("run"), None)?;
        publisher.publish(&build(&entries), "")?;
        publisher.publish(&build(&entries), &"cd".repeat(20))?;
        let snapshot = publisher.last().expect("just published");
        prop_assert_eq!(snapshot.generation(), 2);
        prop_assert!(snapshot.iter().all(|entry| entry.changed() == 1));
    }
}
