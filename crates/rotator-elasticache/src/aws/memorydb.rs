//! `DescribeUsers` and `UpdateUser` of MemoryDB, in the JSON protocol.

use rotation_core::Password;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::call::{Call, Request};
use crate::user_api::{ManagedUser, UserArn, UserService, UserState};

pub(super) fn describe(arn: &UserArn) -> Call {
    call("DescribeUsers", &json!({"UserName": arn.id()}))
}

pub(super) fn update(arn: &UserArn, passwords: [&Password; 2]) -> Call {
    let passwords = passwords.map(Password::expose);
    let mode = json!({"Type": "password", "Passwords": passwords});
    call("UpdateUser", &json!({"UserName": arn.id(), "AuthenticationMode": mode}))
}

fn call(operation: &'static str, parameters: &Value) -> Call {
    let headers = vec![
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("x-amz-target", format!("AmazonMemoryDB.{operation}")),
    ];
    let request = Request { headers, body: Zeroizing::new(parameters.to_string()) };
    Call { service: UserService::MemoryDb, operation, request, code }
}

/// The user of this ARN in an answer to [`describe`]; `None` where it is not there.
pub(super) fn user(body: &[u8], arn: &UserArn) -> Option<ManagedUser> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let user = answer["Users"].as_array()?.iter().find(|user| user["Name"] == arn.id())?;
    let authentication = &user["Authentication"];
    let count = authentication["PasswordCount"].as_u64().and_then(|count| count.try_into().ok());
    Some(ManagedUser {
        arn: user["ARN"].as_str()?.to_owned(),
        name: user["Name"].as_str()?.to_owned(),
        state: UserState::of(user["Status"].as_str()?),
        passwords: count.filter(|_| authentication["Type"] == "password"),
    })
}

/// The code of a refusal: `com.amazonaws.memorydb#UserNotFoundFault` or its last part.
fn code(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let kind = answer["__type"].as_str()?;
    Some(kind.rsplit('#').next().unwrap_or(kind).to_owned())
}
