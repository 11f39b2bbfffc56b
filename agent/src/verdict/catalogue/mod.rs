//! The one list of verdicts. Codes are stable: alerts, scripts and runbooks hold on to them.
//!
//! 1xx more than one answerer · 2xx nobody answers · 3xx wrong interface, MAC or carrier · 4xx claims against
//! evidence · 5xx IPv6 · 9xx the view itself. A code is never given to another meaning.

mod claims;
mod ipv6;
mod nobody;
mod path;
mod several;
mod view;

use std::{fmt, net::IpAddr};

use serde::Serialize;

pub use claims::{CLAIMS_DISAGREE, COUNTERS_DIFFER, MISMATCH, STALE_CLAIM, UNANNOUNCED, UNSHARED};
pub use ipv6::{GROUP_LOST, NO_LINK_LOCAL, NO_SOURCE_LINK_LAYER, UNICAST_SOLICITATION};
pub use nobody::{IDLE, NO_OWNER, SILENT};
pub use path::{NO_CARRIER, SENDER_MISMATCH, STALE_MAC, STALE_PATH, UNHEARD, WRONG_INTERFACE};
pub use several::{FLAP, FOREIGN, HANDOVER, SHADOW, SPLIT};
pub use view::{CLAIMS_UNREAD, OVERFLOW, PARTIAL_VIEW, SOURCE_LOST, SOURCE_PARTIAL};

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

/// All of them, by code.
pub static ALL: [&Verdict; 29] = [
    &SPLIT,
    &SHADOW,
    &FOREIGN,
    &FLAP,
    &HANDOVER,
    &SILENT,
    &NO_OWNER,
    &IDLE,
    &NO_CARRIER,
    &SENDER_MISMATCH,
    &WRONG_INTERFACE,
    &STALE_MAC,
    &UNHEARD,
    &STALE_PATH,
    &MISMATCH,
    &STALE_CLAIM,
    &CLAIMS_DISAGREE,
    &UNANNOUNCED,
    &COUNTERS_DIFFER,
    &UNSHARED,
    &NO_SOURCE_LINK_LAYER,
    &UNICAST_SOLICITATION,
    &GROUP_LOST,
    &NO_LINK_LOCAL,
    &PARTIAL_VIEW,
    &OVERFLOW,
    &CLAIMS_UNREAD,
    &SOURCE_LOST,
    &SOURCE_PARTIAL,
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
