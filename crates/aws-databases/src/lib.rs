//! What AWS knows about database servers: which resource the name of an endpoint or the ARN of an owner
//! stands for, and how the service describes it. This crate only reads.
//!
//! ```text
//! host, ARN of an owner tag ─> DatabaseName { resource, region }         pure
//!                               └ Rds, Redshift ─> Database              one answer, two views:
//!                                     ├ server()  ─> Server              `DatabaseLookup` of a master user
//!                                     └ surroundings                     network discovery
//!
//! Rds       instance          DescribeDBInstances
//!           cluster           DescribeDBClusters; its surroundings: the writer's DescribeDBInstances, else
//!                             DescribeDBSubnetGroups
//!           custom endpoint   DescribeDBClusterEndpoints, then its cluster
//! Redshift  cluster           DescribeClusters; its surroundings: DescribeClusterSubnetGroups
//!           namespace         ListNamespaces, then ListWorkgroups, all pages of both
//!           workgroup         as a server: GetWorkgroup, then GetNamespace; its network: ListWorkgroups
//! ```
//!
//! Owner tags are read by [`rotation_database::owner`].

mod database;
#[cfg(any(feature = "rds", feature = "redshift"))]
mod elements;
mod error;
mod name;
#[cfg(feature = "rds")]
mod rds;
#[cfg(feature = "redshift")]
mod redshift;

pub use database::{Database, Followed, Surroundings};
pub use error::LookupError;
pub use name::{DatabaseName, Resource};
#[cfg(feature = "rds")]
pub use rds::Rds;
#[cfg(feature = "redshift")]
pub use redshift::Redshift;
