//! Frames cut off at every length there is. `BPF_PROG_TEST_RUN` takes none without its Ethernet header.

use l2witness_ebpf::layout::Counter::RequestGroup;
use l2witness_ebpf::layout::Ignored;
use l2witness_tests::frames::extension::{Extension, extended};
use l2witness_tests::frames::{arp, ethernet, ndp, vlan};

use crate::case::{Case, Expect as _, LB4, LB6, ROUTER, ROUTER4, ROUTER6, counts, ignored, received};

pub(crate) fn cases() -> Vec<Case> {
    let request = arp::request(ROUTER4, LB4.ip).bytes();
    let solicitation = ndp::solicit(ROUTER6, LB6.ip).bytes();
    let whole = [
        ("ARP request", request.clone(), LB4.ip.into()),
        ("tagged ARP request", vlan::tagged(&request, 7), LB4.ip.into()),
        ("QinQ ARP request", vlan::qinq(&request, 100, 7), LB4.ip.into()),
        ("NS", solicitation.clone(), LB6.ip.into()),
        ("NS behind hop-by-hop options", extended(&solicitation, &[Extension::HopByHop]), LB6.ip.into()),
    ];
    let mut cases = Vec::new();
    for (what, frame, ip) in whole {
        let ip: std::net::IpAddr = ip;
        for length in ethernet::HEADER_LEN..=frame.len() {
            let expected = if length == frame.len() {
                counts(ip, RequestGroup).waits(ROUTER)
            } else {
                ignored(Ignored::Truncated)
            };
            let name = format!("{what}, {length} of {} bytes", frame.len());
            cases.push(received(&name, frame[..length].to_vec(), expected));
        }
    }
    cases
}
