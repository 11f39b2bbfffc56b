//! The word of this node's speaker: its metrics, found ([`endpoints`]), read ([`Reader`]) and understood
//! ([`Readout`]).
//!
//! Nothing here fails: not to be readable is a state ([`crate::evidence::Reading`]) with a hint of its own ([`hint`]).

mod endpoint;
mod hint;
mod reader;
mod readout;

pub use endpoint::{BadEndpoint, Container, Endpoint, SpeakerPod, TOKEN_FILE, Trust, endpoints};
pub use hint::hint;
pub use reader::{Reader, Scrape, TIMEOUT};
pub use readout::{Counted, Readout, Series};
