//! The Lambda function `valkey_master_user`.

use std::process::ExitCode;

use rotation_lambda::{FunctionName, serve};
use rotator_elasticache::{Network, OwnUser, OwnUserSettings};

fn main() -> ExitCode {
    let name = FunctionName { engine: "valkey", strategy: "master_user" };
    serve(name, |environment, _| {
        let servers = Network::from_environment(environment)?;
        let settings = OwnUserSettings::from_environment(environment)?;
        Ok(move |invocation: &_| OwnUser::new(servers.clone(), settings.clone(), invocation))
    })
}
