//! Leaving everything up, to look around.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::cluster::Cluster;
use super::interrupt;
use crate::lab::Namespace;

/// How often to look for a signal.
const INTERVAL: Duration = Duration::from_millis(100);

/// Says how to look around, and waits for Enter or a signal. Without a standard input, only a signal ends it.
pub(super) fn until_told(cluster: &Cluster) -> Result<()> {
    eprintln!("{}", invitation(cluster));
    let (sender, enter) = channel();
    let wait = move || {
        if io::stdin().read_line(&mut String::new()).is_ok_and(|length| length > 0) {
            let _gone = sender.send(());
        } else {
            // The sender must not go: nobody pressed anything.
            thread::park();
        }
    };
    thread::Builder::new().name("enter".to_owned()).spawn(wait).context("start a thread")?;
    loop {
        match enter.recv_timeout(INTERVAL) {
            Err(RecvTimeoutError::Timeout) if interrupt::check().is_ok() => {}
            Err(_) | Ok(()) => return Ok(()),
        }
    }
}

fn invitation(cluster: &Cluster) -> String {
    let (node, router) = (cluster.node(2), cluster.router().path());
    let router = router.display();
    let n3: &Namespace = cluster.node(3).host();
    let socket = node.agent().socket().display();
    format!(
        "\n── Everything stays up until Enter or Ctrl-C. To look around, as root in another terminal:\n\n\
         # on the router: a shell, a request, the metrics of n2, who answers\n\
         nsenter --net={router}\n\
         nsenter --net={router} arping -c 1 -i eth0 {a}\n\
         nsenter --net={router} curl -s http://{n2}:9472/metrics\n\
         {status}\n\
         {who}\n\n\
         # on n2: everything its agent knows, through its socket\n\
         curl -s --unix-socket {socket} http://localhost/api/v1/node\n\n\
         # on n3: the fault, and back\n\
         ip -netns {n3} link add kube-ipvs0 type bridge && ip -netns {n3} addr add {a}/32 dev kube-ipvs0\n\
         ip -netns {n3} link del kube-ipvs0\n",
        a = Cluster::A,
        n2 = node.host().v4().ip,
        n3 = n3.name(),
        status = cluster.witness().shell("status"),
        who = cluster.witness().shell(&format!("who {}", Cluster::A)),
    )
}
