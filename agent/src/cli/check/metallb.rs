//! The group `metallb`: are the speakers there, and can their word be heard?

use std::collections::BTreeMap;

use super::{
    Facts,
    line::{Detail, Line, Status, by_code, of_nodes},
};
use crate::{
    evidence::{NodeReport, Reading, Speaker},
    verdict::{catalogue::CLAIMS_UNREAD, few},
};

pub(super) fn lines(facts: &Facts) -> Vec<Line> {
    let with: Vec<_> = facts.told.reports.iter().filter_map(With::new).collect();
    if with.is_empty() {
        let why = "no agent knows of a speaker: none was looked for, or no agent replied";
        return vec![Line::skipped("speakers", why)];
    }
    let unread = by_code(of_nodes(&facts.document, |finding| finding.verdict == &CLAIMS_UNREAD));
    let mut lines = vec![ready(&with), one_version(&with)];
    lines.extend(readable(&with).into_iter().chain(unread));
    lines.extend([loaded(&with), fresh(&with)]);
    lines
}

/// A node, and the speaker that is or should be there.
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

fn ready(with: &[With<'_>]) -> Line {
    let there: Vec<_> = with.iter().filter(|with| with.is_there()).collect();
    let details: Vec<_> = there
        .iter()
        .filter(|with| with.speaker.ready == Some(false))
        .map(|with| {
            let pod = with.speaker.pod.as_deref().unwrap_or("the speaker's pod");
            let next = pod.split_once('/').map_or_else(
                || "look at the speaker's pod and log".to_owned(),
                |(namespace, name)| format!("kubectl -n {namespace} logs {name}"),
            );
            Detail::on(with.node, format!("{pod} is not ready")).next(next)
        })
        .collect();
    let without = with.len() - there.len();
    let others = match without {
        0 => String::new(),
        1 => "; 1 node has none".to_owned(),
        many => format!("; {many} nodes have none"),
    };
    let text = format!("{} of {} speakers are ready{others}", there.len() - details.len(), there.len());
    Line::by("speakers-ready", text, Status::Warning, details)
}

fn one_version(with: &[With<'_>]) -> Line {
    let mut nodes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for With { node, speaker } in with {
        if let Some(version) = &speaker.version {
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
