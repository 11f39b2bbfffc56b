//! What the router sends and what it hears.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pnet::packet::Packet as _;
use pnet::packet::arp::{ArpOperations, ArpPacket};
use pnet::packet::ethernet::{EtherTypes, EthernetPacket};
use pnet::packet::icmpv6::Icmpv6Types;
use pnet::packet::icmpv6::ndp::{NdpOptionTypes, NeighborAdvertPacket};
use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv6::Ipv6Packet;

use crate::frames::{MacAddr, Station, arp, ndp};

/// The router's own addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Router {
    pub(super) v4: Station<Ipv4Addr>,
    pub(super) v6: Station<Ipv6Addr>,
}

impl Router {
    /// Whether it would ask for `ip` itself rather than another router.
    pub(super) fn is_neighbour(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => ip.octets()[..3] == self.v4.ip.octets()[..3],
            IpAddr::V6(ip) => ip.octets()[..8] == self.v6.ip.octets()[..8],
        }
    }

    /// A request to everybody.
    pub(super) fn request(&self, ip: IpAddr) -> Vec<u8> {
        match ip {
            IpAddr::V4(ip) => arp::request(self.v4, ip).bytes(),
            IpAddr::V6(ip) => ndp::solicit(self.v6, ip).bytes(),
        }
    }

    /// For which IP, and with which hardware address, a frame answers us; `None` for any other frame.
    pub(super) fn answer(&self, frame: &[u8]) -> Option<(IpAddr, MacAddr)> {
        let frame = EthernetPacket::new(frame)?;
        if frame.get_destination() != self.v4.mac {
            return None;
        }
        match frame.get_ethertype() {
            EtherTypes::Arp => arp_reply(frame.payload()),
            EtherTypes::Ipv6 => advertisement(frame.payload()),
            _ => None,
        }
    }
}

fn arp_reply(payload: &[u8]) -> Option<(IpAddr, MacAddr)> {
    let arp = ArpPacket::new(payload).filter(|arp| arp.get_operation() == ArpOperations::Reply)?;
    Some((arp.get_sender_proto_addr().into(), arp.get_sender_hw_addr()))
}

fn advertisement(payload: &[u8]) -> Option<(IpAddr, MacAddr)> {
    let ipv6 = Ipv6Packet::new(payload).filter(|ip| ip.get_next_header() == IpNextHeaderProtocols::Icmpv6)?;
    let advertisement = NeighborAdvertPacket::new(ipv6.payload())
        .filter(|message| message.get_icmpv6_type() == Icmpv6Types::NeighborAdvert)?;
    let options = advertisement.get_options();
    let option = options.iter().find(|option| option.option_type == NdpOptionTypes::TargetLLAddr)?;
    let mac = <[u8; 6]>::try_from(option.data.get(..6)?).ok()?;
    Some((advertisement.get_target_addr().into(), mac.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::documentation_mac;

    #[test]
    fn an_answer_is_told_from_everything_else() {
        let v4 = |n| Station::new(documentation_mac(n), Ipv4Addr::new(192, 0, 2, n));
        let v6 =
            |n: u8| Station::new(documentation_mac(n), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n.into()));
        let router = Router { v4: v4(1), v6: v6(1) };
        let lb = (Ipv4Addr::new(192, 0, 2, 200), "2001:db8::200".parse::<Ipv6Addr>().unwrap());
        let answerer = Station::new(documentation_mac(9), lb.0);

        for (frame, expected) in [
            (arp::reply(answerer, v4(1)).bytes(), Some((lb.0.into(), documentation_mac(9)))),
            (ndp::advertise(v6(9), lb.1, v6(1)).bytes(), Some((lb.1.into(), documentation_mac(9)))),
            (arp::reply(answerer, v4(2)).bytes(), None),
            (arp::gratuitous_reply(answerer).bytes(), None),
            (router.request(lb.0.into()), None),
            (router.request(lb.1.into()), None),
            (Vec::new(), None),
        ] {
            assert_eq!(router.answer(&frame), expected, "{frame:02x?}");
        }
    }
}
