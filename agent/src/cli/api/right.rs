//! What the command line must be allowed to do.

use std::fmt;

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::api::PostParams;

use super::{Api, ApiError};

/// One permission of RBAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Right {
    pub(in crate::cli) verb: &'static str,
    pub(in crate::cli) group: &'static str,
    pub(in crate::cli) resource: &'static str,
    pub(in crate::cli) subresource: &'static str,
    /// Absent for all namespaces, and for what has none.
    pub(in crate::cli) namespace: Option<String>,
}

impl Right {
    /// What gives a user all that only read.
    pub(in crate::cli) const REMEDY: &str =
        "apply deploy/kustomize/components/cli-access and bind its ClusterRoles to your user";

    /// What gives a user the right to change Nodes, which the others do not have.
    const DRILLS: &str = "apply deploy/kustomize/components/drill and bind its ClusterRole to your user";

    pub(in crate::cli) fn list(resource: &'static str, namespace: Option<&str>) -> Self {
        Self { verb: "list", group: "", resource, subresource: "", namespace: namespace.map(str::to_owned) }
    }

    /// To ask pods of a namespace through the API server.
    pub(in crate::cli) fn proxy(namespace: &str) -> Self {
        Self {
            verb: "get",
            group: "",
            resource: "pods",
            subresource: "proxy",
            namespace: Some(namespace.to_owned()),
        }
    }

    /// To read, or to `patch`, one Node.
    pub(in crate::cli) fn node(verb: &'static str) -> Self {
        Self { verb, ..Self::list("nodes", None) }
    }

    /// What gives a user this one.
    pub(in crate::cli) fn remedy(&self) -> &'static str {
        if self.verb == "patch" { Self::DRILLS } else { Self::REMEDY }
    }

    pub(in crate::cli) fn of_group(self, group: &'static str) -> Self {
        Self { group, ..self }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, group, resource, subresource, namespace } = self;
        write!(f, "{verb} {resource}")?;
        if !subresource.is_empty() {
            write!(f, "/{subresource}")?;
        }
        if !group.is_empty() {
            write!(f, ".{group}")?;
        }
        match namespace {
            Some(namespace) => write!(f, " in namespace {namespace}"),
            None => Ok(()),
        }
    }
}

impl Api {
    /// Asks whether we have that right, as `kubectl auth can-i` does; that changes nothing.
    pub(in crate::cli) async fn may(&self, right: &Right) -> Result<bool, ApiError> {
        let Right { verb, group, resource, subresource, namespace } = right;
        let wanted = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let attributes = ResourceAttributes {
            verb: wanted(verb),
            group: wanted(group),
            resource: wanted(resource),
            subresource: wanted(subresource),
            namespace: namespace.clone(),
            ..ResourceAttributes::default()
        };
        let spec =
            SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
        let review = SelfSubjectAccessReview { spec, ..Default::default() };
        let reviews = kube::Api::<SelfSubjectAccessReview>::all(self.client.clone());
        let answer = self.call(None, reviews.create(&PostParams::default(), &review)).await?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }
}
