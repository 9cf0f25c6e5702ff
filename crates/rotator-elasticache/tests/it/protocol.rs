//! RESP: replies in pieces, replies that are none, and their limits.

use rotator_elasticache::{Malformed, Reply, command};

fn parsed(text: &str) -> Result<Option<(Reply, usize)>, Malformed> {
    Reply::parse(text.as_bytes())
}

/// A reply is read whole or not at all, however it is cut.
#[test]
fn reply_in_pieces() {
    let text = "*4\r\n$5\r\nflags\r\n*1\r\n+on\r\n$9\r\npasswords\r\n*-1\r\n";
    let (whole, length) = parsed(text).unwrap().unwrap();
    assert_eq!(length, text.len());
    for end in 0..text.len() {
        assert!(matches!(parsed(&text[..end]), Ok(None)), "{end}");
    }
    let more = format!("{text}+OK\r\n");
    assert!(parsed(&more).unwrap().unwrap() == (whole, length));
}

/// What is no reply, or too large, is refused, and never a panic.
#[test]
fn malformed_replies() {
    for text in [
        "\r\n",
        "?\r\n",
        ":x\r\n",
        "$x\r\n",
        "*x\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "$2\r\nabcd",
        "$1048577\r\n",
        "*10001\r\n",
        "HTTP/1.1 400\r\n",
        "\u{16}\u{3}\u{1}\r\n",
    ] {
        assert_eq!(parsed(text).err(), Some(Malformed), "{text:?}");
    }
    let deep = "*1\r\n".repeat(20);
    assert_eq!(parsed(&deep).err(), Some(Malformed));
    let many = format!("*9000\r\n{}", "*1\r\n:1\r\n".repeat(9000));
    assert_eq!(parsed(&many).err(), Some(Malformed));
    let endless = format!("+{}", "a".repeat(1024 * 1024));
    assert_eq!(parsed(&endless).err(), Some(Malformed));
}

/// Any bytes are read without a panic.
#[test]
fn any_bytes() {
    let signs = b"*$+-:0123456789\r\nab\0\xff";
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..100_000 {
        let bytes: Vec<u8> = (0..random.usize(..24)).map(|_| signs[random.usize(..signs.len())]).collect();
        if let Ok(Some((_, length))) = Reply::parse(&bytes) {
            assert!(length <= bytes.len());
        }
    }
}

/// Arguments are counted in bytes, so no argument can become another command.
#[test]
fn arguments_are_counted() {
    let bytes = command(&["ACL", "SETUSER", "a b\r\nFLUSHALL", "ä"]);
    assert_eq!(
        std::str::from_utf8(&bytes),
        Ok("*4\r\n$3\r\nACL\r\n$7\r\nSETUSER\r\n$13\r\na b\r\nFLUSHALL\r\n$2\r\nä\r\n")
    );
}

/// Nothing of a reply is printed.
#[test]
fn reply_does_not_print() {
    let (reply, _) = parsed("+canary\r\n").unwrap().unwrap();
    assert_eq!(format!("{reply:?}"), "Reply(..)");
}
