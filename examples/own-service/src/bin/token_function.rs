//! The function for API tokens.

use std::{process::ExitCode, rc::Rc};

use own_service::{
    http::Api,
    token::{TOKENS, Token},
};
use rotation_core::Invocation;
use rotation_lambda::{FunctionName, password_policy, serve};

fn main() -> ExitCode {
    serve(FunctionName { engine: "own_service", strategy: "token" }, |environment, access| {
        let http = Rc::new(Api::new(environment, access)?);
        let policy = password_policy(environment, &TOKENS)?;
        Ok(move |_: &Invocation| Token { http: Rc::clone(&http), policy: policy.clone() })
    })
}
