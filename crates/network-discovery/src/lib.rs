//! Where a rotation function has to be placed, as AWS's guide describes: in the VPC of a database that is not
//! publicly accessible, and outside any VPC otherwise.
//!
//! ```text
//! Wish { secret, host?, engine?, mode }
//!  └ Discovery::discover
//!     host, or Secrets::document ─> Address ─> Databases::find ─> Database
//!     vpc_for(mode, Database)                                     pure
//!      ├ None ─────────────────────────────> FunctionNetwork::public    pure
//!      └ vpc ─> Networks::survey ─> Network ─> FunctionNetwork::inside  pure
//! ```
//!
//! The artifact `network_discovery` answers CloudFormation through [`resource::serve`].

mod address;
mod aws;
mod code;
mod database;
mod discovery;
mod engine;
mod error;
mod function_network;
mod identity;
mod network;
mod remediation;
pub mod resource;
mod subnets;

pub use address::Address;
pub use aws::{AwsDatabases, AwsDiscovery, Ec2};
pub use code::DiscoveryCode;
pub use database::{Database, Databases, Exposure};
pub use discovery::{Discovery, Secrets, Wish};
pub use engine::Engine;
pub use error::DiscoveryError;
pub use function_network::{FunctionNetwork, NetworkMode, Site, VpcSite, vpc_for};
pub use identity::{EndpointId, SecurityGroupId, SubnetId, VpcId};
pub use network::{Egress, Ground, Network, Networks, SecretsEndpoint, Subnet};
