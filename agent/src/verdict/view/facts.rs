//! Questions that rules ask a view.

use jiff::Timestamp;

use super::{Answerer, Scope, View};
use crate::{
    evidence::{Assigned, Interface, MacAddr, Origin, Reading},
    verdict::{
        claims::Claim,
        said::Announcing,
        seen::Seen,
        state::{State, TTL},
        time::{FRESH, GRACE, MAX_SKEW, within},
    },
};

/// The node that should answer.
pub(in crate::verdict) struct Owner {
    pub(in crate::verdict) node: String,
    /// By its own speaker's word.
    pub(in crate::verdict) is_said: bool,
}

impl<'a> View<'a> {
    /// Whether silence and strangers mean something: everybody was asked and everybody told.
    pub(in crate::verdict) fn is_whole(&self, now: Timestamp) -> bool {
        self.agents.scope == Scope::Agents
            && self.agents.failed.is_empty()
            && self.unasked(now).next().is_none()
    }

    /// Claims of nodes that were not asked: known only by what their neighbours know of their MACs.
    pub(in crate::verdict) fn unasked(&self, now: Timestamp) -> impl Iterator<Item = &Claim> {
        let asked = |claim: &&Claim| claim.node.as_deref().is_some_and(|node| self.seen_by(node).is_some());
        self.heard.iter().filter(move |claim| is_current(claim, now) && !asked(claim))
    }

    /// Strangers' claims of late.
    pub(in crate::verdict) fn strangers(&self, now: Timestamp) -> impl Iterator<Item = &Claim> {
        self.foreign.iter().filter(move |claim| is_current(claim, now))
    }

    pub(in crate::verdict) fn answering(&self) -> impl Iterator<Item = &Answerer> {
        self.answerers.iter().filter(|answerer| answerer.state == State::Answering)
    }

    /// Programs, as opposed to kernels, that answer.
    pub(in crate::verdict) fn programs(&self) -> impl Iterator<Item = &Answerer> {
        self.answering().filter(|answerer| answerer.origin != Origin::Kernel)
    }

    pub(in crate::verdict) fn seen_by(&self, node: &str) -> Option<Seen<'a>> {
        self.seen.iter().copied().find(|seen| seen.node() == node)
    }

    /// The node that has this MAC.
    pub(in crate::verdict) fn node_of(&self, mac: MacAddr) -> Option<&str> {
        let has = |seen: &&Seen<'_>| seen.report.interfaces.iter().any(|interface| interface.mac == mac);
        let hinted = || self.heard.iter().find(|claim| claim.mac == mac)?.node.as_deref();
        self.seen.iter().find(has).map(Seen::node).or_else(hinted)
    }

    /// Speakers that say they announce it on layer 2, be it their last word.
    pub(in crate::verdict) fn layer2(&self) -> impl Iterator<Item = &Announcing> {
        self.said.announced.iter().filter(|word| word.is_layer2())
    }

    /// Of these, those whose present word it is, and that had time to do as they say.
    pub(in crate::verdict) fn announcing(&self, now: Timestamp) -> impl Iterator<Item = &Announcing> {
        let settled = move |word: &&Announcing| word.is_fresh(now) && now.duration_since(word.since) > GRACE;
        self.layer2().filter(settled)
    }

    /// What the speaker of a node says now: whether it announces this; `None` if nobody knows.
    pub(in crate::verdict) fn says(&self, node: &str, now: Timestamp) -> Option<bool> {
        self.present_word(&self.seen_by(node)?, now)
    }

    fn present_word(&self, seen: &Seen<'_>, now: Timestamp) -> Option<bool> {
        let speaker = seen.report.speaker.as_ref()?;
        match speaker.reading {
            Reading::NoSpeaker => Some(false),
            Reading::Ok if speaker.read.is_some_and(|read| within(read, FRESH, now)) => {
                Some(self.layer2().any(|word| word.node == seen.node()))
            }
            _ => None,
        }
    }

    /// Whether every speaker's present word is known, there is one, and none claims it, be it by BGP.
    pub(in crate::verdict) fn nobody_claims(&self, now: Timestamp) -> bool {
        let known = |seen: &Seen<'_>| self.present_word(seen, now).is_some();
        let reads = |seen: &Seen<'_>| seen.report.speaker.as_ref().is_some_and(|s| s.reading == Reading::Ok);
        self.said.announced.is_empty() && self.seen.iter().all(known) && self.seen.iter().any(reads)
    }

    /// The interfaces that `L2Advertisement`s select, by the prediction; `None` for all, or if nothing is known.
    pub(in crate::verdict) fn selected(&self) -> Option<Vec<&str>> {
        let lists: Option<Vec<_>> =
            self.said.predicted.iter().map(|prediction| prediction.interfaces.as_deref()).collect();
        let names: Vec<_> = lists?.into_iter().flatten().map(String::as_str).collect();
        (!names.is_empty()).then_some(names)
    }

    /// The interfaces of a node on which its speaker should answer for this.
    pub(in crate::verdict) fn ways(&self, seen: Seen<'a>) -> Vec<&'a Interface> {
        let selected = self.selected();
        let chosen = |name: &str| selected.as_ref().is_none_or(|names| names.contains(&name));
        seen.responders().filter(|interface| chosen(&interface.name)).collect()
    }

    /// Whether anybody said anything about it.
    pub(in crate::verdict) const fn is_told(&self) -> bool {
        let said = &self.said;
        !(said.services.is_empty() && said.announced.is_empty() && said.predicted.is_empty())
    }

    /// Who should answer: the node whose speaker says so, else who answered last, else whom the election gives.
    pub(in crate::verdict) fn owner(&self) -> Option<Owner> {
        let said = self.layer2().next().map(|word| (&word.node, true));
        let last = || {
            let programs = self.answerers.iter().filter(|answerer| answerer.origin != Origin::Kernel);
            programs.max_by_key(|answerer| answerer.last).map(|answerer| (&answerer.node, false))
        };
        let predicted =
            || self.said.predicted.iter().find_map(|one| one.node.as_ref()).map(|node| (node, false));
        let (node, is_said) = said.or_else(last).or_else(predicted)?;
        Some(Owner { node: node.clone(), is_said })
    }

    /// Whether nothing that bears on who announces changed within the grace.
    pub(in crate::verdict) fn is_settled(&self, now: Timestamp) -> bool {
        self.changed.is_none_or(|at| !within(at, GRACE, now))
    }

    /// Whether somebody answered well after the last change: then it was through.
    pub(in crate::verdict) fn is_proven_since(&self) -> bool {
        let last =
            self.answerers.iter().filter(|one| one.origin != Origin::Kernel).filter_map(|one| one.last_reply);
        last.max().zip(self.changed).is_some_and(|(reply, changed)| reply.duration_since(changed) > MAX_SKEW)
    }

    /// Of all signs of a change, the last that is not in the future.
    pub(super) fn last_change(&self, now: Timestamp) -> Option<Timestamp> {
        // New to one agent of several means that this agent is new.
        let born: Option<Vec<_>> = self.seen.iter().map(|seen| seen.lb.since).collect();
        let born = born.into_iter().flatten().min();
        let words = self.said.announced.iter().map(|word| word.since);
        let events =
            self.said.events.iter().filter(|event| !self.is_old_news(event, now)).map(|event| event.at);
        let predicted = self.said.predicted.iter().filter_map(|prediction| prediction.since);
        let came = self.seen.iter().filter_map(|seen| Some(seen.lb.takeovers.last()?.at));
        let began = self.answerers.iter().filter(|one| one.origin != Origin::Kernel).map(|one| one.first);
        let lost = self.answerers.iter().filter_map(|one| Some(one.successor.as_ref()?.at));
        let started = self.seen.iter().filter(|seen| self.concerns(seen.node()));
        let started = started.filter_map(|seen| seen.report.speaker.as_ref()?.started);
        born.into_iter()
            .chain(words)
            .chain(events)
            .chain(predicted)
            .chain(came)
            .chain(began)
            .chain(lost)
            .chain(started)
            .filter(|at| at.duration_since(now) <= MAX_SKEW)
            .max()
    }

    /// MetalLB repeats its Event whenever it looks at a Service: one that names who announced before is no change.
    fn is_old_news(&self, event: &Assigned, now: Timestamp) -> bool {
        let old = |since: Timestamp| now.duration_since(since) > GRACE;
        self.said.announced.iter().any(|word| word.node == event.node && old(word.since))
            || self.answerers.iter().any(|one| one.node == event.node && old(one.first))
    }

    /// Whether a node has, or is said to have, a part in it.
    fn concerns(&self, node: &str) -> bool {
        self.answerers.iter().any(|answerer| answerer.node == node)
            || self.said.announced.iter().any(|word| word.node == node)
            || self.said.predicted.iter().any(|prediction| prediction.node.as_deref() == Some(node))
    }
}

pub(in crate::verdict) fn is_current(claim: &Claim, now: Timestamp) -> bool {
    within(claim.last, TTL, now)
}
