//! What an observer is told at its start.

use regex::Regex;

use super::{HookChoice, Rules};

/// Settings of one observer.
#[derive(Clone, Debug)]
pub struct Config {
    /// The node's name.
    pub node: String,
    /// Where the LB IPs come from, for the report.
    pub source: String,
    /// Which interfaces count.
    pub rules: Rules,
    /// Which hook to use.
    pub hook: HookChoice,
    /// Room for so many LB IPs.
    pub capacity: u32,
    /// Whether data packets to the LB IPs are counted, too.
    pub traffic: bool,
    /// Names of senders that are the speaker.
    pub speaker: Regex,
}
