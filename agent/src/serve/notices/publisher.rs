//! News as Events on the Services they are about.

use std::{collections::BTreeSet, time::Duration};

use k8s_openapi::api::core::v1::Service;
use kube::{
    Api, Client, Resource as _,
    runtime::events::{Event, EventType, Recorder, Reporter},
};

use super::ledger::News;
use crate::verdict::{Finding, span};

/// An API server that takes longer than this is not waited for: the next finding will be told.
const LIMIT: Duration = Duration::from_secs(10);
/// A note may have 1 kB (events.k8s.io/v1).
const NOTE: usize = 1000;

/// Writes Events in this node's name.
pub(super) struct Publisher {
    client: Client,
    recorder: Recorder,
    node: String,
    /// What went wrong, so that it is said once.
    said: BTreeSet<String>,
}

impl Publisher {
    pub(super) fn new(client: Client, node: &str) -> Self {
        let reporter = Reporter { controller: "l2witness".to_owned(), instance: Some(node.to_owned()) };
        let recorder = Recorder::new(client.clone(), reporter);
        Self { client, recorder, node: node.to_owned(), said: BTreeSet::new() }
    }

    /// Tells each of the Services, `namespace/name`. What can't be told is logged, once a reason.
    pub(super) async fn tell(&mut self, news: &News, services: &[String]) {
        let event = event(news, &self.node);
        for service in services {
            let told = match tokio::time::timeout(LIMIT, self.publish(&event, service)).await {
                Ok(told) => told,
                Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
            };
            if let Err(error) = told
                && self.said.insert(error.clone())
            {
                tracing::warn!(service, error, "a Kubernetes Event could not be written");
            }
        }
    }

    async fn publish(&self, event: &Event, service: &str) -> Result<(), String> {
        let Some((namespace, name)) = service.split_once('/') else { return Ok(()) };
        let services: Api<Service> = Api::namespaced(self.client.clone(), namespace);
        // `kubectl describe` looks for Events by the object's uid.
        let about = match services.get_metadata_opt(name).await {
            Ok(Some(object)) => object.object_ref(&()),
            // It went meanwhile, and its Events would go with it.
            Ok(None) => return Ok(()),
            Err(error) => return Err(format!("reading {service}: {error}")),
        };
        let about = k8s_openapi::api::core::v1::ObjectReference {
            kind: Some("Service".to_owned()),
            api_version: Some("v1".to_owned()),
            ..about
        };
        self.recorder.publish(event, &about).await.map_err(|error| match error {
            kube::Error::Api(status) if status.code == 403 => {
                "not permitted: grant create and patch on events of events.k8s.io".to_owned()
            }
            kube::Error::Api(status) if status.code == 404 => {
                "this API server has no events.k8s.io/v1 (Kubernetes 1.19)".to_owned()
            }
            other => other.to_string(),
        })
    }
}

fn event(news: &News, by: &str) -> Event {
    let (type_, reason, text) = match news {
        News::Began(ip, finding) => {
            let Finding { verdict, reason, next, .. } = finding;
            let text = format!("{} {ip}, told by {by}: {reason}. Next: {next}", verdict.code);
            (EventType::Warning, pascal(verdict.name), text)
        }
        News::Ended(ip, verdict, lasted) => {
            let text = format!("{} {ip}, told by {by}: over after {}", verdict.code, span(*lasted));
            (EventType::Normal, format!("{}Over", pascal(verdict.name)), text)
        }
    };
    let note = Some(text.chars().take(NOTE).collect());
    Event { type_, reason, note, action: "Judge".to_owned(), secondary: None }
}

/// `NO-CARRIER` is `NoCarrier` among Kubernetes' reasons.
fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    };
    name.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::verdict::catalogue::NO_CARRIER;

    #[test]
    fn an_event_has_the_verdict_s_name_as_its_reason() {
        let ip = "192.0.2.10".parse().unwrap();
        let event = event(&News::Ended(ip, &NO_CARRIER, SignedDuration::from_secs(75)), "n1");
        assert_eq!(event.reason, "NoCarrierOver");
        assert_eq!(event.note.as_deref(), Some("L2W301 192.0.2.10, told by n1: over after 75s"));
    }
}
