//! Where the agent listens: a TCP address for Prometheus, a unix socket for the CLI on the node.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, UnixListener};

/// Both listeners.
#[derive(Debug)]
pub struct Listeners {
    /// For Prometheus and other nodes.
    pub tcp: TcpListener,
    /// For the CLI on the node.
    pub unix: UnixListener,
    /// The socket's file.
    pub file: SocketFile,
}

/// The file of a unix socket; it goes when this is dropped.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

/// Why the agent can't listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The TCP address.
    #[error("--listen {1}: {0}; is another agent, or another program, on that port?")]
    Tcp(#[source] io::Error, SocketAddr),
    /// The unix socket.
    #[error("--socket {1}: {0}")]
    Unix(#[source] io::Error, PathBuf),
    /// Somebody answers on the unix socket.
    #[error("another l2witness agent answers on {0}; stop it, or give this one its own --socket")]
    SecondAgent(PathBuf),
}

/// Binds both. A socket file that nobody answers on is an ended agent's and is replaced.
///
/// # Errors
/// [`BindError`], with nothing left bound.
pub async fn bind(listen: SocketAddr, path: &Path) -> Result<Listeners, BindError> {
    let unix = |error| BindError::Unix(error, path.to_owned());
    if UnixStream::connect(path).is_ok() {
        return Err(BindError::SecondAgent(path.to_owned()));
    }
    let tcp = TcpListener::bind(listen).await.map_err(|error| BindError::Tcp(error, listen))?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(unix)?;
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unix(error)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(unix)?;
    let file = SocketFile(path.to_owned());
    // Read-only evidence, but it names processes: for root and its group.
    fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(unix)?;
    Ok(Listeners { tcp, unix: listener, file })
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
