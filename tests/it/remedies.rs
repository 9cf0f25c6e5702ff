//! What engines add to hints is in the fixes of the catalogue, word for word.

use std::collections::BTreeMap;

use super::{root, texts::texts_of};

/// Which part of an engine's `Remedies` is in the fix of which code.
const FIXES: [(&str, &str); 8] = [
    ("set_password", "DB_AUTH_REFUSED"),
    ("unlock", "DB_LOCKED"),
    ("prolong", "DB_EXPIRED"),
    ("access_rules", "DB_ACCESS_RULE"),
    ("authentication", "DB_AUTH_METHOD"),
    ("make_clone", "DB_CLONE_NOT_RECOGNIZED"),
    ("oldest", "DB_UNSUPPORTED"),
    ("also_refused", "DB_AUTH_REFUSED"),
];

/// Where they are, and how often each part must be there.
const ENGINES: [&str; 5] = [
    "crates/rotator-postgres/src/profile.rs",
    "crates/rotator-mysql/src/flavor.rs",
    "crates/rotator-docdb/src/profile.rs",
    "crates/rotator-elasticache/src/profile.rs",
    "crates/rotator-redshift/src/profile.rs",
];

fn fix(code: &str) -> String {
    let path = root().join(format!("docs/errors/{code}.md"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
    let (_, fix) = text.split_once("\n## Fix\n").expect("a fix");
    one_line(fix)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The string literals that follow `name: ` in a source, as the compiler reads them.
fn literals(source: &str, name: &str) -> Vec<String> {
    let head = format!("{name}: \"");
    source.split(&head).skip(1).map(literal).collect()
}

/// What is before the quote that ends a literal.
fn literal(rest: &str) -> String {
    let mut text = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next().filter(|character| *character != '"') {
        match character {
            '\\' => match characters.next() {
                Some('\n') => text = text.trim_end().to_owned() + " ",
                Some(escaped) => text.push(escaped),
                None => break,
            },
            plain => text.push(plain),
        }
    }
    one_line(&text)
}

#[test]
fn what_an_engine_adds_to_hints_is_in_the_fixes() {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for engine in ENGINES {
        let source = std::fs::read_to_string(root().join(engine)).expect(engine);
        let (_, remedies) = source.split_once("Remedies = ").expect("a table");
        for (part, code) in FIXES {
            for text in literals(remedies, part) {
                assert!(fix(code).contains(&text), "{engine}: {code} lacks: {text}");
                *found.entry(part).or_default() += 1;
            }
        }
    }
    assert!(found.len() == FIXES.len() && found.values().all(|found| *found >= ENGINES.len()), "{found:?}");
}

#[test]
fn what_to_do_with_a_user_that_cannot_be_rotated_is_in_the_fix() {
    let fix = fix("DB_USER_NOT_ROTATABLE");
    let sources: Vec<_> = texts_of("rs").filter(|(path, _)| path.contains("/src/")).collect();
    let remedies: Vec<_> = sources.iter().flat_map(|(_, text)| literals(text, "remedy")).collect();
    let constants = ["SINGLE_USER: &str = ", "ONE_METHOD: &str = "].map(|head| {
        let found = sources.iter().find_map(|(_, text)| text.split_once(head));
        literal(found.expect(head).1.trim_start_matches('"'))
    });
    assert!(remedies.len() > 3, "{remedies:?}");
    for remedy in remedies.iter().chain(&constants) {
        assert!(fix.contains(remedy.as_str()), "it lacks: {remedy}");
    }
}

/// Constants that an engine puts into hints.
const CONSTANTS: [(&str, &str, &str); 4] = [
    ("crates/rotator-mysql/src/remediation.rs", "SELF_SIGNED: &str = ", "TLS_SELF_SIGNED"),
    ("crates/rotator-mysql/src/remediation.rs", "UNPROVEN: &str = ", "TLS_SELF_SIGNED"),
    ("crates/postgres-session/src/refusal.rs", "LOGIN_TRIGGERS: &str =", "DB_SESSION_REFUSED"),
    ("crates/postgres-session/src/refusal.rs", "PRELOADED: &str = ", "DB_SESSION_REFUSED"),
];

#[test]
fn constants_of_engines_are_in_the_fixes() {
    for (file, head, code) in CONSTANTS {
        let source = std::fs::read_to_string(root().join(file)).expect(file);
        let (_, rest) = source.split_once(head).expect(head);
        let text = literal(rest.trim_start().trim_start_matches('"'));
        assert!(fix(code).contains(&text), "{code} lacks: {text}");
    }
}
