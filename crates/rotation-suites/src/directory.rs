//! Who manages a master secret, and what that service says of the server: for a function that asks it.

use serde_json::Value;
use test_servers::{ApiAnswer, ApiDouble, ApiRequest, Proxy};

use super::{Tenant, case::Failure};

/// What the server is called there.
const NAME: &str = "orders";

/// What of AWS a managed master secret belongs to.
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
    /// The service that manages the secret, and the tag by which that says whose it is.
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
    fn variable(self) -> &'static str {
        match self {
            Self::Instance | Self::Cluster => "AWS_ENDPOINT_URL_RDS",
            Self::RedshiftCluster => "AWS_ENDPOINT_URL_REDSHIFT",
        }
    }

    /// The description, as the reference of the service's API has it.
    fn describes(self, engine: &str, writer: (&str, u16), reader: Option<&str>) -> String {
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

    fn is_asked_for_it(self, request: &ApiRequest) -> bool {
        let name = match self {
            Self::Instance => "DBInstanceIdentifier",
            Self::Cluster => "DBClusterIdentifier",
            Self::RedshiftCluster => "ClusterIdentifier",
        };
        request.operation == self.operation() && request.has(name, NAME)
    }
}

/// How a master is managed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Managed {
    pub(super) owner: Owner,
    /// The owner's word for the engine.
    pub(super) engine: &'static str,
    /// Whether the secret names the readers' endpoint.
    pub(super) is_read_through: bool,
}

/// The service that describes the server, and the ways to it.
pub(super) struct Directory {
    pub(super) double: ApiDouble,
    /// The readers' endpoint and the writer's, where the secret names the former.
    pub(super) endpoints: Option<Endpoints>,
    variable: &'static str,
}

/// Two names and ports of one server: the second of a real cluster would be a replica.
pub(super) struct Endpoints {
    pub(super) writer: Proxy,
    pub(super) reader: Proxy,
}

impl Directory {
    /// Describes the tenant's server. Where its secret is to name the readers' endpoint, it does afterwards.
    pub(super) async fn start(managed: Managed, tenant: &mut Tenant) -> Result<Self, Failure> {
        let Managed { owner, engine, is_read_through } = managed;
        let host = tenant.document["host"].as_str().ok_or("a tenant has a host")?.to_owned();
        let port = tenant.document["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or("a tenant has a port")?;
        let endpoints = if is_read_through {
            let (writer, reader) = (Proxy::start(&host, port).await?, Proxy::start(&host, port).await?);
            tenant.document["host"] = Value::from(READER);
            tenant.document["port"] = Value::from(reader.port());
            Some(Endpoints { writer, reader })
        } else {
            None
        };
        let port = endpoints.as_ref().map_or(port, |endpoints| endpoints.writer.port());
        let described = owner.describes(engine, (&host, port), endpoints.as_ref().map(|_| READER));
        let double = ApiDouble::start(move |request| {
            if owner.is_asked_for_it(request) {
                return ApiAnswer { status: 200, body: described.clone() };
            }
            let body = "<ErrorResponse><Error><Code>InvalidParameterValue</Code></Error></ErrorResponse>";
            ApiAnswer { status: 400, body: body.to_owned() }
        })?;
        Ok(Self { double, endpoints, variable: owner.variable() })
    }

    /// The variable by which a function finds this service.
    pub(super) fn environment(&self) -> (&'static str, String) {
        (self.variable, self.double.endpoint())
    }
}

/// The readers' name for the server, which otherwise is called `localhost`.
const READER: &str = "127.0.0.1";
