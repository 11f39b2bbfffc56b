//! Who took over from whom.

use super::{Row, check, row};
use crate::verdict::sample::{announcer, in_pod, node, speaker};

#[test]
fn a_change_of_answerer_is_told_for_a_minute() {
    check(handovers());
}

fn handovers() -> Vec<Row> {
    let heir = |first| node("n2", 2).asked(5).local(speaker(2, first, 5)).announced(first - 4).done();
    let former = || node("n1", 1).asked(60).local(speaker(1, 300, 60));
    vec![
        row("a handover just now, heard", vec![former().heard(2, 36).done(), heir(40)], &["HANDOVER"]),
        row("a handover just now, not heard", vec![former().done(), heir(40)], &["HANDOVER"]),
        row(
            "a handover just now, and the heir's container was started anew since",
            {
                let old = speaker(2, 40, 20);
                let anew = in_pod(speaker(2, 18, 5), "metallb-system/speaker-anew");
                let heir = node("n2", 2).asked(5).local(old).local(anew).announced(14);
                vec![former().heard(2, 14).done(), heir.done()]
            },
            &["HANDOVER"],
        ),
        row(
            "a handover some minutes ago",
            {
                let former = node("n1", 1).asked(5).local(speaker(1, 900, 360)).heard(2, 350).done();
                vec![former, node("n2", 2).asked(5).local(speaker(2, 355, 5)).announced(350).done()]
            },
            &[],
        ),
        row(
            "an heir that has not been asked yet",
            {
                vec![former().heard(2, 10).done(), node("n2", 2).asked(60).local(announcer(2, 14, 10)).done()]
            },
            &["HANDOVER", "IDLE"],
        ),
        row(
            "back where it was before, by an announcement",
            {
                let back =
                    node("n2", 2).asked(500).local(speaker(2, 900, 30)).announced(30).replied(500).done();
                vec![former().heard(2, 30).done(), back]
            },
            &["HANDOVER"],
        ),
        row(
            "cut off, and so it heard nothing of its successor",
            {
                let heir = node("n2", 2).asked(5).local(speaker(2, 9000, 5)).announced(20).done();
                vec![former().heard(2, 8000).done(), heir]
            },
            &["HANDOVER"],
        ),
        row(
            "announced again, hours after the former one's last answer",
            {
                let heir = node("n2", 2).asked(5).local(speaker(2, 200_000, 5)).announced(20).done();
                vec![node("n1", 1).asked(5).local(speaker(1, 90_000, 4000)).heard(2, 20).done(), heir]
            },
            &[],
        ),
        row(
            "a handover between clocks three seconds apart",
            {
                let ahead = node("n1", 1).asked(41).local(speaker(1, 300, 41)).skewed(3).done();
                vec![ahead, heir(40)]
            },
            &["HANDOVER"],
        ),
        row(
            "two speakers between clocks three seconds apart",
            {
                let behind = node("n1", 1).asked(60).asked(5).local(speaker(1, 300, 5)).skewed(-3).done();
                vec![behind, node("n2", 2).asked(5).local(speaker(2, 200, 5)).announced(190).done()]
            },
            &["SPLIT"],
        ),
    ]
}
