//! The election as tables: who announces, and why nobody does.

mod selection;
mod versions;

use super::*;

/// A cluster of three nodes with a speaker each, one pool and one advertisement, to be changed by a case.
struct Case {
    version: (u16, u16, u16),
    service: &'static str,
    ips: Vec<IpAddr>,
    bad_ip: bool,
    local_policy: bool,
    class: Option<&'static str>,
    service_labels: Labels,
    speakers_class: Option<&'static str>,
    pools: Vec<Pool>,
    advertisements: Vec<Advertisement>,
    nodes: Vec<(Arc<str>, NodeFacts)>,
    speakers: Speakers,
    endpoints: Vec<Endpoint>,
}

fn selector(key: &str, value: &str) -> Selector {
    serde_json::from_value(serde_json::json!({"matchLabels": {key: value}})).unwrap()
}

fn labels(key: &str, value: &str) -> Labels {
    Labels::from_iter([(key, value)])
}

fn ready(node: &str) -> Endpoint {
    Endpoint { node: Some(node.into()), ready: true }
}

impl Default for Case {
    fn default() -> Self {
        let names = ["node1", "node2", "node3"].map(Arc::<str>::from);
        Self {
            version: (0, 15, 3),
            service: "default/nginx",
            ips: vec!["10.0.0.100".parse().unwrap()],
            bad_ip: false,
            local_policy: false,
            class: None,
            service_labels: Labels::default(),
            speakers_class: None,
            pools: vec![Pool {
                name: "p".into(),
                ranges: vec![Range::parse("10.0.0.0/24").unwrap(), Range::parse("2001:db8::/64").unwrap()],
                avoids_buggy_ips: false,
                announced: Announced::ByAdvertisements,
                labels: labels("use", "web"),
            }],
            advertisements: vec![Advertisement { name: "a".into(), ..Advertisement::default() }],
            nodes: names.iter().map(|name| (Arc::clone(name), NodeFacts::default())).collect(),
            speakers: Speakers {
                pods: 3,
                ready: names.iter().cloned().collect(),
                memberlist: true,
                ignore_label: false,
            },
            endpoints: vec![ready("node1"), ready("node2"), ready("node3")],
        }
    }
}

impl Case {
    fn version(major: u16, minor: u16, patch: u16) -> Self {
        let mut case = Self { version: (major, minor, patch), ..Self::default() };
        if (major, minor) < (0, 13) {
            case.pools[0].announced = Announced::ByLayer2;
            case.advertisements.clear();
        }
        case
    }

    /// A case, changed.
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn label_nodes(&mut self, labels: &[Option<Labels>; 3]) {
        for (node, labels) in self.nodes.iter_mut().zip(labels) {
            node.1.labels = labels.clone().unwrap_or_default();
        }
    }

    /// The node, or the reason; then the interfaces.
    fn elect(&self) -> (String, Option<Vec<String>>) {
        let (major, minor, patch) = self.version;
        let rules = Rules::of(Version::new(major, minor, patch));
        let contest = Contest {
            service: self.service,
            ips: &self.ips,
            bad_ip: self.bad_ip,
            local_policy: self.local_policy,
            class: self.class,
            labels: &self.service_labels,
        };
        let pools: Vec<_> = self.pools.iter().collect();
        let ads: Vec<_> = self.advertisements.iter().collect();
        let endpoints: Vec<_> = self.endpoints.iter().collect();
        let field = match contest.field(rules, self.speakers_class, &pools, &ads, &endpoints) {
            Ok(field) => field,
            Err(nobody) => return (nobody.to_string(), None),
        };
        let ads: Option<Vec<_>> = match &field {
            Field::Everywhere => None,
            Field::Advertisements(numbers) => Some(numbers.iter().map(|number| ads[*number]).collect()),
        };
        let nodes = self.nodes.iter().map(|(name, facts)| (name, facts));
        let candidates = Arc::new(Candidates::of(rules, ads.as_deref(), nodes, &self.speakers));
        let winner = if contest.wants_an_endpoint(rules) {
            contest.among_endpoints(rules, &candidates, &endpoints).cloned()
        } else {
            let race = Race::run(&contest.key(rules), &candidates);
            race.leader().cloned().ok_or_else(|| candidates.nobody())
        };
        match winner {
            Err(nobody) => (nobody.to_string(), None),
            Ok(node) => {
                let facts = self.nodes.iter().find(|(name, _)| *name == node).map(|(_, facts)| &facts.labels);
                (node.to_string(), ads.zip(facts).and_then(|(ads, labels)| interfaces(&ads, labels)))
            }
        }
    }
}
