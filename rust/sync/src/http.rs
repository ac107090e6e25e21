//! Plain requests: an artifact from source-controller, a heartbeat to a control plane. Redirects are not followed.

use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::error::Error;
use std::io::Cursor;
use std::time::Duration;

/// A connection that is dead is found out within these, so that a partition that ended is noticed in seconds: the kernel's own
/// times are minutes to hours. A probe in three seconds is nothing beside the requests that keep a node's lease.
const CONNECT: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(3);
const PROBE: Duration = Duration::from_secs(1);
const PROBES: u32 = 3;
const UNACKNOWLEDGED: Duration = Duration::from_secs(6);

/// Connects by TCP with those.
pub(crate) fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT));
    connector.set_keepalive(Some(IDLE));
    connector.set_keepalive_interval(Some(PROBE));
    connector.set_keepalive_retries(Some(PROBES));
    connector.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    connector
}

type Sent = Full<Cursor<Vec<u8>>>;

/// Sends requests to one server. TLS trusts what the machine trusts, or the file in SSL_CERT_FILE.
#[derive(Clone, Debug)]
pub(crate) enum Http {
    Plain(Client<HttpConnector, Sent>),
    Tls(Client<HttpsConnector<HttpConnector>, Sent>),
}

/// An answer: its status, and its content or the beginning of it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content: Vec<u8>,
}

impl Http {
    /// # Errors
    /// It is no http or https URL, or TLS has nothing to trust.
    pub(crate) fn to(url: &Uri) -> Result<Self, String> {
        let builder = || {
            let mut builder = Client::builder(TokioExecutor::new());
            // Servers end idle connections after about as long as we are idle: better a new one than a broken one.
            builder.pool_idle_timeout(Duration::from_millis(2_500)).pool_max_idle_per_host(1);
            builder
        };
        match url.scheme_str() {
            Some("http") => Ok(Self::Plain(builder().build(connector()))),
            Some("https") => {
                let roots = HttpsConnectorBuilder::new().with_native_roots();
                let roots =
                    roots.map_err(|error| format!("no certificate to trust: {error}; name a file of them in SSL_CERT_FILE"))?;
                Ok(Self::Tls(builder().build(roots.https_only().enable_http1().wrap_connector(connector()))))
            }
            _ => Err("it is neither an http nor an https URL".to_owned()),
        }
    }

    /// # Errors
    /// There is no answer within the time, or more of it than `most` bytes. In words that hold nothing of what was sent.
    pub(crate) async fn get(&self, url: &Uri, most: usize, within: Duration) -> Result<Answer, String> {
        let request = Request::get(url).body(Sent::default()).map_err(|error| error.to_string())?;
        self.send(request, most, within).await
    }

    /// Posts JSON, with a bearer token unless that is empty. Errors are those of [`Http::get`].
    pub(crate) async fn post(
        &self,
        url: &Uri,
        token: &str,
        json: Vec<u8>,
        most: usize,
        within: Duration,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(Method::POST).uri(url).header("content-type", "application/json");
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(Sent::new(Cursor::new(json))).map_err(|_| "the token cannot be sent".to_owned())?;
        self.send(request, most, within).await
    }

    async fn send(&self, request: Request<Sent>, most: usize, within: Duration) -> Result<Answer, String> {
        let answer = async {
            let response = match self {
                Self::Plain(client) => client.request(request).await,
                Self::Tls(client) => client.request(request).await,
            };
            let (head, body) = response.map_err(|error| root(&error))?.into_parts();
            let content =
                Limited::new(body, most).collect().await.map_err(|error| match error.downcast_ref::<LengthLimitError>() {
                    Some(_) => format!("the answer has more than {most} bytes"),
                    None => root(error.as_ref()),
                })?;
            Ok(Answer { status: head.status.as_u16(), content: content.to_bytes().into() })
        };
        tokio::time::timeout(within, answer).await.unwrap_or_else(|_| Err(format!("no answer within {} s", within.as_secs())))
    }
}

/// Whether a URL is of this machine itself.
pub(crate) fn is_loopback(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What is at the bottom of an error: the rest says where in a library it came by.
pub(crate) fn root(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
