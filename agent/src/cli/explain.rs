//! `l2witness explain [CODE]`

use super::{
    exit::{Exit, Failure, Outcome},
    output::print,
    table::Table,
};
use crate::verdict::{
    Verdict,
    catalogue::{ALL, find},
};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Code or name, such as L2W101 or SPLIT; without it, all of them
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let text = match &args.code {
        None => list(Table::for_stdout(&["CODE", "NAME", "SEVERITY", "MEANING"])),
        Some(word) => {
            let verdict = find(word).ok_or_else(|| {
                Failure::Usage(format!("there is no verdict {word:?}; `l2witness explain` lists them"))
            })?;
            page(verdict)
        }
    };
    print(&text)?;
    Ok(Exit::Fine)
}

fn list(mut table: Table) -> String {
    for verdict in ALL {
        let Verdict { code, name, severity, reason, next: _ } = verdict;
        table.row([*code, *name, severity.label(), *reason].map(str::to_owned), Some(*severity));
    }
    table.render()
}

fn page(verdict: &Verdict) -> String {
    let Verdict { code, name, severity, reason, next } = verdict;
    let next = next.replace("{ip}", "IP").replace("{node}", "NODE");
    format!(
        "{code} {name} ({severity})\n\nMeaning: {reason}.\nNext:    {next}.\nMore:    {}\n",
        verdict.docs()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_explained_with_its_next_step_and_page() {
        let text = page(find("split").unwrap());
        assert!(text.starts_with("L2W101 SPLIT (problem)\n\nMeaning: several nodes"), "{text}");
        assert!(text.contains("metallb_speaker_announced{ip=\"IP\"}"), "{text}");
        assert!(text.ends_with("docs/verdicts/L2W101.md\n"), "{text}");
    }

    #[test]
    fn the_list_has_a_line_for_every_verdict() {
        let text = list(Table::plain(&["CODE", "NAME", "SEVERITY", "MEANING"], None));
        assert_eq!(text.lines().count(), ALL.len() + 1);
        assert!(text.starts_with("CODE    NAME                  SEVERITY  MEANING\n"), "{text}");
    }

    #[test]
    fn an_unknown_code_is_a_usage_error() {
        let args = Args { code: Some("L2W000".to_owned()) };
        assert!(matches!(run(&args), Err(Failure::Usage(_))));
    }
}
