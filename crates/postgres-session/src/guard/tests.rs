use scram_client::SaltedPasswords;

use super::*;

fn guard() -> Guard<()> {
    let password = Password::parse("canary").unwrap();
    Guard::new((), None, Scram::new(password, None, SaltedPasswords::default()))
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[kind], &length[..], body].concat()
}

fn authentication(code: u32, rest: &[u8]) -> Vec<u8> {
    message(b'R', &[&code.to_be_bytes()[..], rest].concat())
}

#[track_caller]
fn check(sent: &[u8], expected: Result<(), Violation>) {
    // In one piece and byte by byte, the verdict is the same.
    for size in [sent.len(), 1] {
        let mut guard = guard();
        let outcome = sent.chunks(size).try_for_each(|chunk| guard.admit(chunk));
        assert_eq!(outcome.map_err(|_| guard.refused.unwrap()), expected, "in pieces of {size}");
        if expected.is_ok() {
            assert_eq!(guard.released, guard.bytes.len());
        }
    }
}

/// A method that would give the password away is refused before the driver sees the request.
#[test]
fn password_leaks_are_refused_early() {
    check(&authentication(3, b""), Err(Violation::Cleartext));
    check(&authentication(7, b""), Err(Violation::Method(7)));
    check(&authentication(13, b"x"), Err(Violation::Method(13)));
    check(&authentication(10, b"OAUTHBEARER\0\0"), Err(Violation::Mechanism));
    check(&authentication(10, b"SCRAM-SHA-256\0\0"), Ok(()));
    check(&authentication(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"), Ok(()));
    check(&authentication(11, b"r=n,s=c2FsdA==,i=4096"), Err(Violation::Malformed));
    check(&authentication(12, b"v=AAAA"), Err(Violation::Malformed));
    check(&authentication(5, b"salt"), Ok(()));
    check(&authentication(0, b""), Ok(()));
    check(&message(b'R', b"x"), Err(Violation::Malformed));
}

/// A Redshift challenge is answered once and never reaches the driver.
#[test]
fn redshift_challenge_is_answered_once() {
    let field = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let challenge = [&[0_u8; 4][..], &field(b"salt"), &field(b"nonce")].concat();
    let sent = [authentication(13, &challenge), authentication(0, b"")].concat();
    for size in [sent.len(), 1] {
        let mut guard = guard().answering_digests(Password::parse("canary").unwrap());
        sent.chunks(size).try_for_each(|chunk| guard.admit(chunk)).unwrap();
        assert_eq!(guard.bytes, authentication(0, b""), "in pieces of {size}");
        assert_eq!(guard.released, guard.bytes.len());
        assert_eq!(guard.answer[0], b'd');
        assert!(!guard.answer.windows(6).any(|window| window == b"canary"));
        let again = guard.admit(&authentication(13, &challenge)).map_err(|_| guard.refused.unwrap());
        assert_eq!(again, Err(Violation::Method(13)));
    }
}

/// The challenges of SCRAM are answered here and never reach the driver, and a server that has not proved
/// that it knows the password does not get further.
#[test]
fn scram_is_answered_before_the_driver() {
    let asked = authentication(10, b"SCRAM-SHA-256\0\0");
    let mut guard = guard();
    guard.admit(&asked).unwrap();
    assert_eq!((guard.bytes.len(), guard.answer[0], guard.asked.get()), (0, b'p', Some(&SCRAM)));
    for unproved in [authentication(0, b""), authentication(5, b"salt")] {
        check(&[asked.clone(), unproved].concat(), Err(Violation::Malformed));
    }
    check(&[asked, message(b'E', b"")].concat(), Ok(()));
}

/// A message that is too long is refused by its header, before its body is read.
#[test]
fn long_messages_end_at_the_header() {
    let head = |kind: u8, length: u32| [&[kind], &length.to_be_bytes()[..]].concat();
    check(&head(b'E', 1 << 30), Err(Violation::TooLong));
    check(&head(b'S', 64 * 1024 + 1), Err(Violation::TooLong));
    check(&head(b'S', 3), Err(Violation::Malformed));
    check(&message(b'D', b""), Err(Violation::Malformed));
    let ready = [authentication(0, b""), message(b'Z', b"I")].concat();
    check(&[ready.clone(), message(b'D', &vec![0; 100_000])].concat(), Ok(()));
    check(&[ready, head(b'D', (1 << 20) + 1)].concat(), Err(Violation::TooLong));
}
