//! What is wrong with a `ServiceL2Status`.

use crate::{evidence::L2Status, verdict::text::few};

/// Why all of these name the wrong node for good, and what to do about them; `None` where one of them is only old.
pub(in crate::verdict) fn stuck(statuses: &[&L2Status]) -> Option<(String, String)> {
    let (mut causes, mut names, mut at) = (Vec::new(), Vec::new(), None);
    for status in statuses {
        let (by, (namespace, name)) = (status.stuck_by()?, status.object.split_once('/')?);
        causes.push(format!("the speaker of {by} took over {name}, which says {} for good", status.node));
        names.push(name);
        at = Some(namespace);
    }
    let cause = format!("{} (MetalLB's issue 2930)", few(causes));
    let next = format!(
        "`kubectl -n {} delete servicel2status {}`, and whoever announces makes a new one; upgrade MetalLB to 0.16 or \
         newer",
        at?,
        names.join(" ")
    );
    Some((cause, next))
}
