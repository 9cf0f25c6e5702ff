//! `GetRandomPassword`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Entropy, ServiceError};

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(clippy::struct_excessive_bools, reason = "the members are those of the AWS request")]
pub(super) struct GetRandomPassword {
    password_length: i64,
    exclude_characters: String,
    exclude_lowercase: bool,
    exclude_numbers: bool,
    exclude_punctuation: bool,
    exclude_uppercase: bool,
    include_space: bool,
    require_each_included_type: bool,
}

impl Default for GetRandomPassword {
    fn default() -> Self {
        Self {
            password_length: 32,
            exclude_characters: String::new(),
            exclude_lowercase: false,
            exclude_numbers: false,
            exclude_punctuation: false,
            exclude_uppercase: false,
            include_space: false,
            require_each_included_type: true,
        }
    }
}

pub(super) fn random_password(
    request: &GetRandomPassword,
    entropy: &mut dyn Entropy,
) -> Result<Value, ServiceError> {
    let length =
        usize::try_from(request.password_length)
            .ok()
            .filter(|length| (1..=4096).contains(length))
            .ok_or_else(|| ServiceError::invalid_parameter("PasswordLength must be between 1 and 4096."))?;
    let types = request.types();
    let alphabet = types.concat();
    if alphabet.is_empty() {
        return Err(ServiceError::invalid_parameter("No characters are left to make a password of."));
    }
    let mut password = Vec::with_capacity(length);
    if request.require_each_included_type {
        if length < types.len() {
            return Err(ServiceError::invalid_parameter(
                "Password length is too short based on the required types.",
            ));
        }
        password.extend(types.iter().map(|members| members[entropy.below(members.len())]));
    }
    while password.len() < length {
        password.push(alphabet[entropy.below(alphabet.len())]);
    }
    // The required ones came first; every order is made equally likely (Fisher and Yates).
    for last in (1..password.len()).rev() {
        password.swap(last, entropy.below(last + 1));
    }
    Ok(json!({"RandomPassword": password.into_iter().map(char::from).collect::<String>()}))
}

impl GetRandomPassword {
    /// The characters of each included type that are left after the exclusions; no type is empty.
    fn types(&self) -> Vec<Vec<u8>> {
        let types = [
            (LOWERCASE, !self.exclude_lowercase),
            (UPPERCASE, !self.exclude_uppercase),
            (NUMBERS, !self.exclude_numbers),
            (PUNCTUATION, !self.exclude_punctuation),
            (" ", self.include_space),
        ];
        let left = |members: &str| {
            members.chars().filter(|c| !self.exclude_characters.contains(*c)).map(|c| c as u8).collect()
        };
        let included = types.into_iter().filter(|(_, included)| *included);
        included.map(|(members, _)| left(members)).filter(|left: &Vec<u8>| !left.is_empty()).collect()
    }
}
