//! The group `kubernetes-api`: can it be asked, and may we ask what we need?

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
                let had = api.may(&right).await;
                rights.push(Checked { right, purpose, vital, had });
            }
        }
        Self { server: api.server.clone(), version, rights }
    }

    pub(super) const fn is_reachable(&self) -> bool {
        self.version.is_ok()
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
    if !rights.is_empty() {
        lines.push(allowed(rights));
    }
    lines
}

fn allowed(rights: &[Checked]) -> Line {
    let mut status = Status::Ok;
    let mut details = Vec::new();
    for Checked { right, purpose, vital, had } in rights {
        let (worst, why) = match had {
            Ok(true) => continue,
            Ok(false) if *vital => (Status::Problem, "not allowed".to_owned()),
            Ok(false) => (Status::Warning, "not allowed".to_owned()),
            Err(error) => (Status::Unknown, error.to_string()),
        };
        status = status.max(worst);
        details.push(Detail::new(format!("{right}, {purpose}: {why}")).next(Right::REMEDY));
    }
    let text = format!("{} of {} permissions are there", rights.len() - details.len(), rights.len());
    Line::by("api-rights", text, status, details)
}
