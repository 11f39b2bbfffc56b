//! `l2witness replay` of both clusters' captures: the handovers, to the microsecond.

use std::fs::File;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use l2witness::evidence::{Claimed, Event, MacAddr, NodeReport, Origin, What};
use l2witness::replay::{Capture, Replay, Watched};
use l2witness::timeline::{Kind, Step, StepKind, Timeline, Unanswered, timeline};
use l2witness::verdict::{Answerer, Coverage, Scope, State, judge, views};
use l2witness_tests::lab::binary;

use crate::capture::path;

const NODES: [&str; 4] = ["n1", "n2", "n3", "rt"];

/// One handover, as `tests/data/README.md` has it.
struct Handover {
    folder: &'static str,
    ip: &'static str,
    from: (&'static str, &'static str),
    to: (&'static str, &'static str),
    /// Last answer, first announcement of either form, first answer, as the router saw them.
    times: [&'static str; 4],
    /// From the last answer to the first, microseconds.
    gap: i64,
    /// Answers of both, as counted on their nodes.
    replies: [u64; 2],
    /// MACs that do not follow from the captures.
    macs: &'static [(&'static str, &'static str)],
}

const HANDOVERS: [Handover; 2] = [
    Handover {
        folder: "metallb-0.8.2-kube-1.17.6",
        ip: "10.77.0.201",
        from: ("n2", "1a:1c:f8:3a:e7:f3"),
        to: ("n3", "d6:a7:d7:8c:a0:62"),
        times: ["06:23:03.413174", "06:23:03.423889", "06:23:03.424246", "06:23:03.537137"],
        gap: 123_963,
        replies: [18, 40],
        // It sent and got nothing by unicast.
        macs: &[("n1", "62:ae:93:b7:e3:fd")],
    },
    Handover {
        folder: "metallb-0.15.3-kube-1.34.4",
        ip: "10.77.0.200",
        from: ("n3", "32:e1:90:7d:72:02"),
        to: ("n1", "d6:18:df:92:8b:cb"),
        times: ["06:55:35.879517", "06:55:35.948903", "06:55:35.948927", "06:55:36.002810"],
        gap: 123_293,
        replies: [18, 62],
        macs: &[],
    },
];

impl Handover {
    fn read(&self, nodes: &[&str]) -> Result<Replay> {
        let mut watched = Watched::new(&[self.ip])?;
        let mut captures = Vec::new();
        for node in nodes {
            let file = File::open(path(&format!("{}/{node}.pcap", self.folder)))?;
            captures.push(((*node).to_owned(), Capture::read(file, "eth0", &mut watched, None)?));
        }
        let macs: Vec<_> = self
            .macs
            .iter()
            .map(|(node, mac)| Ok(((*node).to_owned(), mac.parse()?)))
            .collect::<Result<_>>()?;
        Ok(Replay::new(watched, captures, &macs))
    }

    fn replay(&self, nodes: &[&str]) -> Result<(Vec<Event>, Vec<NodeReport>)> {
        let mut replay = self.read(nodes)?;
        assert_eq!(replay.unowned(), [], "{}: whose MAC is whose", self.folder);
        let mut events = Vec::new();
        replay.run(Some(&mut |event| events.push(event)));
        let end = replay.end().context("no frame")?;
        Ok((events, replay.reports(end)))
    }

    fn timeline(&self, nodes: &[&str]) -> Result<Timeline> {
        let accounts = self.read(nodes)?.accounts();
        ensure!(accounts.len() == 1, "{accounts:?}");
        Ok(timeline(&accounts[0]))
    }

    fn events(&self, node: &str) -> Result<Vec<Event>> {
        let (mut events, _) = self.replay(&NODES)?;
        events.retain(|event| event.node == node);
        Ok(events)
    }

    fn mac(&self, of: (&str, &str)) -> Result<MacAddr> {
        of.1.parse().with_context(|| self.folder)
    }
}

/// `hh:mm:ss.micros`.
fn clock(event: &Event) -> String {
    micros(event.at)
}

fn micros(at: Timestamp) -> String {
    at.strftime("%H:%M:%S.%6f").to_string()
}

/// The claims of that kind by that MAC, with their times.
fn claims(events: &[Event], mac: MacAddr, of: fn(&What) -> Option<&Claimed>) -> Vec<(&Claimed, String)> {
    let claims = events.iter().filter_map(|event| Some((of(&event.what)?, clock(event))));
    claims.filter(|(claimed, _)| claimed.mac == mac).collect()
}

const fn reply(what: &What) -> Option<&Claimed> {
    if let What::Reply(claimed) = what { Some(claimed) } else { None }
}

const fn last_reply(what: &What) -> Option<&Claimed> {
    if let What::LastReply(claimed) = what { Some(claimed) } else { None }
}

const fn announcement(what: &What) -> Option<&Claimed> {
    if let What::Announcement(claimed) = what { Some(claimed) } else { None }
}

#[test]
fn the_router_saw_each_handover_at_the_documented_microsecond() -> Result<()> {
    for handover in &HANDOVERS {
        let events = handover.events("rt")?;
        let (from, to) = (handover.mac(handover.from)?, handover.mac(handover.to)?);
        let [last, asks, says, first] = handover.times;

        let ends = claims(&events, from, last_reply);
        assert_eq!(ends.iter().map(|(_, at)| at.as_str()).collect::<Vec<_>>(), [last], "{}", handover.folder);
        let announced = claims(&events, to, announcement);
        assert_eq!([&announced[0].1, &announced[1].1], [asks, says]);
        assert_eq!(claims(&events, to, reply)[0].1, first);
        assert_eq!(claims(&events, to, last_reply), []);
    }
    Ok(())
}

#[test]
fn the_announcements_are_five_rounds_of_both_forms_a_good_second_apart() -> Result<()> {
    for handover in &HANDOVERS {
        let (name, _) = handover.to;
        for (node, sent) in NODES.map(|node| (node, node == name)) {
            let events = handover.events(node)?;
            let announced: Vec<_> =
                events.iter().filter(|event| announcement(&event.what).is_some()).collect();
            let forms: Vec<_> =
                announced.iter().map(|event| announcement(&event.what)?.form.as_deref()).collect();
            assert_eq!(forms, [Some("request"), Some("reply")].repeat(5), "{node}");
            for event in &announced {
                let claimed = announcement(&event.what).context("no announcement")?;
                assert_eq!((claimed.sent, claimed.origin), (sent, sent.then_some(Origin::Socket)), "{node}");
            }
            for pair in announced.chunks(2).collect::<Vec<_>>().windows(2) {
                let apart = pair[1][0].at.duration_since(pair[0][0].at).as_millis();
                assert!((1050..1150).contains(&apart), "{node}: {apart} ms");
            }
        }
    }
    Ok(())
}

/// Nobody's request fell into the gap: each was answered before the next.
#[test]
fn every_request_is_told_on_every_node_that_heard_it() -> Result<()> {
    for handover in &HANDOVERS {
        for node in NODES {
            let events = handover.events(node)?;
            let asked = events.iter().filter_map(|event| match &event.what {
                What::Request(asked) => Some(asked),
                _ => None,
            });
            let asked: Vec<_> = asked.collect();
            let all = handover.replies.iter().sum::<u64>();
            assert_eq!(asked.len() as u64, all, "{node}");
            assert!(asked.iter().zip(1..).all(|(asked, number)| asked.count == number), "{node}");
        }
    }
    Ok(())
}

#[test]
fn each_owner_s_capture_says_who_sent_what() -> Result<()> {
    for handover in &HANDOVERS {
        let (_, reports) = handover.replay(&NODES)?;
        for ((node, mac), replies) in [handover.from, handover.to].into_iter().zip(handover.replies) {
            let report = reports.iter().find(|report| report.node == node).context("no report")?;
            let [local] = report.lb_ips[0].local.as_slice() else { panic!("{:?}", report.lb_ips[0].local) };
            assert_eq!((local.mac.to_string().as_str(), local.origin), (mac, Origin::Socket));
            assert_eq!(local.replies, replies, "{node}");
            let on = &report.lb_ips[0].interfaces[0];
            assert_eq!(on.requests.group, handover.replies.iter().sum::<u64>(), "{node}");
            assert_eq!(on.latency.buckets.iter().sum::<u64>(), replies, "{node}");
        }
        // Frames of the one or the other that all of them heard.
        let heard =
            |name: &str| reports.iter().find(|report| report.node == name).map(|r| r.lb_ips[0].heard.len());
        assert_eq!(heard("rt"), Some(2));
    }
    Ok(())
}

#[test]
fn in_the_end_the_new_owner_answers_and_has_taken_over() -> Result<()> {
    for handover in &HANDOVERS {
        let (_, reports) = handover.replay(&NODES)?;
        let now = reports[0].time;
        let coverage = Coverage { scope: Scope::Agents, asked: 4, replied: 4, failed: Vec::new() };
        let views = views(&reports, &coverage, now);
        let [view] = views.as_slice() else { panic!("{views:?}") };
        let states: Vec<(&str, State)> =
            view.answerers.iter().map(|Answerer { node, state, .. }| (node.as_str(), *state)).collect();
        assert_eq!(states, [(handover.to.0, State::Answering), (handover.from.0, State::Superseded)]);
        assert!(view.foreign.is_empty());
        let names: Vec<_> = judge(view, now).iter().map(|finding| finding.verdict.name).collect();
        assert_eq!(names, ["HANDOVER"], "{}", handover.folder);
    }
    Ok(())
}

#[test]
fn the_timeline_has_the_handover_to_the_microsecond() -> Result<()> {
    for handover in &HANDOVERS {
        let told = handover.timeline(&NODES)?;
        assert_eq!(told.incomplete, Vec::<String>::new());
        let [moved] = told.handovers.as_slice() else { panic!("{told:#?}") };
        assert_eq!((moved.kind, moved.missing.len()), (Kind::Planned, 0), "{moved:#?}");
        for (party, (node, mac)) in [(&moved.from, handover.from), (&moved.to, handover.to)] {
            let party = party.as_ref().context("nobody")?;
            assert_eq!(party.node.as_deref(), Some(node));
            assert_eq!((party.mac.to_string().as_str(), party.interface.as_deref()), (mac, Some("eth0")));
        }
        // The router saw both ends.
        assert_eq!((moved.gap_ns, moved.error_ns), (Some(handover.gap * 1000), Some(0)));
        assert_eq!(
            moved.unanswered,
            Some(Unanswered { least: 0, most: 0, askers: 0, first: None, last: None })
        );
        let [last, asks, says, first] = handover.times;
        let of = |kind| moved.steps.iter().filter(move |step: &&Step| step.kind == kind);
        let only = |kind| of(kind).map(|step| micros(step.at)).collect::<Vec<_>>();
        assert_eq!(only(StepKind::LastAnswer), [last]);
        assert_eq!(only(StepKind::FirstAnswer), [first]);
        let rounds: Vec<&Step> = of(StepKind::Announcement).collect();
        assert_eq!(micros(rounds[0].at), asks);
        let apart = says[9..].parse::<u32>()? - asks[9..].parse::<u32>()?;
        assert!(rounds[0].text.ends_with(&format!("reply form {apart} µs later")), "{}", rounds[0].text);
        assert_eq!(rounds.len(), 5);
        for (round, number) in rounds.iter().zip(1..) {
            let begins = format!("round {number} of 5 on eth0: request form, reply form ");
            assert!(round.node == handover.to.0 && round.text.starts_with(&begins), "{round:?}");
        }
        assert!(moved.steps.is_sorted_by_key(|step| step.at));
    }
    Ok(())
}

/// Without the router each end is its own node's, by that node's clock.
#[test]
fn without_the_router_the_gap_has_the_error_of_the_clocks() -> Result<()> {
    for handover in &HANDOVERS {
        let told = handover.timeline(&["n1", "n2", "n3"])?;
        let [moved] = told.handovers.as_slice() else { panic!("{told:#?}") };
        let error = moved.error_ns.context("no error")?;
        // All four captures were made by one kernel.
        let off = (moved.gap_ns.context("no gap")? - handover.gap * 1000).unsigned_abs();
        assert!(off <= 200_000 && (off..5_000_000).contains(&error), "{moved:#?}");
        let unanswered = moved.unanswered.as_ref().context("nobody counted")?;
        assert_eq!((unanswered.least, unanswered.most), (0, 0), "{}", handover.folder);
    }
    Ok(())
}

#[test]
fn the_command_prints_the_same_as_its_library_gives() -> Result<()> {
    let handover = &HANDOVERS[0];
    let mut command = Command::new(binary("l2witness")?);
    command.args(["replay", "--lb-ip", handover.ip, "--events"]);
    for (node, mac) in handover.macs {
        command.args(["--mac", &format!("{node}={mac}")]);
    }
    command.args(NODES.map(|node| {
        let path = path(&format!("{}/{node}.pcap", handover.folder));
        format!("{node}/eth0={}", path.display())
    }));
    let output = command.output()?;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout)?;
    let printed = text.lines().map(serde_json::from_str).collect::<Result<Vec<Event>, _>>()?;
    let (events, _) = handover.replay(&NODES)?;
    assert_eq!(printed.len(), events.len(), "is the binary of today?");
    for (printed, event) in printed.iter().zip(&events) {
        assert_eq!(printed, event);
    }
    Ok(())
}
