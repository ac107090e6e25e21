//! The relay's core in a simulated world: its clock, its spool and its snapshot directory are values here, and a seed decides what
//! happens to them. A seed that fails replays: `SIMULATION_SEED=<seed> cargo test -p configrelay --test simulation`.
//!
//! 10,000 seeds of 200 steps on each build; `SIMULATION_SEEDS` takes more.

use configedge_snapshot::{Builder, PublishError, Published, Snapshot};
use configrelay::drive::Driver;
use configrelay::pace::Wake;
use configrelay::relay::{Options, Relay};
use configrelay::spool::{Contents, Document};
use configrelay::world::{Clock, Sink, Source};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

const STEPS: usize = 200;
const BUNDLES: [&str; 4] = ["a", "b", "c", "d"];

/// xorshift64*: the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// All there is beside the relay.
#[derive(Default)]
struct World {
    now: Duration,
    /// What people set the wall clock to, in seconds.
    wall: u64,
    files: BTreeMap<String, Vec<u8>>,
    hold: bool,
    unreadable: bool,
    /// What a signature is taken of; some changes do not show in it.
    signed: u64,
    served: Option<Rc<Snapshot>>,
    durable: Option<Rc<Snapshot>>,
    generation: u64,
    lost: bool,
    /// Publishes that will fail.
    full: usize,
    disk_full: bool,
    publishes: usize,
}

type Shared = Rc<RefCell<World>>;

struct SimulatedClock(Shared);
struct SimulatedSource(Shared);
struct SimulatedSink(Shared);

impl Clock for SimulatedClock {
    fn now(&self) -> Duration {
        self.0.borrow().now
    }

    fn unix(&self) -> Duration {
        let world = self.0.borrow();
        Duration::from_secs(world.wall) + world.now
    }
}

impl Source for SimulatedSource {
    fn name(&self) -> String {
        "spool".to_owned()
    }

    fn signature(&mut self) -> io::Result<u64> {
        let world = self.0.borrow();
        if world.unreadable { Err(io::ErrorKind::NotFound.into()) } else { Ok(world.signed) }
    }

    fn read(&mut self) -> io::Result<Contents> {
        let world = self.0.borrow();
        if world.unreadable {
            return Err(io::ErrorKind::NotFound.into());
        }
        let document = |(file, text): (&String, &Vec<u8>)| Document { file: file.clone(), text: Ok(text.clone()) };
        let hold = world.hold.then(|| "asked for".to_owned());
        let mut contents = Contents { documents: world.files.iter().map(document).collect(), hold, ..Contents::default() };
        contents.digest = contents.compute_digest();
        Ok(contents)
    }
}

/// As a directory with one announced snapshot and a durable copy does it.
impl Sink for SimulatedSink {
    fn last(&self) -> Option<Snapshot> {
        self.0.borrow().served.as_deref().cloned()
    }

    fn publish(&mut self, builder: &Builder, commit: &str) -> Result<Published, PublishError> {
        let mut world = self.0.borrow_mut();
        if world.full > 0 {
            world.full -= 1;
            let error = io::ErrorKind::StorageFull.into();
            return Err(PublishError::Io { path: PathBuf::from("out"), action: "not published", error, hint: "make room" });
        }
        let generation = world.generation + 1;
        let snapshot = Rc::new(Snapshot::of(builder, generation, commit, world.served.as_deref())?);
        world.generation = generation;
        world.publishes += 1;
        let durable = if world.disk_full { Err("disk full".to_owned()) } else { Ok(()) };
        if durable.is_ok() {
            world.durable = Some(Rc::clone(&snapshot));
        }
        let published = Published { generation, keys: snapshot.len(), bytes: snapshot.as_bytes().len(), durable };
        world.served = Some(snapshot);
        Ok(published)
    }

    fn make_durable(&mut self) -> Option<Result<(), String>> {
        let mut world = self.0.borrow_mut();
        let behind =
            world.served.as_ref().map(|served| served.generation()) > world.durable.as_ref().map(|copy| copy.generation());
        if !behind {
            return None;
        }
        if world.disk_full {
            return Some(Err("disk full".to_owned()));
        }
        world.durable = world.served.clone();
        Some(Ok(()))
    }

    fn heartbeat(&mut self) {}

    fn set_stale(&self, _: bool) {}

    fn is_lost(&self) -> bool {
        self.0.borrow().lost
    }

    fn reopen(&mut self) -> Result<(), PublishError> {
        let mut world = self.0.borrow_mut();
        world.lost = false;
        let left = world.served.clone();
        serve_again(&mut world, left);
        Ok(())
    }
}

/// A directory that was made anew serves what there still is, under a generation of its own.
fn serve_again(world: &mut World, good: Option<Rc<Snapshot>>) {
    world.served = None;
    if let Some(good) = good {
        world.generation = world.generation.max(good.generation()) + 1;
        let mut builder = Builder::new();
        for entry in good.iter() {
            let value = match entry.value() {
                configedge_snapshot::ValueRef::I64(value) => configedge_snapshot::Value::I64(value),
                configedge_snapshot::ValueRef::Json(text) => configedge_snapshot::Value::Json(builder.text(text)),
                other => panic!("no bundle here has a {other:?}"),
            };
            builder.insert(entry.key(), value).expect("it was there before");
        }
        let snapshot = Snapshot::of(&builder, world.generation, "", None).expect("it was there before");
        world.served = Some(Rc::new(snapshot));
    }
}

type Relayed = Driver<SimulatedSource, SimulatedSink, SimulatedClock>;

fn start(world: &Shared) -> Relayed {
    let options = Options {
        spool: "spool".into(),
        out: "out".into(),
        durable: Some("durable".into()),
        namespace: None,
        allowed_signers: None,
        layer: String::new(),
    };
    let parts = (SimulatedSource(Rc::clone(world)), SimulatedSink(Rc::clone(world)), SimulatedClock(Rc::clone(world)));
    Driver::new(Relay::new(&options, parts.0, parts.1, parts.2))
}

struct Simulation {
    seed: u64,
    random: Random,
    world: Shared,
    relay: Relayed,
    version: i64,
    /// Every version that was ever good, by bundle.
    good: BTreeMap<&'static str, BTreeSet<i64>>,
    /// What is in a bundle's file: a good version, or none that is.
    there: BTreeMap<&'static str, Option<i64>>,
    generation: u64,
    log: Vec<String>,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let world = Shared::default();
        world.borrow_mut().wall = 1_800_000_000;
        let relay = start(&world);
        let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (good, there) = (BTreeMap::new(), BTreeMap::new());
        Self { seed, random, world, relay, version: 0, good, there, generation: 0, log: Vec::new() }
    }

    fn run(&mut self) {
        for _ in 0..STEPS {
            self.act();
            self.check();
        }
        self.settle();
    }

    fn act(&mut self) {
        let action = self.random.below(20);
        self.log.push(format!("{action} at {:?}", self.world.borrow().now));
        match action {
            0..=5 => self.write_good(),
            6 | 7 => self.write_bad(),
            8 => {
                let name = BUNDLES[self.random.below(BUNDLES.len())];
                self.world.borrow_mut().files.remove(&format!("{name}.json"));
                // Alone it would be that bundle.
                self.world.borrow_mut().files.remove(&format!("0x.{name}.json"));
                self.there.remove(name);
                self.changed();
            }
            9 => {
                let hold = self.random.one_in(2);
                self.world.borrow_mut().hold = hold;
                self.changed();
            }
            10 => {
                let unreadable = self.random.one_in(2);
                self.world.borrow_mut().unreadable = unreadable;
                self.hint();
            }
            11 => self.world.borrow_mut().wall = 1_000_000_000 + self.random.next() % 2_000_000_000,
            12 => {
                // The directory is deleted; readers of the old one keep what they have.
                let mut world = self.world.borrow_mut();
                world.lost = true;
            }
            13 => self.world.borrow_mut().full = self.random.below(4),
            14 => {
                let full = self.random.one_in(2);
                self.world.borrow_mut().disk_full = full;
            }
            15 => self.relay = start(&self.world),
            16 if self.random.one_in(4) => {
                // A reboot: memory is empty, the disk is not.
                let durable = self.world.borrow().durable.clone();
                serve_again(&mut self.world.borrow_mut(), durable);
                self.relay = start(&self.world);
            }
            17 if self.random.one_in(2) => self.write_rival(),
            17 => self.relay.wake([Wake::Hint, Wake::Swapped, Wake::Rescan][self.random.below(3)]),
            _ => {
                let ms = self.random.below(3_000) as u64;
                self.pass(Duration::from_millis(ms));
            }
        }
    }

    fn write_good(&mut self) {
        let name = BUNDLES[self.random.below(BUNDLES.len())];
        self.version += 1;
        let version = self.version;
        self.good.entry(name).or_default().insert(version);
        self.there.insert(name, Some(version));
        self.put(name, document(name, json!({"v": version, "deep": {"list": [version, 1]}}), json!({})));
    }

    fn write_bad(&mut self) {
        let name = BUNDLES[self.random.below(BUNDLES.len())];
        self.there.insert(name, None);
        let values = json!({"v": -1, "deep": {"list": [-1, 1]}});
        let text = match self.random.below(6) {
            0 => b"{\"apiVersion\": ".to_vec(),
            1 => Vec::new(),
            2 => document(name, values, json!({"properties": {"v": {"minimum": 0}}})),
            3 => document(name, json!({}), json!({})),
            4 => vec![0xff; 40],
            _ => {
                let many: serde_json::Map<_, _> = (0..40).map(|number| (format!("k{number}"), json!(-1))).collect();
                document(name, Value::Object(many), json!({"maxProperties": 3}))
            }
        };
        self.put(name, text);
    }

    /// A file of another namespace that would be a bundle which is there, or is called after none of them.
    fn write_rival(&mut self) {
        let name = BUNDLES[self.random.below(BUNDLES.len())];
        let values = json!({"v": -2, "deep": {"list": [-2, 1]}});
        let mut text: Value = serde_json::from_slice(&document(name, values, json!({}))).expect("JSON");
        if self.random.one_in(2) {
            self.put("0x.other", text.to_string().into_bytes());
        } else if self.there.contains_key(name) {
            text["metadata"]["namespace"] = "0x".into();
            self.put(&format!("0x.{name}"), text.to_string().into_bytes());
        }
    }

    fn put(&mut self, name: &str, text: Vec<u8>) {
        self.world.borrow_mut().files.insert(format!("{name}.json"), text);
        self.changed();
    }

    /// The spool is another one now: most of that shows, and most is told of.
    fn changed(&mut self) {
        if !self.random.one_in(5) {
            let mut world = self.world.borrow_mut();
            let mut hasher = DefaultHasher::new();
            (&world.files, world.hold).hash(&mut hasher);
            world.signed = hasher.finish();
        }
        self.hint();
    }

    fn hint(&mut self) {
        if !self.random.one_in(3) {
            self.relay.wake(Wake::Hint);
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.world.borrow().now + time;
        while self.relay.next() <= end {
            let next = self.relay.next().max(self.world.borrow().now);
            self.world.borrow_mut().now = next;
            self.relay.step();
            self.check();
        }
        self.world.borrow_mut().now = end;
    }

    /// What must be true at any time.
    fn check(&mut self) {
        let world = self.world.borrow();
        let Some(served) = &world.served else {
            // Only a place that was made anew, with no copy on disk, has nothing.
            return;
        };
        self.demand(served.generation() >= self.generation, "the generation went back");
        self.demand(served.generation() == world.generation, "a generation is served that was not the last published");
        self.generation = served.generation();
        for name in BUNDLES {
            let value = |key: &str| served.get(&format!("{name}{key}")).map(|entry| entry.as_i64());
            let Some(version) = value(".v") else {
                let any = served.prefix(&format!("{name}.")).count();
                self.demand(any == 0, "a part of a bundle is served");
                continue;
            };
            let is_good = version.is_some_and(|version| self.good.get(name).is_some_and(|good| good.contains(&version)));
            self.demand(is_good, &format!("{name} is served as {version:?}, which never was good"));
            self.demand(value(".deep.list.0") == Some(version), "two versions of a bundle are served at once");
        }
    }

    /// With all faults over, the promise holds within its time: what is good is served, and of the rest its last good.
    fn settle(&mut self) {
        {
            let mut world = self.world.borrow_mut();
            (world.hold, world.unreadable, world.full, world.disk_full) = (false, false, 0, false);
            world.files.retain(|file, _| !file.starts_with("0x."));
        }
        let held: BTreeMap<_, _> = BUNDLES.map(|name| (name, self.served(name))).into();
        self.pass(Duration::from_millis(6_500));
        if self.there.is_empty() {
            return;
        }
        // A file that nobody can tell the bundle of may be that of one that is served and in no other file, so that one stays.
        let unknown = self.there.iter().any(|(name, version)| version.is_none() && self.served(name).is_none());
        for name in BUNDLES {
            let served = self.served(name);
            match self.there.get(name) {
                Some(Some(version)) => {
                    self.demand(served == Some(*version), &format!("{name} is {served:?}, and its file has been {version}"));
                }
                // Of a bad one what is good stays: what was served before, or a good version that was read meanwhile.
                Some(None) => self.demand(served >= held[name], &format!("{name} is {served:?}, and was {:?}", held[name])),
                None => self.demand(unknown || served.is_none(), &format!("{name} was deleted, and is served as {served:?}")),
            }
        }
        let status = &self.relay.relay.status;
        // Where nothing was served, an empty bundle is a good one.
        let empty = document("", json!({}), json!({})).len() + 1;
        let is_bad = |name: &str| self.there[name].is_none() && self.world.borrow().files[&format!("{name}.json")].len() != empty;
        let surely = self.there.keys().filter(|name| is_bad(name)).count();
        self.demand(status.problems.is_empty(), &format!("what is over is still told of: {:?}", status.problems));
        let bad = self.there.values().filter(|version| version.is_none()).count();
        let told = status.bundles.iter().filter(|bundle| !bundle.ok && !bundle.problems.is_empty()).count();
        self.demand((surely..=bad).contains(&told), &format!("{bad} files are bad, and the status tells of {told}"));
        let (copy, served) = {
            let world = self.world.borrow();
            let generation = |snapshot: &Option<Rc<Snapshot>>| snapshot.as_ref().map(|snapshot| snapshot.generation());
            (generation(&world.durable), generation(&world.served))
        };
        self.demand(served.is_none() || copy == served, "the durable copy is behind");
        let publishes = self.world.borrow().publishes;
        self.pass(Duration::from_secs(20));
        self.demand(self.world.borrow().publishes == publishes, "it publishes though nothing changes");
    }

    fn served(&self, name: &str) -> Option<i64> {
        self.world.borrow().served.as_ref()?.get(&format!("{name}.v"))?.as_i64()
    }

    fn demand(&self, holds: bool, otherwise: &str) {
        assert!(holds, "seed {}: {otherwise}\nlast: {:#?}", self.seed, &self.log[self.log.len().saturating_sub(12)..]);
    }
}

fn document(name: &str, values: Value, schema: Value) -> Vec<u8> {
    let metadata = json!({"name": name});
    let spec = json!({"values": values, "schema": schema});
    let whole = json!({"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": metadata, "spec": spec});
    whole.to_string().into_bytes()
}

#[test]
fn whatever_happens_only_what_was_good_is_served_and_in_the_end_all_that_is() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("SIMULATION_SEED") {
        return Simulation::new(seed).run();
    }
    let seeds = number("SIMULATION_SEEDS").unwrap_or(10_000);
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || (half..seeds).step_by(2).for_each(|seed| Simulation::new(seed).run()));
        }
    });
}
