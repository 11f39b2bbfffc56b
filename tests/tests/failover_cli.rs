//! What operators type when an address moves: `failover --watch`, its record, and `observe`.

use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use l2witness::evidence::Event;
use l2witness_tests::frames::arp;
use l2witness_tests::lab::{Agent, Host, Lab, Process, binary, lb_ipv4, until};
use l2witness_tests::socket;
use l2witness_tests::speaker::Speaker;
use nix::sys::signal::Signal;

/// More than a burst of announcements takes.
const LIMIT: Duration = Duration::from_secs(30);

const IP: IpAddr = IpAddr::V4(lb_ipv4(0));

/// Two nodes with agents and speakers, and a router that asks them both.
struct Scene {
    router: Host,
    nodes: [Host; 2],
    agents: Vec<Agent>,
    speakers: [Speaker; 2],
}

impl Scene {
    fn new(lab: &Lab) -> Result<Self> {
        let (router, nodes) = (lab.host("rt")?, [lab.host("n1")?, lab.host("n2")?]);
        let agents = nodes.iter().map(start).collect::<Result<_>>()?;
        let speakers = [Speaker::start(&nodes[0])?, Speaker::start(&nodes[1])?];
        Ok(Self { router, nodes, agents, speakers })
    }

    fn ask(&self, times: usize) -> Result<()> {
        let socket = self.router.packet_socket(socket::ARP)?;
        let frame = arp::request(self.router.v4(), lb_ipv4(0)).padded().bytes();
        for _ in 0..times {
            socket.send(&frame)?;
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Runs it on the router, against both agents.
    fn run(&self, args: &[&str]) -> Result<Process> {
        let mut command = self.router.command(binary("l2witness")?.to_str().context("path")?);
        command.args(args);
        for node in &self.nodes {
            command.arg("--agent").arg(node.v4().ip.to_string());
        }
        self.router.spawn(command)
    }

    /// The same, to its end: what it printed, and its exit code.
    fn output(&self, args: &[&str]) -> Result<(String, i32)> {
        end(self.run(args)?)
    }

    /// The first node answers.
    fn settle(&self) -> Result<()> {
        self.speakers[0].announce(IP)?;
        self.ask(3)?;
        self.speakers[0].until_answered(IP, 3)?;
        until(LIMIT, || Ok(self.agents[0].get("/api/v1/events")?.contains("\"reply\"").then_some(())))
    }

    /// Nobody answers for a moment, then the second node does.
    fn hand_over(&self) -> Result<()> {
        self.speakers[0].withdraw(IP)?;
        self.ask(4)?;
        // Until whoever announces has read them: it would answer.
        thread::sleep(Duration::from_millis(300));
        self.speakers[1].announce(IP)?;
        thread::sleep(Duration::from_millis(50));
        self.ask(1)?;
        self.speakers[1].until_answered(IP, 1)?;
        self.ask(1)
    }
}

fn start(node: &Host) -> Result<Agent> {
    Agent::start(node, &["--lb-ip", &IP.to_string()])
}

fn end(mut process: Process) -> Result<(String, i32)> {
    let status = process.wait(LIMIT)?;
    let code = status.code().with_context(|| format!("{status}: {}", process.stderr()))?;
    Ok((process.stdout(), code))
}

fn says(process: &Process, wanted: &str) -> Result<()> {
    until(LIMIT, || Ok((process.stderr() + &process.stdout()).contains(wanted).then_some(())))
        .with_context(|| format!("no {wanted:?} in {}{}", process.stderr(), process.stdout()))
}

#[test]
fn a_handover_is_told_while_it_happens_and_once_more_from_its_record() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let scene = Scene::new(&lab)?;
    scene.settle()?;
    let ip = IP.to_string();
    let record = scene.router.scratch().join("handover.jsonl");
    let record = record.to_str().context("path")?;

    let watch = scene.run(&["failover", &ip, "--watch", "--wait", "25s", "--record", record])?;
    says(&watch, "watching")?;
    scene.hand_over()?;
    let (live, code) = end(watch)?;

    println!("{live}");
    assert_eq!(code, 1, "requests went unanswered: {live}");
    let headline = live.lines().find(|line| line.contains("moved from n1 to n2")).context(live.clone())?;
    assert!(headline.ends_with("4 requests of at least 1 asker went unanswered"), "{headline}");
    let (steps, summary) = live.split_at(live.find(headline).context("headline")?);
    for (step, in_the_end) in [
        ("answers for the last time", "answers for the last time"),
        ("asks, and nobody answers", "asks, and nobody answers"),
        ("answers for the first time", "answers for the first time"),
        ("round 5", "round 5 of 5"),
    ] {
        assert!(steps.contains(step), "{step:?} was not told live: {live}");
        assert!(summary.contains(in_the_end), "{in_the_end:?} is not in the summary: {live}");
        let once = |text: &str| text.matches(step).count();
        assert_eq!(once(steps), once(summary), "each {step:?} is told once: {live}");
    }

    let (again, code) = scene.output(&["failover", &ip])?;
    assert_eq!((again.as_str(), code), (summary, 1), "what the agents still tell is the same");

    let elsewhere = |args: &[&str]| {
        let mut command = std::process::Command::new(binary("l2witness")?);
        let output = command.args(["failover", "--input-file", record]).args(args).output()?;
        ensure!(output.status.code() == Some(1), "{output:?}");
        Ok(String::from_utf8(output.stdout)?)
    };
    assert_eq!(elsewhere(&[])?, summary);
    let document: serde_json::Value = serde_json::from_str(&elsewhere(&["-o", "json"])?)?;
    assert_eq!(document["timelines"][0]["handovers"][0]["unanswered"]["most"], 4, "{document}");
    let page = elsewhere(&["-o", "html"])?;
    assert!(page.contains("4 requests of at least 1 asker went unanswered"), "{page}");
    if let Some(folder) = std::env::var_os("L2WITNESS_PICTURES") {
        std::fs::write(std::path::Path::new(&folder).join("lab.html"), page)?;
    }
    Ok(())
}

#[test]
fn a_watch_that_is_broken_off_says_what_it_has() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let scene = Scene::new(&lab)?;
    scene.settle()?;
    let watch = scene.run(&["failover", &IP.to_string(), "--watch"])?;
    says(&watch, "watching")?;
    watch.signal(Signal::SIGINT)?;
    let (text, code) = end(watch)?;
    assert!(text.contains("no handover is known of the time asked about"), "{text}");
    assert_eq!(code, 0, "{text}");
    Ok(())
}

#[test]
fn who_observes_sees_every_event_once_through_a_restart() -> Result<()> {
    let Some(lab) = Lab::if_permitted()? else { return Ok(()) };
    let mut scene = Scene::new(&lab)?;
    scene.settle()?;
    let observe = scene.run(&["observe", "-f", "-o", "json", "--ip", &IP.to_string()])?;
    says(&observe, "\"reply\"")?;

    scene.agents.remove(1).stop()?;
    says(&observe, "is not heard: ")?;
    scene.agents.push(start(&scene.nodes[1])?);
    says(&observe, "is heard again")?;
    scene.hand_over()?;

    let told = |agent: &Agent| agent.get(&format!("/api/v1/events?ip={IP}"));
    let (former, heir) = (&scene.agents[0], &scene.agents[1]);
    until(LIMIT, || Ok((told(heir)?.matches("\"announcement\"").count() >= 10).then_some(())))?;
    let wanted: Vec<Event> =
        (told(former)? + &told(heir)?).lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    until(LIMIT, || {
        let seen: Vec<Event> =
            observe.stdout().lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let all = wanted.iter().all(|event| seen.iter().filter(|seen| *seen == event).count() == 1);
        Ok(all.then_some(()))
    })
    .with_context(|| format!("{wanted:#?}\n{}", observe.stdout()))?;

    // What it printed is a record, too.
    let file = scene.router.scratch().join("events.jsonl");
    std::fs::write(&file, observe.stdout())?;
    let output = std::process::Command::new(binary("l2witness")?)
        .args(["failover", "--input-file"])
        .arg(&file)
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    assert!(text.contains("moved from n1 to n2"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    observe.signal(Signal::SIGINT)?;
    assert_eq!(end(observe)?.1, 0);

    let (compact, code) = scene.output(&["observe", "--kind", "announcement", "--since", "1h"])?;
    assert_eq!(code, 0);
    assert!(
        compact.lines().count() >= 20 && compact.lines().all(|line| line.contains("  announcement  ")),
        "{compact}"
    );
    assert!(compact.lines().is_sorted(), "{compact}");
    Ok(())
}
