//! The API server: who it is, who we are, and connections that notice when it is gone.

use crate::http::{connector, is_loopback, root};
use hyper_util::rt::TokioExecutor;
use kube::client::ConfigExt;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Error};
use std::path::Path;
use std::time::Duration;
use tower::timeout::TimeoutLayer;
use tower::{BoxError, ServiceBuilder};

/// A server that has not begun to answer by then is tried again.
const ANSWER: Duration = Duration::from_secs(10);
/// Requests a second, so that a server that ends each watch at once is not asked without a pause.
const RATE: u64 = 20;
const IDLE: Duration = Duration::from_secs(30);

/// With a kubeconfig, or as the pod that this runs in.
///
/// # Errors
/// The configuration cannot be used. One line, says what to do.
pub(crate) async fn connect(kubeconfig: Option<&Path>) -> Result<Client, String> {
    let config = match kubeconfig {
        Some(path) => from_file(path).await?,
        None => Config::incluster().map_err(|error| format!("not in a cluster: {}; give --kubeconfig FILE", root(&error)))?,
    };
    let unusable = |error: Error| format!("the API server's configuration cannot be used: {}", root(&error));
    let https = config.rustls_https_connector_with_connector(connector()).map_err(unusable)?;
    let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(1)
        .build(https);
    let service = ServiceBuilder::new()
        .rate_limit(RATE, Duration::from_secs(1))
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer().map_err(unusable)?)
        .layer(config.extra_headers_layer().map_err(unusable)?)
        .layer(TimeoutLayer::new(ANSWER))
        .map_err(BoxError::from)
        .service(http);
    Ok(Client::new(service, config.default_namespace))
}

async fn from_file(path: &Path) -> Result<Config, String> {
    let unusable = |why: String| format!("--kubeconfig {}: {why}", path.display());
    let read = Kubeconfig::read_from(path).map_err(|error| unusable(root(&error)))?;
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
    let config = config.map_err(|error| unusable(root(&error)))?;
    match objection(&config) {
        Some(why) => Err(unusable(why.to_owned())),
        None => Ok(config),
    }
}

fn objection(config: &Config) -> Option<&'static str> {
    let user = &config.auth_info;
    if user.exec.is_some() || user.auth_provider.is_some() {
        return Some(
            "a program would be run for its credentials, which is not done on nodes; give a token or a client certificate",
        );
    }
    if config.accept_invalid_certs {
        return Some("insecure-skip-tls-verify: whoever is on the way could configure the node; give certificate-authority");
    }
    if config.cluster_url.scheme_str() != Some("https") && !is_loopback(&config.cluster_url) {
        return Some("the server would get the credentials without TLS, for all to read; give an https URL");
    }
    if config.proxy_url.is_some() {
        return Some("proxy-url is not supported; give the API server's own address");
    }
    None
}

/// Of an error of the API server: what it says, and what to do.
pub(crate) fn told(error: &Error) -> String {
    let Error::Api(status) = error else { return root(error) };
    let hint = match status.code {
        401 => "; are the credentials its own, and still valid?",
        403 => "; bind the role configbundle-reader there (deploy/tenant, deploy/components/spool-kube)",
        404 => "; is the resource's definition installed (deploy/crd, Flux)?",
        _ => "",
    };
    let message = if status.message.is_empty() { &status.reason } else { &status.message };
    format!("{} {message}{hint}", status.code)
}
