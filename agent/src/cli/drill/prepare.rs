//! Everything that a plan takes, read once. Nothing is changed.

use super::{
    election::{Elections, ignoring, snapshot},
    label::{self, NotSet},
    plan::{Facts, Plan, Refusal, owner_of, plan},
};
use crate::cli::{
    api::{Api, ApiError, Right, Roster},
    exit::Failure,
    output::Document,
    reach::Reach,
};

/// A plan, and whom to ask while it is carried out.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) listed: Option<Result<Roster, ApiError>>,
    /// For stderr.
    pub(super) notes: Vec<String>,
}

/// Why there is no plan.
#[derive(Debug)]
pub(super) enum Unprepared {
    /// There must not be one.
    Refused(Refusal),
    /// It can't be told.
    Failed(Failure),
}

impl From<Failure> for Unprepared {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<ApiError> for Unprepared {
    fn from(error: ApiError) -> Self {
        Self::Failed(Failure::Unreachable(error.to_string()))
    }
}

pub(super) async fn prepare(reach: &Reach<'_>, api: &Api, service: &str) -> Result<Prepared, Unprepared> {
    if let Some(left) = label::left(api).await?.into_iter().next() {
        return Err(Refusal::NotFree(NotSet::LeftOver(left)).into());
    }
    let index =
        snapshot(api).await.map_err(|fault| Failure::Unreachable(format!("{}: {fault}", api.server)))?;
    let ips = index.services_named(service);
    if ips.is_empty() {
        let known = index.services().map(str::to_owned).collect();
        return Err(Refusal::NoService(service.to_owned(), known).into());
    }
    let listed = reach.roster().await.transpose();
    if let Some(Err(error)) = &listed {
        return Err(error.clone().into());
    }
    let told = reach.ask_those(listed.as_ref()).await;
    if let Some(failure) = told.nobody() {
        return Err(failure.into());
    }
    let document = Document::new(&told, &[]);
    let owner = owner_of(service, &ips, &document)?;
    let node = api.node(&owner.node).await?;
    label::is_free(&node).map_err(Refusal::NotFree)?;
    let ignoring = ignoring(&index);
    let elections = Elections::of(index, &node);
    let facts = Facts {
        service,
        ips: &ips,
        document: &document,
        replied: &told.reports.iter().map(|report| report.node.as_str()).collect(),
        ignoring: &ignoring,
        elections: &elections,
    };
    let plan = plan(&facts, owner)?;
    let right = Right::node("patch");
    if !api.may(&right).await? {
        return Err(Refusal::MayNot(right).into());
    }
    Ok(Prepared { plan, listed, notes: told.notes })
}
