//! Which frames count for which counter, and on which interfaces.

use super::*;

const V4: &str = "192.0.2.1";
const V6: &str = "2001:db8::1";

/// A name, an IP, the interface beside eth0, sockets, selected names, and how many replies count.
type Case = (&'static str, &'static str, TallyPort, Option<BTreeSet<u32>>, Option<BTreeSet<String>>, u64);

/// One of each, so that sums tell what was counted.
fn counts() -> TallyCounts {
    TallyCounts {
        group: 1000,
        unicast: 200,
        other_host: 30,
        no_link_layer: 4,
        probes: 50_000,
        foreign: 600_000,
        replies: 7,
        announcements: 80,
        kernel_replies: 9,
    }
}

fn port(index: u32, name: &str) -> TallyPort {
    TallyPort {
        index,
        name: name.into(),
        attached: u64::from(index) * 10,
        settled: true,
        up: true,
        carrier: true,
        link_local: true,
        ..TallyPort::default()
    }
}

fn tally(ip: &str, ports: Vec<TallyPort>) -> Tally {
    let counts = ports.iter().map(|_| counts()).collect();
    let tally = TallyIp { watched: 1, counts, ..TallyIp::default() };
    Tally { ports, ips: [(ip.parse().unwrap(), tally)].into() }
}

fn of(ip: &str, tally: &Tally, scope: Scope<'_>) -> Witnessed {
    witnessed(tally, ip.parse().unwrap(), scope).unwrap()
}

fn figures(witnessed: &Witnessed) -> [u64; 3] {
    Counter::ALL.map(|counter| witnessed.of(counter))
}

#[test]
fn each_frame_counts_where_the_speaker_counts_it() {
    let arp = of(V4, &tally(V4, vec![port(2, "eth0")]), Scope::default());
    assert_eq!(figures(&arp), [651_200, 7, 80]);
    assert_eq!(arp.basis.unsure_requests, 0);
    assert_eq!((arp.context.kernel, arp.context.foreign), (9, 600_000));

    let ndp = of(V6, &tally(V6, vec![port(2, "eth0")]), Scope::default());
    assert_eq!(figures(&ndp), [996, 7, 80], "multicast with a link-layer option alone");
    assert_eq!(ndp.basis.unsure_requests, 4);
}

#[test]
fn solicitations_without_option_are_no_doubt_where_none_came_by_unicast() {
    let mut tally = tally(V6, vec![port(2, "eth0")]);
    let counts = &mut tally.ips.get_mut(&V6.parse().unwrap()).unwrap().counts[0];
    (counts.unicast, counts.other_host) = (0, 0);
    let ndp = of(V6, &tally, Scope::default());
    assert_eq!((ndp.requests_received, ndp.basis.unsure_requests), (996, 0));
}

#[test]
fn only_interfaces_with_a_socket_count() {
    let sockets = |indices: &[u32]| indices.iter().copied().collect::<BTreeSet<u32>>();
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
    let down = || TallyPort { up: false, ..port(3, "eth1") };
    let new = || TallyPort { settled: false, ..port(3, "eth1") };
    let bare = || TallyPort { link_local: false, ..port(3, "eth1") };
    let eth = || port(3, "eth1");
    let table: [Case; 9] = [
        ("both", V4, eth(), None, None, 14),
        ("down", V4, down(), None, None, 7),
        ("new, and nobody knows about sockets", V4, new(), None, None, 7),
        ("new, with a socket", V4, new(), Some(sockets(&[2, 3])), None, 14),
        ("without a socket", V4, eth(), Some(sockets(&[2])), None, 7),
        ("not selected", V4, eth(), None, Some(names(&["eth0", "eth7"])), 7),
        ("none selected", V4, eth(), None, Some(names(&[])), 0),
        ("no link-local address, ARP", V4, bare(), None, None, 14),
        ("no link-local address, NDP", V6, bare(), None, None, 7),
    ];
    for (name, ip, second, sockets, selected, replies) in table {
        let tally = tally(ip, vec![port(2, "eth0"), second]);
        let scope = Scope { sockets: sockets.as_ref(), selected: selected.as_ref() };
        let witnessed = of(ip, &tally, scope);
        assert_eq!(witnessed.responses_sent, replies, "{name}");
        let ports: &[u64] = if replies == 14 { &[20, 30] } else { &[20] };
        assert_eq!(witnessed.basis.ports, ports[..replies as usize / 7], "{name}");
    }
}

#[test]
fn a_vlan_and_its_trunk_count_a_frame_once_and_macvlans_get_copies() {
    let on_top = |layered| TallyPort { above: Some(2), layered, ..port(3, "eth0.7") };
    let both = BTreeSet::from(["eth0".to_owned(), "eth0.7".to_owned()]);
    let trunk = BTreeSet::from(["eth0".to_owned()]);
    let vlan = BTreeSet::from(["eth0.7".to_owned()]);
    let requests = 651_200;
    let table = [
        (Layered::Taken, &both, [requests, 7, 80]),
        (Layered::Taken, &trunk, [0, 0, 0]),
        (Layered::Taken, &vlan, [requests, 7, 80]),
        (Layered::Copied, &both, [requests * 2, 7, 80]),
        (Layered::Copied, &trunk, [requests, 0, 0]),
    ];
    for (layered, selected, expected) in table {
        let tally = tally(V4, vec![port(2, "eth0"), on_top(layered)]);
        let scope = Scope { sockets: None, selected: Some(selected) };
        assert_eq!(figures(&of(V4, &tally, scope)), expected, "{layered:?} {selected:?}");
    }
}

#[test]
fn what_may_explain_a_difference_is_noted() {
    let mut tally = tally(V6, vec![port(2, "eth0"), TallyPort { carrier: false, ..port(3, "eth1") }]);
    tally.ips.get_mut(&V6.parse().unwrap()).unwrap().groups = [2].into();
    let elsewhere = BTreeSet::from([2, 3, 9]);
    let scope = Scope { sockets: Some(&elsewhere), selected: None };
    let Context { no_carrier, no_group, unobserved, .. } = of(V6, &tally, scope).context;
    assert_eq!((no_carrier, no_group, unobserved), (true, true, true));

    tally.ports[1].carrier = true;
    tally.ips.get_mut(&V6.parse().unwrap()).unwrap().groups = [2, 3].into();
    let Context { no_carrier, no_group, unobserved, .. } = of(V6, &tally, Scope::default()).context;
    assert_eq!((no_carrier, no_group, unobserved), (false, false, false));
}

#[test]
fn each_counter_has_its_own_reasons_to_begin_anew() {
    use Counter::{GratuitousSent, RequestsReceived, ResponsesSent};
    let basis = Basis { watched: 1, ports: vec![20], unsure_requests: 2, others_frames: 3 };
    let table: [(Basis, &[Counter]); 5] = [
        (basis.clone(), &Counter::ALL),
        (Basis { watched: 2, ..basis.clone() }, &[]),
        (Basis { ports: vec![21], ..basis.clone() }, &[]),
        (Basis { unsure_requests: 3, ..basis.clone() }, &[ResponsesSent, GratuitousSent]),
        (Basis { others_frames: 4, ..basis.clone() }, &[RequestsReceived]),
    ];
    for (other, expected) in table {
        let served: Vec<_> =
            Counter::ALL.into_iter().filter(|counter| basis.serves(&other, *counter)).collect();
        assert_eq!(served, expected, "{other:?}");
    }
}

#[test]
fn an_ip_that_is_not_watched_has_no_figures() {
    assert_eq!(witnessed(&tally(V4, vec![]), V6.parse().unwrap(), Scope::default()), None);
}
