//! What stays when there is more than there is room for, and what a gap is.

use jiff::Timestamp;

use super::{
    super::{
        kept::Kept,
        sample::{announces, asks, asks_on, at, cause, claimed, last_reply, replies},
    },
    *,
};
use crate::{cluster::Words, evidence::What};

/// The events of one LB IP, given as millisecond and what.
#[derive(Default)]
struct Row {
    rings: Rings,
    names: Words,
    seq: u64,
    gaps: Vec<i64>,
}

impl Row {
    fn push(&mut self, millisecond: i64, what: What) {
        self.put(at(millisecond), what);
    }

    fn put(&mut self, at: Timestamp, what: What) {
        self.seq += 1;
        let kept = Kept::new(self.seq, at, what, &mut self.names);
        let gap = self.rings.push(kept, Room::of(64));
        self.gaps.extend(gap.map(|gap| gap.lasted / 1_000_000));
    }

    fn seqs(&self, ring: Ring) -> Vec<u64> {
        self.rings.ring(ring).iter().map(|kept| kept.seq).collect()
    }
}

#[test]
fn a_flood_of_requests_pushes_out_requests_only() {
    let mut row = Row::default();
    row.push(0, cause());
    for round in 0..5 {
        row.push(1000 + 1100 * round, announces(3, 0));
    }
    row.push(6000, replies(1));
    let handover = row.seqs(Ring::Handovers);
    assert_eq!(handover, [1, 2, 3, 4, 5, 6, 7]);
    for count in 0..10_000 {
        row.push(200_000 + count, asks(count as u64));
    }
    assert_eq!(row.seqs(Ring::Handovers), handover);
    assert_eq!(row.seqs(Ring::Routine), (9992..=10_007).collect::<Vec<_>>());
    let newest = i64::try_from(at(200_000 + 9983).as_nanosecond()).unwrap();
    assert_eq!(row.rings.dropped(Ring::Routine), Dropped { count: 9984, seq: 9991, at: newest });
    assert_eq!(row.rings.dropped(Ring::Handovers), Dropped::default());
}

#[test]
fn requests_around_a_handover_stay_with_it() {
    let mut row = Row::default();
    for count in 1..=10 {
        row.push(100 * count, asks(count as u64));
    }
    // The last three were not answered.
    row.push(701, last_reply(7));
    row.push(1050, announces(3, 10));
    assert_eq!(row.seqs(Ring::Handovers), [8, 9, 10, 11, 12]);
    for count in 11..=100 {
        row.push(100 * count, asks(count as u64));
    }
    let next: Vec<_> = (8..=28).collect();
    assert_eq!(row.seqs(Ring::Handovers), next);
    // Those of the next one, out of a flood: the first that nobody answered, and the last ones.
    row.push(8550, last_reply(85));
    let unanswered = row.seqs(Ring::Handovers).split_off(next.len());
    assert_eq!(unanswered, (88..=102).chain([103]).collect::<Vec<_>>());
    assert!(row.rings.ring(Ring::Handovers).iter().is_sorted_by_key(|kept| kept.seq));
}

#[test]
fn a_reply_after_mere_silence_is_routine() {
    let mut row = Row::default();
    row.push(0, replies(1));
    row.push(20_000, replies(2));
    row.push(40_000, replies(3));
    row.push(150_000, announces(2, 3));
    row.push(150_100, replies(4));
    row.push(170_000, replies(5));
    assert_eq!(row.seqs(Ring::Handovers), [1, 4, 5]);
    assert_eq!(row.seqs(Ring::Routine), [2, 3, 6]);
}

#[test]
fn a_gap_is_from_the_first_unanswered_request_to_the_heir_s_first_announcement() {
    // Requests as (millisecond, count), the last reply and the count at it, the announcement and its.
    type Scene = (&'static str, &'static [(i64, u64)], (i64, u64), (i64, u64), i64);
    let table: &[Scene] = &[
        ("nobody asked", &[], (500, 4), (3000, 4), 0),
        ("all were answered", &[(100, 1), (400, 2)], (401, 2), (3000, 2), 0),
        ("one was not", &[(400, 2), (1000, 3)], (401, 2), (3000, 3), 2000),
        ("two were not", &[(400, 2), (1000, 3), (2000, 4)], (401, 2), (3000, 4), 2000),
        ("the first one has no event", &[(400, 2), (1000, 5)], (401, 2), (3000, 5), 2599),
        ("none has", &[(400, 2)], (401, 2), (3000, 9), 2599),
        ("the heir was first", &[(400, 2)], (401, 2), (300, 2), 0),
    ];
    for (name, requests, (replied, asked), (announced, by_then), gap) in table {
        let mut row = Row::default();
        for (millisecond, count) in *requests {
            row.push(*millisecond, asks(*count));
        }
        row.push(*replied, last_reply(*asked));
        for round in 0..5 {
            row.push(*announced + round, announces(3, *by_then));
        }
        assert_eq!(row.gaps, [*gap], "{name}");
    }
}

#[test]
fn each_interface_counts_for_itself() {
    let mut row = Row::default();
    row.push(600, asks_on("eth1", 5));
    row.push(1000, asks(5));
    row.push(500, last_reply(4));
    row.push(3000, announces(3, 5));
    assert_eq!(row.gaps, [2000]);
}

#[test]
fn only_a_node_that_lost_the_address_tells_of_a_gap_and_once_a_handover() {
    let mut row = Row::default();
    row.push(0, announces(2, 0));
    row.push(100, announces(3, 0));
    assert_eq!(row.gaps, [0_i64; 0]);
    row.push(1000, last_reply(4));
    // Its own announcement is no heir's.
    row.push(1001, announces(2, 5));
    row.push(2000, announces(3, 5));
    assert_eq!(row.gaps, [1000]);
    // It answers the heir's announcement, and loses again.
    row.push(2001, last_reply(5));
    row.push(3000, announces(3, 6));
    assert_eq!(row.gaps, [1000]);
    row.push(60_000, last_reply(9));
    row.push(60_500, announces(3, 10));
    assert_eq!(row.gaps, [1000, 500]);
}

#[test]
fn a_loss_that_shows_at_a_later_round_was_none_before_the_first() {
    let mut row = Row::default();
    row.push(0, announces(2, 0));
    row.push(10_000, announces(3, 10));
    // It still answered that one and the next request.
    row.push(10_050, last_reply(11));
    row.push(11_100, announces(3, 20));
    assert_eq!(row.gaps, [0]);
}

#[test]
fn another_heir_is_another_burst_and_one_that_was_not_heard_has_no_gap() {
    let mut row = Row::default();
    row.push(0, announces(2, 0));
    row.push(10_000, announces(3, 10));
    // It stays the owner until this, and then somebody else comes.
    row.push(14_000, last_reply(11));
    row.push(14_900, announces(4, 20));
    assert_eq!(row.gaps, [900]);

    let mut row = Row::default();
    row.push(0, last_reply(1));
    // Nobody was heard at the time: its link was cut.
    row.push(86_400_000, announces(3, 5));
    assert_eq!(row.gaps, [0_i64; 0]);
}

#[test]
fn a_loss_that_was_taken_back_is_the_beginning_of_no_gap() {
    for again in [replies(1), What::ReplyAgain(claimed(2, true, 1))] {
        let mut row = Row::default();
        row.push(0, last_reply(1));
        row.push(4_000, again);
        row.push(3_600_000, announces(3, 5));
        assert_eq!(row.gaps, [0_i64; 0], "whoever still replies has not lost it yet");
        row.push(3_600_000, last_reply(5));
        row.push(3_601_100, announces(3, 6));
        assert_eq!(row.gaps, [0]);
    }
}
