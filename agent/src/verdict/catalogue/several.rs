//! 1xx: more than one answers, or the answerer changes.

use super::{Severity, Verdict};

/// Several nodes or programs answer.
pub static SPLIT: Verdict = Verdict {
    code: "L2W101",
    name: "SPLIT",
    severity: Severity::Problem,
    reason: "several nodes, programs or MACs answer for one LB IP",
    next: "find out why more than one speaker won: compare `metallb_speaker_announced{ip=\"{ip}\"}` of all \
           nodes, and let TCP and UDP 7946 pass between them",
};

/// The kernel answers.
pub static SHADOW: Verdict = Verdict {
    code: "L2W102",
    name: "SHADOW",
    severity: Severity::Problem,
    reason: "a node's own kernel answers, beside or instead of a program",
    next: "on {node}, `ip -br addr | grep -wF {ip}`: if kube-ipvs0 holds it, set `strictARP: true` in \
           kube-proxy's configuration; if nothing does, look for `proxy_arp=1`",
};

/// A stranger claims it.
pub static FOREIGN: Verdict = Verdict {
    code: "L2W103",
    name: "FOREIGN",
    severity: Severity::Problem,
    reason: "a MAC of none of the asked nodes claims the LB IP",
    next: "find the MAC in the switch's address table; take {ip} out of the other host's or DHCP server's \
           range, or give `--agent` the node that is missing",
};

/// Back and forth.
pub static FLAP: Verdict = Verdict {
    code: "L2W104",
    name: "FLAP",
    severity: Severity::Warning,
    reason: "the LB IP goes back and forth between MACs",
    next: "see who takes it from whom: `l2witness who {ip}`; then why the speakers elect anew: nodes or endpoints \
           that come and go, lost packets on port 7946, a second program that announces",
};

/// Somebody else answers now.
pub static HANDOVER: Verdict = Verdict {
    code: "L2W110",
    name: "HANDOVER",
    severity: Severity::Info,
    reason: "the answerer changed a moment ago",
    next: "nothing, unless it keeps happening: then look at why {node} gains and loses the address",
};
