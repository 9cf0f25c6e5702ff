//! The service that manages a master secret.

use test_servers::ApiRequest;

/// The identifier of the server in that service.
pub(super) const NAME: &str = "orders";

/// The AWS resource to which a managed master secret belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// An instance of RDS.
    Instance,
    /// A cluster of Aurora or `DocumentDB`, which RDS describes and which has a second endpoint for readers.
    Cluster,
    /// A provisioned cluster of Redshift.
    RedshiftCluster,
}

impl Owner {
    /// The service that manages the secret, and the tag with which it names the server.
    pub(super) fn tag(self) -> (&'static str, (&'static str, String)) {
        let arn = |service, kind| format!("arn:aws:{service}:us-east-1:123456789012:{kind}:{NAME}");
        match self {
            Self::Instance => ("rds", ("aws:rds:primarydbinstancearn", arn("rds", "db"))),
            Self::Cluster => ("rds", ("aws:rds:primarydbclusterarn", arn("rds", "cluster"))),
            Self::RedshiftCluster => {
                ("redshift", ("aws:redshift:primaryclusterarn", arn("redshift", "cluster")))
            }
        }
    }

    /// The operation that describes the server.
    pub(super) fn operation(self) -> &'static str {
        match self {
            Self::Instance => "DescribeDBInstances",
            Self::Cluster => "DescribeDBClusters",
            Self::RedshiftCluster => "DescribeClusters",
        }
    }

    /// The function's variable for the URL of that service.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Instance | Self::Cluster => "AWS_ENDPOINT_URL_RDS",
            Self::RedshiftCluster => "AWS_ENDPOINT_URL_REDSHIFT",
        }
    }

    /// The description, as in the service's API reference.
    pub(super) fn describes(self, engine: &str, writer: (&str, u16), reader: Option<&str>) -> String {
        let (host, port) = writer;
        let arn = self.tag().1.1;
        let server = match self {
            Self::Instance => format!(
                "<DBInstances><DBInstance><DBInstanceIdentifier>{NAME}</DBInstanceIdentifier><Engine>{engine}</Engine>\
                 <DBInstanceArn>{arn}</DBInstanceArn><Endpoint><Address>{host}</Address><Port>{port}</Port></Endpoint>\
                 </DBInstance></DBInstances>"
            ),
            Self::Cluster => {
                let reader = reader.map(|host| format!("<ReaderEndpoint>{host}</ReaderEndpoint>"));
                format!(
                    "<DBClusters><DBCluster><DBClusterIdentifier>{NAME}</DBClusterIdentifier><Engine>{engine}</Engine>\
                     <DBClusterArn>{arn}</DBClusterArn><Endpoint>{host}</Endpoint><Port>{port}</Port>{}</DBCluster>\
                     </DBClusters>",
                    reader.unwrap_or_default()
                )
            }
            Self::RedshiftCluster => format!(
                "<Clusters><Cluster><ClusterIdentifier>{NAME}</ClusterIdentifier><Endpoint><Address>{host}</Address>\
                 <Port>{port}</Port></Endpoint><ClusterNamespaceArn>arn:aws:redshift:us-east-1:123456789012:namespace:7\
                 </ClusterNamespaceArn></Cluster></Clusters>"
            ),
        };
        let operation = self.operation();
        format!("<{operation}Response><{operation}Result>{server}</{operation}Result></{operation}Response>")
    }

    pub(super) fn is_asked_for_it(self, request: &ApiRequest) -> bool {
        let name = match self {
            Self::Instance => "DBInstanceIdentifier",
            Self::Cluster => "DBClusterIdentifier",
            Self::RedshiftCluster => "ClusterIdentifier",
        };
        request.operation == self.operation() && request.has(name, NAME)
    }
}
