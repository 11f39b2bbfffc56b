//! Pauses that no event of the kernel's ends: what an agent notes of them late.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{
    few, holds, plans,
    terms::{MS, T0, name, stamp},
    world::{World, play},
};
use crate::{
    evidence::{Claimed, Event, What},
    timeline::{Account, Handover, Kind, timeline},
};

/// Puts an event about the replies that a node sees into its history: when it was noted, and of when it is.
pub(in crate::timeline) fn note(
    account: &mut Account,
    node: &str,
    (noted, at): (Timestamp, Timestamp),
    what: fn(Claimed) -> What,
) {
    let own = |event: &&Event| event.node == node && event.at <= at;
    let reply = account.events.iter().filter(own).find_map(|event| match &event.what {
        What::Reply(claimed) => Some((event, claimed)),
        _ => None,
    });
    let (event, claimed) = reply.expect("it replied before");
    let counts = account.events.iter().filter(own).filter_map(|event| match &event.what {
        What::Request(asked) => Some(asked.count),
        _ => None,
    });
    let what = what(Claimed { asked: counts.max(), ..claimed.clone() });
    let mut event = Event { at, what, ..event.clone() };
    let mut later: Vec<_> =
        account.events.iter_mut().filter(|other| other.node == node && other.at > noted).collect();
    event.seq = later.iter().map(|event| event.seq).min().expect("something comes later");
    for event in &mut later {
        event.seq += 1;
    }
    account.events.push(event);
}

/// What matters of handovers other than interruptions.
fn figures(handovers: &[Handover]) -> Vec<impl PartialEq + std::fmt::Debug> {
    let others = handovers.iter().filter(|handover| handover.kind != Kind::Interrupted);
    others.map(|of| (of.kind, of.from.clone(), of.to.clone(), of.gap_ns, of.unanswered.clone())).collect()
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn a_pause_has_no_figure_and_changes_none(plan in plans(1..4), began in 6_000_i64..9_000, lasted in 3_000_i64..9_000) {
        let World { mut account, truths, skews, drifts } = play(&plan);
        let full = timeline(&account);
        let by_clock = |ms: i64| stamp(T0 + ms * MS + skews[0] + ms * drifts[0]);
        // It is over, and noted, before the address goes to somebody else.
        let over = began + lasted + 3_000;
        prop_assume!(truths.first().is_some_and(|truth| truth.last > T0 + (over + 3_000) * MS));
        note(&mut account, &name(0), (by_clock(began + 3_000), by_clock(began)), What::LastReply);
        note(&mut account, &name(0), (by_clock(over), by_clock(over - 100)), What::ReplyAgain);
        let told = timeline(&account);
        let world = World { account, truths, skews, drifts };
        holds(&world, &told);
        let interrupted: Vec<_> = told.handovers.iter().filter(|of| of.kind == Kind::Interrupted).collect();
        prop_assert!(matches!(interrupted[..], [Handover { gap_ns: None, .. }]), "{:#?}", told);
        prop_assert_eq!(figures(&told.handovers), figures(&full.handovers));
    }
}
