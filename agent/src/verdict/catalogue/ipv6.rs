//! 5xx: what Neighbor Discovery needs and ARP does not.

use super::{Severity, Verdict};

/// Asked without saying where to answer.
pub static NO_SOURCE_LINK_LAYER: Verdict = Verdict {
    code: "L2W501",
    name: "NO-SOURCE-LINK-LAYER",
    severity: Severity::Warning,
    reason: "most solicitations carry no source link-layer address, and MetalLB answers none of those",
    next: "find who asks: `tcpdump -vni IFACE 'icmp6 and ip6[40] == 135'` on {node}; its multicast solicitations must carry the \
           option (RFC 4861, 4.3)",
};

/// Asked by unicast.
pub static UNICAST_SOLICITATION: Verdict = Verdict {
    code: "L2W502",
    name: "UNICAST-SOLICITATION",
    severity: Severity::Info,
    reason: "clients ask by unicast whether it is still there, and MetalLB never hears that",
    next: "expect short gaps when a client checks its neighbor entry; see MetalLB issue 2920",
};

/// Not a member of the group that is asked.
pub static GROUP_LOST: Verdict = Verdict {
    code: "L2W503",
    name: "GROUP-LOST",
    severity: Severity::Problem,
    reason: "the node that announces it has not joined its solicited-node group, so no solicitation is delivered",
    next: "restart the speaker on {node}; it joins the group anew",
};

/// No address to answer from.
pub static NO_LINK_LOCAL: Verdict = Verdict {
    code: "L2W504",
    name: "NO-LINK-LOCAL",
    severity: Severity::Problem,
    reason: "the interface has no usable IPv6 link-local address, so MetalLB does not answer there",
    next: "on {node}, `ip -6 addr show scope link`: look for `tentative` or `dadfailed`, and for disable_ipv6 or \
           addr_gen_mode",
};
