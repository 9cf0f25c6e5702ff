//! Compares what a server stores of a password with a password.

use std::num::NonZeroU32;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    digest::{Context, SHA256},
    pbkdf2,
};
use rotation_core::Password;
use zeroize::Zeroizing;

use crate::stored_form::{accepts_ed25519, accepts_parsec, native_hash};

/// The length of a salt.
const SALT: usize = 20;
/// More rounds than any server was seen to use: computing more is not worth the time.
const MOST_ROUNDS: u32 = 100_000;
/// The digits of `crypt`.
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether an account with this plugin and stored form accepts this password; `None` where the form is not
/// known.
///
/// The forms are those of `mysql_native_password` (a hash of the hash), `sha256_password` (SHA-256 `crypt`
/// with 5,000 rounds) and `caching_sha2_password`: `$A$` for SHA-256 `crypt`, and from MySQL 9 on `$B$` for
/// PBKDF2 with SHA-512, with thousands of rounds in three hexadecimal digits. MariaDB's `ed25519` and
/// `parsec` store public keys.
pub(crate) fn accepts(plugin: &str, stored: &[u8], password: &Password) -> Option<bool> {
    let secret = password.expose().as_bytes();
    match plugin {
        // An account of MariaDB without a plugin has this one.
        "mysql_native_password" | "" => {
            let stored = str::from_utf8(stored).ok().filter(|text| text.len() == 41)?;
            Some(stored.eq_ignore_ascii_case(&native_hash(password)))
        }
        "ed25519" => accepts_ed25519(stored, password),
        "parsec" => accepts_parsec(stored, password),
        "sha256_password" => {
            let (salt, hash) = stored.strip_prefix(b"$5$")?.split_at_checked(SALT)?;
            Some(*crypt(secret, salt, 5000) == *hash.strip_prefix(b"$")?)
        }
        "caching_sha2_password" => {
            let (kind, rest) = stored.split_at_checked(3)?;
            let (rounds, rest) = rest.split_at_checked(3)?;
            let rounds = u32::from_str_radix(str::from_utf8(rounds).ok()?, 16).ok()? * 1000;
            let rounds = NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= MOST_ROUNDS)?;
            let (salt, hash) = rest.strip_prefix(b"$")?.split_at_checked(SALT)?;
            match kind {
                b"$A$" => Some(*crypt(secret, salt, rounds.get()) == *hash),
                b"$B$" => {
                    let hash = STANDARD.decode(hash).ok()?;
                    Some(pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA512, rounds, salt, secret, &hash).is_ok())
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// SHA-256 `crypt` ("Unix crypt using SHA-256 and SHA-512"), with the whole salt, which MySQL does not
/// truncate to 16 bytes.
fn crypt(password: &[u8], salt: &[u8], rounds: u32) -> Zeroizing<Vec<u8>> {
    let hash = |parts: &[&[u8]]| {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(part);
        }
        Zeroizing::new(context.finish().as_ref().to_vec())
    };
    let fill = |block: &[u8], length: usize| {
        Zeroizing::new(block.iter().copied().cycle().take(length).collect::<Vec<_>>())
    };
    let whole = hash(&[password, salt, password]);
    let part = fill(&whole, password.len());
    let mut first: Vec<&[u8]> = vec![password, salt, &part];
    let mut length = password.len();
    while length > 0 {
        first.push(if length & 1 == 1 { &whole } else { password });
        length >>= 1;
    }
    let mut sum = hash(&first);
    let secret = fill(&hash(&vec![password; password.len()]), password.len());
    let salt = fill(&hash(&vec![salt; 16 + usize::from(sum[0])]), salt.len());
    for round in 0..rounds {
        let odd = round & 1 == 1;
        let mut parts: Vec<&[u8]> = vec![if odd { &secret } else { &sum }];
        parts.extend((round % 3 != 0).then_some(salt.as_slice()));
        parts.extend((round % 7 != 0).then_some(secret.as_slice()));
        parts.push(if odd { &sum } else { &secret });
        sum = hash(&parts);
    }
    encode(&sum)
}

/// The digest in the order and the digits of `crypt`.
fn encode(sum: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(43));
    let mut push = |bytes: [u8; 3], count: usize| {
        let mut bits = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        for _ in 0..count {
            text.push(DIGITS[(bits & 63) as usize]);
            bits >>= 6;
        }
    };
    // The bytes of each group of three are ten apart, and each group begins one position further than the
    // last.
    for group in 0..10_usize {
        let at = |nth: usize| sum[(group * 21 + nth * 10) % 30];
        push([at(0), at(1), at(2)], 4);
    }
    push([0, sum[31], sum[30]], 3);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(digit).collect()
    }

    /// Stored forms of a server accept their password alone.
    /// As MySQL 9.7 has stored them.
    #[test]
    fn server_forms_accept_their_password() {
        let forms = [
            (
                "caching_sha2_password",
                "p2",
                "244124303041247B56701E544264226B4603512341654D751C612B363842663841576E58744E2F66706B5963656F49747\
                 66678337863346649766F316A732E426562626D7335",
            ),
            (
                "caching_sha2_password",
                "p1",
                "244224303041247E493C182D6F50067B3225717846723F49142A32744B37684738594645357A2F6331512F54483642575\
                 5514A5770316975734C752B74504E48306D3063654534753031596B6666694D33395574324B757A6E4D6232507138396\
                 767374C6375577057377A6578436241513D3D",
            ),
            (
                "sha256_password",
                "p1",
                "243524090D6E64167053467F501A571A2D35567A7929562470644B6479734D494E6876312F44314A5044486E3041675\
                 350744E583176364B7A78533831544F51575331",
            ),
        ];
        for (plugin, password, stored) in forms {
            let stored = unhex(stored);
            let right = Password::parse(password).unwrap();
            let wrong = Password::parse("p3").unwrap();
            assert_eq!(accepts(plugin, &stored, &right), Some(true), "{plugin}");
            assert_eq!(accepts(plugin, &stored, &wrong), Some(false), "{plugin}");
            assert_eq!(accepts("authentication_ldap_simple", &stored, &right), None);
        }
        let password = Password::parse("password").unwrap();
        let stored = b"*2470c0c06dee42fd1618bb99005adca2ec9d1e19";
        assert_eq!(accepts("mysql_native_password", stored, &password), Some(true));
    }

    /// What is no known form is not judged.
    #[test]
    fn unknown_form_is_not_judged() {
        let password = Password::parse("p").unwrap();
        for stored in
            [&b""[..], b"$A$", b"$A$00A$short", b"$C$005$", b"$A$FFF$12345678901234567890hash", b"*short"]
        {
            for plugin in ["caching_sha2_password", "mysql_native_password", "sha256_password"] {
                assert_eq!(accepts(plugin, stored, &password), None, "{plugin} {stored:?}");
            }
        }
    }
}
