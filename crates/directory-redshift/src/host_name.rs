//! What the name of an endpoint says: whose it is, and in which region to ask. It is a hint for the question alone; the
//! answer has to name the same host.

use rotation_database::Host;

/// The name of an endpoint, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct HostName {
    pub(crate) kind: Kind,
    pub(crate) identifier: String,
    pub(crate) region: String,
}

/// What an endpoint belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A provisioned cluster.
    Cluster,
    /// A workgroup of Redshift Serverless.
    Workgroup,
}

impl HostName {
    /// `None` for names that Redshift does not give, as custom domains are.
    pub(crate) fn of(host: &Host) -> Option<Self> {
        let name = host.as_str().to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        // The names go on with amazonaws.com, or with what other partitions have.
        let [identifier, _, region, service, _, _, ..] = labels[..] else { return None };
        let kind = match service {
            "redshift" => Kind::Cluster,
            "redshift-serverless" => Kind::Workgroup,
            _ => return None,
        };
        let plain = |label: &str| label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let named = |label: &str| plain(label) && label.starts_with(|c: char| c.is_ascii_alphanumeric());
        (named(identifier) && named(region)).then(|| Self {
            kind,
            identifier: identifier.to_owned(),
            region: region.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Host, HostName, Kind};

    #[track_caller]
    fn check(host: &str, expected: Option<(Kind, &str, &str)>) {
        let found = HostName::of(&Host::parse(host).unwrap());
        let found = found.as_ref().map(|name| (name.kind, name.identifier.as_str(), name.region.as_str()));
        assert_eq!(found, expected, "{host}");
    }

    #[test]
    fn endpoints_say_what_they_belong_to() {
        check("dw.c1x2.eu-west-1.redshift.amazonaws.com", Some((Kind::Cluster, "dw", "eu-west-1")));
        check("DW.c1x2.cn-north-1.redshift.amazonaws.com.cn.", Some((Kind::Cluster, "dw", "cn-north-1")));
        let workgroup = "wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com";
        check(workgroup, Some((Kind::Workgroup, "wg", "eu-west-1")));
    }

    #[test]
    fn other_names_are_not_asked_about() {
        for host in [
            "10.0.0.7",
            "warehouse.example.com",
            "dw.eu-west-1.redshift.amazonaws.com",
            "orders.abc.eu-west-1.rds.amazonaws.com",
            "d_w.c1x2.eu-west-1.redshift.amazonaws.com",
        ] {
            check(host, None);
        }
    }
}
