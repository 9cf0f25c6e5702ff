//! A command of the operator's own, as JSON. Most of them cannot run in a read-only transaction, so a list
//! defines the permitted ones.

use std::time::Duration;

use serde_json::{Map, Value as Json};

use crate::{
    command::{Command, command},
    document::{Document, Reader, Value},
};

/// What a test query must be, for an error message.
pub(crate) const RULE: &str = "a JSON object of at most 4096 bytes that is one of the commands find, \
    aggregate (without $out and $merge), count, distinct, listCollections, collStats, dbStats, \
    connectionStatus and ping, without a session, a transaction, a write concern or a time limit of its own";

/// The commands, and whether they accept a time limit in every version.
const COMMANDS: [(&str, bool); 9] = [
    ("find", true),
    ("aggregate", true),
    ("count", true),
    ("distinct", true),
    ("listCollections", false),
    ("collStats", false),
    ("dbStats", false),
    ("connectionStatus", false),
    ("ping", false),
];
/// Stages that write. A query has no reason for such a key at any depth.
const WRITES: [&str; 2] = ["$out", "$merge"];
/// Fields that the function sets, or that must not be set.
const FORBIDDEN: [&str; 8] = [
    "lsid",
    "txnNumber",
    "autocommit",
    "startTransaction",
    "writeConcern",
    "maxTimeMS",
    "tailable",
    "awaitData",
];

pub(crate) fn admits(text: &str) -> bool {
    command_of(text).is_some()
}

/// The command for this database, unless it names another in `$db`; bounded by a time limit, and with one
/// batch as its whole answer where it can.
pub(crate) fn parse(text: &str, database: &str, limit: Duration) -> Option<Command> {
    let (fields, timed) = command_of(text)?;
    let database = fields.get("$db").and_then(Json::as_str).unwrap_or(database).to_owned();
    let mut document = Document::new();
    for (name, value) in fields.iter().filter(|(name, _)| !matches!(name.as_str(), "$db" | "singleBatch")) {
        document = written(document, name, value);
    }
    if fields.contains_key("find") {
        document = document.bool("singleBatch", true);
    }
    if fields.contains_key("aggregate") && !fields.contains_key("cursor") {
        document = document.document("cursor", &Document::new());
    }
    if timed {
        let milliseconds = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1);
        document = document.int("maxTimeMS", milliseconds);
    }
    Some(command("test query", document, &database))
}

/// The command that closes the cursor of a reply, where one is open.
pub(crate) fn close(reply: Reader<'_>) -> Option<Command> {
    let cursor = reply.get("cursor")?.as_document()?;
    let id = cursor.get("id").and_then(Value::as_int).filter(|id| *id != 0)?;
    let (database, collection) = cursor.text("ns")?.split_once('.')?;
    let document = Document::new().text("killCursors", collection);
    // The server requires the long form of a number here.
    let document = document.array("cursors", &Document::new().wide("0", id));
    Some(command("killCursors", document, database))
}

/// The fields of a command that only reads, and whether it accepts a time limit.
fn command_of(text: &str) -> Option<(Map<String, Json>, bool)> {
    let Json::Object(fields) = serde_json::from_str(text).ok()? else { return None };
    let first = fields.keys().next()?;
    let (_, timed) = COMMANDS.iter().find(|(name, _)| name == first)?;
    let allowed = fields.iter().all(|(name, value)| match name.as_str() {
        "$db" => value.as_str().is_some_and(|name| !name.is_empty() && !name.contains('\0')),
        name => !name.starts_with('$') && !FORBIDDEN.contains(&name) && only_reads(name, value),
    });
    allowed.then(|| (fields.clone(), *timed))
}

fn only_reads(name: &str, value: &Json) -> bool {
    let name_is_good = !WRITES.contains(&name) && !name.contains('\0');
    name_is_good
        && match value {
            Json::Object(fields) => fields.iter().all(|(name, value)| only_reads(name, value)),
            Json::Array(values) => values.iter().all(|value| only_reads("", value)),
            _ => true,
        }
}

fn written(document: Document, name: &str, value: &Json) -> Document {
    match value {
        Json::Null => document.null(name),
        Json::Bool(truth) => document.bool(name, *truth),
        Json::String(text) => document.text(name, text),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => document.long(name, whole),
            None => document.double(name, number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::Object(fields) => {
            let fields = fields.iter().fold(Document::new(), |all, (name, value)| written(all, name, value));
            document.document(name, &fields)
        }
        Json::Array(values) => {
            let numbered = values.iter().enumerate();
            let values =
                numbered.fold(Document::new(), |all, (index, value)| written(all, &index.to_string(), value));
            document.array(name, &values)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let command = parse(text, "shop", Duration::from_secs(2)).expect("a command that reads");
        let sent = json::of(Reader::parse(command.document().as_bytes()).unwrap());
        assert_eq!(sent.to_string(), expected);
    }

    /// Commands that read are sent as they are, and bounded.
    #[test]
    fn reading_commands_are_bounded() {
        check(r#"{"ping": 1}"#, r#"{"ping":1,"$db":"shop"}"#);
        check(
            r#"{"find": "orders", "filter": {"a": [1, true, "x"]}, "limit": 1, "$db": "b"}"#,
            concat!(
                r#"{"find":"orders","filter":{"a":[1,true,"x"]},"limit":1,"#,
                r#""singleBatch":true,"maxTimeMS":2000,"$db":"b"}"#
            ),
        );
        check(
            r#"{"aggregate": "orders", "pipeline": [{"$match": {"n": 5000000000}}]}"#,
            concat!(
                r#"{"aggregate":"orders","pipeline":[{"$match":{"n":5000000000}}],"#,
                r#""cursor":{},"maxTimeMS":2000,"$db":"shop"}"#
            ),
        );
    }

    #[track_caller]
    fn check_refused(text: &str) {
        assert!(!admits(text), "{text}");
    }

    /// Whatever may write, or is no command, is refused.
    #[test]
    fn writes_and_noncommands_are_refused() {
        for text in [
            "",
            "SELECT 1",
            "[]",
            "{}",
            r#"{"insert": "orders", "documents": [{}]}"#,
            r#"{"filter": {}, "find": "orders"}"#,
            r#"{"aggregate": "orders", "pipeline": [{"$out": "copy"}]}"#,
            r#"{"aggregate": "orders", "pipeline": [{"$merge": {"into": "copy"}}]}"#,
            r#"{"aggregate": "orders", "pipeline": [{"$facet": {"a": [{"$out": "copy"}]}}]}"#,
            r#"{"find": "orders", "lsid": {}}"#,
            r#"{"find": "orders", "maxTimeMS": 0}"#,
            r#"{"find": "orders", "$readPreference": {}}"#,
            r#"{"find": "orders", "$db": 1}"#,
            r#"{"find": "orders", "filter": {"a\u0000b": 1}}"#,
            r#"{"mapReduce": "orders"}"#,
            r#"{"ping": 1} {"ping": 1}"#,
        ] {
            check_refused(text);
        }
    }

    /// A cursor that is not read to its end is closed.
    #[test]
    fn abandoned_cursor_is_closed() {
        let reply = |id: i64| {
            let cursor = Document::new().wide("id", id).text("ns", "shop.orders.old");
            Document::new().document("cursor", &cursor).int("ok", 1)
        };
        let closing = |id| {
            let reply = reply(id);
            let command = close(Reader::parse(reply.as_bytes()).unwrap())?;
            Some(json::of(Reader::parse(command.document().as_bytes()).unwrap()).to_string())
        };
        let expected = r#"{"killCursors":"orders.old","cursors":[7],"$db":"shop"}"#;
        assert_eq!((closing(7).as_deref(), closing(0)), (Some(expected), None));
    }
}
