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
    /// One instance.
    Instance,
    /// The writer or the readers of a cluster.
    Cluster,
    /// Some members of a cluster, as its owner chose.
    Custom,
}

impl HostName {
    /// `None` for names that RDS and DocumentDB do not give: names of one's own, and those of proxies.
    pub(crate) fn of(host: &Host) -> Option<Self> {
        let name = host.as_str().to_ascii_lowercase();
        let labels: Vec<&str> = name.split('.').collect();
        // The names go on with amazonaws.com, or with what other partitions have; in China the service stands before
        // the region.
        let ([identifier, place, region, "rds" | "docdb", _, _, ..]
        | [identifier, place, "rds" | "docdb", region, _, _, ..]) = labels[..]
        else {
            return None;
        };
        let kind = match place.split_once('-') {
            None => Kind::Instance,
            Some(("cluster", rest)) if rest.starts_with("custom-") => Kind::Custom,
            Some(("cluster", _)) => Kind::Cluster,
            Some(_) => return None,
        };
        let plain = |label: &str| label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let named = |label: &str| plain(label) && label.starts_with(|c: char| c.is_ascii_alphabetic());
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
        let frankfurt = "eu-central-1";
        check("orders.abc123.eu-central-1.rds.amazonaws.com", Some((Kind::Instance, "orders", frankfurt)));
        check("Orders.abc123.eu-central-1.RDS.amazonaws.com.", Some((Kind::Instance, "orders", frankfurt)));
        let beijing = "cn-north-1";
        check("orders.abc123.rds.cn-north-1.amazonaws.com.cn", Some((Kind::Instance, "orders", beijing)));
        check("a.cluster-abc.rds.cn-north-1.amazonaws.com.cn", Some((Kind::Cluster, "a", beijing)));
        check("docs.abc123.eu-central-1.docdb.amazonaws.com", Some((Kind::Instance, "docs", frankfurt)));
        check("a.cluster-abc.eu-central-1.rds.amazonaws.com", Some((Kind::Cluster, "a", frankfurt)));
        check("a.cluster-ro-abc.eu-central-1.rds.amazonaws.com", Some((Kind::Cluster, "a", frankfurt)));
        check("a.cluster-abc.eu-central-1.docdb.amazonaws.com", Some((Kind::Cluster, "a", frankfurt)));
        check("a.cluster-custom-abc.eu-central-1.rds.amazonaws.com", Some((Kind::Custom, "a", frankfurt)));
    }

    #[test]
    fn other_names_are_not_asked_about() {
        for host in [
            "127.0.0.1",
            "localhost",
            "db.example.com",
            "orders.eu-central-1.rds.amazonaws.com",
            "orders.proxy-abc.eu-central-1.rds.amazonaws.com",
            "a.global-abc.global.rds.amazonaws.com",
            "or_ders.abc.eu-central-1.rds.amazonaws.com",
            "orders.abc.1.rds.amazonaws.com",
            "wg.123456789012.eu-central-1.redshift-serverless.amazonaws.com",
        ] {
            check(host, None);
        }
    }
}
