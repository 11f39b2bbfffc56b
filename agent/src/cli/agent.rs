//! `l2witness agent`: the daemon.

use std::{
    collections::BTreeSet,
    env,
    net::{AddrParseError, IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::ValueEnum;
use regex::Regex;

use super::{
    exit::{Exit, Failure, Outcome},
    interfaces::{InterfaceArgs, given},
    kubernetes::KubernetesArgs,
    logging,
    speaker::SpeakerArgs,
};
use crate::{
    cluster::{
        Fixed,
        kubernetes::{Kubernetes, Pace},
    },
    serve::{self, Daemon, Limits, Notices, Signals, Source},
    wire::{Config, Link, Links, Observer, Pins, Rules, preflight, sender::Finder},
};

/// Where the LB IPs come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// `--lb-ip` and `--lb-ip-file`
    Static,
    /// The Services, as the API server has them
    Kubernetes,
}

impl From {
    const fn label(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Kubernetes => "kubernetes",
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the LB IPs come from [default: static if any is given, else kubernetes in a pod]
    #[arg(long, env = "L2WITNESS_SOURCE", value_enum)]
    source: Option<From>,
    /// LB IP or CIDR to watch; repeatable
    #[arg(long, env = "L2WITNESS_LB_IPS", value_delimiter = ',', value_name = "IP|CIDR")]
    lb_ip: Vec<String>,
    /// File with an IP or CIDR a line; read again when it changes
    #[arg(long, env = "L2WITNESS_LB_IP_FILE", value_name = "FILE")]
    lb_ip_file: Option<PathBuf>,
    /// This node's name, as MetalLB knows it [default: the host name]
    #[arg(long, env = "NODE_NAME", value_name = "NAME")]
    node_name: Option<String>,
    /// Room for so many LB IPs; each takes 410 bytes, and 300 more an interface
    #[arg(long, env = "L2WITNESS_MAX_IPS", value_name = "N", default_value_t = 4096,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_ips: u32,
    /// Senders whose name (process, unit or container id) matches are the speaker
    #[arg(long, env = "L2WITNESS_SPEAKER", value_name = "REGEX", default_value = "^speaker$")]
    speaker: Regex,
    /// Count data packets to the LB IPs, too, so that STALE-PATH can be told; costs each packet that comes in
    #[arg(long, env = "L2WITNESS_OBSERVE_TRAFFIC", action = clap::ArgAction::Set, num_args = 0..=1,
          require_equals = true, default_value_t = false, default_missing_value = "true")]
    observe_traffic: bool,
    /// Serve metrics and evidence here; brackets may be around any address
    #[arg(long, env = "L2WITNESS_LISTEN", value_name = "ADDRESS:PORT", default_value = "0.0.0.0:9472",
          value_parser = listen_address)]
    listen: SocketAddr,
    /// Serve the command line on this node here
    #[arg(long, env = "L2WITNESS_SOCKET", value_name = "PATH", default_value = super::DEFAULT_SOCKET)]
    socket: PathBuf,
    /// Directory on a bpf file system for the shared maps
    #[arg(long, env = "L2WITNESS_PIN_DIR", value_name = "PATH", default_value = super::DEFAULT_PIN_DIR)]
    pin_dir: PathBuf,
    /// The node's cgroup tree, by which senders are named [default: where cgroup v2 is mounted]
    #[arg(long, env = "L2WITNESS_CGROUP_DIR", value_name = "PATH")]
    cgroup_dir: Option<PathBuf>,
    /// Keep so many events an LB IP; those around handovers longest
    #[arg(long, env = "L2WITNESS_HISTORY_EVENTS", value_name = "N", default_value_t = 512,
          value_parser = clap::value_parser!(u32).range(16..=65_536))]
    history_events: u32,
    /// Keep so many events in all; 200000 take 20 MB, of 10000 LB IPs 36 MB
    #[arg(long, env = "L2WITNESS_HISTORY_TOTAL", value_name = "N", default_value_t = 200_000,
          value_parser = clap::value_parser!(u32).range(1024..=10_000_000))]
    history_total: u32,
    #[command(flatten)]
    interfaces: InterfaceArgs,
    #[command(flatten)]
    kubernetes: KubernetesArgs,
    #[command(flatten)]
    metrics: SpeakerArgs,
    #[command(flatten)]
    logging: logging::LogArgs,
}

pub(super) fn run(args: &Args) -> Outcome {
    logging::init(&args.logging)?;
    // One thread: the kernel does the counting, and every thread more costs each node memory.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting tokio")?;
    runtime.block_on(daemon(args))
}

async fn daemon(args: &Args) -> Outcome {
    // All input is judged before anything is touched.
    let node = args.node_name.clone().map_or_else(host_name, Ok)?;
    let from = args.from()?;
    let (source, ips, client) = match from {
        From::Static => {
            let (source, ips) = args.fixed()?;
            (source, ips, None)
        }
        From::Kubernetes => {
            let scope = args.kubernetes.scope(&node, args.max_ips)?;
            let client = args.kubernetes.connect().await?;
            let source = Source::Kubernetes(Kubernetes::start(client.clone(), scope, Pace::default()));
            (source, BTreeSet::new(), Some(client))
        }
    };
    let notices = client.filter(|_| args.kubernetes.events).map(|client| Notices::new(client, &node));
    let rules = args.interfaces.rules()?;
    let endpoint = args.metrics.endpoint()?;
    let links = Links::follow().await.map_err(anyhow::Error::from)?;
    let present = links.list().await.map_err(anyhow::Error::from)?;
    choose(&rules, &present)?;

    preflight(&args.pin_dir).map_err(anyhow::Error::from)?;
    // From here on there is something to clean up, and every way out does.
    let signals = Signals::catch().context("catching signals")?;
    let pins = Pins::hold(&args.pin_dir).map_err(anyhow::Error::from)?;
    let listeners = serve::bind(args.listen, &args.socket).await.map_err(anyhow::Error::from)?;
    let config = Config {
        node,
        source: from.label().to_owned(),
        rules,
        hook: args.interfaces.hook,
        capacity: args.max_ips,
        traffic: args.observe_traffic,
        speaker: args.speaker.clone(),
    };
    let observer = Observer::new(config, pins).map_err(anyhow::Error::from)?;
    let finder = Finder::new(args.cgroup_dir.as_deref());
    let limits = Limits { events: args.history_events as usize, total: args.history_total as usize };
    let daemon = Daemon::start(observer, links, source, finder, &ips, &present, limits)
        .map_err(anyhow::Error::from)?;
    let daemon = daemon.speaker(endpoint.into_iter().collect(), args.metrics.interval).notices(notices);
    daemon.run(listeners, signals).await.map_err(anyhow::Error::from)?;
    Ok(Exit::Fine)
}

impl Args {
    fn from(&self) -> Result<From, Failure> {
        let listed = !given(&self.lb_ip).is_empty() || self.lb_ip_file.is_some();
        let in_pod = env::var_os("KUBERNETES_SERVICE_HOST").is_some_and(|host| !host.is_empty());
        let source = match self.source {
            Some(From::Kubernetes) if listed => {
                Err("--lb-ip and --lb-ip-file go with --source static, not kubernetes")
            }
            Some(source) => Ok(source),
            None if !listed && (in_pod || self.kubernetes.is_given()) => Ok(From::Kubernetes),
            None => Ok(From::Static),
        };
        let source = source.map_err(|error| Failure::Usage(error.to_owned()))?;
        if source == From::Static && self.kubernetes.events {
            return Err(Failure::Usage("--events goes with --source kubernetes".to_owned()));
        }
        Ok(source)
    }

    fn fixed(&self) -> Result<(Source, BTreeSet<IpAddr>), Failure> {
        let mut list = Fixed::new(given(&self.lb_ip), self.lb_ip_file.clone(), self.max_ips);
        let ips = list.read().map_err(|error| Failure::Usage(error.to_string()))?;
        Ok((Source::fixed(list), ips))
    }
}

/// Wants at least one interface. Which there are is the node's state and no bad usage: a NIC that is late is
/// there when the agent is started again.
fn choose(rules: &Rules, present: &[Link]) -> Result<(), anyhow::Error> {
    if let Some(pattern) = rules.unmatched(present).next() {
        let names = present.iter().map(|link| link.name.as_str()).collect::<Vec<_>>().join(", ");
        anyhow::bail!("--interface {pattern}: no such interface; there are {names}");
    }
    if !present.iter().any(|link| rules.check(link).is_ok()) {
        let reasons = present.iter().filter_map(|link| {
            let skipped = rules.check(link).err()?;
            Some(format!("{} ({skipped})", link.name))
        });
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        anyhow::bail!("no interface is left to observe: {reasons}; name one with --interface");
    }
    Ok(())
}

/// `[192.0.2.1]:9472` is fine, too: a manifest that puts `[$(HOST_IP)]` can't know the address's family.
fn listen_address(text: &str) -> Result<SocketAddr, AddrParseError> {
    let ipv4 = || {
        let (address, port) = text.strip_prefix('[')?.split_once("]:")?;
        Some(SocketAddr::new(IpAddr::V4(address.parse().ok()?), port.parse().ok()?))
    };
    ipv4().map_or_else(|| text.parse(), Ok)
}

fn host_name() -> Result<String, anyhow::Error> {
    let name = nix::unistd::gethostname().context("reading the host name; give --node-name")?;
    name.into_string().map_err(|_| anyhow::anyhow!("the host name is not UTF-8; give --node-name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_may_be_in_brackets_whatever_its_family() {
        let table = [
            ("192.0.2.1:9472", Some("192.0.2.1:9472")),
            ("[192.0.2.1]:9472", Some("192.0.2.1:9472")),
            ("[2001:db8::1]:9472", Some("[2001:db8::1]:9472")),
            ("2001:db8::1:9472", None),
            ("[192.0.2.1]:94720", None),
            ("[]:9472", None),
        ];
        for (text, expected) in table {
            assert_eq!(listen_address(text).ok(), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }
}
