//! Which ARP frames are answered, and how.

use std::net::Ipv4Addr;

use pnet::packet::Packet as _;
use pnet::packet::arp::ArpPacket;
use pnet::packet::ethernet::{EtherTypes, EthernetPacket};
use pnet::util::MacAddr;

use super::{Announced, DropReason};
use crate::frames::{Station, arp};

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The announced IP that was asked for.
    pub ip: Ipv4Addr,
    /// The whole frame, padded to 60 bytes.
    pub frame: Vec<u8>,
}

/// Decides on one frame received on the interface with the hardware address `own`.
///
/// The sender is not looked at: probes, gratuitous requests and the node's own requests are answered.
///
/// # Errors
///
/// The reason why there is no answer.
pub fn answer(frame: &[u8], own: MacAddr, announced: &Announced) -> Result<Reply, DropReason> {
    let ethernet = EthernetPacket::new(frame).ok_or(DropReason::Error)?;
    if ethernet.get_ethertype() != EtherTypes::Arp {
        return Err(DropReason::Error);
    }
    let request = ArpPacket::new(ethernet.payload()).ok_or(DropReason::Error)?;
    if (request.get_hw_addr_len(), request.get_proto_addr_len()) != (6, 4) {
        return Err(DropReason::Error);
    }
    if request.get_operation().0 != arp::REQUEST {
        return Err(DropReason::ArpReply);
    }
    let destination = ethernet.get_destination();
    if !destination.is_broadcast() && destination != own {
        return Err(DropReason::EthernetDestination);
    }
    let ip = request.get_target_proto_addr();
    if !announced.contains(&ip.into()) {
        return Err(DropReason::AnnounceIp);
    }
    let asker = Station::new(request.get_sender_hw_addr(), request.get_sender_proto_addr());
    Ok(Reply { ip, frame: arp::reply(Station::new(own, ip), asker).padded().bytes() })
}

/// One round of an announcement: the request form, then the reply form.
pub fn gratuitous(ip: Ipv4Addr, own: MacAddr) -> [Vec<u8>; 2] {
    let claimant = Station::new(own, ip);
    [arp::gratuitous_request(claimant), arp::gratuitous_reply(claimant)].map(|frame| frame.padded().bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::arp::Arp;
    use crate::frames::ethernet::Addresses;
    use crate::frames::{documentation_mac, vlan};

    const OWN: MacAddr = documentation_mac(2);
    const OTHER: MacAddr = documentation_mac(3);
    const LB_IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 200);
    const ROUTER: Station<Ipv4Addr> = Station::new(documentation_mac(1), Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn requests_for_announced_ips_are_answered_and_all_else_is_dropped_with_metallbs_reason() {
        let ask = arp::request(ROUTER, LB_IP);
        let to = |mac| arp::request_to(ROUTER, Station::new(mac, LB_IP));
        let spoofed = Addresses { source: OTHER, ..ask.ethernet };

        for (name, frame, expected) in [
            ("broadcast request", ask.bytes(), Ok(())),
            ("padded request", ask.padded().bytes(), Ok(())),
            ("unicast request to us", to(OWN).bytes(), Ok(())),
            ("probe", arp::probe(OTHER, LB_IP).bytes(), Ok(())),
            (
                "foreign gratuitous request",
                arp::gratuitous_request(Station::new(OTHER, LB_IP)).bytes(),
                Ok(()),
            ),
            ("our own request", arp::request(Station::new(OWN, ROUTER.ip), LB_IP).bytes(), Ok(())),
            ("spoofed Ethernet source", Arp { ethernet: spoofed, ..ask }.bytes(), Ok(())),
            ("odd hardware type", Arp { hardware_type: 6, ..ask }.bytes(), Ok(())),
            ("unicast request to another", to(OTHER).bytes(), Err(DropReason::EthernetDestination)),
            ("another IP", arp::request(ROUTER, ROUTER.ip).bytes(), Err(DropReason::AnnounceIp)),
            ("reply", arp::reply(Station::new(OTHER, LB_IP), ROUTER).bytes(), Err(DropReason::ArpReply)),
            ("gratuitous reply", arp::gratuitous_reply(ROUTER).bytes(), Err(DropReason::ArpReply)),
            ("RARP", Arp { operation: 3, ..ask }.bytes(), Err(DropReason::ArpReply)),
            ("hlen 8", Arp { hardware_len: 8, ..ask }.bytes(), Err(DropReason::Error)),
            ("plen 16", Arp { protocol_len: 16, ..ask }.bytes(), Err(DropReason::Error)),
            ("cut off", ask.bytes()[..41].to_vec(), Err(DropReason::Error)),
            ("tagged", vlan::tagged(&ask.bytes(), 7), Err(DropReason::Error)),
            ("empty", Vec::new(), Err(DropReason::Error)),
        ] {
            let answer = answer(&frame, OWN, &Announced::from([LB_IP.into()]));

            assert_eq!(answer.map(drop), expected, "{name}");
        }
    }

    #[test]
    fn the_answer_goes_to_the_senders_hardware_address_whatever_the_ethernet_source() {
        let ask = arp::request(ROUTER, LB_IP);
        let spoofed = Arp { ethernet: Addresses { source: OTHER, ..ask.ethernet }, ..ask };

        let reply = answer(&spoofed.bytes(), OWN, &Announced::from([LB_IP.into()])).unwrap();

        assert_eq!(reply.ip, LB_IP);
        assert_eq!(reply.frame, arp::reply(Station::new(OWN, LB_IP), ROUTER).padded().bytes());
        assert_eq!(reply.frame.len(), 60);
    }
}
