//! Much history takes little time.

use std::time::Instant;

use crate::timeline::{
    timeline,
    truth::world::{Move, Plan, play},
};

/// Prints how long it took; nothing asserts a time, only that it is told in full.
#[test]
fn two_hundred_handovers_are_told_at_once() {
    for after in [8_000, 70_000] {
        let moves = vec![Move { after, gap: 40 }; 200];
        let plan = Plan { seed: 1, nodes: 4, router: false, every: (500, 30), skew: 3_000, drift: 20, moves };
        let world = play(&plan);
        let began = Instant::now();
        let told = timeline(&world.account);
        println!(
            "{} events, {} handovers: {:?}",
            world.account.events.len(),
            told.handovers.len(),
            began.elapsed()
        );
        assert_eq!(told.handovers.len(), 201);
        assert!(told.handovers[1..].iter().all(|handover| handover.gap_ns.is_some()));
    }
}
