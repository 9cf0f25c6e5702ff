//! The stand-in for Redshift.

use std::net::TcpStream;

use test_servers::{PostgresVersion, RedshiftServer};

/// A dropped guard leaves neither its port nor the server behind it.
#[test]
fn dropped_guard_leaves_nothing() {
    if !PostgresVersion::V16.is_to_be_tested() {
        return;
    }
    let server = RedshiftServer::start().unwrap();
    let (port, folder) = (server.port(), server.behind().socket_folder().to_owned());
    // A client that stays connected does not delay it.
    let client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    drop(server);
    assert!(!folder.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    drop(client);
}
