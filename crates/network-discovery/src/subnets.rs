//! The subnets in which a function is placed.

use std::collections::BTreeMap;

use crate::{
    identity::SubnetId,
    network::{Egress, Ground, Subnet},
};

/// A subnet with fewer free addresses is chosen only where its zone has no other: each pair of subnet and
/// security group needs an address for Lambda's network interface, and other resources need some as well.
const ROOM: u32 = 8;
/// With fewer zones than this, the loss of one may stop the function.
pub(crate) const FEWEST_ZONES: usize = 2;
/// More zones than this add nothing.
const MOST_ZONES: usize = 3;

/// Chooses one subnet per zone: of the database's subnet group and private, if that gives at least two zones;
/// else the group's together with other private ones of the VPC, and public ones last. At most three, in the
/// order of their zones. The same network gives the same choice, unless a subnet runs out of addresses.
pub(crate) fn choose<'a>(subnets: &'a [Subnet], group: &[SubnetId]) -> Vec<&'a Subnet> {
    let fit = |subnet: &&Subnet| subnet.ground == Ground::Zone && subnet.free_addresses > 0;
    let mut candidates: Vec<&Subnet> = subnets.iter().filter(fit).collect();
    candidates.sort_by_key(|subnet| rank(subnet, group));
    let mut zones: BTreeMap<&str, &Subnet> = BTreeMap::new();
    for tier in Tier::ALL {
        // A worse kind of subnet is chosen only to get two zones.
        if zones.len() >= FEWEST_ZONES {
            break;
        }
        let most = if tier == Tier::GroupPrivate { MOST_ZONES } else { FEWEST_ZONES };
        for subnet in candidates.iter().filter(|subnet| Tier::of(subnet, group) == tier) {
            if zones.len() < most {
                zones.entry(&subnet.zone).or_insert(subnet);
            }
        }
    }
    zones.into_values().collect()
}

/// Kinds of subnets, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    GroupPrivate,
    OtherPrivate,
    GroupPublic,
    OtherPublic,
}

impl Tier {
    const ALL: [Self; 4] = [Self::GroupPrivate, Self::OtherPrivate, Self::GroupPublic, Self::OtherPublic];

    fn of(subnet: &Subnet, group: &[SubnetId]) -> Self {
        match (group.contains(&subnet.id), subnet.egress == Egress::InternetGateway) {
            (true, false) => Self::GroupPrivate,
            (false, false) => Self::OtherPrivate,
            (true, true) => Self::GroupPublic,
            (false, true) => Self::OtherPublic,
        }
    }
}

/// The preference among subnets of one zone, and among zones.
fn rank<'a>(subnet: &'a Subnet, group: &[SubnetId]) -> impl Ord + use<'a> {
    let crowded = subnet.free_addresses < ROOM;
    let without_nat = subnet.egress != Egress::Nat;
    (Tier::of(subnet, group), crowded, without_nat, subnet.zone.as_str(), &subnet.id)
}
