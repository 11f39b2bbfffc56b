//! How to reach the agents: by URL, through the API server, or on this node.

use std::{path::PathBuf, time::Duration};

use super::{
    DEFAULT_SOCKET,
    api::{self, Api, ApiError, Roster},
    client::{AgentArgs, Told, ask_all, runtime},
    exit::Failure,
    fetch::Target,
};
use crate::verdict::{Failed, Scope};

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

/// Everybody there is to ask.
pub(super) struct Whom {
    pub(super) targets: Vec<Target>,
    pub(super) scope: Scope,
    /// Those that can't be asked.
    pub(super) missing: Vec<Failed>,
    /// For stderr.
    pub(super) notes: Vec<String>,
}

impl Whom {
    const fn named(targets: Vec<Target>, scope: Scope) -> Self {
        Self { targets, scope, missing: Vec::new(), notes: Vec::new() }
    }
}

/// Asks all agents at once and waits for each no longer than the time-out.
pub(super) fn ask(args: &AgentArgs) -> Result<Told, Failure> {
    runtime()?.block_on(async { Reach::open(args).await?.ask().await })
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
        if let (Some(Err(error)), Some(api), Way::Api) = (listed, &self.api, self.way) {
            return Told::nothing(&api.server, &error.to_string());
        }
        let Whom { targets, scope, missing, notes } = self.whom(listed);
        let mut told = ask_all(targets, scope, missing, self.timeout()).await;
        told.notes.extend(notes);
        told
    }

    /// How long to wait for an agent.
    pub(super) const fn timeout(&self) -> Duration {
        Duration::from_secs(self.args.timeout)
    }

    /// Everybody, for whoever asks several times.
    ///
    /// # Errors
    /// [`Failure::Unreachable`] where the API server does not say who there is.
    pub(super) async fn everybody(&self) -> Result<Whom, Failure> {
        let listed = self.roster().await.transpose();
        match listed {
            Some(Err(error)) => Err(Failure::Unreachable(error.to_string())),
            listed => Ok(self.whom(listed.as_ref())),
        }
    }

    fn whom(&self, listed: Option<&Result<Roster, ApiError>>) -> Whom {
        let AgentArgs { agent, socket, timeout: _, api: _ } = self.args;
        match (listed, &self.api, self.way) {
            (Some(Ok(roster)), Some(api), Way::Api) => {
                let pods = roster.agents.iter().cloned();
                let targets = pods.map(|pod| Target::Pod(api.clone(), pod)).collect();
                let (missing, notes) = (roster.missing.clone(), roster.notes.clone());
                Whom { targets, scope: Scope::Agents, missing, notes }
            }
            (_, _, Way::Agents) => {
                let mut urls = Vec::new();
                for url in agent {
                    if !urls.contains(url) {
                        urls.push(url.clone());
                    }
                }
                Whom::named(urls.into_iter().map(Target::Url).collect(), Scope::Agents)
            }
            _ => {
                let socket = socket.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET));
                Whom::named(vec![Target::Socket(socket)], Scope::Node)
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
