//! The table over a real cable: programs on an interface, frames from packet sockets.
//!
//! Here go the frames that `BPF_PROG_TEST_RUN` does not take: short ones, long ones, those that lie in
//! pages, and those whose VLAN tag the receiving kernel has moved into the metadata.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context as _, Result};
use l2witness::wire::HookChoice;
use l2witness_ebpf::layout::{Counter, Direction};
use l2witness_tests::frames::{Station, arp, documentation_mac, traffic};
use l2witness_tests::kernel::model::{self, Place, Sender};
use l2witness_tests::kernel::{Kernel, Outcome};
use l2witness_tests::lab::{Host, Lab, until};
use l2witness_tests::socket::{self, PacketSocket};

use crate::case::{Case, LB4, OWN, OWN4, ROUTER4, WATCHED, mac};
use crate::table;

/// The third watched IP, asked for after each frame: once that is counted, so is what went before.
const MARKER: Station<Ipv4Addr> = Station::new(documentation_mac(0xee), Ipv4Addr::new(192, 0, 2, 254));

const MTU: &str = "9000";

/// A cable without a switch between two hosts.
struct Cable {
    kernel: Kernel,
    here: PacketSocket,
    there: PacketSocket,
}

impl Cable {
    /// Sends one frame, waits until it has been seen, and says what that changed.
    fn seen(
        &mut self,
        direction: Direction,
        send: impl FnOnce(&PacketSocket) -> Result<()>,
    ) -> Result<Outcome> {
        let socket = if direction == Direction::Sent { &self.here } else { &self.there };
        send(socket)?;
        socket.send(&arp::request(MARKER, MARKER.ip).bytes())?;
        until(Duration::from_secs(2), || {
            let counts = self.kernel.slot(2)?.counts;
            let seen = counts[Counter::AnnouncementRequestReceived as usize]
                + counts[Counter::AnnouncementRequestSentSocket as usize];
            Ok((seen > 0).then_some(()))
        })?;
        let mut outcome = self.kernel.outcome()?;
        let marker = IpAddr::from(MARKER.ip);
        outcome.counts.retain(|(ip, ..)| *ip != marker);
        outcome.stamps.retain(|(ip, ..)| *ip != marker);
        outcome.claims.retain(|(ip, ..)| *ip != marker);
        outcome.told.retain(|told| told.ip != marker);
        Ok(outcome)
    }
}

#[test]
fn every_frame_of_the_table_is_seen_alike_on_a_cable() -> Result<()> {
    on_cable(|mut cable| {
        let mut frames = 0;
        // A frame from elsewhere needs a bridge.
        for case in table().into_iter().filter(|case| case.sender != Sender::Elsewhere) {
            let Case { name, frame, direction, .. } = &case;
            let outcome = cable
                .seen(*direction, |socket| socket.send(frame).context("send"))
                .with_context(|| name.clone())?;
            assert_eq!(outcome, on_the_wire(&case), "{name} ({direction:?})");
            frames += 1;
        }
        eprintln!("{frames} frames");
        Ok(())
    })
}

/// What changes when the frame comes by a cable.
fn on_the_wire(case: &Case) -> Outcome {
    let place = Place { watched: &WATCHED, own: mac(OWN), sender: Sender::PacketSocket };
    let frame = &case.frame;
    let tagged = matches!(frame[12..14], [0x81, 0x00] | [0x88, 0xa8]);
    match case.direction {
        // The receiving kernel drops a tag without an EtherType behind it before tc …
        Direction::Received if tagged && frame.len() < 20 => Outcome::default(),
        // … and takes the outermost tag off: of three tags, two are left.
        Direction::Received if tagged => {
            model::outcome(&place, case.direction, &[&frame[..12], &frame[16..]].concat())
        }
        Direction::Received => case.expected.clone(),
        // Another socket than the table's.
        Direction::Sent => model::outcome(&place, case.direction, frame),
    }
}

#[test]
fn a_frame_that_lies_in_pages_is_read_like_one_in_one_piece() -> Result<()> {
    on_cable(|mut cable| {
        let jumbo = |mut frame: Vec<u8>| {
            frame.resize(9014, 0);
            frame
        };
        for case in table().into_iter().filter(|case| case.sender != Sender::Elsewhere) {
            let Case { name, frame, direction, .. } = &case;
            // Filling it up makes a frame whole that was cut off inside zeros, or a header of zeros: no matter,
            // what is expected is what the parser makes of the same bytes.
            let long = Case { frame: jumbo(frame.clone()), ..case.clone() };
            let place = Place { watched: &WATCHED, own: mac(OWN), sender: Sender::PacketSocket };
            let expected = match on_the_wire(&long) {
                _ if !is_tagged(frame) => model::outcome(&place, *direction, &long.frame),
                tagged => tagged,
            };
            for linear in [14, 20, 42, 60] {
                let outcome = cable
                    .seen(*direction, |socket| Ok(socket.send_in_pages(&long.frame, linear)?))
                    .with_context(|| name.clone())?;
                assert_eq!(outcome, expected, "{name} ({direction:?}), {linear} bytes linear");
            }
        }
        Ok(())
    })
}

#[test]
fn jumbo_frames_change_nothing_and_pass() -> Result<()> {
    on_cable(|mut cable| {
        let jumbo = traffic::jumbo(ROUTER4, OWN4);
        let own = traffic::jumbo(OWN4, ROUTER4);
        for (direction, frame) in [(Direction::Received, &jumbo), (Direction::Sent, &own)] {
            let outcome = cable.seen(direction, |socket| Ok(socket.send(frame)?))?;
            assert_eq!(outcome, Outcome::default(), "{direction:?}");
        }
        let arrived = cable.there.collect(Duration::from_millis(100), |frame| frame == own)?;
        assert_eq!(arrived.len(), 1, "what the program sees goes on");
        Ok(())
    })
}

/// A program that pulls a frame together must not change it.
#[test]
fn what_was_in_pages_arrives_as_it_was_sent() -> Result<()> {
    on_cable(|mut cable| {
        let mut reply = arp::reply(OWN4, ROUTER4).bytes();
        reply.extend((0..8972_u32).map(|byte| byte as u8));

        let outcome = cable.seen(Direction::Sent, |socket| Ok(socket.send_in_pages(&reply, 14)?))?;

        assert_eq!(outcome.counts, [(LB4.ip.into(), Counter::ReplySentSocket, 1)]);
        let arrived = cable.there.collect(Duration::from_millis(100), |frame| frame == reply)?;
        assert_eq!(arrived.len(), 1);
        Ok(())
    })
}

fn is_tagged(frame: &[u8]) -> bool {
    matches!(frame[12..14], [0x81, 0x00] | [0x88, 0xa8])
}

/// Runs `test` with the programs on one end of a cable; the end has the hardware address [`OWN`].
fn on_cable(test: impl FnOnce(Cable) -> Result<()> + Send) -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let (node, peer) = (lab.host("node1")?, lab.host("peer")?);
    let namespace: &l2witness_tests::lab::Namespace = &peer;
    let name = namespace.name().to_owned();
    node.ip(["link", "add", "wire0", "type", "veth", "peer", "name", "wire0", "netns", &name])?;
    node.ip(["link", "set", "wire0", "address", &OWN.to_string()])?;
    for host in [&node, &peer] {
        // Nothing of the hosts' own on this cable.
        host.sysctl("net.ipv6.conf.wire0.disable_ipv6", "1")?;
        host.ip(["link", "set", "wire0", "mtu", MTU, "arp", "off", "up"])?;
    }
    let socket = |host: &Host| host.enter(|| PacketSocket::open("wire0", socket::ALL));
    let (here, there) = (socket(&node)?, socket(&peer)?);
    node.enter(|| {
        let watched = [WATCHED[0], WATCHED[1], MARKER.ip.into()];
        let mut kernel = Kernel::load(&node, "wire0", &watched)?;
        kernel.attach("wire0", HookChoice::Auto)?;
        test(Cable { kernel, here, there })
    })
}
