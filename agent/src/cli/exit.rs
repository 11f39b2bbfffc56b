//! Exit codes and the one line that goes with them.

use std::process::ExitCode;

use crate::verdict::Severity;

/// How a command ended (0 proven fine, 1 warning, 2 problem, 3 cannot tell).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All proven fine.
    Fine = 0,
    /// Something to look at.
    Warning = 1,
    /// Something is wrong.
    Problem = 2,
    /// It can't be told.
    Unknown = 3,
}

impl Exit {
    /// The code for the worst of what was found.
    pub(super) const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Ok | Severity::Info => Self::Fine,
            Severity::Warning => Self::Warning,
            Severity::Unknown => Self::Unknown,
            Severity::Problem => Self::Problem,
        }
    }
}

/// A command that could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The input can't be used: exit 64, before any side effect.
    #[error("{0}")]
    Usage(String),
    /// The input was fine, the node or an agent was not.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
    /// No agent answered: exit 3.
    #[error("{0}")]
    Unreachable(String),
}

/// What every subcommand returns.
pub(super) type Outcome = Result<Exit, Failure>;

const USAGE: u8 = 64;
/// A daemon that can't run. For the commands that judge, 1 is a warning, so theirs is [`Exit::Unknown`].
const FAILED: u8 = 1;

/// Prints a clap error; help and version are no errors.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // Nothing can be done where even stderr is gone.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// Turns the outcome into the exit code, with one line on stderr for a failure.
pub(super) fn report(outcome: Outcome, judges: bool) -> ExitCode {
    match outcome {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            let code = match &failure {
                Failure::Usage(_) => USAGE,
                Failure::Failed(_) if !judges => FAILED,
                Failure::Failed(_) | Failure::Unreachable(_) => Exit::Unknown as u8,
            };
            match &failure {
                Failure::Failed(error) => eprintln!("l2witness: {error:#}"),
                other => eprintln!("l2witness: {other}"),
            }
            ExitCode::from(code)
        }
    }
}
