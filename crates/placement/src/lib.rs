//! Where a rotation function is to be placed, as AWS's guide describes: beside a database that is not publicly
//! accessible, and outside of any VPC otherwise.
//!
//! ```text
//! Wish { secret, host?, engine?, mode }
//!  └ Discovery::place
//!     host, or Secrets::document ─> Address ─> Databases::find ─> Database
//!     vpc_for(mode, Database)                                     pure
//!      ├ None ─────────────────────────────> Placement::public    pure
//!      └ vpc ─> Networks::survey ─> Network ─> Placement::inside  pure
//! ```
//!
//! The artifact `placement` answers CloudFormation by [`resource::serve`].

mod address;
mod aws;
mod code;
mod database;
mod discovery;
mod engine;
mod error;
mod identity;
mod network;
mod placement;
pub mod resource;
mod subnets;

pub use address::{Address, Resource};
pub use aws::{AwsDiscovery, Directories, Ec2};
pub use code::PlacementCode;
pub use database::{Database, Databases, Exposure};
pub use discovery::{Discovery, Secrets, Wish};
pub use engine::Engine;
pub use error::PlacementError;
pub use identity::{EndpointId, SecurityGroupId, SubnetId, VpcId};
pub use network::{Egress, Ground, Network, Networks, SecretsEndpoint, Subnet};
pub use placement::{NetworkMode, Placement, Site, VpcSite, vpc_for};
