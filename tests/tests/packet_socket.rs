//! The packet socket: what is sent arrives, all of it, as it is.

use std::time::{Duration, Instant};

use anyhow::Result;
use l2witness_tests::frames::{arp, traffic, vlan};
use l2witness_tests::lab::{Host, Lab, lb_ipv4, until};
use l2witness_tests::socket;

/// As many frames as the exactness tests of the witness send.
const MANY: usize = 200_000;

#[test]
fn many_frames_are_all_taken_and_all_arrive() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    let request = arp::request(router.v4(), lb_ipv4(0)).padded().bytes();
    let sender = router.packet_socket(socket::ARP)?;
    let before = received(&node)?;

    let start = Instant::now();
    let burst = sender.send_many(std::iter::repeat_n(request.as_slice(), MANY))?;
    eprintln!("{MANY} frames in {:?}", start.elapsed());

    assert_eq!((burst.sent, burst.refused), (MANY as u64, 0));
    until(Duration::from_secs(5), || Ok((received(&node)? >= before + burst.sent).then_some(())))
}

#[test]
fn a_jumbo_frame_and_a_tagged_frame_arrive_where_the_mtu_allows() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (router, node) = (lab.host("router")?, lab.host("node1")?);
    for host in [&router, &node] {
        host.ip(["link", "set", "eth0", "mtu", "9000"])?;
        lab.switch().ip(["link", "set", host.name(), "mtu", "9000"])?;
    }
    let (sender, listener) = (router.packet_socket(socket::ALL)?, node.packet_socket(socket::ALL)?);
    let jumbo = traffic::jumbo(router.v4(), node.v4());
    let request = arp::request(router.v4(), lb_ipv4(0)).bytes();

    sender.send(&jumbo)?;
    sender.send(&vlan::tagged(&request, 7))?;

    let seen = listener.collect(Duration::from_millis(300), |frame| frame == jumbo || frame == request)?;
    // The receiving kernel takes the tag off into the frame's metadata before any socket sees it.
    assert_eq!(seen, [jumbo, request]);
    Ok(())
}

/// Frames that the host's `eth0` has received since it was made.
fn received(host: &Host) -> Result<u64> {
    let links = host.ip(["-json", "-statistics", "link", "show", "eth0"])?;
    let links: serde_json::Value = serde_json::from_str(&links)?;
    Ok(links[0]["stats64"]["rx"]["packets"].as_u64().unwrap_or_default())
}
