//! Passwords: a type that cannot be printed, and the policy that makes new ones.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::document::{DocumentError, SecretDocument};

/// A password. It is never printed, and its memory is cleared when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password as a secret's document holds it.
    ///
    /// # Errors
    /// [`DocumentError::Invalid`] where it is empty, contains a NUL, or is longer than 4096 bytes.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        Self::of_field("password", text)
    }

    /// The password, token or key in a field of a document.
    ///
    /// # Errors
    /// [`DocumentError::Missing`], and [`DocumentError::Invalid`] as for [`Password::parse`], with the name
    /// of the field.
    pub fn of(document: &SecretDocument, field: &'static str) -> Result<Self, DocumentError> {
        Self::of_field(field, &document.required_text(field)?)
    }

    /// The credential of a plain value.
    ///
    /// # Errors
    /// [`DocumentError::NotPlain`] for a JSON object, and [`DocumentError::Invalid`] as for
    /// [`Password::parse`].
    pub fn of_plain(document: &SecretDocument) -> Result<Self, DocumentError> {
        Self::of_field("value", document.plain_text().ok_or(DocumentError::NotPlain)?)
    }

    fn of_field(field: &'static str, text: &str) -> Result<Self, DocumentError> {
        if text.is_empty() || text.len() > 4096 || text.contains('\0') {
            return Err(DocumentError::Invalid { field, rule: "1 to 4096 bytes without NUL" });
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The password in cleartext, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A requirement of a server's password policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordDemand {
    /// At least this many characters.
    Length(usize),
    /// At least this many characters of a class.
    Class(CharacterClass, usize),
}

/// The four classes that Secrets Manager distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterClass {
    /// `a` to `z`.
    Lowercase,
    /// `A` to `Z`.
    Uppercase,
    /// `0` to `9`.
    Digit,
    /// The other printable ASCII characters, without the space.
    Punctuation,
}

impl CharacterClass {
    const ALL: [Self; 4] = [Self::Lowercase, Self::Uppercase, Self::Digit, Self::Punctuation];

    fn admits(self, c: char) -> bool {
        match self {
            Self::Lowercase => c.is_ascii_lowercase(),
            Self::Uppercase => c.is_ascii_uppercase(),
            Self::Digit => c.is_ascii_digit(),
            Self::Punctuation => c.is_ascii_punctuation(),
        }
    }

    /// The noun for one of these characters; the plural takes an `s`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Lowercase => "lower-case letter",
            Self::Uppercase => "upper-case letter",
            Self::Digit => "digit",
            Self::Punctuation => "punctuation character",
        }
    }
}

/// What an engine requires of passwords.
#[derive(Clone, Copy, Debug)]
pub struct PasswordRule {
    /// The fewest characters.
    pub shortest: usize,
    /// The most characters.
    pub longest: usize,
    /// Characters that the engine does not accept.
    pub forbidden: &'static str,
    /// Classes of which the engine requires at least one character each.
    pub required: &'static [CharacterClass],
    /// The characters that AWS's template for this engine excludes where `EXCLUDE_CHARACTERS` is not set.
    pub default_exclusions: &'static str,
}

/// The settings of AWS's templates, by the names of their environment variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordSettings {
    /// `PASSWORD_LENGTH`, in characters.
    pub length: usize,
    /// `EXCLUDE_CHARACTERS`; `None` means the engine's default.
    pub exclude_characters: Option<String>,
    /// `EXCLUDE_LOWERCASE`, `EXCLUDE_UPPERCASE`, `EXCLUDE_NUMBERS`, `EXCLUDE_PUNCTUATION`.
    pub exclude_classes: Vec<CharacterClass>,
    /// `REQUIRE_EACH_INCLUDED_TYPE`.
    pub require_each_class: bool,
    /// `PASSWORD_SOURCE`.
    pub source: PasswordSource,
}

impl Default for PasswordSettings {
    fn default() -> Self {
        Self {
            length: 32,
            exclude_characters: None,
            exclude_classes: Vec::new(),
            require_each_class: true,
            source: PasswordSource::default(),
        }
    }
}

/// The source of randomness for new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PasswordSource {
    /// The operating system, without a call.
    #[default]
    OperatingSystem,
    /// `GetRandomPassword`, as AWS's templates do.
    SecretsManager,
}

/// How to make a password that the engine accepts and nobody can guess.
#[derive(Clone, Debug)]
pub struct PasswordPolicy {
    settings: PasswordSettings,
    /// Distinct, in ASCII order.
    alphabet: Vec<char>,
    required: Vec<CharacterClass>,
}

impl PasswordPolicy {
    /// The fewest bits of entropy that a policy may leave.
    const LEAST_BITS: f64 = 128.0;
    /// The most draws of a whole password; a policy that passed its check needs only a few.
    const MOST_DRAWS: usize = 10_000;

    /// Checks the settings against the engine's rule.
    ///
    /// # Errors
    /// [`PolicyError`] where no password, or only guessable ones, would satisfy both.
    pub fn new(settings: PasswordSettings, rule: &PasswordRule) -> Result<Self, PolicyError> {
        if !(rule.shortest..=rule.longest).contains(&settings.length) {
            return Err(PolicyError::Length { shortest: rule.shortest, longest: rule.longest });
        }
        let exclusions = settings.exclude_characters.as_deref().unwrap_or(rule.default_exclusions);
        if exclusions.chars().count() > 4096 {
            return Err(PolicyError::Exclusions);
        }
        let classes =
            CharacterClass::ALL.into_iter().filter(|class| !settings.exclude_classes.contains(class));
        let classes: Vec<_> = classes.collect();
        let alphabet: Vec<char> = ('!'..='~')
            .filter(|c| !exclusions.contains(*c) && !rule.forbidden.contains(*c))
            .filter(|c| classes.iter().any(|class| class.admits(*c)))
            .collect();
        let available = |class: &CharacterClass| alphabet.iter().any(|c| class.admits(*c));
        if let Some(class) = rule.required.iter().find(|class| !available(class)) {
            return Err(PolicyError::RequiredClass { class: *class });
        }
        let mut required = rule.required.to_vec();
        if settings.require_each_class {
            required
                .extend(classes.iter().filter(|class| available(class) && !rule.required.contains(class)));
        }
        let policy = Self { settings, alphabet, required };
        if policy.bits() < Self::LEAST_BITS {
            return Err(PolicyError::Guessable);
        }
        Ok(policy)
    }

    /// The settings from which it was made.
    pub fn settings(&self) -> &PasswordSettings {
        &self.settings
    }

    /// The printable ASCII characters that are excluded, for a generator that takes a list of exclusions.
    pub fn excluded_characters(&self) -> String {
        ('!'..='~').filter(|c| !self.alphabet.contains(c)).collect()
    }

    /// Whether every password of this policy meets a server's requirement.
    pub fn meets(&self, demand: PasswordDemand) -> bool {
        match demand {
            PasswordDemand::Length(least) => self.settings.length >= least,
            PasswordDemand::Class(_, 0) => true,
            PasswordDemand::Class(class, 1) => self.required.contains(&class),
            PasswordDemand::Class(..) => false,
        }
    }

    /// Whether a password that was made elsewhere satisfies the policy.
    pub fn admits(&self, password: &Password) -> bool {
        let text = password.expose();
        text.chars().count() == self.settings.length
            && text.chars().all(|c| self.alphabet.contains(&c))
            && self.has_required(text)
    }

    /// A new password from the operating system's random source. Every password that the policy admits is
    /// equally likely.
    ///
    /// # Errors
    /// [`NoRandomness`] where the operating system returns no random bytes.
    pub fn generate(&self) -> Result<Password, NoRandomness> {
        for _ in 0..Self::MOST_DRAWS {
            let mut text = Zeroizing::new(String::with_capacity(self.settings.length));
            while text.len() < self.settings.length {
                self.draw_into(&mut text)?;
            }
            if self.has_required(&text) {
                return Ok(Password(text));
            }
        }
        Err(NoRandomness)
    }

    /// Appends characters until the password is long enough. A byte above the last whole multiple of the
    /// alphabet's size is discarded, so that every character is equally likely.
    fn draw_into(&self, text: &mut String) -> Result<(), NoRandomness> {
        let mut bytes = Zeroizing::new([0_u8; 64]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
        let count = self.alphabet.len();
        let fair = 256 / count * count;
        let wanted = self.settings.length - text.len();
        let fair_bytes = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        text.extend(fair_bytes.take(wanted).map(|byte| self.alphabet[byte % count]));
        Ok(())
    }

    fn has_required(&self, text: &str) -> bool {
        self.required.iter().all(|class| text.chars().any(|c| class.admits(c)))
    }

    /// A lower bound of the entropy: the required classes cost at most what a union bound gives.
    #[expect(clippy::cast_precision_loss, reason = "an alphabet has at most 94 characters, a length 4096")]
    fn bits(&self) -> f64 {
        let (length, count) = (self.settings.length as f64, self.alphabet.len() as f64);
        let missing: f64 = self
            .required
            .iter()
            .map(|class| self.alphabet.iter().filter(|c| !class.admits(**c)).count() as f64 / count)
            .map(|share| share.powf(length))
            .sum();
        // Where the bound is useless, one position for each class counts as fixed.
        let kept = if missing < 0.99 {
            (1.0 - missing).log2()
        } else {
            -(self.required.len() as f64) * count.log2()
        };
        length * count.log2() + kept
    }
}

/// The settings allow no password that the engine accepts and that is hard enough to guess.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PolicyError {
    /// `PASSWORD_LENGTH` is outside the engine's range.
    #[error("PASSWORD_LENGTH must be {shortest} to {longest} for this engine")]
    Length {
        /// Fewest characters.
        shortest: usize,
        /// Most characters.
        longest: usize,
    },
    /// `EXCLUDE_CHARACTERS` is longer than the service accepts.
    #[error("EXCLUDE_CHARACTERS is longer than 4096 characters")]
    Exclusions,
    /// The engine requires a class that the settings exclude.
    #[error("this engine demands a character of the class {class:?}, which the settings exclude")]
    RequiredClass {
        /// The class.
        class: CharacterClass,
    },
    /// Length and exclusions leave too little entropy.
    #[error("PASSWORD_LENGTH and the exclusions leave fewer than 128 bits of randomness")]
    Guessable,
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the operating system's random source failed")]
pub struct NoRandomness;
