//! Whose frames an Ethernet capture holds: the host's own MAC, where it follows.

use l2witness_ebpf::frame::Mac;

/// MACs that have a part in every unicast frame so far. A host's capture holds what it sends and what is sent to
/// it, so its own is among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::replay) enum Candidates {
    /// There was no unicast frame.
    #[default]
    Any,
    /// It has spoken with one other host only.
    Two(Mac, Mac),
    /// It is this one.
    One(Mac),
    /// No MAC is in all of them: a mirror port, a bridge's port, or a segment that is flooded.
    None,
}

impl Candidates {
    /// A frame from its first byte on.
    pub(super) fn add(&mut self, frame: &[u8]) {
        let mac = |at: usize| frame.get(at..at + 6)?.try_into().ok().map(Mac::from_octets);
        let (Some(destination), Some(source)) = (mac(0), mac(6)) else { return };
        if destination.is_group() || source.is_group() {
            return;
        }
        let has = |mac| mac == destination || mac == source;
        *self = match *self {
            Self::Any if destination == source => Self::One(source),
            Self::Any => Self::Two(destination, source),
            Self::Two(one, other) => Self::from((has(one).then_some(one), has(other).then_some(other))),
            Self::One(mac) if has(mac) => Self::One(mac),
            Self::One(_) | Self::None => Self::None,
        };
    }

    /// What is left of two, if this MAC is known to be another host's.
    pub(in crate::replay) fn without(self, mac: Mac) -> Self {
        match self {
            Self::Two(one, other) if one == mac => Self::One(other),
            Self::Two(one, other) if other == mac => Self::One(one),
            same => same,
        }
    }

    /// The host's MAC according to two captures of one interface.
    pub(in crate::replay) fn with(self, other: Self) -> Self {
        let of = |candidates| match candidates {
            Self::Two(one, other) => [Some(one), Some(other)],
            Self::One(mac) => [Some(mac), None],
            Self::Any | Self::None => [None, None],
        };
        match (self, other) {
            (Self::Any, same) | (same, Self::Any) => same,
            _ => {
                let theirs = of(other);
                let mut both = of(self).into_iter().flatten().filter(|mac| theirs.contains(&Some(*mac)));
                Self::from((both.next(), both.next()))
            }
        }
    }
}

impl From<(Option<Mac>, Option<Mac>)> for Candidates {
    fn from(macs: (Option<Mac>, Option<Mac>)) -> Self {
        match macs {
            (Some(one), Some(other)) => Self::Two(one, other),
            (Some(mac), None) | (None, Some(mac)) => Self::One(mac),
            (None, None) => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROADCAST: u8 = 0xff;

    fn mac(last: u8) -> Mac {
        if last == BROADCAST { Mac::BROADCAST } else { Mac::from_octets([0, 0, 0x5e, 0, 0x53, last]) }
    }

    fn of(frames: &[(u8, u8)]) -> Candidates {
        let mut candidates = Candidates::default();
        for (source, destination) in frames {
            candidates.add(&[mac(*destination).octets(), mac(*source).octets()].concat());
        }
        candidates
    }

    #[test]
    fn the_own_mac_is_in_every_unicast_frame() {
        for (frames, expected) in [
            (&[][..], Candidates::Any),
            (&[(1, BROADCAST), (2, BROADCAST)], Candidates::Any),
            (&[(1, 2), (2, 1), (3, BROADCAST)], Candidates::Two(mac(2), mac(1))),
            (&[(1, 2), (2, 1), (3, 1)], Candidates::One(mac(1))),
            (&[(1, 2), (3, 1), (1, 4), (2, 1)], Candidates::One(mac(1))),
            (&[(1, 2), (3, 1), (2, 3)], Candidates::None),
            (&[(1, 2), (3, 4)], Candidates::None),
        ] {
            assert_eq!(of(frames), expected, "{frames:?}");
        }
    }

    #[test]
    fn two_captures_of_one_interface_and_other_hosts_macs_narrow_it_down() {
        let two = Candidates::Two(mac(1), mac(2));
        assert_eq!(two.without(mac(2)), Candidates::One(mac(1)));
        assert_eq!(two.without(mac(3)), two);
        assert_eq!(two.with(Candidates::Two(mac(3), mac(1))), Candidates::One(mac(1)));
        assert_eq!(two.with(Candidates::Any), two);
        assert_eq!(two.with(Candidates::One(mac(3))), Candidates::None);
        assert_eq!(two.with(Candidates::None), Candidates::None);
    }

    #[test]
    fn a_frame_cut_off_in_its_addresses_says_nothing() {
        let mut candidates = Candidates::default();
        candidates.add(&[0; 11]);
        assert_eq!(candidates, Candidates::Any);
    }
}
