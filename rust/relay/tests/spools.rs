//! What a spool may look like, and what of it readers then see: a relay on real directories, looked at pass by pass.

use configedge_snapshot::{Publisher, Snapshot};
use configrelay::relay::{Options, Outcome, Relay};
use configrelay::spool::Spool;
use configrelay::status::{BundleStatus, Serving, State};
use configrelay::world::{MachineClock, Sink};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

type Running = Relay<Spool, Publisher, MachineClock>;

struct Site {
    root: TempDir,
    relay: Option<Running>,
    namespace: Option<String>,
}

fn values(values: &str, name: &str, namespace: &str) -> String {
    format!(
        "apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{values: {values}}}\n"
    )
}

fn bundle(value: i64, name: &str, namespace: &str) -> String {
    values(&format!("{{v: {value}}}"), name, namespace)
}

impl Site {
    fn new(files: &[(&str, String)]) -> Self {
        let mut site = Self { root: tempfile::tempdir().expect("a directory"), relay: None, namespace: None };
        fs::create_dir(site.path("spool")).expect("a spool");
        files.iter().for_each(|(name, text)| site.put(name, text));
        site.start();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.path("spool").join(name), text).expect("a file");
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path("spool").join(name)).expect("a file");
    }

    fn relay(&mut self) -> &mut Running {
        self.relay.as_mut().expect("it runs")
    }

    fn start(&mut self) -> Outcome {
        self.relay = None;
        let options = Options {
            spool: self.path("spool"),
            out: self.path("out"),
            durable: None,
            namespace: self.namespace.clone(),
            allowed_signers: None,
            layer: String::new(),
        };
        self.relay = Some(Relay::open(&options).expect("a relay"));
        self.pass()
    }

    fn pass(&mut self) -> Outcome {
        self.relay().reload(Duration::ZERO)
    }

    fn last(&mut self) -> Snapshot {
        Sink::last(self.relay().sink()).expect("something is served")
    }

    fn v(&mut self, name: &str) -> Option<i64> {
        self.last().get(&format!("{name}.v")).and_then(|entry| entry.as_i64())
    }

    fn told(&mut self, file: &str) -> BundleStatus {
        let found = self.relay().status.bundles.iter().find(|bundle| bundle.file == file);
        found.unwrap_or_else(|| panic!("{file} is not told of")).clone()
    }

    /// Files and codes of all problems.
    fn problems(&mut self) -> Vec<(String, &'static str)> {
        self.relay().status.all_problems().map(|problem| (problem.file.clone(), problem.code)).collect()
    }
}

fn conflicts(files: &[&str]) -> Vec<(String, &'static str)> {
    files.iter().map(|file| ((*file).to_owned(), "conflict")).collect()
}

#[test]
fn a_namesake_of_another_namespace_takes_no_bundle_over() {
    let mut site = Site::new(&[("b.m.yaml", bundle(1, "m", "b"))]);
    site.put("a.m.yaml", &bundle(666, "m", "a"));
    site.pass();
    assert_eq!((site.v("m"), site.problems()), (Some(1), conflicts(&["a.m.yaml"])));
    // The one that was it goes on.
    site.put("b.m.yaml", &bundle(2, "m", "b"));
    site.pass();
    assert_eq!((site.v("m"), site.problems()), (Some(2), conflicts(&["a.m.yaml"])));
    // Nobody knows which one it was: neither takes its place.
    site.put("b.m.yaml", &bundle(3, "m", "b"));
    site.start();
    assert_eq!((site.v("m"), site.problems()), (Some(2), conflicts(&["a.m.yaml", "b.m.yaml"])));
    site.put("b.m.yaml", &bundle(4, "m", "b"));
    site.pass();
    assert_eq!((site.v("m"), site.problems()), (Some(2), conflicts(&["a.m.yaml", "b.m.yaml"])));
    site.remove("a.m.yaml");
    site.pass();
    assert_eq!((site.v("m"), site.problems()), (Some(4), vec![]));
}

#[test]
fn two_files_of_one_bundle_are_both_refused_where_neither_was_it() {
    let mut site =
        Site::new(&[("n.yaml", bundle(1, "n", "a")), ("x.yaml", bundle(2, "m", "a")), ("y.yaml", bundle(3, "m", "a"))]);
    assert_eq!((site.v("m"), site.v("n"), site.problems()), (None, Some(1), conflicts(&["x.yaml", "y.yaml"])));
    // The one that is called after it is it.
    site.put("m.yaml", &bundle(4, "m", "a"));
    site.pass();
    assert_eq!((site.v("m"), site.problems()), (Some(4), conflicts(&["x.yaml", "y.yaml"])));
}

#[test]
fn a_broken_file_loses_its_bundle_to_no_namesake() {
    let mut site = Site::new(&[("b.m.yaml", bundle(1, "m", "b"))]);
    site.put("a.m.yaml", "rubbish: [");
    site.put("b.m.yaml", &bundle(2, "m", "b"));
    site.pass();
    assert_eq!((site.v("m"), site.told("a.m.yaml").ok, site.told("b.m.yaml").ok), (Some(2), false, true));
    for (broken, good) in [("a", "b"), ("b", "a")] {
        site.put(&format!("{broken}.m.yaml"), "rubbish: [");
        site.put(&format!("{good}.m.yaml"), &bundle(3, "m", good));
        site.start();
        assert_eq!((site.v("m"), site.relay().status.state), (Some(2), State::Degraded), "nobody knows whose it was");
    }
}

#[test]
fn a_file_that_is_called_after_a_bundle_has_that_one_or_none() {
    let mut site = Site::new(&[("shop.c.yaml", bundle(1, "c", "shop")), ("aaa.x.yaml", bundle(1, "x", "aaa"))]);
    // Who may write the one namespace alone gets nothing of the other, also where its own file is gone.
    site.put("aaa.x.yaml", &bundle(666, "c", "shop"));
    site.remove("shop.c.yaml");
    site.pass();
    assert_eq!((site.v("c"), site.v("x"), site.problems()), (Some(1), Some(1), conflicts(&["aaa.x.yaml"])));
    let told = site.told("aaa.x.yaml");
    assert_eq!((told.namespace.as_str(), told.name.as_str(), told.serving), ("aaa", "x", Serving::LastGood));
    site.start();
    assert_eq!((site.v("c"), site.v("x")), (Some(1), Some(1)));
}

#[test]
fn a_misspelt_namespace_takes_no_bundle_away() {
    let mut site = Site::new(&[]);
    site.namespace = Some("game".to_owned());
    site.put("game.n.yaml", &bundle(1, "n", "game"));
    site.put("game.m.yaml", &bundle(1, "m", "game"));
    site.start();
    site.put("game.n.yaml", &bundle(2, "n", "gmae"));
    site.put("game.m.yaml", &bundle(2, "m", "game"));
    site.pass();
    assert_eq!((site.v("m"), site.v("n"), site.problems()), (Some(2), Some(1), conflicts(&["game.n.yaml"])));
    // What says it is another's and is called so is no concern of this relay.
    site.put("shop.n.yaml", &bundle(3, "n", "shop"));
    site.put("other.yaml", &bundle(3, "other", "shop"));
    site.pass();
    assert_eq!(site.problems(), conflicts(&["game.n.yaml"]));
}

#[test]
fn a_broken_file_that_is_called_after_a_part_of_a_bundle_stops_nothing() {
    let mut site = Site::new(&[("b.yaml", values("{v: 1, deep_er: {x: 1}}", "b", "default"))]);
    for name in ["b.deep_er.yaml", "x.b.deep_er.yaml"] {
        site.put(name, "rubbish: [");
    }
    site.put("b.yaml", &values("{v: 2, deep_er: {x: 1}}", "b", "default"));
    assert_eq!(site.pass(), Outcome::Published);
    assert_eq!(site.v("b"), Some(2));
}

fn large(name: &str) -> (String, String) {
    let members: Vec<_> = (0..17).map(|number| format!("k{number}: {}", "x".repeat(60_000))).collect();
    (format!("{name}.yaml"), values(&format!("{{{}}}", members.join(", ")), name, "default"))
}

#[test]
fn what_has_no_room_beside_the_others_is_refused_and_stops_none_of_them() {
    let mut site = Site::new(&[("m.yaml", bundle(1, "m", "default"))]);
    for number in 0..9 {
        let (file, text) = large(&format!("big{number}"));
        site.put(&file, &text);
    }
    // Later in the order of names than those that are too large.
    site.put("m.yaml", &bundle(2, "m", "default"));
    site.put("new.yaml", &bundle(1, "new", "default"));
    site.pass();
    assert_eq!((site.v("m"), site.v("new")), (Some(2), Some(1)));
    let refused = site.problems();
    assert!(!refused.is_empty() && refused.iter().all(|(file, code)| file.starts_with("big") && *code == "limit"), "{refused:?}");
    let served = (0..9).filter(|number| site.last().get(&format!("big{number}")).is_some()).count();
    assert_eq!(served + refused.len(), 9, "as many as have room");
    assert!(served >= 7, "{served}");
    // And when there is room again, they come.
    for number in 0..9 - refused.len() {
        site.remove(&format!("big{number}.yaml"));
    }
    site.pass();
    assert!(site.problems().len() < refused.len() || refused.len() == 1, "{:?}", site.problems());
}

#[test]
fn the_last_good_of_all_has_room_whatever_they_want_to_become() {
    let files: Vec<_> = (0..7).map(|number| large(&format!("big{number}"))).collect();
    let mut site = Site::new(&files.iter().map(|(file, text)| (file.as_str(), text.clone())).collect::<Vec<_>>());
    let before = site.last();
    // All but the last grow as far as guards let them; there is no room for that.
    for (file, text) in &files[..6] {
        site.put(file, &text.replace("k0: ", "j0: abc, k0: y"));
    }
    for number in 7..12 {
        let (file, text) = large(&format!("big{number}"));
        site.put(&file, &text);
    }
    site.pass();
    for key in before.keys().filter(|key| !key.contains('.')) {
        assert!(site.last().get(key).is_some(), "{key} is served still");
    }
    assert_eq!(site.last().get("big0.j0").and_then(|entry| entry.as_str().map(str::to_owned)).as_deref(), Some("abc"));
}

#[test]
fn more_text_than_can_be_is_not_read_and_the_smaller_files_come_first() {
    let mut site = Site::new(&[("z.yaml", bundle(1, "z", "default"))]);
    for number in 0..40 {
        site.put(&format!("a{number}.yaml"), &"#".repeat(1 << 20));
    }
    site.put("z.yaml", &bundle(2, "z", "default"));
    site.pass();
    assert_eq!(site.v("z"), Some(2));
    let told: Vec<_> = site.relay().status.all_problems().cloned().collect();
    assert_eq!(told.len(), 40);
    let unread: Vec<_> = told.iter().filter(|problem| problem.message.contains("not read")).collect();
    assert!(unread.len() >= 8 && unread.iter().all(|problem| problem.code == "limit"), "{}", unread.len());
}

#[test]
fn too_many_policies_stop_only_what_needs_one() {
    let mut site = Site::new(&[("m.yaml", bundle(1, "m", "default")), ("p.yaml", bundle(1, "p", "default"))]);
    fs::create_dir(site.path("spool/policies")).expect("a directory");
    for number in 0..66 {
        site.put(&format!("policies/p{number}.wasm"), "");
    }
    site.put("m.yaml", &bundle(2, "m", "default"));
    site.put("p.yaml", &bundle(2, "p", "default").replace("spec: {", "spec: {policies: [p1], "));
    site.pass();
    assert_eq!((site.v("m"), site.v("p")), (Some(2), Some(1)));
    let told = site.told("p.yaml").problems;
    assert!(told[0].message.contains("policies/") && told[0].message.contains("66 files"), "{told:?}");
}

#[test]
fn a_directory_of_policies_that_cannot_be_read_stops_only_what_needs_one() {
    if rustix::process::geteuid().is_root() {
        return;
    }
    let mut site = Site::new(&[("m.yaml", bundle(1, "m", "default"))]);
    fs::create_dir(site.path("spool/policies")).expect("a directory");
    fs::set_permissions(site.path("spool/policies"), fs::Permissions::from_mode(0o000)).expect("our own");
    site.put("m.yaml", &bundle(2, "m", "default"));
    site.pass();
    assert_eq!((site.v("m"), site.problems()), (Some(2), vec![]));
}

#[test]
fn under_a_hold_the_status_tells_what_is_served_and_not_what_would_be() {
    let mut site = Site::new(&[("m.yaml", bundle(1, "m", "default")), ("same.yaml", bundle(1, "same", "default"))]);
    site.put("hold", "freeze");
    site.put("m.yaml", &bundle(2, "m", "default"));
    site.put("new.yaml", &bundle(1, "new", "default"));
    site.pass();
    let told = ["m.yaml", "new.yaml", "same.yaml"].map(|file| (site.told(file).ok, site.told(file).serving));
    assert_eq!(told, [(false, Serving::LastGood), (false, Serving::Nothing), (true, Serving::Current)]);
    assert_eq!((site.relay().status.state, site.problems()), (State::Held, vec![]));
    assert_eq!(site.relay().status.refusals, 0);
    site.remove("hold");
    site.pass();
    let told = ["m.yaml", "new.yaml", "same.yaml"].map(|file| (site.told(file).ok, site.told(file).serving));
    assert_eq!(told, [(true, Serving::Current); 3]);
}

#[test]
fn the_status_follows_a_snapshot_directory_that_was_made_anew() {
    let mut site = Site::new(&[("m.yaml", bundle(1, "m", "default"))]);
    fs::remove_dir_all(site.path("out")).expect("somebody cleans up");
    assert_eq!(site.pass(), Outcome::Kept, "which is written to the new directory");
    assert_eq!((site.last().generation(), site.relay().status.generation), (2, 2));
    // Also where nothing can be read any more.
    fs::remove_dir_all(site.path("spool")).expect("somebody cleans up");
    site.pass();
    fs::remove_dir_all(site.path("out")).expect("somebody cleans up");
    assert_eq!((site.pass(), site.relay().status.generation, site.v("m")), (Outcome::Kept, 3, Some(1)));
}

#[test]
fn a_snapshot_that_was_deleted_under_a_running_relay_takes_no_last_good_and_no_hold_with_it() {
    let mut site = Site::new(&[("m.yaml", bundle(1, "m", "default")), ("n.yaml", bundle(1, "n", "default"))]);
    for (held, m, n) in [(false, 1, 2), (true, 1, 2)] {
        // Taken over from another, so that it has nothing of it in memory.
        site.start();
        let generation = site.last().generation();
        fs::remove_file(site.path(&format!("out/g-{generation:016x}"))).expect("the published file");
        if held {
            site.put("hold", "freeze");
            site.put("n.yaml", &bundle(3, "n", "default"));
        } else {
            site.put("m.yaml", "rubbish: [");
            site.put("n.yaml", &bundle(2, "n", "default"));
        }
        site.pass();
        assert_eq!((site.v("m"), site.v("n")), (Some(m), Some(n)), "{held}");
        let generation = site.last().generation();
        assert!(site.path(&format!("out/g-{generation:016x}")).exists(), "{held}: newcomers find it");
    }
}

#[test]
fn names_that_could_forge_a_line_of_a_log_are_no_bundle_files() {
    let mut site = Site::new(&[("m.yaml", bundle(1, "m", "default"))]);
    site.put("x\nconfigrelay: info: published.yaml", "[");
    site.put("m.yaml", &bundle(2, "m", "default"));
    site.pass();
    assert_eq!(site.v("m"), Some(2));
    let [problem] = &site.relay().status.problems[..] else { panic!("one problem") };
    assert!(problem.code == "name" && !problem.to_string().contains('\n'), "{problem}");
}
