use clap::Parser as _;
use serde_json::json;

use super::{
    node_server::NodeServer,
    note::{ANNOTATION, VALUE, sample::note},
    *,
};
use crate::{claims::election::EXCLUDE_LABEL, verdict::sample::T0};

#[derive(Debug, clap::Parser)]
struct Cli {
    #[command(flatten)]
    drill: Args,
}

fn parse(args: &[&str]) -> Result<Args, String> {
    let cli = Cli::try_parse_from(["drill"].iter().chain(args));
    cli.map(|cli| cli.drill).map_err(|error| error.to_string())
}

#[test]
fn it_does_nothing_unless_told_so_and_takes_one_service_with_its_namespace() {
    let args = parse(&["shop/web"]).unwrap();
    assert_eq!(
        (args.service.as_deref(), args.yes, args.force, args.wait),
        (Some("shop/web"), false, false, 60)
    );
    assert!(parse(&["--restore"]).unwrap().restore);
    for (args, part) in [
        (&[][..], "required arguments"),
        (&["web"], "write NAMESPACE/SERVICE"),
        (&["a/b/c"], "write NAMESPACE/SERVICE"),
        (&["shop/"], "write NAMESPACE/SERVICE"),
        (&["shop/web", "--force"], "--yes"),
        (&["shop/web", "--restore"], "cannot be used with"),
        (&["--restore", "--yes"], "cannot be used with"),
        (&["shop/web", "--wait=0"], "0 is not in 1..=3600"),
    ] {
        let error = parse(args).unwrap_err();
        assert!(error.contains(part), "{args:?}: {error}");
    }
}

fn args(server: &NodeServer, words: &[&str]) -> Args {
    Args { agents: server.agents(), ..parse(words).unwrap() }
}

#[tokio::test]
async fn whatever_is_asked_for_a_label_that_was_left_is_seen_first_and_stays_until_it_is_restored() {
    let server = NodeServer::start().await;
    server.kept().labels[EXCLUDE_LABEL] = json!(VALUE);
    server.kept().annotations[ANNOTATION] = json!(note(T0, T0 + 60).text());
    for words in [&["shop/web"][..], &["shop/web", "--yes", "--force"]] {
        assert_eq!(drill(&args(&server, words)).await.unwrap(), Exit::Problem);
    }
    assert_eq!((server.marks(), server.kept().patches), ((Some(VALUE.to_owned()), true), 0));

    assert_eq!(drill(&args(&server, &["--restore"])).await.unwrap(), Exit::Fine);
    assert!(server.is_clean());
    assert_eq!(drill(&args(&server, &["--restore"])).await.unwrap(), Exit::Fine);
    assert_eq!(server.kept().patches, 1);
}

#[tokio::test]
async fn restoring_takes_no_label_away_that_has_no_note_or_another_value() {
    let server = NodeServer::start().await;
    server.kept().labels[EXCLUDE_LABEL] = json!(VALUE);
    assert_eq!(drill(&args(&server, &["--restore"])).await.unwrap(), Exit::Fine);
    assert_eq!((server.marks(), server.kept().patches), ((Some(VALUE.to_owned()), false), 0));

    server.kept().labels[EXCLUDE_LABEL] = json!("");
    server.kept().annotations[ANNOTATION] = json!("rubbish");
    assert_eq!(drill(&args(&server, &["--restore"])).await.unwrap(), Exit::Fine);
    assert_eq!(server.marks(), (Some(String::new()), false));
}

#[tokio::test]
async fn without_an_api_server_it_is_bad_usage() {
    let mut args = parse(&["shop/web"]).unwrap();
    args.agents.socket = Some("/nowhere/agent.sock".into());
    let failure = drill(&args).await.unwrap_err();
    assert!(matches!(&failure, Failure::Usage(line) if line.contains("--kubeconfig")), "{failure}");
}
