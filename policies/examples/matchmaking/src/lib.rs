//! What fits together in the Treasure Hunt Engine's bundle, which a schema cannot say. The engine refuses the same when it
//! reads its settings; here whoever pushes is told, before there is a commit.

#![cfg_attr(target_arch = "wasm32", no_std)]

use configedge_policy::{Bundle, Map, Report, String, ToString, Value, Vec, format, policy};

const MAX_RATING: f64 = 5000.0;
const MAX_BUCKETS: f64 = 4096.0;

/// One mode, and the report with the mode's key before each name.
struct Mode<'a> {
    name: &'a str,
    values: &'a Value,
    report: &'a mut Report,
}

impl Mode<'_> {
    fn number(&self, name: &str) -> Option<f64> {
        self.values.get(name)?.as_f64()
    }

    fn deny(&mut self, key: &str, message: impl AsRef<str>, hint: &str) {
        self.report.deny(format!("modes.{}.{key}", self.name), message, hint);
    }

    fn check(&mut self) {
        let (Some(teams), Some(size)) = (self.number("teams"), self.number("team_size")) else { return };
        match self.number("max_party_size") {
            Some(party) if party > size => {
                let message = format!("a party of {party} does not fit a team of {size}");
                self.deny("max_party_size", message, "lower it, or raise team_size");
            }
            _ => {}
        }
        self.window();
        self.roles(size);
        self.relax(teams, size);
    }

    fn window(&mut self) {
        let Some(width) = self.number("bucket_width").filter(|width| *width > 0.0) else { return };
        let highest = self.number("max_rating").unwrap_or(MAX_RATING);
        if highest / width > MAX_BUCKETS {
            self.deny("bucket_width", format!("makes more than 4,096 buckets up to {highest}"), "widen it");
        }
        let of = |step: &Value| Some((step.get("after_ms")?.as_f64()?, step.get("points")?.as_f64()?));
        let steps = self.values.get("window").and_then(Value::as_array);
        let Some(steps) = steps.and_then(|steps| steps.iter().map(of).collect::<Option<Vec<_>>>()) else { return };
        let Some(first) = steps.first() else { return };
        if first.0 != 0.0 {
            self.deny("window", "it does not begin with a step at after_ms 0", "add one");
        } else if first.1 < width {
            let message = format!("it begins with {} points, and a bucket is {width} wide", first.1);
            self.deny("window", message, "widen the first step, or lower bucket_width");
        }
        for pair in steps.windows(2) {
            if pair[1].0 <= pair[0].0 || pair[1].1 < pair[0].1 {
                let message = format!("the step at {} ms is not later, or is narrower, than the one before", pair[1].0);
                self.deny("window", message, "put the steps in order");
            }
        }
        let longest = self.number("max_wait_s");
        match (steps.last(), longest) {
            (Some(last), Some(longest)) if last.0 >= longest * 1000.0 && steps.len() > 1 => {
                let message = format!("nobody waits for the step at {} ms: max_wait_s is {longest}", last.0);
                self.report.warn(format!("modes.{}.window", self.name), message, "remove it, or raise max_wait_s");
            }
            _ => {}
        }
    }

    fn roles(&mut self, size: f64) {
        let Some(roles) = self.values.get("roles").and_then(Value::as_object) else { return };
        let sum: f64 = roles.values().filter_map(Value::as_f64).sum();
        if !roles.is_empty() && sum != size {
            self.deny("roles", format!("they are {sum} in a team of {size}"), "let them add up to team_size");
        }
    }

    fn relax(&mut self, teams: f64, size: f64) {
        let Some(relax) = self.values.get("relax").filter(|relax| relax.is_object()) else { return };
        let number = |name: &str| relax.get(name).and_then(Value::as_f64).unwrap_or(1.0);
        let (least_teams, least_size) = (number("min_teams"), number("min_team_size"));
        if least_teams > teams || least_size > size {
            let message = format!("it asks for {least_teams} teams of {least_size}, and full are {teams} of {size}");
            self.deny("relax", message, "lower min_teams and min_team_size");
        }
        let roles = self.values.get("roles").and_then(Value::as_object).is_some_and(|roles| !roles.is_empty());
        if roles && least_size < size {
            self.deny("relax.min_team_size", "teams that have roles cannot shrink", "leave it at team_size");
        }
    }
}

fn open(region: &Value) -> bool {
    region.get("open").and_then(Value::as_bool).unwrap_or(false)
}

fn regions(regions: &Map<String, Value>, default: &str, report: &mut Report) {
    if !regions.values().any(open) {
        report.deny("regions", "all regions are closed", "open one: players have nowhere to go");
    }
    match regions.get(default) {
        None => report.deny("resolution.default_region", format!("{default} is no region"), "name one of regions"),
        Some(region) if !open(region) => {
            let hint = "open it, or name another one; until then the first open one by name stands in";
            report.warn("resolution.default_region", format!("{default} is closed"), hint);
        }
        Some(_) => {}
    }
}

fn check(bundle: &Bundle, report: &mut Report) {
    if let Some(Value::Object(found)) = bundle.get("regions") {
        let default = bundle.get("resolution.default_region").and_then(|name| name.as_str().map(ToString::to_string));
        regions(&found, &default.unwrap_or_default(), report);
    }
    if let Some(Value::Object(modes)) = bundle.get("modes") {
        for (name, values) in &modes {
            Mode { name, values, report }.check();
        }
    }
}

policy!(check);

#[cfg(test)]
mod tests {
    use super::check;
    use configedge_policy::{Bundle, Report, String, Value, format, json};

    fn ask(mode: Value) -> String {
        let regions = json!({"eu": {"open": true}});
        let values = json!({"regions": regions, "resolution": {"default_region": "eu"}, "modes": {"duel": mode}});
        let input = format!(r#"{{"abi":1,"name":"m","namespace":"n","values":{values}}}"#);
        let mut report = Report::default();
        check(&Bundle::new(input.as_bytes()), &mut report);
        report.answer()
    }

    #[test]
    fn what_fits_is_accepted_in_silence() {
        let window = json!([{"after_ms": 0, "points": 100}, {"after_ms": 500, "points": 100}]);
        let mode = json!({"teams": 2, "team_size": 1, "max_party_size": 1, "window": window, "bucket_width": 50,
            "max_wait_s": 30});
        assert_eq!(ask(mode), "");
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_key() {
        let window = json!([{"after_ms": 0, "points": 100}, {"after_ms": 0, "points": 200}]);
        let answer =
            ask(json!({"teams": 2, "team_size": 1, "max_party_size": 2, "window": window, "bucket_width": 50}));
        for told in [r#""accept":false"#, "modes.duel.max_party_size", "modes.duel.window", "put the steps in order"] {
            assert!(answer.contains(told), "{told} in {answer}");
        }
    }
}
