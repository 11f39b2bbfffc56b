//! The client: who is asked, and how soon it is noticed that nobody answers.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use hyper_util::{
    client::{
        legacy::{Builder, connect::HttpConnector},
        proxy::matcher::Matcher,
    },
    rt::TokioExecutor,
};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder, ConfigExt as _},
    config::{KubeConfigOptions, Kubeconfig},
};
use tower::{BoxError, ServiceBuilder};

use crate::http;

/// A connection that is not made by then won't be.
const CONNECT: Duration = Duration::from_secs(10);
/// A watch may be silent for minutes. So the kernel asks the other side whether it is still there, and gives up
/// about a minute after it went: it costs the API server nothing.
const PROBE_AFTER: Duration = Duration::from_secs(30);
const PROBE_EVERY: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;
const UNACKNOWLEDGED: Duration = Duration::from_secs(60);

/// There is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither a kubeconfig nor a pod's service account.
    #[error("no API server known: {0}; run in a pod with a service account, or give --kubeconfig")]
    Infer(#[source] kube::config::InferConfigError),
    /// The file.
    #[error("--kubeconfig {1}: {0}")]
    File(#[source] kube::config::KubeconfigError, PathBuf),
    /// TLS or credentials in it.
    #[error("the API server's address or credentials can't be used: {0}")]
    Client(#[source] Box<kube::Error>),
}

/// A client by that kubeconfig; without one by `$KUBECONFIG` or `~/.kube/config`, else by the pod's service account.
///
/// Nothing is asked yet.
///
/// # Errors
/// There is no configuration, or it can't be used.
pub async fn connect(kubeconfig: Option<&Path>) -> Result<Client, ConnectError> {
    let config = match kubeconfig {
        None => Config::infer().await.map_err(ConnectError::Infer)?,
        Some(path) => {
            let failed = |error| ConnectError::File(error, path.to_owned());
            let file = Kubeconfig::read_from(path).map_err(failed)?;
            Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.map_err(failed)?
        }
    };
    client(config).map_err(|error| ConnectError::Client(Box::new(error)))
}

/// As kube's own client, but with TCP keep-alive, without its retries (ours know what they wait for) and without its
/// log line per failed attempt.
pub(super) fn client(config: Config) -> Result<Client, kube::Error> {
    http::provider();
    if config.proxy_url.is_some() && is_proxied(&config) {
        return Client::try_from(config);
    }
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT));
    tcp.set_keepalive(Some(PROBE_AFTER));
    tcp.set_keepalive_interval(Some(PROBE_EVERY));
    tcp.set_keepalive_retries(Some(PROBES));
    tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    let tls = config.rustls_https_connector_with_connector(tcp)?;
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(Builder::new(TokioExecutor::new()).build::<_, Body>(tls));
    Ok(ClientBuilder::new(service, config.default_namespace).build())
}

/// Whether the proxy that kube took from the environment, which looks at neither `NO_PROXY` nor the API
/// server's own name, holds for this API server. One that the kubeconfig names always does.
pub(crate) fn is_proxied(config: &Config) -> bool {
    let named =
        |variable: &str| env::var(variable).ok().is_some_and(|proxy| config.proxy_url == proxy.parse().ok());
    if !named("HTTPS_PROXY") && !named("https_proxy") {
        return true;
    }
    let host = config.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    !local && Matcher::from_env().intercept(&config.cluster_url).is_some()
}
