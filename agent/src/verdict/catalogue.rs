//! The one list of verdicts. Codes are stable: alerts, scripts and runbooks hold on to them.
//!
//! 1xx more than one answerer · 2xx nobody answers · 3xx wrong interface, MAC or carrier · 4xx claims against
//! evidence · 5xx IPv6 · 9xx the view itself. A code is never given to another meaning.

use std::{fmt, net::IpAddr};

use serde::Serialize;

/// How bad it is, mildest first. "Cannot tell" stands above a warning: it may hide a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Proven fine.
    Ok,
    /// Worth knowing, nothing to do.
    Info,
    /// To look at.
    Warning,
    /// It can't be told.
    Unknown,
    /// Clients are hurt, or will be.
    Problem,
}

impl Severity {
    /// As it stands in labels, JSON and tables.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Problem => "problem",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// One entry of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `L2Wnnn`.
    pub code: &'static str,
    /// The word for it.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it means, in one line.
    pub reason: &'static str,
    /// What to do next; `{ip}` and `{node}` stand for the LB IP and a node it is about.
    pub next: &'static str,
}

impl Verdict {
    /// Its page, from the root of the repository.
    pub fn docs(&self) -> String {
        format!("docs/verdicts/{}.md", self.code)
    }

    /// The next step for one LB IP.
    pub fn next_for(&self, ip: IpAddr, node: Option<&str>) -> String {
        self.next.replace("{ip}", &ip.to_string()).replace("{node}", node.unwrap_or("the node"))
    }
}

/// Several nodes or programs answer.
pub static SPLIT: Verdict = Verdict {
    code: "L2W101",
    name: "SPLIT",
    severity: Severity::Problem,
    reason: "several nodes, programs or MACs answer for one LB IP",
    next: "find out why more than one speaker won: compare `metallb_speaker_announced{ip=\"{ip}\"}` of all \
           nodes, and let TCP and UDP 7946 pass between them",
};

/// The kernel answers.
pub static SHADOW: Verdict = Verdict {
    code: "L2W102",
    name: "SHADOW",
    severity: Severity::Problem,
    reason: "a node's own kernel answers, beside or instead of a program",
    next: "on {node}, `ip -br addr | grep -wF {ip}`: if kube-ipvs0 holds it, set `strictARP: true` in \
           kube-proxy's configuration; if nothing does, look for `proxy_arp=1`",
};

/// A stranger claims it.
pub static FOREIGN: Verdict = Verdict {
    code: "L2W103",
    name: "FOREIGN",
    severity: Severity::Problem,
    reason: "a MAC of none of the asked nodes claims the LB IP",
    next: "find the MAC in the switch's address table; take {ip} out of the other host's or DHCP server's \
           range, or give `--agent` the node that is missing",
};

/// Somebody else answers now.
pub static HANDOVER: Verdict = Verdict {
    code: "L2W110",
    name: "HANDOVER",
    severity: Severity::Info,
    reason: "the answerer changed a moment ago",
    next: "nothing, unless it keeps happening: then look at why {node} gains and loses the address",
};

/// Asked, and nobody answered.
pub static SILENT: Verdict = Verdict {
    code: "L2W201",
    name: "SILENT",
    severity: Severity::Problem,
    reason: "it was asked for lately and nobody answered",
    next: "see whether any speaker announces it: `metallb_speaker_announced{ip=\"{ip}\"}`; none: the Service's \
           endpoints and L2Advertisement; one: that node's interface and its speaker's log",
};

/// Nobody asked.
pub static IDLE: Verdict = Verdict {
    code: "L2W210",
    name: "IDLE",
    severity: Severity::Info,
    reason: "nobody asked lately, so there is no proof either way",
    next: "to know now, ask from another host of the segment: `arping -c 3 {ip}`, or `ndisc6` for IPv6",
};

/// Answers into a dead interface.
pub static NO_CARRIER: Verdict = Verdict {
    code: "L2W301",
    name: "NO-CARRIER",
    severity: Severity::Problem,
    reason: "the answers leave through an interface without carrier and never reach the wire",
    next: "on {node}, `ip link show` and the cable or switch port; MetalLB does not move the address by itself",
};

/// Two MACs in one frame.
pub static SENDER_MISMATCH: Verdict = Verdict {
    code: "L2W302",
    name: "SENDER-MISMATCH",
    severity: Severity::Warning,
    reason: "the MAC inside the message is not the one the frame came from",
    next: "compare the MAC with `ip link` on {node}: a bond that changed its MAC needs a new speaker pod; \
           otherwise something on the way rewrites ARP",
};

/// Not everybody was heard.
pub static PARTIAL_VIEW: Verdict = Verdict {
    code: "L2W901",
    name: "PARTIAL-VIEW",
    severity: Severity::Unknown,
    reason: "not every agent that may know something was heard",
    next: "ask again once they answer, and give `--agent` every node that may answer for {ip}",
};

/// No place left.
pub static OVERFLOW: Verdict = Verdict {
    code: "L2W902",
    name: "OVERFLOW",
    severity: Severity::Warning,
    reason: "more claimants than an agent has places for: some are counted, but not named",
    next: "look at the claimants that are named: many MACs for one address mean a loop, a scan or an attack",
};

/// All of them, by code.
pub static ALL: [&Verdict; 10] = [
    &SPLIT,
    &SHADOW,
    &FOREIGN,
    &HANDOVER,
    &SILENT,
    &IDLE,
    &NO_CARRIER,
    &SENDER_MISMATCH,
    &PARTIAL_VIEW,
    &OVERFLOW,
];

/// Finds a verdict by code or name, in any case.
pub fn find(word: &str) -> Option<&'static Verdict> {
    ALL.into_iter().find(|v| v.code.eq_ignore_ascii_case(word) || v.name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn codes_are_unique_ordered_and_well_formed() {
        for pair in ALL.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} before {}", pair[0].code, pair[1].code);
        }
        for verdict in ALL {
            let digits = verdict.code.strip_prefix("L2W").unwrap();
            assert!(digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()), "{}", verdict.code);
        }
        let names: BTreeSet<_> = ALL.iter().map(|v| v.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn every_verdict_has_its_page_and_every_page_its_verdict() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for verdict in ALL {
            let page = fs::read_to_string(root.join(verdict.docs()))
                .unwrap_or_else(|error| panic!("{}: {error}", verdict.docs()));
            let Verdict { code, name, severity, reason, next: _ } = verdict;
            assert!(page.starts_with(&format!("# {code} {name}\n")), "title of {code}");
            assert!(page.contains(&format!("**{severity}** · {reason}\n")), "second line of {code}");
            for part in ["## Meaning", "## Impact", "## Diagnosis", "## Remedy"] {
                assert!(page.contains(part), "{code} lacks {part}");
            }
        }
        let pages = fs::read_dir(root.join("docs/verdicts")).unwrap();
        let codes =
            pages.map(|page| page.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
        let strays: Vec<_> = codes.filter(|code| code.starts_with("L2W") && find(code).is_none()).collect();
        assert_eq!(strays, Vec::<String>::new());
    }

    #[test]
    fn a_verdict_is_found_by_code_and_by_name_in_any_case() {
        assert_eq!(find("l2w101"), Some(&SPLIT));
        assert_eq!(find("no-carrier"), Some(&NO_CARRIER));
        assert_eq!(find("L2W999"), None);
    }

    #[test]
    fn the_next_step_names_the_address_and_the_node() {
        let next = SHADOW.next_for("192.0.2.10".parse().unwrap(), Some("n2"));
        assert!(next.starts_with("on n2, `ip -br addr | grep -wF 192.0.2.10`"), "{next}");
    }
}
