//! Which neighbour solicitations are answered, and how. `ICMPv6` messages only: the kernel deals with
//! the headers and the checksum.

use std::net::Ipv6Addr;

use pnet::packet::icmpv6::ndp::{NdpOptionTypes, NeighborSolicitPacket};
use pnet::packet::icmpv6::{Icmpv6Packet, Icmpv6Types};
use pnet::util::MacAddr;

use super::{Announced, DropReason};
use crate::frames::ndp::{Flags, advertisement_message};

/// The answer to one solicitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The announced IP that was asked for.
    pub ip: Ipv6Addr,
    /// The `ICMPv6` message, checksum 0, for the source of the solicitation.
    pub message: Vec<u8>,
}

/// Decides on one `ICMPv6` message that came from `source`. `own` is the interface's hardware
/// address, `link_local` the address the responder is bound to.
///
/// # Errors
///
/// The reason why there is no answer.
pub fn answer(
    message: &[u8],
    source: Ipv6Addr,
    own: MacAddr,
    link_local: Ipv6Addr,
    announced: &Announced,
) -> Result<Reply, DropReason> {
    if source == link_local {
        return Err(DropReason::Own);
    }
    let icmpv6 = Icmpv6Packet::new(message).ok_or(DropReason::Error)?;
    if icmpv6.get_icmpv6_type() != Icmpv6Types::NeighborSolicit {
        return Err(DropReason::MessageType);
    }
    let solicitation = NeighborSolicitPacket::new(message).ok_or(DropReason::Error)?;
    let options = options(message.get(NeighborSolicitPacket::minimum_packet_size()..).unwrap_or_default())?;
    if !options.contains(&NdpOptionTypes::SourceLLAddr.0) {
        return Err(DropReason::NoSourceLl);
    }
    let ip = solicitation.get_target_addr();
    if !announced.contains(&ip.into()) {
        return Err(DropReason::AnnounceIp);
    }
    Ok(Reply { ip, message: advertisement_message(ip, Flags::SPEAKER_REPLY, Some(own)) })
}

/// One round of an announcement, for `ff02::1`.
pub fn gratuitous(ip: Ipv6Addr, own: MacAddr) -> Vec<u8> {
    advertisement_message(ip, Flags::SPEAKER_ANNOUNCEMENT, Some(own))
}

/// The types of the options; lengths are in units of 8 bytes and never 0 (RFC 4861 §4.6).
fn options(mut bytes: &[u8]) -> Result<Vec<u8>, DropReason> {
    let mut types = Vec::new();
    while let [kind, units, ..] = *bytes {
        let length = usize::from(units) * 8;
        if length == 0 || length > bytes.len() {
            return Err(DropReason::Error);
        }
        types.push(kind);
        bytes = &bytes[length..];
    }
    Ok(types)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::documentation_mac;
    use crate::frames::ndp::solicitation_message;

    const OWN: MacAddr = documentation_mac(2);
    const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0x200, 0x5eff, 0xfe00, 0x5302);
    const LB_IP: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0x200, 0);
    const ROUTER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

    #[test]
    fn solicitations_with_an_option_are_answered_and_all_else_is_dropped_with_metallbs_reason() {
        let asker = Some(documentation_mac(1));
        let ask = solicitation_message(LB_IP, asker);
        let endless = [&ask[..25], &[0; 7]].concat();
        let advertisement = gratuitous(LB_IP, documentation_mac(3));

        for (name, message, source, expected) in [
            ("solicitation", ask.clone(), ROUTER, Ok(())),
            ("from a link-local address", ask.clone(), "fe80::1".parse().unwrap(), Ok(())),
            ("from ourselves", ask.clone(), LINK_LOCAL, Err(DropReason::Own)),
            ("another IP", solicitation_message(ROUTER, asker), ROUTER, Err(DropReason::AnnounceIp)),
            ("no option", solicitation_message(LB_IP, None), ROUTER, Err(DropReason::NoSourceLl)),
            ("DAD", solicitation_message(LB_IP, None), Ipv6Addr::UNSPECIFIED, Err(DropReason::NoSourceLl)),
            ("advertisement", advertisement, ROUTER, Err(DropReason::MessageType)),
            ("option of length 0", endless, ROUTER, Err(DropReason::Error)),
            ("option cut off", ask[..30].to_vec(), ROUTER, Err(DropReason::Error)),
            ("cut off", ask[..23].to_vec(), ROUTER, Err(DropReason::Error)),
            ("empty", Vec::new(), ROUTER, Err(DropReason::Error)),
        ] {
            let answer = answer(&message, source, OWN, LINK_LOCAL, &Announced::from([LB_IP.into()]));

            assert_eq!(answer.map(drop), expected, "{name}");
        }
    }
}
