//! Whether a drill left its label on a Node: it stays out of every election until somebody takes it away.

use jiff::Timestamp;

use super::line::{Detail, Line, Status};
use crate::cli::{api::ApiError, drill::Left};

const CHECK: &str = "drills";

pub(super) fn line(left: Option<&Result<Vec<Left>, ApiError>>, now: Timestamp) -> Line {
    let left = match left {
        None => return Line::skipped(CHECK, "whether a drill left its label: that takes the API server"),
        Some(Err(error)) => {
            return Line::by(
                CHECK,
                "Nodes can be read",
                Status::Unknown,
                vec![Detail::new(error.to_string())],
            );
        }
        Some(Ok(left)) => left,
    };
    let detail = |left: &Left| {
        let next = if left.is_under_way(now) {
            "wait until it is over; if it died, l2witness drill --restore"
        } else {
            "l2witness drill --restore"
        };
        Detail::on(&left.node, left.words(now)).next(next)
    };
    let details: Vec<_> = left.iter().map(detail).collect();
    if !left.is_empty() && left.iter().all(|left| left.is_under_way(now)) {
        return Line::by(CHECK, "a drill is under way", Status::Info, details);
    }
    Line::by(CHECK, "no drill left its label on a Node", Status::Warning, details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::drill::sample::left,
        verdict::sample::{T0, at},
    };

    #[test]
    fn a_label_that_was_left_is_a_warning_and_one_of_a_drill_under_way_is_none() {
        let of = |left: Vec<Left>| line(Some(&Ok(left)), at(T0));
        assert_eq!(of(vec![]), Line::ok(CHECK, "no drill left its label on a Node"));

        let under_way = of(vec![left("n2", T0 - 60, T0 + 60)]);
        assert_eq!((under_way.status, &*under_way.text), (Status::Info, "a drill is under way"));

        let behind = of(vec![left("n1", T0 - 900, T0 - 600), left("n2", T0 - 60, T0 + 60)]);
        assert_eq!(behind.status, Status::Warning);
        let next: Vec<_> = behind.details.iter().filter_map(|detail| detail.next.as_deref()).collect();
        let waiting = "wait until it is over; if it died, l2witness drill --restore";
        assert_eq!(next, ["l2witness drill --restore", waiting]);
        assert_eq!(behind.details[0].node.as_deref(), Some("n1"));
        let reason = &behind.details[0].reason;
        assert!(reason.ends_with("of the drill of shop/web by ann@desk, 15m ago"), "{reason}");
    }

    #[test]
    fn without_the_api_server_it_is_not_known() {
        assert_eq!(line(None, at(T0)).status, Status::Skipped);
        let error = ApiError::Other("no".to_owned());
        assert_eq!(line(Some(&Err(error)), at(T0)).status, Status::Unknown);
    }
}
