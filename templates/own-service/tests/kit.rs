//! The kit over the function's target. Write down in the fake what the service's manual states.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use function::{
    http::{Http, Reply},
    token::{TOKENS, Token},
};
use rotation_conformance::{Hook, Service, TargetBench};
use rotation_core::{Invocation, PasswordPolicy, PasswordSettings, SecretDocument};
use rotation_lambda::HttpError;
use serde_json::{Value, json};

const FIRST: &str = "first-token-0123456789";

/// A service with one user, whose one token it holds.
#[derive(Clone)]
struct Fake {
    hook: Hook,
    token: Rc<RefCell<String>>,
}

impl Fake {
    fn new(hook: Hook) -> Self {
        Self { hook, token: Rc::new(RefCell::new(FIRST.to_owned())) }
    }

    fn answer(&self, call: &str, authorization: &str, body: &Value) -> (u16, Value) {
        if authorization != format!("Bearer {}", self.token.borrow()) {
            return (401, Value::Null);
        }
        match call {
            "GET /whoami" => (200, json!({ "user": "app" })),
            "PUT /token" => match body["token"].as_str() {
                Some(token) if token.len() >= TOKENS.shortest => {
                    self.token.replace(token.to_owned());
                    (204, Value::Null)
                }
                _ => (422, Value::Null),
            },
            _ => (404, Value::Null),
        }
    }
}

impl Http for Fake {
    async fn send(&self, call: &'static str, authorization: String, body: Value) -> Reply {
        let answer = || self.answer(call, &authorization, &body);
        self.hook.call(call, answer).await.map_err(|_| HttpError::Unanswered)
    }
}

impl Service for Fake {
    fn first(&self) -> SecretDocument {
        SecretDocument::parse(&json!({ "user": "app", "token": FIRST }).to_string()).unwrap()
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        self.secrets(document) == [self.token.borrow().as_str()]
    }

    fn accepted(&self) -> BTreeSet<String> {
        BTreeSet::from([self.token.borrow().clone()])
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        document.text("token").unwrap().iter().map(|token| token.to_string()).collect()
    }
}

impl TargetBench for Fake {
    type Target = Token<Self>;

    fn target(&self, _: &Invocation) -> Token<Self> {
        let policy = PasswordPolicy::new(PasswordSettings::default(), &TOKENS).unwrap();
        Token { http: Rc::new(self.clone()), policy }
    }
}

rotation_conformance::target!(the_target_passes, Fake::new);
