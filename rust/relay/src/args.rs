//! The command line. Options are declared here and nowhere else.

use crate::log::Format;
use configrelay::name::is_name;
use configrelay::relay::Options;
use configrelay::watch::Mode;
use lexopt::{Arg, Parser, ValueExt};
use std::net::SocketAddr;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
Checks the configuration in a directory and publishes it as a memory-mapped snapshot.

Usage:
  configrelay --spool DIR --out DIR [options]   watch, check, publish
  configrelay check [--policies DIR] PATH...    check bundle files, publish nothing
  configrelay status --out DIR                  show what a relay last said of itself; exit code 1 if it serves nothing

Options:
  --spool DIR        where ConfigBundle files appear (.yaml, .yml, .json)
  --out DIR          where snapshots are published; use a tmpfs
  --durable FILE     keep a copy of the last good snapshot here, for the next boot
  --allowed-signers FILE
                     take only what a commit has that one of these signed, a file as Git has it
  --environment NAME, --region NAME
                     with --allowed-signers: take what the commit has for nodes there, as the exporter was told
  --namespace NAME   take bundles of this namespace only
  --once             publish what is there and stop; exit code 1 if anything was refused
  --watch MODE       auto, inotify or poll [default: auto]
  --http ADDR:PORT   serve /metrics, /healthz and /readyz there, such as 127.0.0.1:9464 [default: nowhere]
  --log FORMAT       text or json, on standard error [default: text]
  --sandbox MODE     on or off; on gives up all rights that are not needed, as far as the kernel can [default: on]
  --json             what check and status say as JSON
  --policies DIR     policies for check [default: the directory policies beside the bundles]
  -h, --help         show this
  -V, --version      show the version

Signals: SIGTERM and SIGINT stop the relay (what is published stays), SIGHUP looks at everything again.
Exit codes: 0 done, 1 something was refused, 2 cannot run.
";

pub(crate) enum Command {
    Help,
    Version,
    Check { paths: Vec<PathBuf>, policies: Option<PathBuf>, json: bool },
    Status { out: PathBuf, json: bool },
    Serve(Serve),
}

pub(crate) struct Serve {
    pub(crate) relay: Options,
    pub(crate) once: bool,
    pub(crate) watch: Mode,
    pub(crate) http: Option<SocketAddr>,
    pub(crate) log: Format,
    pub(crate) sandbox: bool,
}

pub(crate) fn parse() -> Result<Command, String> {
    parse_from(Parser::from_env()).map_err(|error| error.to_string())
}

fn parse_from(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut spool, mut out, mut durable, mut namespace) = (None, None, None, None);
    let (mut once, mut watch, mut log, mut json) = (false, Mode::Auto, Format::Text, false);
    let (mut http, mut sandbox, mut policies, mut allowed_signers) = (None, true, None, None);
    let (mut environment, mut region) = (None, None);
    let mut words: Vec<PathBuf> = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
            Arg::Long("spool") => spool = Some(PathBuf::from(parser.value()?)),
            Arg::Long("out") => out = Some(PathBuf::from(parser.value()?)),
            Arg::Long("durable") => durable = Some(PathBuf::from(parser.value()?)),
            Arg::Long("allowed-signers") => allowed_signers = Some(PathBuf::from(parser.value()?)),
            Arg::Long("environment") => environment = Some(name(&parser.value()?.string()?)?),
            Arg::Long("region") => region = Some(name(&parser.value()?.string()?)?),
            Arg::Long("namespace") => namespace = Some(parser.value()?.string()?),
            Arg::Long("once") => once = true,
            Arg::Long("watch") => watch = parser.value()?.parse()?,
            Arg::Long("http") => http = Some(parser.value()?.parse()?),
            Arg::Long("log") => log = parser.value()?.parse()?,
            Arg::Long("sandbox") => sandbox = on_or_off(&parser.value()?.string()?)?,
            Arg::Long("policies") => policies = Some(PathBuf::from(parser.value()?)),
            Arg::Long("json") => json = true,
            Arg::Value(word) => words.push(word.into()),
            other => return Err(other.unexpected()),
        }
    }
    let missing = |option: &str| lexopt::Error::from(format!("{option} is missing"));
    match words.split_first() {
        Some((command, paths)) if command.as_os_str() == "check" => Ok(Command::Check { paths: paths.to_vec(), policies, json }),
        Some((command, [])) if command.as_os_str() == "status" => {
            Ok(Command::Status { out: out.ok_or_else(|| missing("--out DIR"))?, json })
        }
        Some((command, _)) => Err(format!("{} is not a command: use check or status, or none", command.display()).into()),
        None => {
            let spool = spool.ok_or_else(|| missing("--spool DIR"))?;
            let out = out.ok_or_else(|| missing("--out DIR"))?;
            let layer = match (environment, region) {
                (Some(_), _) if allowed_signers.is_none() => {
                    return Err("--environment says what a signed commit must have: give --allowed-signers too".into());
                }
                (Some(environment), Some(region)) => format!("{environment}.{region}"),
                (None, Some(_)) => return Err(missing("--environment NAME, which the region is in,")),
                (environment, None) => environment.unwrap_or_default(),
            };
            let relay = Options { spool, out, durable, namespace, allowed_signers, layer };
            Ok(Command::Serve(Serve { relay, once, watch, http, log, sandbox }))
        }
    }
}

fn name(text: &str) -> Result<String, lexopt::Error> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(format!("{text:?} is not a name: use 1 to 63 of a-z 0-9 and -").into()) }
}

fn on_or_off(text: &str) -> Result<bool, lexopt::Error> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("{other:?} is neither on nor off").into()),
    }
}
