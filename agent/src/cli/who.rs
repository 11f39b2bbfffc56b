//! `l2witness who IP|NAMESPACE/SERVICE`

use std::{collections::BTreeSet, net::IpAddr, str::FromStr};

use super::{
    client::{AgentArgs, Told},
    exit::{Failure, Outcome},
    output::{self, Document, OutputArgs},
    reach,
    table::Table,
    who_text::text,
};
use crate::verdict::few;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The LB IP, or the Service that has it
    #[arg(value_name = "IP|NAMESPACE/SERVICE")]
    what: What,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    agents: AgentArgs,
}

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// This one.
    Ip(IpAddr),
    /// `namespace/name`, or a name alone.
    Service(String),
}

impl FromStr for What {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        // RFC 1123 labels, as Kubernetes names its Services.
        let is_label = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if text.split('/').count() <= 2 && text.split('/').all(is_label) {
            return Ok(Self::Service(text.to_owned()));
        }
        Err("neither an IP address nor NAMESPACE/SERVICE")
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    let Args { what, output: OutputArgs { output: format }, agents } = args;
    let told = reach::ask(agents)?;
    output::note(&told.notes);
    let ips = ips(what, &told);
    let asked = ips.as_deref().unwrap_or_default();
    let document = if told.reports.is_empty() || ips.is_ok() {
        let mut document = Document::new(&told, asked).with_evidence(&told);
        // Without reports nothing is known of a Service's IPs, and no IP would mean all of them.
        document.lb_ips.retain(|judged| asked.contains(&judged.ip));
        Some(document)
    } else {
        None
    };
    let machine = document.as_ref().map(|document| output::machine(document, *format)).transpose()?.flatten();
    if let Some(text) = &machine {
        output::print(text)?;
    }
    if let Some(failure) = told.nobody() {
        return Err(failure);
    }
    let ips = ips.map_err(Failure::Unreachable)?;
    let Some(document) = document.filter(|document| !document.lb_ips.is_empty()) else {
        return Err(Failure::Unreachable(ips.iter().map(|ip| not_watched(*ip, &told)).collect()));
    };
    if machine.is_none() {
        let page = |judged| text(judged, document.time, Table::for_stdout);
        output::print(&document.lb_ips.iter().map(page).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(document.exit())
}

/// The IPs meant: several where a Service has one of each family.
pub(super) fn ips(what: &What, told: &Told) -> Result<Vec<IpAddr>, String> {
    let name = match what {
        What::Ip(ip) => return Ok(vec![*ip]),
        What::Service(name) => name,
    };
    let lb_ips = || told.reports.iter().flat_map(|report| &report.lb_ips);
    let known: BTreeSet<_> =
        lb_ips().flat_map(|lb| lb.said.services.iter().map(|service| service.name.as_str())).collect();
    let meant: Vec<_> = known.iter().copied().filter(|full| is_meant(name, full)).collect();
    let [service] = meant.as_slice() else {
        return Err(match meant.len() {
            0 if known.is_empty() => {
                format!("{name:?} is no IP, and the asked agents know no Service: they were given IPs alone")
            }
            0 => format!(
                "{name:?} is neither an IP nor a Service with one; there is {}",
                few(known.into_iter().map(str::to_owned))
            ),
            _ => format!("{name:?} may be {}: name its namespace, too", meant.join(" or ")),
        });
    };
    let has = |lb: &&crate::evidence::LbIp| lb.said.services.iter().any(|known| known.name == *service);
    Ok(lb_ips().filter(has).map(|lb| lb.ip).collect::<BTreeSet<_>>().into_iter().collect())
}

/// A name without namespace means the Service of any.
fn is_meant(name: &str, full: &str) -> bool {
    name == full || full.split_once('/').is_some_and(|(_, bare)| bare == name)
}

/// Why there is nothing to tell of it.
pub(super) fn not_watched(ip: IpAddr, told: &Told) -> String {
    let mut watched: Vec<_> = told.reports.iter().flat_map(|report| &report.lb_ips).map(|lb| lb.ip).collect();
    watched.sort_unstable();
    watched.dedup();
    let others = match watched.len() {
        0 => "no LB IP at all".to_owned(),
        1 => format!("1 LB IP, {}", watched[0]),
        count => format!("{count} LB IPs; `l2witness status` lists them"),
    };
    let agents = match told.reports.len() {
        1 => "the 1 agent that replied watches".to_owned(),
        count => format!("the {count} agents that replied watch"),
    };
    format!("{ip} is not watched: {agents} {others}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        evidence::{NodeReport, Service},
        verdict::sample::{T0, all, at, node},
    };

    fn told(reports: Vec<NodeReport>) -> Told {
        let coverage = all(reports.len());
        Told { reports, coverage, notes: Vec::new(), now: at(T0) }
    }

    /// A node whose LB IPs belong to these Services.
    fn with_services(name: &str, of: &[(&str, &[&str])]) -> NodeReport {
        node(name, 1)
            .edit(|report| {
                let first = report.lb_ips.remove(0);
                report.lb_ips = of
                    .iter()
                    .map(|(ip, services)| {
                        let mut lb = first.clone();
                        lb.ip = ip.parse().unwrap();
                        let service =
                            |name: &&str| Service { name: (*name).to_owned(), ..Service::default() };
                        lb.said.services = services.iter().map(service).collect();
                        lb
                    })
                    .collect();
            })
            .done()
    }

    #[test]
    fn an_ip_that_nobody_watches_is_told_with_what_is_watched() {
        let told = told(vec![node("n1", 1).done(), node("n2", 2).done()]);
        assert_eq!(
            not_watched("192.0.2.99".parse().unwrap(), &told),
            "192.0.2.99 is not watched: the 2 agents that replied watch 1 LB IP, 192.0.2.10"
        );
    }

    #[test]
    fn a_service_stands_for_all_its_ips_over_all_agents() {
        let one =
            with_services("n1", &[("192.0.2.10", &["shop/web", "shop/api"]), ("192.0.2.11", &["a/web"])]);
        let two = with_services("n2", &[("192.0.2.10", &["shop/web"]), ("2001:db8::10", &["shop/web"])]);
        let told = told(vec![one, two]);
        let ips = |text: &str| {
            ips(&text.parse().unwrap(), &told)
                .map(|ips| ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        for (text, expected) in [
            ("shop/web", Ok("192.0.2.10 2001:db8::10")),
            ("api", Ok("192.0.2.10")),
            ("192.0.2.77", Ok("192.0.2.77")),
            ("web", Err("\"web\" may be a/web or shop/web: name its namespace, too")),
            (
                "b/web",
                Err("\"b/web\" is neither an IP nor a Service with one; there is a/web, shop/api, shop/web"),
            ),
        ] {
            assert_eq!(ips(text).as_deref().map_err(String::as_str), expected.map_err(|e: &str| e), "{text}");
        }
    }

    #[test]
    fn what_is_neither_ip_nor_service_is_bad_usage() {
        for text in ["192.0.2.300", "", "a/b/c", "/web", "Web", "2001:db8::g"] {
            assert!(text.parse::<What>().is_err(), "{text}");
        }
    }

    #[test]
    fn agents_that_know_no_service_say_so() {
        let error = ips(&"shop/web".parse().unwrap(), &told(vec![node("n1", 1).done()])).unwrap_err();
        assert!(error.ends_with("the asked agents know no Service: they were given IPs alone"), "{error}");
    }
}
