use ring::{digest, hmac, pbkdf2};

/// The hash that SCRAM is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// `DocumentDB`, and MongoDB up to 3.6.
    Sha1,
    /// PostgreSQL, and MongoDB 4.0 and later.
    Sha256,
}

impl Mechanism {
    /// The name by which it is negotiated, without channel binding.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
        }
    }

    pub(crate) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }

    pub(crate) fn digest(self) -> &'static digest::Algorithm {
        self.hmac().digest_algorithm()
    }

    pub(crate) fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        }
    }
}
