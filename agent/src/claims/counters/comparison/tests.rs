//! What is made of a difference, and where there may be none.

use super::*;

const V4: &str = "192.0.2.1";
const V6: &str = "2001:db8::1";

fn wire(figures: [u64; 3]) -> Witnessed {
    let [requests_received, responses_sent, gratuitous_sent] = figures;
    Witnessed { requests_received, responses_sent, gratuitous_sent, ..Witnessed::default() }
}

fn moment(ip: &str, speaker: [u64; 3], wire: Witnessed) -> Moment {
    let [requests_received, responses_sent, gratuitous_sent] = speaker.map(Some);
    Moment {
        ip: ip.parse().unwrap(),
        at: Instant::now(),
        started: Some(Timestamp::UNIX_EPOCH),
        counted: Counted { requests_received, responses_sent, gratuitous_sent },
        announced: true,
        before: wire.clone(),
        after: wire,
    }
}

/// Agreement, then twice what `edit` makes of it: the counters that differ, each with by how much and why.
fn play(
    ip: &str,
    speaker: [u64; 3],
    wired: [u64; 3],
    edit: fn(&mut Context),
) -> Vec<(Counter, i64, Because)> {
    let mut comparison = Comparison::new(moment(ip, [10; 3], wire([10; 3])));
    comparison.step(moment(ip, [20, 20, 10], wire([20, 20, 10])));
    let mut wired = wire(wired);
    edit(&mut wired.context);
    for _ in 0..2 {
        comparison.step(moment(ip, speaker, wired.clone()));
    }
    let differing = comparison.compared(&|_| Timestamp::UNIX_EPOCH).into_iter();
    differing.filter_map(|of| Some((of.counter, of.difference, of.reason?))).collect()
}

#[test]
fn a_difference_has_the_reason_that_evidence_tells() {
    use Because::{
        ForeignAnnouncements, GroupNotJoined, KernelAnswered, NoCarrier, NotDelivered, NotSeen, OtherSender,
        SendFailed,
    };
    use Counter::{GratuitousSent, RequestsReceived, ResponsesSent};
    type Case = (&'static str, [u64; 3], [u64; 3], fn(&mut Context), (Counter, i64, Because));
    let nothing: fn(&mut Context) = |_| {};
    let table: [Case; 10] = [
        (V4, [20, 20, 10], [25, 20, 10], nothing, (RequestsReceived, -5, NotDelivered)),
        (V6, [20, 20, 10], [25, 20, 10], |c| c.no_group = true, (RequestsReceived, -5, GroupNotJoined)),
        (V4, [20, 20, 10], [25, 20, 10], |c| c.kernel = 5, (RequestsReceived, -5, KernelAnswered)),
        (V4, [20, 20, 10], [25, 20, 10], |c| c.foreign = 5, (RequestsReceived, -5, ForeignAnnouncements)),
        (V4, [20, 20, 10], [25, 20, 10], |c| c.foreign = 4, (RequestsReceived, -5, NotDelivered)),
        (V4, [25, 20, 10], [20, 20, 10], nothing, (RequestsReceived, 5, NotSeen)),
        (V4, [20, 25, 10], [20, 20, 10], nothing, (ResponsesSent, 5, NotSeen)),
        (V4, [20, 20, 10], [20, 22, 10], nothing, (ResponsesSent, -2, OtherSender)),
        (V6, [20, 20, 15], [20, 20, 10], nothing, (GratuitousSent, 5, SendFailed)),
        (V4, [20, 20, 20], [20, 20, 10], |c| c.no_carrier = true, (GratuitousSent, 10, NoCarrier)),
    ];
    for (ip, speaker, wired, edit, expected) in table {
        assert_eq!(play(ip, speaker, wired, edit), [expected]);
    }
}

#[test]
fn nothing_differs_while_it_may_be_right() {
    // Sockets on interfaces that are not observed: the speaker may rightly count more.
    assert_eq!(play(V4, [20, 20, 40], [20, 20, 10], |context| context.unobserved = true), []);
    // It announced anew: it may have been without the IP in between, and rightly count fewer requests.
    assert_eq!(play(V4, [20, 20, 12], [25, 20, 12], |_| {}), []);
}

#[test]
fn requests_count_only_while_the_ip_is_announced_and_the_rest_always() {
    use Counter::{GratuitousSent, RequestsReceived, ResponsesSent};
    let step = |announced: [bool; 3]| {
        let [first, second, third] = announced.map(|announced| {
            move |figure: u64| Moment { announced, ..moment(V4, [figure; 3], wire([figure + 1; 3])) }
        });
        let mut comparison = Comparison::new(first(10));
        comparison.step(second(20));
        comparison.step(third(30));
        comparison
            .compared(&|_| Timestamp::UNIX_EPOCH)
            .into_iter()
            .map(|of| (of.counter, of.speaker))
            .collect::<Vec<_>>()
    };
    let rest = [(ResponsesSent, 20), (GratuitousSent, 20)];
    assert_eq!(step([true, true, true]), [(RequestsReceived, 20), rest[0], rest[1]]);
    assert_eq!(step([false, true, true]), [(RequestsReceived, 10), rest[0], rest[1]]);
    assert_eq!(step([true, false, true]), rest);
    assert_eq!(step([false, false, false]), rest);
}

#[test]
fn a_restarted_speaker_is_a_new_baseline_even_if_it_counts_more_already() {
    let mut comparison = Comparison::new(moment(V4, [10; 3], wire([10; 3])));
    let restarted = |figure, wired| Moment {
        started: Timestamp::from_second(60).ok(),
        ..moment(V4, [figure; 3], wire([wired; 3]))
    };
    comparison.step(restarted(50, 90));
    comparison.step(restarted(51, 91));
    for of in comparison.compared(&|_| Timestamp::UNIX_EPOCH) {
        assert_eq!((of.speaker, of.wire, of.difference), (1, 1, 0));
    }
}

#[test]
fn a_start_that_moves_by_a_second_is_the_same_process() {
    let at = |second| Timestamp::from_second(second).ok();
    let table = [(at(100), at(101), true), (at(101), at(100), true), (at(100), at(103), false)];
    for (one, other, same) in table.into_iter().chain([(None, None, true), (at(1), None, false)]) {
        assert_eq!(same_process(one, other), same, "{one:?} {other:?}");
    }
}
