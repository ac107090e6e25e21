//! The status as Prometheus text.

use configrelay::status::{State, Status};
use std::fmt::Write;

pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(crate) fn render(status: &Status) -> String {
    let mut text = Text(String::new());
    text.family("info", "gauge", "What runs here.", [(format!("{{version=\"{}\"}}", status.version), 1.0)]);
    let states = [State::Empty, State::Ok, State::Degraded, State::Held];
    let states = states.map(|state| (label("state", state.name()), f64::from(state == status.state)));
    text.family("state", "gauge", "1 for the state the relay is in.", states);
    let modes = ["inotify", "poll"].map(|mode| (label("mode", mode), f64::from(mode == status.watch)));
    text.family("watch_mode", "gauge", "1 for how changes are noticed.", modes);
    text.one("generation", "gauge", "Generation that readers see.", status.generation as f64);
    text.one("keys", "gauge", "Keys that readers see.", status.keys as f64);
    text.one("snapshot_bytes", "gauge", "Bytes of the published snapshot.", status.bytes as f64);
    text.one("hold", "gauge", "1 while somebody asked to keep what is published.", f64::from(status.hold.is_some()));
    text.one("problems", "gauge", "Problems that exist now.", status.all_problems().count() as f64);
    text.one("reloads_total", "counter", "Times the spool was read because it had changed.", status.reloads as f64);
    text.one("publishes_total", "counter", "Generations published by this process.", status.publishes as f64);
    text.one("refusals_total", "counter", "Times something was refused.", status.refusals as f64);
    if status.publishes > 0 {
        let timings = &status.timings;
        let at = timings.published_at_ns as f64 / 1e9;
        text.one("published_timestamp_seconds", "gauge", "When the last publish was.", at);
        let steps = [("read", timings.read_us), ("check", timings.check_us), ("publish", timings.publish_us)];
        let steps = steps.map(|(step, us)| (label("step", step), us as f64 / 1e6));
        text.family("last_reload_seconds", "gauge", "Where the time of the last publish went.", steps);
        let noticed = timings.published_at_ns.saturating_sub(timings.noticed_at_ns) as f64 / 1e9;
        text.one("last_publish_delay_seconds", "gauge", "From the first hint of the last change to its publish.", noticed);
    }
    let bundles = || {
        status.bundles.iter().map(|b| (format!("{{namespace=\"{}\",bundle=\"{}\"}}", escape(&b.namespace), escape(&b.name)), b))
    };
    let ok = bundles().map(|(labels, bundle)| (labels, f64::from(bundle.ok)));
    text.family("bundle_ok", "gauge", "1 if what the bundle's file says is what readers see.", ok);
    let since = bundles().map(|(labels, bundle)| (labels, bundle.since));
    text.family("bundle_since_timestamp_seconds", "gauge", "Since when bundle_ok is what it is.", since);
    text.0
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str, values: impl IntoIterator<Item = (String, f64)>) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, "# HELP configrelay_{name} {help}\n# TYPE configrelay_{name} {kind}\n");
        for (labels, value) in values {
            let _ = writeln!(self.0, "configrelay_{name}{labels} {value}");
        }
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: f64) {
        self.family(name, kind, help, [(String::new(), value)]);
    }
}

fn label(name: &str, value: &str) -> String {
    format!("{{{name}=\"{value}\"}}")
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
