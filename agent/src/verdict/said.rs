//! What is said about one LB IP, over all nodes that told.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    seen::Seen,
    time::{FRESH, within},
};
use crate::evidence::{Announced, Assigned, Compared, L2Status, Prediction, Reading, Service};

/// Everybody's word. All empty where the LB IPs were given by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sayings {
    /// Services that have it, by name.
    pub services: Vec<Service>,
    /// What each node's speaker says it announces.
    pub announced: Vec<Announcing>,
    /// `ServiceL2Status` objects.
    pub statuses: Vec<L2Status>,
    /// The last `nodeAssigned` Event of each Service.
    pub events: Vec<Assigned>,
    /// The election recomputed; agents that differ about one Service have an entry each.
    pub predicted: Vec<Prediction>,
    /// Each node's speaker's counters beside the wire's.
    pub counters: Vec<Counted>,
}

/// One speaker's word, from `metallb_speaker_announced`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Announcing {
    /// The speaker's node.
    pub node: String,
    /// `namespace/name` of the Service.
    pub service: String,
    /// `layer2` or `bgp`.
    pub protocol: String,
    /// When it was first read.
    pub since: Timestamp,
    /// When it was last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Timestamp>,
    /// How the last reading went: unless `ok`, this is its last word and not its present one.
    pub reading: Reading,
}

impl Announcing {
    /// Whether it is the speaker's present word.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.reading == Reading::Ok && self.read.is_some_and(|read| within(read, FRESH, now))
    }

    /// Whether it is about layer 2.
    pub fn is_layer2(&self) -> bool {
        self.protocol == "layer2"
    }
}

/// One speaker's counter beside the wire's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The speaker's node.
    pub node: String,
    /// The counts.
    #[serde(flatten)]
    pub compared: Compared,
}

/// Merges what the nodes were told.
pub(super) fn sayings(seen: &[Seen<'_>]) -> Sayings {
    let mut all = Sayings::default();
    for here in seen {
        let said = &here.lb.said;
        // Who is gone says nothing any more.
        let words = said.announced.iter().map(|announced| announcing(here, announced));
        all.announced.extend(words.filter(|word| word.reading != Reading::NoSpeaker));
        let counted =
            |compared: &Compared| Counted { node: here.node().to_owned(), compared: compared.clone() };
        all.counters.extend(said.counters.iter().map(counted));
    }
    // Whoever lost the API server tells old news; better than none.
    let heard = |seen: &&Seen<'_>| seen.report.source_state.lost.is_none();
    let any_heard = seen.iter().any(|seen| heard(&seen));
    for here in seen.iter().filter(|seen| !any_heard || heard(seen)) {
        let said = &here.lb.said;
        add_new(&mut all.services, &said.services, |one, other| one.name == other.name);
        add_new(&mut all.statuses, &said.statuses, PartialEq::eq);
        said.events.iter().for_each(|event| add_event(&mut all.events, event));
        said.predicted.iter().for_each(|prediction| add_prediction(&mut all.predicted, prediction));
    }
    all.services.sort_by(|a, b| a.name.cmp(&b.name));
    all.statuses.sort_by(|a, b| (&a.service, &a.node).cmp(&(&b.service, &b.node)));
    all.events.sort_by(|a, b| a.service.cmp(&b.service));
    all.predicted.sort_by(|a, b| (&a.service, &a.node).cmp(&(&b.service, &b.node)));
    all
}

fn announcing(here: &Seen<'_>, announced: &Announced) -> Announcing {
    let Announced { service, protocol, since } = announced;
    let speaker = here.report.speaker.as_ref();
    Announcing {
        node: here.node().to_owned(),
        service: service.clone(),
        protocol: protocol.clone(),
        since: *since,
        read: speaker.and_then(|speaker| speaker.read),
        reading: speaker.map_or(Reading::None, |speaker| speaker.reading),
    }
}

fn add_new<T: Clone>(known: &mut Vec<T>, more: &[T], same: impl Fn(&T, &T) -> bool) {
    for one in more {
        if !known.iter().any(|other| same(one, other)) {
            known.push(one.clone());
        }
    }
}

/// The latest of each Service.
fn add_event(events: &mut Vec<Assigned>, event: &Assigned) {
    match events.iter_mut().find(|known| known.service == event.service) {
        Some(known) if known.at < event.at => known.clone_from(event),
        Some(_) => {}
        None => events.push(event.clone()),
    }
}

/// The same result of several agents is one; it stands since the first of them had it.
fn add_prediction(predicted: &mut Vec<Prediction>, one: &Prediction) {
    let same = |known: &&mut Prediction| {
        let Prediction { service, node, nobody, interfaces, rules, elsewhere: _, since: _ } = known;
        (&one.service, &one.node, &one.nobody, &one.interfaces, &one.rules)
            == (service, node, nobody, interfaces, rules)
    };
    match predicted.iter_mut().find(same) {
        Some(known) => {
            known.since = known.since.zip(one.since).map(|(known, since)| known.min(since));
        }
        None => predicted.push(one.clone()),
    }
}
