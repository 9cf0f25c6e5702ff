//! The Lambda function `elasticache_single_user`.

use std::process::ExitCode;

use rotation_lambda::{FunctionName, serve};
use rotator_elasticache::{Aws, ManagedUserSettings, ManagedUserTarget, Network};

fn main() -> ExitCode {
    let name = FunctionName { engine: "elasticache", strategy: "single_user" };
    serve(name, |environment, access| {
        let servers = Network::from_environment(environment)?;
        let settings = ManagedUserSettings::from_environment(environment)?;
        let api = Aws::new(access, environment)?;
        Ok(move |invocation: &_| {
            ManagedUserTarget::new(servers.clone(), api.within(invocation), settings.clone(), invocation)
        })
    })
}
