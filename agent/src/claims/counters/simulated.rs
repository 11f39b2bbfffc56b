//! A speaker, a wire and a reader that never meet, at random: whoever counts exactly is never said to differ,
//! whatever passes while both are read, what is lost is found to the frame, and no total ever falls.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use fastrand::Rng;
use jiff::Timestamp;

use super::{Basis, Comparison, Moment, Witnessed};
use crate::{
    claims::speaker::Counted,
    evidence::{Because, Compared, Counter},
};

/// All times are milliseconds. The speaker handles a frame within this time.
const LAG: u64 = 200;
/// From reading the wire to reading the speaker (`serve/claims.rs`).
const PAUSE: u64 = 250;
/// From reading to reading.
const INTERVAL: u64 = 15_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A request reaches the node.
    Request,
    /// One that gets lost before the speaker's socket.
    Lost,
    /// The speaker's process, by its number, takes a request from its socket.
    Handle(u32),
    /// It has sent the answer, and counts.
    Answered(u32),
    /// It sends a round of announcements.
    Round(u32),
    Rounded(u32),
    /// It takes or leaves the IP; its gauge follows.
    Own,
    Disown,
    Gauge(bool),
    Restart,
    /// The agent's programs are attached anew.
    Attach,
    /// Of a reading: the wire, the speaker, the wire.
    Before,
    Read,
    After,
}

struct World {
    rng: Rng,
    start: Instant,
    now: u64,
    queue: BinaryHeap<Reverse<(u64, Event)>>,
    wire: Witnessed,
    counted: Counted,
    process: u32,
    owned: bool,
    gauge: bool,
    reading: (Witnessed, Counted, bool, u32),
    comparison: Option<Comparison>,
    /// What was told last.
    told: Vec<Compared>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            rng: Rng::with_seed(seed),
            start: Instant::now(),
            now: 0,
            queue: BinaryHeap::new(),
            wire: Witnessed { basis: Basis { ports: vec![1], ..Basis::default() }, ..Witnessed::default() },
            counted: Counted::default(),
            process: 1,
            owned: false,
            gauge: false,
            reading: (Witnessed::default(), Counted::default(), false, 0),
            comparison: None,
            told: Vec::new(),
        };
        world.at(0, Event::Own);
        world
    }

    fn at(&mut self, time: u64, event: Event) {
        self.queue.push(Reverse((time, event)));
    }

    fn soon(&mut self, within: u64, event: Event) {
        let time = self.now + self.rng.u64(0..within);
        self.at(time, event);
    }

    /// So many readings, at their own pace.
    fn readings(&mut self, from: u64, count: u64) -> u64 {
        for number in 0..count {
            let before = from + number * INTERVAL + self.rng.u64(0..100);
            let read = before + PAUSE + self.rng.u64(0..300);
            let after = read + self.rng.u64(0..300);
            self.at(before, Event::Before);
            self.at(read, Event::Read);
            self.at(after, Event::After);
        }
        from + count * INTERVAL
    }

    fn traffic(&mut self, from: u64, to: u64, count: u64, event: Event) {
        for _ in 0..count {
            let time = self.rng.u64(from..to);
            self.at(time, event);
        }
    }

    fn run(&mut self) {
        while let Some(Reverse((time, event))) = self.queue.pop() {
            self.now = time;
            self.happen(event);
        }
    }

    fn happen(&mut self, event: Event) {
        let add = |to: &mut Option<u64>, count| *to = Some(to.unwrap_or(0) + count);
        match event {
            Event::Lost => self.wire.requests_received += 1,
            Event::Request => {
                self.wire.requests_received += 1;
                self.soon(LAG, Event::Handle(self.process));
            }
            Event::Handle(process) if process == self.process && self.owned => {
                add(&mut self.counted.requests_received, 1);
                self.wire.responses_sent += 1;
                self.soon(LAG, Event::Answered(process));
            }
            Event::Answered(process) if process == self.process => add(&mut self.counted.responses_sent, 1),
            Event::Round(process) if process == self.process && self.owned => {
                self.wire.gratuitous_sent += 2;
                self.soon(LAG, Event::Rounded(process));
            }
            Event::Rounded(process) if process == self.process => add(&mut self.counted.gratuitous_sent, 2),
            Event::Handle(_) | Event::Answered(_) | Event::Round(_) | Event::Rounded(_) => {}
            Event::Own => {
                if !self.owned {
                    self.owned = true;
                    self.soon(5, Event::Gauge(true));
                }
                for round in 0..5 {
                    self.at(self.now + round * 1100, Event::Round(self.process));
                }
            }
            Event::Disown => {
                self.owned = false;
                self.soon(5, Event::Gauge(false));
            }
            Event::Gauge(up) => self.gauge = up && self.owned,
            Event::Restart => {
                (self.counted, self.owned, self.gauge) = (Counted::default(), false, false);
                self.process += 1;
                self.soon(3000, Event::Own);
            }
            Event::Attach => {
                let ports = vec![self.wire.basis.ports[0] + 1];
                self.wire = Witnessed { basis: Basis { ports, ..Basis::default() }, ..Witnessed::default() };
            }
            Event::Before => self.reading.0 = self.wire.clone(),
            Event::Read => {
                (self.reading.1, self.reading.2, self.reading.3) = (self.counted, self.gauge, self.process);
            }
            Event::After => self.compare(),
        }
    }

    fn compare(&mut self) {
        let (before, counted, announced, process) = self.reading.clone();
        let moment = Moment {
            ip: [192, 0, 2, 1].into(),
            at: self.start + Duration::from_millis(self.now),
            started: Timestamp::from_second(i64::from(process) * 60).ok(),
            counted,
            announced,
            before,
            after: self.wire.clone(),
        };
        match &mut self.comparison {
            Some(comparison) => comparison.step(moment),
            None => self.comparison = Some(Comparison::new(moment)),
        }
        let told = self.comparison.iter().flat_map(|of| of.compared(&|_| Timestamp::UNIX_EPOCH)).collect();
        for before in std::mem::replace(&mut self.told, told) {
            let now = self.compared(before.counter).unwrap();
            assert!(now.speaker >= before.speaker && now.wire >= before.wire, "{before:?}, then {now:?}");
        }
    }

    fn compared(&self, counter: Counter) -> Option<Compared> {
        self.told.iter().find(|compared| compared.counter == counter).cloned()
    }
}

#[test]
fn exact_counting_never_differs_whatever_happens_meanwhile() {
    let mut windows = 0;
    for seed in 0..400 {
        let mut world = World::new(seed);
        let end = world.readings(3000, 40);
        let rate = world.rng.u64(0..4000);
        world.traffic(0, end, rate, Event::Request);
        for (event, most) in
            [(Event::Own, 8), (Event::Disown, 6), (Event::Restart, 3), (Event::Attach, 2), (Event::Own, 4)]
        {
            let count = world.rng.u64(0..=most);
            world.traffic(0, end, count, event);
        }
        // Gone and back within a moment, as when endpoints flap.
        for _ in 0..world.rng.u64(0..4) {
            let time = world.rng.u64(0..end);
            world.at(time, Event::Disown);
            let back = time + world.rng.u64(1..2000);
            world.at(back, Event::Own);
        }
        world.run();
        for counter in Counter::ALL {
            let Some(compared) = world.compared(counter) else { continue };
            windows += compared.speaker;
            assert_eq!((compared.difference, compared.reason), (0, None), "seed {seed}: {compared:?}");
            assert_eq!(compared.speaker, compared.wire, "seed {seed}");
        }
    }
    assert!(windows > 100_000, "there was something to compare: {windows}");
}

#[test]
fn what_is_lost_is_found_to_the_frame() {
    for seed in 0..200 {
        let mut world = World::new(seed);
        let lost = world.rng.u64(1..500);
        // The first burst is over, and both ends are quiet, as most IPs are most of the time.
        let quiet = world.readings(10_000, 2);
        let busy = world.readings(quiet, 6);
        world.readings(busy, 3);
        let rate = world.rng.u64(0..3000);
        world.traffic(quiet, busy - 2 * LAG, rate, Event::Request);
        world.traffic(quiet, busy - 2 * LAG, lost, Event::Lost);
        world.run();

        let requests = world.compared(Counter::RequestsReceived).unwrap();
        assert_eq!(requests.difference, -lost.cast_signed(), "seed {seed}: {requests:?}");
        assert_eq!((requests.speaker, requests.wire), (rate, rate + lost), "seed {seed}");
        assert_eq!(requests.reason, Some(Because::NotDelivered), "seed {seed}");
        for counter in [Counter::ResponsesSent, Counter::GratuitousSent] {
            assert_eq!(world.compared(counter).unwrap().difference, 0, "seed {seed}");
        }
    }
}

#[test]
fn ten_thousand_requests_are_the_same_ten_thousand_to_both() {
    let mut world = World::new(7);
    let quiet = world.readings(10_000, 1);
    let busy = world.readings(quiet, 4);
    world.readings(busy, 2);
    world.traffic(quiet, busy, 10_000, Event::Request);
    world.run();
    for counter in [Counter::RequestsReceived, Counter::ResponsesSent] {
        let compared = world.compared(counter).unwrap();
        assert_eq!((compared.speaker, compared.wire, compared.difference), (10_000, 10_000, 0));
    }
}
