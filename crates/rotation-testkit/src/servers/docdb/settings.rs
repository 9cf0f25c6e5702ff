//! The servers' own configuration files.

use serde_json::{Map, Value, json};

/// How a `mongod` is to run.
pub(super) struct Mongod<'a> {
    pub(super) folder: &'a str,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) parameters: &'a [(String, String)],
    /// The name of the replica set that it is a member of.
    pub(super) replica_set: Option<&'a str>,
}

impl Mongod<'_> {
    /// Its configuration, in YAML by way of JSON.
    pub(super) fn text(&self) -> String {
        let Self { folder, port, .. } = self;
        let mut net = json!({"port": port, "bindIp": "127.0.0.1", "unixDomainSocket": {"enabled": false}});
        if self.tls {
            net["tls"] = json!({
                "mode": "requireTLS",
                "certificateKeyFile": format!("{folder}/server.pem"),
                "CAFile": format!("{folder}/ca.crt"),
                "allowConnectionsWithoutCertificates": true,
            });
        }
        // The journal of a test is short; by default each server takes 300 MB of disk.
        let engine = json!({"cacheSizeGB": 0.25, "configString": "log=(file_max=4MB,prealloc=false)"});
        let mut security = json!({"authorization": "enabled"});
        let mut parameters = Map::new();
        parameters.insert("diagnosticDataCollectionEnabled".to_owned(), false.into());
        let mut all = json!({"net": net, "storage": {"dbPath": format!("{folder}/data"),
            "wiredTiger": {"engineConfig": engine}}});
        if let Some(name) = self.replica_set {
            security["keyFile"] = format!("{folder}/members.key").into();
            all["replication"] = json!({"replSetName": name, "oplogSizeMB": 16});
            // The members' certificates are servers'; each proves itself by the key file.
            parameters.insert("tlsWithholdClientCertificate".to_owned(), self.tls.into());
        }
        parameters.extend(self.parameters.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        all["security"] = security;
        all["setParameter"] = Value::Object(parameters);
        all.to_string()
    }
}

/// `SecantusDB`'s configuration, in TOML.
pub(super) fn secantus(folder: &str, port: u16, auth: bool, tls: bool) -> String {
    let mut text = format!(
        "[server]\nhost = \"127.0.0.1\"\nport = {port}\nstorage_path = \"{folder}/data\"\nlog_level = \"DEBUG\"\n\
         auth = {auth}\nstandalone = true\n[storage]\ncache_size = \"64M\"\n"
    );
    if tls {
        for line in [
            "[tls]".to_owned(),
            format!("cert_file = \"{folder}/server.crt\""),
            format!("key_file = \"{folder}/server.key\""),
        ] {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}
