//! Clocks of nodes differ. What a report's own time proves to be wrong is put right before views are made.

use jiff::{SignedDuration, Timestamp};

use crate::evidence::{Compared, Heard, LbIp, Local, NodeReport, OnInterface, Said, SourceState, Times};

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
    let SourceState { synced, changed, lost, error: _, missing: _, bad: _ } = &mut report.source_state;
    let of_speaker = report.speaker.iter_mut().flat_map(|speaker| [&mut speaker.read, &mut speaker.started]);
    [synced, changed, lost].into_iter().chain(of_speaker).flatten().for_each(mv);
    for lb_ip in &mut report.lb_ips {
        move_evidence(lb_ip, &mv);
        move_words(lb_ip, &mv);
    }
    (report, ahead)
}

/// What the agent noted by its own clock. An Event's time is the API server's.
fn move_words(lb_ip: &mut LbIp, mv: &impl Fn(&mut Timestamp)) {
    lb_ip.since.iter_mut().for_each(mv);
    lb_ip.takeovers.iter_mut().for_each(|change| mv(&mut change.at));
    let Said { services: _, announced, statuses: _, events: _, predicted, counters } = &mut lb_ip.said;
    for word in announced {
        mv(&mut word.since);
    }
    predicted.iter_mut().filter_map(|one| one.since.as_mut()).for_each(mv);
    for Compared { since, until, .. } in counters {
        mv(since);
        mv(until);
    }
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
    for OnInterface { last, recent_requests, traffic, .. } in &mut lb_ip.interfaces {
        let Times { request, probe, reply_received, announcement_received, reply_sent, announcement_sent } =
            last;
        [request, probe, reply_received, announcement_received, reply_sent, announcement_sent]
            .into_iter()
            .flatten()
            .chain(recent_requests)
            .chain(traffic.as_mut().and_then(|traffic| traffic.last.as_mut()))
            .for_each(mv);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evidence::Counter,
        verdict::sample::{T0, at, node, owner, speaker},
    };

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

    #[test]
    fn the_agent_s_own_notes_move_with_its_clock_and_events_do_not() {
        let told = owner("n1", 1).counted(Counter::ResponsesSent, 5, 5).came_to(&[(90, 1)]).done();
        let mut behind = told.clone();
        behind.time = at(T0 - 3600);
        let (right, ahead) = corrected(behind, at(T0), at(T0));
        assert_eq!(ahead, SignedDuration::from_hours(-1));
        let (was, is) = (&told.lb_ips[0].said, &right.lb_ips[0].said);
        let later = |time: Timestamp| time.saturating_add(SignedDuration::from_hours(1)).unwrap();
        assert_eq!(is.announced[0].since, later(was.announced[0].since));
        assert_eq!(is.predicted[0].since, was.predicted[0].since.map(later));
        assert_eq!(is.counters[0].until, later(was.counters[0].until));
        assert_eq!(is.events, was.events);
        let read = |report: &NodeReport| report.speaker.as_ref().unwrap().read.unwrap();
        assert_eq!(read(&right), later(read(&told)));
        assert_eq!(right.source_state.synced, told.source_state.synced.map(later));
        assert_eq!(right.lb_ips[0].takeovers[0].at, later(told.lb_ips[0].takeovers[0].at));
        assert_eq!(right.lb_ips[0].since, told.lb_ips[0].since.map(later));
    }
}
