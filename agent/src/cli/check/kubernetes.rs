//! The group `kubernetes-api`: can it be asked, and may we ask what we need?

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::api::PostParams;

use super::line::{Detail, Line, Status};
use crate::cli::api::{Api, ApiError, Right};

/// What the API server says of itself and of us.
pub(super) struct Facts {
    server: String,
    version: Result<String, ApiError>,
    rights: Vec<Checked>,
}

/// A right, what it is for, and whether we have it.
struct Checked {
    right: Right,
    purpose: &'static str,
    /// Without it nothing is known at all.
    vital: bool,
    had: Result<bool, ApiError>,
}

impl Facts {
    pub(super) async fn read(api: &Api) -> Self {
        let version = api.call(None, api.client.apiserver_version()).await.map(|info| info.git_version);
        let mut rights = Vec::new();
        if version.is_ok() {
            for (right, purpose, vital) in needed(&api.namespace) {
                let had = has(api, &right).await;
                rights.push(Checked { right, purpose, vital, had });
            }
        }
        Self { server: api.server.clone(), version, rights }
    }
}

fn needed(namespace: &str) -> Vec<(Right, &'static str, bool)> {
    vec![
        (Right::list("pods", Some(namespace)), "to find the agents", true),
        (Right::proxy(namespace), "to ask the agents", true),
        (
            Right::list("daemonsets", Some(namespace)).of_group("apps"),
            "to know how many there should be",
            false,
        ),
        (Right::list("nodes", None), "to know which nodes have no agent", false),
        (Right::list("pods", None), "to find MetalLB's speakers and controller", false),
        (Right::list("services", None), "to count the addresses in use", false),
    ]
}

/// Asks the API server, as `kubectl auth can-i` does; that changes nothing.
async fn has(api: &Api, right: &Right) -> Result<bool, ApiError> {
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
    let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(attributes), ..Default::default() };
    let review = SelfSubjectAccessReview { spec, ..Default::default() };
    let reviews = kube::Api::<SelfSubjectAccessReview>::all(api.client.clone());
    let answer = api.call(None, reviews.create(&PostParams::default(), &review)).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

pub(super) fn lines(facts: Option<&Facts>) -> Vec<Line> {
    let Some(Facts { server, version, rights }) = facts else {
        let how = "not asked: give --kubeconfig or --context to look at the cluster, too";
        return vec![Line::skipped("api-reachable", how)];
    };
    let mut lines = vec![match version {
        Ok(version) => Line::ok("api-reachable", format!("the API server at {server} answers: {version}")),
        Err(error) => {
            let detail = vec![Detail::new(error.to_string())];
            Line::by(
                "api-reachable",
                format!("the API server at {server} does not answer"),
                Status::Problem,
                detail,
            )
        }
    }];
    lines.extend(rights.iter().map(|checked| {
        let Checked { right, purpose, vital, had } = checked;
        let text = format!("may {right}, {purpose}");
        match had {
            Ok(true) => Line::ok("api-rights", text),
            Ok(false) => {
                let detail = Detail::new("not allowed").next(Right::REMEDY);
                let status = if *vital { Status::Problem } else { Status::Warning };
                Line::by("api-rights", text, status, vec![detail])
            }
            Err(error) => Line::by("api-rights", text, Status::Unknown, vec![Detail::new(error.to_string())]),
        }
    }));
    lines
}
