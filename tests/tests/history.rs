//! What agents tell of a handover that the lab's speakers play, and to whom: `/api/v1/events`.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use l2witness::evidence::{Event, NodeReport, What};
use l2witness_tests::frames::{Station, arp};
use l2witness_tests::lab::{Agent, Follower, Host, Lab, lb_ipv4, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;

/// More than a burst of announcements, and more than a few readings of metrics take.
const LIMIT: Duration = Duration::from_secs(20);

const IP: IpAddr = IpAddr::V4(lb_ipv4(0));

/// Frames of a whole burst.
const BURST: usize = 10;

fn events(agent: &Agent, query: &str) -> Result<Vec<Event>> {
    parse(agent.get(&format!("/api/v1/events{query}"))?.lines())
}

fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Event>> {
    lines.map(|line| serde_json::from_str(line).with_context(|| line.to_owned())).collect()
}

/// An event in a word or two: its kind, and who.
fn word(event: &Event) -> String {
    let side = |sent: bool| if sent { "own" } else { "heard" };
    match &event.what {
        What::Request(asked) => format!("request {}", asked.count),
        What::Reply(claimed) => format!("reply {}", side(claimed.sent)),
        What::ReplyAgain(claimed) => format!("reply_again {}", side(claimed.sent)),
        What::LastReply(claimed) => format!("last_reply {}", side(claimed.sent)),
        What::Announcement(claimed) => format!("announcement {}", side(claimed.sent)),
        What::Claim(claim) => {
            format!("claim {} {}{}", claim.by, if claim.began { '+' } else { '-' }, claim.on)
        }
        What::Cause(_) => "cause".to_owned(),
        What::Traffic(_) => "traffic".to_owned(),
        What::Lost(lost) => format!("lost {}", lost.reason),
    }
}

fn place(words: &[String], wanted: &str) -> Result<usize> {
    words.iter().position(|word| word == wanted).with_context(|| format!("no {wanted} in {words:?}"))
}

fn count(events: &[Event], wanted: &str) -> usize {
    events.iter().filter(|event| word(event) == wanted).count()
}

/// Two nodes with agents and speakers, and a router that asks.
struct Scene {
    router: Host,
    agents: [Agent; 2],
    speakers: [Speaker; 2],
    nodes: [Host; 2],
}

impl Scene {
    fn new(lab: &Lab) -> Result<Self> {
        let (router, nodes) = (lab.host("rt")?, [lab.host("n1")?, lab.host("n2")?]);
        let start = |node: &Host| {
            let (ip, url) = (IP.to_string(), Speaker::metrics_url(node));
            let args = ["--lb-ip", &ip, "--speaker", "lab-speaker", "--speaker-metrics", &url];
            let agent = Agent::start(
                node,
                &[args.as_slice(), &["--speaker-interval", "1s", "--history-events", "64"]].concat(),
            )?;
            Ok::<_, anyhow::Error>((agent, Speaker::start_with_metrics(node, &["eth0"])?))
        };
        let ((agent1, speaker1), (agent2, speaker2)) = (start(&nodes[0])?, start(&nodes[1])?);
        Ok(Self { router, agents: [agent1, agent2], speakers: [speaker1, speaker2], nodes })
    }

    fn ask(&self, times: usize, every: Duration) -> Result<()> {
        let socket = self.router.packet_socket(socket::ARP)?;
        let frame = arp::request(self.router.v4(), lb_ipv4(0)).padded().bytes();
        for _ in 0..times {
            socket.send(&frame)?;
            thread::sleep(every);
        }
        Ok(())
    }

    /// Waits until an agent has so many of these.
    fn told(&self, node: usize, wanted: &str, times: usize) -> Result<()> {
        let mut last = Vec::new();
        until(LIMIT, || {
            last = events(&self.agents[node], "")?;
            Ok((count(&last, wanted) >= times).then_some(()))
        })
        .with_context(|| {
            format!("{times} of {wanted} on n{}: {:?}", node + 1, last.iter().map(word).collect::<Vec<_>>())
        })
    }

    /// The first node answers, then nobody for a moment, then the second one.
    fn hand_over(&self) -> Result<()> {
        // So that the claim that follows is a change.
        for agent in &self.agents {
            until(LIMIT, || {
                let report: NodeReport = serde_json::from_str(&agent.get("/api/v1/node")?)?;
                Ok(report.speaker.and_then(|speaker| speaker.read))
            })?;
        }
        self.speakers[0].announce(IP)?;
        self.told(0, "announcement own", BURST)?;
        self.ask(3, Duration::from_millis(50))?;
        self.speakers[0].until_answered(IP, 3)?;
        self.told(0, "claim speaker +n1", 1)?;
        self.speakers[0].withdraw(IP)?;
        self.ask(4, Duration::from_millis(50))?;
        // Until whoever announces has read them: it would answer.
        thread::sleep(Duration::from_millis(300));
        self.speakers[1].announce(IP)?;
        thread::sleep(Duration::from_millis(50));
        self.ask(1, Duration::from_millis(50))?;
        self.speakers[1].until_answered(IP, 1)?;
        self.ask(1, Duration::from_millis(50))?;
        self.told(1, "announcement own", BURST)?;
        self.told(0, "announcement heard", BURST)?;
        self.told(0, "claim speaker -n1", 1)?;
        self.told(1, "claim speaker +n2", 1)
    }
}

#[test]
fn a_handover_is_told_in_order_by_each_node_and_survives_a_flood_of_requests() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let scene = Scene::new(&lab)?;
    let followers =
        [scene.agents[0].follow("/api/v1/events?follow")?, scene.agents[1].follow("/api/v1/events?follow")?];

    scene.hand_over()?;

    for (node, (agent, follower)) in scene.agents.iter().zip(&followers).enumerate() {
        let told = events(agent, "")?;
        let words: Vec<_> = told.iter().map(word).collect();
        // Nothing is missing, and who follows has it all, event by event.
        assert!(told.iter().zip(1..).all(|(event, seq)| event.seq == seq), "{words:?}");
        assert!(told.iter().all(|event| event.boot == told[0].boot && !event.boot.is_empty()));
        let last = told.last().context("nothing")?.seq;
        until(LIMIT, || Ok((follower.lines().len() as u64 >= last).then_some(())))?;
        let lines = follower.lines();
        let followed = parse(lines.iter().take(told.len()).map(String::as_str))?;
        assert_eq!(followed, told, "n{}", node + 1);
        // Who was away goes on where it was.
        for after in [0, 1, last / 2, last - 1, last] {
            let rest = events(agent, &format!("?after={after}&boot={}", told[0].boot))?;
            assert_eq!(rest, told[after as usize..], "after {after}");
        }
        assert_eq!(events(agent, &format!("?after={last}&boot=another"))?, told);
        let since = told[told.len() / 2].at;
        let late: Vec<_> = told.iter().filter(|event| event.at >= since).cloned().collect();
        assert_eq!(events(agent, &format!("?since={since}"))?, late);
        let claims = events(agent, &format!("?kind=claim,cause&ip={IP}"))?;
        assert!(claims.len() == 2 - node && claims.iter().all(|event| matches!(event.what, What::Claim(_))));
    }

    let [former, heir] = [events(&scene.agents[0], "")?, events(&scene.agents[1], "")?];
    let words: Vec<_> = former.iter().map(word).collect();
    let order = ["announcement own", "reply own", "last_reply own", "announcement heard"];
    let places = order.iter().map(|wanted| place(&words, wanted)).collect::<Result<Vec<_>>>()?;
    assert!(places.is_sorted(), "{places:?} in {words:?}");
    // Whatever was read first: the speaker said so after it had answered.
    assert!(places[1] < place(&words, "claim speaker -n1")?, "{words:?}");
    let words: Vec<_> = heir.iter().map(word).collect();
    let order = ["announcement heard", "announcement own", "reply own"];
    let places = order.iter().map(|wanted| place(&words, wanted)).collect::<Result<Vec<_>>>()?;
    assert!(places.is_sorted(), "{places:?} in {words:?}");
    // Four requests fell into the gap, by what the former owner counted.
    let asked = |wanted: &str| {
        former.iter().find(|event| word(event) == wanted).and_then(|event| match &event.what {
            What::LastReply(claimed) | What::Announcement(claimed) => claimed.asked,
            _ => None,
        })
    };
    let unanswered =
        asked("announcement heard").zip(asked("last_reply own")).map(|(then, before)| then - before);
    assert_eq!(unanswered, Some(4));

    let report: NodeReport = serde_json::from_str(&scene.agents[0].get("/api/v1/node")?)?;
    let gaps = report.history.gaps;
    assert_eq!(gaps.buckets.iter().sum::<u64>(), 1, "{gaps:?}");
    assert!(gaps.sum_seconds >= 0.2, "{gaps:?}");
    let text = scene.agents[0].get("/metrics")?;
    for line in [
        "l2witness_handover_gap_seconds_count 1".to_owned(),
        format!("l2witness_last_handover_timestamp_seconds{{ip=\"{IP}\"}} "),
        format!("l2witness_handovers_total{{ip=\"{IP}\"}} 1"),
    ] {
        assert!(text.contains(&line), "{line} is not in\n{text}");
    }
    assert!(!scene.agents[1].get("/metrics")?.contains("l2witness_handover_gap_seconds"));

    // The kernel tells of two requests a second, and room is for 16: until some had to go.
    until(3 * LIMIT, || {
        scene.ask(200, Duration::from_millis(5))?;
        let gone = events(&scene.agents[0], "?kind=lost")?;
        Ok((!gone.is_empty()).then_some(()))
    })?;
    let after = events(&scene.agents[0], "")?;
    assert_eq!(count(&after, "lost history"), 0);
    assert_eq!(count(&after, "lost history_requests"), 1);
    for wanted in
        ["announcement own", "announcement heard", "last_reply own", "claim speaker -n1", "claim speaker +n1"]
    {
        assert_eq!(count(&after, wanted), count(&former, wanted), "{wanted}");
    }
    ensure!(scene.nodes.len() == 2);
    Ok(())
}

#[test]
fn followers_take_no_place_of_scrapes_and_end_with_the_agent() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let node = lab.host("n1")?;
    let agent = Agent::start(&node, &["--lb-ip", &IP.to_string()])?;
    let mut followers = Vec::new();
    for _ in 0..8 {
        followers.push(agent.follow("/api/v1/events?follow=true")?);
    }
    let refused = agent.follow("/api/v1/events?follow=true").err().context("a ninth")?;
    assert!(format!("{refused:#}").contains("503"), "{refused:#}");
    for _ in 0..40 {
        agent.get("/metrics")?;
        agent.get("/api/v1/events")?;
    }
    // Whoever goes makes room at once.
    followers.pop();
    until(LIMIT, || Ok(agent.follow("/api/v1/events?follow=true").ok()))
        .map(|follower| followers.push(follower))?;
    let error = agent.get("/api/v1/events?since=yesterday").err().context("since=yesterday")?;
    assert!(
        format!("{error:#}").contains("400") && format!("{error:#}").contains("give a time"),
        "{error:#}"
    );

    // More announcements at once than the kernel tells of: that it held some back is told.
    let stranger = lab.host("rt")?;
    let frame = arp::gratuitous_request(Station::new(stranger.mac(), lb_ipv4(0))).padded().bytes();
    let socket = stranger.packet_socket(socket::ARP)?;
    (0..100).try_for_each(|_| socket.send(&frame))?;
    until(LIMIT, || {
        let told = events(&agent, "")?;
        let lost = told.iter().find(|event| word(event) == "lost event_rate");
        Ok(lost.map(|event| assert!(event.ip.is_none() && told.len() > 30, "{told:?}")))
    })?;

    // Over TCP, in chunks; an empty line shows that both are there.
    let mut tcp = node.enter(|| TcpStream::connect((node.v4().ip, 9472)))?;
    tcp.set_read_timeout(Some(LIMIT))?;
    tcp.write_all(b"GET /api/v1/events?follow HTTP/1.1\r\nHost: n1\r\n\r\n")?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.ends_with(b"1\r\n\n\r\n") {
        let length = tcp.read(&mut buffer)?;
        ensure!(length > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&buffer[..length]);
    }
    let head = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(
        head.starts_with("http/1.1 200") && head.contains("content-type: application/x-ndjson"),
        "{head}"
    );
    until(LIMIT, || Ok(followers.iter().all(|follower| follower.heartbeats() > 0).then_some(())))?;

    let status = agent.stop()?;
    assert!(status.success(), "{status}");
    answer.clear();
    tcp.read_to_end(&mut answer)?;
    assert!(answer.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&answer));
    until(LIMIT, || Ok(followers.iter().all(Follower::ended).then_some(())))
}
