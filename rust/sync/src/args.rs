//! The command line. Options are declared here and nowhere else.

use crate::http::is_loopback;
use crate::log::Log;
use crate::relay::is_name;
use crate::tarball::Wanted;
use http::Uri;
use lexopt::{Arg, Parser, ValueExt};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) const USAGE: &str = "\
Fills a node's spool directory with the ConfigBundles of a Kubernetes cluster, and follows them.

Usage:
  configsync kube --spool DIR [options]

What it follows:
  --kubeconfig FILE     how to reach the API server [default: as the pod that this runs in]
  --namespace NAME      bundles of this namespace; repeatable [default: all namespaces]
  --kustomization NAMESPACE/NAME
                        the Flux Kustomization that applies them: tells which commit they are of
  --artifact NAMESPACE/NAME
                        take bundles and policies from the artifact of this Flux GitRepository, as they were committed, and
                        not from the API server
  --environment NAME, --region NAME
                        with --artifact: take what the commit has for nodes there

Where it writes:
  --spool DIR           the directory that a relay reads; on any error what is there stays
  --once                write what is there now and stop; exit code 1 if that failed

What the node serves, for a control plane:
  --report URL          send it heartbeats, as configedge report does
  --report-token-file FILE
                        a token that may report; read again each time
  --status DIR          the relay's --out directory
  --node NAME           what the node is called [default: the host's name]
  --interval SECONDS    between heartbeats if that does not say, 0.5 to 60 [default: 5]
                        (--environment and --region are told, too)

  --log FORMAT          text or json, on standard error [default: text]
  -h, --help            show this
  -V, --version         show the version

Signals: SIGTERM and SIGINT stop it at once; the spool stays.
Exit codes: 0 done, 1 something was refused, 2 cannot run.
";

pub(crate) enum Command {
    Help,
    Version,
    Kube(Box<Kube>),
}

pub(crate) struct Kube {
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) kustomization: Option<Named>,
    pub(crate) artifact: Option<Named>,
    pub(crate) wanted: Wanted,
    pub(crate) spool: PathBuf,
    pub(crate) once: bool,
    pub(crate) report: Option<Report>,
    pub(crate) log: Log,
}

/// An object in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) url: Uri,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) status: PathBuf,
    pub(crate) node: String,
    pub(crate) environment: String,
    pub(crate) region: String,
    pub(crate) interval: Duration,
}

pub(crate) fn parse() -> Result<Command, String> {
    parse_from(Parser::from_env()).map_err(|error| error.to_string())
}

fn parse_from(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut kubeconfig, mut kustomization, mut artifact, mut spool) = (None, None, None, None);
    let (mut namespaces, mut once, mut log) = (Vec::new(), false, Log::default());
    let (mut environment, mut region) = (String::new(), String::new());
    let (mut url, mut token_file, mut status, mut node, mut interval) = (None, None, None, None, 5.0);
    let mut command = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
            Arg::Long("kubeconfig") => kubeconfig = Some(PathBuf::from(parser.value()?)),
            Arg::Long("namespace") => namespaces.push(name(&parser.value()?.string()?)?),
            Arg::Long("kustomization") => kustomization = Some(named(&parser.value()?.string()?)?),
            Arg::Long("artifact") => artifact = Some(named(&parser.value()?.string()?)?),
            Arg::Long("environment") => environment = name(&parser.value()?.string()?)?,
            Arg::Long("region") => region = name(&parser.value()?.string()?)?,
            Arg::Long("spool") => spool = Some(PathBuf::from(parser.value()?)),
            Arg::Long("once") => once = true,
            Arg::Long("report") => url = Some(server(&parser.value()?.string()?)?),
            Arg::Long("report-token-file") => token_file = Some(PathBuf::from(parser.value()?)),
            Arg::Long("status") => status = Some(PathBuf::from(parser.value()?)),
            Arg::Long("node") => node = Some(parser.value()?.string()?),
            Arg::Long("interval") => interval = parser.value()?.parse()?,
            Arg::Long("log") => log = parser.value()?.parse()?,
            Arg::Value(word) if command.is_none() => command = Some(word.string()?),
            other => return Err(other.unexpected()),
        }
    }
    match command.as_deref() {
        Some("kube") => {}
        Some(other) => return Err(format!("{other:?} is not a command: use kube").into()),
        None => return Err("no command: use configsync kube".into()),
    }
    let missing = |option: &str| lexopt::Error::from(format!("{option} is missing"));
    if environment.is_empty() && !region.is_empty() {
        return Err(missing("--environment NAME, which the region is in,"));
    }
    if artifact.is_some() && kustomization.is_some() {
        return Err("an artifact says its commit itself: give --artifact or --kustomization".into());
    }
    let report = match (url, status) {
        (Some(url), Some(status)) => {
            let node = node.unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned());
            let interval = Duration::from_secs_f64(seconds(interval)?);
            let report =
                Report { url, token_file, status, node, environment: environment.clone(), region: region.clone(), interval };
            report.check()?;
            Some(report)
        }
        (Some(_), None) => return Err(missing("--status DIR, what to report,")),
        (None, Some(_)) => return Err(missing("--report URL, where to report,")),
        (None, None) if artifact.is_none() && !environment.is_empty() => {
            return Err("--environment says what to take from an artifact, or to report: give --artifact or --report too".into());
        }
        (None, None) => None,
    };
    let layer = if region.is_empty() { environment } else { format!("{environment}.{region}") };
    Ok(Command::Kube(Box::new(Kube {
        kubeconfig,
        kustomization,
        artifact,
        wanted: Wanted { namespaces, layer },
        spool: spool.ok_or_else(|| missing("--spool DIR"))?,
        once,
        report,
        log,
    })))
}

fn name(text: &str) -> Result<String, lexopt::Error> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(format!("{text:?} is not a name: use 1 to 63 of a-z 0-9 and -").into()) }
}

fn named(text: &str) -> Result<Named, lexopt::Error> {
    let parts = text.split_once('/').filter(|(namespace, name)| is_name(namespace) && is_name(name));
    let (namespace, name) = parts.ok_or_else(|| format!("{text:?} is not NAMESPACE/NAME"))?;
    Ok(Named { namespace: namespace.to_owned(), name: name.to_owned() })
}

fn seconds(text: f64) -> Result<f64, lexopt::Error> {
    if (0.5..=60.0).contains(&text) { Ok(text) } else { Err("--interval is 0.5 to 60 seconds".into()) }
}

/// Without what could be a credential in it.
fn server(text: &str) -> Result<Uri, lexopt::Error> {
    let wrong = || lexopt::Error::from("--report is not a URL of a control plane: give one like https://config.example:8443");
    let url: Uri = text.parse().map_err(|_| wrong())?;
    let known = matches!(url.scheme_str(), Some("http" | "https"));
    let plain = url.host().is_some_and(|host| !host.is_empty()) && url.query().is_none();
    if known && plain && !text.contains(['@', '#']) { Ok(url) } else { Err(wrong()) }
}

impl Report {
    fn check(&self) -> Result<(), String> {
        if self.token_file.is_some() && self.url.scheme_str() == Some("http") && !is_loopback(&self.url) {
            let host = self.url.host().unwrap_or_default();
            return Err(format!("--report: {host} would get the token without TLS, for all to read: give an https URL"));
        }
        let fits = |c: u8| c.is_ascii_alphanumeric() || b"._-".contains(&c);
        if !(1..=253).contains(&self.node.len()) || !self.node.bytes().all(fits) {
            return Err("--node: give 1 to 253 of A-Z a-z 0-9 . _ -".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Kube, parse_from};
    use lexopt::Parser;

    fn parsed(line: &str) -> Result<Box<Kube>, String> {
        match parse_from(Parser::from_args(line.split_whitespace())).map_err(|error| error.to_string())? {
            Command::Kube(kube) => Ok(kube),
            Command::Help | Command::Version => Err("no command".to_owned()),
        }
    }

    fn refused(line: &str) -> String {
        parsed(line).err().unwrap_or_else(|| panic!("{line} was taken"))
    }

    #[test]
    fn options_are_where_they_are_needed() {
        let kube = parsed("kube --spool s --namespace a --namespace b --kustomization flux-system/c").expect("a command");
        assert_eq!(kube.wanted.namespaces, ["a", "b"]);
        assert_eq!(kube.kustomization.expect("one").name, "c");
        let kube = parsed("kube --spool s --artifact a/b --environment prod --region eu").expect("a command");
        assert_eq!(kube.wanted.layer, "prod.eu");
        for (line, why) in [
            ("--spool s", "no command"),
            ("git --spool s", "\"git\" is not a command"),
            ("kube", "--spool DIR is missing"),
            ("kube --spool s --namespace A", "\"A\" is not a name"),
            ("kube --spool s --artifact a", "NAMESPACE/NAME"),
            ("kube --spool s --artifact ../b", "NAMESPACE/NAME"),
            ("kube --spool s --artifact a/b --kustomization a/b", "says its commit itself"),
            ("kube --spool s --region eu", "--environment NAME"),
            ("kube --spool s --environment prod", "give --artifact or --report"),
            ("kube --spool s --report http://127.0.0.1:1", "--status DIR"),
            ("kube --spool s --status d", "--report URL"),
            ("kube --spool s --report http://127.0.0.1:1 --status d --interval 0.1", "0.5 to 60"),
            ("kube --spool s --report http://127.0.0.1:1 --status d --node a/b", "--node"),
        ] {
            assert!(refused(line).contains(why), "{line}: {}", refused(line));
        }
    }

    #[test]
    fn a_token_travels_by_tls_or_not_at_all() {
        let with = |url: &str| parsed(&format!("kube --spool s --report {url} --status d --report-token-file t"));
        for good in ["https://config.example:8443", "http://127.0.0.1:80/x", "http://[::1]:80", "http://localhost"] {
            assert!(with(good).is_ok(), "{good}");
        }
        for bad in [
            "http://config.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "ftp://a",
            "a",
            "https://u:p@a",
            "https://a?b",
        ] {
            assert!(with(bad).is_err(), "{bad}");
        }
        let said = refused("kube --spool s --report https://u:canary@a --status d");
        assert!(!said.contains("canary"), "{said}");
    }
}
