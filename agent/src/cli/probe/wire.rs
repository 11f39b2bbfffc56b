//! Asking, and hearing every answer.

use std::{
    io,
    net::IpAddr,
    os::fd::IntoRawFd as _,
    time::{Duration, Instant},
};

use l2witness_ebpf::frame::{Flags, Kind, Mac, SliceBytes, parse};
use pnet::datalink::{self, Channel, DataLinkReceiver, DataLinkSender};
use socket2::{Domain, SockFilter, Socket, Type};

use super::place::Place;
use crate::evidence::MacAddr;

/// How often to ask, and how long to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) count: u32,
    pub(super) interval: Duration,
    /// After the last question.
    pub(super) wait: Duration,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Which question it came after, from 1 on; ARP has no other way to tell.
    pub(super) question: u32,
    /// The MAC it gives for the address.
    pub(super) mac: MacAddr,
    /// Since the question.
    pub(super) latency: Duration,
    /// The frame came from another MAC.
    pub(super) mismatch: bool,
}

/// More are not kept: a host that floods gets no further.
const MAX_ANSWERS: usize = 1000;

/// How long to listen at a time.
const SLICE: Duration = Duration::from_millis(20);

/// `BPF_LD | BPF_W | BPF_ABS` and its like, of linux/filter.h.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;
/// `SKF_AD_OFF + SKF_AD_PKTTYPE`.
const PACKET_TYPE: u32 = 0xffff_f004;
const PACKET_OUTGOING: u32 = 4;

/// ARP and neighbour advertisements that come in: a busy node's other frames must not push them out.
const FILTER: [SockFilter; 11] = [
    SockFilter::new(LOAD_WORD, 0, 0, PACKET_TYPE),
    SockFilter::new(IF_EQUAL, 8, 0, PACKET_OUTGOING),
    SockFilter::new(LOAD_HALF, 0, 0, 12),
    SockFilter::new(IF_EQUAL, 5, 0, 0x0806),
    SockFilter::new(IF_EQUAL, 0, 5, 0x86dd),
    SockFilter::new(LOAD_BYTE, 0, 0, 20),
    SockFilter::new(IF_EQUAL, 0, 3, 58),
    SockFilter::new(LOAD_BYTE, 0, 0, 54),
    SockFilter::new(IF_EQUAL, 0, 1, 136),
    SockFilter::new(RETURN, 0, 0, 0xffff),
    SockFilter::new(RETURN, 0, 0, 0),
];

/// A socket of one interface. It never makes it promiscuous: that would cure the faults that it is to find.
fn open(place: &Place) -> io::Result<(Box<dyn DataLinkSender>, Box<dyn DataLinkReceiver>)> {
    // Hears nothing until it is bound, so nothing of other interfaces gets in before.
    let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
    socket.attach_filter(&FILTER)?;
    let config = datalink::Config {
        promiscuous: false,
        read_timeout: Some(SLICE),
        write_timeout: Some(Duration::from_secs(1)),
        socket_fd: Some(socket.into_raw_fd()),
        ..datalink::Config::default()
    };
    match datalink::channel(&place.interface, config)? {
        Channel::Ethernet(sender, receiver) => Ok((sender, receiver)),
        _ => Err(io::Error::other("no Ethernet channel")),
    }
}

/// Asks for `ip`, and gives back all answers in the order in which they came.
pub(super) fn ask(place: &Place, ip: IpAddr, plan: Plan) -> io::Result<Vec<Answer>> {
    let (mut sender, mut receiver) = open(place)?;
    let frame = place.question(ip);
    let mut answers = Vec::new();
    for question in 1..=plan.count {
        let asked = Instant::now();
        sender.send_to(&frame, None).unwrap_or(Ok(()))?;
        let until = asked + if question == plan.count { plan.wait } else { plan.interval };
        while Instant::now() < until {
            let frame = match receiver.next() {
                Ok(frame) => frame,
                Err(error) if is_patience(&error) => continue,
                Err(error) => return Err(error),
            };
            let latency = asked.elapsed();
            if let Some((mac, mismatch)) = answer(frame, place, ip)
                && answers.len() < MAX_ANSWERS
            {
                answers.push(Answer { question, mac, latency, mismatch });
            }
        }
    }
    Ok(answers)
}

fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

/// The MAC that a frame gives for the address, if it is an answer to us.
fn answer(frame: &[u8], place: &Place, ip: IpAddr) -> Option<(MacAddr, bool)> {
    let message = parse(&SliceBytes(frame)).ok()?;
    let ours = message.destination == Mac::from_octets(place.mac.octets());
    let fits = message.kind == Kind::Reply && IpAddr::from(message.subject) == ip && ours;
    fits.then(|| (message.hardware.into(), message.flags.has(Flags::HARDWARE_MISMATCH)))
}
