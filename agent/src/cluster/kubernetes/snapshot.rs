//! Everything once, for the command line.

use std::time::Duration;

use jiff::Timestamp;
use kube::Client;

use super::{
    super::{
        index::{Condition, Index, Scope},
        kind::Kind,
    },
    catalogue::Catalogue,
    fault::Fault,
    follow::Pace,
    plan::{Step, plan},
    request::Api,
    target::Target,
};

/// The cluster at one moment.
#[derive(Debug)]
pub struct Snapshot;

impl Snapshot {
    /// Lists every kind once.
    ///
    /// # Errors
    /// The API server doesn't answer, or doesn't show the Services. Other kinds that can't be read are told by
    /// [`Index::state`].
    pub async fn read(client: Client, scope: Scope) -> Result<Index, Fault> {
        Self::of(client, scope, Pace::default().answer, |_| true).await
    }

    /// The same of some kinds only: where Nodes and endpoints are not asked for, it is little even in a large
    /// cluster, and takes fewer rights. `patience` is how long one answer may take.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn of(
        client: Client,
        scope: Scope,
        patience: Duration,
        wanted: impl Fn(Kind) -> bool,
    ) -> Result<Index, Fault> {
        let api = Api { client, patience };
        let catalogue = match Catalogue::read(&api).await {
            Err(Fault::Forbidden(_)) => Catalogue::everything(),
            read => read?,
        };
        let mut index = Index::new(scope.clone());
        index.served(catalogue.served());
        let first = plan(&scope, &index.facts(), None);
        for (_, step) in first.iter().filter(|(kind, _)| wanted(**kind)) {
            take(&api, &mut index, step).await?;
        }
        let whole = plan(&scope, &index.facts(), Some(&catalogue));
        let further = whole.iter().filter(|(kind, _)| !first.contains_key(kind) && wanted(**kind));
        for (kind, step) in further {
            if let Step::Missing(why) = step {
                index.condition(*kind, Condition::NotServed(why.clone()));
            }
            take(&api, &mut index, step).await?;
        }
        while index.settle(usize::MAX) {}
        Ok(index)
    }
}

async fn take(api: &Api, index: &mut Index, step: &Step) -> Result<(), Fault> {
    match step {
        Step::Follow(target) => list(api, index, target.clone()).await,
        Step::Missing(_) => Ok(()),
    }
}

async fn list(api: &Api, index: &mut Index, target: Target) -> Result<(), Fault> {
    let kind = target.kind;
    let (since, fault) = match api.list(&target).await {
        Ok((items, _)) => {
            index.listed(kind, items, Timestamp::now());
            return Ok(());
        }
        Err(fault) => (Timestamp::now(), fault),
    };
    let error = fault.to_string();
    let condition = match fault {
        fault if kind == Kind::Services => return Err(fault),
        Fault::NotServed => Condition::NotServed(error),
        fault if fault.refuses() => Condition::Refused { since, error },
        _ => Condition::Lost { since, error },
    };
    index.condition(kind, condition);
    Ok(())
}
