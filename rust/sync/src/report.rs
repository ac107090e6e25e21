//! Sends a node's heartbeats: every few seconds, and when what it serves changes. Nothing that services read depends on it.

use crate::args::Report;
use crate::heartbeat::{Node, line};
use crate::http::Http;
use crate::log::Log;
use crate::troubles::Told;
use http::Uri;
use serde::Deserialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

const PATH: &str = "/v1/fleet/heartbeats";
const WITHIN: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Publishes that come quicker than this are told as one.
const GAP: Duration = Duration::from_millis(200);
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
        Ok(Self { report, http, url, node: Node::default(), told, log })
    }

    /// Works until it is dropped. After an error, which is said once, it waits longer and longer.
    pub(crate) async fn run(mut self) {
        let (mut failures, mut problem) = (0, Some("nothing is reported yet".to_owned()));
        loop {
            match self.once().await {
                Ok(generation) => {
                    if problem.take().is_some() {
                        self.log.info(&format!("reporting to {}", self.address()));
                    }
                    failures = 0;
                    sleep(GAP).await;
                    self.rest(generation, self.report.interval.mul_f64(0.9 + 0.2 * fastrand::f64()) - GAP).await;
                }
                Err(why) => {
                    if problem.as_ref() != Some(&why) {
                        self.log.error(&format!("not reported, services read on: {why}"));
                    }
                    problem = Some(why);
                    failures = (failures + 1).min(10);
                    // A control plane that comes back is not to be met by all nodes at once.
                    let longest = (self.report.interval * 2u32.pow(failures)).min(LONGEST_PAUSE);
                    sleep(longest.mul_f64(0.5 + 0.5 * fastrand::f64())).await;
                }
            }
        }
    }

    /// Sends one; gives the generation that it told of.
    async fn once(&mut self) -> Result<u64, String> {
        let token = self.report.token_file.as_deref().map_or(Ok(String::new()), token)?;
        let others = self.told.borrow_and_update().problems.clone();
        let heartbeat = self.node.look(self.report, &others).await;
        let json = serde_json::to_vec(&heartbeat).map_err(|error| error.to_string())?;
        let (generation, address) = (heartbeat.generation, self.address());
        let answer = self.http.post(&self.url, &token, json, MAX_ANSWER_LEN, WITHIN).await;
        let answer = answer.map_err(|why| format!("cannot reach {address}: {why}; is it up?"))?;
        if (200..300).contains(&answer.status) {
            return Ok(generation);
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

    /// Sleeps for so long, or until the node serves another generation.
    async fn rest(&mut self, generation: u64, time: Duration) {
        let deadline = Instant::now() + time;
        let mut expected = Instant::now();
        while Instant::now() < deadline && self.node.generation() == generation {
            let look = if Instant::now() < expected { OFTEN } else { SELDOM };
            tokio::select! {
                Ok(()) = self.told.changed() => expected = Instant::now() + EXPECTED,
                () = sleep(look.min(deadline - Instant::now())) => {}
            }
        }
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
