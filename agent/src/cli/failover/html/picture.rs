//! The picture: a lane a node, time from left to right.
//!
//! Places are per cent across and pixels down, so it is as wide as the page and its text as large as the page's.

use maud::{Markup, html};

use super::{
    lanes::{Lane, Role, lanes},
    marks,
    scale::Scale,
};
use crate::{
    cli::failover::words,
    timeline::{Handover, StepKind},
};

/// Of what lies above the lanes: the gap's length.
const TOP: usize = 26;
const LANE: usize = 48;
/// Of what lies below: the labels of the axis.
const BOTTOM: usize = 26;

/// A gap that takes less of the picture than this is shown once more, larger.
const LEGIBLE: f64 = 0.15;

/// All that was seen, and the gap by itself where it would be too small.
pub(super) fn pictures(handover: &Handover, about: &str) -> Markup {
    let lanes = lanes(handover);
    let (origin, _) = words::origin(handover);
    let times = handover.steps.iter().map(|step| step.at).chain([origin]);
    let (first, last) = times.fold((origin, origin), |(first, last), at| (first.min(at), last.max(at)));
    let whole = Scale::new(origin, first, last).wider(0.06);
    let closer = between(handover).filter(|(from, to)| {
        let length = words::nanos(*to, *from).unsigned_abs();
        whole.share(length) < LEGIBLE
    });
    html! {
        @if let Some((from, to)) = closer {
            figure {
                figcaption { "Around the last answer and the first" }
                (picture(handover, &lanes, Scale::new(origin, from, to).wider(0.6), about))
            }
        }
        figure {
            @if closer.is_some() { figcaption { "All of it" } }
            (picture(handover, &lanes, whole, about))
        }
    }
}

/// The last answer and the first, the earlier one first.
fn between(handover: &Handover) -> Option<(jiff::Timestamp, jiff::Timestamp)> {
    let last = words::step(handover, StepKind::LastAnswer)?;
    let first = words::step(handover, StepKind::FirstAnswer)?;
    Some((last.min(first), last.max(first)))
}

fn picture(handover: &Handover, lanes: &[Lane<'_>], scale: Scale, about: &str) -> Markup {
    let bottom = TOP + LANE * lanes.len();
    html! {
        svg class="picture" width="100%" height=(bottom + BOTTOM) role="img" aria-label=(about) {
            @for tick in scale.ticks() {
                line class="grid" x1=(percent(tick.place)) x2=(percent(tick.place)) y1=(TOP) y2=(bottom) {}
                text class="tick" x=(percent(tick.place)) y=(bottom + 18) text-anchor="middle" { (tick.label) }
            }
            (gap(handover, scale, bottom))
            @for (place, lane) in lanes.iter().enumerate() {
                (row(lane, scale, TOP + LANE * place))
            }
            line class="axis" x1="0" x2="100%" y1=(bottom) y2=(bottom) {}
        }
    }
}

/// The time without answers, or with too many, and how long it is.
fn gap(handover: &Handover, scale: Scale, bottom: usize) -> Markup {
    let (Some((from, to)), Some(gap)) = (between(handover), handover.gap_ns) else { return html! {} };
    let (class, says) = if gap > 0 { ("gap", "without an answer") } else { ("overlap", "with two answers") };
    let (start, end) = (scale.place(from), scale.place(to));
    let middle = f64::midpoint(start, end);
    // Near an edge of the picture the text grows away from it.
    let (x, anchor) = match middle {
        ..30.0 => (start, "start"),
        70.0.. => (end, "end"),
        _ => (middle, "middle"),
    };
    html! {
        rect class=(class) x=(percent(start)) y=(TOP) width=(percent(end - start)) height=(bottom - TOP) {}
        line class={ (class) "-edge" } x1=(percent(start)) x2=(percent(start)) y1=(TOP) y2=(bottom) {}
        line class={ (class) "-edge" } x1=(percent(end)) x2=(percent(end)) y1=(TOP) y2=(bottom) {}
        text class={ (class) "-text" } x=(percent(x)) y=(TOP - 9) text-anchor=(anchor) {
            (words::length(gap.unsigned_abs())) " " (says)
        }
    }
}

fn row(lane: &Lane<'_>, scale: Scale, top: usize) -> Markup {
    let middle = top + 33;
    let class = match lane.role {
        Role::ControlPlane | Role::Askers | Role::Other => "other",
        Role::From => "from",
        Role::To => "to",
    };
    let edge = |at: Option<jiff::Timestamp>, outside: f64| at.map_or(outside, |at| scale.place(at));
    html! {
        line class="divider" x1="0" x2="100%" y1=(top) y2=(top) {}
        text class="lane" x="8" y=(top + 17) { (lane.title) }
        line class="time" x1="0" x2="100%" y1=(middle) y2=(middle) {}
        @for (from, to) in &lane.answered {
            @let (from, to) = (edge(*from, 0.0), edge(*to, 100.0));
            rect class={ "answers " (class) } x=(percent(from)) width=(percent(to - from)) y=(middle - 3) height="6" {}
        }
        @for step in lane.steps.iter().filter(|step| scale.shows(step.at)) {
            use href=(format!("#{}", marks::of(step.kind).0)) x=(percent(scale.place(step.at))) y=(middle) {
                title { (words::clock(step.at)) " " (step.node) ": " (step.text) }
            }
        }
    }
}

/// Two digits suffice for the widest screens.
fn percent(place: f64) -> String {
    format!("{place:.2}%")
}
