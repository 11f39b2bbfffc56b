//! How to reach the agents: by URL, through the API server, or on this node.

use std::{path::PathBuf, time::Duration};

use super::{
    DEFAULT_SOCKET,
    api::{self, Api, ApiError, Roster},
    client::{AgentArgs, Told, ask_all},
    exit::Failure,
    fetch::Target,
};
use crate::verdict::Scope;

/// Whom to ask. The first that holds, of this order, is the one:
///
/// 1. `--agent`, or its variable
/// 2. `--kubeconfig` or `--context`
/// 3. `--socket`, or its variable
/// 4. as a kubectl plugin, the API server kubectl would talk to
/// 5. the agent of this node, where there is one
/// 6. the API server kubectl would talk to (`KUBECONFIG`, `~/.kube/config`, a pod's service account)
///
/// On a node the local agent goes first because it needs no API server: what breaks an LB IP may well have
/// broken that, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Agents,
    Api,
    Socket,
}

/// What there is to choose from.
#[expect(clippy::struct_excessive_bools, reason = "each is one row of the order above")]
#[derive(Clone, Copy, Debug, Default)]
struct Choice {
    agents: bool,
    kubeconfig: bool,
    socket: bool,
    plugin: bool,
    local_agent: bool,
    default_kubeconfig: bool,
}

impl Choice {
    fn new(args: &AgentArgs) -> Self {
        Self {
            agents: !args.agent.is_empty(),
            kubeconfig: args.api.is_given(),
            socket: args.socket.is_some(),
            plugin: super::is_plugin(),
            local_agent: PathBuf::from(DEFAULT_SOCKET).exists(),
            default_kubeconfig: api::has_default(),
        }
    }

    const fn way(self) -> Way {
        let Self { agents, kubeconfig, socket, plugin, local_agent, default_kubeconfig } = self;
        if agents {
            Way::Agents
        } else if kubeconfig || !socket && default_kubeconfig && (plugin || !local_agent) {
            Way::Api
        } else {
            Way::Socket
        }
    }
}

/// The way to the agents, and the API server where it is used for anything.
pub(super) struct Reach<'a> {
    args: &'a AgentArgs,
    way: Way,
    pub(super) api: Option<Api>,
}

impl<'a> Reach<'a> {
    /// Chooses; nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a kubeconfig that can't be used.
    pub(super) async fn open(args: &'a AgentArgs) -> Result<Self, Failure> {
        let way = Choice::new(args).way();
        let api = if way == Way::Api || args.api.is_given() {
            Some(args.api.open(Duration::from_secs(args.timeout)).await?)
        } else {
            None
        };
        Ok(Self { args, way, api })
    }

    /// Asks everybody.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] where the API server does not say who there is.
    pub(super) async fn ask(&self) -> Result<Told, Failure> {
        let listed = self.roster().await.transpose();
        if let Some(Err(error)) = listed {
            return Err(Failure::Unreachable(error.to_string()));
        }
        Ok(self.ask_those(listed.as_ref()).await)
    }

    /// Who there is, by the API server; `None` where it is not the way.
    pub(super) async fn roster(&self) -> Result<Option<Roster>, ApiError> {
        match (&self.api, self.way) {
            (Some(api), Way::Api) => api.roster().await.map(Some),
            _ => Ok(None),
        }
    }

    /// Asks those that were listed, or those that were named.
    pub(super) async fn ask_those(&self, listed: Option<&Result<Roster, ApiError>>) -> Told {
        let AgentArgs { agent, socket, timeout, api: _ } = self.args;
        let timeout = Duration::from_secs(*timeout);
        match (listed, &self.api, self.way) {
            (Some(Err(error)), Some(api), Way::Api) => Told::nothing(&api.server, &error.to_string()),
            (Some(Ok(roster)), Some(api), Way::Api) => {
                let pods = roster.agents.iter().cloned();
                let targets = pods.map(|pod| Target::Pod(api.clone(), pod)).collect();
                let mut told = ask_all(targets, Scope::Agents, roster.missing.clone(), timeout).await;
                told.notes.extend(roster.notes.iter().cloned());
                told
            }
            (_, _, Way::Agents) => {
                let mut urls = Vec::new();
                for url in agent {
                    if !urls.contains(url) {
                        urls.push(url.clone());
                    }
                }
                let targets = urls.into_iter().map(Target::Url).collect();
                ask_all(targets, Scope::Agents, Vec::new(), timeout).await
            }
            _ => {
                let socket = socket.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET));
                ask_all(vec![Target::Socket(socket)], Scope::Node, Vec::new(), timeout).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Choice = Choice {
        agents: false,
        kubeconfig: false,
        socket: false,
        plugin: false,
        local_agent: false,
        default_kubeconfig: false,
    };

    #[test]
    fn what_is_named_goes_before_what_is_there() {
        let there = Choice { local_agent: true, default_kubeconfig: true, ..NOTHING };
        for (choice, way) in [
            (NOTHING, Way::Socket),
            (there, Way::Socket),
            (Choice { plugin: true, ..there }, Way::Api),
            (Choice { local_agent: false, ..there }, Way::Api),
            (Choice { default_kubeconfig: false, ..there }, Way::Socket),
            (Choice { default_kubeconfig: false, plugin: true, ..there }, Way::Socket),
            (Choice { socket: true, plugin: true, ..there }, Way::Socket),
            (Choice { socket: true, kubeconfig: true, ..there }, Way::Api),
            (Choice { kubeconfig: true, ..NOTHING }, Way::Api),
            (Choice { agents: true, kubeconfig: true, socket: true, ..there }, Way::Agents),
        ] {
            assert_eq!(choice.way(), way, "{choice:?}");
        }
    }
}
