//! What takes more than one frame: answers in time, senders that find no place, events held back.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use l2witness_ebpf::frame::Flags;
use l2witness_ebpf::layout::{
    Cause, Counter, Direction, HEARD, Ignored, LOCAL, Origin, RATE_BURST, REPLACED_NS, UNANSWERED_NS,
};
use l2witness_tests::frames::{Station, arp, documentation_mac, ndp, vlan};
use l2witness_tests::kernel::Claim;

use crate::case::{LB4, LB6, NO_FLAGS, NODE, OWN, OWN_LL, OWN4, OWN6, ROUTER4, ROUTER6, mac};
use crate::in_kernel;

const UNANSWERED: Duration = Duration::from_nanos(UNANSWERED_NS);
const REPLACED: Duration = Duration::from_nanos(REPLACED_NS + 100_000_000);

#[test]
fn a_reply_takes_its_request_out_and_measures_it() -> Result<()> {
    in_kernel(|kernel| {
        let (request, reply) = (arp::request(ROUTER4, LB4.ip).bytes(), arp::reply(OWN4, ROUTER4).bytes());
        for _ in 0..3 {
            kernel.run(Direction::Received, &request)?;
            thread::sleep(Duration::from_millis(2));
            kernel.run(Direction::Sent, &reply)?;
        }
        // Nobody asked for this one.
        kernel.run(Direction::Sent, &reply)?;

        let slot = kernel.slot(0)?;
        assert_eq!(slot.counts[Counter::RequestGroup as usize], 3);
        assert_eq!(slot.counts[Counter::ReplySentSocket as usize], 4);
        assert_eq!(slot.counts[Counter::Unanswered as usize], 0);
        assert_eq!(slot.latency.iter().sum::<u32>(), 3);
        // Below 2^20 ns, about a millisecond, is nothing.
        assert_eq!(slot.latency[..6].iter().sum::<u32>(), 0, "{:?}", slot.latency);
        assert!(slot.latency_sum >= 6_000_000, "{} ns", slot.latency_sum);
        assert_eq!(slot.waiting, [0; 4]);
        Ok(())
    })
}

#[test]
fn a_reply_to_somebody_else_leaves_the_request_waiting() -> Result<()> {
    in_kernel(|kernel| {
        let other = Station::new(documentation_mac(0x33), ROUTER4.ip);
        kernel.run(Direction::Received, &arp::request(ROUTER4, LB4.ip).bytes())?;
        kernel.run(Direction::Sent, &arp::reply(OWN4, other).bytes())?;

        let outcome = kernel.outcome()?;
        assert_eq!(outcome.waiting.len(), 1);
        assert_eq!(outcome.measured, []);
        Ok(())
    })
}

#[test]
fn a_request_asked_again_without_an_answer_is_unanswered_once_it_had_its_time() -> Result<()> {
    in_kernel(|kernel| {
        let request = arp::request(ROUTER4, LB4.ip).bytes();
        let unanswered = |kernel: &l2witness_tests::kernel::Kernel| -> Result<u64> {
            Ok(kernel.slot(0)?.counts[Counter::Unanswered as usize])
        };
        kernel.run(Direction::Received, &request)?;
        kernel.run(Direction::Received, &request)?;
        assert_eq!(unanswered(kernel)?, 0, "asked again at once");

        for late in [2, 3, 4] {
            thread::sleep(UNANSWERED);
            kernel.run(Direction::Received, &request)?;
            assert_eq!(unanswered(kernel)?, late, "all that had their time");
        }
        kernel.run(Direction::Sent, &arp::reply(OWN4, ROUTER4).bytes())?;
        thread::sleep(UNANSWERED);
        kernel.run(Direction::Received, &request)?;
        assert_eq!(unanswered(kernel)?, 4, "it was answered");
        Ok(())
    })
}

/// A healthy owner is silent after these, and a router that tests reachability sends them all day.
#[test]
fn a_solicitation_that_metallb_answers_never_is_not_unanswered() -> Result<()> {
    in_kernel(|kernel| {
        let bare = ndp::Solicitation { source_lla: None, ..ndp::solicit(ROUTER6, LB6.ip) };
        for frame in [ndp::solicit_unicast(ROUTER6, OWN6).bytes(), bare.bytes()] {
            kernel.run(Direction::Received, &frame)?;
            thread::sleep(UNANSWERED);
            kernel.run(Direction::Received, &frame)?;
            assert_eq!(kernel.slot(1)?.counts[Counter::Unanswered as usize], 0);
            kernel.clear()?;
        }
        Ok(())
    })
}

#[test]
fn a_neighbor_solicitation_is_measured_too() -> Result<()> {
    in_kernel(|kernel| {
        let asker = ROUTER6;
        kernel.run(Direction::Received, &ndp::solicit(asker, LB6.ip).bytes())?;
        kernel.run(Direction::Sent, &ndp::advertise(OWN_LL, LB6.ip, asker).bytes())?;

        let outcome = kernel.outcome()?;
        assert_eq!(outcome.measured, [(LB6.ip.into(), 1)]);
        assert_eq!(outcome.waiting, []);
        Ok(())
    })
}

#[test]
fn heard_senders_have_bounded_places_and_those_beyond_are_counted() -> Result<()> {
    in_kernel(|kernel| {
        for _ in 0..2 {
            for last in 0..HEARD as u8 + 2 {
                let sender = Station::new(documentation_mac(0x40 + last), LB4.ip);
                kernel.run(Direction::Received, &arp::reply(sender, ROUTER4).bytes())?;
            }
        }

        let outcome = kernel.outcome()?;
        let heard = |last| Claim::Heard { mac: mac(documentation_mac(last)), flags: NO_FLAGS, count: 2 };
        let mut expected: Vec<_> = (0..HEARD as u8).map(|last| heard(0x40 + last)).collect();
        expected.push(Claim::HeardOverflow(4));
        assert_eq!(outcome.claims.into_iter().map(|(_, claim)| claim).collect::<Vec<_>>(), expected);
        assert_eq!(outcome.told.len(), HEARD, "one event a newcomer that got a place");
        assert_eq!(outcome.counts, [(LB4.ip.into(), Counter::ReplyReceived, 2 * (HEARD as u64 + 2))]);
        Ok(())
    })
}

#[test]
fn senders_on_this_node_have_bounded_places_that_strangers_cannot_take() -> Result<()> {
    in_kernel(|kernel| {
        for last in 0..100 {
            let stranger = Station::new(documentation_mac(0x80 + last), LB4.ip);
            kernel.run(Direction::Received, &arp::gratuitous_reply(stranger).bytes())?;
        }
        // Each run has a socket of its own, so each is another sender.
        for _ in 0..LOCAL + 2 {
            kernel.run(Direction::Sent, &arp::reply(OWN4, ROUTER4).bytes())?;
        }
        // A program that was started again, and again: the new socket has the place of one that is silent.
        thread::sleep(REPLACED);
        kernel.run(Direction::Sent, &arp::reply(OWN4, ROUTER4).bytes())?;

        let claims = kernel.outcome()?.claims;
        let local = Claim::Local {
            mac: mac(OWN),
            origin: Origin::Socket,
            flags: NO_FLAGS,
            vlan: 0,
            replies: 1,
            announcements: 0,
        };
        let locals = claims.iter().filter(|(_, claim)| *claim == local).count();
        assert_eq!(locals, LOCAL);
        assert!(claims.contains(&(LB4.ip.into(), Claim::LocalOverflow(2))), "{claims:?}");
        assert!(claims.contains(&(LB4.ip.into(), Claim::HeardOverflow(100 - HEARD as u32))), "{claims:?}");
        Ok(())
    })
}

#[test]
fn events_have_a_burst_and_those_held_back_are_counted_while_the_frames_are_too() -> Result<()> {
    in_kernel(|kernel| {
        let announcement = arp::gratuitous_request(LB4).bytes();
        for _ in 0..100 {
            kernel.run(Direction::Received, &announcement)?;
        }

        let outcome = kernel.outcome()?;
        let (burst, all) = (RATE_BURST as usize + 1, 100);
        assert_eq!(outcome.told.len(), burst, "the bucket's depth and the one in hand");
        assert_eq!(outcome.told[0].cause, Cause::NewClaimant);
        assert!(
            outcome.told[1..].iter().all(|told| told.cause == Cause::Announcement && told.mac == mac(NODE))
        );
        assert_eq!(outcome.ignored, [(Ignored::EventRate, (all - burst) as u64)]);
        assert_eq!(outcome.counts, [(LB4.ip.into(), Counter::AnnouncementRequestReceived, all as u64)]);
        Ok(())
    })
}

#[test]
fn replies_in_the_steady_state_tell_the_agent_nothing() -> Result<()> {
    in_kernel(|kernel| {
        let reply = arp::reply(LB4, ROUTER4).bytes();
        for _ in 0..1000 {
            kernel.run(Direction::Received, &reply)?;
        }

        let outcome = kernel.outcome()?;
        assert_eq!(outcome.told.len(), 1);
        assert_eq!(
            outcome.claims,
            [(LB4.ip.into(), Claim::Heard { mac: mac(NODE), flags: NO_FLAGS, count: 1000 })]
        );
        Ok(())
    })
}

/// The kernel's own control socket is one for all it sends; each run here has another, unbound as that is if
/// the frame is tagged. So once a solicitation has taught the programs that socket, an advertisement of the
/// same shape from another one is a program's, unless it comes from the target itself, as the kernel's do.
#[test]
fn once_the_kernels_own_socket_is_known_other_sockets_are_programs() -> Result<()> {
    in_kernel(|kernel| {
        let (own, own6, asker) = (OWN_LL, OWN6, ROUTER6);
        let tagged = |frame: Vec<u8>| vlan::tagged(&frame, 7);
        kernel.run(Direction::Sent, &tagged(ndp::solicit(own, LB6.ip).bytes()))?;
        kernel.run(Direction::Sent, &tagged(ndp::advertise(own, LB6.ip, asker).bytes()))?;
        kernel.run(Direction::Sent, &tagged(ndp::advertise(own6, LB6.ip, asker).bytes()))?;

        let outcome = kernel.outcome()?;
        let counts: Vec<_> = outcome.counts.iter().map(|(_, counter, count)| (*counter, *count)).collect();
        let expected =
            [(Counter::ReplySentSocket, 1), (Counter::ReplySentKernel, 1), (Counter::RequestSent, 1)];
        assert_eq!(counts, expected);
        let of_kernel = outcome.claims.iter().filter_map(|(_, claim)| match claim {
            Claim::Local { origin: Origin::Kernel, flags, .. } => Some(*flags),
            _ => None,
        });
        assert_eq!(of_kernel.collect::<Vec<_>>(), [Flags::SOLICITED.with(Flags::SOURCE_IS_TARGET)]);
        Ok(())
    })
}
