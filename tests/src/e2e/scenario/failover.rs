//! Handovers as operators cause and suffer them; what `failover` tells of each, beside an asker of our own.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use l2witness::timeline::{Handover, Timeline};
use nix::sys::signal::{Signal, kill};
use serde::Deserialize;
use serde_json::json;

use crate::cluster::Node;
use crate::e2e::asker::{Diary, Seen};
use crate::e2e::world::{EXCLUDE, INTERVAL};
use crate::e2e::{Told, Undo, World};
use crate::lab::until_every;

/// Between two requests of the asker.
const PERIOD: Duration = Duration::from_millis(10);

/// What may lie between the asker's measure and the agents': both are the kernel's, at two ends of the way, on two busy
/// cores.
const APART: Duration = Duration::from_millis(30);

/// How long nobody may answer: memberlist suspects for up to 26 s.
const LIMIT: Duration = Duration::from_secs(60);

/// How long it may take until all of it is told.
const TELL: Duration = Duration::from_secs(60);

/// One answerer for so long has announced to the end, and none of the others is about to take over.
const CALM: Duration = Duration::from_secs(8);

/// A silence shorter than this is only the time between two requests, on a machine that is busy with the fault; to start
/// a container anew takes longer.
const SILENCE: Duration = Duration::from_millis(250);

/// What is done to the node that owns the address; undone by what is returned.
type Fault = for<'a> fn(&'a World, &'a Node) -> Result<Undo<'a>>;

const CUT: &str = "link cut";

/// In this order: the calmer first.
const FAULTS: [(&str, &str, Fault); 5] = [
    ("exclude label", "Cluster", exclude),
    ("speaker pod deleted", "Cluster", deleted),
    ("speaker killed", "Cluster", killed),
    ("drained, policy Local", "Local", drained),
    (CUT, "Cluster", cut),
];

#[derive(Deserialize)]
struct Document {
    timelines: Vec<Timeline>,
}

/// Each fault on a Service of its own.
pub(super) fn run(world: &World) -> Result<Told> {
    let mut told: Option<Told> = None;
    for (what, policy, fault) in FAULTS {
        let line = played(world, what, policy, fault).with_context(|| what.to_owned())?;
        eprintln!("e2e: {what}: {line}");
        let line = format!("{what}: {line}");
        told = Some(match told {
            None => Told::words(line),
            Some(told) => told.and(line),
        });
    }
    told.context("no fault was played")
}

fn played(world: &World, what: &str, policy: &str, fault: Fault) -> Result<String> {
    let service = world.service("failing", &json!({ "externalTrafficPolicy": policy }), &json!({}))?;
    let (owner, _) = world.owner(service.ip)?;
    let router = world.cluster.router();
    let diary = Diary::start(router, "eth0", (router.v4(), router.v6()), service.ip, PERIOD)?;
    // What the fault before it has moved is to have come to rest.
    until_every(INTERVAL, LIMIT, || Ok((diary.calm() > CALM).then_some(())))
        .with_context(|| format!("{} does not stay with one", service.ip))?;
    let since = Timestamp::now();
    let undo = fault(world, owner)?;
    // The address went elsewhere; or it stayed, and the longest silence is over.
    let seen = until_every(INTERVAL, LIMIT, || {
        let is_over = |seen: &Seen| seen.gap.unsigned_abs() > SILENCE && seen.first > since;
        let answers = diary.last().is_some_and(|(_, at)| since < at && recent(at));
        let moved = diary.last().is_some_and(|(mac, _)| mac != owner.mac());
        let changed = diary.first_change(owner.mac(), since).filter(|_| moved);
        let paused = || diary.silence(since).filter(is_over);
        Ok(changed.or_else(paused).filter(|_| answers))
    })
    .with_context(|| format!("the asker's last answer: {:?}", diary.last()))?;
    // A node that is cut off has to be back to be asked; what else is undone only after it was told, as it moves the
    // address again.
    let handover = if what == CUT {
        undo.now()?;
        told(world, service.ip, since, &seen)?
    } else {
        let handover = told(world, service.ip, since, &seen)?;
        undo.now()?;
        handover
    };
    let page = world.witness.run(&["failover", &service.ip.to_string(), "--since", &since.to_string()])?;
    eprintln!("{}", String::from_utf8_lossy(&page.stdout).trim_end());
    let party = |party: &Option<l2witness::timeline::Party>| {
        party.as_ref().and_then(|party| party.node.clone()).unwrap_or_else(|| "nobody".to_owned())
    };
    let gap = handover.gap_ns.unwrap_or_default();
    Ok(format!(
        "{} to {}, {:?}, told {:.1} ms ± {:.2}, the asker's {:.1} ms, {} requests unanswered",
        party(&handover.from),
        party(&handover.to),
        handover.kind,
        gap as f64 / 1e6,
        handover.error_ns.unwrap_or_default() as f64 / 1e6,
        seen.gap.as_secs_f64() * 1e3,
        seen.unanswered
    ))
}

fn recent(at: Timestamp) -> bool {
    Timestamp::now().duration_since(at).unsigned_abs() < PERIOD * 20
}

/// The handover that has this gap, as soon as it is told with one.
fn told(world: &World, ip: IpAddr, since: Timestamp, seen: &Seen) -> Result<Handover> {
    let mut last = None;
    until_every(INTERVAL, TELL, || {
        let args = ["failover", &ip.to_string(), "--since", &since.to_string()];
        let document: Document = world.witness.json(&args)?;
        let told = document.timelines.into_iter().find(|timeline| timeline.ip == ip);
        let fits = |handover: &&Handover| {
            let error = u128::from(handover.error_ns.unwrap_or_default());
            handover.gap_ns.is_some_and(|gap| {
                (i128::from(gap) - seen.gap.as_nanos()).unsigned_abs() <= APART.as_nanos() + error
            })
        };
        let found = told.as_ref().and_then(|told| told.handovers.iter().find(fits).cloned());
        last = told;
        Ok(found)
    })
    .with_context(|| format!("the asker saw {seen:?}; told was {last:#?}"))
}

fn exclude<'a>(world: &'a World, owner: &'a Node) -> Result<Undo<'a>> {
    world.label(&[owner], EXCLUDE)
}

/// As `kubectl delete pod` does it: the speaker has its two seconds to leave.
fn deleted<'a>(world: &'a World, owner: &'a Node) -> Result<Undo<'a>> {
    let pod = world.speaker_pod(owner)?;
    world.cluster.kubectl(&["delete", "pod", "--namespace=metallb-system", "--wait=false", &pod])?;
    Ok(nothing())
}

fn killed<'a>(world: &'a World, owner: &'a Node) -> Result<Undo<'a>> {
    kill(world.speaker_pid(owner)?, Signal::SIGKILL).context("kill the speaker")?;
    Ok(nothing())
}

fn drained<'a>(world: &'a World, owner: &'a Node) -> Result<Undo<'a>> {
    let drain =
        ["drain", owner.name(), "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=50s"];
    let back = Undo::new("let the node be scheduled on", move || {
        world.cluster.kubectl(&["uncordon", owner.name()]).map(drop)
    });
    world.cluster.kubectl(&drain)?;
    Ok(back)
}

fn cut<'a>(_: &'a World, owner: &'a Node) -> Result<Undo<'a>> {
    owner.cut()?;
    Ok(Undo::new("plug the node in again", move || owner.plug()))
}

fn nothing<'a>() -> Undo<'a> {
    Undo::new("nothing", || Ok(()))
}
