//! A host that is no node has an LB IP, too.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::e2e::{Told, World};
use crate::frames::{Station, arp, ndp};
use crate::socket;

/// How long it may take to be told.
const LIMIT: Duration = Duration::from_secs(20);

/// It answers whoever asks, which no node sees, and says once that it has the addresses, as hosts do
/// when they get one.
pub(super) fn run(world: &World) -> Result<Told> {
    let service = world.service("contested", &json!({ "ipFamilyPolicy": "RequireDualStack" }), &json!({}))?;
    for ip in &service.ips {
        world.owner(*ip)?;
    }
    let stranger = world.cluster.lab().host("stranger")?;
    let socket = stranger.packet_socket(socket::ALL)?;
    let mut told = None;
    for ip in &service.ips {
        let frame = match ip {
            IpAddr::V4(ip) => {
                stranger.ip(["address", "add", &format!("{ip}/24"), "dev", "eth0"])?;
                arp::gratuitous_request(Station::new(stranger.mac(), *ip)).bytes()
            }
            IpAddr::V6(ip) => {
                stranger.ip(["address", "add", &format!("{ip}/64"), "dev", "eth0", "nodad"])?;
                ndp::announce(Station::new(stranger.mac(), *ip), *ip).bytes()
            }
        };
        socket.send(&frame).context("say so")?;
        let found = world.expect(Some(*ip), "L2W103", &[&stranger.mac().to_string()], LIMIT)?;
        told.get_or_insert(found);
    }
    let tally = world.asker.tally(service.ip);
    ensure!(tally.by.contains_key(&stranger.mac()), "the router does not hear the stranger: {tally:?}");
    Ok(Told::from(told.context("an address")?).and("IPv6 alike"))
}
