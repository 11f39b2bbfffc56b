//! All that may explain why a scenario failed, on stderr.

use super::World;
use super::agents::{LABELS, NAMESPACE};
use super::witness::Finding;

/// Of so many LB IPs all that is known is shown.
const MOST: usize = 3;

/// Prints what l2witness tells, what the router heard, what agents and speakers logged last.
pub(super) fn evidence(world: &World) {
    section("l2witness status", &ran(world, &["status", "-o", "wide"]));
    for (ip, tally) in world.asker.tallies() {
        section(&format!("the router about {ip}"), &format!("{tally:?}"));
    }
    let told = world.witness.status().map(|told| told.lb_ips).unwrap_or_default();
    let complained_about = told.iter().filter(|judged| judged.findings.iter().any(Finding::is_complaint));
    for judged in complained_about.take(MOST) {
        section("l2witness who", &ran(world, &["who", &judged.ip.to_string(), "-o", "json"]));
    }
    let logs = |namespace: &str, labels: &str| {
        let since = ["--since=3m", "--tail=100", "--prefix", "--all-containers"];
        let words = [&["logs", "--namespace", namespace, "--selector", labels], since.as_slice()].concat();
        world.cluster.kubectl(&words).unwrap_or_else(|error| format!("{error:#}"))
    };
    section("the agents' logs", &logs(NAMESPACE, LABELS));
    section("the speakers' logs", &logs("metallb-system", "component=speaker"));
    let pods = world.cluster.kubectl(&["get", "pods", "--all-namespaces", "--output=wide"]);
    section("pods", &pods.unwrap_or_else(|error| format!("{error:#}")));
}

/// Prints what the agents know right now: what is complained about may be over in a second.
pub(super) fn at_this_moment(world: &World) {
    for report in world.reports().unwrap_or_default() {
        let lb_ips = serde_json::to_string(&report.lb_ips).unwrap_or_else(|error| error.to_string());
        section(&format!("{} at {}", report.node, report.time), &lb_ips);
    }
}

fn ran(world: &World, args: &[&str]) -> String {
    match world.witness.run(args) {
        Ok(output) => String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        Err(error) => format!("{error:#}"),
    }
}

fn section(title: &str, text: &str) {
    eprintln!("── {title}\n{}", text.trim_end());
}
