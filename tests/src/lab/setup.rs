//! The commands that make a switch and plug hosts into it.

use anyhow::{Context as _, Result};

use super::address::{IPV4_PREFIX, IPV6_PREFIX, ipv4, ipv6, link_local, mac};
use super::{Lab, Namespace, ip, wait};

/// Makes the bridge: no spanning tree, so ports forward at once; every multicast goes everywhere,
/// as on a switch without snooping.
pub(super) fn switch(switch: &Namespace) -> Result<()> {
    // The switch itself says nothing.
    switch.sysctl("net.ipv6.conf.all.disable_ipv6", "1")?;
    switch.sysctl("net.ipv6.conf.default.disable_ipv6", "1")?;
    let bridge = Lab::BRIDGE;
    let lines = format!(
        "link add {bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n\
         link set {bridge} up\n"
    );
    ip::batch(switch.name(), &lines)
}

/// Plugs a host into the switch: `eth0` there, a port named as the host here.
pub(super) fn host(host: &Namespace, switch: &Namespace, port: &str, number: u8) -> Result<()> {
    for (key, value) in SYSCTLS {
        host.sysctl(key, value)?;
    }
    let (name, mac, bridge) = (host.name(), mac(number), Lab::BRIDGE);
    let cable = format!(
        "link add {port} type veth peer name eth0 address {mac} netns {name}\n\
         link set {port} master {bridge}\n\
         link set {port} up\n"
    );
    ip::batch(switch.name(), &cable)?;
    let addresses = format!(
        "link set lo up\n\
         addr add {}/{IPV4_PREFIX} dev eth0\n\
         addr add {}/{IPV6_PREFIX} dev eth0 nodad\n\
         link set eth0 up\n",
        ipv4(number),
        ipv6(number),
    );
    ip::batch(name, &addresses)?;
    await_ready(host, switch, port, number)
}

/// A host's answers must not depend on the machine it is simulated on, nor on time: no duplicate
/// address detection, link-local addresses from the MAC, nothing sent unasked, no filters.
const SYSCTLS: [(&str, &str); 12] = [
    ("net.ipv6.conf.all.disable_ipv6", "0"),
    ("net.ipv6.conf.default.disable_ipv6", "0"),
    ("net.ipv6.conf.all.accept_dad", "0"),
    ("net.ipv6.conf.default.accept_dad", "0"),
    ("net.ipv6.conf.default.addr_gen_mode", "0"),
    ("net.ipv6.conf.default.accept_ra", "0"),
    ("net.ipv6.conf.default.router_solicitations", "0"),
    ("net.ipv4.conf.all.arp_ignore", "0"),
    ("net.ipv4.conf.all.arp_announce", "0"),
    ("net.ipv4.conf.all.rp_filter", "0"),
    ("net.ipv4.conf.default.rp_filter", "0"),
    ("net.ipv4.ip_forward", "0"),
];

/// The kernel notices a carrier in its own time: wait for the link-local address and for the port.
fn await_ready(host: &Namespace, switch: &Namespace, port: &str, number: u8) -> Result<()> {
    // As the kernel prints it there: 32 hexadecimal digits.
    let address = format!("{:032x}", link_local(number).to_bits());
    host.enter(|| {
        wait::until(wait::READY, || {
            let addresses = std::fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap_or_default();
            Ok(addresses.contains(&address).then_some(()))
        })
    })
    .with_context(|| format!("{port}: no link-local address"))?;
    wait::until(wait::READY, || {
        let link = switch.ip(["-details", "link", "show", port])?;
        Ok(link.contains("state forwarding").then_some(()))
    })
    .with_context(|| format!("{port}: the switch does not forward"))
}
