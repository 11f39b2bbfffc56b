//! An event on one line.

use crate::{
    cli::{events::Kind, failover::words, table::printable},
    evidence::{Asked, ClaimChange, Claimed, ControlChange, Event, Lost, Traffic, What},
};

/// For people; `awk` can take it apart up to the words.
pub(in crate::cli) fn compact(event: &Event) -> String {
    let Event { node, boot: _, seq: _, at, ip, what } = event;
    let ip = ip.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let (at, kind) = (words::date_and_clock(*at), Kind::of(what).name());
    printable(&format!("{at}  {node:<8}  {ip:<15}  {kind:<12}  {}", says(what))).replace('\n', " ")
}

fn says(what: &What) -> String {
    match what {
        What::Request(asked) => request(asked),
        What::Reply(claimed) => claim(claimed, "replies"),
        What::LastReply(claimed) => claim(claimed, "replied for the last time"),
        What::ReplyAgain(claimed) => claim(claimed, "replies again"),
        What::Announcement(claimed) => claim(claimed, "announces"),
        What::Claim(ClaimChange { by, service, on, began, own_time }) => {
            let now = if *began { "says" } else { "no longer says" };
            own(&format!("{by} {now} that {on} announces {service}"), own_time.as_ref())
        }
        What::Cause(ControlChange { object, change, own_time }) => {
            own(&format!("{object}: {change}"), own_time.as_ref())
        }
        What::Traffic(Traffic { packets, last }) => {
            format!("{packets} data packets, the last at {}", words::clock(*last))
        }
        What::Lost(Lost { count, reason }) => format!("{count} events are lost: {reason}"),
    }
}

fn request(asked: &Asked) -> String {
    let Asked { interface, mac, unicast, probe, count } = asked;
    let verb = if *probe { "probes" } else { "asks" };
    let how = if *unicast { " by unicast".to_owned() } else { format!(", request {count}") };
    format!("{mac} {verb} on {interface}{how}")
}

fn claim(claimed: &Claimed, verb: &str) -> String {
    let Claimed { interface, mac, sent, origin, sender, form, asked: _ } = claimed;
    let way = if *sent { "sent" } else { "heard" };
    let form = form.as_ref().map_or_else(String::new, |form| format!(" in {form} form"));
    let who = match (origin, sender) {
        (Some(origin), Some(sender)) => format!(": {origin} {sender}"),
        (Some(origin), None) => format!(": {origin}"),
        (None, sender) => sender.as_ref().map_or_else(String::new, |sender| format!(": {sender}")),
    };
    format!("{mac} {verb}{form}, {way} on {interface}{who}")
}

fn own(text: &str, own_time: Option<&jiff::Timestamp>) -> String {
    let own =
        own_time.map_or_else(String::new, |own| format!(" (its own time: {})", words::date_and_clock(*own)));
    format!("{text}{own}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_one_line() {
        let mac = "\"mac\":\"00:00:5e:00:53:02\"";
        for (what, says) in [
            (
                format!("\"kind\":\"request\",\"interface\":\"eth0\",{mac},\"count\":7"),
                "request       00:00:5e:00:53:02 asks on eth0, request 7",
            ),
            (
                format!("\"kind\":\"request\",\"interface\":\"eth0\",{mac},\"unicast\":true,\"count\":7"),
                "request       00:00:5e:00:53:02 asks on eth0 by unicast",
            ),
            (
                format!("\"kind\":\"request\",\"interface\":\"eth0\",{mac},\"probe\":true,\"count\":7"),
                "request       00:00:5e:00:53:02 probes on eth0, request 7",
            ),
            (
                format!("\"kind\":\"reply\",\"interface\":\"eth0\",{mac},\"sent\":true,\"origin\":\"speaker\",\"sender\":\"metallb-system/speaker-x\""),
                "reply         00:00:5e:00:53:02 replies, sent on eth0: speaker metallb-system/speaker-x",
            ),
            (
                format!("\"kind\":\"last_reply\",\"interface\":\"eth0\",{mac},\"sent\":false"),
                "last_reply    00:00:5e:00:53:02 replied for the last time, heard on eth0",
            ),
            (
                format!("\"kind\":\"announcement\",\"interface\":\"eth0\",{mac},\"sent\":true,\"origin\":\"kernel\",\"form\":\"reply\""),
                "announcement  00:00:5e:00:53:02 announces in reply form, sent on eth0: kernel",
            ),
            (
                "\"kind\":\"claim\",\"by\":\"speaker\",\"service\":\"default/web\",\"on\":\"n2\",\"began\":false".to_owned(),
                "claim         speaker no longer says that n2 announces default/web",
            ),
            (
                "\"kind\":\"cause\",\"object\":\"Node/n2\",\"change\":\"Ready became\\nFalse\",\"own_time\":\"2026-01-31T14:02:59Z\"".to_owned(),
                "cause         Node/n2: Ready became False (its own time: 2026-01-31 14:02:59.000000)",
            ),
            (
                "\"kind\":\"traffic\",\"packets\":9,\"last\":\"2026-01-31T14:03:00.5Z\"".to_owned(),
                "traffic       9 data packets, the last at 14:03:00.500000",
            ),
            ("\"kind\":\"lost\",\"count\":3,\"reason\":\"history\"".to_owned(), "lost          3 events are lost: history"),
        ] {
            let json = format!("{{\"node\":\"n1\",\"seq\":1,\"at\":\"2026-01-31T14:03:00.000001Z\",\"ip\":\"192.0.2.10\",{what}}}");
            let event: Event = serde_json::from_str(&json).unwrap();
            assert_eq!(compact(&event), format!("2026-01-31 14:03:00.000001  n1        192.0.2.10       {says}"));
        }
    }
}
