//! Clocks of nodes differ. What a report's own time proves to be wrong is put right before views are made.

use jiff::{SignedDuration, Timestamp};

use crate::evidence::{Heard, LbIp, Local, NodeReport, OnInterface, Times};

/// Moves all times of a report that was asked for at `asked` and came at `came`, on our clock.
///
/// The report was made in between. If its own time says otherwise, its clock is off by at least the
/// difference, and that much is corrected; the second value says how far its clock is ahead (zero: not proven off).
pub fn corrected(mut report: NodeReport, asked: Timestamp, came: Timestamp) -> (NodeReport, SignedDuration) {
    let ahead = if report.time > came {
        report.time.duration_since(came)
    } else if report.time < asked {
        report.time.duration_since(asked)
    } else {
        return (report, SignedDuration::ZERO);
    };
    let mv = |time: &mut Timestamp| *time = time.saturating_sub(ahead).unwrap_or(*time);
    mv(&mut report.time);
    mv(&mut report.since);
    for lb_ip in &mut report.lb_ips {
        move_evidence(lb_ip, &mv);
    }
    (report, ahead)
}

fn move_evidence(lb_ip: &mut LbIp, mv: &impl Fn(&mut Timestamp)) {
    for Local { first, last, .. } in &mut lb_ip.local {
        mv(first);
        mv(last);
    }
    for Heard { first, last, .. } in &mut lb_ip.heard {
        mv(first);
        mv(last);
    }
    for OnInterface { last, recent_requests, .. } in &mut lb_ip.interfaces {
        let Times { request, probe, reply_received, announcement_received, reply_sent, announcement_sent } =
            last;
        [request, probe, reply_received, announcement_received, reply_sent, announcement_sent]
            .into_iter()
            .flatten()
            .chain(recent_requests)
            .for_each(mv);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{T0, at, node, speaker};

    #[test]
    fn a_report_made_while_we_waited_is_left_alone() {
        let report = node("n1", 1).local(speaker(1, 10, 5)).done();
        let (same, ahead) = corrected(report.clone(), at(T0 - 1), at(T0 + 1));
        assert_eq!((same, ahead), (report, SignedDuration::ZERO));
    }

    #[test]
    fn a_clock_that_is_ahead_or_behind_is_put_right() {
        for skew in [3, -3] {
            let report = node("n1", 1).asked(5).local(speaker(1, 10, 5)).skewed(skew).done();
            let (right, ahead) = corrected(report, at(T0), at(T0));
            assert_eq!(ahead, SignedDuration::from_secs(skew));
            assert_eq!(right, node("n1", 1).asked(5).local(speaker(1, 10, 5)).done());
        }
    }
}
