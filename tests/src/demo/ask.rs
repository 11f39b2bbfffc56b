//! Asking as hosts really ask: the router's kernel, and the usual tools.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::lab::Host;

/// The port nobody listens on: discard (RFC 863).
const PORT: u16 = 9;

/// Two requests from `router` for `ip`: its kernel's, and that of `arping` or `ndisc6`.
pub(super) fn ask(router: &Host, ip: IpAddr) -> Result<()> {
    kernel(router, ip)?;
    let ip = ip.to_string();
    if ip.contains(':') {
        // It sends its solicitation and overlooks the speaker's answer, whose source is not the target.
        run(router
            .command("ndisc6")
            .args(["--quiet", "--single", "--retry", "1", "--wait", "50", &ip, "eth0"]))
    } else {
        run(router.command("arping").args(["-q", "-c", "1", "-w", "0.3", "-i", "eth0", &ip]))
    }
}

/// Has the kernel forget who has it, and gives it a datagram to send.
fn kernel(router: &Host, ip: IpAddr) -> Result<()> {
    router.ip(["neigh", "flush", "to", &ip.to_string(), "dev", "eth0"])?;
    let any: IpAddr = if ip.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let sent = router.enter(|| UdpSocket::bind((any, 0))?.send_to(b"who has it?", (ip, PORT)));
    sent.map(drop).context("send a datagram")
}

/// Runs it to its end; whether it got an answer is for the agents to say.
fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.map(drop).with_context(|| format!("run {command:?}"))
}
