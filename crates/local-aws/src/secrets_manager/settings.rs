//! The settings of a local Secrets Manager.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

/// The settings of one local Secrets Manager. The defaults behave as AWS does, only without its pauses.
#[derive(Clone)]
pub struct Settings {
    /// The region in the ARNs.
    pub region: String,
    /// The account in the ARNs: twelve digits.
    pub account: String,
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Serves HTTPS with this configuration. Its certificate must be valid for `localhost`.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Keeps the state in this file: read at the start, and rewritten (mode 0600) after each change.
    pub state_file: Option<PathBuf>,
    /// How rotations are driven.
    pub rotation: RotationSettings,
    /// What makes the service slow, busy or late, for tests.
    pub trouble: Trouble,
}

/// How rotations are driven.
#[derive(Clone, Debug)]
pub struct RotationSettings {
    /// How often a rotation is tried before its AWSPENDING version is left in place; at least 1.
    pub attempts: u32,
    /// The pause after a failed attempt. The real service has been seen to wait about 100 seconds.
    pub pause: Duration,
    /// Removes AWSPENDING from the new version after a success. Both behaviors are reported for AWS.
    pub clean_up_pending: bool,
    /// Refuses a `PutSecretValue` for a rotation without its `RotationToken`, as across accounts.
    pub require_rotation_token: bool,
    /// Bounds one invocation of the function, however long the function itself would wait.
    pub invocation_timeout: Duration,
}

/// What makes the service slow, busy or late. It affects the calls of clients, not the test's direct access.
#[derive(Clone, Debug, Default)]
pub struct Trouble {
    /// The delay before each call takes effect.
    pub delay: Duration,
    /// The most `PutSecretValue` and `UpdateSecretVersionStage` calls within a second, counted together; more
    /// are refused with `ThrottlingException`. AWS allows 50.
    pub writes_per_second: Option<u32>,
    /// How many reads of a secret, after each write to it, still show what was there before that write.
    pub stale_reads: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            port: 0,
            tls: None,
            state_file: None,
            rotation: RotationSettings::default(),
            trouble: Trouble::default(),
        }
    }
}

impl Default for RotationSettings {
    fn default() -> Self {
        Self {
            attempts: 5,
            pause: Duration::from_millis(100),
            clean_up_pending: true,
            require_rotation_token: false,
            invocation_timeout: Duration::from_mins(15),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("account", &self.account)
            .field("port", &self.port)
            .field("tls", &self.tls.is_some())
            .field("state_file", &self.state_file)
            .field("rotation", &self.rotation)
            .field("trouble", &self.trouble)
            .finish()
    }
}
