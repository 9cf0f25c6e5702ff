//! Amazon RDS as the directory: instances and clusters of RDS, Aurora and `DocumentDB`, whose API is RDS's.
//!
//! ```text
//! by_arn   arn:aws:rds:…:db:NAME       ─> DescribeDBInstances ─┐
//!          arn:aws:rds:…:cluster:NAME  ─> DescribeDBClusters  ─┴─> Server { endpoints, others, follows }
//! by_host  NAME.HASH.REGION.rds.…                 an instance
//!          NAME.cluster-HASH.REGION.rds.…         a cluster's writer; cluster-ro-: its readers
//!          NAME.cluster-custom-HASH.REGION.rds.…  ─> DescribeDBClusterEndpoints ─> its cluster
//! ```

mod host_name;
mod rds;
mod server;

pub use rds::Rds;
