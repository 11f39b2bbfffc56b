//! Timelines held against worlds of which the truth is known.

pub(super) mod agent;
pub(super) mod pauses;
pub(super) mod terms;
pub(super) mod world;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Account, Handover, Kind, NodeClock, StepKind, Timeline, timeline};
use crate::evidence::Event;
use terms::{MS, T0, mac, name};
use world::{Move, Plan, Truth, World, play};

/// What a frame takes, which clocks know nothing of.
const ON_THE_WAY: i64 = 200_000;

fn plans(moves: std::ops::Range<usize>) -> impl Strategy<Value = Plan> {
    let one = (8_000_i64..40_000, prop_oneof![-300_i64..0, 0_i64..50, 50_i64..3_000]);
    let moves = prop::collection::vec(one.prop_map(|(after, gap)| Move { after, gap }), moves);
    let every = (prop_oneof![Just(120_i64), 20_i64..400], prop_oneof![Just(0_i64), 1_i64..60]);
    (any::<u64>(), 2_u8..5, any::<bool>(), every, (0_i64..=4_000, 0_i64..=30), moves).prop_map(
        |(seed, nodes, router, every, (skew, drift), moves)| Plan {
            seed,
            nodes: nodes + u8::from(router),
            router,
            every,
            skew,
            drift,
            moves,
        },
    )
}

/// Every figure that is given is true, and so is every clock.
fn holds(world: &World, told: &Timeline) {
    clocks_hold(world, told);
    for handover in &told.handovers {
        let truth = truth_of(world, told, handover);
        let Some(gap) = handover.gap_ns else { continue };
        let Some(truth) = truth else {
            panic!("a gap in what never happened: {handover:#?}\n{:#?}", world.truths)
        };
        let error = handover.error_ns.map_or(0, u64::cast_signed) + ON_THE_WAY;
        let real = truth.first - truth.last;
        assert!((gap - real).abs() <= error, "gap {gap} ± {error}, in truth {real}: {truth:?} {handover:#?}");
        if let Some(unanswered) = &handover.unanswered {
            let range = unanswered.least..=unanswered.most;
            assert!(range.contains(&truth.unanswered), "{unanswered:?}, in truth {truth:?} {handover:#?}");
        }
    }
}

fn clocks_hold(world: &World, told: &Timeline) {
    let number = |clock: &NodeClock| clock.node[1..].parse::<usize>().unwrap();
    let Some(reference) = told.clocks.iter().find(|clock| clock.reference) else { return };
    let last = world.account.events.iter().map(|event| event.at.as_nanosecond() as i64).max().unwrap_or(T0);
    for clock in &told.clocks {
        let Some(error) = clock.error_ns else { continue };
        let apart = |of: &[i64]| of[number(reference)] - of[number(clock)];
        // True of some time from the beginning to the end: clocks drift.
        let real = apart(&world.skews);
        let drift = (last - T0) / MS * apart(&world.drifts);
        let off = clock.offset_ns - clock.offset_ns.clamp(real.min(real + drift), real.max(real + drift));
        assert!(off.unsigned_abs() <= error, "{clock:?} is off by {off}: {told:#?}");
    }
}

/// What happened at the time of a handover between these two.
fn truth_of<'w>(world: &'w World, told: &Timeline, handover: &Handover) -> Option<&'w Truth> {
    let reference = told.clocks.iter().find(|clock| clock.reference)?;
    let skew = world.skews[reference.node[1..].parse::<usize>().ok()?];
    let at = |time: Timestamp| time.as_nanosecond() as i64 - skew;
    let (from, to) = (handover.from.as_ref()?.mac, handover.to.as_ref()?.mac);
    let (began, ended) = (at(handover.began), at(handover.ended));
    let slack = 8_000 * MS;
    world.truths.iter().filter(|truth| (mac(truth.from), mac(truth.to)) == (from, to)).find(|truth| {
        truth.first.min(truth.announced) <= ended + slack && truth.last.max(truth.announced) >= began - slack
    })
}

/// Few worlds, as each is a large one; `PROPTEST_CASES=5000` plays more.
fn few() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn what_is_told_in_full_is_told_truly(plan in plans(1..5)) {
        let world = play(&plan);
        let told = timeline(&world.account);
        prop_assert_eq!(&told.incomplete, &Vec::<String>::new());
        holds(&world, &told);
        let turns: Vec<_> = told.handovers.iter().filter(|h| h.kind != Kind::First).collect();
        prop_assert_eq!(turns.len(), world.truths.len(), "{:#?} {:#?}", turns, world.truths);
        for (handover, truth) in turns.iter().zip(&world.truths) {
            let parties = [&handover.from, &handover.to].map(|party| party.as_ref().and_then(|party| party.node.clone()));
            prop_assert_eq!(parties, [truth.from, truth.to].map(|node| Some(name(node))));
            prop_assert!(handover.gap_ns.is_some(), "{:#?}", handover);
            prop_assert!(handover.unanswered.is_some(), "{:#?}", handover);
            prop_assert!(handover.error_ns.is_some_and(|error| error <= 5_000_000), "{:#?}", handover);
            let rounds = handover.steps.iter().filter(|step| step.kind == StepKind::Announcement);
            prop_assert!(rounds.clone().count() >= 5 || truth.from == truth.to, "{:#?}", handover);
        }
    }

    #[test]
    fn neither_order_nor_repetition_matters(plan in plans(1..4), seed in any::<u64>()) {
        let World { mut account, .. } = play(&plan);
        let told = timeline(&account);
        let mut rng = fastrand::Rng::with_seed(seed);
        let again: Vec<Event> = account.events.iter().filter(|_| rng.u8(..) < 60).cloned().collect();
        account.events.extend(again);
        rng.shuffle(&mut account.events);
        prop_assert_eq!(timeline(&account), told);
    }

    #[test]
    fn lost_events_make_it_incomplete_and_never_wrong(plan in plans(1..4), seed in any::<u64>(), of_256 in 1_u8..120) {
        let mut world = play(&plan);
        let full = timeline(&world.account);
        let mut rng = fastrand::Rng::with_seed(seed);
        let ends = ends(&world.account);
        world.account.events.retain(|event| rng.u8(..) >= of_256 || ends.contains(&(event.node.clone(), event.seq)));
        let told = timeline(&world.account);
        holds(&world, &told);
        prop_assert!(told == full || !told.incomplete.is_empty());
    }
}

/// The last event of each node, whose loss nothing shows.
fn ends(account: &Account) -> Vec<(String, u64)> {
    let mut ends = std::collections::BTreeMap::new();
    for event in &account.events {
        let end = ends.entry(event.node.clone()).or_insert(0);
        *end = event.seq.max(*end);
    }
    ends.into_iter().collect()
}
