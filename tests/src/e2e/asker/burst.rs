//! Many requests, as fast as they are answered.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::frame::Router;
use crate::lab::Host;
use crate::socket;

/// How many requests may wait for their answers at once: few enough for any socket's buffer.
const WINDOW: u64 = 32;

/// How long one may wait.
const LIMIT: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Burst {
    /// Requests for each.
    pub asked: BTreeMap<IpAddr, u64>,
    /// Answers for each.
    pub answers: BTreeMap<IpAddr, u64>,
    /// How long it took.
    pub took: Duration,
}

pub(super) fn ask(host: &Host, router: &Router, ips: &[IpAddr], total: u64) -> Result<Burst> {
    let socket = host.packet_socket(socket::ALL)?;
    socket.set_receive_buffer(8 << 20)?;
    let start = Instant::now();
    let mut burst = Burst::default();
    let (mut asked, mut answered) = (0, 0);
    for ip in ips.iter().cycle().take(usize::try_from(total)?) {
        socket.send(&router.request(*ip)).with_context(|| format!("ask for {ip}"))?;
        *burst.asked.entry(*ip).or_default() += 1;
        asked += 1;
        while asked - answered >= WINDOW.min(total) || asked == total && answered < total {
            let frame = socket.recv(LIMIT).context("listen for answers")?;
            ensure!(
                frame.is_some() && start.elapsed() < LIMIT * 12,
                "{answered} of {asked} requests were answered"
            );
            let Some((ip, _)) = frame.as_deref().and_then(|frame| router.answer(frame)) else { continue };
            if ips.contains(&ip) {
                *burst.answers.entry(ip).or_default() += 1;
                answered += 1;
            }
        }
    }
    burst.took = start.elapsed();
    Ok(burst)
}
