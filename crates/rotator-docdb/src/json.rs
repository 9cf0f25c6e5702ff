//! Commands as JSON, as operators write them.

use serde_json::{Map, Value as Json, json};

use crate::document::{Reader, Value};

/// A document. What has no form in JSON is named by its type: commands here do not contain such values.
pub(crate) fn of(document: Reader<'_>) -> Json {
    let elements = document.elements().filter_map(Result::ok);
    Json::Object(elements.map(|(name, value)| (name.to_owned(), of_value(value))).collect::<Map<_, _>>())
}

fn of_value(value: Value<'_>) -> Json {
    if let Some(text) = value.as_text() {
        return json!(text);
    }
    if let Some(document) = value.as_document() {
        return of(document);
    }
    if let Some(values) = value.as_array() {
        return values.into_iter().map(of_value).collect();
    }
    match (value.as_bool(), value.as_int()) {
        (Some(truth), _) => json!(truth),
        (None, Some(number)) => json!(number),
        (None, None) => json!({"$type": value.kind()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    /// A command is read as people write it.
    #[test]
    fn command_in_its_usual_spelling() {
        let role = Document::new().text("role", "read").text("db", "shop");
        let command = Document::new()
            .text("grantRolesToUser", "a \"b\"")
            .documents("roles", [role])
            .texts("mechanisms", ["SCRAM-SHA-256"])
            .bool("yes", true)
            .int("one", 1)
            .binary("bytes", b"x");
        let text = of(Reader::parse(command.as_bytes()).unwrap()).to_string();
        let expected = concat!(
            r#"{"grantRolesToUser":"a \"b\"","roles":[{"role":"read","db":"shop"}],"#,
            r#""mechanisms":["SCRAM-SHA-256"],"yes":true,"one":1,"bytes":{"$type":5}}"#,
        );
        assert_eq!(text, expected);
    }
}
