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
