//! The one HTTP client for agents and speakers: straight to the node, without redirects, and never more of an
//! answer than its bound.

use std::{error::Error, io, iter, sync::Once};

use reqwest::{ClientBuilder, Response, redirect};

/// Says whose cryptography every TLS client of this process has.
pub(crate) fn provider() {
    static PROVIDER: Once = Once::new();
    // An error says that somebody else of this process installed one: as good.
    PROVIDER.call_once(|| _ = rustls::crypto::ring::default_provider().install_default());
}

/// A client that takes no proxy from the environment (it knows no nodes) and follows nobody elsewhere.
///
/// It trusts those certificates alone that its user adds: nobody out there signs a speaker's, and the image, which
/// has no certificates of a system, would give no client at all.
pub(crate) fn client() -> ClientBuilder {
    provider();
    ClientBuilder::new().no_proxy().redirect(redirect::Policy::none()).tls_certs_only([])
}

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// The connection.
    #[error("{}", cause(.0))]
    Connection(#[from] reqwest::Error),
    /// It went on beyond the bound.
    #[error("sent more than {} MiB", .0 >> 20)]
    TooLarge(usize),
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// The connection failed, or there was more to come; no more than a chunk beyond the bound is held.
pub(crate) async fn body(response: Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    chunks(response, limit, |chunk| body.extend_from_slice(chunk)).await?;
    Ok(body)
}

/// The same, handed out as it comes in; nothing of it is held.
///
/// # Errors
/// As [`body`]; what came before was handed out.
pub(crate) async fn chunks(
    mut response: Response,
    limit: usize,
    mut take: impl FnMut(&[u8]),
) -> Result<(), BodyError> {
    let mut left = limit;
    while let Some(chunk) = response.chunk().await? {
        left = left.checked_sub(chunk.len()).ok_or(BodyError::TooLarge(limit))?;
        take(&chunk);
    }
    Ok(())
}

/// The innermost cause says it best: "connection refused", not "error sending request for url".
pub(crate) fn cause(error: &(dyn Error + 'static)) -> String {
    let cause = iter::successors(Some(error), |&error| error.source()).last().unwrap_or(error);
    match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::NotFound) => "no such socket".to_owned(),
        Some(io::ErrorKind::PermissionDenied) => "permission denied; try as root".to_owned(),
        _ => cause.to_string(),
    }
}
