//! The mark of a pair: the secret that it belongs to, and what both users had when they were last equal.
//!
//! ```text
//! MySQL    an attribute   {"rotation": {"cloneOf": "app", "secret": "123456789012:shop",
//!                                       "rights": "5f0c71a2b9de"}}
//! MariaDB  a role         rotation:<pair>:<secret>:<rights><kind>:shop
//! ```
//!
//! Both users carry it, so that each can read it on itself, and neither can write it: attributes need `CREATE
//! USER`, and only a role's administrators may grant it. The role has no privileges.

use ring::digest::{SHA256, digest};
use rotation_database::{SecretIdentity, UserPair};
use serde_json::{Map, Value, json};

/// The function's key among an account's attributes, and the prefix of its roles' names.
pub(crate) const KEY: &str = "rotation";

/// The longest role name that every MariaDB accepts.
const ROLE_LENGTH: usize = 80;

/// What both users had when they were last equal, by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Baseline {
    pub(crate) digest: String,
    pub(crate) kind: BaselineKind,
}

/// The subject of a baseline's digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BaselineKind {
    /// What both had after a change.
    Both,
    /// What both were about to get, together, when a change began that gives each user what the other one
    /// has.
    Union,
}

impl Baseline {
    /// Twelve hexadecimal digits of the digest of these texts, in their order.
    pub(crate) fn digest_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
        let mut all = String::new();
        for text in texts {
            all.push_str(text);
            all.push('\0');
        }
        hex(all.as_bytes(), 12)
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, digest) = match text.strip_prefix('+') {
            Some(digest) => (BaselineKind::Union, digest),
            None => (BaselineKind::Both, text),
        };
        is_hex(digest, 12).then(|| Self { digest: digest.to_owned(), kind })
    }

    fn text(&self) -> String {
        match self.kind {
            BaselineKind::Both => self.digest.clone(),
            BaselineKind::Union => format!("+{}", self.digest),
        }
    }
}

/// A mark as an account carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Of a former version, which did not name a secret.
    Unnamed,
    /// Of a secret.
    Of { secret: MarkedSecret, baseline: Option<Baseline> },
}

/// The secret that a mark names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MarkedSecret {
    /// By its whole identity.
    Text(String),
    /// By a digest, with as much of its name as fits.
    Digest { digest: String, name: String },
}

impl MarkedSecret {
    pub(crate) fn is(&self, secret: &SecretIdentity) -> bool {
        match self {
            Self::Text(text) => text == secret.as_str(),
            Self::Digest { digest, .. } => *digest == digest_of_secret(secret),
        }
    }

    /// For messages.
    pub(crate) fn shown(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Digest { name, .. } => name,
        }
    }
}

impl Mark {
    /// Parses the mark in the attributes of an account, where it belongs to the pair with this original.
    pub(crate) fn of_attribute(value: &Value, original: &str) -> Option<Self> {
        let value = value.as_object()?;
        if value.get("cloneOf")?.as_str()? != original {
            return None;
        }
        let Some(secret) = value.get("secret") else { return Some(Self::Unnamed) };
        let baseline = value.get("rights").and_then(Value::as_str).and_then(Baseline::parse);
        Some(Self::Of { secret: MarkedSecret::Text(secret.as_str()?.to_owned()), baseline })
    }

    /// Parses the mark in the name of a role, where it belongs to this pair.
    pub(crate) fn of_role(name: &str, pair: &UserPair) -> Option<Self> {
        if name == former_role(pair) {
            return Some(Self::Unnamed);
        }
        let rest = name.strip_prefix(&role_prefix(pair))?;
        let mut parts = rest.splitn(3, ':');
        let (secret, rights, name) = (parts.next()?, parts.next()?, parts.next()?);
        let (digest, kind) = rights.split_at_checked(12)?;
        let kind = match kind {
            "a" | "b" => BaselineKind::Both,
            "g" | "h" => BaselineKind::Union,
            _ => return None,
        };
        if !is_hex(secret, 12) || !is_hex(digest, 12) {
            return None;
        }
        let baseline = Some(Baseline { digest: digest.to_owned(), kind });
        let secret = MarkedSecret::Digest { digest: secret.to_owned(), name: name.to_owned() };
        Some(Self::Of { secret, baseline })
    }
}

/// The attribute that marks an account, under [`KEY`].
pub(crate) fn attribute(pair: &UserPair, secret: &SecretIdentity, baseline: &Baseline) -> Map<String, Value> {
    let mark = json!({
        "cloneOf": pair.original.as_str(), "secret": secret.as_str(), "rights": baseline.text(),
    });
    Map::from_iter([(KEY.to_owned(), mark)])
}

/// The two names that the role of a mark may have. There are two, so that a role that some accounts already
/// have can be replaced by one that every account has.
pub(crate) fn roles(pair: &UserPair, secret: &SecretIdentity, baseline: &Baseline) -> [String; 2] {
    let kinds = match baseline.kind {
        BaselineKind::Both => ["a", "b"],
        BaselineKind::Union => ["g", "h"],
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "/_+=.@-".contains(c) { c } else { '_' };
    let prefix = role_prefix(pair);
    kinds.map(|kind| {
        let known = format!("{prefix}{}:{}{kind}:", digest_of_secret(secret), baseline.digest);
        let room = ROLE_LENGTH - known.len();
        known + &secret.name().chars().take(room).map(plain).collect::<String>()
    })
}

/// The prefix of every role name that marks this pair, for whichever secret.
pub(crate) fn role_prefix(pair: &UserPair) -> String {
    let names = format!("{}\0{}", pair.original, pair.clone);
    format!("{KEY}:{}:", hex(names.as_bytes(), 8))
}

/// The role by which the former version marked the clones of this original.
pub(crate) fn former_role(pair: &UserPair) -> String {
    format!("clone:{}", pair.original)
}

fn digest_of_secret(secret: &SecretIdentity) -> String {
    hex(secret.as_str().as_bytes(), 12)
}

/// This number of digits of the SHA-256.
fn hex(bytes: &[u8], digits: usize) -> String {
    let hash = digest(&SHA256, bytes);
    let all = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    all.take(digits).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use rotation_core::SecretId;
    use rotation_database::{Engine, Username};

    use super::*;
    use crate::MySql;

    fn pair(name: &str) -> UserPair {
        UserPair::of(&Username::parse(name, &MySql::PROFILE).unwrap(), &MySql::PROFILE).unwrap()
    }

    fn secret(name: &str) -> SecretIdentity {
        let arn = format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-KpXkZF");
        SecretIdentity::from_secret(&SecretId::new(arn).unwrap())
    }

    fn baseline(kind: BaselineKind) -> Baseline {
        Baseline { digest: Baseline::digest_of(["SELECT ON *.*"]), kind }
    }

    /// What is written is read as the same mark, for the same pair and secret alone.
    #[test]
    fn round_trips_for_its_pair() {
        let (app, checkout) = (pair("app"), secret("shop/checkout"));
        for kind in [BaselineKind::Both, BaselineKind::Union] {
            let baseline = baseline(kind);
            let attribute = attribute(&app, &checkout, &baseline);
            let read = Mark::of_attribute(&attribute[KEY], "app");
            let Some(Mark::Of { secret: named, baseline: found }) = read else { panic!("{attribute:?}") };
            assert!(named.is(&checkout) && !named.is(&secret("shop")));
            assert_eq!(found, Some(baseline.clone()));
            assert_eq!(Mark::of_attribute(&attribute[KEY], "other"), None);
            for role in roles(&app, &checkout, &baseline) {
                let Some(Mark::Of { secret: named, baseline: found }) = Mark::of_role(&role, &app) else {
                    panic!("{role}")
                };
                assert!(named.is(&checkout) && !named.is(&secret("shop")));
                assert_eq!((named.shown(), found), ("shop/checkout", Some(baseline.clone())));
                assert_eq!(Mark::of_role(&role, &pair("other")), None);
            }
        }
    }

    /// The role's name fits every server.
    /// However long the secret's name is, and whatever it contains.
    #[test]
    fn role_name_fits_every_server() {
        let long = "ab/".repeat(170);
        for name in [long.as_str(), "plain", "é`'\\"] {
            for role in roles(&pair("app"), &secret(name), &baseline(BaselineKind::Both)) {
                assert!(
                    role.len() <= ROLE_LENGTH && role.is_ascii() && !role.contains(['`', '\'']),
                    "{role}"
                );
            }
        }
    }

    /// Former marks name no secret.
    /// Marks of the former version, and texts that are no mark.
    #[test]
    fn former_marks_name_no_secret() {
        assert_eq!(Mark::of_attribute(&json!({"cloneOf": "app"}), "app"), Some(Mark::Unnamed));
        assert_eq!(Mark::of_role("clone:app", &pair("app")), Some(Mark::Unnamed));
        let roles = ["clone:other", "rotation:", "rotation:0:1:2", "rotation"];
        assert!(roles.iter().all(|role| Mark::of_role(role, &pair("app")).is_none()));
        for value in [json!(7), json!({"secret": "x"}), json!({"cloneOf": "app", "secret": 7})] {
            assert_eq!(Mark::of_attribute(&value, "app"), None, "{value}");
        }
    }
}
