//! What the API server says, put into the agent's reports.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use jiff::{SignedDuration, Timestamp};

use super::foreign::Foreign;
use crate::{
    claims::speaker::{self, Endpoint, TOKEN_FILE},
    cluster::{Index, SpeakerPod, kubernetes::Reader},
    evidence::{LbIp, MacAddr, NodeReport, Prediction, Reading, Said, Speaker, What},
    wire::Neighbours,
};

/// The cluster, as reports want it.
pub(super) struct Cluster {
    reader: Reader,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Since when an LB IP is listed.
    listed: BTreeMap<IpAddr, Instant>,
    /// When the set of them changed last.
    changed: Option<Instant>,
    /// What was predicted last, and since when.
    predicted: HashMap<(IpAddr, String), (Prediction, Instant)>,
    foreign: Foreign,
}

impl Cluster {
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, state: Mutex::default() }
    }

    /// Puts what is known now into a report that is made now.
    pub(super) fn merge(&self, report: &mut NodeReport, neighbours: &Neighbours) {
        let mut state = self.state();
        self.reader.read(|index| {
            report.source_state = index.state();
            speaker_of(index, report);
            let peers = Peers::new(index, neighbours, &report.node);
            let NodeReport { lb_ips, interfaces, time, source_state, .. } = report;
            let present = lb_ips.iter().map(|lb_ip| lb_ip.ip).collect();
            state.list(&present);
            state.forget_others(&present);
            source_state.changed = state.changed.map(|changed| wall(changed, *time));
            for lb_ip in lb_ips {
                state.say(index, lb_ip, *time);
                peers.name(lb_ip);
                lb_ip.foreign_claims = state.foreign.count(lb_ip, interfaces, peers.complete);
            }
        });
    }

    /// Notes since when all is as it is now: reports may be asked for seldom.
    pub(super) fn note(&self, ips: &BTreeSet<IpAddr>) {
        let mut state = self.state();
        self.reader.read(|index| {
            state.list(ips);
            for ip in ips {
                for prediction in index.said(*ip).predicted {
                    state.since(*ip, &prediction);
                }
            }
        });
    }

    /// What changed, for the history.
    pub(super) fn news(&self) -> Vec<(Option<IpAddr>, What)> {
        self.reader.take_news()
    }

    /// Where the speaker's metrics may be, best first.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let pod = self.reader.read(Index::own_speaker);
        pod.as_ref().and_then(described).map_or_else(Vec::new, |pod| speaker::endpoints(&pod, TOKEN_FILE))
    }

    /// The LB IPs.
    pub(super) fn lb_ips(&self) -> BTreeSet<IpAddr> {
        self.reader.read(Index::lb_ips)
    }

    /// Whether the list of Services has been complete once.
    pub(super) fn synced(&self) -> bool {
        self.reader.read(Index::synced)
    }

    /// Whose container that is, `namespace/name`, and whether a speaker's.
    pub(super) fn pod_of(&self, container: &str) -> Option<(String, bool)> {
        self.reader.read(|index| {
            index.pod_of_container(container).map(|(pod, is_speaker)| (pod.to_owned(), is_speaker))
        })
    }

    /// The interfaces that `L2Advertisement`s select, for those LB IPs for which they name some.
    pub(super) fn selected(&self, ips: &BTreeSet<IpAddr>) -> BTreeMap<IpAddr, BTreeSet<String>> {
        let of_ip = |index: &Index, ip: IpAddr| {
            let predicted = index.said(ip).predicted;
            let mut selected = BTreeSet::new();
            for prediction in predicted {
                selected.extend(prediction.interfaces?);
            }
            (!selected.is_empty()).then_some((ip, selected))
        };
        self.reader.read(|index| ips.iter().filter_map(|ip| of_ip(index, *ip)).collect())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// These are listed.
    fn list(&mut self, ips: &BTreeSet<IpAddr>) {
        let now = Instant::now();
        for ip in ips {
            if let Entry::Vacant(new) = self.listed.entry(*ip) {
                new.insert(now);
                self.changed = Some(now);
            }
        }
    }

    /// Others are not any more.
    fn forget_others(&mut self, present: &BTreeSet<IpAddr>) {
        let before = self.listed.len();
        self.listed.retain(|ip, _| present.contains(ip));
        if self.listed.len() < before {
            self.changed = Some(Instant::now());
        }
        self.predicted.retain(|(ip, _), _| present.contains(ip));
        self.foreign.retain(present);
    }

    /// Since when that is predicted.
    fn since(&mut self, ip: IpAddr, prediction: &Prediction) -> Instant {
        let now = Instant::now();
        let key = (ip, prediction.service.clone());
        let (known, since) = self.predicted.entry(key).or_insert_with(|| (prediction.clone(), now));
        if known != prediction {
            (*known, *since) = (prediction.clone(), now);
        }
        *since
    }

    fn say(&mut self, index: &Index, lb_ip: &mut LbIp, time: Timestamp) {
        lb_ip.since = self.listed.get(&lb_ip.ip).map(|since| wall(*since, time));
        let Said { services, statuses, events, mut predicted, announced: _, counters: _ } =
            index.said(lb_ip.ip);
        for prediction in &mut predicted {
            prediction.since = Some(wall(self.since(lb_ip.ip, prediction), time));
        }
        let said = &mut lb_ip.said;
        (said.services, said.statuses, said.events, said.predicted) = (services, statuses, events, predicted);
    }
}

/// That moment on the clock of a report that is made now: by the steps that it took since, too.
fn wall(instant: Instant, time: Timestamp) -> Timestamp {
    let ago = SignedDuration::try_from(instant.elapsed()).unwrap_or_default();
    time.saturating_sub(ago).unwrap_or(time)
}

fn speaker_of(index: &Index, report: &mut NodeReport) {
    let Some(pod) = index.own_speaker() else {
        // Whether there is one is known once the pods were listed.
        if index.facts().speakers_known {
            report.speaker = Some(Speaker { reading: Reading::NoSpeaker, ..Speaker::default() });
        }
        return;
    };
    let SpeakerPod { namespace, name, ready, version, .. } = pod;
    let speaker = report.speaker.get_or_insert_default();
    speaker.pod = Some(format!("{namespace}/{name}"));
    speaker.ready = Some(ready);
    speaker.version = version;
}

fn described(pod: &SpeakerPod) -> Option<speaker::SpeakerPod> {
    let ports = pod
        .ports
        .iter()
        .map(|port| (Some(port.name.clone()).filter(|name| !name.is_empty()), port.number))
        .collect();
    let container = speaker::Container { name: "speaker".to_owned(), args: pod.args.clone(), ports };
    Some(speaker::SpeakerPod { host: pod.host_ip.or(pod.pod_ip)?, containers: vec![container] })
}

/// The other nodes, by hardware address: by the Nodes' addresses and this node's neighbour table.
struct Peers {
    nodes: HashMap<MacAddr, String>,
    /// Every other node was found, so a MAC that is none of theirs is nobody's.
    complete: bool,
}

impl Peers {
    fn new(index: &Index, neighbours: &Neighbours, own: &str) -> Self {
        let mut nodes = HashMap::new();
        for (mac, ips) in neighbours.iter() {
            if let Some(node) = ips.iter().find_map(|ip| index.node_of_address(*ip)) {
                nodes.insert(mac, node.to_owned());
            }
        }
        let found: BTreeSet<&str> = nodes.values().map(String::as_str).collect();
        let complete = index.nodes().all(|node| node == own || found.contains(node));
        Self { nodes, complete }
    }

    fn name(&self, lb_ip: &mut LbIp) {
        for heard in &mut lb_ip.heard {
            heard.node = self.nodes.get(&heard.mac).cloned();
        }
    }
}
