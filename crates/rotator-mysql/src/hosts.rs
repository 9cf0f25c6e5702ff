//! Which clients the hosts of two accounts have in common.
//!
//! The server admits a client by the account whose host matches it best. So an entry that the clone has and
//! the original lacks takes the clients that match both from the clone's entry at the original's host, and
//! admits those that match no host of the original.

use std::net::Ipv4Addr;

/// The effect of an entry of the clone where the original has no account for its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// Every client that matches it matches this host of the original, and no other host of the original
    /// matters.
    Within(&'a str),
    /// Every client that matches it, and no better entry of the clone, matches no host of the original.
    Apart,
    /// Neither is certain.
    Unclear,
}

impl<'a> Place<'a> {
    /// The place of a host among those of the original.
    pub(crate) fn of(host: &str, originals: impl IntoIterator<Item = &'a String>) -> Self {
        let mut nearest: Option<&str> = None;
        for original in originals {
            match relation(host, original) {
                Relation::Apart | Relation::Around => {}
                Relation::Within | Relation::Same => match nearest {
                    None => nearest = Some(original),
                    Some(known) => match (relation(original, known), relation(known, original)) {
                        (Relation::Within, Relation::Around) => nearest = Some(original),
                        (Relation::Around, Relation::Within) => {}
                        _ => return Self::Unclear,
                    },
                },
                Relation::Unclear => return Self::Unclear,
            }
        }
        match nearest {
            Some(nearest) => Self::Within(nearest),
            None => Self::Apart,
        }
    }
}

/// How the clients of one host relate to those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Same,
    /// All of the first match the second.
    Within,
    /// All of the second match the first, and the server prefers the second.
    Around,
    Apart,
    Unclear,
}

/// A parsed host, as far as it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// Addresses with these leading bits in common. The server prefers a mask to a pattern, whichever is
    /// narrower.
    Net {
        address: u32,
        bits: u32,
        is_mask: bool,
    },
    /// The server's own machine.
    Local,
    /// One name.
    Name(String),
    /// All names with this ending.
    NamesUnder(String),
    Other,
}

impl Host {
    fn parse(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        if host.is_empty() || host == "%" {
            return Self::Any;
        }
        if host == "localhost" {
            return Self::Local;
        }
        if let Ok(address) = host.parse::<Ipv4Addr>() {
            return Self::Net { address: address.into(), bits: 32, is_mask: false };
        }
        if let Some((address, mask)) = host.split_once('/') {
            return Self::masked(address, mask).unwrap_or(Self::Other);
        }
        if host.starts_with(|c: char| c.is_ascii_digit()) {
            return Self::pattern(&host).unwrap_or(Self::Other);
        }
        if let Some(end) = host.strip_prefix('%').filter(|end| end.starts_with('.') && is_name(end)) {
            return Self::NamesUnder(end.to_owned());
        }
        if is_name(&host) { Self::Name(host) } else { Self::Other }
    }

    /// `10.0.0.0/255.0.0.0`, `10.0.0.0/8`.
    fn masked(address: &str, mask: &str) -> Option<Self> {
        let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
        let bits = match mask.parse::<Ipv4Addr>() {
            Ok(mask) => {
                let mask = u32::from(mask);
                (mask.leading_ones() == mask.count_ones()).then(|| mask.leading_ones())?
            }
            Err(_) => mask.parse().ok().filter(|bits| *bits <= 32)?,
        };
        Some(Self::Net { address, bits, is_mask: true })
    }

    /// `10.%`, `192.168.1.%`: whole numbers, then everything.
    fn pattern(host: &str) -> Option<Self> {
        let known = host.strip_suffix('%')?.strip_suffix('.')?;
        let parts: Vec<u32> =
            known.split('.').map(|part| part.parse::<u8>().map(u32::from)).collect::<Result<_, _>>().ok()?;
        let bits = u32::try_from(8 * parts.len()).ok().filter(|bits| *bits <= 24)?;
        let address = parts.iter().fold(0, |address, part| (address << 8) | part) << (32 - bits);
        Some(Self::Net { address, bits, is_mask: false })
    }
}

fn is_name(text: &str) -> bool {
    // The underscore is a wildcard.
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn relation(host: &str, other: &str) -> Relation {
    use Relation::{Apart, Around, Same, Unclear, Within};
    if host.eq_ignore_ascii_case(other) {
        return Same;
    }
    match (Host::parse(host), Host::parse(other)) {
        (Host::Any, Host::Any) => Same,
        (Host::Any, _) => Around,
        (_, Host::Any) => Within,
        (
            Host::Net { address: a, bits, is_mask },
            Host::Net { address: b, bits: others, is_mask: other_is_mask },
        ) => {
            let common = bits.min(others);
            let differ = common > 0 && (a ^ b) >> (32 - common) != 0;
            match () {
                () if differ => Apart,
                () if bits == others => Same,
                () if bits > others => Within,
                () if is_mask == other_is_mask || others == 32 => Around,
                () => Unclear,
            }
        }
        (Host::Net { address, bits, .. }, Host::Local) | (Host::Local, Host::Net { address, bits, .. }) => {
            let loopback = u32::from(Ipv4Addr::LOCALHOST);
            let common = bits.min(8);
            if common > 0 && (address ^ loopback) >> (32 - common) != 0 { Apart } else { Unclear }
        }
        (Host::Name(_), Host::Name(_)) => Apart,
        (Host::Name(name), Host::NamesUnder(end)) => {
            if name.ends_with(&end) {
                Within
            } else {
                Apart
            }
        }
        (Host::NamesUnder(end), Host::Name(name)) => {
            if name.ends_with(&end) {
                Around
            } else {
                Apart
            }
        }
        (Host::NamesUnder(a), Host::NamesUnder(b)) => match () {
            () if a.ends_with(&b) => Within,
            () if b.ends_with(&a) => Around,
            () => Apart,
        },
        // A client has an address and a name.
        _ => Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, originals: &[&str], expected: &Place<'_>) {
        let originals: Vec<_> = originals.iter().map(ToString::to_string).collect();
        assert_eq!(Place::of(host, &originals), *expected, "{host} among {originals:?}");
    }

    /// The original also admits every client that matches the entry, by the entry that matches best.
    #[test]
    fn entry_within_another_has_its_clients() {
        for host in ["10.%", "localhost", "db.example.com", "10.0.0.0/255.0.0.0", "%.com", "fe80::1", "1_.%"]
        {
            check(host, &["%"], &Place::Within("%"));
        }
        check("10.1.2.3", &["%", "10.%", "10.1.%", "192.168.%"], &Place::Within("10.1.%"));
        check("10.1.2.3", &["10.1.%", "10.%"], &Place::Within("10.1.%"));
        check("10.1.%", &["10.0.0.0/8", "10.1.2.3"], &Place::Within("10.0.0.0/8"));
        check("10.1.0.0/16", &["10.0.0.0/255.0.0.0"], &Place::Within("10.0.0.0/255.0.0.0"));
        check("db.example.com", &["%.example.com", "%.com"], &Place::Within("%.example.com"));
        check("DB.example.com", &["db.example.com"], &Place::Within("db.example.com"));
    }

    /// The original admits no client that matches the entry.
    #[test]
    fn entry_apart_has_its_own_clients() {
        check("10.%", &["192.168.%", "localhost", "11.0.0.0/8"], &Place::Apart);
        check("localhost", &["10.%"], &Place::Apart);
        check("a.example.com", &["b.example.com", "%.example.org"], &Place::Apart);
        check("%.example.com", &["%.example.org"], &Place::Apart);
    }

    /// An entry whose clients are not certain counts as unclear.
    /// Clients may match both, or it is not certain.
    #[test]
    fn uncertain_is_unclear() {
        check("10.%", &["db.example.com"], &Place::Unclear);
        check("db.example.com", &["%", "10.%"], &Place::Unclear);
        check("localhost", &["127.%"], &Place::Unclear);
        check("10._.%", &["10.1.%"], &Place::Unclear);
        check("fe80::%", &["fe80::1"], &Place::Unclear);
        // The server prefers the mask, though it is wider.
        check("10.0.0.0/255.0.0.0", &["%", "10.1.%"], &Place::Unclear);
        check("10.1.0.0/255.0.255.0", &["10.%"], &Place::Unclear);
    }

    /// The clients that an entry has in common with a narrower one are admitted by that one.
    #[test]
    fn wider_entry_has_the_rest() {
        check("10.%", &["%", "10.1.%", "10.1.2.3"], &Place::Within("%"));
        check("10.%", &["10.1.%"], &Place::Apart);
        check("%", &["10.%", "db.example.com", "10.0.0.0/8"], &Place::Apart);
        // The original admits them by the mask, though the pattern is narrower.
        check("10.1.2.3", &["10.1.%", "10.0.0.0/255.0.0.0"], &Place::Unclear);
        check("10.1.2.3", &["10.0.0.0/255.0.0.0", "10.1.%"], &Place::Unclear);
    }
}
