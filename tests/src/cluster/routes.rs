//! Who reaches what inside the cluster by which host.

use anyhow::Result;

use super::address;
use crate::lab::Host;

/// Lets nodes and router forward, the router be everybody's default, and everybody reach every
/// node's pods by that node.
pub(super) fn set(router: &Host, control: &Host, nodes: &[Host]) -> Result<()> {
    for host in nodes.iter().chain([router]) {
        host.sysctl("net.ipv4.ip_forward", "1")?;
        host.sysctl("net.ipv6.conf.all.forwarding", "1")?;
    }
    for host in nodes.iter().chain([control]) {
        let (v4, v6) = (router.v4().ip.to_string(), router.v6().ip.to_string());
        host.ip(["route", "add", "default", "via", &v4])?;
        host.ip(["-6", "route", "add", "default", "via", &v6])?;
    }
    for (number, node) in (1..).zip(nodes) {
        let (v4, v6) = address::pods(number);
        let (v4_prefix, v6_prefix) = address::POD_PREFIXES;
        let (v4, v6) = (format!("{v4}/{v4_prefix}"), format!("{v6}/{v6_prefix}"));
        let others = nodes.iter().filter(|other| other.name() != node.name());
        for host in others.chain([router, control]) {
            host.ip(["route", "add", &v4, "via", &node.v4().ip.to_string()])?;
            host.ip(["-6", "route", "add", &v6, "via", &node.v6().ip.to_string()])?;
        }
    }
    Ok(())
}
