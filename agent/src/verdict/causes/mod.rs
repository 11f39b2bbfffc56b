//! Why something is so, from the node's own facts and from what is said. Each answers in one line, or not at all.

mod mac;
mod owner;
mod selection;
mod shadow;
mod silence;
mod speaker;
mod split;
mod status;

pub(super) use mac::kind_of;
pub(super) use owner::no_owner;
pub(super) use selection::no_selected;
pub(super) use shadow::shadow;
pub(super) use silence::{asked, is_certain, no_group, no_link_local, silence};
pub(super) use split::{contest, split};
pub(super) use status::stuck;
