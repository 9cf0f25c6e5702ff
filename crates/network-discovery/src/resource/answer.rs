//! The answer to CloudFormation.

use serde_json::{Value, json};

use crate::{code::DiscoveryCode, function_network::FunctionNetwork};

use super::{Reason, Request};

/// The largest body that CloudFormation accepts, in bytes.
const MOST: usize = 4096;
/// The part of a reason or a warning that is kept where the whole would be too large, in bytes.
const SHORT: usize = 700;

/// The body of an answer: JSON of at most 4096 bytes, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(String);

impl Answer {
    /// `SUCCESS` with the network, if there is one, or `FAILED` with the reason.
    pub fn to(request: &Request, outcome: Result<Option<&FunctionNetwork>, &Reason>) -> Self {
        let body = match outcome {
            Ok(network) => {
                let data = network.map_or_else(|| json!({}), FunctionNetwork::data);
                body(request, "SUCCESS", "", &data)
            }
            Err(Reason { code, message, hint }) => failed(request, &format!("{code}: {message}. {hint}")),
        };
        Self(within(body).unwrap_or_else(|| {
            let code = DiscoveryCode::AnswerTooLarge.name();
            let reason = format!(
                "{code}: the network does not fit into an answer to CloudFormation. \
                 Give the network by parameters."
            );
            within(failed(request, &reason)).expect("four ids of at most 500 bytes and a short reason fit")
        }))
    }

    /// The JSON.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn failed(request: &Request, reason: &str) -> Value {
    body(request, "FAILED", reason, &json!({}))
}

fn body(request: &Request, status: &str, reason: &str, data: &Value) -> Value {
    json!({
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": request.physical_id,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_id,
        "NoEcho": false,
        "Data": data,
    })
}

/// The body as text, with its prose truncated where the whole is too large; `None` where that does not help.
fn within(mut body: Value) -> Option<String> {
    let text = body.to_string();
    if text.len() <= MOST {
        return Some(text);
    }
    for prose in ["/Reason", "/Data/Warning"] {
        if let Some(Value::String(text)) = body.pointer_mut(prose) {
            shorten(text);
        }
    }
    Some(body.to_string()).filter(|text| text.len() <= MOST)
}

fn shorten(text: &mut String) {
    if text.len() > SHORT {
        text.truncate(text.floor_char_boundary(SHORT - 4));
        text.push_str(" ...");
    }
}
