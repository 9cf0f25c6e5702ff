//! What listens at which port of the host: the server itself, another one, and what leads to the server.

use std::collections::BTreeMap;

use rotation_database::{Cause, ConnectError, StatementError, StatementFault, UserPair};

use super::{
    Defect, ServerModel,
    user::{Acting, Users},
};

/// What listens at a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Another server, with its own users.
    Server(Users),
    /// A pooler that gets the password from the server, and refuses on its own what does not match.
    Pooler,
    /// A proxy that accepts users by its own list, and logs in at the server itself as soon as it gets a
    /// request.
    Proxy(BTreeMap<String, String>),
}

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    /// The port of the server that answers; 0 is the one where the secret's users are.
    pub(super) server: u16,
    /// Whether a proxy greeted, so that the server has not been contacted yet.
    pub(super) greeted: bool,
}

impl Spot {
    const HERE: Self = Self { server: 0, greeted: false };
}

impl ServerModel {
    /// The server that a login at this port reaches, and whether it is accepted there.
    pub(super) fn arrive(&self, port: u16, user: &str, password: &str) -> Result<Spot, ConnectError> {
        let refused = |code| ConnectError::Refused(Cause::new(code));
        match self.places.get(&port) {
            None if self.master_alone && user != "master" => {
                Err(ConnectError::AccessRule(Cause::new("28000")))
            }
            Some(Place::Proxy(list)) if list.get(user).is_some_and(|listed| listed == password) => {
                Ok(Spot { greeted: true, ..Spot::HERE })
            }
            None | Some(Place::Pooler) if self.admits(user, password) => Ok(Spot::HERE),
            Some(Place::Proxy(_) | Place::Pooler) if self.defect != Some(Defect::GreetingCounts) => {
                Err(ConnectError::Proxy(Cause::new("08P01")))
            }
            None | Some(Place::Proxy(_) | Place::Pooler) => Err(refused("28P01")),
            Some(Place::Server(users)) => match users.get(user) {
                Some(user) if user.opens_by(password, self.method) => {
                    Ok(Spot { server: port, greeted: false })
                }
                _ => Err(refused("28P01")),
            },
        }
    }

    /// The users of the server that answers there.
    pub(super) fn users_at(&self, spot: Spot) -> &Users {
        match self.places.get(&spot.server) {
            Some(Place::Server(users)) => users,
            _ => &self.users,
        }
    }

    pub(super) fn users_at_mut(&mut self, spot: Spot) -> &mut Users {
        match self.places.get_mut(&spot.server) {
            Some(Place::Server(users)) => users,
            _ => &mut self.users,
        }
    }

    /// The answer to the first request of a session.
    pub(super) fn answer(
        &self,
        spot: Spot,
        user: &str,
        password: &str,
        pair: Option<&UserPair>,
    ) -> Result<(), StatementError> {
        let trusts = self.defect == Some(Defect::GreetingCounts);
        if spot.greeted && !trusts && !self.admits(user, password) {
            return Err(StatementError::new(StatementFault::Proxy));
        }
        let parted = self.users_at(spot).get(user).is_some_and(|user| user.acting == Acting::Parted);
        match pair {
            Some(pair) if parted && self.defect != Some(Defect::TrustsSession) => {
                let needed = format!("grant {} to {}", pair.original, pair.clone);
                Err(StatementError::new(StatementFault::SessionDiffers { needed }))
            }
            _ => Ok(()),
        }
    }

    /// All users of all servers, with the port of their server.
    pub(super) fn all_users(&self) -> impl Iterator<Item = (u16, &String, &super::User)> {
        let elsewhere = self.places.iter().filter_map(|(port, place)| match place {
            Place::Server(users) => Some((*port, users)),
            Place::Pooler | Place::Proxy(_) => None,
        });
        let all = [(Spot::HERE.server, &self.users)].into_iter().chain(elsewhere);
        all.flat_map(|(port, users)| users.iter().map(move |(name, user)| (port, name, user)))
    }
}
