//! l2witness: a witness on every node that sees who really answers ARP and NDP for each LoadBalancer IP.
//!
//! The folders follow the way of the data: [`wire`] (the kernel's counts) → [`evidence`] (plain data) →
//! [`verdict`] and [`timeline`] (pure judgement) → [`serve`] (metrics, HTTP) and [`cli`] (people). [`cluster`] says which IPs matter,
//! [`claims`] who is said to answer. [`replay`] takes captures instead of agents.

pub mod claims;
pub mod cli;
pub mod cluster;
pub mod evidence;
mod http;
pub mod replay;
pub mod serve;
pub mod timeline;
pub mod verdict;
pub mod wire;
