//! What serves the Services, whichever kind says it.

use std::sync::Arc;

use super::{super::objects::Slice, store::Grouped};
use crate::claims::election::Endpoint;

/// What serves the Services; only one of the two is followed.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    pub(super) slices: Grouped<Slice>,
    pub(super) whole: Grouped<Slice>,
}

impl Endpoints {
    /// The Service that an object is for.
    pub(super) fn service_of(&self, key: &str) -> Option<&Arc<str>> {
        let slice = self.slices.get(key).or_else(|| self.whole.get(key))?;
        Some(&slice.service)
    }

    /// What can serve that Service.
    pub(super) fn of(&self, service: &str) -> Vec<&Endpoint> {
        let slices = self.slices.of(service).chain(self.whole.of(service));
        slices.flat_map(|slice| slice.endpoints.iter()).collect()
    }
}
