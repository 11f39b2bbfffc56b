//! 3xx: the answer takes a wrong way: interface, MAC or carrier.

use super::{Severity, Verdict};

/// Answers into a dead interface.
pub static NO_CARRIER: Verdict = Verdict {
    code: "L2W301",
    name: "NO-CARRIER",
    severity: Severity::Problem,
    reason: "the answers leave through an interface without carrier and never reach the wire",
    next: "on {node}, `ip link show` and the cable or switch port; MetalLB does not move the address by itself",
};

/// Two MACs in one frame.
pub static SENDER_MISMATCH: Verdict = Verdict {
    code: "L2W302",
    name: "SENDER-MISMATCH",
    severity: Severity::Warning,
    reason: "the MAC inside the message is not the one the frame came from",
    next: "compare the MAC with `ip link` on {node}: a bond that changed its MAC needs a new speaker pod; \
           otherwise something on the way rewrites ARP",
};

/// Not where it is asked for.
pub static WRONG_INTERFACE: Verdict = Verdict {
    code: "L2W303",
    name: "WRONG-INTERFACE",
    severity: Severity::Warning,
    reason: "the node announces the LB IP on other interfaces than where it can be asked for",
    next: "compare `spec.interfaces` of the L2Advertisements with `ip -br link` on {node}",
};

/// A MAC that the interface no longer has.
pub static STALE_MAC: Verdict = Verdict {
    code: "L2W304",
    name: "STALE-MAC",
    severity: Severity::Problem,
    reason: "the answers carry a MAC that the interface no longer has",
    next: "restart the speaker on {node}: it copies the MAC when it opens its socket",
};

/// Announced, and not heard.
pub static UNHEARD: Verdict = Verdict {
    code: "L2W305",
    name: "UNHEARD",
    severity: Severity::Warning,
    reason: "others in the segment did not hear the node announce the LB IP",
    next: "look at what drops ARP or Neighbor Advertisements with a foreign address on the way from {node}: port \
           security, allowed-address-pairs, ARP inspection, the cloud's network",
};

/// Traffic goes where the address was.
pub static STALE_PATH: Verdict = Verdict {
    code: "L2W306",
    name: "STALE-PATH",
    severity: Severity::Warning,
    reason: "another node has the LB IP, and data packets for it still reach this one",
    next: "see whose packets these are: `tcpdump -eni any dst {ip}` on {node}; then clear that client's or \
           router's entry (`ip neigh`, `show arp`), or the switch's",
};
