//! The settings of `conf/all`; those of an interface come with its link message.

use std::fs;

/// Each as the kernel has it, absent where it can't be read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct All {
    pub(super) arp_ignore: Option<u32>,
    pub(super) arp_announce: Option<u32>,
    pub(super) proxy_arp: Option<u32>,
    pub(super) rp_filter: Option<u32>,
    pub(super) proxy_ndp: Option<u32>,
}

impl All {
    /// Of the network namespace of the calling thread.
    pub(super) fn read() -> Self {
        Self {
            arp_ignore: value("ipv4", "arp_ignore"),
            arp_announce: value("ipv4", "arp_announce"),
            proxy_arp: value("ipv4", "proxy_arp"),
            rp_filter: value("ipv4", "rp_filter"),
            proxy_ndp: value("ipv6", "proxy_ndp"),
        }
    }
}

fn value(family: &str, name: &str) -> Option<u32> {
    fs::read_to_string(format!("/proc/sys/net/{family}/conf/all/{name}")).ok()?.trim().parse().ok()
}
