//! Why a timeline may lack something, in words.

use super::{Account, rows::Row, scene::claim, stage::Stage};
use crate::evidence::{Lost, What};

pub(super) fn incomplete(account: &Account, rows: &[Row<'_>], stage: &Stage<'_, '_>) -> Vec<String> {
    let mut words = account.absent.clone();
    words.sort();
    words.dedup();
    for (number, row) in rows.iter().enumerate() {
        words.extend(lost(row));
        let claims = row.seen.iter().any(|seen| claim(&seen.event.what).is_some());
        let compared = stage.scenes.iter().any(|scene| scene.clocks.map(number, 0).is_some());
        if claims && !compared {
            let node = row.node;
            words.push(format!("{node}: no frame was seen there and elsewhere, so its clock is not known and what it saw is left out"));
        }
    }
    words
}

/// What is missing in a row, and when.
fn lost(row: &Row<'_>) -> Vec<String> {
    let mut words = Vec::new();
    let mut before: Option<jiff::Timestamp> = None;
    for seen in &row.seen {
        let at = seen.event.at;
        let told = if let What::Lost(Lost { reason, .. }) = &seen.event.what {
            format!(" ({reason})")
        } else {
            String::new()
        };
        if seen.missing > 0
            && let Some(before) = before
        {
            words.push(format!(
                "{}: {} events between {before} and {at} are missing{told}",
                row.node, seen.missing
            ));
        }
        before = Some(at);
    }
    words
}
