use super::*;
use crate::{
    cli::client::Told,
    evidence::{LbIp, NodeReport, Service},
    verdict::sample::{T0, all, at, before, but_one, kernel, node, speaker},
};

/// 192.0.2.10 of shop/web is on n1, 192.0.2.11 of shop/api too, 192.0.2.12 of shop/cart on n2; n3 would take over.
struct Case {
    reports: Vec<NodeReport>,
    ips: Vec<IpAddr>,
    ignoring: Vec<String>,
    elections: Elections,
    silent: bool,
}

const WEB: &str = "192.0.2.10";
const API: &str = "192.0.2.11";
const CART: &str = "192.0.2.12";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn elected(service: &str, node: &str) -> Prediction {
    Prediction {
        service: service.to_owned(),
        node: Some(node.to_owned()),
        nobody: None,
        interfaces: None,
        rules: "0.15".to_owned(),
        elsewhere: false,
        since: None,
    }
}

fn nobody(service: &str, why: &str) -> Prediction {
    Prediction { node: None, nobody: Some(why.to_owned()), ..elected(service, "") }
}

/// Gives a report these LB IPs, each as the first one is or without any sender.
fn with(report: &mut NodeReport, own: &[(&str, &str)], others: &[(&str, &str)]) {
    let first = report.lb_ips.remove(0);
    let of = |(text, service): &(&str, &str), keep: bool| {
        let mut lb: LbIp = first.clone();
        lb.ip = ip(text);
        lb.said.services = vec![Service { name: (*service).to_owned(), ..Service::default() }];
        if !keep {
            lb.local.clear();
        }
        lb
    };
    report.lb_ips =
        own.iter().map(|one| of(one, true)).chain(others.iter().map(|one| of(one, false))).collect();
    report.lb_ips.sort_by_key(|lb| lb.ip);
}

impl Case {
    fn new() -> Self {
        let (web, api, cart) = ((WEB, "shop/web"), (API, "shop/api"), (CART, "shop/cart"));
        let answers = |name, mac| node(name, mac).asked(3).local(speaker(mac, 300, 3));
        let reports = vec![
            answers("n1", 1).edit(|report| with(report, &[web, api], &[cart])).done(),
            answers("n2", 2).edit(|report| with(report, &[cart], &[web, api])).done(),
            node("n3", 3).asked(3).edit(|report| with(report, &[], &[web, api, cart])).done(),
        ];
        let before = [(ip(WEB), vec![elected("shop/web", "n1")]), (ip(API), vec![elected("shop/api", "n1")])];
        let after = [(ip(WEB), vec![elected("shop/web", "n3")]), (ip(API), vec![elected("shop/api", "n2")])];
        let elections = Elections { before: before.into(), after: after.into(), unknown: None };
        Self { reports, ips: vec![ip(WEB)], ignoring: Vec::new(), elections, silent: false }
    }

    fn edit(mut self, edit: impl FnOnce(&mut Self)) -> Self {
        edit(&mut self);
        self
    }

    fn plan(&self) -> Result<Plan, String> {
        let coverage = if self.silent { but_one(self.reports.len() + 1) } else { all(self.reports.len()) };
        let told = Told { reports: self.reports.clone(), coverage, notes: Vec::new(), now: at(T0) };
        let document = Document::new(&told, &[]);
        let facts = Facts {
            service: "shop/web",
            ips: &self.ips,
            document: &document,
            replied: &told.reports.iter().map(|report| report.node.as_str()).collect(),
            ignoring: &self.ignoring,
            elections: &self.elections,
        };
        let plan = owner_of("shop/web", &self.ips, &document).and_then(|owner| plan(&facts, owner));
        plan.map_err(|refusal| refusal.to_string())
    }
}

#[test]
fn all_that_is_on_the_owner_moves_and_each_goes_where_the_election_says() {
    let plan = Case::new().plan().unwrap();
    assert_eq!(plan.owner, Owner { node: "n1".to_owned(), proof: Proof::Replied(before(3)) });
    let moves: Vec<_> = plan
        .moves
        .iter()
        .map(|one| {
            (one.ip.to_string(), one.drilled, one.heir.clone(), one.back.as_deref(), one.services.join(" "))
        })
        .collect();
    let to = |node: &str| Heir::Node(node.to_owned());
    assert_eq!(
        moves,
        [
            (WEB.to_owned(), true, to("n3"), Some("n1"), "shop/web".to_owned()),
            (API.to_owned(), false, to("n2"), Some("n1"), "shop/api".to_owned()),
        ]
    );
    assert_eq!(plan.objections, Vec::<String>::new());
    assert_eq!(
        plan.risks,
        [
            "two interruptions: all of it comes back to n1 when the label is taken away",
            "connections through n1 may break, for they are tracked there",
            "whatever else heeds the label leaves n1, too: MetalLB's BGP announcements, and cloud providers' load balancers",
        ]
    );
}

#[test]
fn what_must_not_be_done_is_refused() {
    let elsewhere = Prediction { elsewhere: true, ..nobody("shop/web", "pool p is announced by BGP") };
    let table: [(&str, Case, &str); 7] = [
        (
            "speakers that ignore the label",
            Case::new().edit(|case| case.ignoring = vec!["metallb-system/speaker-a is v0.13.12".to_owned()]),
            "the drill would do nothing: metallb-system/speaker-a is v0.13.12",
        ),
        (
            "BGP",
            Case::new().edit(|case| {
                case.elections.before.insert(ip(WEB), vec![elsewhere]);
            }),
            "shop/web is not announced by layer 2: pool p is announced by BGP",
        ),
        (
            "nobody answers",
            Case::new().edit(|case| case.reports[0].lb_ips[0].local.clear()),
            "192.0.2.10: nobody is seen to answer or announce it: nothing can be moved",
        ),
        (
            "two answer",
            Case::new().edit(|case| case.reports[2].lb_ips[0].local.push(kernel(3, 300, 3))),
            "192.0.2.10: n1, n3 answer it: nothing can be moved",
        ),
        (
            "an address that no agent watches",
            Case::new().edit(|case| case.ips.push(ip("2001:db8::10"))),
            "2001:db8::10: nobody is seen to answer or announce it: nothing can be moved",
        ),
        (
            "two addresses on two nodes",
            Case::new().edit(|case| case.ips.push(ip(CART))),
            "the addresses of shop/web are on several nodes: 192.0.2.10 on n1, 192.0.2.12 on n2",
        ),
        (
            "no address",
            Case::new().edit(|case| case.ips.clear()),
            "there is no LoadBalancer Service shop/web with an address; there is ",
        ),
    ];
    for (what, case, expected) in table {
        assert_eq!(case.plan().unwrap_err(), expected, "{what}");
    }
}

#[test]
fn what_speaks_against_it_is_told_and_left_to_whoever_forces_it() {
    let table: [(&str, Case, &[&str]); 7] = [
        (
            "no other candidate",
            Case::new().edit(|case| {
                case.elections
                    .after
                    .insert(ip(WEB), vec![nobody("shop/web", "all 1 candidates are labelled")]);
            }),
            &["nobody would answer 192.0.2.10: all 1 candidates are labelled"],
        ),
        (
            "none for another address of the node",
            Case::new().edit(|case| {
                case.elections.after.insert(ip(API), vec![nobody("shop/api", "no endpoint elsewhere")]);
            }),
            &["nobody would answer 192.0.2.11: no endpoint elsewhere"],
        ),
        (
            "an election that can't be foreseen",
            Case::new().edit(|case| {
                case.elections =
                    Elections { unknown: Some("pools: forbidden".to_owned()), ..Elections::default() };
            }),
            &[
                "who would answer 192.0.2.10 is not known: pools: forbidden",
                "who would answer 192.0.2.11 is not known: pools: forbidden",
            ],
        ),
        (
            "an heir whose agent is silent",
            Case::new().edit(|case| {
                case.elections.after.insert(ip(WEB), vec![elected("shop/web", "n4")]);
            }),
            &["192.0.2.10 would go to n4, whose agent did not reply: nobody could see it"],
        ),
        (
            "a label that decides nothing",
            Case::new().edit(|case| {
                case.elections.after.insert(ip(WEB), vec![elected("shop/web", "n1")]);
            }),
            &["192.0.2.10 would stay on n1: the label decides nothing for it"],
        ),
        (
            "another one is elected",
            Case::new().edit(|case| {
                case.elections.before.insert(ip(WEB), vec![elected("shop/web", "n2")]);
            }),
            &["192.0.2.10 is on n1, though n2 is elected: the label may move nothing"],
        ),
        (
            "two Services of one address that elect two nodes",
            Case::new().edit(|case| {
                case.elections
                    .after
                    .insert(ip(WEB), vec![elected("shop/web", "n2"), elected("shop/x", "n3")]);
            }),
            &["who would answer 192.0.2.10 is not known: no election is known for it"],
        ),
    ];
    for (what, case, expected) in table {
        assert_eq!(case.plan().unwrap().objections, expected, "{what}");
    }
}

#[test]
fn a_problem_that_is_there_already_speaks_against_it() {
    // Its carrier is gone: it counts its answers, and nobody hears them.
    let case = Case::new().edit(|case| case.reports[0].interfaces[0].carrier = false);
    let objections = case.plan().unwrap().objections;
    assert!(objections.iter().any(|one| one.starts_with("192.0.2.10 has L2W30")), "{objections:?}");
}

#[test]
fn what_else_may_go_wrong_is_told() {
    let case = Case::new().edit(|case| {
        case.reports[1].lb_ips[1].said.services[0].local_policy = true;
        case.elections.before.remove(&ip(API));
        case.silent = true;
    });
    let risks = case.plan().unwrap().risks;
    for part in [
        "two interruptions: MetalLB elects anew when the label is taken away",
        "these agents did not reply, and what is answered there is not seen: http://n3:9472",
    ] {
        assert!(risks.iter().any(|risk| risk == part), "{part} in {risks:?}");
    }

    let local = Case::new().edit(|case| {
        for report in &mut case.reports {
            report.lb_ips[0].said.services[0].local_policy = true;
        }
    });
    let risk = "externalTrafficPolicy Local: only nodes with a ready endpoint stand for shop/web";
    assert!(local.plan().unwrap().risks.iter().any(|one| one == risk));
}
