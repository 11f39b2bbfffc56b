//! Valid frames with random damage: whatever comes out, kernel and user space read the same.

use std::collections::BTreeMap;
use std::iter;

use anyhow::Result;
use fastrand::Rng;
use l2witness_ebpf::layout::Direction;
use l2witness_tests::kernel::model::{self, Sender};
use l2witness_tests::kernel::{Context, NEXT, Outcome, takes};

use crate::case::{OWN, WATCHED, mac};
use crate::{in_kernel, table};

const MUTATIONS: usize = 20_000;

/// Fixed, so that a failure comes again; any other must do as well.
const SEED: u64 = 0x6c32_7769_746e_6573;

#[test]
fn kernel_and_user_space_agree_on_every_damaged_frame() -> Result<()> {
    in_kernel(|kernel| {
        let mut rng = Rng::with_seed(SEED);
        let seeds: Vec<_> = table().into_iter().map(|case| case.frame).collect();
        let mut seen = BTreeMap::<&str, usize>::new();
        let mutations = iter::repeat_with(|| mutation(&mut rng, &seeds)).filter(|frame| takes(frame));
        let frames: Vec<_> = mutations.take(MUTATIONS).collect();
        for (number, frame) in frames.into_iter().enumerate() {
            let (direction, sender) = match rng.u8(0..4) {
                0 => (Direction::Sent, Sender::Elsewhere),
                1 => (Direction::Sent, Sender::TestRun),
                _ => (Direction::Received, Sender::TestRun),
            };
            let place = model::Place { watched: &WATCHED, own: mac(OWN), sender };
            let expected = model::outcome(&place, direction, &frame);

            let context = Context { ingress_ifindex: u32::from(sender == Sender::Elsewhere) };
            let verdict = kernel.run_as(direction, &frame, context)?;

            assert_eq!(verdict, NEXT, "mutation {number}: {frame:02x?}");
            assert_eq!(kernel.outcome()?, expected, "mutation {number}, {direction:?}: {frame:02x?}");
            *seen.entry(kind(&expected)).or_default() += 1;
        }
        eprintln!("{seen:?}");
        // The damage must neither be too little nor too much to find anything.
        for kind in ["nothing", "ignored", "evidence"] {
            assert!(seen.get(kind).is_some_and(|count| *count > MUTATIONS / 20), "{seen:?}");
        }
        Ok(())
    })
}

/// One to four changes, of which most go where the headers are.
pub(crate) fn mutation(rng: &mut Rng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut frame = rng.choice(seeds).cloned().unwrap_or_default();
    for _ in 0..rng.usize(1..=4) {
        match rng.u8(0..16) {
            0 => frame.truncate(rng.usize(14..=frame.len())),
            1 => frame.extend(iter::repeat_with(|| rng.u8(..)).take(64)),
            2 => frame.extend([0; 18]),
            3..=7 => {
                let at = rng.usize(..frame.len());
                frame[at] ^= 1 << rng.u8(0..8);
            }
            8..=11 => {
                let at = rng.usize(12..=frame.len().clamp(13, 100)).min(frame.len() - 1);
                frame[at] =
                    rng.choice([0, 1, 2, 4, 6, 8, 43, 44, 51, 58, 60, 0x81, 0x86, 0xdd, 0xff]).unwrap_or(0);
            }
            12..=13 => {
                let at = rng.usize(..frame.len());
                frame[at] = rng.u8(..);
            }
            _ => {
                let other = rng.choice(seeds).cloned().unwrap_or_default();
                let at = rng.usize(14..=frame.len().min(other.len()));
                frame.truncate(at);
                frame.extend(&other[at..]);
            }
        }
    }
    frame
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        _ if *outcome == Outcome::default() => "nothing",
        Outcome { ignored, .. } if !ignored.is_empty() => "ignored",
        _ => "evidence",
    }
}
