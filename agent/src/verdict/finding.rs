//! A verdict that was reached, with what led to it.

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::catalogue::{Severity, Verdict};

/// A verdict on one LB IP or one node, with what led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its entry in the catalogue.
    pub verdict: &'static Verdict,
    /// The node it is about; of several the first, absent where it is about none.
    pub node: Option<String>,
    /// The numbers that led to it.
    pub reason: String,
    /// Why it is so, in one line, where the node's own facts or the claims tell.
    pub cause: Option<String>,
    /// What to do next.
    pub next: String,
}

impl Finding {
    /// Adds why.
    #[must_use]
    pub(super) fn because(mut self, cause: Option<String>) -> Self {
        self.cause = cause;
        self
    }

    /// What to do, where that is known better than by the catalogue.
    #[must_use]
    pub(super) fn then(mut self, next: String) -> Self {
        self.next = next;
        self
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { verdict, node, reason, cause, next } = self;
        let fields = 5 + usize::from(node.is_some()) + usize::from(cause.is_some());
        let mut map = serializer.serialize_struct("Finding", fields)?;
        map.serialize_field("code", verdict.code)?;
        map.serialize_field("name", verdict.name)?;
        map.serialize_field("severity", &verdict.severity)?;
        if let Some(node) = node {
            map.serialize_field("node", node)?;
        }
        map.serialize_field("reason", reason)?;
        if let Some(cause) = cause {
            map.serialize_field("cause", cause)?;
        }
        map.serialize_field("next", next)?;
        map.end()
    }
}

/// The worst severity, `ok` where there is no finding.
pub fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(|finding| finding.verdict.severity).max().unwrap_or(Severity::Ok)
}
