use super::*;
use crate::claims::election::{Announced, Labels, Range};

fn pool(name: &str, ranges: &[&str]) -> Pool {
    Pool {
        name: name.to_owned(),
        ranges: ranges.iter().map(|range| Range::parse(range).unwrap()).collect(),
        avoids_buggy_ips: false,
        announced: Announced::ByAdvertisements,
        labels: Labels::default(),
    }
}

fn services(of: &[(&str, &[&str])]) -> BTreeMap<String, Vec<IpAddr>> {
    let ips = |ips: &&[&str]| ips.iter().map(|ip| ip.parse().unwrap()).collect();
    of.iter().map(|(name, of)| ((*name).to_owned(), ips(of))).collect()
}

fn said(of: &[(&str, u64, Option<u64>)]) -> Read {
    let allocated = of
        .iter()
        .map(|(name, in_use, total)| ((*name).to_owned(), Allocated { in_use: *in_use, total: *total }));
    Read { allocations: Allocations(allocated.collect()), by_status: None }
}

/// Status, name and first reason of each line.
fn told(addresses: &Addresses<'_>) -> Vec<(Status, &'static str, String)> {
    let first = |line: &Line| line.details.first().map_or_else(String::new, |detail| detail.reason.clone());
    judge(addresses).iter().map(|line| (line.status, line.check, first(line))).collect()
}

const fn fine(check: &'static str) -> (Status, &'static str, String) {
    (Status::Ok, check, String::new())
}

#[test]
fn what_adds_up_is_fine_shared_addresses_and_both_families_included() {
    let pools = [pool("p", &["10.77.0.200-10.77.0.250"]), pool("v6", &["2001:db8::/64"])];
    let addresses = Addresses {
        pools: pools.iter().collect(),
        services: services(&[
            ("shop/web", &["10.77.0.200", "2001:db8::1"]),
            ("shop/api", &["10.77.0.200"]),
            ("shop/mail", &["10.77.0.201"]),
        ]),
        controller: &Ok(said(&[("p", 2, Some(51)), ("v6", 1, Some(1 << 63))])),
    };
    assert_eq!(
        told(&addresses),
        ["controller-read", "addresses-in-use", "addresses-total", "addresses-left", "addresses-pooled"]
            .map(fine)
    );
    let room = &judge(&addresses)[3];
    assert_eq!(room.text, "every pool has addresses left: p 2/51, v6 1/endless");
}

#[test]
fn what_does_not_add_up_is_told_by_pool_and_service() {
    let pools = [pool("p", &["10.77.0.200/31"]), pool("q", &["10.78.0.0/24"])];
    let addresses = Addresses {
        pools: pools.iter().collect(),
        services: services(&[("shop/web", &["10.77.0.200", "10.77.0.201"]), ("shop/odd", &["192.0.2.1"])]),
        controller: &Ok(said(&[("p", 3, Some(2)), ("q", 0, Some(128)), ("gone", 1, Some(4))])),
    };
    let warning = |check, reason: &str| (Status::Warning, check, reason.to_owned());
    assert_eq!(
        told(&addresses),
        [
            fine("controller-read"),
            warning("addresses-in-use", "pool p: 3 in use by the controller, 2 in Services"),
            warning("addresses-total", "pool q: 128 addresses by the controller, 256 in its ranges"),
            warning("addresses-left", "pool p: 2 of 2 addresses are taken"),
            warning("addresses-pooled", "in no pool"),
        ]
    );
    let in_use = &judge(&addresses)[1];
    assert_eq!(
        in_use.details[1].reason,
        "pool gone: 1 in use by the controller, and there is no such pool any more"
    );
}

#[test]
fn an_old_controller_has_no_totals_and_a_new_one_may_not_be_read() {
    let pools = [pool("default", &["10.77.0.200-10.77.0.250"])];
    let with = |controller: Result<Read, Unread>| {
        let services = services(&[("default/api", &["10.77.0.201"])]);
        judge(&Addresses { pools: pools.iter().collect(), services, controller: &controller })
    };
    let old = with(Ok(said(&[("default", 1, None)])));
    assert_eq!(old[2].status, Status::Skipped);
    assert_eq!(old[3].text, "every pool has addresses left: default 1/51");

    let wants = || Unread::WantsToken("metallb-system/controller-x".to_owned());
    let by_status = Ok(Read { by_status: Some(wants()), ..said(&[("default", 1, Some(51))]) });
    assert_eq!(with(by_status)[0].status, Status::Info);
    let unread = with(Err(wants()));
    assert_eq!(unread[0].status, Status::Unknown);
    assert_eq!(unread.len(), 3);
}
