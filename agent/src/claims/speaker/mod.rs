//! The word of this node's speaker: its metrics, found ([`endpoints`]), read ([`Reader`]) and understood
//! ([`Readout`]).
//!
//! Nothing here fails: not to be readable is a state ([`crate::evidence::Reading`]) with a hint of its own ([`crate::verdict::hint`]).

mod endpoint;
mod reader;
mod readout;

pub use endpoint::{BadEndpoint, Container, Endpoint, SpeakerPod, TOKEN_FILE, Trust, endpoints};
pub use reader::{Reader, Scrape, TIMEOUT};
pub use readout::{Counted, Readout, Series};
