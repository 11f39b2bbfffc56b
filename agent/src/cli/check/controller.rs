//! Reading the controller's metrics through the API server.

use k8s_openapi::api::core::v1::Pod;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};

use crate::{
    claims::controller::{Allocated, Allocations},
    cli::api::{Api, ApiError, Proxied, ProxyError, Right},
};

/// The labels of controllers: by `MetalLB`'s manifests, and by its Helm chart.
const LABELS: [&str; 2] = [
    "app=metallb,component=controller",
    "app.kubernetes.io/name=metallb,app.kubernetes.io/component=controller",
];

/// The names of its ports: in the clear up to 0.15, from 0.16 on by TLS, with a token.
const PLAIN: &str = "monitoring";
const SECURE: &str = "metricshttps";

/// A controller's metrics are some kilobytes.
const MAX_BYTES: usize = 8 << 20;

/// The controller's word, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) allocations: Allocations,
    /// In the pools' `status`, because its metrics can't be read.
    pub(super) by_status: Option<Unread>,
}

/// Why the controller's word is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unread {
    #[error("there is no controller pod that is ready")]
    None,
    #[error(
        "{0} wants a token for its metrics, as all from 0.16 on, and an API server passes none on to pods"
    )]
    WantsToken(String),
    #[error("{0}: {1}")]
    Failed(String, String),
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// What the controller says: in its metrics or, from 0.15 on, in the `status` of its pools.
pub(super) async fn read(api: &Api) -> Result<Read, Unread> {
    match metrics(api).await {
        Ok(allocations) => Ok(Read { allocations, by_status: None }),
        Err(Unread::None) => Err(Unread::None),
        Err(unread) => match statuses(api).await {
            Ok(Some(allocations)) => Ok(Read { allocations, by_status: Some(unread) }),
            _ => Err(unread),
        },
    }
}

/// `status.assignedIPv4` and its like, `None` where no pool has them.
async fn statuses(api: &Api) -> Result<Option<Allocations>, ApiError> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("metallb.io", "v1beta1", "IPAddressPool"));
    let pools = kube::Api::<DynamicObject>::all_with(api.client.clone(), &kind);
    let right = Right::list("ipaddresspools", None).of_group("metallb.io");
    let pools = api.list(&pools, &right, "").await?;
    let allocated = pools.into_iter().filter_map(|pool| {
        let figure = |name: &str| pool.data["status"][name].as_u64();
        let in_use = figure("assignedIPv4")?.saturating_add(figure("assignedIPv6")?);
        let left = figure("availableIPv4")?.saturating_add(figure("availableIPv6")?);
        Some((pool.metadata.name?, Allocated { in_use, total: Some(in_use.saturating_add(left)) }))
    });
    let allocations = Allocations(allocated.collect());
    Ok((!allocations.0.is_empty()).then_some(allocations))
}

/// By whichever of its ports can be read.
async fn metrics(api: &Api) -> Result<Allocations, Unread> {
    let pods = kube::Api::<Pod>::all(api.client.clone());
    let right = Right::list("pods", None);
    let mut found = Vec::new();
    for labels in LABELS {
        found.extend(api.list(&pods, &right, labels).await?);
    }
    let controllers: Vec<_> = found.iter().filter_map(Controller::new).collect();
    let mut last = Unread::None;
    for Controller { namespace, name, places } in controllers {
        for place in places {
            let page = Proxied { namespace, pod: &place, path: "metrics" };
            let why = match api.proxied(&page, MAX_BYTES).await {
                Ok(text) => match Allocations::read(&text) {
                    Ok(allocations) => return Ok(allocations),
                    Err(error) => Unread::Failed(format!("{namespace}/{name}"), error.to_string()),
                },
                Err(ProxyError::Status(status)) if matches!(status.as_u16(), 401 | 403) => {
                    Unread::WantsToken(format!("{namespace}/{name}"))
                }
                Err(ProxyError::Api(error)) => Unread::Api(error),
                Err(error) => Unread::Failed(format!("{namespace}/{name}"), error.to_string()),
            };
            last = why;
        }
    }
    Err(last)
}

/// A controller's pod, and the `NAME:PORT`s of its metrics, best first.
struct Controller<'a> {
    namespace: &'a str,
    name: &'a str,
    places: Vec<String>,
}

impl<'a> Controller<'a> {
    fn new(pod: &'a Pod) -> Option<Self> {
        let (spec, status) = (pod.spec.as_ref()?, pod.status.as_ref()?);
        let name = pod.metadata.name.as_deref()?;
        let mut conditions = status.conditions.iter().flatten();
        if !conditions.any(|known| known.type_ == "Ready" && known.status == "True") {
            return None;
        }
        let ports = || spec.containers.iter().flat_map(|container| container.ports.iter().flatten());
        let named = |wanted: &'static str| ports().filter(move |port| port.name.as_deref() == Some(wanted));
        let plain = named(PLAIN).map(|port| format!("{name}:{}", port.container_port));
        let secure = named(SECURE).map(|port| format!("https:{name}:{}", port.container_port));
        let places = plain.chain(secure).collect();
        Some(Self { namespace: pod.metadata.namespace.as_deref()?, name, places })
    }
}
