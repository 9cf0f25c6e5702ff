//! The host of a database: a name or an address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use rotation_core::DocumentError;

/// Exactly one host name or address, with nothing else in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host(String);

impl Host {
    const RULE: DocumentError =
        DocumentError::Invalid { field: "host", rule: "one DNS name or IP address of a database" };

    /// Refuses lists, socket paths, URL parts, and addresses that cannot be a database's (link-local, such as
    /// the instance metadata service; unspecified; multicast).
    ///
    /// # Errors
    /// [`DocumentError::Invalid`].
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return if permitted(address) { Ok(Self(text.to_owned())) } else { Err(Self::RULE) };
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // Resolvers read `2852039166` and `0xa9fea9fe` as addresses; no host name ends in a number.
        let last = name.rsplit('.').next().unwrap_or_default();
        let numeric = last.bytes().all(|b| b.is_ascii_digit())
            || last
                .strip_prefix('0')
                .and_then(|rest| rest.strip_prefix(['x', 'X']))
                .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if name.len() > 253 || !name.split('.').all(label) || numeric {
            return Err(Self::RULE);
        }
        Ok(Self(text.to_owned()))
    }

    /// The host, as written in the secret.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a connection may be made to an address that a name resolved to.
    pub fn may_resolve_to(address: IpAddr) -> bool {
        permitted(address)
    }

    /// Whether this is the endpoint of an RDS Proxy: `name.proxy-….region.rds.amazonaws.com`, or one of its
    /// additional endpoints. A proxy under another name cannot be recognized.
    pub fn is_rds_proxy(&self) -> bool {
        let name = self.0.trim_end_matches('.').to_ascii_lowercase();
        let Some(service) = name.strip_suffix(".cn").unwrap_or(&name).strip_suffix(".amazonaws.com") else {
            return false;
        };
        // In China the Region comes after the service.
        let mut labels = service.split('.').skip(1);
        labels.any(|label| label.starts_with("proxy-")) && labels.any(|label| label == "rds")
    }

    /// Whether both name the same host. Case and a final dot are ignored.
    pub fn is_same(&self, other: &Self) -> bool {
        let plain = |host: &Self| host.0.trim_end_matches('.').to_ascii_lowercase();
        plain(self) == plain(other)
    }
}

fn permitted(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            // fd00:ec2::/32 is the range of AWS's services for instances: metadata, DNS, time.
            let instance_services = v6.segments()[..2] == [0xfd00, 0x0ec2];
            // An IPv4 address embedded in the last bits: in the deprecated form, or for a NAT64 gateway.
            let [.., high, low] = v6.segments();
            let embeds = matches!(v6.segments(), [0, 0, 0, 0, 0, 0, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..]);
            let v4 = Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
            let disguised = embeds && !permitted(v4.into());
            let local = v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast();
            !(local || instance_services || disguised)
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
