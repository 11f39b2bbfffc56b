//! A way from the machine itself to the API server, which listens inside the lab only.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sched::{CloneFlags, setns};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::lab::Host;

/// How long to wait when no more connections can be had, as without free file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens on a free port of 127.0.0.1 as long as the value lives.
#[derive(Debug)]
pub(super) struct Proxy {
    port: u16,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Proxy {
    /// Forwards every connection to `to`, as seen from `host`.
    pub(super) fn start(host: &Host, to: SocketAddr) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build().context("start a runtime")?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).context("listen")?;
        let port = listener.local_addr()?.port();
        let namespace = File::open(host.path()).context("open the namespace")?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            // The listener stays where it was opened; what the thread opens from now on is the host's.
            if let Err(error) = setns(namespace, CloneFlags::CLONE_NEWNET) {
                eprintln!("the way to the API server: setns: {error}");
                return;
            }
            runtime.block_on(async {
                tokio::select! {
                    () = accept(&listener, to) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name("api-proxy".to_owned()).spawn(serve);
        Ok(Self { port, running: Some((stop, thread.context("start a thread")?)) })
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let Some((stop, thread)) = self.running.take() else { return };
        drop(stop);
        // The thread is in the host's namespace, which is removed next.
        let _ended = thread.join();
    }
}

async fn accept(listener: &TcpListener, to: SocketAddr) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        tokio::spawn(async move {
            // Whoever asked sees a closed connection, as of an API server that is not there.
            let Ok(mut server) = TcpStream::connect(to).await else { return };
            let _ended = copy_bidirectional(&mut client, &mut server).await;
        });
    }
}
