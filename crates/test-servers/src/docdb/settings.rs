//! The servers' own configuration files.

use serde_json::{Map, Value, json};

/// How a `mongod` runs.
pub(super) struct Mongod<'a> {
    pub(super) folder: &'a str,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) parameters: &'a [(String, String)],
    pub(super) authorization: bool,
    /// The name of the replica set that it is a member of.
    pub(super) replica_set: Option<&'a str>,
}

impl Mongod<'_> {
    /// Its configuration, in YAML, which includes JSON.
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
        let authorization = if self.authorization { "enabled" } else { "disabled" };
        let mut security = json!({"authorization": authorization});
        let mut parameters = Map::new();
        parameters.insert("diagnosticDataCollectionEnabled".to_owned(), false.into());
        // The fewest that the server allows: deriving a credential takes most of the time of a user change in
        // a test.
        for name in ["scramIterationCount", "scramSHA256IterationCount"] {
            parameters.insert(name.to_owned(), 5000.into());
        }
        let mut all = json!({"net": net, "storage": {"dbPath": format!("{folder}/data"),
            "wiredTiger": {"engineConfig": engine}}});
        if let Some(name) = self.replica_set {
            security["keyFile"] = format!("{folder}/members.key").into();
            all["replication"] = json!({"replSetName": name, "oplogSizeMB": 16});
            // The members' certificates are servers'; each authenticates itself with the key file.
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
        "[server]\nhost = \"127.0.0.1\"\nport = {port}\nstorage_path = \"{folder}/data\"\nlog_level = \
         \"DEBUG\"\nauth = {auth}\nstandalone = true\n[storage]\ncache_size = \"64M\"\n"
    );
    if tls {
        for (name, file) in [("[tls]\ncert_file", "server.crt"), ("key_file", "server.key")] {
            text.extend([name, " = \"", folder, "/", file, "\"\n"]);
        }
    }
    text
}
