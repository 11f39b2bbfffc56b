//! `MetalLB`'s version, as far as the election depends on it.

use std::{fmt, str::FromStr};

/// A version of `MetalLB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 0 to this day.
    pub major: u16,
    /// Generation.
    pub minor: u16,
    /// [`u16::MAX`] where a tag like `v0.14` leaves it open: such tags follow the newest.
    pub patch: u16,
}

/// Not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version of MetalLB; write it like 0.15.3")]
pub struct NoVersion(String);

impl Version {
    /// `major.minor.patch`.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// The version in an image's tag: `quay.io/metallb/speaker:v0.15.3@sha256:…`.
    pub fn of_image(image: &str) -> Option<Self> {
        tag(image)?.parse().ok()
    }
}

/// The tag of an image's name; a digest is none, and neither is a registry's port.
pub fn tag(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    let (_, tag) = name.rsplit('/').next()?.split_once(':')?;
    Some(tag)
}

impl FromStr for Version {
    type Err = NoVersion;

    /// `v0.15.3`, `0.14.9-debian-12-r3`, `v0.14`; not `main` or `latest`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NoVersion(text.to_owned());
        let numbers = text.strip_prefix('v').unwrap_or(text);
        let numbers = numbers.split(['-', '+']).next().unwrap_or_default();
        let mut parts = numbers.split('.').map(|part| part.parse::<u16>().map_err(|_| wrong()));
        let major = parts.next().ok_or_else(wrong)??;
        let minor = parts.next().ok_or_else(wrong)??;
        let patch = parts.next().transpose()?.unwrap_or(u16::MAX);
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { major, minor, patch })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor, patch } = self;
        if *patch == u16::MAX { write!(f, "{major}.{minor}") } else { write!(f, "{major}.{minor}.{patch}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_what_people_type_are_versions() {
        let table = [
            ("v0.15.3", Some((0, 15, 3))),
            ("0.8.2", Some((0, 8, 2))),
            ("0.14.9-debian-12-r3", Some((0, 14, 9))),
            ("v0.14", Some((0, 14, u16::MAX))),
            ("main", None),
            ("latest", None),
            ("v0", None),
            ("0.15.3.1", None),
            ("", None),
            ("0.99999.1", None),
        ];
        for (text, wanted) in table {
            let found = text.parse::<Version>().ok().map(|v| (v.major, v.minor, v.patch));
            assert_eq!(found, wanted, "{text:?}");
        }
    }

    #[test]
    fn an_images_tag_is_neither_its_digest_nor_its_registrys_port() {
        let table = [
            ("quay.io/metallb/speaker:v0.15.3", Some("v0.15.3")),
            ("quay.io/metallb/speaker:v0.15.3@sha256:0123", Some("v0.15.3")),
            ("registry:5000/metallb/speaker", None),
            ("registry:5000/metallb/speaker:0.14.9-debian-12-r3", Some("0.14.9-debian-12-r3")),
            ("metallb/speaker@sha256:0123", None),
            ("metallb/speaker", None),
        ];
        for (image, wanted) in table {
            assert_eq!(tag(image), wanted, "{image}");
        }
    }
}
