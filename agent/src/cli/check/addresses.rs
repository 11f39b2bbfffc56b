//! The group `addresses`: what operators who trust no counter add up by hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use super::{
    cluster::{Cluster, POOLS},
    controller::{Read, Unread},
    line::{Detail, Line, Status},
};
use crate::{
    claims::{
        controller::{Allocated, Allocations},
        election::Pool,
    },
    cli::api::{Api, ApiError},
    cluster::kubernetes::Fault,
    verdict::few,
};

/// The controller may be some seconds behind.
const SECOND_LOOK: Duration = Duration::from_secs(3);

/// More and nothing is left for the next few Services.
const NEARLY_FULL: u128 = 95;

/// An IPv6 pool that never runs out is given as 2^63-1 by the controller, and its range has more.
const ENDLESS: u128 = 1 << 62;

/// The addresses there are, and who has them.
pub(super) struct Addresses<'a> {
    pub(super) pools: Vec<&'a Pool>,
    /// `namespace/name` of each `LoadBalancer` Service with its addresses.
    pub(super) services: BTreeMap<String, Vec<IpAddr>>,
    pub(super) controller: &'a Result<Read, Unread>,
}

impl<'a> Addresses<'a> {
    pub(super) fn new(cluster: &'a Cluster) -> Self {
        let index = &cluster.index;
        let services = index.services().map(|name| (name.to_owned(), index.services_named(name))).collect();
        Self { pools: index.pools(), services, controller: &cluster.controller }
    }

    /// Whether the controller says something else than there is; at any moment it may be some seconds behind.
    pub(super) fn disagree(&self) -> bool {
        let Ok(Read { allocations, .. }) = self.controller else { return false };
        !in_use(&self.pools, &self.used(), allocations).details.is_empty()
    }

    fn used(&self) -> BTreeSet<IpAddr> {
        self.services.values().flatten().copied().collect()
    }
}

/// The cluster; where the controller says something else than there is, as it is a moment later.
///
/// # Errors
/// As [`Cluster::read`].
pub(super) async fn settled(api: &Api) -> Result<Cluster, Fault> {
    let first = Cluster::read(api).await?;
    if !Addresses::new(&first).disagree() {
        return Ok(first);
    }
    tokio::time::sleep(SECOND_LOOK).await;
    Cluster::read(api).await
}

pub(super) fn lines(cluster: Option<&Result<Cluster, Fault>>) -> Vec<Line> {
    let cluster = match cluster {
        None => return vec![Line::skipped("addresses", "not added up: that takes the API server")],
        Some(Err(fault)) => {
            let details = vec![Detail::new(fault.to_string())];
            return vec![Line::by("addresses", "Services can be read", Status::Unknown, details)];
        }
        Some(Ok(cluster)) => cluster,
    };
    let unread = cluster.unread(&POOLS);
    if !unread.is_empty() {
        let text = "pools can be read";
        return vec![Line::by("addresses", text, Status::Unknown, unread)];
    }
    if cluster.index.pools().is_empty() {
        return vec![Line::skipped("addresses", "not added up: there is no pool of MetalLB's")];
    }
    judge(&Addresses::new(cluster))
}

fn judge(addresses: &Addresses<'_>) -> Vec<Line> {
    let Addresses { pools, services, controller } = addresses;
    let used = addresses.used();
    let mut lines = vec![read(controller)];
    if let Ok(Read { allocations, .. }) = controller {
        lines.push(in_use(pools, &used, allocations));
        lines.push(totals(pools, allocations));
    }
    lines.extend([room(pools, &used), inside(pools, services)]);
    lines
}

fn read(controller: &Result<Read, Unread>) -> Line {
    let check = "controller-read";
    let mut text = "the controller's figures can be read";
    let (status, error, next) = match controller {
        Ok(Read { by_status: None, .. }) => return Line::ok(check, text),
        Ok(Read { by_status: Some(error), .. }) => {
            text = "the controller's figures can be read in the status of its pools";
            (Status::Info, error, "nothing: the pools' own status says the same")
        }
        // Not everybody is to have that right.
        Err(Unread::Api(error @ ApiError::Forbidden(_))) => {
            return Line::skipped(check, format!("the controller's figures: {error}"));
        }
        Err(error) => (
            Status::Unknown,
            error,
            match error {
                Unread::None => "look at MetalLB's controller: kubectl get pods -A -l component=controller",
                Unread::WantsToken(_) => "read metallb_allocator_addresses_in_use_total in Prometheus",
                Unread::Failed(..) => "look at the controller's log, and whether its metrics' port is open",
                Unread::Api(_) => "ask again once the API server answers",
            },
        ),
    };
    Line::by(check, text, status, vec![Detail::new(error.to_string()).next(next)])
}

/// Addresses in use by the controller's word, against those that Services really have.
fn in_use(pools: &[&Pool], used: &BTreeSet<IpAddr>, Allocations(allocations): &Allocations) -> Line {
    let next = "compare `kubectl get services -A` with the controller's log; restarting the controller makes it count anew";
    let mut details = Vec::new();
    for pool in pools {
        let said = allocations.get(&pool.name).map_or(0, |pool| pool.in_use);
        let there = used.iter().filter(|ip| pool.contains(**ip)).count() as u64;
        if said != there {
            let reason = format!("pool {}: {said} in use by the controller, {there} in Services", pool.name);
            details.push(Detail::new(reason).next(next));
        }
    }
    let known = |name: &String| pools.iter().any(|pool| pool.name == *name);
    for (name, Allocated { in_use, .. }) in
        allocations.iter().filter(|(name, pool)| pool.in_use > 0 && !known(name))
    {
        let reason =
            format!("pool {name}: {in_use} in use by the controller, and there is no such pool any more");
        details.push(Detail::new(reason).next(next));
    }
    let total: u64 = allocations.values().map(|pool| pool.in_use).sum();
    let text = format!("the controller counts as in use what LoadBalancer Services have: {total} addresses");
    Line::by("addresses-in-use", text, Status::Warning, details)
}

/// Pool totals by the controller's word, against those of the pools' own ranges.
fn totals(pools: &[&Pool], Allocations(allocations): &Allocations) -> Line {
    let text = "the controller has the pools' ranges as they are";
    let totals = || pools.iter().filter_map(|pool| Some((pool, allocations.get(&pool.name)?.total?)));
    if totals().next().is_none() {
        return Line::skipped(
            "addresses-total",
            "pool totals of the controller: it exports none (before 0.9.2)",
        );
    }
    let next = "look whether the controller's configuration is stale: metallb_k8s_client_config_stale_bool";
    let wrong = totals().filter(|(pool, total)| {
        let size = pool.size();
        u128::from(*total) != size && (size < ENDLESS || u128::from(*total) < ENDLESS)
    });
    let details = wrong.map(|(pool, total)| {
        let reason =
            format!("pool {}: {total} addresses by the controller, {} in its ranges", pool.name, pool.size());
        Detail::new(reason).next(next)
    });
    Line::by("addresses-total", text, Status::Warning, details.collect())
}

/// By the pools' own ranges, so that it also holds for controllers that export no totals.
fn room(pools: &[&Pool], used: &BTreeSet<IpAddr>) -> Line {
    let mut figures = Vec::new();
    let mut details = Vec::new();
    for pool in pools {
        let (size, there) = (pool.size(), used.iter().filter(|ip| pool.contains(**ip)).count() as u128);
        let of = if size < ENDLESS { size.to_string() } else { "endless".to_owned() };
        figures.push(format!("{} {there}/{of}", pool.name));
        if there * 100 >= size.saturating_mul(NEARLY_FULL) {
            let reason = format!("pool {}: {there} of {size} addresses are taken", pool.name);
            details.push(Detail::new(reason).next("add a range to the pool before the next Service comes"));
        }
    }
    let text = format!("every pool has addresses left: {}", few(figures));
    Line::by("addresses-left", text, Status::Warning, details)
}

/// `MetalLB` announces no address that is in none of its pools.
fn inside(pools: &[&Pool], services: &BTreeMap<String, Vec<IpAddr>>) -> Line {
    let next =
        "give the Service an address of a pool, or put the address into a pool: MetalLB does not announce it";
    let details = services.iter().flat_map(|(service, ips)| {
        let outside = ips.iter().filter(|ip| !pools.iter().any(|pool| pool.contains(**ip)));
        outside.map(|ip| Detail {
            ip: Some(*ip),
            services: [service.clone()].into(),
            ..Detail::new("in no pool").next(next)
        })
    });
    let text = "every address of a LoadBalancer Service is in a pool";
    Line::by("addresses-pooled", text, Status::Warning, details.collect())
}

#[cfg(test)]
mod tests;
