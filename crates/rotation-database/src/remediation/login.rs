//! What to do about a login that failed.

use rotation_core::{CredentialSource, PENDING_MAY_BE_LIVE, Reader};

// Circle: each error may hold the other, so that each hint may be the other's.
use super::{NO_SUCH_USER, error_hint, statement_hint};
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
            _ => NO_SUCH_USER.into(),
        },
        ConnectError::Refused(cause) => refused_hint(credential, cause, remedies),
        ConnectError::LineBreak(_) => {
            let version = match credential {
                CredentialSource::Related(_) => "the master secret",
                _ => "the secret",
            };
            format!(
                "Store {version} again, with the same `password` without the line break at its end. `echo` \
                and editors add one; `printf %s` does not."
            )
        }
        ConnectError::Locked(cause) => by_statement(cause).unwrap_or_else(|| {
            format!("As an administrator of the database, for the user of {credential}: {}", remedies.unlock)
        }),
        ConnectError::Expired(cause) => by_statement(cause)
            .unwrap_or_else(|| statement_hint(credential, &StatementFault::Expired, remedies, reader)),
        ConnectError::AccessRule(_) => format!(
            "Allow {} and this user in the server's access rules ({}).",
            reader.caller(),
            remedies.access_rules
        ),
        _ => server_hint(credential, error, remedies, reader),
    }
}

/// Of a user name or password that the server refuses.
fn refused_hint(credential: CredentialSource, cause: &Cause, remedies: &Remedies) -> String {
    let hint = match credential {
        CredentialSource::Current => format!(
            "As an administrator of the database, set the user's password to what AWSCURRENT holds \
            ({}), then rotate again.",
            remedies.set_password
        ),
        CredentialSource::Related(_) => {
            "Store the password with which the master logs in in the master secret.".into()
        }
        CredentialSource::Pending | CredentialSource::Previous => {
            "Either setSecret has not run, or the password was changed since. Rotate again: `aws \
            secretsmanager rotate-secret --secret-id SECRET_ID`."
                .into()
        }
    };
    [hint, also_refused(cause, remedies)].join(" ").trim_end().to_owned()
}

/// Of a server that does not let a session begin, whoever asks.
fn server_hint(
    credential: CredentialSource,
    error: &ConnectError,
    remedies: &Remedies,
    reader: Reader,
) -> String {
    match error {
        ConnectError::TooManyConnections(cause) => by_statement(cause).unwrap_or_else(|| {
            format!(
                "Raise the connection limit of the user of {credential} or of the server, or close \
                connections of applications."
            )
        }),
        ConnectError::AuthenticationMethod(cause) => {
            by_statement(cause).unwrap_or_else(|| remedies.authentication.into())
        }
        ConnectError::NoDatabase(_) => {
            "Correct `dbname` in the secret, or allow the user to connect to that database.".into()
        }
        ConnectError::DatabaseClosed(cause) => by_statement(cause).unwrap_or_else(|| {
            format!("Allow the user of {credential} to connect to the database of the secret.")
        }),
        ConnectError::SessionRefused(cause) => {
            let found = cause.remedy().map_or_else(|| ".".to_owned(), |query| format!(": {query}"));
            format!(
                "What runs at every login of the user of {credential} refuses it with the code in this \
                message: let it admit the user. As an administrator of the database, see what that is{found}"
            )
        }
        ConnectError::NotReady(_) => {
            format!(
                "Wait until the server has started or failed over; if it has no memory or disk left, add \
                some. {}",
                reader.again()
            )
        }
        ConnectError::Unanswered => format!(
            "Read the log of the pooler in front of the server, or else of the server: one of them has no \
            connection or capacity left. {} {PENDING_MAY_BE_LIVE}",
            reader.again()
        ),
        ConnectError::ReadOnly(_) => statement_hint(credential, &StatementFault::ReadOnly, remedies, reader),
        ConnectError::SetDiffers(_) => {
            "Correct `replicaSet` in the secret (`rs.conf()._id` is the name), or `host` if it leads to \
            another set."
                .into()
        }
        ConnectError::PrimaryNotListed(_) => format!(
            "List every member of the set in `host` of {}, separated by commas, including the primary that \
            the message names: the password goes only to hosts that the secret names. Behind a writer's \
            endpoint, wait until the failover has ended.",
            if credential == MASTER_SECRET { "the master secret" } else { "the secret" }
        ),
        ConnectError::Unsupported(_) => remedies.oldest.into(),
        ConnectError::Proxy(_) => statement_hint(credential, &StatementFault::Proxy, remedies, reader),
        ConnectError::Unusable(error) => error_hint(credential, error, remedies, reader),
        ConnectError::Protocol(_) => {
            "Correct `host`, `port` and `engine` in the secret: a server of `engine` must listen \
                there."
                .into()
        }
        _ => way_hint(error, reader),
    }
}

/// Of the way to the server.
fn way_hint(error: &ConnectError, reader: Reader) -> String {
    match error {
        ConnectError::TlsUnavailable => {
            "Turn TLS on at the server. Where that is not possible, `\"ssl\": false` in the secret asks for \
            plaintext."
                .into()
        }
        ConnectError::TlsRequired(_) => {
            "Set `ssl` to true in the secret, or remove it: `\"ssl\": false` asks for plaintext, and the \
            server requires TLS."
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
            "Correct `host` in the secret: no database has a link-local, metadata, unspecified or multicast \
            address."
                .into()
        }
        _ => format!(
            "Check `host` and `port` in the secret, then the security group of the database, which must \
            admit {} at that port, and the routes between the two.",
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
            "Renew the server's certificate. For RDS: `aws rds modify-db-instance --db-instance-identifier \
            INSTANCE --ca-certificate-identifier rds-ca-rsa2048-g1 --apply-immediately`."
        }
        TlsFault::NotYetValid => {
            "Correct the clock of the server and issue the certificate again, or wait until it is valid."
        }
        TlsFault::SelfSigned => {
            "Give the server a certificate of a trusted authority, or name the certificate in TLS_CA_BUNDLE \
            if it names the host."
        }
        TlsFault::WrongHost => {
            "Set `host` in the secret to a name that the certificate has. For RDS that is the endpoint, not \
            an address or an alias."
        }
        TlsFault::UnknownAuthority => {
            "Find out who issued the certificate. If it is an authority of yours, name its certificate in \
            TLS_CA_BUNDLE."
        }
        TlsFault::NoResponse => {
            "Turn TLS on at the server, and check `port` in the secret. Where TLS is not possible, `\"ssl\": \
            false` in the secret asks for plaintext; nothing else does, as a silent refusal may be a \
            man-in-the-middle."
        }
        TlsFault::Handshake => {
            "Allow TLS 1.2 or 1.3 at the server. If it demands a client certificate, set TLS_CLIENT_CERT and \
            TLS_CLIENT_KEY on the function."
        }
    }
}
