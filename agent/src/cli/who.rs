//! `l2witness who IP`

use std::net::IpAddr;

use super::{
    client::{self, AgentArgs, Told},
    exit::{Failure, Outcome},
    output::{self, Document, OutputArgs},
    table::Table,
    who_text::text,
};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The LB IP
    ip: IpAddr,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    agents: AgentArgs,
}

pub(super) fn run(args: &Args) -> Outcome {
    let Args { ip, output: OutputArgs { output: format }, agents } = args;
    let told = client::ask(agents)?;
    output::note(&told.notes);
    let document = Document::new(&told, &[*ip]).with_evidence(&told);
    let machine = output::machine(&document, *format)?;
    if let Some(text) = &machine {
        output::print(text)?;
    }
    if let Some(failure) = told.nobody() {
        return Err(failure);
    }
    let Some(judged) = document.lb_ips.first() else {
        return Err(Failure::Unreachable(not_watched(*ip, &told)));
    };
    if machine.is_none() {
        output::print(&text(judged, document.time, Table::for_stdout))?;
    }
    Ok(document.exit())
}

fn not_watched(ip: IpAddr, told: &Told) -> String {
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
    use crate::verdict::sample::{T0, all, at, node};

    #[test]
    fn an_ip_that_nobody_watches_is_told_with_what_is_watched() {
        let reports = vec![node("n1", 1).done(), node("n2", 2).done()];
        let told = Told { reports, coverage: all(2), notes: Vec::new(), now: at(T0) };
        assert_eq!(
            not_watched("192.0.2.99".parse().unwrap(), &told),
            "192.0.2.99 is not watched: the 2 agents that replied watch 1 LB IP, 192.0.2.10"
        );
    }
}
