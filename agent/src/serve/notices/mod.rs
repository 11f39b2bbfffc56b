//! Verdicts that begin and end, told as Kubernetes Events on the Service (opt-in: `--events`).

mod ledger;
mod publisher;

use std::{net::IpAddr, sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::Client;
use tokio::time::{MissedTickBehavior, interval};

use self::{
    ledger::{Ledger, News},
    publisher::Publisher,
};
use super::Shared;
use crate::{
    evidence::NodeReport,
    verdict::{Finding, node_verdicts},
};

/// How often the verdicts are looked at.
const LOOK: Duration = Duration::from_secs(5);

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
    async fn look(&mut self, report: &NodeReport, found: Vec<(IpAddr, Finding)>, now: Timestamp) {
        for news in self.ledger.look(found, now) {
            let (News::Began(ip, _) | News::Ended(ip, ..)) = &news;
            let of_ip = report.lb_ips.iter().filter(|lb| lb.ip == *ip);
            let services: Vec<_> =
                of_ip.flat_map(|lb| &lb.said.services).map(|service| service.name.clone()).collect();
            self.publisher.tell(&news, &services).await;
        }
    }
}

/// Looks again and again; never ends. A task of its own: an API server that is slow holds nothing else up.
pub(super) async fn follow(shared: Arc<Shared>, mut notices: Notices) {
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let report = shared.report();
        let found = node_verdicts(&report, report.time);
        notices.look(&report, found, report.time).await;
    }
}
