//! What `BPF_PROG_TEST_RUN` may be told about a frame besides its bytes.

/// Offsets in `struct __sk_buff` of linux/bpf.h, which is only ever appended to.
const INGRESS_IFINDEX: usize = 36;
const IFINDEX: usize = 40;
const LEN: usize = 44;

/// Of `__sk_buff`, what may be set: among others *not* the packet type and the VLAN tag in the metadata,
/// which the kernel refuses with `EINVAL`. The packet type it derives from the frame's destination.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    /// The interface by which the frame came to this host; 0 if it began here.
    pub ingress_ifindex: u32,
}

impl Context {
    pub(super) fn bytes(self, interface: u32) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        let Self { ingress_ifindex } = self;
        for (offset, value) in [(INGRESS_IFINDEX, ingress_ifindex), (IFINDEX, interface)] {
            bytes[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
        }
        bytes
    }
}
