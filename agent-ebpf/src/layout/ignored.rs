//! Why a frame that looked like evidence was not used.

/// Index into the map of ignored frames, and the `reason` label of `l2witness_frames_ignored_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Ignored {
    /// About an address that is not an LB IP.
    NotWatched,
    /// Shorter than its headers say.
    Truncated,
    /// ARP for another hardware than 48-bit Ethernet.
    HardwareType,
    /// ARP for another protocol than IPv4.
    ProtocolType,
    /// ARP operation that is neither request nor reply (RARP, `InARP`).
    Opcode,
    /// More than two VLAN tags.
    VlanTags,
    /// Neighbor Discovery with a hop limit below 255: it came from another link.
    HopLimit,
    /// Fragmented Neighbor Discovery (RFC 6980).
    Fragment,
    /// More than four IPv6 extension headers, or longer ones than are followed.
    ExtensionHeaders,
    /// Neighbor Discovery with an ICMPv6 code other than 0.
    IcmpCode,
    /// Neighbor Discovery with an option of length 0.
    NeighborOption,
    /// Neighbor Discovery for a multicast or unspecified target.
    Target,
    /// Not a frame: an event that the token bucket of its IP held back.
    EventRate,
    /// Not a frame: an event that found the ring buffer full.
    EventBuffer,
}

impl Ignored {
    /// All of them, in order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::NotWatched,
        Self::Truncated,
        Self::HardwareType,
        Self::ProtocolType,
        Self::Opcode,
        Self::VlanTags,
        Self::HopLimit,
        Self::Fragment,
        Self::ExtensionHeaders,
        Self::IcmpCode,
        Self::NeighborOption,
        Self::Target,
        Self::EventRate,
        Self::EventBuffer,
    ];

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// As a metric label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotWatched => "not_watched",
            Self::Truncated => "truncated",
            Self::HardwareType => "hardware_type",
            Self::ProtocolType => "protocol_type",
            Self::Opcode => "opcode",
            Self::VlanTags => "vlan_tags",
            Self::HopLimit => "hop_limit",
            Self::Fragment => "fragment",
            Self::ExtensionHeaders => "extension_headers",
            Self::IcmpCode => "icmp_code",
            Self::NeighborOption => "neighbor_option",
            Self::Target => "target",
            Self::EventRate => "event_rate",
            Self::EventBuffer => "event_buffer",
        }
    }

    /// Whether it counts events rather than frames.
    pub const fn is_event(self) -> bool {
        matches!(self, Self::EventRate | Self::EventBuffer)
    }
}
