use super::*;

/// As `pencil`, which MongoDB prepares for SHA-1 as MD5 of `user:mongo:pencil`.
fn opening(mechanism: Mechanism, name: &str, binding: Binding, nonce: &str) -> Opening {
    let password = match mechanism {
        Mechanism::Sha1 => "1c33006ec1ffd90f9cadcbcc0e118200",
        Mechanism::Sha256 => "pencil",
    };
    let password = PreparedPassword::new(Zeroizing::new(password.to_owned()));
    Opening::with_nonce(mechanism, name, password, binding, nonce.to_owned())
}

/// The exchanges printed in MongoDB's driver specification and in RFC 7677 are reproduced.
#[test]
fn published_exchanges() {
    let salted = SaltedPasswords::default();
    let first = opening(Mechanism::Sha1, "user", Binding::Unsupported, "fyko+d2lbbFgONRv9qkxdawL");
    assert_eq!(first.message(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    let nonce = "r=fyko+d2lbbFgONRv9qkxdawLHo+Vgk7qvUOKUwuWLIWg4l/9SraGMHEE";
    let challenge = format!("{nonce},s=rQ9ZY3MntBeuP3E1TDVC4w==,i=10000");
    let closing = first.answer(challenge.as_bytes(), 4096, &salted).unwrap();
    assert_eq!(closing.message(), format!("c=biws,{nonce},p=MC2T8BvbmWRckDw8oWl5IVghwCY="));
    assert_eq!(closing.check(b"v=UMWeI25JD1yNYZRMpZ4VHvhZ9e0="), Ok(()));
    assert_eq!(closing.check(b"v=VMWeI25JD1yNYZRMpZ4VHvhZ9e0="), Err(Violation::Signature));

    let first = opening(Mechanism::Sha256, "user", Binding::Unsupported, "rOprNGfwEbeRWgbNEkqO");
    let nonce = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let challenge = format!("{nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    let closing = first.answer(challenge.as_bytes(), 4096, &salted).unwrap();
    assert_eq!(closing.message(), format!("c=biws,{nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
    assert_eq!(closing.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
}

/// The header names what the proof is bound to, and the last message repeats it with the certificate's hash.
#[test]
fn binding_is_in_both_messages() {
    let check = |binding: Binding, header: &str, repeated: &str| {
        let first = opening(Mechanism::Sha256, "", binding, "ours");
        assert_eq!(first.message(), format!("{header}n=,r=ours"));
        let closing = first.answer(b"r=ours+,s=c2FsdA==,i=1", 1, &SaltedPasswords::default()).unwrap();
        assert!(closing.message().starts_with(&format!("c={repeated},r=ours+,p=")));
    };
    check(Binding::Unsupported, "n,,", "biws");
    check(Binding::NotOffered, "y,,", "eSws");
    let hash = b"0123456789".to_vec();
    let repeated = BASE64.encode([&b"p=tls-server-end-point,,"[..], &hash].concat());
    check(Binding::ServerEndPoint(hash), "p=tls-server-end-point,,", &repeated);
}

/// Characters that separate the parts of a message are escaped in a name.
#[test]
fn names_are_escaped() {
    let first = opening(Mechanism::Sha256, "a=b,c\u{2168}", Binding::Unsupported, "n");
    assert_eq!(first.message(), "n,,n=a=3Db=2Cc\u{2168},r=n");
}

/// Nothing prints the password or the proof.
#[test]
fn nothing_prints() {
    let first = opening(Mechanism::Sha256, "user", Binding::Unsupported, "n");
    assert!(!format!("{first:?}").contains("pencil"));
}

#[track_caller]
fn check(server_first: &str, expected: Violation) {
    let first = opening(Mechanism::Sha256, "user", Binding::Unsupported, "ours");
    let outcome = first.answer(server_first.as_bytes(), 4096, &SaltedPasswords::default());
    assert_eq!(outcome.err(), Some(expected), "{server_first}");
}

/// What a server must not answer ends the exchange.
#[test]
fn forbidden_answers_end_the_exchange() {
    check("r=theirs,s=c2FsdA==,i=15000", Violation::Nonce);
    check("r=ours,s=c2FsdA==,i=15000", Violation::Nonce);
    check("r=ours+,s=c2FsdA==,i=4095", Violation::TooFewIterations);
    check("r=ours+,s=c2FsdA==,i=0", Violation::TooFewIterations);
    check("r=ours+,s=c2FsdA==,i=100001", Violation::TooManyIterations);
    check("r=ours+,s=c2FsdA==,i=99999999999999999999", Violation::TooManyIterations);
    check("r=ours+,s=c2FsdA==,i=-1", Violation::Malformed);
    check("r=ours+,s=c2FsdA==,i=", Violation::Malformed);
    check("r=ours+,s=c2FsdA==,i=15000,x=1", Violation::Malformed);
    check("r=ours+,s=,i=15000", Violation::Malformed);
    check("r=ours+,s=!,i=15000", Violation::Malformed);
    check("m=ext,r=ours+,s=c2FsdA==,i=15000", Violation::Malformed);
    check(&format!("r=ours+{},s=c2FsdA==,i=15000", "x".repeat(3000)), Violation::Malformed);
}

/// As many iterations as the caller and other drivers accept.
#[test]
fn iterations_from_the_fewest_to_the_most() {
    for (count, fewest) in [("1", 1), ("0004096", 4096), ("100000", 4096)] {
        let first = opening(Mechanism::Sha256, "user", Binding::Unsupported, "ours");
        let challenge = format!("r=ours+,s=c2FsdA==,i={count}");
        first.answer(challenge.as_bytes(), fewest, &SaltedPasswords::default()).unwrap();
    }
}
