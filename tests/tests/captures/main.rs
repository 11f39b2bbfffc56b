//! Captures of real MetalLB speakers (`tests/data/README.md`), read by the parser and by tcpdump.

mod capture;
mod handover;
mod replayed;
mod tcpdump;

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Result;
use l2witness_ebpf::frame::Kind;
use l2witness_ebpf::layout::{Counter, Direction};
use l2witness_tests::kernel::Kernel;
use l2witness_tests::lab::Lab;

use capture::{Capture, FILES, KINDS};

/// The LB IPs of both clusters, and two that nobody has.
const IPS: [Ipv4Addr; 5] = [
    Ipv4Addr::new(10, 77, 0, 200),
    Ipv4Addr::new(10, 77, 0, 201),
    Ipv4Addr::new(10, 77, 0, 202),
    Ipv4Addr::new(10, 77, 0, 203),
    Ipv4Addr::new(10, 77, 0, 1),
];

#[test]
fn the_parser_counts_what_tcpdump_counts() -> Result<()> {
    let mut frames = 0;
    for file in FILES {
        let capture = Capture::read(file)?;
        for ip in IPS {
            for kind in KINDS {
                let count = capture.of(ip.into()).filter(|seen| seen.message.kind == kind).count();
                let expected = tcpdump::count(file, &tcpdump::filter(ip, kind))?;

                assert_eq!(count, expected, "{file}, {ip}, {kind:?}");
                frames += count;
            }
        }
        let discovery = capture.messages.iter().filter(|seen| seen.is_ndp()).count();
        let expected = tcpdump::count(file, "icmp6 and (ip6[40] == 135 or ip6[40] == 136)")?;
        assert_eq!(discovery, expected, "{file}: Neighbor Discovery");
    }
    assert!(frames > 900, "only {frames} frames were compared");
    Ok(())
}

#[test]
fn the_parser_reads_addresses_as_tcpdumps_text_has_them() -> Result<()> {
    for file in FILES {
        let capture = Capture::read(file)?;
        let arp = capture.messages.iter().filter(|seen| !seen.is_ndp());
        let read: Vec<String> = arp.map(capture::Seen::as_tcpdump_has_it).collect();

        assert_eq!(read, tcpdump::arp_text(file)?, "{file}");
    }
    Ok(())
}

#[test]
fn the_kernel_programs_count_what_the_parser_reads() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let host = lab.host("node1")?;
    let watched = IPS.map(IpAddr::from);
    host.enter(|| {
        let mut kernel = Kernel::load(&host, "eth0", &watched)?;
        for file in FILES {
            let capture = Capture::read(file)?;
            for frame in &capture.frames {
                kernel.run(Direction::Received, frame)?;
            }
            for (ip, index) in watched.into_iter().zip(0..) {
                let slot = kernel.slot(index)?;
                let count = |kind| capture.of(ip).filter(|seen| seen.message.kind == kind).count() as u64;
                for (counters, kind) in [
                    (
                        &[Counter::RequestGroup, Counter::RequestUnicast, Counter::RequestOtherHost][..],
                        Kind::Request,
                    ),
                    (&[Counter::Probe], Kind::Probe),
                    (&[Counter::ReplyReceived], Kind::Reply),
                    (&[Counter::AnnouncementRequestReceived], Kind::AnnouncementRequest),
                    (&[Counter::AnnouncementReplyReceived], Kind::AnnouncementReply),
                ] {
                    let counted: u64 = counters.iter().map(|counter| slot.counts[*counter as usize]).sum();
                    assert_eq!(counted, count(kind), "{file}, {ip}, {kind:?}");
                }
            }
            kernel.clear()?;
        }
        Ok(())
    })
}
