//! Sends a node's heartbeats: as often as the control plane says, and when what it serves changes, or refusals come or go. Nothing
//! that services read depends on it.

use crate::args::Report;
use crate::heartbeat::{Node, line};
use crate::http::Http;
use crate::log::Log;
use crate::troubles::Told;
use http::Uri;
use serde::Deserialize;
use std::fs::File;
use std::io::Read;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

const PATH: &str = "/v1/fleet/heartbeats";
const WITHIN: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Between heartbeats, whatever a control plane says.
const LEAST: f64 = 1.0;
const MOST: f64 = 600.0;
/// What a control plane says to a fleet that it carries with ease, in seconds.
const USUAL: f64 = 5.0;
/// Publishes that come quicker than this are told as one.
const GAP: Duration = Duration::from_millis(200);
const JITTER: RangeInclusive<f64> = 0.9..=1.1;
/// How often it is looked whether the node serves something else: often while the relay reads a spool that was swapped.
const SELDOM: Duration = Duration::from_millis(500);
const OFTEN: Duration = Duration::from_millis(20);
const EXPECTED: Duration = Duration::from_secs(3);
const MAX_TOKEN_LEN: u64 = 8 << 10;
const MAX_ANSWER_LEN: usize = 16 << 10;

pub(crate) struct Reporter<'a> {
    report: &'a Report,
    http: Http,
    url: Uri,
    node: Node,
    pace: Pace,
    told: watch::Receiver<Told>,
    log: Log,
}

impl<'a> Reporter<'a> {
    /// # Errors
    /// There is nothing to trust for TLS.
    pub(crate) fn new(report: &'a Report, told: watch::Receiver<Told>, log: Log) -> Result<Self, String> {
        let wrong = |why: String| format!("--report: {why}");
        let http = Http::to(&report.url).map_err(wrong)?;
        let url = format!("{}{PATH}", report.url.to_string().trim_end_matches('/'));
        let url = url.parse().map_err(|_| wrong("it is no URL of a control plane".to_owned()))?;
        Ok(Self { report, http, url, node: Node::default(), pace: Pace::every(report.interval), told, log })
    }

    /// Works until it is dropped. After an error, which is said once, it waits longer and longer.
    pub(crate) async fn run(mut self) {
        let (mut failures, mut problem) = (0, Some("nothing is reported yet".to_owned()));
        loop {
            match self.once().await {
                Ok(told) => {
                    if problem.take().is_some() {
                        self.log.info(&format!("reporting to {}", self.address()));
                    }
                    failures = 0;
                    let Pace { pause, gap } = self.pace;
                    sleep(gap).await;
                    let pause = pause.mul_f64(JITTER.start() + (JITTER.end() - JITTER.start()) * fastrand::f64());
                    self.rest(told, pause.saturating_sub(gap)).await;
                }
                Err(why) => {
                    if problem.as_ref() != Some(&why) {
                        self.log.error(&format!("not reported, services read on: {why}"));
                    }
                    problem = Some(why);
                    failures = (failures + 1).min(10);
                    // A control plane that comes back is not to be met by all nodes at once.
                    let longest = (self.pace.pause * 2u32.pow(failures)).min(LONGEST_PAUSE.max(self.pace.pause));
                    sleep(longest.mul_f64(0.5 + 0.5 * fastrand::f64())).await;
                }
            }
        }
    }

    /// Sends one; gives the generation that it told of, and whether something was refused.
    async fn once(&mut self) -> Result<(u64, bool), String> {
        let token = self.report.token_file.as_deref().map_or(Ok(String::new()), token)?;
        let others = self.told.borrow_and_update().problems.clone();
        let heartbeat = self.node.look(self.report, &others).await;
        let json = serde_json::to_vec(&heartbeat).map_err(|error| error.to_string())?;
        let (told, address) = ((heartbeat.generation, heartbeat.stale), self.address());
        let answer = self.http.post(&self.url, &token, json, MAX_ANSWER_LEN, WITHIN).await;
        let answer = answer.map_err(|why| format!("cannot reach {address}: {why}; is it up?"))?;
        if (200..300).contains(&answer.status) {
            self.pace = Pace::wanted(&answer.content).unwrap_or(Pace::every(self.report.interval));
            return Ok(told);
        }
        let detail = detail(&answer.content).filter(|detail| token.is_empty() || !detail.contains(&token));
        let said = detail.unwrap_or_else(|| advice(answer.status).to_owned());
        Err(format!("{address} answered {}: {said}", answer.status))
    }

    fn address(&self) -> String {
        let [scheme, authority] =
            [self.url.scheme_str(), self.url.authority().map(http::uri::Authority::as_str)].map(Option::unwrap_or_default);
        format!("{scheme}://{authority}")
    }

    /// Sleeps for so long, or until the node serves another generation, or refusals come or go.
    async fn rest(&mut self, told: (u64, bool), time: Duration) {
        let deadline = Instant::now() + time;
        let mut expected = Instant::now();
        while Instant::now() < deadline && (self.node.generation(), self.node.is_stale()) == told {
            let look = if Instant::now() < expected { OFTEN } else { SELDOM };
            tokio::select! {
                Ok(()) = self.told.changed() => expected = Instant::now() + EXPECTED,
                () = sleep(look.min(deadline - Instant::now())) => {}
            }
        }
    }
}

/// How often a heartbeat is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pace {
    /// Between two of them.
    pause: Duration,
    /// Also of a change nothing is told sooner after a heartbeat.
    gap: Duration,
}

impl Pace {
    const fn every(pause: Duration) -> Self {
        Self { pause, gap: GAP }
    }

    /// What a control plane says, within reason; one of an older version says nothing.
    fn wanted(answer: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Received {
            next_s: f64,
        }
        let Received { next_s } = serde_json::from_slice(answer).ok()?;
        let pause = (next_s > 0.0).then(|| next_s.clamp(LEAST, MOST))?;
        // What all nodes have in one moment is not told in one, where that is more than the control plane can take.
        let gap = Duration::from_secs_f64(JITTER.start() * (pause - USUAL).max(0.0)).max(GAP);
        Some(Self { pause: Duration::from_secs_f64(pause), gap })
    }
}

fn token(file: &Path) -> Result<String, String> {
    let mut text = Vec::new();
    let unreadable = |error| format!("--report-token-file {}: {error}; give a file that holds the token", file.display());
    File::open(file).and_then(|file| file.take(MAX_TOKEN_LEN + 1).read_to_end(&mut text)).map_err(unreadable)?;
    let text = text.trim_ascii();
    if text.is_empty() || text.len() as u64 > MAX_TOKEN_LEN || !text.iter().all(u8::is_ascii_graphic) {
        return Err(format!("--report-token-file {} does not hold one token; write it there as one line", file.display()));
    }
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// What a problem (RFC 9457) says of itself.
fn detail(answer: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Problem {
        detail: String,
    }
    serde_json::from_slice(answer).ok().map(|problem: Problem| line(&problem.detail))
}

fn advice(status: u16) -> &'static str {
    match status {
        300..=399 => "a redirect is not followed; give --report the URL that it leads to",
        401 | 403 => "--report-token-file has to hold a token that may report",
        404 => "is --report a control plane that takes heartbeats?",
        _ => "its log may say why",
    }
}

#[cfg(test)]
mod tests {
    use super::{GAP, Pace};
    use std::time::Duration;

    #[test]
    fn a_control_plane_says_how_often_within_reason() {
        let seconds = |answer: &str| Pace::wanted(answer.as_bytes()).map(|pace| pace.pause.as_secs_f64());
        assert_eq!(seconds(r#"{"tip": "a", "next_s": 5.0}"#), Some(5.0));
        assert_eq!(seconds(r#"{"next_s": 40}"#), Some(40.0));
        assert_eq!(seconds(r#"{"next_s": 0.001}"#), Some(1.0));
        assert_eq!(seconds(r#"{"next_s": 1e300}"#), Some(600.0));
        for answer in ["", "{}", "[]", r#"{"next_s": 0}"#, r#"{"next_s": -1}"#, r#"{"next_s": "9"}"#, r#"{"next_s": NaN}"#] {
            assert_eq!(seconds(answer), None, "{answer}");
        }
    }

    #[test]
    fn in_a_large_fleet_a_change_is_not_told_at_once() {
        let gap = |next_s: f64| Pace::wanted(format!(r#"{{"next_s": {next_s}}}"#).as_bytes()).map(|pace| pace.gap);
        assert_eq!(gap(5.0), Some(GAP));
        assert_eq!(gap(45.0), Some(Duration::from_secs(36)));
        assert_eq!(Pace::every(Duration::from_secs(60)).gap, GAP);
    }
}
