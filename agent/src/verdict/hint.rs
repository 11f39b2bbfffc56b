//! What to do when a speaker's metrics can't be read.

use crate::evidence::{Reading, Speaker};

/// The next step, in one line without a full stop; `None` where all is well.
pub fn hint(speaker: &Speaker) -> Option<String> {
    let at = speaker.endpoint.as_deref().unwrap_or("its endpoint");
    let secure = at.starts_with("https:");
    Some(match speaker.reading {
        Reading::Ok => return None,
        Reading::None => {
            "nobody said where the speaker's metrics are: give --speaker-metrics, or look whether they are switched off (--port=0)".to_owned()
        }
        Reading::NoSpeaker => {
            "no speaker pod runs on this node: compare the DaemonSet's node selector and tolerations with the node's labels and taints".to_owned()
        }
        Reading::Unreachable if secure => {
            format!("look whether the speaker runs, whether a firewall or NetworkPolicy shuts {at}, and whether --speaker-ca-file has signed its certificate")
        }
        Reading::Unreachable => {
            format!("look whether the speaker runs, and whether its --host or a firewall shuts {at}")
        }
        Reading::TimedOut => {
            "the speaker takes connections and does not answer: look at its log and CPU limit, and restart it if it hangs".to_owned()
        }
        Reading::Unauthorized => {
            format!("let the agent's ServiceAccount get /metrics (nonResourceURLs in its ClusterRole) and give its token to {at}")
        }
        Reading::CannotAuthenticate => {
            "the speaker may not create TokenReviews and SubjectAccessReviews: apply MetalLB's *-prometheus manifest, or its rbac-patch".to_owned()
        }
        Reading::Refused => format!("look whether {at} is the speaker's metrics, and at the speaker's log"),
        Reading::TooLarge => format!("look what {at} serves: a speaker's metrics have a few hundred bytes an LB IP"),
        Reading::Malformed => format!("look whether {at} is the speaker's metrics: no metallb_ series came from there"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_but_ok_has_a_hint_of_its_own() {
        use Reading::{
            CannotAuthenticate, Malformed, NoSpeaker, None, Ok, Refused, TimedOut, TooLarge, Unauthorized,
            Unreachable,
        };
        let all = [
            Ok,
            None,
            NoSpeaker,
            Unreachable,
            TimedOut,
            Unauthorized,
            CannotAuthenticate,
            Refused,
            TooLarge,
            Malformed,
        ];
        let of = |reading, endpoint: &str| {
            hint(&Speaker { reading, endpoint: Some(endpoint.to_owned()), ..Speaker::default() })
        };
        let mut hints: Vec<_> =
            all.into_iter().filter_map(|reading| of(reading, "http://n1:7472/metrics")).collect();
        hints.extend(of(Unreachable, "https://n1:9120/metrics"));
        assert_eq!(hints.len(), all.len());
        for (at, one) in hints.iter().enumerate() {
            assert!(!one.ends_with('.') && !one.contains('\n'), "{one}");
            assert!(!hints[..at].contains(one), "{one}");
        }
    }
}
