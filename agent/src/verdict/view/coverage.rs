//! On whom an answer rests.

use serde::{Deserialize, Serialize};

/// Whom the asked agents stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// This node only: there may be others, and nobody asked them.
    Node,
    /// All nodes that may answer, as far as whoever asked knows.
    #[default]
    Agents,
}

/// On whom an answer rests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Whom the asked agents stand for.
    pub scope: Scope,
    /// Agents asked.
    pub asked: usize,
    /// Agents that replied and know about it.
    pub replied: usize,
    /// The others, and why.
    pub failed: Vec<Failed>,
}

/// An agent that adds nothing to the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Its URL, or its node's name if it replied.
    pub agent: String,
    /// Why.
    pub error: String,
}
