//! What the text of a speaker's metrics says, as far as it matters here.
//!
//! Read line by line as it comes in, so that nothing but the wanted series is ever held. Other families, among
//! them Go's and controller-runtime's, are passed over; a line of a wanted family that can't be read is counted.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::Timestamp;
use nom_openmetrics::Sample;

use crate::{
    claims::sample::{Garbage, label, sample, whole},
    evidence::Counter,
};

/// A series of `metallb_speaker_announced`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// `namespace/name`.
    pub service: String,
    /// `layer2` or `bgp`.
    pub protocol: String,
    /// The speaker's node, by its own word.
    pub node: String,
}

/// The three `metallb_layer2_*` counters of one IP; a series appears with its first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// `metallb_layer2_requests_received`.
    pub requests_received: Option<u64>,
    /// `metallb_layer2_responses_sent`.
    pub responses_sent: Option<u64>,
    /// `metallb_layer2_gratuitous_sent`.
    pub gratuitous_sent: Option<u64>,
}

impl Counted {
    /// One of them, 0 while it has no series.
    pub fn of(&self, counter: Counter) -> u64 {
        match counter {
            Counter::RequestsReceived => self.requests_received,
            Counter::ResponsesSent => self.responses_sent,
            Counter::GratuitousSent => self.gratuitous_sent,
        }
        .unwrap_or(0)
    }

    const fn slot(&mut self, counter: Counter) -> &mut Option<u64> {
        match counter {
            Counter::RequestsReceived => &mut self.requests_received,
            Counter::ResponsesSent => &mut self.responses_sent,
            Counter::GratuitousSent => &mut self.gratuitous_sent,
        }
    }
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readout {
    /// `metallb_speaker_announced`, each series once.
    pub announced: BTreeMap<IpAddr, Vec<Series>>,
    /// The layer-2 counters.
    pub counted: BTreeMap<IpAddr, Counted>,
    /// `metallb_k8s_client_config_loaded_bool`.
    pub config_loaded: Option<bool>,
    /// `metallb_k8s_client_config_stale_bool`.
    pub config_stale: Option<bool>,
    /// `process_start_time_seconds`.
    pub started: Option<Timestamp>,
    /// Lines of these families that could be read.
    pub lines: u64,
    /// Lines of these families that could not, garbage addresses among them.
    pub garbage: u64,
}

/// The families, and what to do with a sample of each.
enum Family {
    Announced,
    Counter(Counter),
    ConfigLoaded,
    ConfigStale,
    Started,
}

impl Family {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "metallb_speaker_announced" => Self::Announced,
            "metallb_layer2_requests_received" => Self::Counter(Counter::RequestsReceived),
            "metallb_layer2_responses_sent" => Self::Counter(Counter::ResponsesSent),
            "metallb_layer2_gratuitous_sent" => Self::Counter(Counter::GratuitousSent),
            "metallb_k8s_client_config_loaded_bool" => Self::ConfigLoaded,
            "metallb_k8s_client_config_stale_bool" => Self::ConfigStale,
            "process_start_time_seconds" => Self::Started,
            _ => return None,
        })
    }
}

impl Readout {
    /// Reads one line, its line feed included. Series of addresses that are not `wanted` are passed over.
    pub fn line(&mut self, line: &[u8], wanted: &impl Fn(IpAddr) -> bool) {
        let end = line.iter().position(|byte| matches!(byte, b'{' | b' ')).unwrap_or(0);
        let Some(family) = str::from_utf8(&line[..end]).ok().and_then(Family::named) else { return };
        match self.take(&family, line, wanted) {
            Ok(()) => self.lines += 1,
            Err(Garbage) => self.garbage += 1,
        }
    }

    fn take(
        &mut self,
        family: &Family,
        line: &[u8],
        wanted: &impl Fn(IpAddr) -> bool,
    ) -> Result<(), Garbage> {
        let text = str::from_utf8(line).map_err(|_| Garbage)?;
        let sample = sample(text)?;
        let number = sample.number();
        match family {
            Family::ConfigLoaded => self.config_loaded = Some(number != 0.0),
            Family::ConfigStale => self.config_stale = Some(number != 0.0),
            Family::Started => self.started = Some(time(number)?),
            Family::Counter(counter) => {
                let ip = address(&sample)?;
                if wanted(ip) {
                    *self.counted.entry(ip).or_default().slot(*counter) = Some(whole(number)?);
                }
            }
            Family::Announced => {
                let ip = address(&sample)?;
                let text = |name| label(&sample, name).map(ToOwned::to_owned).ok_or(Garbage);
                let series =
                    Series { service: text("service")?, protocol: text("protocol")?, node: text("node")? };
                // Never 0 in fact: a series that is withdrawn goes.
                if number != 0.0 && wanted(ip) {
                    let all = self.announced.entry(ip).or_default();
                    if !all.contains(&series) {
                        all.push(series);
                    }
                }
            }
        }
        Ok(())
    }
}

fn address(sample: &Sample<'_>) -> Result<IpAddr, Garbage> {
    let ip: IpAddr = label(sample, "ip").and_then(|text| text.parse().ok()).ok_or(Garbage)?;
    Ok(ip.to_canonical())
}

fn time(seconds: f64) -> Result<Timestamp, Garbage> {
    if !(0.0..1e11).contains(&seconds) {
        return Err(Garbage);
    }
    Timestamp::from_millisecond((seconds * 1e3).round() as i64).map_err(|_| Garbage)
}

#[cfg(test)]
mod tests;
