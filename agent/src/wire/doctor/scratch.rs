//! Counts one frame of the doctor's own making, in a network namespace that nobody else sees.

use std::{io, thread, time::Duration};

use l2witness_ebpf::layout::Counter;
use nix::sched::{CloneFlags, unshare};
use nlink::netlink::{Connection, Route, link::VethLink};
use pnet::{
    datalink::{self, Channel},
    packet::{
        Packet as _,
        arp::{ArpHardwareTypes, ArpOperations, MutableArpPacket},
        ethernet::{EtherTypes, MutableEthernetPacket},
    },
    util::MacAddr,
};

use super::{Check, Patient, Status};
use crate::wire::{HookChoice, Programs};

/// An address for documentation (RFC 5737), in a namespace of its own.
const LB_IP: std::net::Ipv4Addr = std::net::Ipv4Addr::new(192, 0, 2, 1);
const NAME: &str = "counting";

pub(super) fn check(patient: &Patient, hook: HookChoice) -> Check {
    let counted = patient
        .shared
        .borrow_mut()
        .insert(LB_IP.into(), 0)
        .and_then(|()| patient.programs())
        .map_err(|error| error.to_string())
        // A thread of its own, because it leaves the node's network namespace and never comes back.
        .and_then(|programs| {
            thread::scope(|scope| scope.spawn(move || in_namespace(programs, hook)).join())
                .unwrap_or_else(|_| Err("the thread ended early".to_owned()))
        });
    match counted {
        Ok(1) => Check::new(NAME, Status::Ok, "one frame sent in a scratch namespace, one counted"),
        Ok(count) => Check::new(
            NAME,
            Status::Missing,
            format!("one frame sent in a scratch namespace, {count} counted"),
        ),
        Err(why) => Check::new(NAME, Status::Skipped, format!("not tried in a scratch namespace: {why}")),
    }
}

fn in_namespace(mut programs: Programs, hook: HookChoice) -> Result<u64, String> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("{error}; it needs CAP_SYS_ADMIN"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(veth()).map_err(|error| format!("no veth pair: {error}"))?;
    programs.attach("observed", hook).map_err(|error| error.to_string())?;
    send("sender").map_err(|error| format!("no frame sent: {error}"))?;
    // The other end of a veth pair gets the frame in a soft interrupt, at once as a rule.
    let counted = |programs: &Programs| {
        programs.slot(0).map_or(0, |slot| slot.counts[Counter::AnnouncementRequestReceived as usize])
    };
    for _ in 0..20 {
        if counted(&programs) > 0 {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(counted(&programs))
}

async fn veth() -> Result<(), nlink::netlink::Error> {
    let connection = Connection::<Route>::new()?;
    connection.add_link(VethLink::new("observed", "sender")).await?;
    connection.set_link_up("observed").await?;
    connection.set_link_up("sender").await
}

/// A gratuitous ARP request (RFC 5227 §3).
fn send(interface: &str) -> io::Result<()> {
    let gone = || io::Error::other("the veth pair is gone");
    let interface =
        datalink::interfaces().into_iter().find(|found| found.name == interface).ok_or_else(gone)?;
    let mac = interface.mac.ok_or_else(gone)?;
    let mut frame = [0; 60];
    let mut ethernet = MutableEthernetPacket::new(&mut frame).ok_or_else(gone)?;
    ethernet.set_destination(MacAddr::broadcast());
    ethernet.set_source(mac);
    ethernet.set_ethertype(EtherTypes::Arp);
    let mut body = [0; 28];
    let mut arp = MutableArpPacket::new(&mut body).ok_or_else(gone)?;
    arp.set_hardware_type(ArpHardwareTypes::Ethernet);
    arp.set_protocol_type(EtherTypes::Ipv4);
    arp.set_hw_addr_len(6);
    arp.set_proto_addr_len(4);
    arp.set_operation(ArpOperations::Request);
    arp.set_sender_hw_addr(mac);
    arp.set_sender_proto_addr(LB_IP);
    arp.set_target_hw_addr(MacAddr::broadcast());
    arp.set_target_proto_addr(LB_IP);
    ethernet.set_payload(arp.packet());
    let Channel::Ethernet(mut sender, _) = datalink::channel(&interface, datalink::Config::default())? else {
        return Err(gone());
    };
    sender.send_to(&frame, None).ok_or_else(gone)?
}
