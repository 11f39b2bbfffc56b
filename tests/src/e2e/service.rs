//! Services that a scenario has for itself.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Undo, World};

/// How long an address may take: after a time without the API server, MetalLB's controller asks it again less and less
/// often.
const LIMIT: Duration = Duration::from_secs(120);

/// A Service with an LB IP, which the router asks for; gone when the value is dropped.
#[derive(Debug)]
pub struct Service<'a> {
    /// Its name, in the namespace `shop`.
    pub name: String,
    /// Its address; of two, the IPv4 one.
    pub ip: IpAddr,
    /// All its addresses, IPv4 first.
    pub ips: Vec<IpAddr>,
    undo: Option<Undo<'a>>,
    world: &'a World,
}

impl World {
    /// A Service in front of the pods of `shop`; these fields of its `spec` are other than usual, and
    /// these annotations are its own.
    ///
    /// # Errors
    ///
    /// The API server refuses it, or it gets no address in time.
    pub fn service(&self, name: &str, spec: &Value, annotations: &Value) -> Result<Service<'_>> {
        let mut service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": { "name": name, "namespace": "shop", "annotations": annotations },
            "spec": { "type": "LoadBalancer", "selector": { "app": "shop" }, "ports": [{ "port": 80 }] },
        });
        if let (Value::Object(fields), Some(known)) = (spec, service["spec"].as_object_mut()) {
            known.extend(fields.clone());
        }
        let undo = self.with(&service)?;
        let object = format!("service/{name}");
        self.cluster
            .wait("shop", &[&object], "jsonpath={.status.loadBalancer.ingress}", LIMIT)
            .with_context(|| format!("{name} gets no address"))?;
        let ips = self.ips_of(name)?;
        let ip = *ips.first().context("an address")?;
        self.asker.ask_for(&self.lb_ips()?);
        Ok(Service { name: name.to_owned(), ip, ips, undo: Some(undo), world: self })
    }
}

impl Drop for Service<'_> {
    fn drop(&mut self) {
        drop(self.undo.take());
        // Nobody is to be asked for an address that is free again.
        match self.world.lb_ips() {
            Ok(ips) => self.world.asker.ask_for(&ips),
            Err(error) => eprintln!("{error:#}"),
        }
    }
}
