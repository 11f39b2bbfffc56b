//! What the cluster has besides the agents: speakers, Services, pools. Read once, with no more rights than that
//! takes.

use std::time::Duration;

use jiff::Timestamp;
use kube::api::ListParams;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    addresses::Addresses,
    controller::{self, Read, Unread},
    line::Detail,
};
use crate::{
    claims::election::{Rules, Version},
    cli::api::{Api, ApiError, Right},
    cluster::{Index, Item, Kind, Pod, Scope, read},
};

/// The controller may be some seconds behind.
const SECOND_LOOK: Duration = Duration::from_secs(3);

/// `AddressPool` went with it.
const WITHOUT_ADDRESS_POOLS: Version = Version::new(0, 14, 0);

/// What the API server has, as far as it may be read.
pub(super) struct Cluster {
    index: Index,
    /// What could not be read, and why.
    unread: Vec<(Kind, ApiError)>,
    pub(super) controller: Result<Read, Unread>,
}

impl Cluster {
    pub(super) async fn read(api: &Api) -> Self {
        let mut cluster =
            Self { index: Index::new(Scope::default()), unread: Vec::new(), controller: Err(Unread::None) };
        cluster.speakers_and_pools(api).await;
        cluster.addresses(api).await;
        if Addresses::new(&cluster).disagree() {
            tokio::time::sleep(SECOND_LOOK).await;
            cluster.addresses(api).await;
        }
        cluster
    }

    async fn addresses(&mut self, api: &Api) {
        let right = Right::list("services", None);
        self.list(api, Kind::Services, "/api/v1/services", &right, all()).await;
        self.controller = controller::read(api).await;
    }

    async fn speakers_and_pools(&mut self, api: &Api) {
        let right = Right::list("pods", None);
        for (kind, labels) in [
            (Kind::Speakers, "app=metallb,component=speaker"),
            (Kind::HelmSpeakers, "app.kubernetes.io/name=metallb,app.kubernetes.io/component=speaker"),
        ] {
            self.list(api, kind, "/api/v1/pods", &right, all().labels(labels)).await;
        }
        // Up to 0.12 MetalLB was set up by a ConfigMap, since then by its own kinds.
        let facts = self.index.facts();
        if facts.rules.is_none_or(Rules::reads_custom_resources) {
            // Without the right to read a kind, nobody is told that it is not served.
            let old = |pod: &Pod| pod.setup.version.is_none_or(|version| version < WITHOUT_ADDRESS_POOLS);
            let address_pools = self.index.speakers().any(old).then_some(Kind::AddressPools);
            for kind in [Kind::Pools].into_iter().chain(address_pools) {
                let path = format!("/apis/metallb.io/v1beta1/{}", kind.resource());
                let right = Right::list(kind.resource(), None).of_group("metallb.io");
                self.list(api, kind, &path, &right, all()).await;
            }
        } else {
            let path = format!("/api/v1/namespaces/{}/configmaps", facts.namespace);
            let right = Right::list("configmaps", Some(&facts.namespace));
            let named = all().fields(&format!("metadata.name={}", facts.config));
            self.list(api, Kind::Config, &path, &right, named).await;
        }
    }

    async fn list(&mut self, api: &Api, kind: Kind, path: &str, right: &Right, select: ListParams) {
        match items(api, kind, path, right, select).await {
            Ok(items) => self.index.listed(kind, items, Timestamp::now()),
            // A kind that is not served is not there.
            Err(ApiError::NotFound(_)) => {}
            Err(error) => {
                self.unread.retain(|(known, _)| *known != kind);
                self.unread.push((kind, error));
            }
        }
    }

    /// What of these kinds could not be read.
    pub(super) fn unread(&self, kinds: &[Kind]) -> Vec<Detail> {
        let wanted = self.unread.iter().filter(|(kind, _)| kinds.contains(kind));
        wanted.map(|(kind, error)| Detail::new(format!("{}: {error}", kind.label()))).collect()
    }

    pub(super) const fn index(&self) -> &Index {
        &self.index
    }

    /// The speakers' pods.
    pub(super) fn speakers(&self) -> impl Iterator<Item = &Pod> {
        self.index.speakers()
    }
}

fn all() -> ListParams {
    ListParams::default()
}

async fn items(
    api: &Api,
    kind: Kind,
    path: &str,
    right: &Right,
    select: ListParams,
) -> Result<Vec<Item>, ApiError> {
    #[derive(Deserialize)]
    struct Page<'a> {
        #[serde(default)]
        metadata: Meta,
        #[serde(borrow)]
        items: Option<Vec<&'a RawValue>>,
    }
    #[derive(Default, Deserialize)]
    struct Meta {
        r#continue: Option<String>,
    }
    let malformed = |error: serde_json::Error| ApiError::Other(format!("{path}: {error}"));
    let parse = |text: &str| {
        let Page { metadata, items } = serde_json::from_str(text).map_err(malformed)?;
        let items = items.unwrap_or_default().into_iter().map(|item| read(kind, item.get()));
        Ok((items.collect::<Result<Vec<_>, _>>().map_err(malformed)?, metadata.r#continue))
    };
    api.list_raw(path, right, select, parse).await
}
