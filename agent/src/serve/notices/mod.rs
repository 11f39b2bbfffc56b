//! Verdicts that begin and end, told as Kubernetes Events on the Service (opt-in: `--events`).

mod ledger;
mod publisher;

use std::net::IpAddr;

use jiff::Timestamp;
use kube::Client;

use self::{
    ledger::{Ledger, News},
    publisher::Publisher,
};
use crate::{evidence::NodeReport, verdict::Finding};

/// Compares each look at the verdicts with the one before, and tells what is news.
pub struct Notices {
    ledger: Ledger,
    publisher: Publisher,
}

impl Notices {
    /// Events are written by this client in the node's name.
    pub fn new(client: Client, node: &str) -> Self {
        Self { ledger: Ledger::default(), publisher: Publisher::new(client, node) }
    }

    /// Takes the findings of one look.
    pub async fn look(&mut self, report: &NodeReport, found: Vec<(IpAddr, Finding)>, now: Timestamp) {
        for news in self.ledger.look(found, now) {
            let (News::Began(ip, _) | News::Ended(ip, ..)) = &news;
            let of_ip = report.lb_ips.iter().filter(|lb| lb.ip == *ip);
            let services: Vec<_> =
                of_ip.flat_map(|lb| &lb.said.services).map(|service| service.name.clone()).collect();
            self.publisher.tell(&news, &services).await;
        }
    }
}
