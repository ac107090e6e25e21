//! Signed commits and the proof that leads from them to files: what is good passes, and nothing that was touched does.

use configedge_snapshot::ValueRef;
use configrelay::proof::{Proof, SIGNATURE};
use configrelay::relay::{Options, Relay};
use configrelay::signature::Signers;
use configrelay::spool::Spool;
use configrelay::world::{Sink, Source};
use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use sha1_checked::Sha1;
use sha2::{Digest, Sha512};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
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
    format!("tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> {time} +0000\n\nUpdate game/a\n")
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
    let game = tree(&[("100644", "a.yaml", &id("blob", text.as_bytes())), ("120000", "link.yaml", &id("blob", b"a"))]);
    let bundles = tree(&[("40000", "game", &id("tree", &game))]);
    let policies = tree(&[("100644", "p.wasm", &id("blob", b"module"))]);
    let root = tree(&[("40000", "bundles", &id("tree", &bundles)), ("40000", "policies", &id("tree", &policies))]);
    let mut files = BTreeMap::from([("commit".to_owned(), commit(&id("tree", &root), time, key))]);
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
    assert_eq!((proven.time, proven.by.as_str()), (1_000, "ops@example"));
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

#[test]
fn what_is_unproven_stops_nothing_else() {
    let root = tempfile::tempdir().expect("a directory");
    let (path, list) = (root.path().join("spool"), root.path().join("signers"));
    fs::write(&list, line(&key(1), "")).expect("a list");
    let options = Options {
        spool: path.clone(),
        out: root.path().join("out"),
        durable: None,
        namespace: None,
        allowed_signers: Some(list),
        layer: String::new(),
    };
    let mut relay = Relay::open(&options).expect("a relay");
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
