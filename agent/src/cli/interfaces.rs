//! Which interfaces, and how: the flags that the agent and the doctor share.

use super::exit::Failure;
use crate::wire::{HookChoice, Rules};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Interfaces")]
pub(super) struct InterfaceArgs {
    /// Observe only interfaces whose whole name matches; repeatable [default: MetalLB's rules]
    #[arg(long, env = "L2WITNESS_INTERFACES", value_delimiter = ' ', value_name = "REGEX")]
    interface: Vec<String>,
    /// Leave out interfaces whose name matches somewhere; repeatable [default: MetalLB's list]
    #[arg(long, env = "L2WITNESS_EXCLUDE_INTERFACES", value_delimiter = ' ', value_name = "REGEX")]
    exclude_interface: Vec<String>,
    /// How to attach
    #[arg(long, env = "L2WITNESS_HOOK", value_enum, default_value = "auto")]
    pub(super) hook: HookChoice,
}

impl InterfaceArgs {
    /// The rules they make. An empty variable is as good as none: charts set them so.
    pub(super) fn rules(&self) -> Result<Rules, Failure> {
        let exclude = given(&self.exclude_interface);
        let exclude = if exclude.is_empty() { None } else { Some(exclude.as_slice()) };
        Rules::new(&given(&self.interface), exclude).map_err(|error| {
            // The message is a drawing; its last line says it in words.
            let text = error.to_string();
            Failure::Usage(format!("not a regular expression: {}", text.lines().last().unwrap_or(&text)))
        })
    }
}

/// The values that are not empty.
pub(super) fn given(values: &[String]) -> Vec<String> {
    values.iter().filter(|value| !value.is_empty()).cloned().collect()
}
