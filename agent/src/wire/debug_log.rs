//! aya-log lines of the kernel programs, for debugging; needs an object built with the same feature.

use aya::Ebpf;
use aya_log::EbpfLogger;
use tokio::io::{Interest, unix::AsyncFd};

/// Prints them as they come, until the program ends. One logger serves one copy of the programs.
#[expect(unsafe_code, reason = "tokio wants it promised that the descriptor stays the same")]
pub(super) fn forward(ebpf: &mut Ebpf) {
    let logger = match EbpfLogger::init(ebpf) {
        Ok(logger) => logger,
        Err(error) => return tracing::warn!(%error, "the eBPF object was built without debug-log"),
    };
    // SAFETY: the logger owns its ring buffer's descriptor and keeps it for as long as it lives.
    match unsafe { AsyncFd::register_with_interest(logger, Interest::READABLE) } {
        Ok(logger) => drop(tokio::spawn(drain(logger))),
        Err(error) => tracing::warn!(%error, "the programs' log can't be followed"),
    }
}

async fn drain(mut logger: AsyncFd<EbpfLogger<&'static dyn log::Log>>) {
    while let Ok(mut ready) = logger.readable_mut().await {
        ready.get_inner_mut().flush();
        ready.clear_ready();
    }
}
