//! Articles about the way to the database.

use rotation_core::Article;

pub(super) const NET_DB_DNS: Article = Article::new(
    "`host` is misspelled, the database was deleted or renamed, or the VPC does not resolve its name.",
    "Correct `host`, and check that the function's VPC resolves it.",
);
pub(super) const NET_DB_FORBIDDEN: Article = Article::new(
    "The name resolves to nothing but link-local, metadata, unspecified or multicast addresses.",
    "Correct `host`.",
);
pub(super) const NET_DB_UNREACHABLE: Article = Article::new(
    "Nothing listens at the port, the server is down, or a firewall answers in its place.",
    "Check `host` and `port`, then the security group of the database, which must admit the function, and \
             the routes between the two.",
);
pub(super) const NET_DB_TIMED_OUT: Article = Article::new(
    "Packets are dropped: mostly the security group of the database, or a function outside of its VPC.",
    "Let the security group of the database admit the function's security group at the database's port.",
);
pub(super) const TLS_UNAVAILABLE: Article = Article::new(
    "The server has TLS turned off while the secret says `\"ssl\": true` or `REQUIRE_TLS` is set. Somebody \
             in between may also say so.",
    "Turn TLS on at the server. Where that cannot be, `\"ssl\": false` in the secret asks for plaintext.",
);
pub(super) const TLS_EXPIRED: Article = Article::new(
    "The certificate of the server is past its end.",
    "Renew it; for RDS choose a current certificate authority for the instance.",
);
pub(super) const TLS_NOT_YET_VALID: Article = Article::new(
    "The certificate's validity begins later, or a clock is wrong.",
    "Check the clocks, or wait until the certificate is valid.",
);
pub(super) const TLS_SELF_SIGNED: Article = Article::new(
    "The server made its certificate itself, as installations do by default. MariaDB 11.4 and later makes \
             another one at each start, without a name, so that no bundle can name it.",
    "Give the server a certificate of a trusted authority, or name the certificate in `TLS_CA_BUNDLE`, if it \
             bears the name of the host. On MariaDB 11.4 and later accounts of `ed25519` or `parsec` let the \
             server prove itself instead: `TLS_SELF_SIGNED=prove`.",
);
pub(super) const TLS_HOSTNAME: Article = Article::new(
    "`host` is an address, an alias or an old name, which the certificate does not bear.",
    "Use the name that the certificate was issued for; for RDS that is the endpoint.",
);
pub(super) const TLS_UNKNOWN_CA: Article = Article::new(
    "An authority of your own issued the certificate, or somebody stands in between.",
    "Name the authority's certificate in `TLS_CA_BUNDLE`.",
);
pub(super) const TLS_NO_RESPONSE: Article = Article::new(
    "The server ends the connection or is silent where a handshake is due: no TLS there, another service at \
             the port, or somebody in between.",
    "Turn TLS on at the server, and check `port`. Where TLS cannot be, `\"ssl\": false` in the secret asks \
             for plaintext.",
);
pub(super) const TLS_HANDSHAKE: Article = Article::new(
    "The server speaks only versions before TLS 1.2, or wants a client certificate, or refuses ours.",
    "Allow TLS 1.2 or 1.3 at the server; give the function `TLS_CLIENT_CERT` and `TLS_CLIENT_KEY`.",
);
pub(super) const DB_HOST_IS_PROXY: Article = Article::new(
    "`host` is the endpoint of an RDS Proxy. It accepts a new password only once it is AWSCURRENT, so \
             testSecret could never succeed after setSecret has changed the password.",
    "Name the endpoint of the instance or cluster in `host`, or rotate the secret by a master user.",
);
pub(super) const DB_PROXY_ANSWER: Article = Article::new(
    "A pooler such as PgBouncer refuses the login by a password list of its own, or goes on refusing for \
             some seconds after a login at the server failed.",
    "Wait for the service's next attempt. Where it stays so, let the pooler ask the database (`auth_query`) \
             or correct its list. Keep AWSPENDING: its password may be the one that logs in.",
);
