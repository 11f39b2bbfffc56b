//! Which sockets are one program's.

use crate::evidence::{LbIp, Local, Named, Sender};

use super::state::senders;

/// Whether two senders are one program: it may have a socket per interface, and open them anew.
pub(super) fn same_program(one: Option<&Sender>, other: Option<&Sender>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) if one.by == other.by => match one.by {
            Named::Container | Named::Unit | Named::Cgroup => one.name == other.name,
            Named::Process => (&one.name, one.pid) == (&other.name, other.pid),
            Named::Cookie => one.cookie == other.cookie,
            // Two of one host can't be told apart.
            Named::Length => true,
        },
        _ => false,
    }
}

/// One sender for all sockets that a program had on one interface; their frames add up.
pub(super) fn programs(lb: &LbIp) -> Vec<Local> {
    let mut programs: Vec<Local> = Vec::new();
    for local in senders(lb) {
        let same = programs.iter_mut().find(|known| {
            (&known.interface, known.mac, known.origin) == (&local.interface, local.mac, local.origin)
                && same_program(known.sender.as_ref(), local.sender.as_ref())
        });
        match same {
            Some(known) => add(known, local),
            None => programs.push(local.clone()),
        }
    }
    programs
}

fn add(known: &mut Local, local: &Local) {
    if local.last > known.last {
        known.sender.clone_from(&local.sender);
        known.vlan = local.vlan;
        known.flags.clone_from(&local.flags);
    }
    known.replies = known.replies.saturating_add(local.replies);
    known.announcements = known.announcements.saturating_add(local.announcements);
    known.first = known.first.min(local.first);
    known.last = known.last.max(local.last);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::sample::{node, speaker};

    fn sender(by: Named, name: &str, cookie: u64) -> Sender {
        Sender { name: name.to_owned(), by, cookie, cgroup: 1, process: None, pid: None, pod: None }
    }

    #[test]
    fn a_container_is_one_program_over_all_its_sockets() {
        let socket = |cookie| sender(Named::Container, "4f2a9c", cookie);
        assert!(same_program(Some(&socket(1)), Some(&socket(2))));
        assert!(!same_program(Some(&socket(1)), Some(&sender(Named::Container, "77b0d1", 1))));
    }

    #[test]
    fn sockets_that_nothing_names_are_told_by_their_cookies() {
        let socket = |cookie: u64| sender(Named::Cookie, "", cookie);
        assert!(!same_program(Some(&socket(1)), Some(&socket(2))));
        assert!(!same_program(Some(&socket(1)), None));
    }

    #[test]
    fn frames_of_a_program_s_old_and_new_socket_add_up() {
        let mut new = speaker(1, 80, 5);
        if let Some(sender) = &mut new.sender {
            sender.cookie = 9;
        }
        let report = node("n1", 1).local(speaker(1, 300, 90)).local(new.clone()).done();

        let programs = programs(&report.lb_ips[0]);

        assert_eq!(programs.len(), 1);
        assert_eq!((programs[0].replies, programs[0].last), (24, new.last));
        assert_eq!(programs[0].sender, new.sender);
    }
}
