//! The command line, and what it says about files.

use std::path::Path;

use clap::{CommandFactory as _, Parser};

use super::*;

/// The subcommand alone.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

fn parse(args: &[&str]) -> Result<Args, clap::Error> {
    Line::try_parse_from(["failover"].iter().chain(args)).map(|line| line.args)
}

#[test]
fn the_arguments_are_checked() {
    Line::command().debug_assert();
    assert!(parse(&["192.0.2.10"]).is_ok());
    assert!(parse(&["default/web", "--watch", "--wait", "10m", "-o", "html"]).is_ok());
    assert!(parse(&["--input-file", "a", "--input-file", "b"]).is_ok());
    for args in [
        &[][..],
        &["192.0.2.300"],
        &["192.0.2.10", "--last", "0"],
        &["192.0.2.10", "--since", "yesterday"],
        &["192.0.2.10", "--wait", "10m"],
        &["192.0.2.10", "--watch", "--last", "2"],
        &["192.0.2.10", "--watch", "--input-file", "a"],
        &["192.0.2.10", "--record", "b", "--input-file", "a"],
        &["192.0.2.10", "-o", "wide"],
    ] {
        assert!(parse(args).is_err(), "{args:?}");
    }
}

#[test]
fn a_place_for_the_record_is_looked_at_before_anybody_is_asked() {
    let args = parse(&["192.0.2.10", "--record", "/no/such/folder/file", "--agent", "127.0.0.1:1"]).unwrap();
    let failure = run(&args).unwrap_err();
    assert!(matches!(failure, Failure::Usage(_)), "{failure}");
}

#[test]
fn what_a_file_does_not_tell_of_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events");
    let lost = r#"{"node":"n1","seq":1,"at":"2026-01-31T14:03:00Z","ip":"192.0.2.10","kind":"lost","count":1,"reason":"history"}"#;
    std::fs::write(&path, lost).unwrap();
    let fails = |what: &str, path: &Path| {
        run(&parse(&[what, "--input-file", &path.display().to_string()]).unwrap()).unwrap_err().to_string()
    };
    assert_eq!(fails("192.0.2.77", &path), "nothing is told of 192.0.2.77; there is 192.0.2.10");
    assert!(fails("default/web", &path).contains("the asked agents know no Service"));
}
