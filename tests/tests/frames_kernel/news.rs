//! What of many frames the agent is told: changes, the first reply after an announcement, and some of the requests.

use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use l2witness_ebpf::frame::Kind;
use l2witness_ebpf::layout::{
    Cause, Counter, Direction, Ignored, RATE_BURST, REQUEST_BURST, REQUEST_INTERVAL_NS,
};
use l2witness_tests::frames::{Station, arp, documentation_mac, ndp};
use l2witness_tests::kernel::{Kernel, Told};
use l2witness_tests::lab::Lab;
use l2witness_tests::socket::Interface;

use crate::case::{LB4, LB6, NODE, OWN, OWN_LL, OWN4, ROUTER, ROUTER4, ROUTER6, STRANGER, mac};
use crate::in_kernel;

/// What somebody does, and which event it makes.
type Step = (&'static str, Direction, Vec<u8>, Option<Cause>);

#[test]
fn the_first_reply_of_each_claimant_after_an_announcement_is_news() -> Result<()> {
    use Direction::{Received, Sent};
    let (heard, other) = (arp::reply(LB4, ROUTER4).bytes(), Station::new(STRANGER, LB4.ip));
    let announced = arp::gratuitous_reply(other).bytes();
    let steps: [Step; 12] = [
        ("appears", Received, heard.clone(), Some(Cause::NewClaimant)),
        ("replies on", Received, heard.clone(), None),
        ("another one announces", Received, announced.clone(), Some(Cause::NewClaimant)),
        ("the former one replies", Received, heard.clone(), Some(Cause::AfterAnnouncement)),
        ("and again", Received, heard.clone(), None),
        ("the new one replies", Received, arp::reply(other, ROUTER4).bytes(), Some(Cause::AfterAnnouncement)),
        ("and again", Received, arp::reply(other, ROUTER4).bytes(), None),
        ("the new one announces", Received, announced, Some(Cause::Announcement)),
        ("and replies", Received, arp::reply(other, ROUTER4).bytes(), Some(Cause::AfterAnnouncement)),
        ("the former one replies", Received, heard.clone(), Some(Cause::AfterAnnouncement)),
        ("this node announces", Sent, arp::gratuitous_request(OWN4).bytes(), Some(Cause::NewClaimant)),
        ("the first one replies", Received, heard, Some(Cause::AfterAnnouncement)),
    ];
    in_kernel(|kernel| {
        for (name, direction, frame, expected) in steps {
            let told: Vec<_> = told_of(kernel, direction, &frame)?;
            assert_eq!(
                told.iter().map(|told| told.cause).collect::<Vec<_>>(),
                Vec::from_iter(expected),
                "{name}"
            );
        }
        Ok(())
    })
}

/// `BPF_PROG_TEST_RUN` gives each frame it sends another socket, so another sender; Neighbor Discovery that it can
/// take for the kernel's has none.
#[test]
fn a_sender_on_this_node_tells_its_first_reply_after_an_announcement() -> Result<()> {
    in_kernel(|kernel| {
        let reply = ndp::advertise(OWN_LL, LB6.ip, ROUTER6).bytes();
        let own = |kernel: &mut Kernel| -> Result<Vec<Cause>> {
            let context = l2witness_tests::kernel::Context { ingress_ifindex: 1 };
            kernel.run_as(Direction::Sent, &reply, context)?;
            Ok(kernel.told()?.iter().map(|told| told.cause).collect())
        };
        assert_eq!(own(kernel)?, [Cause::NewClaimant]);
        assert_eq!(own(kernel)?, []);
        told_of(kernel, Direction::Received, &ndp::announce(LB6, LB6.ip).bytes())?;
        assert_eq!(own(kernel)?, [Cause::AfterAnnouncement]);
        assert_eq!(own(kernel)?, []);
        Ok(())
    })
}

#[test]
fn every_event_says_how_many_had_asked_and_a_last_reply_is_known_with_it() -> Result<()> {
    in_kernel(|kernel| {
        let request = arp::request(ROUTER4, LB4.ip).bytes();
        for _ in 0..3 {
            kernel.run(Direction::Received, &request)?;
        }
        // Neither of these is a request to all.
        kernel.run(Direction::Received, &arp::request_to(ROUTER4, OWN4).bytes())?;
        kernel.run(Direction::Received, &arp::probe(ROUTER, LB4.ip).bytes())?;
        kernel.run(Direction::Sent, &arp::reply(OWN4, ROUTER4).bytes())?;
        kernel.run(Direction::Received, &request)?;
        kernel.run(Direction::Received, &arp::gratuitous_reply(LB4).bytes())?;
        // It claims an IP by asking for another one.
        kernel.run(Direction::Received, &arp::request(Station::new(STRANGER, LB4.ip), ROUTER4.ip).bytes())?;

        let told = kernel.told()?;
        let tell = |who, cause, kind, unicast, asked| Told {
            ip: LB4.ip.into(),
            mac: mac(who),
            cause,
            kind,
            unicast,
            asked,
        };
        assert_eq!(
            told,
            [
                tell(ROUTER, Cause::Request, Kind::Request, false, 1),
                tell(ROUTER, Cause::Request, Kind::Request, false, 2),
                tell(ROUTER, Cause::Request, Kind::Request, false, 3),
                tell(ROUTER, Cause::Request, Kind::Request, true, 3),
                tell(ROUTER, Cause::Request, Kind::Probe, false, 3),
                tell(OWN, Cause::NewClaimant, Kind::Reply, true, 3),
                tell(ROUTER, Cause::Request, Kind::Request, false, 4),
                tell(NODE, Cause::NewClaimant, Kind::AnnouncementReply, false, 4),
                tell(STRANGER, Cause::NewClaimant, Kind::Request, false, 4),
            ]
        );
        let (claims, interface) = (kernel.claims(0), Interface::named("eth0")?.index);
        assert_eq!(claims.asked(interface, 4), Some(3), "four by now, three at its reply");
        assert_eq!(claims.asked(interface + 1, 4), None, "there was none by another interface");
        Ok(())
    })
}

#[test]
fn requests_are_told_at_their_rate_and_no_flood_of_them_holds_a_change_back() -> Result<()> {
    in_kernel(|kernel| {
        let request = arp::request(ROUTER4, LB4.ip).bytes();
        let flood = |kernel: &mut Kernel| -> Result<Vec<u64>> {
            for _ in 0..100 {
                kernel.run(Direction::Received, &request)?;
            }
            Ok(kernel.told()?.iter().map(|told| told.asked).collect())
        };
        let burst: Vec<_> = (1..=REQUEST_BURST + 1).collect();
        assert_eq!(flood(kernel)?, burst, "the bucket's depth and the one in hand");

        // The other IP has its own, and changes have theirs.
        let solicit = ndp::solicit(ROUTER6, LB6.ip).bytes();
        assert_eq!(told_of(kernel, Direction::Received, &solicit)?.len(), 1);
        for _ in 0..=RATE_BURST {
            let told = told_of(kernel, Direction::Received, &arp::gratuitous_reply(LB4).bytes())?;
            assert_eq!(told.len(), 1);
        }

        let quiet = Instant::now();
        thread::sleep(Duration::from_nanos(REQUEST_INTERVAL_NS));
        let told = flood(kernel)?;
        let intervals = quiet.elapsed().as_nanos() / u128::from(REQUEST_INTERVAL_NS);
        assert_eq!(told.first(), Some(&101), "its number says how many came before");
        assert!((1..=intervals).contains(&(told.len() as u128)), "one an interval: {told:?}");

        let outcome = kernel.outcome()?;
        assert_eq!(outcome.ignored, [], "nothing is lost of what the counters have");
        assert!(outcome.counts.contains(&(LB4.ip.into(), Counter::RequestGroup, 200)), "{outcome:?}");
        Ok(())
    })
}

#[test]
fn requests_to_somebody_else_and_from_this_node_are_told_by_nobody() -> Result<()> {
    in_kernel(|kernel| {
        for (direction, frame) in [
            (Direction::Received, arp::request_to(ROUTER4, LB4).bytes()),
            (Direction::Sent, arp::request(ROUTER4, LB4.ip).bytes()),
            (Direction::Sent, arp::probe(OWN, LB4.ip).bytes()),
        ] {
            assert_eq!(told_of(kernel, direction, &frame)?, [], "{direction:?}");
        }
        Ok(())
    })
}

#[test]
fn a_flood_of_requests_for_all_ips_leaves_half_of_the_room_to_changes() -> Result<()> {
    const IPS: u8 = 250;
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("node1")?;
    let ips: Vec<_> = (0..IPS).map(|last| Ipv4Addr::new(198, 51, 100, last)).collect();
    let watched: Vec<_> = ips.iter().map(|ip| IpAddr::V4(*ip)).collect();
    host.enter(|| {
        let mut kernel = Kernel::load(&host, "eth0", &watched)?;
        for ip in &ips {
            for _ in 0..=REQUEST_BURST {
                kernel.run(Direction::Received, &arp::request(ROUTER4, *ip).bytes())?;
            }
        }
        for ip in &ips {
            let owner = Station::new(documentation_mac(0x40), *ip);
            kernel.run(Direction::Received, &arp::gratuitous_reply(owner).bytes())?;
        }

        let outcome = kernel.outcome()?;
        let (requests, changes): (Vec<_>, Vec<&Told>) =
            outcome.told.iter().partition(|told| told.cause == Cause::Request);
        assert_eq!(changes.len(), usize::from(IPS), "each of them");
        let all = usize::from(IPS) * (REQUEST_BURST as usize + 1);
        assert!((500..all / 2).contains(&requests.len()), "{} of {all}", requests.len());
        assert!(!outcome.ignored.iter().any(|(reason, _)| *reason == Ignored::EventBuffer));
        Ok(())
    })
}

/// What the agent is told by one frame.
fn told_of(kernel: &mut Kernel, direction: Direction, frame: &[u8]) -> Result<Vec<Told>> {
    kernel.run(direction, frame)?;
    kernel.told()
}
