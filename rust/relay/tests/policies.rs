//! Policies: what they may say, what hostile ones get, and what becomes of bundles that name them.

use configrelay::bundle::Bundle;
use configrelay::check::{Checked, check};
use configrelay::policies::{Files, MANIFEST, Policies, digest_of};
use configrelay::policy::{DEADLINE, MAX_MODULE_LEN, Policy, Verdict};
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A module that answers every check with `verdict` and every derivation with `derived` (none if empty); `body` runs before each
/// check, and `more` stands beside the functions.
fn module(verdict: &str, derived: &str, body: &str, more: &str) -> Vec<u8> {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let derive = if derived.is_empty() {
        String::new()
    } else {
        let len = derived.len();
        format!(
            r#"(data (i32.const 4096) "{}")
            (func (export "configedge_derive") (param i32 i32) (result i64) (i64.const {}))"#,
            escaped(derived),
            (4096u64 << 32) | len as u64
        )
    };
    let text = format!(
        r#"(module (memory (export "memory") 2)
        (data (i32.const 1024) "{}")
        (func (export "configedge_abi") (result i32) (i32.const 1))
        (func (export "configedge_alloc") (param i32) (result i32) (i32.const 65536))
        (func (export "configedge_check") (param i32 i32) (result i64) {body} (i64.const {}))
        {derive} {more})"#,
        escaped(verdict),
        if verdict.is_empty() { 0 } else { (1024u64 << 32) | verdict.len() as u64 },
    );
    wat::parse_str(text).expect("a module")
}

fn run(wasm: &[u8]) -> Result<Verdict, String> {
    Policy::compile(wasm)?.run(r#"{"abi":1,"name":"m","namespace":"default","values":{"a":1}}"#)
}

fn policies(modules: &[(&str, Vec<u8>)]) -> Policies {
    let pins = modules.iter().map(|(name, wasm)| format!("  {name}: {}\n", digest_of(wasm)));
    let manifest = format!("apiVersion: configedge.io/v1alpha1\nkind: PolicyManifest\npolicies:\n{}", pins.collect::<String>());
    let files = modules.iter().map(|(name, wasm)| (format!("{name}.wasm"), Ok(wasm.clone())));
    Policies::new(files.chain([(MANIFEST.to_owned(), Ok(manifest.into_bytes()))]).collect())
}

fn bundle(values: &Value, policies: &[&str]) -> Bundle {
    let text = format!(
        "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {{name: m}}\nspec:\n  values: {values}\n  policies: {}\n",
        json!(policies)
    );
    Bundle::parse(text.as_bytes(), "m.yaml").expect("a good bundle")
}

fn told(checked: &Checked) -> Vec<(&str, String, u32)> {
    checked.problems.iter().map(|problem| (problem.key.as_str(), problem.message.clone(), problem.line)).collect()
}

#[test]
fn a_verdict_becomes_problems_at_their_places_and_warnings_do_not_refuse() {
    let refuse = module(r#"{"accept":false,"messages":[{"key":"a.b","message":"too small","hint":"more"}]}"#, "", "", "");
    let warn = module(r#"{"accept":true,"messages":[{"message":"odd"}]}"#, "", "", "");
    let silent = module("", "", "", "");
    let known = policies(&[("refuse", refuse), ("warn", warn), ("silent", silent)]);
    let checked = check(&bundle(&json!({"a": {"b": 1}}), &["silent", "warn"]), &known);
    assert_eq!((told(&checked), checked.warnings[0].message.as_str()), (vec![], "odd (policy warn)"));
    let checked = check(&bundle(&json!({"a": {"b": 1}}), &["warn", "refuse"]), &known);
    assert_eq!(told(&checked), [("spec.values.a.b", "too small (policy refuse)".to_owned(), 5)]);
    assert_eq!(checked.problems[0].hint, "more");
}

#[test]
fn what_is_derived_is_merged_and_may_not_take_the_place_of_what_was_written() {
    let derive = |json: &str| module("", json, "", "");
    let known = policies(&[
        ("one", derive(r#"{"a":{"table":[1,2]}}"#)),
        ("two", derive(r#"{"c":1.5}"#)),
        ("taken", derive(r#"{"a":{"b":2}}"#)),
        ("deep", derive(&format!("{}1{}", "{\"x\":".repeat(40), "}".repeat(40)))),
        ("name", derive(r#"{"not a key":1}"#)),
        ("list", derive("[1]")),
    ]);
    let values = json!({"a": {"b": 1}});
    let checked = check(&bundle(&values, &["one", "two"]), &known);
    let merged = checked.derived.map(|node| node.to_value());
    assert_eq!(merged, Some(json!({"a": {"b": 1, "table": [1, 2]}, "c": 1.5})));
    for (name, key, message) in [
        ("taken", "spec.policies.0", "derives spec.values.a.b, which is there already"),
        ("deep", "spec.values.x.x", "nested 33 deep"),
        ("name", "spec.values.not a key", "is not a key"),
        ("list", "spec.policies.0", "not a JSON object"),
    ] {
        let checked = check(&bundle(&values, &[name]), &known);
        let problem = &checked.problems[0];
        assert!(problem.key.starts_with(key) && problem.message.contains(message), "{name}: {problem}");
        assert_eq!(problem.line, 6, "where the policy is named");
    }
}

#[test]
fn very_many_derived_names_are_refused_soon() {
    const COUNT: u64 = 65_000;
    // Writes {"aaaa":1,"baaa":1 ...}: a member is eight bytes with four bits of its number in each letter, and a comma.
    let letter = |at: u64| {
        format!("(i64.shl (i64.and (i64.shr_u (local.get $i) (i64.const {})) (i64.const 15)) (i64.const {}))", 4 * at, 8 + 8 * at)
    };
    let derive = format!(
        r#"(func (export "configedge_derive") (param i32 i32) (result i64) (local $i i64) (local $at i32)
        (drop (memory.grow (i32.const 20)))
        (i32.store8 (i32.const 131072) (i32.const 123))
        (local.set $at (i32.const 131073))
        (loop $next
            (i64.store (local.get $at)
                (i64.add (i64.const {}) (i64.add (i64.add {} {}) (i64.add {} {}))))
            (i32.store8 offset=8 (local.get $at) (i32.const 44))
            (local.set $at (i32.add (local.get $at) (i32.const 9)))
            (local.set $i (i64.add (local.get $i) (i64.const 1)))
            (br_if $next (i64.lt_u (local.get $i) (i64.const {COUNT}))))
        (i32.store8 (i32.sub (local.get $at) (i32.const 1)) (i32.const 125))
        (i64.const {}))"#,
        u64::from_le_bytes(*b"\"aaaa\":1"),
        letter(0),
        letter(1),
        letter(2),
        letter(3),
        (131_072_u64 << 32) | (1 + 9 * COUNT)
    );
    let known = policies(&[("many", module("", "", "", &derive))]);
    let begun = Instant::now();
    let checked = check(&bundle(&json!({"a": 1}), &["many"]), &known);
    let message = &checked.problems.last().expect("refused").message;
    assert!(message.contains("65002 keys"), "{message}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn a_bundle_names_only_policies_that_are_there_and_pinned() {
    let good = module("", "", "", "");
    let mut files: Files =
        [("good.wasm", good.clone()), ("other.wasm", good.clone())].map(|(name, wasm)| (name.to_owned(), Ok(wasm))).into();
    let manifest =
        |pins: &str| Ok(format!("apiVersion: configedge.io/v1alpha1\nkind: PolicyManifest\npolicies: {pins}\n").into_bytes());
    let message = |files: &Files, name: &str| {
        let checked = check(&bundle(&json!({}), &[name]), &Policies::new(files.clone()));
        checked
            .problems
            .first()
            .map(|problem| format!("{}: {} ({})", problem.key, problem.message, problem.hint))
            .unwrap_or_default()
    };
    assert!(message(&files, "good").contains("there is no policies/manifest.yaml"));
    files.insert(MANIFEST.to_owned(), manifest(&format!("{{good: \"{}\", gone: \"{0}\"}}", digest_of(&good))));
    assert_eq!(message(&files, "good"), "");
    assert!(message(&files, "goood").contains("has no policy goood (did you mean good?)"));
    assert!(message(&files, "gone").contains("policies/gone.wasm is missing"));
    assert!(message(&files, "other").contains("has no policy other"));
    files.insert("good.wasm".to_owned(), Ok(module("", "{}", "", "")));
    assert!(message(&files, "good").contains("manifest.yaml pins sha256:"));
    files.insert("good.wasm".to_owned(), Ok(vec![0; MAX_MODULE_LEN + 1]));
    assert!(message(&files, "good").contains("more than 262144 bytes"));
    for broken in ["[]", "{good: yes}", "{good: \"sha256:00\"}", "{a: 1, a: 1}"] {
        files.insert(MANIFEST.to_owned(), manifest(broken));
        assert!(message(&files, "good").starts_with("spec.policies.0: policies/manifest.yaml: "), "{broken}");
    }
}

/// Its fuel or, on a slow machine, its time was over.
const STOPPED: &str = "stopped";

/// What a policy must not do, and what it is told.
fn hostile() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let text = |text: &str| wat::parse_str(text).expect("a module");
    let with = |body: &str| module("", "", body, "");
    let long = format!(r#"{{"accept":true,"messages":[{{"message":"{}"}}]}}"#, "x".repeat(2_000));
    vec![
        ("endless loop", with("(loop $on (br $on))"), STOPPED),
        ("endless recursion", module("", "", "(call $again)", "(func $again (call $again))"), "trapped"),
        (
            "deep recursion with locals",
            module(
                "",
                "",
                "(call $again (i64.const 1))",
                "(func $again (param i64) (local i64 i64 i64 i64 i64 i64) (call $again (local.get 0)))",
            ),
            "trapped",
        ),
        ("memory bomb", with("(loop $on (drop (memory.grow (i32.const 1))) (br $on))"), STOPPED),
        (
            "memory bomb that fills",
            with(
                "(drop (memory.grow (i32.const 62))) (loop $on (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) (br $on))",
            ),
            "",
        ),
        ("fill beyond its memory", with("(memory.fill (i32.const 0) (i32.const 1) (i32.const -1))"), ""),
        ("too much memory at once", text(r#"(module (memory (export "memory") 65))"#), "cannot be started"),
        ("a huge table", text(r#"(module (memory (export "memory") 1) (table 1000000 funcref))"#), "cannot be started"),
        (
            "an import",
            text(r#"(module (import "env" "puts" (func (param i32))) (memory (export "memory") 1))"#),
            "it imports env.puts",
        ),
        ("an imported memory", text(r#"(module (import "env" "memory" (memory 1)))"#), "it imports env.memory"),
        ("a start function", text(r#"(module (memory (export "memory") 1) (func $go (loop $on (br $on))) (start $go))"#), ""),
        ("two memories", text(r#"(module (memory (export "memory") 1) (memory 1))"#), "not a module"),
        ("no memory", text("(module)"), "it exports no memory"),
        ("no functions", text(r#"(module (memory (export "memory") 1))"#), "configedge_abi"),
        (
            "another contract",
            text(r#"(module (memory (export "memory") 1) (func (export "configedge_abi") (result i32) (i32.const 2)))"#),
            "version 2 of the contract",
        ),
        (
            "a wrong signature",
            text(r#"(module (memory (export "memory") 1) (func (export "configedge_abi") (param i32)))"#),
            "configedge_abi",
        ),
        ("no room", module_with_alloc("(i32.const 0)"), "has no room"),
        ("a place outside", module_with_alloc("(i32.const -8)"), "outside of its memory"),
        ("an answer outside", answering(0xffff_0000, 100), "lies outside"),
        ("a huge answer", answering(0, 70_000), "and the limit is 65536"),
        ("an answer that is not UTF-8", module("x", "", "(i32.store8 (i32.const 1024) (i32.const 255))", ""), "not UTF-8"),
        ("an answer that is not JSON", module("yes", "", "", ""), "not the JSON of a verdict"),
        ("an answer that is no verdict", module("[]", "", "", ""), "not the JSON of a verdict"),
        ("a trap", with("unreachable"), "trapped"),
        ("a division by zero", with("(drop (i32.div_s (i32.const 1) (i32.const 0)))"), "trapped"),
        ("rubbish", b"\0asm\x01\0\0\0\xff\xff\xff".to_vec(), "not a module"),
        ("text", b"(module)".to_vec(), "not a module"),
        ("nothing", Vec::new(), "not a module"),
        ("a large module", vec![0; MAX_MODULE_LEN + 1], "and the limit is 262144"),
        ("a derivation that is not JSON", module("", "{", "", ""), "not JSON"),
        ("a deep derivation", module("", &"[".repeat(3_000), "", ""), "not JSON"),
        ("a long message", module(&long, "", "", ""), "accepted"),
    ]
}

fn module_with_alloc(alloc: &str) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 1) (func (export "configedge_abi") (result i32) (i32.const 1))
        (func (export "configedge_alloc") (param i32) (result i32) {alloc})
        (func (export "configedge_check") (param i32 i32) (result i64) (i64.const 0)))"#
    );
    wat::parse_str(text).expect("a module")
}

fn answering(at: u64, len: u64) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 2) (func (export "configedge_abi") (result i32) (i32.const 1))
        (func (export "configedge_alloc") (param i32) (result i32) (i32.const 8))
        (func (export "configedge_check") (param i32 i32) (result i64) (i64.const {})))"#,
        ((at << 32) | len) as i64
    );
    wat::parse_str(text).expect("a module")
}

#[test]
fn hostile_modules_are_refused_with_the_reason() {
    for (name, wasm, reason) in hostile() {
        let outcome = run(&wasm).map(|_| "accepted".to_owned()).unwrap_or_else(|why| why);
        let fits = if reason == STOPPED {
            outcome.contains("it ran out of fuel (40000000 instructions)") || outcome.contains("of the processor")
        } else {
            outcome.contains(reason)
        };
        assert!(fits, "{name}: {outcome}");
        assert!(reason == "accepted" || outcome != "accepted", "{name} was accepted");
    }
}

#[test]
fn a_run_may_use_most_of_its_fuel_and_no_more() {
    // Some four instructions a round.
    let counting = |rounds: u32| {
        let body = format!(
            "(local $n i32) (local.set $n (i32.const {rounds})) (loop $on (br_if $on (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
        );
        run(&module("", "", &body, ""))
    };
    assert!(counting(1_000_000).is_ok_and(|verdict| verdict.accept), "{:?}", counting(1_000_000));
    assert!(counting(100_000_000).is_err());
}

#[test]
fn nothing_that_a_module_does_takes_long() {
    // The deadline is for a processor's time in an optimized build; a debug build interprets many times slower, and then it is the
    // deadline that stops what fuel would have stopped.
    for (name, wasm, _) in hostile() {
        let begun = Instant::now();
        let _ = run(&wasm);
        assert!(begun.elapsed() < DEADLINE * 10, "{name} took {:?}", begun.elapsed());
    }
}

#[test]
fn ten_thousand_damaged_modules_do_no_harm() {
    let seeds = [
        module(
            r#"{"accept":false,"messages":[{"key":"a","message":"no"}]}"#,
            r#"{"b":1}"#,
            "(loop $on (br_if $on (i32.const 0)))",
            "(table 4 funcref)",
        ),
        module(
            "",
            "",
            "(call $f (i32.const 3))",
            "(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))))))",
        ),
    ];
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let (mut ran, mut slowest) = (0, Duration::ZERO);
    for number in 0..10_000 {
        let mut wasm = seeds[number % seeds.len()].clone();
        for _ in 0..1 + number % 4 {
            use proptest::prelude::Rng;
            let at = 8 + random.next_u32() as usize % (wasm.len() - 8);
            match random.next_u32() % 3 {
                0 => wasm[at] ^= 1 << (random.next_u32() % 8),
                1 => wasm[at] = random.next_u32() as u8,
                _ => wasm.truncate(at.max(9)),
            }
        }
        let begun = Instant::now();
        ran += usize::from(run(&wasm).is_ok());
        slowest = slowest.max(begun.elapsed());
    }
    assert!(ran > 100, "damage that leaves a policy a policy is there, too: {ran}");
    assert!(slowest < DEADLINE * 10, "{slowest:?}");
}

#[test]
fn the_same_values_get_the_same_verdict_and_no_run_sees_another() {
    let counting = module(
        r#"{"accept":true,"messages":[{"message":"0"}]}"#,
        "",
        // The digit in the message, counted up where it lies.
        "(i32.store8 (i32.const 1063) (i32.add (i32.load8_u (i32.const 1063)) (i32.const 1)))",
        "",
    );
    let policy = Policy::compile(&counting).expect("a policy");
    let first = policy.run("{}").expect("a verdict");
    assert_eq!(first.messages[0].message, "1");
    assert!((0..10).all(|_| policy.run("{}").as_ref() == Ok(&first)));
}
