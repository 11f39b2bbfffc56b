//! 4xx: what is said against what was seen.

use super::{Severity, Verdict};

/// Somebody else than said.
pub static MISMATCH: Verdict = Verdict {
    code: "L2W401",
    name: "MISMATCH",
    severity: Severity::Warning,
    reason: "who answers is not who is said to announce",
    next: "compare `metallb_speaker_announced{ip=\"{ip}\"}` with `l2witness who {ip}`, and look at the log of the \
           speaker on {node}",
};

/// A word that nobody took back.
pub static STALE_CLAIM: Verdict = Verdict {
    code: "L2W402",
    name: "STALE-CLAIM",
    severity: Severity::Warning,
    reason: "a claim names a node that does not answer, while another one does",
    next: "no outage: only do not believe that claim; restart the speaker on {node}, or upgrade MetalLB",
};

/// Words against words.
pub static CLAIMS_DISAGREE: Verdict = Verdict {
    code: "L2W403",
    name: "CLAIMS-DISAGREE",
    severity: Severity::Warning,
    reason: "the claims contradict each other",
    next: "ask the wire: `arping -c 3 {ip}` from another host of the segment, then `l2witness who {ip}`",
};

/// Answers without having said so.
pub static UNANNOUNCED: Verdict = Verdict {
    code: "L2W404",
    name: "UNANNOUNCED",
    severity: Severity::Warning,
    reason: "who answers has not announced itself since another one did",
    next: "clients that do not ask anew still use the other MAC: restart the speaker on {node}, and it announces",
};

/// Two counts of one thing.
pub static COUNTERS_DIFFER: Verdict = Verdict {
    code: "L2W405",
    name: "COUNTERS-DIFFER",
    severity: Severity::Warning,
    reason: "the speaker counted something else than what the wire saw",
    next: "on {node}, look for what stands between the interface and the speaker's socket: `l2witness doctor`, \
           `tc filter show dev IFACE ingress`",
};

/// Two Services, no agreement.
pub static UNSHARED: Verdict = Verdict {
    code: "L2W406",
    name: "UNSHARED",
    severity: Severity::Warning,
    reason: "several Services have the LB IP and did not agree to share it",
    next: "give them one value of the annotation `metallb.io/allow-shared-ip`, or one of them another address",
};
