//! One login attempt: address, TCP, greeting, TLS, login.

use std::sync::Arc;

use database_net::{Stream, TlsClient, certificate_fault, dial, handshake, os_cause, tls_invalid};
use ring::digest::{SHA256, digest};
use rotation_core::Deadline;
use rotation_database::{Cause, ConnectError, Login, TlsFault, TlsMode, Transport};
use tokio::net::TcpStream;

use crate::{
    SelfSigned,
    connection::Connection,
    dialect::Dialect,
    fault::{refused_login, refused_unproven},
    remediation,
    wire::{Greeting, KeyExchange, Packets, Plugin, ServerError, WireError, log_in, request_tls},
};

/// Logs in once over one transport. Afterwards the connection is ready for statements.
///
/// The host may have several addresses. The next one is tried where nothing answers at an address, never
/// where a server has answered, so a refused login is not repeated. The deadline bounds everything.
///
/// With [`Transport::Tls`] the certificate's chain, dates and name are verified before the user's name is
/// sent, and nothing here falls back to plaintext. Over plaintext a password is sent encrypted with the
/// server's own key, and only where the secret itself asks for plaintext.
///
/// Where the settings allow it, a self-signed certificate of MariaDB is accepted as well, if the server then
/// proves by the password that the certificate is its own. Until it has, it receives only the login packet
/// (the names of the user and, where the secret names one, of the database, and the attributes of the client)
/// and a signature.
///
/// # Cancel safety
/// Dropping the future closes the socket.
pub(crate) async fn connect(
    login: &Login,
    transport: Transport,
    tls: &TlsClient,
    self_signed: SelfSigned,
    deadline: Deadline,
) -> Result<Connection, ConnectError> {
    let attempt = async {
        let mut tcp = dial(login, deadline).await?;
        let greeting = {
            // A server that refuses the connection itself does not send its version.
            let refused = |error| refused(error, login, Dialect::parse(""));
            let mut packets = Packets::over(&mut tcp, 0);
            Greeting::parse(&packets.read().await.map_err(refused)?).map_err(refused)?
        };
        let dialect = Dialect::parse(&greeting.version);
        let (mut packets, exchange) = match transport {
            Transport::Tls if !greeting.offers_tls() => return Err(ConnectError::TlsUnavailable),
            Transport::Tls => secure(tcp, login, tls, self_signed, dialect).await?,
            Transport::Plaintext if login.tls == TlsMode::Off => {
                (Packets::over(Stream::Plain(tcp), 1), KeyExchange::Allowed)
            }
            Transport::Plaintext => (Packets::over(Stream::Plain(tcp), 1), KeyExchange::Refused),
        };
        let logged_in = log_in(&mut packets, &greeting, login, exchange).await;
        let by_proof = matches!(exchange, KeyExchange::Unproven(_));
        let plugin = logged_in.map_err(|error| match error {
            // A peer that has not proved to be the server may send this as well.
            WireError::Server(ServerError { code }) if by_proof => {
                refused_unproven(code, &login.credentials.username, dialect)
            }
            error => refused(error, login, dialect),
        })?;
        Ok(Connection::new(packets, dialect, plugin, by_proof, &login.credentials.username))
    };
    deadline.bound(attempt).await.unwrap_or(Err(ConnectError::TimedOut))
}

fn refused(error: WireError, login: &Login, dialect: Dialect) -> ConnectError {
    match error {
        WireError::Server(ServerError { code }) => refused_login(code, &login.credentials.username, dialect),
        WireError::Io(error) if certificate_fault(&error).is_some() => {
            explained(tls_invalid(&error), dialect)
        }
        WireError::Io(error) => ConnectError::Unreachable(os_cause(&error)),
        WireError::Protocol(breach @ (Plugin::REFUSED | Plugin::KEY_REFUSED)) => {
            ConnectError::AuthenticationMethod(Cause::new(breach))
        }
        WireError::Protocol(Plugin::UNPROVABLE) => {
            let source = Cause::new(Plugin::UNPROVABLE);
            explained(ConnectError::TlsInvalid { fault: TlsFault::SelfSigned, source }, dialect)
        }
        WireError::Protocol(Plugin::UNPROVEN) => {
            let source = Cause::new(Plugin::UNPROVEN).ended_by(remediation::UNPROVEN);
            ConnectError::TlsInvalid { fault: TlsFault::SelfSigned, source }
        }
        WireError::Protocol(breach) => ConnectError::Protocol(Cause::new(breach)),
    }
}

/// The remediation for a certificate that MariaDB makes for itself: it has no names, so no bundle helps.
fn explained(error: ConnectError, dialect: Dialect) -> ConnectError {
    match error {
        ConnectError::TlsInvalid { fault: fault @ TlsFault::SelfSigned, source }
            if dialect.proves_itself() =>
        {
            ConnectError::TlsInvalid { fault, source: source.ended_by(remediation::SELF_SIGNED) }
        }
        error => error,
    }
}

/// TLS over the connection, verified or still to be proved. The greeting was read to its end and no further,
/// so bytes that an attacker put behind it become a part of the handshake, which then fails.
async fn secure(
    mut tcp: TcpStream,
    login: &Login,
    tls: &TlsClient,
    self_signed: SelfSigned,
    dialect: Dialect,
) -> Result<(Packets, KeyExchange), ConnectError> {
    let mut packets = Packets::over(&mut tcp, 1);
    request_tls(&mut packets, login).await.map_err(|error| refused(error, login, dialect))?;
    let sequence = packets.sequence();
    let may_prove = self_signed == SelfSigned::Prove && dialect.proves_itself();
    let config = if may_prove { tls.taking_self_signed() } else { Arc::clone(tls.config()) };
    let host = login.host.as_str();
    let stream = handshake(tcp, host, &config).await.map_err(|error| explained(error.into(), dialect))?;
    let exchange = match stream.peer_certificates() {
        chain if may_prove && !tls.verifies(chain, host) => {
            let hash = digest(&SHA256, chain.first().map(AsRef::as_ref).unwrap_or_default());
            KeyExchange::Unproven(hash.as_ref().try_into().expect("SHA-256 has 32 bytes"))
        }
        _ => KeyExchange::Tls,
    };
    Ok((Packets::over(stream, sequence), exchange))
}
