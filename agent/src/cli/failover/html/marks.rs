//! What stands for what: the marks of the picture, of its legend and of the table.

use maud::{Markup, html};

use crate::timeline::StepKind;

/// All kinds, as the legend has them.
pub(super) const ALL: [StepKind; 10] = [
    StepKind::LastAnswer,
    StepKind::FirstAnswer,
    StepKind::OtherAnswer,
    StepKind::Announcement,
    StepKind::Request,
    StepKind::StaleRequest,
    StepKind::StaleTraffic,
    StepKind::Cause,
    StepKind::ClaimEnded,
    StepKind::ClaimBegan,
];

/// The name of the mark, and what it says.
pub(super) const fn of(kind: StepKind) -> (&'static str, &'static str) {
    match kind {
        StepKind::LastAnswer => ("last", "last answer"),
        StepKind::FirstAnswer => ("first", "first answer"),
        StepKind::OtherAnswer => ("other", "another answer"),
        StepKind::Announcement => ("announcement", "announcement"),
        StepKind::Request => ("request", "request without an answer"),
        StepKind::StaleRequest => ("stale-request", "request by unicast to the former owner"),
        StepKind::StaleTraffic => ("stale-traffic", "data packets to the former owner"),
        StepKind::Cause => ("cause", "cause in the control plane"),
        StepKind::ClaimEnded => ("claim-ended", "claim ended"),
        StepKind::ClaimBegan => ("claim-began", "claim began"),
    }
}

/// The shapes, each around its own 0, 0; once a page. They differ without colour, too.
pub(super) fn shapes() -> Markup {
    html! {
        svg width="0" height="0" aria-hidden="true" class="shapes" {
            defs {
                g id="last" { circle class="from" r="5.5" {} path class="cut" d="M-3-3 3 3M-3 3 3-3" {} }
                g id="first" { circle class="to" r="5.5" {} }
                g id="other" { circle class="other" r="4.5" {} }
                g id="announcement" { path class="to" d="M0-7 6 5H-6z" {} }
                g id="request" { path class="request" d="M-4.5-4.5 4.5 4.5M-4.5 4.5 4.5-4.5" {} }
                g id="stale-request" { path class="stale" d="M0-6 6 0 0 6-6 0z" {} }
                g id="stale-traffic" { path class="stale full" d="M0-6 6 0 0 6-6 0z" {} }
                g id="cause" { path class="said full" d="M-1-7H7L4-3.5 7 0H1V7H-1z" {} }
                g id="claim-ended" { rect class="said" x="-4.5" y="-4.5" width="9" height="9" {} }
                g id="claim-began" { rect class="said full" x="-4.5" y="-4.5" width="9" height="9" {} }
            }
        }
    }
}

/// One mark in a line of text.
pub(super) fn inline(kind: StepKind) -> Markup {
    let (id, says) = of(kind);
    html! {
        svg class="mark" width="18" height="18" viewBox="-9 -9 18 18" role="img" aria-label=(says) {
            use href=(format!("#{id}")) {}
        }
    }
}
