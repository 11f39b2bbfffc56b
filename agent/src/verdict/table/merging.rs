//! How reports become one view.

use super::bystander;
use crate::{
    evidence::Local,
    verdict::{
        State, judge,
        sample::{T0, all, announcer, at, before, kernel, node, speaker},
        views,
    },
};

#[test]
fn a_vlan_and_its_nic_are_one_answerer_with_two_interfaces() {
    let vlan = Local { interface: "eth0.100".into(), ..speaker(1, 300, 5) };
    let nic = Local { vlan: 100, ..speaker(1, 300, 5) };
    let report = node("n1", 1).nic("eth0.100", 1).asked(5).local(nic).local(vlan).done();

    let reports = [report];
    let views = views(&reports, &all(1), at(T0));

    let [one] = views[0].answerers.as_slice() else { panic!("{views:#?}") };
    assert_eq!((one.interface.as_str(), one.replies), ("eth0.100", 12));
    assert_eq!(one.interfaces, ["eth0.100", "eth0"]);
}

#[test]
fn requests_of_several_nodes_are_the_most_and_never_the_sum() {
    let reports = [bystander("n1", 1, 5), node("n2", 2).asked(9).asked(5).done(), node("n3", 3).done()];
    let view = &views(&reports, &all(3), at(T0))[0];
    assert_eq!((view.requests.group, view.requests.last), (2, Some(before(5))));
}

#[test]
fn unanswered_is_the_least_of_those_that_were_asked() {
    let with = |name, mac, unanswered| {
        node(name, mac).asked(5).edit(|report| report.lb_ips[0].interfaces[0].unanswered = unanswered).done()
    };
    let reports = [with("n1", 1, 3), with("n2", 2, 9), node("n3", 3).done()];
    assert_eq!(views(&reports, &all(3), at(T0))[0].requests.unanswered, 3);
}

#[test]
fn an_announcement_of_long_ago_is_still_all_that_was_said() {
    let report = node("n1", 1).local(announcer(1, 9000, 8000)).done();
    assert_eq!(views(&[report], &all(1), at(T0))[0].answerers[0].state, State::Announced);
}

#[test]
fn a_resumed_speaker_is_announced_until_it_replies() {
    let report = node("n1", 1).asked(2000).local(speaker(1, 9000, 30)).announced(30).replied(2000).done();
    assert_eq!(views(&[report], &all(1), at(T0))[0].answerers[0].state, State::Announced);
}

#[test]
fn reasons_carry_the_numbers() {
    let reports = [
        node("n1", 1).asked(5).local(speaker(1, 300, 5)).done(),
        node("n2", 2).asked(5).local(kernel(2, 200, 4)).done(),
    ];
    let found = judge(&views(&reports, &all(2), at(T0))[0], at(T0));
    assert_eq!(
        found[0].reason,
        "answered by a kernel: n2 (kernel, 00:00:5e:00:53:02, 4s ago); beside: n1 (speaker, 00:00:5e:00:53:01, 5s ago)"
    );
    assert!(found[0].next.starts_with("on n2, "), "{}", found[0].next);
}

#[test]
fn a_kernel_that_answers_beside_the_heir_took_nothing_over() {
    let reports = [
        node("n1", 1).asked(60).local(speaker(1, 300, 60)).heard(2, 36).done(),
        node("n2", 2).asked(5).local(speaker(2, 40, 5)).announced(36).done(),
        node("n3", 3).asked(5).local(kernel(3, 20, 5)).done(),
    ];
    let found = judge(&views(&reports, &all(3), at(T0))[0], at(T0));
    let [shadow, handover] = found.as_slice() else { panic!("{found:#?}") };
    assert!(shadow.reason.starts_with("answered by a kernel: n3"), "{}", shadow.reason);
    assert!(handover.reason.starts_with("n2 took over from n1"), "{}", handover.reason);
}
