//! A handover as it happens: one line a step, until it is over.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout_at};

use super::{Format, account, ask::Told, record::Record, words};
use crate::{
    cli::{
        client::ask_all,
        events::{Following, Kind as EventKind, News, Query, merged},
        exit::Failure,
        output,
        reach::Reach,
        table::printable,
    },
    evidence::Event,
    serve::Signals,
    timeline::{Handover, Kind, Step, StepKind, Timeline},
};

/// Rounds of announcements are 1.1 seconds apart: after so long there comes none.
const QUIET: Duration = Duration::from_secs(3);

/// Nobody sees that a line comes so much later.
const TOGETHER: Duration = Duration::from_millis(50);

/// Beyond that many the oldest requests are let go: they are what there is most of.
const EVENTS: usize = 100_000;

/// Follows until a handover that began since is over, until the time is up, or until Ctrl-C; adds to the record
/// all that was told meanwhile.
///
/// # Errors
/// Stdout can't be written to, or the API server does not say who there is.
pub(super) async fn watch(
    reach: &Reach<'_>,
    told: &mut Told,
    wait: Option<SignedDuration>,
    format: Format,
) -> Result<(), Failure> {
    let began = Timestamp::now();
    let query = Query { ips: told.ips.iter().copied().collect(), ..Query::default() };
    let mut following = Following::new(&told.targets, &told.places, &query, reach.timeout());
    let mut seen = Seen::new(began, told.ips.len() > 1);
    // What lies before is no news.
    seen.news(&account::timelines(&told.record, &told.ips));
    // From here on Ctrl-C ends the watch, not the program.
    let mut signals = Signals::catch().context("catching signals")?;
    let ips: Vec<_> = told.ips.iter().map(ToString::to_string).collect();
    let agents = told.targets.len();
    output::note(&[format!("watching {} on {agents} agents; Ctrl-C ends it", ips.join(", "))]);

    let wait = wait.map(|wait| Duration::try_from(wait).unwrap_or(Duration::MAX));
    let until = wait.and_then(|wait| Instant::now().checked_add(wait));
    loop {
        let calm = seen.over_at();
        let news = tokio::select! {
            news = following.next() => news,
            () = signals.end() => break,
            () = at(until) => {
                output::note(&["the time to wait is up".to_owned()]);
                break;
            }
            () = at(calm) => break,
        };
        let Some(news) = news else { break };
        let mut lines = take(news, &mut told.record);
        // What happens at once is judged at once: a round of announcements is two frames on every node.
        let together = Instant::now() + TOGETHER;
        while let Ok(Some(news)) = timeout_at(together, following.next()).await {
            lines.extend(take(news, &mut told.record));
        }
        lines.extend(seen.news(&account::timelines(&told.record, &told.ips)));
        seen.spoke |= !lines.is_empty();
        say(&lines, format)?;
    }
    // Apart from the summary that follows.
    if seen.spoke {
        say(&[String::new()], format)?;
    }
    conclude(reach, told).await
}

async fn at(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Lines beside a document for programs go to stderr.
fn say(lines: &[String], format: Format) -> anyhow::Result<()> {
    let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    match format {
        Format::Table => output::print(&text),
        Format::Json | Format::Yaml | Format::Html => {
            eprint!("{text}");
            Ok(())
        }
    }
}

/// Who is there at the end decides whether anything is missing; an agent that was away tells its report now.
async fn conclude(reach: &Reach<'_>, told: &mut Told) -> Result<(), Failure> {
    let everybody = reach.everybody().await?;
    let now = ask_all(everybody.targets, everybody.scope, everybody.missing, reach.timeout()).await;
    let Record { time, agents, reports, events } = &mut told.record;
    for mut report in now.reports {
        report.lb_ips.retain(|lb| told.ips.contains(&lb.ip));
        match reports.iter_mut().find(|known| known.node == report.node) {
            Some(known) => *known = report,
            None => reports.push(report),
        }
    }
    *agents = now.coverage;
    *time = now.now;
    *events = merged(std::mem::take(events));
    Ok(())
}

/// What was already told.
struct Seen {
    began: Timestamp,
    several: bool,
    /// When which steps were, by whom and what: neither their words nor their times stay the same while more is heard.
    told: HashMap<(IpAddr, String, StepKind), Vec<Timestamp>>,
    /// A handover is over unless something still comes.
    over: bool,
    last: Instant,
    /// Something was printed.
    spoke: bool,
}

impl Seen {
    fn new(began: Timestamp, several: bool) -> Self {
        Self { began, several, told: HashMap::new(), over: false, last: Instant::now(), spoke: false }
    }

    /// When it is over, if nothing more comes.
    fn over_at(&self) -> Option<Instant> {
        self.over.then(|| self.last + QUIET)
    }

    /// The steps that were not told yet, and whether they end it.
    fn news(&mut self, timelines: &[Timeline]) -> Vec<String> {
        let mut lines = Vec::new();
        let recent = |handover: &&Handover| handover.ended >= self.began;
        let mut handovers = Vec::new();
        for timeline in timelines {
            let mut steps: HashMap<_, Vec<&Step>> = HashMap::new();
            for step in timeline.handovers.iter().flat_map(|handover| &handover.steps) {
                steps.entry((timeline.ip, step.node.clone(), step.kind)).or_default().push(step);
            }
            for (key, steps) in steps {
                let told = self.told.entry(key).or_default();
                for step in fresh(&steps, told) {
                    self.last = Instant::now();
                    if !said_before(step.kind) {
                        lines.push((step.at, line(timeline.ip, self.several, step)));
                    }
                }
                *told = steps.iter().map(|step| step.at).collect();
            }
            handovers.extend(timeline.handovers.last().filter(recent));
        }
        self.over = !handovers.is_empty() && handovers.iter().all(|handover| is_over(handover));
        lines.sort_by_key(|(at, _)| *at);
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

/// Keeps what happened; says at once what needs no other node's word.
fn take(news: News, record: &mut Record) -> Vec<String> {
    match news {
        News::Event(event) => {
            let line = said_at_once(&event).then(|| crate::cli::observe::compact(&event));
            keep(&mut record.events, event);
            line.into_iter().collect()
        }
        News::Away { agent, error } => {
            vec![printable(&format!(
                "{}  {agent}: its agent is not heard: {error}",
                words::clock(Timestamp::now())
            ))]
        }
        News::Back { agent } => {
            vec![printable(&format!("{}  {agent}: its agent is heard again", words::clock(Timestamp::now())))]
        }
    }
}

/// The steps that are new: as many as there are more than before, those furthest from all that were told.
fn fresh<'a>(steps: &[&'a Step], told: &[Timestamp]) -> Vec<&'a Step> {
    let distance = |step: &Step| {
        let from_told = told.iter().map(|told| words::nanos(step.at, *told).unsigned_abs());
        from_told.min().unwrap_or(u64::MAX)
    };
    let mut steps: Vec<_> = steps.to_vec();
    steps.sort_by_key(|step| std::cmp::Reverse(distance(step)));
    steps.truncate(steps.len().saturating_sub(told.len()));
    steps
}

fn line(ip: IpAddr, several: bool, step: &Step) -> String {
    let Step { at, node, text, .. } = step;
    let ip = if several { format!("{ip}  ") } else { String::new() };
    printable(&format!("{}  {ip}{node:<8}  {}", words::clock(*at), so_far(text)))
}

/// `round 2 of 2 on eth0` may be the second of five.
fn so_far(text: &str) -> String {
    match text.split(' ').collect::<Vec<_>>()[..] {
        ["round", number, "of", all, ref rest @ ..] => {
            let colon = if all.ends_with(':') { ":" } else { "" };
            format!("round {number}{colon} {}", rest.join(" "))
        }
        _ => text.to_owned(),
    }
}

/// What the control plane says comes long before anybody knows that it makes a handover.
fn said_at_once(event: &Event) -> bool {
    matches!(EventKind::of(&event.what), EventKind::Cause | EventKind::Claim)
}

/// The same, as steps.
const fn said_before(kind: StepKind) -> bool {
    matches!(kind, StepKind::Cause | StepKind::ClaimBegan | StepKind::ClaimEnded)
}

/// Somebody answers, alone.
fn is_over(handover: &Handover) -> bool {
    let settled = !matches!(handover.kind, Kind::Split | Kind::Abandoned | Kind::First);
    let answers = |kind| words::step(handover, kind).is_some();
    // Of whoever answers again after a pause the first answer may not be known.
    let again = handover.kind == Kind::Interrupted && answers(StepKind::OtherAnswer);
    settled && handover.to.is_some() && (answers(StepKind::FirstAnswer) || again)
}

fn keep(events: &mut Vec<Event>, event: Event) {
    if events.len() >= EVENTS {
        let mut to_go = EVENTS / 4;
        events.retain(|event| {
            let goes = to_go > 0 && EventKind::of(&event.what) == EventKind::Request;
            to_go -= usize::from(goes);
            !goes
        });
        // Nothing but what makes handovers: then the oldest of these.
        let more = (events.len() + 1).saturating_sub(EVENTS);
        events.drain(..more);
    }
    events.push(event);
}

#[cfg(test)]
mod tests;
