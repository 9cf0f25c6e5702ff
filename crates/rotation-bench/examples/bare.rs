//! The smallest possible Lambda function in Rust: it answers null. The bench compares the shipped functions
//! with it.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handler = service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(Value::Null));
    runtime.block_on(lambda_runtime::run(handler))
}
