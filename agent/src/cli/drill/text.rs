//! A plan, for people.

use jiff::Timestamp;

use super::{
    note::VALUE,
    plan::{Heir, Move, Plan},
};
use crate::{
    claims::election::EXCLUDE_LABEL,
    cli::table::{Table, printable},
};

/// The whole page.
pub(super) fn text(plan: &Plan, now: Timestamp, table: impl Fn(&[&str]) -> Table) -> String {
    let Plan { service, owner, moves, objections, risks } = plan;
    let node = &owner.node;
    let mut page = format!(
        "{service} is on {node} ({})\n\n\
         The drill sets the label {EXCLUDE_LABEL}={VALUE} on Node {node}, waits until\n\
         somebody else has taken over, and takes the label away again. This moves:\n\n",
        owner.proof.words(now)
    );
    let mut rows = table(&["LB IP", "FROM", "TO", "THEN", "SERVICES"]);
    for Move { ip, services, drilled: _, heir, back } in moves {
        let heir = match heir {
            Heir::Node(node) => node,
            Heir::Nobody(_) => "nobody",
            Heir::Unknown(_) => "?",
        };
        let back = back.as_deref().unwrap_or("?");
        let services = if services.is_empty() { "-".to_owned() } else { services.join(", ") };
        rows.row([ip.to_string(), node.clone(), heir.to_owned(), back.to_owned(), services], None);
    }
    page += &rows.render();
    page += &listed("What may go wrong", risks);
    page += &listed("What speaks against it", objections);
    page
}

fn listed(title: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    lines.iter().fold(format!("\n{title}\n"), |text, line| text + "  - " + &printable(line) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::drill::owner::{Owner, Proof},
        verdict::sample::{T0, at, before},
    };

    #[test]
    fn a_plan_says_what_moves_where_and_what_may_go_wrong() {
        let moved = |ip: &str, drilled, heir, back: Option<&str>, services: &[&str]| Move {
            ip: ip.parse().unwrap(),
            services: services.iter().map(ToString::to_string).collect(),
            drilled,
            heir,
            back: back.map(str::to_owned),
        };
        let plan = Plan {
            service: "shop/web".to_owned(),
            owner: Owner { node: "n2".to_owned(), proof: Proof::Replied(before(3)) },
            moves: vec![
                moved("192.0.2.11", true, Heir::Node("n3".to_owned()), Some("n2"), &["shop/web"]),
                moved("192.0.2.12", false, Heir::Nobody("no".to_owned()), Some("n2"), &["a/x", "a/y"]),
                moved("192.0.2.13", false, Heir::Unknown("no".to_owned()), None, &[]),
            ],
            objections: vec!["nobody would answer 192.0.2.12: no".to_owned()],
            risks: vec!["one".to_owned(), "two".to_owned()],
        };
        assert_eq!(
            text(&plan, at(T0), |header| Table::plain(header, None)),
            "\
shop/web is on n2 (answered 3s ago)

The drill sets the label node.kubernetes.io/exclude-from-external-load-balancers=l2witness-drill on Node n2, waits until
somebody else has taken over, and takes the label away again. This moves:

LB IP       FROM  TO      THEN  SERVICES
192.0.2.11  n2    n3      n2    shop/web
192.0.2.12  n2    nobody  n2    a/x, a/y
192.0.2.13  n2    ?       ?     -

What may go wrong
  - one
  - two

What speaks against it
  - nobody would answer 192.0.2.12: no
"
        );
    }
}
