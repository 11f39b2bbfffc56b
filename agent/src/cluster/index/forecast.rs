//! The election of every Service, kept up to date.
//!
//! Elections are many: thousands of Services times thousands of nodes make tens of millions of hashes. So they are
//! held as races, which cost little when candidates come and go, and are settled in portions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Index, store::Touched};
use crate::{
    claims::election::{
        Advertisement, Candidates, Contest, Difference, Field, Nobody, Race, Rules, Speakers, interfaces,
    },
    cluster::kind::Kind,
    evidence::Prediction,
};

/// The elections.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    /// All of them are to be looked at again.
    everything: bool,
    /// Those of these Services are.
    stale: BTreeSet<Arc<str>>,
    ground: Option<Ground>,
    /// Whether all that the elections read is known, and all of it true.
    foreseeable: bool,
    /// What else is in their way.
    obstacle: Option<String>,
    candidates: BTreeMap<Field, Arc<Candidates>>,
    told: BTreeMap<Arc<str>, Told>,
    last: Option<Difference>,
}

/// What all elections have in common.
#[derive(Debug)]
struct Ground {
    rules: Rules,
    speakers: Speakers,
    class: Option<String>,
}

/// The election of one Service.
#[derive(Debug)]
struct Told {
    race: Option<(String, Race)>,
    outcome: Result<Winner, Nobody>,
}

#[derive(Clone, Debug, PartialEq)]
struct Winner {
    node: Arc<str>,
    interfaces: Option<Vec<String>>,
}

impl Forecast {
    /// The rules by which was elected last: finding them out looks at every speaker.
    pub(super) fn rules(&self) -> Option<Rules> {
        self.ground.as_ref().map(|ground| ground.rules)
    }

    pub(super) fn touch(&mut self, touched: Touched) {
        match touched {
            Touched::Nothing | Touched::Otherwise => {}
            Touched::Services(names) => self.stale.extend(names),
            Touched::Everything => {
                self.everything = true;
                self.foreseeable = false;
            }
        }
    }
}

impl Index {
    /// Brings the predictions up to date, at the cost of about so many hashes.
    ///
    /// Returns whether there is more to do.
    pub fn settle(&mut self, hashes: usize) -> bool {
        // Taken out, so that it can be changed while the rest is read.
        let mut forecast = std::mem::take(&mut self.forecast);
        if std::mem::take(&mut forecast.everything) {
            forecast.candidates.clear();
            forecast.ground = self.ground();
            forecast.obstacle = self.obstacle();
            forecast.foreseeable =
                forecast.ground.as_ref().is_some_and(|ground| self.foreseeable(ground.rules));
            forecast.stale.extend(self.services.announced().cloned());
            forecast.stale.extend(forecast.told.keys().cloned());
        }
        let mut cost = 0;
        let mut news = false;
        while cost < hashes
            && let Some(name) = forecast.stale.pop_first()
        {
            let former = forecast.told.remove(&name);
            let told = self.foretell(&mut forecast, &name, former.as_ref(), &mut cost);
            news |= former.map(|told| told.outcome) != told.as_ref().map(|told| told.outcome.clone());
            forecast.told.extend(told.map(|told| (name, told)));
        }
        let more = !forecast.stale.is_empty();
        if !more {
            // It holds former candidates.
            forecast.last = None;
        }
        self.forecast = forecast;
        self.revision.any += u64::from(news);
        more
    }

    fn ground(&self) -> Option<Ground> {
        let speakers = self.pods.electors();
        let class = self.speakers_class().map(str::to_owned);
        Some(Ground { rules: self.rules()?, speakers, class })
    }

    fn foretell(
        &self,
        forecast: &mut Forecast,
        name: &Arc<str>,
        former: Option<&Told>,
        cost: &mut usize,
    ) -> Option<Told> {
        // Each look costs something, so that a portion is bounded.
        *cost += 1;
        let Forecast { ground, candidates, last, .. } = forecast;
        let Ground { rules, speakers, class } = ground.as_ref()?;
        let service = self.services.get(name).filter(|service| self.services.announces(service))?;
        if service.ingress.is_empty() {
            return None;
        }
        let contest = Contest {
            service: name,
            ips: &service.ingress,
            bad_ip: service.bad_ingress,
            local_policy: service.local_policy,
            class: service.class.as_deref(),
            labels: &service.labels,
        };
        let (pools, ads, endpoints) = (self.pools(), self.advertisements(), self.endpoints.of(name));
        let field = match contest.field(*rules, class.as_deref(), &pools, &ads, &endpoints) {
            Ok(field) => field,
            Err(nobody) => return Some(Told { race: None, outcome: Err(nobody) }),
        };
        let selected = field.advertisements(&ads);
        let nodes = self.nodes.facts();
        let candidates = candidates
            .entry(field)
            .or_insert_with(|| Arc::new(Candidates::of(*rules, selected.as_deref(), nodes, speakers)));
        let winner = |node: &Arc<str>| Winner {
            node: Arc::clone(node),
            interfaces: selected
                .as_deref()
                .zip(self.nodes.facts_of(node))
                .and_then(|(ads, facts)| interfaces(ads, &facts.labels)),
        };
        if contest.wants_an_endpoint(*rules) {
            *cost += endpoints.len();
            let outcome = contest.among_endpoints(*rules, candidates, &endpoints).map(winner);
            return Some(Told { race: None, outcome });
        }
        let key = contest.key(*rules);
        let run = former.and_then(|told| told.race.as_ref()).filter(|(other, _)| *other == key);
        let race = if let Some((_, run)) = run {
            let mut race = run.clone();
            *cost += race.rerun(&key, candidates, last);
            race
        } else {
            *cost += candidates.len();
            Race::run(&key, candidates)
        };
        let outcome = race.leader().map(winner).ok_or_else(|| candidates.nobody());
        Some(Told { race: Some((key, race)), outcome })
    }

    /// Who should announce that Service, if everything that decides it is known.
    pub(super) fn prediction(&self, service: &str) -> Option<Prediction> {
        let Told { outcome, .. } = self.forecast.told.get(service)?;
        let rules = self.forecast.ground.as_ref().filter(|_| self.forecast.foreseeable)?.rules;
        let elsewhere = matches!(outcome, Err(Nobody::Class(_) | Nobody::Bgp(_)));
        let (node, nobody, interfaces) = match outcome {
            Ok(Winner { node, interfaces }) => (Some(node.to_string()), None, interfaces.clone()),
            Err(nobody) => (None, Some(nobody.to_string()), None),
        };
        Some(Prediction {
            service: service.to_owned(),
            node,
            nobody,
            interfaces,
            rules: rules.label().to_owned(),
            elsewhere,
            since: None,
        })
    }

    /// Whether all that the election reads is known, and all of it true.
    fn foreseeable(&self, rules: Rules) -> bool {
        let followed = &self.followed;
        let understood = |kinds: &[Kind]| kinds.iter().all(|kind| followed.understood(*kind));
        let endpoints = [Kind::EndpointSlices, Kind::Endpoints];
        let configured = if rules.reads_custom_resources() {
            let old = !followed.wanted(Kind::AddressPools) || followed.understood(Kind::AddressPools);
            old && understood(&[Kind::Nodes, Kind::Pools, Kind::Advertisements])
        } else {
            understood(&[Kind::Config])
        };
        configured
            && understood(&[Kind::Services, Kind::Speakers, Kind::HelmSpeakers])
            && endpoints.iter().any(|kind| followed.understood(*kind))
            && self.obstacle().is_none()
    }

    /// What else is in the way of any prediction, as of the last settling.
    pub(super) fn no_forecast(&self) -> Option<&str> {
        self.forecast.obstacle.as_deref()
    }

    fn obstacle(&self) -> Option<String> {
        let known = |kind| self.followed.believed(kind);
        if !(known(Kind::Speakers) && known(Kind::HelmSpeakers)) {
            return None;
        }
        if self.pods.speakers().next().is_none() {
            return Some("no pod has the labels of a MetalLB speaker".to_owned());
        }
        if self.rules().is_none() {
            return Some("no speaker's image has a version for a tag: give --metallb-version".to_owned());
        }
        let prefers = self.metallb.advertisements().into_iter().find(|ad| ad.prefers)?;
        Some(format!("the L2Advertisement {} prefers nodes by rules that are not known here", prefers.name))
    }
}

impl Field {
    /// The advertisements of it, `None` for all nodes.
    fn advertisements<'a>(&self, all: &[&'a Advertisement]) -> Option<Vec<&'a Advertisement>> {
        match self {
            Self::Everywhere => None,
            Self::Advertisements(numbers) => {
                Some(numbers.iter().filter_map(|number| all.get(*number).copied()).collect())
            }
        }
    }
}
