//! Structured logs on stderr.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::exit::Failure;

/// How a log line looks.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    /// Log level, or a filter such as `info,l2witness::wire=debug`
    #[arg(long, env = "L2WITNESS_LOG", value_name = "FILTER", default_value = "info")]
    log: String,
    /// How log lines look
    #[arg(long, env = "L2WITNESS_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: Format,
}

/// Begins to log. TRACE is per frame, WARN means that somebody could be woken.
pub(super) fn init(args: &LogArgs) -> Result<(), Failure> {
    // kube's client tells each attempt that failed; we tell each change. Whoever names it gets it back.
    let filter = format!("kube_client=off,{}", args.log);
    let filter = EnvFilter::try_new(filter).map_err(|error| Failure::Usage(format!("--log: {error}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let begun = match args.log_format {
        Format::Text => builder.with_ansi(false).try_init(),
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    begun.map_err(|error| Failure::Failed(anyhow::anyhow!("logging can't begin: {error}")))
}
