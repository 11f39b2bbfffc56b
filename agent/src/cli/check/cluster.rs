//! What the cluster has besides the agents: speakers, Services, pools. Read once.

use super::{
    controller::{self, Read, Unread},
    line::Detail,
};
use crate::{
    cli::api::Api,
    cluster::{
        Index, Kind, Pod, Scope,
        kubernetes::{Fault, Snapshot},
    },
};

/// Where MetalLB's speakers are.
pub(super) const SPEAKERS: [Kind; 2] = [Kind::Speakers, Kind::HelmSpeakers];

/// Where its pools are, by its generation.
pub(super) const POOLS: [Kind; 3] = [Kind::Pools, Kind::AddressPools, Kind::Config];

/// What the API server has, as far as it may be read.
pub(super) struct Cluster {
    pub(super) index: Index,
    pub(super) controller: Result<Read, Unread>,
}

impl Cluster {
    /// # Errors
    /// Nothing can be read, not even the Services.
    pub(super) async fn read(api: &Api) -> Result<Self, Fault> {
        let wanted = |kind| kind == Kind::Services || SPEAKERS.contains(&kind) || POOLS.contains(&kind);
        let index = Snapshot::of(api.client.clone(), Scope::default(), api.timeout, wanted).await?;
        let controller = controller::read(api).await;
        Ok(Self { index, controller })
    }

    /// What of these kinds could not be read; one that is not served is not there.
    pub(super) fn unread(&self, kinds: &[Kind]) -> Vec<Detail> {
        let missing = self.index.state().missing;
        let why = |kind: &Kind| missing.get(kind.label()).filter(|why| !why.starts_with("not served"));
        let unread = kinds.iter().filter_map(|kind| Some((kind.label(), why(kind)?)));
        unread.map(|(kind, why)| Detail::new(format!("{kind}: {why}"))).collect()
    }

    /// The speakers' pods.
    pub(super) fn speakers(&self) -> impl Iterator<Item = &Pod> {
        self.index.speakers()
    }
}
