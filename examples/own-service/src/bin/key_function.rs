//! The function for access keys.

use std::{process::ExitCode, rc::Rc};

use own_service::{access_key::AccessKeys, http::Api};
use rotation_core::{Invocation, IssuerTarget};
use rotation_lambda::{FunctionName, serve};

fn main() -> ExitCode {
    serve(FunctionName { engine: "own_service", strategy: "access_key" }, |environment, access| {
        let http = Rc::new(Api::new(environment, access)?);
        Ok(move |_: &Invocation| IssuerTarget::new(AccessKeys { http: Rc::clone(&http) }))
    })
}
