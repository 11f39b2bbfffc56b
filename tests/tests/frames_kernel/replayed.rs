//! The counting that `l2witness replay` does, beside the kernel's: the same frames at the same times, and in the
//! end the same entries, byte by byte.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use l2witness_ebpf::frame::{self, Protocol, SliceBytes};
use l2witness_ebpf::layout::{Claims, Counter, Direction, Slot, UNANSWERED_NS};
use l2witness_tests::kernel::model::{Books, Moment, Place, Sender};
use l2witness_tests::kernel::{Context, Kernel, takes};
use l2witness_tests::socket::Interface;

use crate::case::{OWN, WATCHED, mac};
use crate::mutated::mutation;
use crate::{in_kernel, table};

const FRAMES: usize = 20_000;

/// Pauses after which what waits is unanswered.
const PAUSES: usize = 20;

/// Fixed, so that a failure comes again; any other must do as well.
const SEED: u64 = 0x7265_706c_6179_6564;

#[test]
fn frame_by_frame_replay_and_kernel_keep_the_same_books() -> Result<()> {
    in_kernel(|kernel| {
        let mut rng = Rng::with_seed(SEED);
        let seeds: Vec<_> = table().into_iter().map(|case| case.frame).collect();
        let mut books = Books::new(WATCHED.len(), Interface::named("eth0")?.index);
        for number in 0..FRAMES {
            let frame = match rng.u8(0..4) {
                0 => mutation(&mut rng, &seeds),
                _ => rng.choice(&seeds).cloned().unwrap_or_default(),
            };
            if !takes(&frame) {
                continue;
            }
            if number % (FRAMES / PAUSES) == 0 {
                thread::sleep(Duration::from_nanos(UNANSWERED_NS));
            }
            let (direction, sender) = way(&mut rng, &frame);
            let context = Context { ingress_ifindex: u32::from(sender == Sender::Elsewhere) };
            kernel.run_as(direction, &frame, context)?;
            let moment = Moment { now: last(kernel)?, cookie: number as u64 + 1 };
            let place = Place { watched: &WATCHED, own: mac(OWN), sender };
            drop(books.frame(&place, direction, &frame, moment));
            if number % 100 == 0 {
                compare(kernel, &books, number)?;
            }
        }
        compare(kernel, &books, FRAMES)?;
        let counted = |counter| -> u64 { books.slots.iter().map(|slot| slot.counts[counter as usize]).sum() };
        assert!(counted(Counter::Unanswered) > PAUSES as u64 / 2, "{:?}", books.slots);
        assert!(counted(Counter::ReplySentSocket) > 0 && counted(Counter::ReplySentForwarded) > 0);
        Ok(())
    })
}

/// The kernel learns from what it sends which socket is its own: with frames of `BPF_PROG_TEST_RUN` it learns
/// something else each time, so Neighbor Discovery is sent by others here.
fn way(rng: &mut Rng, frame: &[u8]) -> (Direction, Sender) {
    let arp = frame::parse(&SliceBytes(frame)).is_ok_and(|message| message.protocol == Protocol::Arp);
    match rng.u8(0..4) {
        0 => (Direction::Sent, Sender::Elsewhere),
        1 if arp => (Direction::Sent, Sender::TestRun),
        _ => (Direction::Received, Sender::TestRun),
    }
}

/// The time by the kernel's clock of the last frame that left one.
fn last(kernel: &Kernel) -> Result<u64> {
    let mut last = 1;
    for index in 0..WATCHED.len() as u32 {
        let (slot, claims) = (kernel.slot(index)?, kernel.claims(index));
        let claimed = claims.local.iter().map(|local| local.last);
        let claimed = claimed.chain(claims.heard.iter().map(|heard| heard.last));
        last = slot.last.into_iter().chain(slot.recent).chain(claimed).fold(last, u64::max);
    }
    Ok(last)
}

fn compare(kernel: &Kernel, books: &Books, number: usize) -> Result<()> {
    for (index, (slot, claims)) in (0..).zip(books.slots.iter().zip(&books.claims)) {
        assert_eq!(
            text(&kernel.slot(index)?, &kernel.claims(index)),
            text(slot, claims),
            "{} after {number} frames",
            WATCHED[index as usize]
        );
    }
    Ok(())
}

/// All but what only the kernel has: sockets, groups, and the token buckets of its events.
fn text(slot: &Slot, claims: &Claims) -> String {
    let mut claims = *claims;
    (claims.event_due, claims.request_due) = (0, 0);
    for local in &mut claims.local {
        (local.cookie, local.cgroup) = (0, 0);
    }
    format!("{slot:#?}\n{claims:#?}")
}
