//! The API server, for the command line: found by a kubeconfig, asked with a bound on time and size.

mod config;
mod error;
mod list;
#[cfg(test)]
pub(super) mod mock;
mod node;
mod proxy;
mod right;
mod roster;

use std::{path::PathBuf, time::Duration};

use kube::Client;

use super::exit::Failure;

pub(super) use config::has_default;
pub(super) use error::ApiError;
pub(super) use proxy::{Proxied, ProxyError};
pub(super) use right::Right;
pub(super) use roster::{AgentPod, Roster};

/// Which API server, and where the agents are.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ApiArgs {
    /// Ask every agent through the API server of this kubeconfig
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// Ask every agent through the API server of this context of the kubeconfig [default: its current context]
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// Namespace of the agents
    #[arg(short, long, env = "L2WITNESS_NAMESPACE", value_name = "NAME", default_value = "l2witness-system")]
    pub(super) namespace: String,
}

impl ApiArgs {
    /// Whether somebody said to use an API server.
    pub(super) const fn is_given(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }

    /// Makes a client; nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a kubeconfig that can't be used.
    pub(super) async fn open(&self, timeout: Duration) -> Result<Api, Failure> {
        let config = config::read(self, timeout).await?;
        let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        let client = Client::try_from(config)
            .map_err(|error| Failure::Usage(format!("{server}: {}", error::words(&error))))?;
        Ok(Api { client, server, namespace: self.namespace.clone(), timeout })
    }
}

/// An API server.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) client: Client,
    /// Its URL.
    pub(super) server: String,
    /// Where the agents are.
    pub(super) namespace: String,
    /// For each request.
    pub(super) timeout: Duration,
}

impl Api {
    /// Waits for an answer no longer than the time-out, and says in one line what is wrong with it. `right` is
    /// what the request takes, where it takes any.
    pub(super) async fn call<T>(
        &self,
        right: Option<&Right>,
        request: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, ApiError> {
        match tokio::time::timeout(self.timeout, request).await {
            Ok(answer) => answer.map_err(|error| ApiError::new(&self.server, right, &error)),
            Err(_) => Err(ApiError::Timeout(self.server.clone(), self.timeout.as_secs())),
        }
    }
}

#[cfg(test)]
mod tests;
