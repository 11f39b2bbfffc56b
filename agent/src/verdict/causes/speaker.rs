//! What state the speaker itself is in.

use crate::{
    evidence::{Reading, Speaker},
    verdict::seen::Seen,
};

/// What keeps this node's speaker from answering at all.
pub(super) fn trouble(seen: Seen<'_>) -> Option<String> {
    let speaker = seen.report.speaker.as_ref()?;
    let name = speaker.pod.as_deref().unwrap_or("the speaker");
    let node = seen.node();
    match speaker.reading {
        Reading::NoSpeaker => return Some(format!("there is no speaker on {node}")),
        Reading::TimedOut => {
            return Some(format!("{name} hangs: it did not answer for its metrics either ({node})"));
        }
        _ => {}
    }
    (speaker.ready == Some(false)).then(|| format!("{name} on {node} is not ready"))
}

/// What keeps it from knowing what to announce.
pub(super) fn confusion(seen: Seen<'_>) -> Option<String> {
    let Speaker { config_loaded, config_stale, pod, .. } = seen.report.speaker.as_ref()?;
    let name = pod.as_deref().unwrap_or("the speaker");
    let node = seen.node();
    if *config_loaded == Some(false) {
        Some(format!("{name} on {node} has loaded no configuration"))
    } else if *config_stale == Some(true) {
        Some(format!("{name} on {node} runs a stale configuration: it refused the present one"))
    } else {
        None
    }
}

/// What to do about metrics that can't be read.
pub(in crate::verdict) const fn reading(reading: Reading) -> &'static str {
    match reading {
        Reading::Unreachable => {
            "is that the right port? 7472 without TLS up to MetalLB 0.15, 9120 with TLS since 0.16; behind \
             kube-rbac-proxy only 9120 is open"
        }
        Reading::TimedOut => "the speaker hangs or is overloaded: look at its log and its CPU limit",
        Reading::Unauthorized => {
            "the agent's ServiceAccount needs `get` on the nonResourceURL /metrics: install the overlay for \
             MetalLB 0.16"
        }
        Reading::CannotAuthenticate => {
            "MetalLB's speaker may not create TokenReviews: install its metallb-native-prometheus.yaml, or give \
             its ServiceAccount `create` on tokenreviews and subjectaccessreviews"
        }
        Reading::Refused | Reading::Malformed => {
            "is that the speaker's endpoint? Something else seems to listen there"
        }
        Reading::TooLarge => {
            "its metrics are larger than an agent is ready to read: is that the speaker's endpoint?"
        }
        Reading::None | Reading::NoSpeaker | Reading::Ok => "nothing",
    }
}
