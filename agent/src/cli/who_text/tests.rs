use super::*;
use crate::{
    cli::{client::Told, output::Document},
    verdict::sample::{T0, all, at, node, speaker},
};

fn page() -> String {
    let owner = node("n1", 1).asked(60).asked(3).local(speaker(1, 300, 3)).heard(9, 20).edit(|report| {
        let on = &mut report.lb_ips[0].interfaces[0];
        on.replies_sent.socket = 12;
        on.announcements_sent_request.socket = 5;
        on.announcements_sent_reply.socket = 5;
        on.latency.buckets = vec![0, 98, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    });
    let reports = vec![owner.done(), node("n2", 2).asked(3).done()];
    let told = Told { reports, coverage: all(2), notes: Vec::new(), now: at(T0) };
    let document = Document::new(&told, &[]).with_evidence(&told);
    text(&document.lb_ips[0], document.time, |header| Table::plain(header, None))
}

#[test]
fn the_page_shows_all_there_is() {
    let expected = "\
192.0.2.10  problem

Findings
  L2W103 FOREIGN (problem): 00:00:5e:00:53:09 claimed it 2 times, last 20s ago, heard by n1 on eth0
         next: find the MAC in the switch's address table; take 192.0.2.10 out of the other host's or DHCP \
server's range, or give `--agent` the node that is missing

Answerers
  NODE  INTERFACE  MAC                ORIGIN   SENDER                 STATE      REPLIES  ANNOUNCED  FIRST   LAST
  n1    eth0       00:00:5e:00:53:01  speaker  4f2a9c (by container)  answering  12       10         5m ago  3s ago

Foreign claims
  MAC                NODE  HEARD BY  FRAMES  FIRST    LAST     FLAGS
  00:00:5e:00:53:09  -     n1/eth0   2       20s ago  20s ago  -

On the nodes' interfaces
  NODE  INTERFACE  REQUESTS  UNICAST  PROBES  REPLIES  ANNOUNCED  HEARD  UNANSWERED HERE  P50    P99     LAST REQUEST
  n1    eth0       2         0        0       12       10         0      0                <65us  <131us  3s ago
  n2    eth0       1         0        0       0        0          0      0                -      -       3s ago

Recent requests
  NODE  INTERFACE  AGO
  n1    eth0       3s, 60s
  n2    eth0       3s

Rests on 2 of 2 agents.
";
    assert_eq!(page(), expected, "{}", page());
}

#[test]
fn a_quantile_is_the_end_of_its_bucket() {
    let latency = |buckets| Latency { buckets, sum_seconds: 0.0 };
    assert_eq!(quantile(&latency(vec![]), 50), "-");
    assert_eq!(quantile(&latency(vec![0; 12]), 99), "-");
    assert_eq!(quantile(&latency(vec![1, 0, 0]), 50), "<32us");
    assert_eq!(quantile(&latency(vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), 99), ">33.6ms");
}
