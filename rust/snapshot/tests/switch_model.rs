//! Every interleaving of a publish and a read, by loom: what [`configedge_snapshot`] does with files and one word, in a model.
//!
//! A file is a list of words that is written before it gets its name; the name is given and taken as the kernel does it, under
//! a lock; the announced generation is the one word that both sides share without one. Swept files lose their name, and what
//! is held stays. The model without the release and acquire order of the word must fail, or it would prove nothing.

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

const WORDS: usize = 2;

/// A snapshot file: written once, before anybody can open it.
struct File([AtomicU64; WORDS]);

struct Directory {
    generation: AtomicU64,
    names: Mutex<Vec<(u64, Arc<File>)>>,
    release: Ordering,
    acquire: Ordering,
}

impl Directory {
    fn new(release: Ordering, acquire: Ordering) -> Self {
        Self { generation: AtomicU64::new(0), names: Mutex::new(Vec::new()), release, acquire }
    }

    fn publish(&self, generation: u64, keep: usize) {
        let file = Arc::new(File([(); WORDS].map(|()| AtomicU64::new(0))));
        file.0.iter().for_each(|word| word.store(generation, Ordering::Relaxed));
        let mut names = self.names.lock().expect("no panic");
        names.push((generation, file));
        drop(names);
        self.generation.store(generation, self.release);
        let mut names = self.names.lock().expect("no panic");
        let gone = names.len().saturating_sub(keep);
        names.drain(..gone);
    }

    /// What `Source::load` does: the announced file, tried again if it was swept meanwhile.
    fn load(&self, held: u64) -> Option<(u64, Arc<File>)> {
        for _ in 0..3 {
            let generation = self.generation.load(self.acquire);
            if generation == held || generation == 0 {
                return None;
            }
            assert!(generation > held, "backwards: {generation} after {held}");
            let found = self.names.lock().expect("no panic").iter().find(|(name, _)| *name == generation).cloned();
            if found.is_some() {
                return found;
            }
            assert_ne!(self.generation.load(self.acquire), generation, "announced, and there is no such file");
        }
        None
    }
}

fn readers_see_whole_generations(keep: usize) {
    loom::model(move || {
        let directory = Arc::new(Directory::new(Ordering::Release, Ordering::Acquire));
        let writer = {
            let directory = Arc::clone(&directory);
            thread::spawn(move || (1..=2).for_each(|generation| directory.publish(generation, keep)))
        };
        let mut held: Option<(u64, Arc<File>)> = None;
        for _ in 0..2 {
            if let Some(next) = directory.load(held.as_ref().map_or(0, |held| held.0)) {
                held = Some(next);
            }
            if let Some((generation, file)) = &held {
                let words = file.0.iter().map(|word| word.load(Ordering::Relaxed));
                words.for_each(|word| assert_eq!(word, *generation, "torn or mixed"));
            }
        }
        writer.join().expect("no panic");
        assert_eq!(directory.load(0).expect("the last is there").0, 2);
    });
}

#[test]
fn a_reader_sees_old_or_new_and_never_backwards() {
    readers_see_whole_generations(4);
}

#[test]
fn so_it_does_when_what_it_is_on_its_way_to_is_swept() {
    readers_see_whole_generations(1);
}

/// The word alone, with the content beside it instead of behind a name: its order is what carries the content over.
fn content_behind_the_word(store: Ordering, load: Ordering) {
    loom::model(move || {
        let shared = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let writer = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.1.store(7, Ordering::Relaxed);
                shared.0.store(1, store);
            })
        };
        if shared.0.load(load) == 1 {
            assert_eq!(shared.1.load(Ordering::Relaxed), 7, "announced before it was written");
        }
        writer.join().expect("no panic");
    });
}

#[test]
fn what_is_announced_was_written() {
    content_behind_the_word(Ordering::Release, Ordering::Acquire);
}

#[test]
#[should_panic(expected = "announced before it was written")]
fn without_its_order_the_model_fails() {
    content_behind_the_word(Ordering::Relaxed, Ordering::Relaxed);
}
