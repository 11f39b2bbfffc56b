//! Why a kernel answers (Documentation/networking/ip-sysctl.rst: `arp_ignore`, `proxy_arp`).

use std::net::IpAddr;

use crate::{
    evidence::HostFacts,
    verdict::{
        text::hold,
        view::{Answerer, View},
    },
};

/// Why the kernel of this answerer's node answers on this answerer's interface.
pub(in crate::verdict) fn shadow(view: &View<'_>, answerer: &Answerer) -> Option<String> {
    let seen = view.seen_by(&answerer.node)?;
    let (ip, on) = (view.ip, answerer.interface.as_str());
    let host = &seen.interface(on)?.host;
    let holders = &seen.lb.bound.interfaces;
    if holders.is_empty() {
        return by_proxy(host, ip, on);
    }
    let held = format!("{} {ip}", hold(holders));
    if holders.iter().any(|holder| holder == on) {
        return Some(held);
    }
    let why = if holders.iter().any(|holder| holder == "kube-ipvs0") {
        ": kube-proxy in IPVS mode without strictARP"
    } else {
        ""
    };
    match host.arp_ignore.filter(|_| ip.is_ipv4()) {
        Some(ignore) => Some(format!("{held} and arp_ignore is {ignore} on {on}{why}")),
        None => Some(held),
    }
}

fn by_proxy(host: &HostFacts, ip: IpAddr, on: &str) -> Option<String> {
    let (name, proxy) =
        if ip.is_ipv4() { ("proxy_arp", host.proxy_arp) } else { ("proxy_ndp", host.proxy_ndp) };
    Some(if proxy? {
        format!("{name} is 1 on {on} and no interface holds {ip}")
    } else {
        format!("it is over, or hidden: no interface holds {ip} and {name} is 0 on {on}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{
        sample::{T0, all, at, kernel, node},
        views,
    };

    fn cause(host: HostFacts, holders: &[&str], ip: &str) -> Option<String> {
        let holders: Vec<_> = holders.iter().map(|name| (*name).to_owned()).collect();
        let report = node("n2", 2).ip(ip).asked(5).local(kernel(2, 200, 5)).edit(|report| {
            report.interfaces[0].host = host;
            report.lb_ips[0].bound.interfaces = holders;
        });
        let reports = [report.done()];
        let view = &views(&reports, &all(1), at(T0))[0];
        shadow(view, &view.answerers[0])
    }

    #[test]
    fn the_cause_is_told_from_the_host_s_facts() {
        let (v4, v6) = ("192.0.2.10", "2001:db8::10");
        let ignoring = |arp_ignore| HostFacts { arp_ignore: Some(arp_ignore), ..HostFacts::default() };
        let proxying = |on| HostFacts { proxy_arp: Some(on), proxy_ndp: Some(on), ..HostFacts::default() };
        for (host, holders, ip, expected) in [
            (ignoring(0), &["lo"][..], v4, Some("lo holds 192.0.2.10 and arp_ignore is 0 on eth0")),
            (
                ignoring(0),
                &["kube-ipvs0"],
                v4,
                Some(
                    "kube-ipvs0 holds 192.0.2.10 and arp_ignore is 0 on eth0: kube-proxy in IPVS mode without strictARP",
                ),
            ),
            (ignoring(1), &["eth0"], v4, Some("eth0 holds 192.0.2.10")),
            (ignoring(0), &["eth1", "lo"], v4, Some("eth1, lo hold 192.0.2.10 and arp_ignore is 0 on eth0")),
            (HostFacts::default(), &["lo"], v4, Some("lo holds 192.0.2.10")),
            (ignoring(0), &["lo"], v6, Some("lo holds 2001:db8::10")),
            (proxying(true), &[], v4, Some("proxy_arp is 1 on eth0 and no interface holds 192.0.2.10")),
            (proxying(true), &[], v6, Some("proxy_ndp is 1 on eth0 and no interface holds 2001:db8::10")),
            (
                proxying(false),
                &[],
                v4,
                Some("it is over, or hidden: no interface holds 192.0.2.10 and proxy_arp is 0 on eth0"),
            ),
            (HostFacts::default(), &[], v4, None),
        ] {
            assert_eq!(cause(host, holders, ip).as_deref(), expected);
        }
    }
}
