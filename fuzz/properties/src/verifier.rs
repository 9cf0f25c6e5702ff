//! What a server stores instead of a password, and how statements quote it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use md5::{Digest, Md5};
use postgres_protocol::authentication::{
    md5_hash,
    sasl::{ChannelBinding, ScramSha256},
};
use postgres_session::{
    SaltedPasswords, Verifier, md5_verifier, quote_identifier, quote_literal, scram_verifier, sha256_verifier,
};
use ring::digest::{SHA256, digest};
use rotation_core::Password;
use rotation_database::{Engine, Username};
use rotator_postgres::Postgres;

use crate::scram::{ServerKeys, transcript};

/// Shorter passwords occur by chance in hexadecimal or base64 text.
const TELLING: usize = 12;

/// The first byte is the number of rounds of a verifier; the rest is a password, and a user's name.
///
/// # Panics
/// Where a property does not hold.
pub fn verifier(bytes: &[u8]) {
    let Some((rounds, rest)) = bytes.split_first() else { return };
    let Ok(text) = str::from_utf8(rest) else { return };
    quoting(text);
    let Ok(password) = Password::parse(text) else { return };
    let rounds = u32::from(rounds % 16) + 1;
    let verifier =
        scram_verifier(&password, rounds, &SaltedPasswords::default()).expect("the machine has randomness");
    tells_nothing(&verifier, text);
    logs_in(&verifier, rounds, text);
    hashes(&password);
}

/// Checks with an independent driver: it proves the password to a server that knows only the verifier, and
/// accepts the server's proof; with another password it does neither.
fn logs_in(verifier: &Verifier, rounds: u32, password: &str) {
    let (salt, keys) = read_scram(verifier, rounds);
    let exchange = |password: &str| {
        let mut client = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
        let first = str::from_utf8(client.message()).expect("the client speaks ASCII").to_owned();
        let bare = first.strip_prefix("n,,").expect("no channel is bound");
        let nonce = bare.strip_prefix("n=,r=").expect("the client has a nonce and tells no name");
        let challenge = format!("r={nonce}server,s={salt},i={rounds}");
        client.update(challenge.as_bytes()).expect("the challenge is well-formed");
        let answer = str::from_utf8(client.message()).expect("the client speaks ASCII").to_owned();
        let (without_proof, proof) = answer.rsplit_once(",p=").expect("the client proves something");
        let transcript = transcript(bare, &challenge, without_proof);
        let is_proven = keys.proves(&transcript, &BASE64.decode(proof).expect("base64"));
        let signature = BASE64.encode(keys.sign(&transcript));
        (is_proven, client.finish(format!("v={signature}").as_bytes()).is_ok())
    };
    assert_eq!(exchange(password), (true, true), "the password does not open what was made of it");
    assert_eq!(exchange(&format!("{password}x")), (false, false), "another password opens it as well");
}

/// Salt and keys of `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
fn read_scram(verifier: &Verifier, rounds: u32) -> (&str, ServerKeys) {
    let rest = verifier.expose().strip_prefix("SCRAM-SHA-256$").expect("its mechanism");
    let (head, keys) = rest.split_once('$').expect("two halves");
    let (count, salt) = head.split_once(':').expect("rounds and salt");
    assert_eq!(count, rounds.to_string());
    let (stored, server) = keys.split_once(':').expect("two keys");
    let [stored, server] = [stored, server].map(|key| BASE64.decode(key).expect("base64"));
    (salt, ServerKeys::new(stored, &server))
}

/// Checks the two stored forms without rounds.
fn hashes(password: &Password) {
    let text = password.expose();
    let name: String = text.chars().rev().take(20).collect();
    if let Ok(username) = Username::parse(&name, &Postgres::PROFILE) {
        let stored = md5_verifier(&username, password);
        tells_nothing(&stored, text);
        // A driver's answer to a challenge follows from the stored form, because the server has nothing else.
        let mut hash = Md5::new();
        hash.update(stored.expose().strip_prefix("md5").expect("its mark"));
        hash.update(b"salt");
        let answer = md5_hash(name.as_bytes(), text.as_bytes(), *b"salt");
        assert_eq!(bytes(answer.strip_prefix("md5").expect("its mark")), hash.finalize().as_slice());
    }
    let stored = sha256_verifier(password).expect("the machine has randomness");
    tells_nothing(&stored, text);
    let parts: Vec<_> = stored.expose().split('|').collect();
    let ["sha256", hash, salt] = parts[..] else { panic!("three parts") };
    let again = digest(&SHA256, &[text.as_bytes(), &bytes(salt)].concat());
    assert_eq!(again.as_ref(), bytes(hash));
}

/// Checks that neither the stored form nor its printed text contains the password.
fn tells_nothing(verifier: &Verifier, password: &str) {
    assert_eq!(format!("{verifier:?}"), "Verifier(..)");
    assert!(
        password.len() < TELLING || !verifier.expose().contains(password),
        "a verifier contains the password"
    );
}

/// Checks that any text becomes one literal and one name, and that the server reads it unchanged except for
/// NUL.
fn quoting(text: &str) {
    let kept = text.replace('\0', "");
    let literal = quote_literal(text);
    let read = match literal.strip_prefix('E') {
        Some(escaped) => inside(escaped, '\'').map(|inner| inner.replace("\\\\", "\\")),
        // Without `E`, what a backslash means depends on a setting of the server.
        None => inside(&literal, '\'').filter(|inner| !inner.contains('\\')),
    };
    assert_eq!(read.as_deref(), Some(&*kept), "{literal}");
    assert_eq!(inside(&quote_identifier(text), '"').as_deref(), Some(&*kept));
}

/// The text between quotes; `None` where it ends too early.
fn inside(quoted: &str, quote: char) -> Option<String> {
    let inner = quoted.strip_prefix(quote)?.strip_suffix(quote)?;
    let two = String::from_iter([quote, quote]);
    let is_whole = !inner.replace(&two, "").contains(quote);
    is_whole.then(|| inner.replace(&two, &quote.to_string()))
}

/// Hexadecimal digits as bytes.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).expect("ASCII"), 16).expect("digits")).collect()
}
