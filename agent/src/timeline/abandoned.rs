//! An address that its owner let go and nobody took.

use super::{
    handover::{Reference, name},
    scene::{Claims, Scene, Who},
    shape::{Handover, Kind, Party},
    told::Told,
    turns::OVERLAP_NS,
};
use crate::evidence::What;

/// Speakers are asked every few seconds: what is said of one may be older than what another one did.
const SAID_NS: i64 = 30_000_000_000;

/// The owner's own speaker says that it has let go, nobody says or shows that another one has it, and the owner itself
/// does not show that it goes on.
pub(super) fn abandoned(
    owner: Option<Who<'_>>,
    scenes: &[Scene<'_>],
    told: &[Told<'_>],
    reference: Reference,
) -> Option<Handover> {
    let (scene, Some(who @ Who::Node(node))) = (scenes.last()?, owner) else { return None };
    let ended = told.iter().rev().find(|told| told.ended_on(node, i64::MIN, i64::MAX))?;
    let began = |told: &Told<'_>| matches!(told.what, What::Claim(claim) if claim.began);
    let taken = told.iter().any(|told| began(told) && told.at > ended.at - SAID_NS);
    let claimed = scene.marks.iter().any(|mark| {
        let since = if mark.who == who { ended.at + OVERLAP_NS } else { ended.at - SAID_NS };
        mark.claims != Claims::Last && mark.at > since
    });
    if taken || claimed {
        return None;
    }
    let mark = scenes.iter().rev().find_map(|scene| scene.of(who).last());
    let from = Party {
        node: Some(node.to_owned()),
        interface: mark.filter(|mark| mark.claimed.sent).map(|mark| mark.claimed.interface.clone()),
        mac: mark.map(|mark| mark.claimed.mac)?,
        origin: mark.and_then(|mark| mark.claimed.origin),
        sender: mark.and_then(|mark| mark.claimed.sender.clone()),
    };
    let at = reference.time(ended.at);
    Some(Handover {
        kind: Kind::Abandoned,
        from: Some(from),
        to: None,
        began: at,
        ended: at,
        gap_ns: None,
        error_ns: None,
        unanswered: None,
        steps: Vec::new(),
        missing: vec![format!("whether {} still answers: nothing was seen of it since", name(who))],
    })
}
