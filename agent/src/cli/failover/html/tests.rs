//! The page as a whole, and that nothing from outside gets out of its place. How it looks is looked at in a browser, by
//! `tests/tests/failover_page.rs`.

use jiff::Timestamp;

use super::*;
use crate::{
    cli::failover::{
        document::{Document, Wanted},
        sample::{at, party, planned, timeline},
    },
    timeline::{Handover, Kind, Timeline},
    verdict::Coverage,
};

fn document(timeline: Timeline) -> Document {
    let agents = Coverage { asked: 3, replied: 3, ..Coverage::default() };
    Document::new(vec![timeline], agents, at(60_000.0), Wanted { last: Some(1000), since: None })
}

/// The version is no part of the comparison.
fn golden(document: &Document) -> String {
    page(document).replace(env!("CARGO_PKG_VERSION"), "VERSION").replace("><", ">\n<")
}

#[test]
fn the_page_is_what_it_was() {
    let known = include_str!("golden.html");
    let now = golden(&document(timeline(vec![planned()])));
    if now != known {
        let path = std::env::temp_dir().join("l2witness-golden.html");
        std::fs::write(&path, &now).unwrap();
        panic!(
            "the page has changed; if it was meant to, copy {} to agent/src/cli/failover/html/golden.html",
            path.display()
        );
    }
}

#[test]
fn nothing_comes_from_elsewhere_and_nothing_runs() {
    let page = page(&document(timeline(vec![planned(), Handover { kind: Kind::Split, ..planned() }])));
    for word in ["<script", "http:", "https:", "//", "url(", "@import", "<link", "<img", "<iframe", "onload"]
    {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn what_is_from_outside_is_text() {
    let evil = "\"><script>alert('x')</script>&amp;";
    let mut handover = planned();
    handover.from = Some(crate::timeline::Party { sender: Some(evil.to_owned()), ..party(evil, 2) });
    for step in &mut handover.steps {
        step.text = evil.to_owned();
        step.node = evil.to_owned();
    }
    handover.missing = vec![evil.to_owned()];
    let mut timeline = timeline(vec![handover]);
    timeline.incomplete = vec![evil.to_owned()];
    timeline.clocks[0].node = evil.to_owned();
    let page = page(&document(timeline));
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;"));
}

#[test]
fn two_hundred_handovers_have_their_pictures() {
    let handovers = (0..200).map(|_| planned()).collect();
    let page = page(&document(timeline(handovers)));
    assert_eq!(page.matches("class=\"picture\"").count(), 400);
}

#[test]
fn times_that_make_no_sense_are_drawn_as_well_as_can_be() {
    let mut handover = planned();
    handover.steps[0].at = Timestamp::MIN;
    handover.steps[1].at = Timestamp::MAX;
    handover.gap_ns = Some(i64::MIN);
    let page = page(&document(timeline(vec![handover])));
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    let none = Handover { steps: Vec::new(), from: None, to: None, gap_ns: None, ..planned() };
    assert!(super::page(&document(timeline(vec![none]))).contains("<svg class=\"picture\""));
}
