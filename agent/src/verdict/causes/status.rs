//! What is wrong with a `ServiceL2Status`.

use crate::evidence::L2Status;

/// Why it names the wrong node for good, and what to do about it.
pub(in crate::verdict) fn stuck(status: &L2Status) -> Option<(String, String)> {
    let by = status.stuck_by()?;
    let L2Status { object, node, .. } = status;
    let (namespace, name) = object.split_once('/')?;
    let cause =
        format!("the speaker of {by} took over {name}, which says {node} for good (MetalLB's issue 2930)");
    let next = format!(
        "no outage: `kubectl -n {namespace} delete servicel2status {name}`, and the speaker of {by} makes a new one; \
         upgrade MetalLB to 0.16 or newer"
    );
    Some((cause, next))
}
