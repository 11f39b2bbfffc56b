//! A segment of which everything is known: who answered when, whose clock is how wrong. Its agents tell what agents
//! tell.

use fastrand::Rng;

use super::{
    agent::{Agent, Frame, Kind},
    terms::{ASKER, MS, SECOND, T0, mac, name},
};
use crate::{
    evidence::Event,
    timeline::{Account, Numbered, Witness},
};

/// What is to happen.
#[derive(Clone, Debug)]
pub(in crate::timeline) struct Plan {
    pub(in crate::timeline) seed: u64,
    pub(in crate::timeline) nodes: u8,
    /// The asker has an agent, too: the last node.
    pub(in crate::timeline) router: bool,
    /// Milliseconds from one request to the next, and by how much that differs.
    pub(in crate::timeline) every: (i64, i64),
    /// Clocks are wrong by as much, milliseconds.
    pub(in crate::timeline) skew: i64,
    /// And go wrong by as many ppm.
    pub(in crate::timeline) drift: i64,
    pub(in crate::timeline) moves: Vec<Move>,
}

/// The address goes to the next node.
#[derive(Clone, Copy, Debug)]
pub(in crate::timeline) struct Move {
    /// Milliseconds since the last one.
    pub(in crate::timeline) after: i64,
    /// Milliseconds between the end of the old one and the beginning of the new one.
    pub(in crate::timeline) gap: i64,
}

/// What happened indeed, by true time.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::timeline) struct Truth {
    pub(in crate::timeline) from: u8,
    pub(in crate::timeline) to: u8,
    pub(in crate::timeline) last: i64,
    pub(in crate::timeline) announced: i64,
    pub(in crate::timeline) first: i64,
    pub(in crate::timeline) unanswered: u64,
}

pub(in crate::timeline) struct World {
    pub(in crate::timeline) account: Account,
    pub(in crate::timeline) truths: Vec<Truth>,
    /// To be taken from a node's times to have the true ones.
    pub(in crate::timeline) skews: Vec<i64>,
    /// And so many nanoseconds more each millisecond since [`T0`].
    pub(in crate::timeline) drifts: Vec<i64>,
}

/// Who has the address, from when to when.
struct Reign {
    owner: u8,
    from: i64,
    to: i64,
}

pub(in crate::timeline) fn play(plan: &Plan) -> World {
    let mut rng = Rng::with_seed(plan.seed);
    let owners = plan.nodes - u8::from(plan.router);
    let reigns = reigns(plan, owners);
    let end = reigns.last().map_or(T0, |reign| reign.from) + 15 * SECOND;
    let mut frames = Vec::new();
    let announced = announce(&reigns, end, &mut rng, &mut frames);
    let answered = ask(plan, &reigns, end, &mut rng, &mut frames);
    frames.sort_by_key(|frame| frame.at);

    let skews: Vec<i64> =
        (0..plan.nodes).map(|_| rng.i64(-plan.skew..=plan.skew) * MS + rng.i64(0..MS)).collect();
    let drifts: Vec<i64> = (0..plan.nodes).map(|_| rng.i64(-plan.drift..=plan.drift)).collect();
    let mut agents: Vec<Agent> =
        (0..plan.nodes).map(|node| Agent::new(node, plan.router && node + 1 == plan.nodes)).collect();
    let mut events: Vec<Event> = Vec::new();
    for agent in &mut agents {
        let (skew, drift) = (skews[agent.node as usize], drifts[agent.node as usize]);
        let mut heard: Vec<Frame> = frames.iter().filter(|frame| agent.sees(frame)).copied().collect();
        for frame in &mut heard {
            let own = frame.who == agent.node || (frame.who == ASKER && agent.asks);
            frame.at += skew + (frame.at - T0) / MS * drift + if own { 0 } else { rng.i64(5_000..100_000) };
        }
        heard.sort_by_key(|frame| frame.at);
        for frame in heard {
            agent.frame(frame, &mut events);
        }
    }
    let witnesses = (0..plan.nodes)
        .map(|node| Witness { node: name(node), macs: vec![mac(node)], since: None })
        .collect();
    let truths = truths(&reigns, &announced, &answered);
    let account = Account {
        ip: [192, 0, 2, 1].into(),
        events,
        witnesses,
        absent: Vec::new(),
        numbered: Numbered::ByAddress,
    };
    World { account, truths, skews, drifts }
}

fn reigns(plan: &Plan, owners: u8) -> Vec<Reign> {
    let mut reigns = vec![Reign { owner: 0, from: T0, to: i64::MAX }];
    for (number, Move { after, gap }) in plan.moves.iter().enumerate() {
        let last = reigns.last_mut().unwrap();
        let ends = last.from + after * MS;
        last.to = ends;
        reigns.push(Reign { owner: (number as u8 + 1) % owners, from: ends + gap * MS, to: i64::MAX });
    }
    reigns
}

/// Five rounds of both forms, as long as the reign lasts. Returns when each reign was first announced.
fn announce(reigns: &[Reign], end: i64, rng: &mut Rng, frames: &mut Vec<Frame>) -> Vec<i64> {
    let mut firsts = Vec::new();
    for Reign { owner, from, to } in reigns {
        firsts.push(*from);
        for round in 0..5 {
            let at = from + round * 1_100 * MS + rng.i64(0..300_000) * i64::from(round > 0);
            if at < *to && at < end {
                frames.push(Frame { at, who: *owner, kind: Kind::Announces(true) });
                frames.push(Frame {
                    at: at + rng.i64(10_000..50_000),
                    who: *owner,
                    kind: Kind::Announces(false),
                });
            }
        }
    }
    firsts
}

/// Requests, and the answers to them. Returns when each reign answered, and of each request whether anybody did.
fn ask(
    plan: &Plan,
    reigns: &[Reign],
    end: i64,
    rng: &mut Rng,
    frames: &mut Vec<Frame>,
) -> Vec<(i64, Vec<(usize, i64)>)> {
    let mut asked = Vec::new();
    let mut at = T0 + 300 * MS;
    while at < end {
        frames.push(Frame { at, who: ASKER, kind: Kind::Asks });
        let mut answers = Vec::new();
        for (number, reign) in reigns.iter().enumerate() {
            if (reign.from..reign.to).contains(&at) {
                let reply = at + rng.i64(150_000..400_000);
                frames.push(Frame { at: reply, who: reign.owner, kind: Kind::Replies });
                answers.push((number, reply));
            }
        }
        asked.push((at, answers));
        let (every, differs) = plan.every;
        at += every * MS + if differs > 0 { rng.i64(0..differs * MS) } else { 0 };
    }
    asked
}

fn truths(reigns: &[Reign], announced: &[i64], asked: &[(i64, Vec<(usize, i64)>)]) -> Vec<Truth> {
    let of = |reign: usize| {
        asked.iter().flat_map(|(_, answers)| answers).filter(move |(by, _)| *by == reign).map(|(_, at)| *at)
    };
    let truth = |number: usize| {
        let (last, first) = (of(number - 1).max()?, of(number).min()?);
        let unanswered =
            asked.iter().filter(|(at, answers)| answers.is_empty() && *at > last && *at < first).count()
                as u64;
        let (from, to) = (reigns[number - 1].owner, reigns[number].owner);
        Some(Truth { from, to, last, announced: announced[number], first, unanswered })
    };
    (1..reigns.len()).filter_map(truth).collect()
}
