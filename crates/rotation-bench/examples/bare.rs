//! The least that a Lambda function in Rust can be: it answers null. The bench measures the shipped functions
//! by it.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handler = service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(Value::Null));
    runtime.block_on(lambda_runtime::run(handler))
}
