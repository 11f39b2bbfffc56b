//! All that a timeline is made of, in memory and as a file.
//!
//! The file has JSON lines: first who was asked and what their reports say, then the events as `/api/v1/events` gives
//! them. Events without the first line will do (`observe -o json`).

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read as _},
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::{
    cli::{events, exit::Failure},
    evidence::{Event, NodeReport},
    verdict::Coverage,
};

/// What the first line says it is.
const RECORD: &str = "l2witness failover";
const SCHEMA: u32 = 1;

/// As of a report over HTTP.
const LONGEST_HEADER: u64 = 64 << 20;
const LONGEST_EVENT: u64 = 64 << 10;

/// All that a timeline is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cli) struct Record {
    /// When the agents were asked.
    pub(in crate::cli) time: Timestamp,
    pub(in crate::cli) agents: Coverage,
    /// Of those that replied; of LB IPs only those that were asked about.
    pub(in crate::cli) reports: Vec<NodeReport>,
    /// In the order of time, by each node's own clock.
    pub(in crate::cli) events: Vec<Event>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    record: String,
    schema: u32,
    version: String,
    time: Timestamp,
    agents: Coverage,
    reports: Vec<NodeReport>,
}

/// Says what a first line is, whatever else is in it.
#[derive(Deserialize)]
struct Versioned {
    record: Option<String>,
    schema: Option<u32>,
}

impl Record {
    /// Reads files and makes one record of them.
    ///
    /// # Errors
    /// [`Failure::Usage`] with the file and the line that can't be used.
    pub(in crate::cli) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut record = Self::default();
        for path in paths {
            let shown = path.display();
            let input: Box<dyn io::Read> = if path.as_os_str() == "-" {
                Box::new(io::stdin())
            } else {
                let file = File::open(path);
                Box::new(file.map_err(|error| Failure::Usage(format!("{shown}: can't be opened: {error}")))?)
            };
            let read = Self::from_lines(BufReader::new(input));
            record.add(read.map_err(|why| Failure::Usage(format!("{shown}: {why}")))?);
        }
        record.events = events::merged(record.events);
        // A file of events alone says nothing of when it was made.
        if let Some(last) = record.events.last() {
            record.time = record.time.max(last.at);
        }
        Ok(record)
    }

    fn from_lines(mut input: impl BufRead) -> Result<Self, String> {
        let mut record = Self::default();
        let mut line = Vec::new();
        for number in 1_usize.. {
            line.clear();
            let limit = if number == 1 { LONGEST_HEADER } else { LONGEST_EVENT };
            let length = input.by_ref().take(limit).read_until(b'\n', &mut line);
            match length.map_err(|error| format!("line {number} can't be read: {error}"))? {
                0 if number == 1 => return Err("is empty".to_owned()),
                0 => break,
                _ => {}
            }
            if line.last() != Some(&b'\n') && line.len() as u64 == limit {
                return Err(format!("line {number} is too long for an event: this is no record"));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            if number == 1
                && let Some(header) = header(&line)?
            {
                let Header { record: _, schema: _, version: _, time, agents, reports } = header;
                record = Self { time, agents, reports, events: Vec::new() };
                continue;
            }
            let event = serde_json::from_slice(&line);
            record
                .events
                .push(event.map_err(|error| format!("line {number} is no event: {}", reason(&error)))?);
        }
        Ok(record)
    }

    fn add(&mut self, other: Self) {
        let Self { time, agents, reports, events } = other;
        self.time = self.time.max(time);
        self.agents.asked += agents.asked;
        self.agents.replied += agents.replied;
        self.agents.failed.extend(agents.failed);
        for report in reports {
            match self.reports.iter_mut().find(|known| known.node == report.node) {
                Some(known) if known.time < report.time => *known = report,
                Some(_) => {}
                None => self.reports.push(report),
            }
        }
        self.events.extend(events);
    }

    /// Of which addresses it tells anything.
    pub(in crate::cli) fn ips(&self) -> Vec<IpAddr> {
        let mut ips: Vec<_> = self.events.iter().filter_map(|event| event.ip).collect();
        ips.extend(self.reports.iter().flat_map(|report| &report.lb_ips).map(|lb| lb.ip));
        ips.sort_unstable();
        ips.dedup();
        ips
    }

    fn write(&self, output: &mut impl io::Write) -> io::Result<()> {
        let Self { time, agents, reports, events } = self;
        let header = Header {
            record: RECORD.to_owned(),
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time: *time,
            agents: agents.clone(),
            reports: reports.clone(),
        };
        serde_json::to_writer(&mut *output, &header)?;
        output.write_all(b"\n")?;
        for event in events {
            serde_json::to_writer(&mut *output, event)?;
            output.write_all(b"\n")?;
        }
        output.flush()
    }
}

/// The first line, if it is not an event.
fn header(line: &[u8]) -> Result<Option<Header>, String> {
    let versioned: Versioned = serde_json::from_slice(line).map_err(|error| {
        format!("line 1 is neither a record's first line nor an event: {}", reason(&error))
    })?;
    match versioned {
        Versioned { record: None, .. } => Ok(None),
        Versioned { record: Some(record), .. } if record != RECORD => {
            Err(format!("line 1: this is a record of {record:?}, not of {RECORD:?}"))
        }
        Versioned { schema: Some(SCHEMA), .. } => serde_json::from_slice(line)
            .map(Some)
            .map_err(|error| format!("line 1 is damaged: {}", reason(&error))),
        Versioned { schema, .. } => {
            let schema = schema.map_or_else(|| "none".to_owned(), |schema| schema.to_string());
            Err(format!("line 1: the record has schema {schema}, this l2witness reads {SCHEMA}"))
        }
    }
}

/// What serde says, without a line number of its own: each line is read for itself.
fn reason(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column", ", column")
}

/// A file that will be there whole or not at all.
pub(in crate::cli) struct Recording {
    path: PathBuf,
    file: NamedTempFile,
}

impl Recording {
    /// Makes sure that it can be written, before anybody is asked.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a place where nothing can be written.
    pub(in crate::cli) fn create(path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let unusable = |why: &dyn std::fmt::Display| {
            Failure::Usage(format!("--record {}: can't be written: {why}", path.display()))
        };
        if path.is_dir() {
            return Err(unusable(&"it is a folder"));
        }
        let file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")));
        let file = file.map_err(|error| unusable(error.get_ref().map_or(&error as _, |inner| inner as _)))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes it and puts it in its place.
    pub(in crate::cli) fn finish(self, record: &Record) -> anyhow::Result<()> {
        let Self { path, file } = self;
        let what = || format!("--record {}", path.display());
        record.write(&mut BufWriter::new(file.as_file())).with_context(what)?;
        file.as_file().sync_all().with_context(what)?;
        file.persist(&path).with_context(what)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
