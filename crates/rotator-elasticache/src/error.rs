//! What is particular to these services. Failed logins and commands are
//! [`DatabaseError`](rotation_database::DatabaseError)s.

use rotation_core::{Code, Reader, TargetError};
use thiserror::Error;

use crate::{
    codes,
    server::Company,
    user_api::{ApiError, ApiFault},
};

/// A user could not be brought into the state that the pending document describes, or is not in it.
#[derive(Debug, Error)]
pub enum ElastiCacheError {
    /// The server's administrator: without a file for users, a restart brings the old passwords back.
    #[error("the server has no ACL file, so it would forget the new password when it restarts")]
    UsersNotSaved,
    /// The secret's owner: users are not replicated.
    #[error("the server {}, and servers do not pass on their users", .0.words())]
    MoreServers(Company),
    /// The secret's owner: `username` and `user_arn` must name one user.
    #[error("the user of `user_arn` has another name than the field `username`")]
    UserDiffers,
    /// The service, for the moment: an earlier change is in progress.
    #[error("the user is still being modified")]
    Modifying,
    /// The secret's owner: there is no password to rotate.
    #[error("the user cannot be rotated: it {0}")]
    NotRotatable(&'static str),
    /// The operator: the function must log in, and the secret does not say where.
    #[error("the secret has no field `host`, and LOGIN_PROOF is require")]
    LoginRequired,
    /// A call of the service failed.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl TargetError for ElastiCacheError {
    fn code(&self) -> Code {
        match self {
            Self::UsersNotSaved => codes::VALKEY_USERS_NOT_SAVED,
            Self::MoreServers(_) => codes::VALKEY_MORE_SERVERS,
            Self::UserDiffers => codes::ELASTICACHE_USER_DIFFERS,
            Self::Modifying => codes::ELASTICACHE_USER_MODIFYING,
            Self::NotRotatable(_) => codes::ELASTICACHE_USER_NOT_ROTATABLE,
            Self::LoginRequired => codes::ELASTICACHE_LOGIN_REQUIRED,
            Self::Api(error) => match error.fault {
                ApiFault::NoSuchUser => codes::ELASTICACHE_USER_NOT_FOUND,
                ApiFault::Modifying => codes::ELASTICACHE_USER_MODIFYING,
                ApiFault::Denied => codes::ELASTICACHE_DENIED,
                ApiFault::Unavailable => codes::ELASTICACHE_UNAVAILABLE,
                ApiFault::Rejected => codes::ELASTICACHE_REJECTED,
            },
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::Api(error) if error.fault == ApiFault::Denied => Some(format!("action={}", error.action())),
            _ => None,
        }
    }

    fn remediation(&self, reader: Reader) -> String {
        match self {
            Self::UsersNotSaved => {
                "Name a file in `aclfile` of the server's configuration, with the users that it has now, \
                and restart it. To rotate nevertheless, set ALLOW_UNSAVED_USERS=true on the function and \
                save the users yourself after each rotation."
                    .into()
            }
            Self::MoreServers(_) => {
                "Rotate only servers that stand alone. Where users live on several servers, set both \
                passwords on each of them yourself (ACL SETUSER, ACL SAVE), or use ElastiCache or \
                MemoryDB, whose users belong to all nodes."
                    .into()
            }
            Self::UserDiffers => {
                "Correct `username` or `user_arn` in the secret: `aws elasticache describe-users --query \
                'Users[].[UserName,ARN]'` lists both, and so does `aws memorydb describe-users`."
                    .into()
            }
            Self::Modifying => format!(
                "Wait until the user is active: `aws elasticache describe-users --query \
                'Users[].[ARN,Status]'`. {}",
                reader.again()
            ),
            Self::NotRotatable(_) => {
                "Give the user a password (`aws elasticache modify-user --user-id USER_ID \
                --authentication-mode Type=password,Passwords=PASSWORD`) and store it in the secret, or \
                turn the rotation off."
                    .into()
            }
            Self::LoginRequired => {
                "Add `host` and `port` of the cache to the secret, and place the function where \
                it reaches them. To rotate without a login, set LOGIN_PROOF=auto on the function."
                    .into()
            }
            Self::Api(error) => error.remediation(reader),
        }
    }

    fn may_be_overtaken(&self) -> bool {
        self.code() == codes::ELASTICACHE_USER_MODIFYING
    }
}
