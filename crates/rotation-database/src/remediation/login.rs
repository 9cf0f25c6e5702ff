//! What to do about a login that failed.

use rotation_core::{CredentialSource, PENDING_MAY_BE_LIVE, Reader};

// Circle: each error may hold the other, so that each hint may be the other's.
use super::{error_hint, statement_hint};
use crate::{Cause, ConnectError, MASTER_SECRET, Remedies, StatementFault, TlsFault};

pub(super) fn login_hint(
    credential: CredentialSource,
    error: &ConnectError,
    remedies: &Remedies,
    reader: Reader,
) -> String {
    match error {
        ConnectError::NoSuchUser(_) => match credential {
            CredentialSource::Related(_) => {
                "Correct `username` in the master secret, or create the master again.".into()
            }
            _ => "Create the user again, or correct `username` in the secret.".into(),
        },
        ConnectError::Refused(cause) => {
            let hint = match credential {
                CredentialSource::Current => {
                    "Alternating users needs an AWSCURRENT that logs in: set the user's password to what \
                    AWSCURRENT holds."
                }
                CredentialSource::Related(_) => "Put the master's working password into the master secret.",
                CredentialSource::Pending | CredentialSource::Previous => {
                    "Either setSecret has not run, or the password was changed since. Rotate again."
                }
            };
            [hint, &also_refused(cause, remedies)].join(" ").trim_end().to_owned()
        }
        ConnectError::LineBreak(_) => {
            let version = match credential {
                CredentialSource::Related(_) => "the master secret",
                _ => "the secret",
            };
            format!(
                "Store {version} again, with `password` as it is but for the line break at its end. `echo` \
                and editors add one; `printf %s` does not."
            )
        }
        ConnectError::Locked(cause) => by_statement(cause)
            .unwrap_or_else(|| format!("Let the user of {credential} log in again ({}).", remedies.unlock)),
        ConnectError::Expired(cause) => by_statement(cause)
            .unwrap_or_else(|| statement_hint(credential, &StatementFault::Expired, remedies, reader)),
        ConnectError::AccessRule(_) => format!(
            "Let {} and this user in by the server's access rules ({}).",
            reader.caller(),
            remedies.access_rules
        ),
        ConnectError::TooManyConnections(cause) => by_statement(cause).unwrap_or_else(|| {
            format!(
                "Raise the connection limit of the user of {credential} or of the server, or leave one connection free."
            )
        }),
        ConnectError::AuthenticationMethod(cause) => {
            by_statement(cause).unwrap_or_else(|| remedies.authentication.into())
        }
        ConnectError::NoDatabase(_) => {
            "Correct `dbname` in the secret, or allow the user to connect to it.".into()
        }
        ConnectError::DatabaseClosed(cause) => by_statement(cause)
            .unwrap_or_else(|| format!("Let the user of {credential} connect to the database of the secret.")),
        ConnectError::SessionRefused(cause) => {
            let found = cause.remedy().map_or_else(|| ".".to_owned(), |query| format!(": {query}"));
            format!(
                "What runs at every login of the user of {credential} refuses it by the code in this \
                message: let it admit the user. As an administrator of the database, see what that is{found}"
            )
        }
        ConnectError::NotReady(_) => {
            format!(
                "The server is starting, stopping or failing over, or has no memory or disk left. {}",
                reader.again()
            )
        }
        ConnectError::Unanswered => format!(
            "The server has no capacity left, or a pooler in front of it has no connection to it: see its \
            log. {} {PENDING_MAY_BE_LIVE}",
            reader.again()
        ),
        ConnectError::ReadOnly(_) => statement_hint(credential, &StatementFault::ReadOnly, remedies, reader),
        ConnectError::SetDiffers(_) => {
            "Correct `replicaSet` in the secret, or `host` where it leads to another set.".into()
        }
        ConnectError::PrimaryNotListed(_) => format!(
            "List every member of the set in `host` of {}, with commas between them, and the primary that \
            the message names among them. The password goes only to hosts that the secret names. Behind a \
            writer's endpoint, a failover passes by itself.",
            if credential == MASTER_SECRET { "the master secret" } else { "the secret" }
        ),
        ConnectError::Unsupported(_) => remedies.oldest.into(),
        ConnectError::Proxy(_) => statement_hint(credential, &StatementFault::Proxy, remedies, reader),
        ConnectError::Unusable(error) => error_hint(credential, error, remedies, reader),
        ConnectError::Protocol(_) => {
            "Check that `host` and `port` are those of the engine in `engine`.".into()
        }
        ConnectError::TlsUnavailable
        | ConnectError::TlsRequired(_)
        | ConnectError::TlsInvalid { .. }
        | ConnectError::Dns(_)
        | ConnectError::ForbiddenAddress
        | ConnectError::Unreachable(_)
        | ConnectError::TimedOut => way_hint(error, reader),
    }
}

/// Of the way to the server.
fn way_hint(error: &ConnectError, reader: Reader) -> String {
    match error {
        ConnectError::TlsUnavailable => {
            "Turn TLS on at the server. Where that cannot be, `\"ssl\": false` in the \
            secret asks for plaintext."
                .into()
        }
        ConnectError::TlsRequired(_) => {
            "Set `ssl` to true in the secret, or remove it: `\"ssl\": false` asks for plaintext, and the \
            server takes none."
                .into()
        }
        ConnectError::TlsInvalid { fault, source } => {
            by_statement(source).unwrap_or_else(|| tls_hint(*fault).into())
        }
        ConnectError::Dns(_) => match reader {
            Reader::Operator => {
                "Correct `host` in the secret, and check that the function's VPC resolves it.".into()
            }
            Reader::Person => "Correct `host` in the secret, and check that this machine resolves it.".into(),
        },
        ConnectError::ForbiddenAddress => {
            "Correct `host` in the secret: link-local and metadata addresses are no \
            databases."
                .into()
        }
        _ => format!(
            "Check `host` and `port` in the secret, then the security group of the database (it must admit \
            {}) and the routes between the two.",
            reader.caller()
        ),
    }
}

/// The statement of an administrator that ends this very case, where the engine knows one.
pub(super) fn by_statement(cause: &Cause) -> Option<String> {
    cause.remedy().map(|statement| format!("As an administrator of the database: {statement}"))
}

/// Which other reason a refusal may have, with the statement that ends that one.
pub(super) fn also_refused(cause: &Cause, remedies: &Remedies) -> String {
    let sentence = remedies.also_refused;
    match (sentence.strip_suffix('.'), cause.remedy()) {
        (Some(sentence), Some(statement)) => format!("{sentence}: {statement}"),
        _ => sentence.to_owned(),
    }
}

fn tls_hint(fault: TlsFault) -> &'static str {
    match fault {
        TlsFault::Expired => {
            "Renew the server's certificate (for RDS: choose a current certificate authority)."
        }
        TlsFault::NotYetValid => "Check the clocks, or wait until the certificate is valid.",
        TlsFault::SelfSigned => {
            "Give the server a certificate of a trusted authority, or name the certificate in \
            TLS_CA_BUNDLE, if it bears the name of the host."
        }
        TlsFault::WrongHost => {
            "Use the host name that the certificate was issued for (for RDS: the endpoint, not an \
            address or an alias)."
        }
        TlsFault::UnknownAuthority => "Name the authority's certificate in TLS_CA_BUNDLE.",
        TlsFault::NoResponse => {
            "Turn TLS on at the server, and check `port`. Where TLS cannot be, `\"ssl\": false` in the \
            secret asks for plaintext; nothing less does, as a silent refusal may be a man-in-the-middle."
        }
        TlsFault::Handshake => {
            "Check the TLS versions of the server (1.2 or 1.3) and whether it wants a client \
            certificate (TLS_CLIENT_CERT, TLS_CLIENT_KEY)."
        }
    }
}
