//! Where the agent listens: a TCP address for Prometheus, a unix socket for the CLI on the node.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::{
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
        net::UnixStream,
    },
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
pub struct SocketFile {
    path: PathBuf,
    inode: u64,
}

/// Why the agent can't listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The TCP address.
    #[error("--listen {1}: {0}; is another agent, or another program, on that port?")]
    Tcp(#[source] io::Error, SocketAddr),
    /// The unix socket.
    #[error("--socket {1}: {0}")]
    Unix(#[source] io::Error, PathBuf),
    /// Another file is there.
    #[error("--socket {0} is a file that is no agent's socket: remove it, or choose another path")]
    Taken(PathBuf),
    /// Somebody answers on the unix socket.
    #[error("another l2witness agent answers on {0}; stop it, or give this one its own --socket")]
    SecondAgent(PathBuf),
}

/// Binds both. A socket that nobody answers on is an ended agent's and is replaced; no other file ever is.
///
/// # Errors
/// [`BindError`], with nothing left bound.
pub async fn bind(listen: SocketAddr, path: &Path) -> Result<Listeners, BindError> {
    let unix = |error| BindError::Unix(error, path.to_owned());
    let stale = match UnixStream::connect(path) {
        Ok(_) => return Err(BindError::SecondAgent(path.to_owned())),
        Err(error) => error.kind() == io::ErrorKind::ConnectionRefused,
    };
    let tcp = TcpListener::bind(listen).await.map_err(|error| BindError::Tcp(error, listen))?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(unix)?;
    }
    match fs::symlink_metadata(path) {
        Ok(found) if stale && found.file_type().is_socket() => fs::remove_file(path).map_err(unix)?,
        Ok(_) => return Err(BindError::Taken(path.to_owned())),
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(unix)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(unix)?;
    let bound = fs::symlink_metadata(path).map_err(unix)?;
    Ok(Listeners { tcp, unix: listener, file: SocketFile { path: path.to_owned(), inode: bound.ino() } })
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Unless somebody else's lies there by now.
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
