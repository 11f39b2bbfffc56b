//! The group `metallb`: are the speakers there, and can their word be heard?

use std::collections::BTreeMap;

use super::{
    Facts,
    line::{Detail, Line, Status, by_code, of_nodes},
};
use crate::{
    cluster::Pod,
    evidence::{NodeReport, Reading, Speaker},
    verdict::{catalogue::CLAIMS_UNREAD, few},
};

pub(super) fn lines(facts: &Facts) -> Vec<Line> {
    let with: Vec<_> = facts.told.reports.iter().filter_map(With::new).collect();
    let pods = match &facts.cluster {
        Some(Ok(cluster)) => cluster.speakers().filter_map(SpeakerPod::of_cluster).collect(),
        _ => with.iter().filter_map(SpeakerPod::of_report).collect::<Vec<_>>(),
    };
    if with.is_empty() && pods.is_empty() {
        let why = "no speaker is known: there is none, none was looked for, or no agent replied";
        return vec![Line::skipped("speakers", why)];
    }
    let mut lines = vec![ready(&pods), one_version(&pods)];
    if with.is_empty() {
        let why = "the speakers' metrics and configuration: no agent looked for a speaker";
        lines.push(Line::skipped("speakers-metrics", why));
        return lines;
    }
    let unread = by_code(of_nodes(&facts.document, |finding| finding.verdict == &CLAIMS_UNREAD));
    lines.extend(readable(&with).into_iter().chain(unread));
    lines.extend([loaded(&with), fresh(&with)]);
    lines
}

/// A node whose agent looked for a speaker, and what it found.
struct With<'a> {
    node: &'a str,
    speaker: &'a Speaker,
}

impl<'a> With<'a> {
    fn new(report: &'a NodeReport) -> Option<Self> {
        Some(Self { node: &report.node, speaker: report.speaker.as_ref()? })
    }

    fn is_there(&self) -> bool {
        self.speaker.reading != Reading::NoSpeaker
    }
}

/// A speaker's pod: by the API server, or by the agent beside it.
struct SpeakerPod<'a> {
    node: &'a str,
    /// `namespace/name`.
    name: &'a str,
    ready: bool,
    version: Option<&'a str>,
}

impl<'a> SpeakerPod<'a> {
    fn of_cluster(pod: &'a Pod) -> Option<Self> {
        let (name, version) = (pod.name.as_ref(), pod.setup.tag.as_deref());
        Some(Self { node: pod.node.as_deref()?, name, ready: pod.ready, version })
    }

    fn of_report(with: &With<'a>) -> Option<Self> {
        let Speaker { pod, ready, version, .. } = with.speaker;
        Some(Self { node: with.node, name: pod.as_deref()?, ready: (*ready)?, version: version.as_deref() })
    }
}

fn ready(pods: &[SpeakerPod<'_>]) -> Line {
    let unready = pods.iter().filter(|pod| !pod.ready).map(|SpeakerPod { node, name, .. }| {
        let next = name.split_once('/').map_or_else(
            || "look at the speaker's pod and log".to_owned(),
            |(namespace, name)| format!("kubectl -n {namespace} logs {name}"),
        );
        Detail::on(node, format!("{name} is not ready")).next(next)
    });
    let details: Vec<_> = unready.collect();
    let text = format!("{} of {} speakers are ready", pods.len() - details.len(), pods.len());
    Line::by("speakers-ready", text, Status::Warning, details)
}

fn one_version(pods: &[SpeakerPod<'_>]) -> Line {
    let mut nodes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for SpeakerPod { node, version, .. } in pods {
        if let Some(version) = version {
            nodes.entry(version).or_default().push((*node).to_owned());
        }
    }
    if nodes.is_empty() {
        return Line::skipped("speakers-version", "the speakers' version: their images' tags do not tell");
    }
    let versions: Vec<_> = nodes.keys().copied().collect();
    let text = format!("all speakers have one version: {}", versions.join(", "));
    let next = "finish the upgrade of MetalLB: speakers of two generations may elect two owners";
    let details = nodes
        .iter()
        .filter(|_| nodes.len() > 1)
        .map(|(version, nodes)| Detail::new(format!("{version} on {}", few(nodes.clone()))).next(next));
    Line::by("speakers-version", text, Status::Warning, details.collect())
}

/// What to do where one can't be read is told by [`CLAIMS_UNREAD`], which gives a new one some time.
fn readable(with: &[With<'_>]) -> Option<Line> {
    let there = with.iter().filter(|with| with.is_there());
    let read = there.clone().filter(|with| with.speaker.reading == Reading::Ok).count();
    let text = format!("the metrics of {read} of {} speakers are read", there.count());
    (read > 0).then(|| Line::ok("speakers-metrics", text))
}

fn loaded(with: &[With<'_>]) -> Line {
    let next = "look at the speaker's log, and at MetalLB's configuration: it announces nothing";
    let details = with
        .iter()
        .filter(|with| with.speaker.config_loaded == Some(false))
        .map(|with| Detail::on(with.node, "its speaker has no valid configuration loaded").next(next));
    Line::by("speakers-config", "every speaker has a configuration", Status::Problem, details.collect())
}

fn fresh(with: &[With<'_>]) -> Line {
    let next =
        "look at the speaker's log: the newest configuration was refused, and the one before is in force";
    let details = with
        .iter()
        .filter(|with| with.speaker.config_stale == Some(true))
        .map(|with| Detail::on(with.node, "its speaker works by a stale configuration").next(next));
    Line::by(
        "speakers-stale",
        "no speaker works by a stale configuration",
        Status::Warning,
        details.collect(),
    )
}
