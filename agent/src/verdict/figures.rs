//! How often an LB IP was asked for, over all nodes.

use jiff::Timestamp;
use serde::Serialize;

use super::seen::Seen;
use crate::evidence::OnInterface;

/// Requests for one LB IP. A broadcast reaches every node and, through VLANs, an interface twice: figures of
/// what several can hear are the largest, never the sum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// By broadcast or multicast: the most that one interface heard.
    pub group: u64,
    /// By unicast: each node's most, summed over nodes.
    pub unicast: u64,
    /// Asked again without an answer: the least of all interfaces that heard requests.
    pub unanswered: u64,
    /// The last request that anybody heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
}

impl Figures {
    pub(super) fn new(seen: &[Seen<'_>]) -> Self {
        let all = || seen.iter().flat_map(|seen| &seen.lb.interfaces);
        let unicast =
            |seen: &Seen<'_>| seen.lb.interfaces.iter().map(|on| on.requests.unicast).max().unwrap_or(0);
        Self {
            group: all().map(|on| on.requests.group).max().unwrap_or(0),
            unicast: seen.iter().map(unicast).fold(0, u64::saturating_add),
            unanswered: all().filter(|on| was_asked(on)).map(|on| on.unanswered).min().unwrap_or(0),
            last: all().filter_map(|on| on.last.request).max(),
        }
    }
}

const fn was_asked(on: &OnInterface) -> bool {
    on.requests.answerable() > 0
}
