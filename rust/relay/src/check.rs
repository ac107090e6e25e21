//! Everything a bundle must pass that can be told from itself and its policies: schema, then policies in their order.

use crate::bundle::Bundle;
use crate::node::{Node, Tree};
use crate::policies::Policies;
use crate::policy::{Message, Policy, Verdict};
use crate::problem::{Problem, shorten};
use crate::schema::{self, Place};
use crate::yaml::join;
use serde_json::json;
use std::collections::HashMap;

/// What came of a bundle.
#[derive(Debug, Default)]
pub struct Checked {
    /// Why it must not be published; empty if it may.
    pub problems: Vec<Problem>,
    /// What policies that accept it have to say.
    pub warnings: Vec<Problem>,
    /// Its values with what policies derived; the bundle's own if none did.
    pub derived: Option<Node>,
}

/// Checks a document that was read without a problem.
pub fn check(bundle: &Bundle, policies: &Policies) -> Checked {
    let mut checked = Checked { problems: schema::check(bundle), ..Checked::default() };
    // A policy may rely on the schema.
    if !checked.problems.is_empty() {
        return checked;
    }
    for (at, node) in bundle.policies().iter().enumerate() {
        let Some(name) = node.as_str() else { continue };
        let key = format!("spec.policies.{at}");
        let refuse = |message: String, hint: String| node.problem(&bundle.file, &key, "policy", message, hint);
        let values = checked.derived.as_ref().unwrap_or(bundle.values());
        let ran = policies.get(name).and_then(|policy| {
            run(&policy, bundle, values).map_err(|why| (format!("the policy {name}: {why}"), "correct the policy".to_owned()))
        });
        let verdict = match ran {
            Ok(verdict) => verdict,
            Err((message, hint)) => {
                checked.problems.push(refuse(message, hint));
                return checked;
            }
        };
        let told = verdict.messages.iter().map(|message| problem_of(bundle, values, name, message));
        if !verdict.accept {
            checked.problems.extend(told);
            return checked;
        }
        checked.warnings.extend(told);
        if let Some(derived) = verdict.derived {
            let mut merged = values.clone();
            let outcome = merge(&mut merged, &Node::from_value_at(&derived, node.at), "spec.values");
            let broken = match outcome {
                Err(taken) => {
                    let message = format!("the policy {name} derives {taken}, which is there already");
                    vec![refuse(message, "remove it from the bundle, or correct the policy".to_owned())]
                }
                Ok(()) => bundle.limits_of(&merged),
            };
            if !broken.is_empty() {
                checked.problems.extend(broken);
                return checked;
            }
            checked.derived = Some(merged);
        }
    }
    checked
}

fn run(policy: &Policy, bundle: &Bundle, values: &Node) -> Result<Verdict, String> {
    let input = json!({"abi": 1, "name": bundle.name, "namespace": bundle.namespace, "values": values.to_value()});
    policy.run(&input.to_string())
}

fn problem_of(bundle: &Bundle, values: &Node, policy: &str, told: &Message) -> Problem {
    let pointer: String =
        told.key.split('.').filter(|segment| !segment.is_empty()).map(|segment| format!("/{segment}")).collect();
    let place = Place::find(values, &pointer, "spec.values");
    let key = if told.key.is_empty() { "spec.values".to_owned() } else { join("spec.values", &shorten(&told.key)) };
    let hint = if told.hint.is_empty() { format!("the policy {policy} wants it so") } else { shorten(&told.hint) };
    place.at.problem(&bundle.file, &key, "policy", format!("{} (policy {policy})", shorten(&told.message)), hint)
}

/// Adds what is not there; gives the key of the first thing that is.
fn merge(into: &mut Node, from: &Node, key: &str) -> Result<(), String> {
    let (Tree::Object(into), Tree::Object(from)) = (&mut into.value, &from.value) else { return Err(key.to_owned()) };
    let places: HashMap<String, usize> = into.iter().enumerate().map(|(at, member)| (member.name.clone(), at)).collect();
    for member in from {
        match places.get(&member.name) {
            Some(&at) => merge(&mut into[at].node, &member.node, &join(key, &member.name))?,
            None => into.push(member.clone()),
        }
    }
    Ok(())
}
