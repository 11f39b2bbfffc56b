//! Where the speaker's metrics are: the flags of the agent.

use std::{path::PathBuf, time::Duration};

use jiff::SignedDuration;
use reqwest::Url;

use super::exit::Failure;
use crate::claims::speaker::Endpoint;

/// Less often than the wire is read anyway, more often than a speaker's metrics are meant to be.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(3600);

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The speaker's metrics")]
pub(super) struct SpeakerArgs {
    /// Where this node's speaker serves its metrics, `http://ADDRESS:7472` or `https://ADDRESS:9120`
    #[arg(long = "speaker-metrics", env = "L2WITNESS_SPEAKER_METRICS", value_name = "URL")]
    metrics: Option<Url>,
    /// File with the token for them, read each time
    #[arg(
        long = "speaker-token-file",
        env = "L2WITNESS_SPEAKER_TOKEN_FILE",
        value_name = "FILE",
        requires = "metrics"
    )]
    token_file: Option<PathBuf>,
    /// File with the certificates (PEM) that vouch for theirs
    #[arg(
        long = "speaker-ca-file",
        env = "L2WITNESS_SPEAKER_CA_FILE",
        value_name = "FILE",
        requires = "metrics"
    )]
    ca_file: Option<PathBuf>,
    /// Take any certificate of theirs: speakers sign their own
    #[arg(long = "speaker-skip-verify", env = "L2WITNESS_SPEAKER_SKIP_VERIFY", conflicts_with = "ca_file")]
    skip_verify: bool,
    /// How often they are read
    #[arg(long = "speaker-interval", env = "L2WITNESS_SPEAKER_INTERVAL", value_name = "TIME", default_value = "15s",
          value_parser = interval)]
    pub(super) interval: Duration,
}

impl SpeakerArgs {
    /// The endpoint they make, if they name one.
    pub(super) fn endpoint(&self) -> Result<Option<Endpoint>, Failure> {
        let Self { metrics, token_file, ca_file, skip_verify, .. } = self;
        let Some(url) = metrics.clone() else { return Ok(None) };
        let given = Endpoint::given(url, token_file.clone(), ca_file.clone(), *skip_verify);
        given.map(Some).map_err(|error| Failure::Usage(error.to_string()))
    }
}

/// `15s`, `1m30s`.
fn interval(text: &str) -> Result<Duration, String> {
    let wanted = || format!("{text:?} is no time from 1s to 1h, such as 15s");
    let time: SignedDuration = text.parse().map_err(|_| wanted())?;
    let time = Duration::try_from(time).map_err(|_| wanted())?;
    if (SHORTEST..=LONGEST).contains(&time) { Ok(time) } else { Err(wanted()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_a_time_within_reason() {
        for (text, seconds) in [("15s", Some(15)), ("1m30s", Some(90)), ("1h", Some(3600)), ("1s", Some(1))] {
            assert_eq!(interval(text).ok().map(|time| time.as_secs()), seconds, "{text}");
        }
        for text in ["", "15", "0s", "999ms", "-5s", "2h", "banana"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }
}
