//! `l2witness doctor`: tries the real thing on this node and names what is missing, a line each.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum;

use super::{
    exit::{Exit, Outcome},
    interfaces::InterfaceArgs,
    output,
    table::Table,
};
use crate::{
    verdict::Severity,
    wire::doctor::{Check, Plan, Status, examine},
};

/// How to print.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    interfaces: InterfaceArgs,
    /// The pin directory the agent would use
    #[arg(long, env = "L2WITNESS_PIN_DIR", value_name = "PATH", default_value = super::DEFAULT_PIN_DIR)]
    pin_dir: PathBuf,
    /// How to print
    #[arg(short, long, value_enum, default_value = "table", value_name = "FORMAT")]
    output: Format,
}

pub(super) fn run(args: &Args) -> Outcome {
    let plan =
        Plan { pin_dir: args.pin_dir.clone(), rules: args.interfaces.rules()?, hook: args.interfaces.hook };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting tokio")?;
    let checks = runtime.block_on(examine(&plan));
    let text = match args.output {
        Format::Table => table(&checks),
        Format::Json => serde_json::to_string_pretty(&checks).context("writing JSON")? + "\n",
    };
    output::print(&text)?;
    Ok(exit(&checks))
}

fn table(checks: &[Check]) -> String {
    let mut table = Table::for_stdout(&["CHECK", "STATUS", "DETAIL"]);
    for check in checks {
        let (word, severity) = match check.status {
            Status::Ok => ("ok", None),
            Status::Skipped => ("skipped", None),
            Status::Warning => ("warning", Some(Severity::Warning)),
            Status::Missing => ("MISSING", Some(Severity::Problem)),
        };
        table.row([check.name.clone(), word.to_owned(), check.detail.clone()], severity);
    }
    table.render()
}

fn exit(checks: &[Check]) -> Exit {
    match checks.iter().map(|check| check.status).max() {
        None | Some(Status::Ok | Status::Skipped) => Exit::Fine,
        Some(Status::Warning) => Exit::Warning,
        Some(Status::Missing) => Exit::Problem,
    }
}
