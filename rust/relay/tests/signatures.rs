//! Signed commits and the proof that leads from them to files: what is good passes, and nothing that was touched does.

use configedge_snapshot::{Publisher, ValueRef};
use configrelay::proof::{Proof, SIGNATURE};
use configrelay::relay::{Options, Relay};
use configrelay::signature::Signers;
use configrelay::spool::Spool;
use configrelay::world::{MachineClock, Sink, Source};
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use sha1_checked::Sha1;
use sha2::{Digest, Sha512};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const BUNDLE: &str =
    "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {name: a, namespace: game}\nspec: {values: {n: 1}}\n";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn strings(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u32).to_be_bytes(), *part].concat()).collect()
}

fn public(key: &SigningKey) -> Vec<u8> {
    strings(&[b"ssh-ed25519", key.verifying_key().as_bytes()])
}

fn line(key: &SigningKey, options: &str) -> String {
    format!("ops@example {options} ssh-ed25519 {} a comment\n", BASE64.encode(&public(key)))
}

/// What a signature may be otherwise.
struct Form {
    signed_namespace: &'static [u8],
    namespace: &'static [u8],
    reserved: &'static [u8],
    hash: &'static [u8],
    version: u32,
    after: &'static [u8],
}

const GOOD: Form = Form { signed_namespace: b"git", namespace: b"git", reserved: b"", hash: b"sha512", version: 1, after: b"" };

fn armor(payload: &[u8], key: &SigningKey, form: &Form) -> String {
    let digest = Sha512::digest(payload);
    let signed = [b"SSHSIG".as_slice(), &strings(&[form.signed_namespace, b"", form.hash, &digest])].concat();
    let signature = strings(&[b"ssh-ed25519", &key.sign(&signed).to_bytes()]);
    let parts = strings(&[&public(key), form.namespace, form.reserved, form.hash, &signature]);
    let blob = [b"SSHSIG".as_slice(), &form.version.to_be_bytes(), &parts, form.after].concat();
    let text = BASE64.encode(&blob);
    let lines: Vec<&str> = text.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----", lines.join("\n"))
}

fn payload(tree: &str, time: u64) -> String {
    payload_on(tree, time, &[])
}

fn payload_on(tree: &str, time: u64, parents: &[&str]) -> String {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    format!("tree {tree}\n{parents}author A <a@b> 1 +0000\ncommitter A <a@b> {time} +0000\n\nUpdate game/a\n")
}

fn with_signature(payload: &str, armor: &str) -> Vec<u8> {
    let header = format!("gpgsig {}\n\n", armor.replace('\n', "\n "));
    payload.replacen("\n\n", &format!("\n{header}"), 1).into_bytes()
}

fn commit(tree: &str, time: u64, key: &SigningKey) -> Vec<u8> {
    let payload = payload(tree, time);
    with_signature(&payload, &armor(payload.as_bytes(), key, &GOOD))
}

fn id(kind: &str, content: &[u8]) -> String {
    HEXLOWER.encode(Sha1::try_digest([format!("{kind} {}\0", content.len()).as_bytes(), content].concat()).hash())
}

fn tree(entries: &[(&str, &str, &str)]) -> Vec<u8> {
    let entry = |(mode, name, id): &(&str, &str, &str)| {
        [format!("{mode} {name}\0").into_bytes(), HEXLOWER.decode(id.as_bytes()).expect("an id")].concat()
    };
    entries.iter().flat_map(entry).collect()
}

/// The files of a proof of `bundles/game/a.yaml` with that text, and of a policy.
fn proof(text: &str, time: u64, key: &SigningKey) -> BTreeMap<String, Vec<u8>> {
    proof_on(text, time, key, &[])
}

/// The same of a commit with these parents.
fn proof_on(text: &str, time: u64, key: &SigningKey, parents: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let game = tree(&[("100644", "a.yaml", &id("blob", text.as_bytes())), ("120000", "link.yaml", &id("blob", b"a"))]);
    let bundles = tree(&[("40000", "game", &id("tree", &game))]);
    let policies = tree(&[("100644", "p.wasm", &id("blob", b"module"))]);
    let root = tree(&[("40000", "bundles", &id("tree", &bundles)), ("40000", "policies", &id("tree", &policies))]);
    let payload = payload_on(&id("tree", &root), time, parents);
    let commit = with_signature(&payload, &armor(payload.as_bytes(), key, &GOOD));
    let mut files = BTreeMap::from([("commit".to_owned(), commit)]);
    files.extend([game, bundles, policies, root].map(|content| (id("tree", &content), content)));
    files
}

fn prove(files: &BTreeMap<String, Vec<u8>>, signers: &Signers) -> Result<Proof, String> {
    let commit = &files["commit"];
    let read = |name: &str| files.get(name).cloned().ok_or(io::Error::from(io::ErrorKind::NotFound));
    Proof::of(commit, signers.verify(commit)?, "", read)
}

fn signers(text: &str) -> Signers {
    Signers::parse(text.as_bytes()).expect("a good list")
}

#[test]
fn a_signature_leads_to_each_file() {
    let proven = prove(&proof(BUNDLE, 1_000, &key(1)), &signers(&line(&key(1), ""))).expect("a good proof");
    assert_eq!(proven.time, 1_000);
    assert_eq!(proven.commit, id("commit", &proof(BUNDLE, 1_000, &key(1))["commit"]));
    assert_eq!(proven.check("game.a.yaml", BUNDLE.as_bytes()), Ok(()));
    assert_eq!(proven.check_policy("p.wasm", b"module"), Ok(()));
    assert_eq!(proven.bundles().collect::<Vec<_>>(), ["game.a.yaml"]);
    for (file, text) in
        [("game.a.yaml", "x"), ("game.b.yaml", BUNDLE), ("game.a.yml", BUNDLE), ("a.yaml", BUNDLE), ("game.link.yaml", "a")]
    {
        assert!(proven.check(file, text.as_bytes()).is_err(), "{file}");
    }
    assert!(proven.check_policy("p.wasm", b"other").is_err() && proven.check_policy("q.wasm", b"module").is_err());
}

#[test]
fn a_signature_of_another_form_is_refused() {
    let payload = payload(&id("tree", b""), 1_000);
    let verify = |commit: &[u8]| signers(&line(&key(1), "")).verify(commit).map(|signed| signed.by);
    let formed = |form: Form| verify(&with_signature(&payload, &armor(payload.as_bytes(), &key(1), &form)));
    assert_eq!(formed(GOOD), Ok("ops@example".to_owned()));
    for (form, said) in [
        (Form { namespace: b"file", ..GOOD }, "namespace"),
        (Form { namespace: b"file", signed_namespace: b"file", ..GOOD }, "namespace"),
        (Form { signed_namespace: b"file", ..GOOD }, "not of this commit"),
        (Form { reserved: b"x", ..GOOD }, "reserved"),
        (Form { hash: b"sha256", ..GOOD }, "sha512"),
        (Form { version: 2, ..GOOD }, "version 1"),
        (Form { after: b"x", ..GOOD }, "after its end"),
    ] {
        let why = formed(form).expect_err(said);
        assert!(why.contains(said), "{why}");
    }
    let good = armor(payload.as_bytes(), &key(1), &GOOD);
    for (armor, said) in [
        (format!("{good}\njunk"), "not one by SSH"),
        (format!("x\n{good}"), "not one by SSH"),
        (good.replace("SSH SIG", "PGP SIG"), "not one by SSH"),
        (good.replace("U1NI", "U1N "), "base64"),
        (armor(payload.as_bytes(), &key(2), &GOOD), "is not there"),
        (armor(b"another", &key(1), &GOOD), "not of this commit"),
        (String::new(), "not one by SSH"),
    ] {
        let why = verify(&with_signature(&payload, &armor)).expect_err(said);
        assert!(why.contains(said), "{why}");
    }
    let twice = with_signature(std::str::from_utf8(&with_signature(&payload, &good)).expect("ASCII"), &good);
    assert!(verify(&twice).expect_err("two").contains("more than one"));
    assert!(verify(payload.as_bytes()).expect_err("none").contains("no signature"));
    assert!(verify(&vec![b'x'; (64 << 10) + 1]).expect_err("huge").contains("limit"));
}

#[test]
fn a_key_counts_for_what_its_line_says() {
    let commit = commit(&id("tree", b""), 1_700_000_000, &key(1));
    for (options, good) in [
        ("", true),
        (r#"namespaces="git""#, true),
        (r#"namespaces="file,git""#, true),
        (r#"NAMESPACES="git",valid-after="20200101Z",valid-before="20300101Z""#, true),
        (r#"namespaces="file""#, false),
        (r#"valid-after="20231115Z""#, false),
        (r#"valid-after="20231114221320Z""#, true),
        (r#"valid-before="20231114221319Z""#, false),
        (r#"valid-before="202311142214Z""#, true),
    ] {
        assert_eq!(signers(&line(&key(1), options)).verify(&commit).is_ok(), good, "{options}");
    }
    // One key after another, in either order, and each on its own.
    let (old, new) = (line(&key(1), ""), line(&key(2), ""));
    for text in [format!("{old}{new}"), format!("# keys\n\n{new}\t{old}\r\n")] {
        assert!(signers(&text).verify(&commit).is_ok());
    }
    assert!(signers(&new).verify(&commit).is_err());
}

#[test]
fn a_list_that_is_not_understood_is_refused_with_its_line() {
    let good = line(&key(1), "");
    for bad in [
        "ops@example",
        "ops@example ssh-ed25519",
        "ops@example ssh-ed25519 AAAA",
        "ops@example ssh-ed25519 ???",
        "ops@example ssh-rsa AAAAB3NzaC1yc2E=",
        "ops@example sk-ssh-ed25519@openssh.com AAAA",
        "\"ops\" ssh-ed25519 AAAA",
        "!ops ssh-ed25519 AAAA",
        &line(&key(1), "cert-authority"),
        &line(&key(1), r#"valid-after="20200101""#),
        &line(&key(1), r#"valid-after="20200101Z",valid-before="20200101Z""#),
        &line(&key(1), r#"namespaces="git",namespaces="git""#),
        &line(&key(1), r#"namespaces="g*""#),
        &line(&key(1), r#"verify-required="x""#),
        &line(&key(1), r#"namespaces=git"#),
    ] {
        let why = Signers::parse(format!("{good}{bad}").as_bytes()).expect_err(bad);
        assert!(why.starts_with("line 2: "), "{bad}: {why}");
    }
    assert!(Signers::parse(b"# none\n").is_err() && Signers::parse(b"\xff").is_err());
}

#[test]
fn a_layer_has_files_of_its_own() {
    let of = |text: &str| tree(&[("40000", "game", &id("tree", &tree(&[("100644", "a.yaml", &id("blob", text.as_bytes()))])))]);
    let namespace = |text: &str| tree(&[("100644", "a.yaml", &id("blob", text.as_bytes()))]);
    let layers = ["prod", "prod.eu", "test"];
    let entries: Vec<_> = layers.iter().map(|layer| (*layer, id("tree", &of(layer)))).collect();
    let rendered = tree(&entries.iter().map(|(layer, id)| ("40000", *layer, id.as_str())).collect::<Vec<_>>());
    let root = tree(&[("40000", "bundles", &id("tree", &of("all"))), ("40000", "rendered", &id("tree", &rendered))]);
    let commit = commit(&id("tree", &root), 1_000, &key(1));
    let mut files = BTreeMap::from([(id("tree", &root), root), (id("tree", &rendered), rendered.clone())]);
    for text in ["all", "prod", "prod.eu", "test"] {
        files.extend([of(text), namespace(text)].map(|content| (id("tree", &content), content)));
    }
    let list = signers(&line(&key(1), ""));
    let prove = |layer: &str, files: &BTreeMap<String, Vec<u8>>| {
        let read = |name: &str| files.get(name).cloned().ok_or(io::Error::from(io::ErrorKind::NotFound));
        Proof::of(&commit, list.verify(&commit)?, layer, read)
    };
    for (layer, text) in
        [("", "all"), ("prod", "prod"), ("prod.eu", "prod.eu"), ("prod.us", "prod"), ("dev", "all"), ("dev.eu", "all")]
    {
        let proven = prove(layer, &files).expect("a good proof");
        for other in ["all", "prod", "prod.eu", "test"] {
            assert_eq!(proven.check("game.a.yaml", other.as_bytes()).is_ok(), other == text, "{layer}: {other}");
        }
    }
    // Whether there is one for the layer must be seen.
    files.remove(&id("tree", &rendered));
    assert!(prove("dev", &files).is_err() && prove("", &files).is_ok());
}

#[test]
fn a_namespace_without_its_tree_is_not_covered() {
    let mut files = proof(BUNDLE, 1_000, &key(1));
    let game =
        id("tree", &tree(&[("100644", "a.yaml", &id("blob", BUNDLE.as_bytes())), ("120000", "link.yaml", &id("blob", b"a"))]));
    files.remove(&game).expect("the namespace's tree");
    let proven = prove(&files, &signers(&line(&key(1), ""))).expect("the rest is proven");
    assert!(proven.uncovered.contains_key("game") && proven.check("game.a.yaml", BUNDLE.as_bytes()).is_err());
}

fn write_spool(spool: &Path, files: &BTreeMap<String, Vec<u8>>, bundles: &[(&str, &str)]) {
    if spool.exists() {
        fs::remove_dir_all(spool).expect("an old spool");
    }
    fs::create_dir_all(spool.join(".proof")).expect("a spool");
    files.iter().for_each(|(name, content)| fs::write(spool.join(".proof").join(name), content).expect("a file"));
    bundles.iter().for_each(|(name, text)| fs::write(spool.join(name), text).expect("a file"));
}

#[test]
fn an_older_commit_is_refused_once_a_newer_one_was_here() {
    let root = tempfile::tempdir().expect("a directory");
    let (path, list) = (root.path().join("spool"), root.path().join("signers"));
    fs::write(&list, line(&key(1), "")).expect("a list");
    let mut spool = Spool::new(path.clone(), Some(list), String::new());
    for (time, good) in [(1_000, true), (2_000, true), (1_999, false), (2_000, true), (3_000, true)] {
        write_spool(&path, &proof(BUNDLE, time, &key(1)), &[("game.a.yaml", BUNDLE)]);
        let refused = spool.read().expect("readable").refused;
        assert_eq!(refused.is_none(), good, "{time}: {refused:?}");
        assert!(refused.is_none_or(|problem| problem.code == SIGNATURE && problem.message.contains("older than")));
    }
}

/// A spool, and a list of its signers.
struct Place {
    root: tempfile::TempDir,
    spool: PathBuf,
    list: PathBuf,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let (spool, list) = (root.path().join("spool"), root.path().join("signers"));
        fs::write(&list, line(&key(1), "")).expect("a list");
        Self { root, spool, list }
    }

    fn options(&self) -> Options {
        Options {
            spool: self.spool.clone(),
            out: self.root.path().join("out"),
            durable: Some(self.root.path().join("disk/last-good")),
            namespace: None,
            allowed_signers: Some(self.list.clone()),
            layer: String::new(),
        }
    }

    fn relay(&self) -> Relay<Spool, Publisher, MachineClock> {
        Relay::open(&self.options()).expect("a relay")
    }
}

/// What the relay serves after it has looked at the spool, and the messages of all problems.
fn look(relay: &mut Relay<Spool, Publisher, MachineClock>) -> (Option<i64>, Vec<String>) {
    relay.reload(Duration::ZERO);
    let served = Sink::last(relay.sink()).and_then(|last| last.get("a.n").and_then(|entry| entry.as_i64()));
    (served, relay.status.all_problems().map(|problem| format!("{}: {problem}", problem.code)).collect())
}

/// A bundle's text with that value.
fn text(value: i64) -> String {
    BUNDLE.replace("n: 1", &format!("n: {value}"))
}

#[test]
fn a_restarted_relay_takes_no_older_commit_either() {
    let place = Place::new();
    let put =
        |value: i64, time: u64| write_spool(&place.spool, &proof(&text(value), time, &key(1)), &[("game.a.yaml", &text(value))]);
    put(1, 1_000);
    assert_eq!(look(&mut place.relay()), (Some(1), vec![]));
    put(2, 2_000);
    assert_eq!(look(&mut place.relay()), (Some(2), vec![]));
    put(1, 1_000);
    let (served, told) = look(&mut place.relay());
    assert!(served == Some(2) && told.len() == 1 && told[0].contains("older than"), "{told:?}");
    // Nor after a reboot, which empties the snapshot directory.
    fs::remove_dir_all(place.root.path().join("out")).expect("a tmpfs");
    let mut relay = place.relay();
    let (served, told) = look(&mut relay);
    assert!(served == Some(2) && told.len() == 1 && told[0].contains("older than"), "{told:?}");
    put(3, 2_000);
    assert_eq!(look(&mut relay), (Some(3), vec![]));
    assert!(place.root.path().join("out/newest.json").exists());
}

#[test]
fn where_the_newest_commit_cannot_be_kept_that_is_told_of_until_it_can() {
    let place = Place::new();
    write_spool(&place.spool, &proof(BUNDLE, 1_000, &key(1)), &[("game.a.yaml", BUNDLE)]);
    let mut relay = place.relay();
    let in_the_way = place.root.path().join("out/newest.json");
    fs::create_dir_all(&in_the_way).expect("a directory");
    let (served, told) = look(&mut relay);
    assert!(served == Some(1) && told.len() == 1 && told[0].contains("cannot be kept"), "{told:?}");
    fs::remove_dir(&in_the_way).expect("an empty directory");
    assert_eq!(look(&mut relay), (Some(1), vec![]));
}

#[test]
fn a_commit_of_the_future_is_followed_by_the_next_one_on_it() {
    let place = Place::new();
    let put = |value: i64, files: &BTreeMap<String, Vec<u8>>| write_spool(&place.spool, files, &[("game.a.yaml", &text(value))]);
    let future = proof(&text(1), 253_402_300_799, &key(1));
    put(1, &future);
    let mut relay = place.relay();
    assert_eq!(look(&mut relay), (Some(1), vec![]));
    put(2, &proof(&text(2), 2_000, &key(1)));
    let (served, told) = look(&mut relay);
    assert!(served == Some(1) && told[0].contains("older than") && told[0].contains("on top of it"), "{told:?}");
    put(3, &proof_on(&text(3), 3_000, &key(1), &[&id("commit", &future["commit"])]));
    assert_eq!(look(&mut relay), (Some(3), vec![]));
    put(2, &proof(&text(2), 2_000, &key(1)));
    assert_eq!(look(&mut relay).0, Some(3), "from there on time counts again");
}

#[test]
fn what_a_key_signed_is_no_measure_once_the_key_does_not_count() {
    for list in [line(&key(2), ""), format!("{}{}", line(&key(2), ""), line(&key(1), r#"valid-before="20300101Z""#))] {
        let place = Place::new();
        let put = |value: i64, time: u64, signer: u8| {
            let files = proof(&text(value), time, &key(signer));
            write_spool(&place.spool, &files, &[("game.a.yaml", &text(value))]);
        };
        put(1, 253_402_300_799, 1);
        let mut relay = place.relay();
        assert_eq!(look(&mut relay), (Some(1), vec![]));
        fs::write(&place.list, list).expect("a list");
        put(2, 2_000, 2);
        assert_eq!(look(&mut relay), (Some(2), vec![]));
    }
}

#[test]
fn a_signed_file_that_is_too_large_is_refused_for_that() {
    let place = Place::new();
    let large = format!("{BUNDLE}#{}", "x".repeat(1 << 20));
    write_spool(&place.spool, &proof(&large, 1_000, &key(1)), &[("game.a.yaml", &large)]);
    let (_, told) = look(&mut place.relay());
    assert!(told.len() == 1 && told[0].starts_with("limit: ") && told[0].contains("1048576"), "{told:?}");
}

#[test]
fn an_unproven_policy_is_said_to_be_that() {
    let place = Place::new();
    let named = BUNDLE.replace("spec: {", "spec: {policies: [p], ");
    let mut files = proof(&named, 1_000, &key(1));
    let manifest = "apiVersion: configedge.io/v1alpha1\nkind: PolicyManifest\npolicies: {}\n";
    files.insert("../policies/manifest.yaml".to_owned(), manifest.as_bytes().to_vec());
    write_spool(&place.spool, &BTreeMap::new(), &[]);
    fs::create_dir(place.spool.join("policies")).expect("a directory");
    files.iter().for_each(|(name, content)| fs::write(place.spool.join(".proof").join(name), content).expect("a file"));
    fs::write(place.spool.join("game.a.yaml"), &named).expect("a file");
    let (_, told) = look(&mut place.relay());
    assert!(told.iter().any(|told| told.starts_with("policy: ") && told.contains("export a commit")), "{told:?}");
}

#[test]
fn nothing_of_a_spool_is_read_that_is_not_proven() {
    let place = Place::new();
    write_spool(&place.spool, &proof(BUNDLE, 1_000, &key(1)), &[("game.a.yaml", BUNDLE), ("x.y.yaml", BUNDLE)]);
    let mut spool = Spool::new(place.spool.clone(), Some(place.list.clone()), String::new());
    // It would be an error of another kind to open it.
    fs::create_dir(place.spool.join("dir.yaml")).expect("a directory");
    let contents = spool.read().expect("readable");
    let unread =
        contents.documents.iter().filter(|document| document.text.as_ref().is_err_and(|problem| problem.code == SIGNATURE));
    assert_eq!(unread.map(|document| document.file.as_str()).collect::<Vec<_>>(), ["dir.yaml", "x.y.yaml"]);
    fs::remove_file(place.spool.join(".proof/commit")).expect("a file");
    let contents = spool.read().expect("readable");
    assert!(contents.refused.is_some() && contents.documents.is_empty() && contents.policies.is_empty());
}

#[test]
fn what_is_unproven_stops_nothing_else() {
    let place = Place::new();
    let path = place.spool.clone();
    let mut relay = place.relay();
    // A file that takes another's bundle, by name or by what it says, comes first in the order of names.
    let evil = BUNDLE.replace("n: 1", "n: 666");
    write_spool(&path, &proof(BUNDLE, 1_000, &key(1)), &[("game.a.yaml", BUNDLE), ("evil.a.yaml", &evil), ("a.yaml", &evil)]);
    relay.reload(Duration::ZERO);
    let told: Vec<_> = relay.status.all_problems().map(|problem| (problem.file.as_str(), problem.code)).collect();
    assert_eq!(told, [("a.yaml", SIGNATURE), ("evil.a.yaml", SIGNATURE)]);
    let last = Sink::last(relay.sink()).expect("something is served");
    assert_eq!(last.get("a.n").map(|entry| entry.value()), Some(ValueRef::I64(1)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_flipped_bit_anywhere_proves_nothing_else(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8u32) {
        let list = signers(&line(&key(1), ""));
        let mut files = proof(BUNDLE, 1_000, &key(1));
        let name = file.get(&files.keys().cloned().collect::<Vec<_>>()).clone();
        let content = files.get_mut(&name).expect("a file");
        let at = at.index(content.len());
        content[at] ^= 1 << bit;
        match prove(&files, &list) {
            // Only what does not lead to the bundle can be missing.
            Ok(proven) => prop_assert!(name != "commit" && (proven.check("game.a.yaml", BUNDLE.as_bytes()).is_err() || proven.check_policy("p.wasm", b"module").is_err())),
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }

    #[test]
    fn hostile_bytes_are_refused_and_harm_nothing(bytes in prop::collection::vec(any::<u8>(), 0..2_000), cut in any::<prop::sample::Index>()) {
        let list = signers(&line(&key(1), ""));
        prop_assert!(list.verify(&bytes).is_err());
        let _ = Signers::parse(&bytes);
        let good = commit(&id("tree", b""), 1_000, &key(1));
        prop_assert!(list.verify(&good[..cut.index(good.len())]).is_err());
        // Trees that are signed but are none.
        let signed = list.verify(&good).expect("a good commit");
        prop_assert!(Proof::of(&good, signed, "", |_| Ok(bytes.clone())).is_err() || bytes.is_empty());
        // Base64 of anything between good lines.
        let payload = payload(&id("tree", b""), 1_000);
        let armor = format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----", BASE64.encode(&bytes));
        prop_assert!(list.verify(&with_signature(&payload, &armor)).is_err());
        let framed = [b"SSHSIG\0\0\0\x01".as_slice(), &bytes].concat();
        let armor = format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----", BASE64.encode(&framed));
        prop_assert!(list.verify(&with_signature(&payload, &armor)).is_err());
    }
}
