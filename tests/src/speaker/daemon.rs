//! The lab speaker as a program: commands on standard input, one line of answer for each on standard
//! output, and complaints on standard error.
//!
//! | command | answer |
//! |---|---|
//! | (start) | `ready`, once all sockets are open |
//! | `announce IP` | `announced IP` |
//! | `withdraw IP` | `withdrawn IP` |
//! | `counters` | [`Counters`](super::Counters) as one line of JSON |
//! | `quit`, or end of input | the program ends |
//!
//! Anything else is answered by `error …`.

use std::io::{self, BufRead as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::burst::Bursts;
use super::responder::{Responder, Shared};
use crate::frames::solicited_node;

/// Runs it on these interfaces, announcing `ips` from the start, until it is told to quit. Its metrics are
/// served at `metrics`, if given, under the name `node`.
///
/// # Errors
///
/// A socket can't be opened, or the standard streams fail.
pub fn run(interfaces: &[String], ips: &[IpAddr], metrics: Option<SocketAddr>, node: &str) -> Result<()> {
    let responders: Result<Vec<_>> = interfaces.iter().map(|name| Responder::open(name)).collect();
    let daemon = Daemon::start(Arc::new(responders?))?;
    for &ip in ips {
        daemon.announce(ip)?;
    }
    if let Some(address) = metrics {
        super::metrics::serve(address, node.to_owned(), Arc::clone(&daemon.shared))?;
    }
    say("ready")?;
    for line in io::stdin().lock().lines() {
        match line.context("read a command")?.trim() {
            "quit" => break,
            line => say(&daemon.obey(line).unwrap_or_else(|error| format!("error {error:#}")))?,
        }
    }
    Ok(())
}

/// The threads, and what they share.
struct Daemon {
    responders: Arc<Vec<Responder>>,
    shared: Arc<Shared>,
    bursts: Sender<IpAddr>,
}

impl Daemon {
    /// A thread per socket and one that announces; they end with the process.
    fn start(responders: Arc<Vec<Responder>>) -> Result<Self> {
        let (bursts, requests) = channel();
        let daemon = Self { responders, shared: Arc::default(), bursts };
        for index in 0..daemon.responders.len() {
            daemon.thread("arp", move |responders, shared| responders[index].serve_arp(shared))?;
            daemon.thread("ndp", move |responders, shared| responders[index].serve_ndp(shared))?;
        }
        daemon.thread("announce", move |responders, shared| announce(&requests, responders, shared))?;
        Ok(daemon)
    }

    fn thread(&self, name: &str, work: impl FnOnce(&[Responder], &Shared) + Send + 'static) -> Result<()> {
        let (responders, shared) = (Arc::clone(&self.responders), Arc::clone(&self.shared));
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(move || work(&responders, &shared)).map(drop).context("start a thread")
    }

    fn obey(&self, line: &str) -> Result<String> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("announce", ip) => {
                self.announce(ip.parse()?)?;
                Ok(format!("announced {ip}"))
            }
            ("withdraw", ip) => {
                self.withdraw(ip.parse()?);
                Ok(format!("withdrawn {ip}"))
            }
            ("counters", "") => Ok(serde_json::to_string(&self.shared.lock().counters)?),
            _ => bail!("unknown command {line:?}"),
        }
    }

    fn announce(&self, ip: IpAddr) -> Result<()> {
        let is_first_of_group = !self.listens_for(ip);
        self.shared.lock().announced.insert(ip);
        if let IpAddr::V6(ip) = ip
            && is_first_of_group
        {
            self.each(|responder| responder.join(ip));
        }
        self.bursts.send(ip).context("the announcing thread is gone")
    }

    fn withdraw(&self, ip: IpAddr) {
        let was_announced = self.shared.lock().announced.remove(&ip);
        if let IpAddr::V6(v6) = ip
            && was_announced
            && !self.listens_for(ip)
        {
            self.each(|responder| responder.leave(v6));
        }
    }

    /// Whether an announced IP has the same solicited-node group as `ip`.
    fn listens_for(&self, ip: IpAddr) -> bool {
        let group = |ip: &IpAddr| match ip {
            IpAddr::V4(_) => None,
            IpAddr::V6(ip) => Some(solicited_node(*ip)),
        };
        self.shared.lock().announced.iter().any(|other| group(other) == group(&ip))
    }

    fn each(&self, action: impl Fn(&Responder) -> io::Result<()>) {
        self.responders.iter().for_each(|responder| complain(action(responder)));
    }
}

/// Sends rounds when they are due; an IP that was withdrawn meanwhile keeps its place but is silent.
fn announce(requests: &Receiver<IpAddr>, responders: &[Responder], shared: &Shared) {
    let (start, mut bursts) = (Instant::now(), Bursts::default());
    let round = |ip: IpAddr| {
        if shared.lock().announced.contains(&ip) {
            for responder in responders {
                complain(responder.gratuitous(ip, shared));
            }
        }
    };
    loop {
        let wait = bursts.next().map_or(Duration::from_secs(3600), |due| due.saturating_sub(start.elapsed()));
        match requests.recv_timeout(wait) {
            Ok(ip) => {
                if bursts.announce(ip, start.elapsed()) {
                    round(ip);
                }
            }
            Err(RecvTimeoutError::Timeout) => bursts.tick().into_iter().for_each(round),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn complain(result: io::Result<()>) {
    if let Err(error) = result {
        eprintln!("{error}");
    }
}

fn say(line: &str) -> Result<()> {
    writeln!(io::stdout(), "{line}").context("write an answer")
}
