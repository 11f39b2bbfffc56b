//! A handover in words: the same in the terminal, in the picture and in what is followed live.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::timeline::{Handover, Kind, Party, StepKind, Unanswered};

/// A length of time as people read it, nanoseconds: `412 µs`, `124.0 ms`, `12.35 s`, `5m 03s`.
pub(super) fn length(ns: u64) -> String {
    match ns {
        0 => "0 ms".to_owned(),
        1..=1_000 => "1 µs".to_owned(),
        1_001..1_000_000 => format!("{} µs", ns / 1_000),
        // What rounds up to the next unit is told in it.
        1_000_000..999_950_000 => format!("{:.1} ms", ns as f64 / 1e6),
        999_950_000..119_995_000_000 => format!("{:.2} s", ns as f64 / 1e9),
        _ => format!("{}m {:02}s", ns / 60_000_000_000, ns / 1_000_000_000 % 60),
    }
}

/// An error bound: never less than it is.
pub(super) fn error(ns: Option<u64>) -> String {
    match ns {
        None => "clock error unknown".to_owned(),
        Some(0) => "by one clock".to_owned(),
        Some(ns @ 1..1_000_000) => format!("± {} µs", ns.div_ceil(1_000)),
        Some(ns) => {
            let tenths = ns.div_ceil(100_000);
            if tenths < 10_000 {
                format!("± {}.{} ms", tenths / 10, tenths % 10)
            } else {
                let hundredths = ns.div_ceil(10_000_000);
                format!("± {}.{:02} s", hundredths / 100, hundredths % 100)
            }
        }
    }
}

/// The time between two, with its sign: `+10.7 ms`, `-2.30 s`, `0`.
pub(super) fn offset(at: Timestamp, origin: Timestamp) -> String {
    let ns = nanos(at, origin);
    match ns {
        0 => "0".to_owned(),
        1.. => format!("+{}", length(ns.unsigned_abs())),
        _ => format!("-{}", length(ns.unsigned_abs())),
    }
}

/// From `origin` to `at`, nanoseconds; what lies centuries apart is as far as can be told.
pub(super) fn nanos(at: Timestamp, origin: Timestamp) -> i64 {
    let ns = at.as_nanosecond() - origin.as_nanosecond();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

/// `06:23:03.413174`: to the microsecond.
pub(in crate::cli) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S%.6f").to_string()
}

/// `2026-11-23 06:23:03.413174`.
pub(in crate::cli) fn date_and_clock(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

/// What the times of a handover are counted from: the former owner's last answer, else the first sign of it.
pub(super) fn origin(handover: &Handover) -> (Timestamp, &'static str) {
    match step(handover, StepKind::LastAnswer) {
        Some(at) => (at, "last answer"),
        None => (handover.began, "first sign"),
    }
}

/// When the first step of that kind was. Of last answers the last: an owner may have come back once.
pub(super) fn step(handover: &Handover, kind: StepKind) -> Option<Timestamp> {
    let mut of_kind = handover.steps.iter().filter(|step| step.kind == kind).map(|step| step.at);
    if kind == StepKind::LastAnswer { of_kind.next_back() } else { of_kind.next() }
}

/// Longer names are cut in their middle: a line of the headline, or a picture 560 pixels wide, has room for so many
/// characters.
const SHORT: usize = 40;

/// A name with its begin and its end: node names may have 253 characters.
pub(super) fn short(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= SHORT {
        return name.to_owned();
    }
    let (start, end) = (&characters[..SHORT / 2], &characters[characters.len() + 1 - SHORT / 2..]);
    start.iter().chain(&['…']).chain(end).collect()
}

/// A node's name, or the MAC of somebody who is no node.
pub(super) fn name(party: &Party) -> String {
    party.node.clone().unwrap_or_else(|| party.mac.to_string())
}

/// Both names, told apart where they are on one node.
fn names(from: &Party, to: &Party) -> (String, String) {
    let (one, other) = (name(from), name(to));
    if one != other {
        return (short(&one), short(&other));
    }
    let apart = |party: &Party| {
        let interface = party.interface.as_deref().filter(|_| from.interface != to.interface);
        let sender = party.sender.as_deref();
        let detail = interface.or(sender).map_or_else(|| party.mac.to_string(), str::to_owned);
        format!("{} ({detail})", short(&name(party)))
    };
    (apart(from), apart(to))
}

/// All that is known of who answers: `n2  eth0  1a:1c:f8:3a:e7:f3  speaker  metallb-system/speaker-8vq2c`.
pub(super) fn party(party: &Party) -> String {
    let Party { node: _, interface, mac, origin, sender } = party;
    let mut words = vec![name(party)];
    words.extend(interface.clone());
    if party.node.is_some() {
        words.push(mac.to_string());
    }
    words.extend(origin.map(|origin| origin.to_string()));
    words.extend(sender.clone());
    words.join("  ")
}

/// One line: what happened, when, and what it cost.
pub(super) fn headline(ip: IpAddr, handover: &Handover) -> String {
    let (moment, _) = origin(handover);
    let on = moment.strftime("on %Y-%m-%d at %H:%M:%S UTC");
    match (&handover.from, &handover.to) {
        (Some(owner), Some(_)) if handover.kind == Kind::Interrupted => {
            format!("{ip} stayed on {}, which fell silent {on}: {}", short(&name(owner)), cost(handover))
        }
        (Some(from), Some(to)) => {
            let (from, to) = names(from, to);
            let moved = match handover.kind {
                Kind::Split => format!("{ip} is answered by {from} and {to} since {}", date_and_time(moment)),
                Kind::SplitHealed => {
                    format!("{ip} moved from {from} to {to} {on} after both had answered for a while")
                }
                Kind::Flap => format!("{ip} went back and forth {on}, from {from} to {to} at last"),
                _ => format!("{ip} moved from {from} to {to} {on}"),
            };
            if handover.kind == Kind::Split { moved } else { format!("{moved}: {}", cost(handover)) }
        }
        (Some(from), None) => {
            let asked = asked(handover.unanswered.as_ref());
            format!(
                "{ip} is answered by nobody since the last answer of {} {on}: {asked}",
                short(&name(from))
            )
        }
        (None, Some(to)) => {
            let to = short(&name(to));
            if let Some(first) = step(handover, StepKind::FirstAnswer) {
                let since = date_and_time(first);
                format!(
                    "{ip} is answered by {to} since {since}; whether anybody answered before is not known"
                )
            } else {
                let since = date_and_time(moment);
                format!("{ip} is announced by {to} since {since}; nobody was seen to answer")
            }
        }
        (None, None) => format!("{ip}: something happened {on}, and nobody was seen to answer"),
    }
}

/// `2026-11-23 06:23:03 UTC`.
pub(super) fn date_and_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The gap or overlap, and who noticed.
fn cost(handover: &Handover) -> String {
    let Handover { gap_ns, error_ns, unanswered, .. } = handover;
    let error = error(*error_ns);
    let Some(gap) = *gap_ns else {
        return format!("how long nobody answered is not known; {}", asked(unanswered.as_ref()));
    };
    let how_long = length(gap.unsigned_abs());
    // Within its error either may have been first.
    if error_ns.is_some_and(|error| gap.unsigned_abs() < error) {
        return format!("gap or overlap, {how_long} ({error}) can't tell; {}", asked(unanswered.as_ref()));
    }
    match unanswered {
        _ if gap <= 0 => format!("both answered for {how_long} ({error})"),
        Some(Unanswered { most: 0, .. }) => {
            format!("{how_long} ({error}) from the last answer to the first, and nobody asked meanwhile")
        }
        _ => format!("nobody answered for {how_long} ({error}); {}", asked(unanswered.as_ref())),
    }
}

/// `12 requests of at least 3 askers went unanswered`: not every request is told with its asker.
pub(super) fn asked(unanswered: Option<&Unanswered>) -> String {
    let Some(Unanswered { least, most, askers, .. }) = unanswered else {
        return "whether anybody asked meanwhile is not known".to_owned();
    };
    let of = match askers {
        0 => String::new(),
        1 => " of at least 1 asker".to_owned(),
        askers => format!(" of at least {askers} askers"),
    };
    match (least, most) {
        (_, 0) => "nobody asked meanwhile".to_owned(),
        (1, 1) => format!("1 request{of} went unanswered"),
        (least, most) if least == most => format!("{most} requests{of} went unanswered"),
        (0, 1) => format!("perhaps 1 request{of} went unanswered"),
        (0, most) => format!("up to {most} requests{of} went unanswered"),
        (least, most) => format!("{least} to {most} requests{of} went unanswered"),
    }
}

/// The kind, and what it means.
pub(super) const fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Planned => ("planned", "the former owner was there and let go"),
        Kind::Crash => {
            ("crash", "the former owner fell silent, and another one took over when that was noticed")
        }
        Kind::Flap => ("flap", "back and forth"),
        Kind::Interrupted => ("interrupted", "the owner fell silent and came back"),
        Kind::SplitHealed => ("split, healed", "several answered for a while, then one"),
        Kind::Split => ("split", "several answer still"),
        Kind::Abandoned => ("abandoned", "nobody took over so far"),
        Kind::First => ("first", "seen for the first time"),
        Kind::Unknown => ("unknown", "what was seen fits several kinds"),
    }
}

/// The first few lines of a list that may be long, and how many more there are.
pub(super) fn some(lines: &[String]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut some: Vec<_> = lines.iter().take(SHOWN).cloned().collect();
    if lines.len() > SHOWN {
        some.push(format!("and {} more; -o json has them all", lines.len() - SHOWN));
    }
    some
}
