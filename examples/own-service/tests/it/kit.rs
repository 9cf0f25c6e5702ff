//! The kit over both functions. The fake is the service itself, without its network.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use own_service::{
    access_key::AccessKeys,
    http::{Http, Reply},
    service::Accounts,
    token::{TOKENS, Token},
};
use rotation_conformance::{Hook, IssuerBench, Service, TargetBench};
use rotation_core::{Invocation, PasswordPolicy, PasswordSettings, SecretDocument};
use rotation_lambda::HttpError;
use serde_json::Value;

const USER: &str = "app";

/// The service, and the kit's hook around each request.
#[derive(Clone)]
struct Fake {
    hook: Hook,
    accounts: Rc<RefCell<Accounts>>,
}

impl Fake {
    fn new(hook: Hook) -> Self {
        let mut accounts = Accounts::default();
        accounts.add(USER);
        Self { hook, accounts: Rc::new(RefCell::new(accounts)) }
    }

    fn opens(&self, authorization: &str) -> bool {
        self.accounts.borrow_mut().answer("GET /whoami", authorization, &Value::Null).0 == 200
    }
}

impl Http for Fake {
    async fn send(&self, call: &'static str, authorization: String, body: Value) -> Reply {
        let answer = || self.accounts.borrow_mut().answer(call, &authorization, &body);
        self.hook.call(call, answer).await.map_err(|_| HttpError::Unanswered)
    }
}

fn document(value: &Value) -> SecretDocument {
    SecretDocument::parse(&value.to_string()).unwrap()
}

fn field(document: &SecretDocument, name: &'static str) -> String {
    document.text(name).unwrap().map(|text| text.to_string()).unwrap_or_default()
}

struct Tokens(Fake);

impl Service for Tokens {
    fn first(&self) -> SecretDocument {
        document(&self.0.accounts.borrow().account(USER).unwrap().secrets(USER).0)
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        self.0.opens(&format!("Bearer {}", field(document, "token")))
    }

    fn accepted(&self) -> BTreeSet<String> {
        BTreeSet::from([self.0.accounts.borrow().account(USER).unwrap().token.clone()])
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        vec![field(document, "token")]
    }
}

impl TargetBench for Tokens {
    type Target = Token<Fake>;

    fn target(&self, _: &Invocation) -> Token<Fake> {
        let policy = PasswordPolicy::new(PasswordSettings::default(), &TOKENS).unwrap();
        Token { http: Rc::new(self.0.clone()), policy }
    }
}

struct Keys(Fake);

impl Service for Keys {
    fn first(&self) -> SecretDocument {
        document(&self.0.accounts.borrow().account(USER).unwrap().secrets(USER).1)
    }

    fn opens(&self, document: &SecretDocument) -> bool {
        self.0.opens(&format!("Key {}:{}", field(document, "keyId"), field(document, "secretKey")))
    }

    fn accepted(&self) -> BTreeSet<String> {
        self.0.accounts.borrow().account(USER).unwrap().keys.keys().cloned().collect()
    }

    fn secrets(&self, document: &SecretDocument) -> Vec<String> {
        vec![field(document, "secretKey")]
    }
}

impl IssuerBench for Keys {
    type Issuer = AccessKeys<Fake>;

    fn issuer(&self, _: &Invocation) -> AccessKeys<Fake> {
        AccessKeys { http: Rc::new(self.0.clone()) }
    }
}

rotation_conformance::target!(tokens_pass, |hook: Hook| Tokens(Fake::new(hook)));
rotation_conformance::issuer!(access_keys_pass, |hook: Hook| Keys(Fake::new(hook)));
