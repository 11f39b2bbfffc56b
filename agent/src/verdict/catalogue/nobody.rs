//! 2xx: nobody answers, or nobody asks.

use super::{Severity, Verdict};

/// Asked, and nobody answered.
pub static SILENT: Verdict = Verdict {
    code: "L2W201",
    name: "SILENT",
    severity: Severity::Problem,
    reason: "it was asked for lately and nobody answered",
    next: "see whether any speaker announces it: `metallb_speaker_announced{ip=\"{ip}\"}`; none: the Service's \
           endpoints and L2Advertisement; one: that node's interface and its speaker's log",
};

/// Nobody is said to announce it.
pub static NO_OWNER: Verdict = Verdict {
    code: "L2W202",
    name: "NO-OWNER",
    severity: Severity::Problem,
    reason: "no speaker announces the LB IP",
    next: "look at what MetalLB elects from: the Service's ready endpoints, an L2Advertisement that selects its pool, \
           nodes without the label node.kubernetes.io/exclude-from-external-load-balancers",
};

/// Nobody asked.
pub static IDLE: Verdict = Verdict {
    code: "L2W210",
    name: "IDLE",
    severity: Severity::Info,
    reason: "nobody asked lately, so there is no proof either way",
    next: "to know now, ask from another host of the segment: `arping -c 3 {ip}`, or `ndisc6` for IPv6",
};
