//! 9xx: how much the view itself can be trusted.

use super::{Severity, Verdict};

/// Not everybody was heard.
pub static PARTIAL_VIEW: Verdict = Verdict {
    code: "L2W901",
    name: "PARTIAL-VIEW",
    severity: Severity::Unknown,
    reason: "not every agent that may know something was heard",
    next: "ask again once they answer, and give `--agent` every node that may answer for {ip}",
};

/// No place left.
pub static OVERFLOW: Verdict = Verdict {
    code: "L2W902",
    name: "OVERFLOW",
    severity: Severity::Warning,
    reason: "more claimants than an agent has places for: some are counted, but not named",
    next: "look at the claimants that are named: many MACs for one address mean a loop, a scan or an attack",
};

/// The speaker's word is not heard.
pub static CLAIMS_UNREAD: Verdict = Verdict {
    code: "L2W903",
    name: "CLAIMS-UNREAD",
    severity: Severity::Warning,
    reason: "the speaker's metrics can't be read, so what it claims is not known",
    next: "try the metrics by hand on {node} and compare with the agent's flags; `l2witness explain L2W903` has a \
           hint for each error",
};

/// The API server is away.
pub static SOURCE_LOST: Verdict = Verdict {
    code: "L2W904",
    name: "SOURCE-LOST",
    severity: Severity::Warning,
    reason: "nothing new comes from the API server: the last set of LB IPs stays in force, and changes are not known",
    next: "look at the API server and at the way to it from {node}; counting goes on meanwhile",
};

/// Not all of the API is read.
pub static SOURCE_PARTIAL: Verdict = Verdict {
    code: "L2W905",
    name: "SOURCE-PARTIAL",
    severity: Severity::Warning,
    reason: "something the API server has can't be used: a kind that may not be read, or an address that is none",
    next: "compare the agent's ClusterRole with the one it is installed with, and correct the Services that are named",
};
