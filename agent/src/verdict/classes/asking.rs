//! 16 to 22: requests do not reach the speaker.

use super::{Class, seen, unseen};
use crate::{
    evidence::{Because, Counter, NodeReport},
    verdict::{
        catalogue::{COUNTERS_DIFFER, SILENT},
        sample::{WEB, member, peer},
    },
};

pub(super) fn classes() -> Vec<Class> {
    let lost = "heard never came to n1";
    let mut classes: Vec<_> =
        [16, 17, 19, 20].into_iter().map(|number| seen(number, deaf("eth0"), [&SILENT], lost)).collect();
    classes.extend([
        unseen(18),
        seen(21, deaf("br0"), [&SILENT], lost),
        seen(22, taken_away(), [&SILENT, &COUNTERS_DIFFER], "its speaker did not count 40 of them"),
    ]);
    classes
}

/// It announces and hears no request; another node of the cluster does.
fn deaf(interface: &str) -> Vec<NodeReport> {
    let deaf = member("n1", 1).elected("n1").announces(WEB, 3600).edit(|report| {
        interface.clone_into(&mut report.interfaces[0].name);
        interface.clone_into(&mut report.lb_ips[0].interfaces[0].interface);
    });
    vec![deaf.done(), peer("n2", 2, "n1").done()]
}

/// Requests pass tc and never come to the socket.
fn taken_away() -> Vec<NodeReport> {
    let here = member("n1", 1).elected("n1").announces(WEB, 3600).asked(5);
    let here = here.counted_because(Counter::RequestsReceived, 0, 40, Some(Because::NotDelivered));
    vec![here.counted(Counter::ResponsesSent, 0, 0).done(), peer("n2", 2, "n1").done()]
}
