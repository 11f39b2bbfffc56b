//! The counters of `metallb_layer2_*`, with their exact meaning.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Per announced IP; an IP appears with its first event and stays for good.
pub type Counters = BTreeMap<IpAddr, PerIp>;

/// What happened for one IP, on all interfaces together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerIp {
    /// Requests that passed every check, counted before they are answered.
    pub requests_received: u64,
    /// Answers that the kernel took.
    pub responses_sent: u64,
    /// Announcements: each ARP frame the kernel took (two per round), each unsolicited
    /// advertisement even if the kernel refused it (one per round).
    pub gratuitous_sent: u64,
}
