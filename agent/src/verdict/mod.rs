//! stub
use std::net::IpAddr; use jiff::Timestamp; use crate::evidence::*;
pub struct S<'a> { pub ip: IpAddr, pub local: &'a Local, pub answering: bool }
pub fn local_states(r: &NodeReport, _now: Timestamp) -> Vec<S<'_>> { r.lb_ips.iter().flat_map(|l| l.local.iter().map(|c| S{ip:l.ip,local:c,answering:c.replies>0})).collect() }
