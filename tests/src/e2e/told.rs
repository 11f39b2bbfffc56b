//! What a scenario ends in, as one line.

use std::fmt;

use super::witness::Finding;

/// What was told: a finding, or in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told(String);

impl Told {
    /// In words.
    pub fn words(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The same, and more.
    #[must_use]
    pub fn and(self, more: impl fmt::Display) -> Self {
        Self(format!("{}; {more}", self.0))
    }
}

impl From<Finding> for Told {
    fn from(finding: Finding) -> Self {
        Self(finding.to_string())
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
