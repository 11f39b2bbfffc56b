//! The program that counts data packets, where it is asked for.

use anyhow::Result;
use l2witness_ebpf::layout::Traffic;
use l2witness_tests::frames::{MacAddr, Station, arp, ndp, traffic, vlan};
use l2witness_tests::kernel::{Kernel, NEXT, Outcome};
use l2witness_tests::lab::Lab;

use crate::case::{LB4, LB6, OTHER4, OTHER6, OWN, OWN4, OWN6, ROUTER4, ROUTER6, WATCHED};

#[test]
fn data_packets_to_an_lb_ip_and_to_this_node_are_counted_and_nothing_else_is() -> Result<()> {
    let broadcast = Station::new(MacAddr::broadcast(), LB4.ip);
    let table = [
        ("IPv4", traffic::udp4(ROUTER4, OWN4, 64), [1, 0]),
        ("IPv4 without data", traffic::udp4(ROUTER4, OWN4, 0), [1, 0]),
        ("IPv6", traffic::udp6(ROUTER6, OWN6, 64), [0, 1]),
        ("an echo request", traffic::echo6(ROUTER6, OWN6), [0, 1]),
        ("to another IP of this node", traffic::udp4(ROUTER4, Station::new(OWN, OTHER4), 64), [0, 0]),
        ("to another IP of this node", traffic::udp6(ROUTER6, Station::new(OWN, OTHER6), 64), [0, 0]),
        ("from the LB IP", traffic::udp4(OWN4, Station::new(OWN, OTHER4), 64), [0, 0]),
        ("to the LB IP on another node", traffic::udp4(ROUTER4, LB4, 64), [0, 0]),
        ("to the LB IP on another node", traffic::udp6(ROUTER6, LB6, 64), [0, 0]),
        ("to all", traffic::udp4(ROUTER4, broadcast, 64), [0, 0]),
        (
            "a tag that the kernel would have taken off",
            vlan::tagged(&traffic::udp4(ROUTER4, OWN4, 9), 7),
            [0, 0],
        ),
        ("a request", arp::request_to(ROUTER4, OWN4).bytes(), [0, 0]),
        ("a solicitation, to the group", ndp::solicit(ROUTER6, LB6.ip).bytes(), [0, 0]),
    ];
    with_traffic(|kernel| {
        for (name, frame, expected) in table {
            assert_eq!(kernel.run_data(&frame)?, NEXT, "{name}");
            let counted = [kernel.traffic(0)?, kernel.traffic(1)?];
            assert_eq!(counted.map(|traffic| traffic.packets), expected, "{name}");
            assert!(counted.iter().all(|traffic| (traffic.packets == 0) == (traffic.last == 0)), "{name}");
            assert_eq!(kernel.outcome()?, Outcome::default(), "{name}: it is no evidence of ARP");
            assert_eq!(kernel.traffic(0)?, Traffic::EMPTY, "a new IP at the same place has none");
        }
        Ok(())
    })
}

#[test]
fn each_packet_is_counted_and_the_last_one_dated() -> Result<()> {
    with_traffic(|kernel| {
        let frame = traffic::udp4(ROUTER4, OWN4, 1000);
        let mut last = 0;
        for number in 1..=100 {
            kernel.run_data(&frame)?;
            let traffic = kernel.traffic(0)?;
            assert_eq!(traffic.packets, number);
            assert!(traffic.last > last);
            last = traffic.last;
        }
        Ok(())
    })
}

/// As `in_kernel`, with this program, too.
fn with_traffic(test: impl FnOnce(&mut Kernel) -> Result<()> + Send) -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("node1")?;
    host.enter(|| test(&mut Kernel::load_with_traffic(&host, "eth0", &WATCHED)?))
}
