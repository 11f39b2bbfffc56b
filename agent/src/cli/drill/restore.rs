//! `l2witness drill --restore`: what a drill that died has left is taken away, and nothing else.

use jiff::Timestamp;

use super::{
    label::{self, TakenAway},
    note::Left,
};
use crate::{
    claims::election::EXCLUDE_LABEL,
    cli::{
        api::Api,
        exit::{Exit, Failure, Outcome},
        output,
    },
};

pub(super) async fn run(api: &Api) -> Outcome {
    let left = label::left(api).await.map_err(|error| Failure::Unreachable(error.to_string()))?;
    if left.is_empty() {
        output::print("no Node has a drill's note: nothing to restore\n")?;
    }
    let mut exit = Exit::Fine;
    for left in left {
        let Left { node, text, .. } = &left;
        let line = match label::take_away(api, node, text).await {
            Ok(TakenAway::Both) => format!("Node {node} {}: taken away", left.words(Timestamp::now())),
            Ok(TakenAway::Note(now)) => {
                let of =
                    if now.label.is_some() { "is somebody else's and stays" } else { "was gone already" };
                format!("Node {node}: the note is taken away; the label {EXCLUDE_LABEL} {of}")
            }
            Ok(TakenAway::Nothing) => format!("Node {node}: somebody else took it away meanwhile"),
            Err(error) => {
                exit = Exit::Problem;
                format!("Node {node}: {error}; by hand: {}", label::by_hand(node))
            }
        };
        output::print(&(line + "\n"))?;
    }
    Ok(exit)
}
