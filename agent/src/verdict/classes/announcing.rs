//! 23 to 31: nobody answers, although the address is given out.

use super::{Class, seen};
use crate::{
    evidence::NodeReport,
    verdict::{
        catalogue::{NO_OWNER, SILENT, SOURCE_LOST},
        sample::{Node, WEB, before, member, peer, speaker},
    },
};

pub(super) fn classes() -> Vec<Class> {
    vec![
        seen(23, nobody("it has no endpoint that can serve"), [&NO_OWNER], "no endpoint"),
        seen(24, nobody("it has no endpoint that can serve"), [&NO_OWNER], "no endpoint"),
        seen(25, nobody("no L2Advertisement selects the pool main"), [&NO_OWNER], "no L2Advertisement"),
        seen(
            25,
            nobody("of 3 nodes 3 labelled node.kubernetes.io/exclude-from-external-load-balancers"),
            [&NO_OWNER],
            "exclude-from-external-load-balancers",
        ),
        seen(
            26,
            nobody("without memberlist this version of MetalLB elects nobody"),
            [&NO_OWNER],
            "memberlist",
        ),
        seen(27, with(mute()), [&SILENT], ""),
        seen(28, with(mute()), [&SILENT], ""),
        // The gauge has the new address, the announcer still the old one; the socket takes no request for the new.
        seen(29, with(member("n1", 1).elected("n1").announces(WEB, 300).asked(5)), [&SILENT], ""),
        seen(30, failover(), [&SILENT], "metallb-system/speaker-n1 on n1 is not ready"),
        seen(
            31,
            withdrawn(),
            [&NO_OWNER, &SOURCE_LOST],
            "it goes to n1 (predicted), whose speaker does not announce it",
        ),
    ]
}

fn nobody(why: &str) -> Vec<NodeReport> {
    vec![member("n1", 1).nobody(why).asked(5).done(), member("n2", 2).nobody(why).asked(5).done()]
}

fn mute() -> Node {
    member("n1", 1)
        .elected("n1")
        .announces(WEB, 86_000)
        .asked(5)
        .local(speaker(1, 86_000, 400))
        .announced(85_990)
}

fn with(first: Node) -> Vec<NodeReport> {
    vec![first.done(), peer("n2", 2, "n1").done()]
}

/// The owner died minutes ago and nobody took over.
fn failover() -> Vec<NodeReport> {
    let dead = mute().speaker_is(|speaker| speaker.ready = Some(false));
    with(dead)
}

/// The API server went, the speaker withdrew, and nobody took over.
fn withdrawn() -> Vec<NodeReport> {
    let lost = |node: Node| {
        node.predicted(WEB, "n1").asked(5).edit(|report| report.source_state.lost = Some(before(300))).done()
    };
    vec![lost(member("n1", 1).local(speaker(1, 86_000, 400))), lost(member("n2", 2))]
}
