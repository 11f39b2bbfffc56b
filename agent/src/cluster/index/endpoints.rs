//! What serves the Services, whichever kind says it.

use super::{super::objects::Slice, store::Grouped};
use crate::claims::election::Endpoint;

/// What serves the Services; only one of the two is followed.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    pub(super) slices: Grouped<Slice>,
    pub(super) whole: Grouped<Slice>,
}

impl Endpoints {
    /// What can serve that Service.
    pub(super) fn of(&self, service: &str) -> Vec<&Endpoint> {
        let slices = self.slices.of(service).chain(self.whole.of(service));
        slices.flat_map(|slice| slice.endpoints.iter()).collect()
    }
}
