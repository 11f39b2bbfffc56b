//! The same files, read by tcpdump.

use std::net::Ipv4Addr;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use l2witness_ebpf::frame::Kind;

use crate::capture;

/// Frames of that kind about `ip`, in the words of pcap-filter(7): `arp[6:2]` is the operation, `arp[14:4]`
/// the sender's and `arp[24:4]` the target's address.
pub(crate) fn filter(ip: Ipv4Addr, kind: Kind) -> String {
    let ip = u32::from(ip);
    let (operation, subject, form) = match kind {
        Kind::Request => (1, 24, "arp[14:4] != arp[24:4] and arp[14:4] != 0"),
        Kind::Probe => (1, 24, "arp[14:4] != arp[24:4] and arp[14:4] == 0"),
        Kind::AnnouncementRequest => (1, 14, "arp[14:4] == arp[24:4]"),
        Kind::Reply => (2, 14, "(arp[14:4] != arp[24:4] or not ether multicast)"),
        Kind::AnnouncementReply => (2, 14, "arp[14:4] == arp[24:4] and ether multicast"),
    };
    format!("arp and arp[6:2] == {operation} and arp[{subject}:4] == {ip:#x} and {form}")
}

/// How many frames of the file pass the filter.
pub(crate) fn count(file: &str, filter: &str) -> Result<usize> {
    Ok(run(file, filter)?.lines().count())
}

/// The lines about ARP, without what the parser does not keep: `time who-has IP tell IP`, `time IP is-at MAC`.
pub(crate) fn arp_text(file: &str) -> Result<Vec<String>> {
    let text = run(file, "arp")?;
    let lines = text.lines().map(|line| {
        let (time, rest) = line.split_once(" ARP, ").context("no ARP")?;
        let words = rest.split(", length").next().unwrap_or(rest);
        let words = words.trim_start_matches("Request ").trim_start_matches("Reply ");
        // The target's hardware address, where a request has one.
        let words = words.split(' ').filter(|word| !word.starts_with('('));
        Ok(format!("{time} {}", words.collect::<Vec<_>>().join(" ")))
    });
    lines.collect()
}

fn run(file: &str, filter: &str) -> Result<String> {
    let output = Command::new("tcpdump")
        .env("TZ", "UTC")
        .args(["-nn", "-r"])
        .arg(capture::path(file))
        .arg(filter)
        .output()
        .context("run tcpdump: is it installed?")?;
    ensure!(output.status.success(), "tcpdump {filter}: {output:?}");
    Ok(String::from_utf8(output.stdout)?)
}
