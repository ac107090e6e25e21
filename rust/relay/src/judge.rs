//! What becomes of each file of a spool: judged by itself, then beside the others.

use crate::bundle::Bundle;
use crate::check::{Checked, check};
use crate::claims::{By, Claim, Claims, Found, Id, winner};
use crate::flatten::Flat;
use crate::guard::{self, Size};
use crate::name::FileName;
use crate::policies::Policies;
use crate::problem::Problem;
use crate::proof::SIGNATURE;
use crate::served::Served;
use crate::spool::Document;
use configedge_snapshot::{Builder, Extent, MAX_SNAPSHOT_LEN, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A bundle file after checking.
pub(crate) struct Judged<'s> {
    pub(crate) id: Id,
    pub(crate) file: String,
    pub(crate) claim: Claim,
    said: bool,
    /// Whether it is known which bundle the file has, so that it can be no other one's.
    pub(crate) certain: bool,
    pub(crate) warnings: Vec<Problem>,
    /// The entries that may be published.
    pub(crate) content: Result<Builder, Vec<Problem>>,
    /// What is published of the bundle.
    pub(crate) served: Option<Served<'s>>,
}

impl<'s> Judged<'s> {
    /// Judges a file by itself.
    pub(crate) fn of(document: Document, claims: &Claims, policies: &Policies, last: Option<&'s Snapshot>) -> Self {
        let Document { file, text } = document;
        let parsed = match &text {
            Ok(text) => contained(&file, || Bundle::parse(text, &file)),
            Err(problem) => Err(vec![problem.clone()]),
        };
        let proven = !matches!(&text, Err(problem) if problem.code == SIGNATURE);
        let judged = |found: Found, certain, warnings, content| {
            let Found { id, by, said } = found;
            let served = Served::of(last, &id.name);
            Self { id, file: file.clone(), claim: Claim { proven, by }, said, certain, warnings, content, served }
        };
        let bundle = match parsed {
            Ok(bundle) => bundle,
            Err(problems) => {
                let text = text.as_deref().ok();
                let found = contained(&file, || Ok(claims.guess(&file, text))).unwrap_or_else(|_| claims.guess(&file, None));
                let mut one = judged(found, true, Vec::new(), Err(problems));
                // By its name alone a bundle is known that is served.
                one.certain = one.is_known() || one.served.is_some();
                return one;
            }
        };
        match claims.said(&file, &bundle.namespace, &bundle.name) {
            // What it says it is may be what it was.
            (found, Some(problem)) => judged(found, false, Vec::new(), Err(vec![problem])),
            (found, None) => {
                let mut one = judged(found, true, Vec::new(), Err(Vec::new()));
                (one.content, one.warnings) = approve(&bundle, policies, one.served.as_ref());
                one
            }
        }
    }

    /// A bundle that is in no file, and is kept.
    pub(crate) fn missing(id: Id, problem: Problem, last: Option<&'s Snapshot>) -> Self {
        let served = Served::of(last, &id.name);
        let (file, claim) = (problem.file.clone(), Claim { proven: false, by: By::Nothing });
        Self { id, file, claim, said: false, certain: true, warnings: Vec::new(), content: Err(vec![problem]), served }
    }

    /// Whether it is more than a guess which bundle the file has.
    fn is_known(&self) -> bool {
        self.said || self.claim.by == By::Past || FileName::of(&self.file).namespace.is_some()
    }

    /// What is published of it takes in a snapshot.
    pub(crate) fn old(&self) -> Extent {
        self.served.as_ref().map(|served| served.extent).unwrap_or_default()
    }

    /// It does not fit beside the others: all would take that many bytes.
    pub(crate) fn crowd_out(&mut self, taken: usize) {
        let message =
            format!("no room: the snapshot of all bundles would have {taken} bytes, and the limit is {MAX_SNAPSHOT_LEN}");
        let hint = "make it smaller or remove others, or let the relay take one namespace only with --namespace";
        self.refuse(Problem::of_file(&self.file, "limit", message, hint));
    }

    fn refuse(&mut self, problem: Problem) {
        match &mut self.content {
            Ok(_) => self.content = Err(vec![problem]),
            // Whoever could not prove that it is a bundle at all need not hear that it is another's.
            Err(_) if !self.claim.proven => {}
            Err(problems) => problems.push(problem),
        }
    }
}

/// Of several files that are said to be one bundle one has it, or none; the rest is what it was before.
pub(crate) fn settle<'s>(judged: &mut [Judged<'s>], claims: &mut Claims, last: Option<&'s Snapshot>) {
    let mut rivals: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, one) in judged.iter().enumerate() {
        rivals.entry(one.id.name.clone()).or_default().push(number);
    }
    let (mut losers, mut granted) = (Vec::new(), Vec::new());
    for (name, numbers) in &rivals {
        let each: Vec<Claim> = numbers.iter().map(|&number| judged[number].claim).collect();
        let won = winner(&each).map(|at| numbers[at]);
        // What is served of the bundle is told of under one of them all the same.
        let best = each.iter().enumerate().rev().max_by_key(|(_, claim)| **claim).map_or(0, |(at, _)| at);
        let holder = won.unwrap_or(numbers[best]);
        for &number in numbers.iter().filter(|&&number| won != Some(number)) {
            let other = won.or_else(|| numbers.iter().copied().find(|&other| other != number));
            if let Some(Judged { file, id, .. }) = other.map(|other| &judged[other]) {
                let message = match won {
                    Some(_) => format!("the bundle {name} is already in {file} (namespace {})", id.namespace),
                    None => format!("{file} (namespace {}) is the bundle {name} too, and neither was it before", id.namespace),
                };
                let hint = "rename one of them, or let the relay take one namespace only with --namespace";
                let problem = Problem::of_file(&judged[number].file, "conflict", message, hint);
                judged[number].refuse(problem);
            }
        }
        losers.extend(numbers.iter().copied().filter(|&number| number != holder));
        granted.extend(won.filter(|&number| judged[number].claim.proven && judged[number].is_known()));
    }
    let mut taken: BTreeSet<String> = rivals.into_keys().collect();
    for number in losers {
        let one = &mut judged[number];
        // What the file was before goes on being served.
        let before = claims.of_file(&one.file).filter(|id| !taken.contains(&id.name)).cloned();
        let Id { namespace, name } = &one.id;
        one.id = before.unwrap_or_else(|| Id { namespace: namespace.clone(), name: format!("{namespace}/{name}") });
        one.served = Served::of(last, &one.id.name);
        taken.insert(one.id.name.clone());
    }
    claims.grant(granted.into_iter().map(|number: usize| (judged[number].file.clone(), judged[number].id.clone())).collect());
}

type Approval = (Result<Builder, Vec<Problem>>, Vec<Problem>);

/// Checks, policies and guards.
fn approve(bundle: &Bundle, policies: &Policies, served: Option<&Served<'_>>) -> Approval {
    if let Some(held) = guard::hold(bundle) {
        return (Err(vec![held]), Vec::new());
    }
    let checked = contained(&bundle.file, || Ok(check(bundle, policies)));
    let Checked { problems, warnings, derived } = checked.unwrap_or_else(|problems| Checked { problems, ..Checked::default() });
    if !problems.is_empty() {
        return (Err(problems), warnings);
    }
    let values = derived.as_ref().unwrap_or(bundle.values());
    let flat = Flat::of(values);
    if let Some(problem) = served.and_then(|served| guard::resize(bundle, served.size(), Size::of(&flat))) {
        return (Err(vec![problem]), warnings);
    }
    let mut entries = Builder::new();
    bundle.secrets().for_each(|path| entries.secret(&format!("{}.{path}", bundle.name)));
    let inserted = flat.insert(&mut entries, &bundle.name, values);
    let broken = |error: configedge_snapshot::BuildError| {
        vec![bundle.values().problem(&bundle.file, "spec.values", "limit", error.to_string(), "change the values")]
    };
    (inserted.map(|()| entries).map_err(broken), warnings)
}

/// Whatever a document does to the code that reads it, the others are still served and the relay goes on.
fn contained<T>(file: &str, work: impl FnOnce() -> Result<T, Vec<Problem>>) -> Result<T, Vec<Problem>> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let hint = "this is a fault of the relay: report it with the file, and take back what changed";
        Err(vec![Problem::of_file(file, "internal", "checking it failed in a way that must not happen", hint)])
    })
}
