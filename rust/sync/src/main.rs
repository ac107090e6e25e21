//! The `configsync` command: from the Kubernetes API to a spool directory, and what the node serves to a control plane.
//!
//! The way of the data: a watch ([`object`]) → [`bundles`] (all there are, each a [`document`]), or [`artifact`] (the files of a
//! commit, out of a [`tarball`]) → [`spool`]. [`follow`] is the loop, [`pace`] says when, [`commit`] says of which commit it is.

#![forbid(unsafe_code)]

mod args;
mod artifact;
mod backoff;
mod bundles;
mod client;
mod commit;
mod document;
mod flux;
mod follow;
mod heartbeat;
mod http;
mod log;
mod object;
mod pace;
mod relay;
mod report;
mod spool;
mod tarball;
mod troubles;

use args::{Command, Kube, USAGE};
use follow::Follow;
use log::Log;
use report::Reporter;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use troubles::{Told, Troubles};

/// Something was refused, or could not be had.
const REFUSED: u8 = 1;
/// It cannot run at all.
const UNUSABLE: u8 = 2;
/// Only names are looked up in a thread.
const STACK: usize = 256 << 10;

fn main() -> ExitCode {
    let options = match args::parse() {
        Ok(Command::Kube(options)) => options,
        Ok(Command::Help) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Ok(Command::Version) => {
            println!("configsync {}", env!("CARGO_PKG_VERSION"));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("configsync: {error}\n\n{USAGE}");
            return ExitCode::from(UNUSABLE);
        }
    };
    tell_of_faults(options.log);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).thread_stack_size(STACK).build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(run(&options));
            // A name that is being looked up must not hold up the end.
            runtime.shutdown_background();
            done
        }
        Err(error) => Err(format!("cannot start: {error}")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(REFUSED),
        Err(error) => {
            options.log.error(&error);
            ExitCode::from(UNUSABLE)
        }
    }
}

/// Gives whether all went well; an error means that it cannot run.
async fn run(options: &Kube) -> Result<bool, String> {
    let catch = |kind| signal(kind).map_err(|error| format!("cannot handle signals: {error}"));
    let (mut terminate, mut interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
    let client = client::connect(options.kubeconfig.as_deref()).await?;
    let (sender, told) = watch::channel(Told::default());
    let follow = Follow::new(options, Troubles::new(options.log, sender))?;
    let reporter = options.report.as_ref().map(|report| Reporter::new(report, told, options.log)).transpose()?;
    let report = async {
        match reporter {
            Some(reporter) => reporter.run().await,
            None => std::future::pending().await,
        }
    };
    let done = tokio::select! {
        _ = terminate.recv() => true,
        _ = interrupt.recv() => true,
        () = report => true,
        done = follow.run(&client) => return Ok(done),
    };
    options.log.info("stopped; the spool stays");
    Ok(done)
}

/// By its place alone: what a fault says may be of a document with secrets.
fn tell_of_faults(log: Log) {
    std::panic::set_hook(Box::new(move |fault| {
        let place = fault.location().map(ToString::to_string).unwrap_or_default();
        log.error(&format!("a fault of configsync at {place}: report it"));
    }));
}
