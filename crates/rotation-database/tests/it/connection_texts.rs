//! URLs and connection strings: how they are parsed, and how they are rewritten with other credentials.

use rotation_database::ConnectionText;

/// Users and passwords, as a client reads them.
fn read(text: &ConnectionText<'_>) -> (Vec<String>, Vec<String>) {
    (
        text.users().map(|user| user.unwrap().to_string()).collect(),
        text.passwords().map(|one| one.unwrap().to_string()).collect(),
    )
}

/// Checks how a text is parsed, and how it is rewritten with a user and a password that every form must
/// quote.
#[track_caller]
fn check(text: &str, credentials: Option<(&str, &str)>, replaced: &str) {
    let found = ConnectionText::parse(text).unwrap_or_default();
    let (users, passwords) = read(&found);
    let expected = credentials.map(|(user, password)| (user.to_owned(), password.to_owned()));
    let (expected_users, expected_passwords): (Vec<_>, Vec<_>) = expected.into_iter().unzip();
    assert_eq!((&users, &passwords), (&expected_users, &expected_passwords), "{text}");
    let after = found.replaced("n u", "p'\"{}\\%;&=é").unwrap();
    assert_eq!(*after, replaced);
    if credentials.is_some() {
        let again = ConnectionText::parse(&after).unwrap();
        let expected = (vec!["n u".to_owned()], vec!["p'\"{}\\%;&=é".to_owned()]);
        assert_eq!(read(&again), expected, "{}", *after);
    }
}

const IN_URL: &str = "p%27%22%7B%7D%5C%25%3B%26%3D%C3%A9";

/// URLs: the credentials in each known form are read and replaced.
#[test]
fn urls() {
    let both = |user: &str, password: &str, text: &str, to: &str| {
        check(text, Some((user, password)), &to.replace("<PW>", IN_URL));
    };
    both("u", "p@", "postgresql://u:p%40@h:5432/db?x=1#f", "postgresql://n%20u:<PW>@h:5432/db?x=1#f");
    both("u", "p:@", "mongodb://u:p%3A%40@a:1,b:2/?w=1", "mongodb://n%20u:<PW>@a:1,b:2/?w=1");
    both(
        "u",
        "p@",
        "postgresql+psycopg2://u:p%40@h/db?sslmode=require",
        "postgresql+psycopg2://n%20u:<PW>@h/db?sslmode=require",
    );
    both("u", "p", "sqlserver://u:p@h:1433?database=d", "sqlserver://n%20u:<PW>@h:1433?database=d");
    both("u", "", "mysql://u:@h", "mysql://n%20u:<PW>@h");
    both("u", "p", "postgres://h/db?user=u&password=p", "postgres://h/db?user=n%20u&password=<PW>");
    both(
        "u",
        "p",
        "jdbc:mysql://h:3306/db?user=u&password=p",
        "jdbc:mysql://h:3306/db?user=n%20u&password=<PW>",
    );
    both(
        "u",
        "p;x",
        "jdbc:postgresql://h/db?user=u&password=p;x",
        "jdbc:postgresql://h/db?user=n%20u&password=<PW>",
    );
    both("u", "p#", "jdbc:redshift://h/db;UID=u;PWD=p#", "jdbc:redshift://h/db;UID=n%20u;PWD=<PW>");
    check("https://h/path?q=1", None, "https://h/path?q=1");
    let server = "jdbc:sqlserver://h:1433;user=u;password={p;}}};encrypt=true";
    let to = r#"jdbc:sqlserver://h:1433;user={n u};password={p'"{}}\%;&=é};encrypt=true"#;
    check(server, Some(("u", "p;}")), to);
}

/// Keywords and pairs: their credentials are read and replaced.
#[test]
fn keywords_and_pairs() {
    let keywords = r"host = h user=u password='p\' \\w' dbname=shop";
    check(keywords, Some(("u", r"p' \w")), r#"host = h user='n u' password='p\'"{}\\%;&=é' dbname=shop"#);
    check(
        r"host=h user=u password=p\ w",
        Some(("u", "p w")),
        r#"host=h user='n u' password='p\'"{}\\%;&=é'"#,
    );
    let spaced = "  host=h  user = u password= p ";
    check(spaced, Some(("u", "p")), r#"  host=h  user = 'n u' password= 'p\'"{}\\%;&=é' "#);
    let pairs = r#"Server=h;User ID=u;Password="p""q;";Ssl=true"#;
    check(pairs, Some(("u", "p\"q;")), r#"Server=h;User ID="n u";Password="p'""{}\%;&=é";Ssl=true"#);
    let odbc = "Driver={My};Server=h;Uid=u;Pwd={p};";
    check(odbc, Some(("u", "p")), r#"Driver={My};Server=h;Uid={n u};Pwd={p'"{}}\%;&=é};"#);
    let blanks = "Server= h;User ID= u ;Password= p ;";
    check(blanks, Some(("u", "p")), r#"Server= h;User ID= "n u" ;Password= "p'""{}\%;&=é" ;"#);
    let quote_within = "host=h user=u password=it's dbname=d";
    let replaced = r#"host=h user='n u' password='p\'"{}\\%;&=é' dbname=d"#;
    check(quote_within, Some(("u", "it's")), replaced);
    check("host=h;user=u; password=p", Some(("u", "p")), r#"host=h;user="n u"; password="p'""{}\%;&=é""#);
}

/// DSNs of Go's drivers: their credentials are read and replaced.
#[test]
fn dsns_of_go() {
    check("u:p@w@tcp(h:3306)/db?x=1", Some(("u", "p@w")), r#"n u:p'"{}\%;&=é@tcp(h:3306)/db?x=1"#);
    check("u:p@/db", Some(("u", "p")), r#"n u:p'"{}\%;&=é@/db"#);
}

/// Other texts hold no credentials.
#[test]
fn other_texts_hold_no_credentials() {
    for text in [
        "u:p@tcp(h/db",
        "u:p@tcp)/db",
        "",
        "just words",
        "a=b",
        "password",
        "scott/tiger@db",
        "'",
        "k='",
        "=;=;=",
        "a=\"b",
        "://",
        "9p://u:p@h/x",
        "a b://u:p@h/x",
    ] {
        let found = ConnectionText::parse(text).unwrap_or_default();
        assert_eq!(read(&found), (Vec::new(), Vec::new()), "{text}");
    }
}

/// Credentials at each host, as in Connector/J; where that is ambiguous, nothing is found.
#[test]
fn urls_of_several_hosts() {
    let text = "jdbc:mysql://u:p@a,u:p@b:3307/db";
    let found = ConnectionText::parse(text).unwrap();
    assert_eq!(read(&found), (vec!["u".into(), "u".into()], vec!["p".into(), "p".into()]));
    assert_eq!(*found.replaced("v", "q").unwrap(), "jdbc:mysql://v:q@a,v:q@b:3307/db");
    assert!(ConnectionText::parse("mysql://u:p@w@a/db").is_none());
}

/// A value that a form cannot hold is none.
/// MariaDB's driver decodes nothing, so some values cannot be written for it.
#[test]
fn value_no_form_can_hold() {
    for text in [
        "jdbc:mariadb://h/db?user=u&password=p%40",
        "jdbc:mysql://h/db?permitMysqlScheme&user=u&password=p%40",
    ] {
        let found = ConnectionText::parse(text).unwrap();
        assert_eq!(read(&found), (vec!["u".into()], vec!["p%40".into()]));
        assert_eq!(
            *found.replaced("v", "q;%").unwrap(),
            text.replace("user=u", "user=v").replace("p%40", "q;%")
        );
        assert!(found.replaced("v", "q&").is_none());
    }
    assert!(ConnectionText::parse("u:p@tcp(h)/db").unwrap().replaced("a:b", "q").is_none());
}

/// A connection text shows whether it names the host, or any host at all.
#[test]
fn hosts() {
    for (text, expected) in [
        ("postgresql://u:p@h:5432/db", Some(true)),
        ("postgresql://u:p@other,H./db", Some(true)),
        ("postgresql://u:p@other/db", Some(false)),
        ("postgresql:///db?user=u", None),
        ("postgresql:///db?user=u&host=h", Some(true)),
        ("mysql://u:p@[::1]:3306/db", Some(false)),
        ("jdbc:mysql://other/db?user=u", Some(false)),
        ("host='h' user=u password=p", Some(true)),
        ("Server=tcp:h;User ID=u;Password=p", Some(true)),
        ("Data Source=other;User ID=u;Password=p", Some(false)),
        ("u:p@tcp(h:3306)/db", Some(true)),
        ("u:p@/db", None),
    ] {
        assert_eq!(ConnectionText::parse(text).unwrap().names_host("h"), expected, "{text}");
    }
}

/// Either the user or the password may be missing.
/// A password without a user, as in Redis URLs, and a user without a password.
#[test]
fn user_or_password_alone() {
    let found = ConnectionText::parse("redis://:p@cache/0").unwrap();
    assert_eq!(read(&found), (vec![], vec!["p".into()]));
    let found = ConnectionText::parse("postgresql://u@h/db").unwrap();
    assert_eq!(read(&found), (vec!["u".into()], vec![]));
}

/// A text is written in one piece.
/// A string that grows would leave parts of the password in memory, so each text has its full capacity from
/// the start.
#[test]
fn written_in_one_allocation() {
    let text = "postgresql://u:p@h/db?user=u&password=p";
    let (user, password) = ("é é", "%%%%%%%%");
    let replaced = ConnectionText::parse(text).unwrap().replaced(user, password).unwrap();
    let room = text.len() + 2 * (3 * user.len() + 2) + 2 * (3 * password.len() + 2);
    assert!(replaced.len() <= room);
    assert_eq!(replaced.capacity(), room);
}

/// Nothing of a connection text is printed.
#[test]
fn prints_its_type_alone() {
    let found = ConnectionText::parse("redis://:p@cache/0").unwrap();
    assert_eq!(format!("{found:?}"), "ConnectionText(..)");
}
