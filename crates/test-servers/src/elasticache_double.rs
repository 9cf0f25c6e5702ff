//! A double of ElastiCache's control plane: users of a real server, which it changes as the service does.
//!
//! ElastiCache cannot be had outside of AWS, and moto has no `ModifyUser`. The double is written from the
//! public API reference (`DescribeUsers`, `ModifyUser`, version 2015-02-02): a user turns from `active` to
//! `modifying`, its list of passwords is replaced, and it turns `active` again. It checks no signature.
//! botocore and the AWS CLI judge it.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    api_double::{ApiAnswer, ApiDouble, ApiRequest},
    postgres::TestLogin,
    valkey::{ValkeyClient, ValkeyServer},
};

/// The account and the Region of its users.
const PLACE: &str = "us-east-1:123456789012";

/// A double of ElastiCache in front of one real server.
pub struct ElastiCacheDouble {
    api: ApiDouble,
    shared: Arc<Shared>,
}

struct Shared {
    port: u16,
    admin: TestLogin,
    state: Mutex<State>,
}

struct State {
    users: BTreeMap<String, User>,
    /// How long a change takes.
    delay: Duration,
    /// Whether changes wait, however long they have taken.
    is_held: bool,
}

struct User {
    name: String,
    status: &'static str,
    kind: &'static str,
    passwords: usize,
}

impl ElastiCacheDouble {
    /// Starts it. Changes take `delay`.
    ///
    /// # Errors
    /// No port was available.
    pub fn start(server: &ValkeyServer, delay: Duration) -> io::Result<Self> {
        let state = Mutex::new(State { users: BTreeMap::new(), delay, is_held: false });
        let shared = Arc::new(Shared { port: server.plain_port(), admin: server.admin().clone(), state });
        let answering = Arc::clone(&shared);
        let api = ApiDouble::start(move |request| answer(&answering, request))?;
        Ok(Self { api, shared })
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        self.api.endpoint()
    }

    /// The requests so far, passwords included.
    pub fn calls(&self) -> Vec<ApiRequest> {
        self.api.calls()
    }

    /// A user with one password, on the server as well. Returns its ARN.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn create_user(&self, id: &str, login: &TestLogin) -> io::Result<String> {
        self.shared.set(&login.username, &[&login.password])?;
        let name = login.username.clone();
        let user = User { name, status: "active", kind: "password", passwords: 1 };
        self.shared.state().users.insert(id.to_owned(), user);
        Ok(arn(id))
    }

    /// Gives a user another status or kind of authentication (`deleting`, `iam`), as it is described.
    pub fn pretend(&self, id: &str, status: &'static str, kind: &'static str) {
        if let Some(user) = self.shared.state().users.get_mut(id) {
            (user.status, user.kind) = (status, kind);
        }
    }

    /// Whether changes wait from now on, however long they have taken.
    pub fn hold(&self, is_held: bool) {
        self.shared.state().is_held = is_held;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the passwords on the real server.
    fn set(&self, name: &str, passwords: &[&str]) -> io::Result<()> {
        let passwords: Vec<String> = passwords.iter().map(|password| format!(">{password}")).collect();
        let fixed = ["ACL", "SETUSER", name, "on", "~*", "+@all", "-@dangerous", "resetpass"];
        let words: Vec<&str> = fixed.into_iter().chain(passwords.iter().map(String::as_str)).collect();
        ValkeyClient::log_in(self.port, &self.admin)?.command(&words).map(drop)
    }
}

fn arn(id: &str) -> String {
    format!("arn:aws:elasticache:{PLACE}:user:{id}")
}

fn answer(shared: &Arc<Shared>, request: &ApiRequest) -> ApiAnswer {
    let parameters: BTreeMap<String, String> =
        form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
    let id = parameters.get("UserId").cloned().unwrap_or_default();
    match request.operation.as_str() {
        "DescribeUsers" => describe(&shared.state(), &id),
        "ModifyUser" => modify(shared, &id, &parameters),
        other => refusal("InvalidAction", &format!("the action {other} is not valid")),
    }
}

/// Without an id, all users.
fn describe(state: &State, id: &str) -> ApiAnswer {
    let chosen: Vec<_> = state.users.iter().filter(|(own, _)| id.is_empty() || *own == id).collect();
    if chosen.is_empty() && !id.is_empty() {
        return refusal("UserNotFound", &format!("User {id} not found."));
    }
    let mut users = String::new();
    for (id, user) in chosen {
        write!(users, "<member>{}</member>", described(id, user)).expect("a String takes everything");
    }
    response("DescribeUsers", &format!("<Users>{users}</Users>"))
}

fn modify(shared: &Arc<Shared>, id: &str, parameters: &BTreeMap<String, String>) -> ApiAnswer {
    let listed =
        |(name, value): (&String, &String)| name.starts_with("Passwords.member.").then(|| value.clone());
    let passwords: Vec<String> = parameters.iter().filter_map(listed).collect();
    let mut state = shared.state();
    let delay = state.delay;
    let Some(user) = state.users.get_mut(id) else {
        return refusal("UserNotFound", &format!("User {id} not found."));
    };
    if user.status != "active" {
        return refusal("InvalidUserState", "User is not in a valid state to be modified.");
    }
    if !(1..=2).contains(&passwords.len()) {
        return refusal("InvalidParameterCombination", "A user takes one or two passwords.");
    }
    if passwords.iter().any(|password| !(16..=128).contains(&password.chars().count())) {
        return refusal("InvalidParameterValue", "Passwords must have 16 to 128 characters.");
    }
    (user.status, user.kind, user.passwords) = ("modifying", "password", passwords.len());
    let body = described(id, user);
    let (shared, id, name) = (Arc::clone(shared), id.to_owned(), user.name.clone());
    thread::spawn(move || {
        thread::sleep(delay);
        while shared.state().is_held {
            thread::sleep(Duration::from_millis(5));
        }
        let passwords: Vec<&str> = passwords.iter().map(String::as_str).collect();
        // A server that has ended with its test takes nothing more.
        if shared.set(&name, &passwords).is_ok()
            && let Some(user) = shared.state().users.get_mut(&id)
        {
            user.status = "active";
        }
    });
    response("ModifyUser", &body)
}

fn described(id: &str, user: &User) -> String {
    let User { name, status, kind, passwords } = user;
    let count = if *kind == "password" {
        format!("<PasswordCount>{passwords}</PasswordCount>")
    } else {
        String::new()
    };
    format!(
        "<UserId>{id}</UserId><UserName>{name}</UserName><Status>{status}</Status><Engine>valkey</Engine>\
         <MinimumEngineVersion>7.2</MinimumEngineVersion><AccessString>on ~* +@all -@dangerous</AccessString>\
         <UserGroupIds/><Authentication><Type>{kind}</Type>{count}</Authentication><ARN>{}</ARN>",
        arn(id)
    )
}

fn response(operation: &str, result: &str) -> ApiAnswer {
    let body = format!(
        "<{operation}Response xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\">\
         <{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>\
         </{operation}Response>"
    );
    ApiAnswer { status: 200, body }
}

fn refusal(code: &str, message: &str) -> ApiAnswer {
    let status = if code == "UserNotFound" { 404 } else { 400 };
    let body = format!(
        "<ErrorResponse xmlns=\"http://elasticache.amazonaws.com/doc/2015-02-02/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    );
    ApiAnswer { status, body }
}
