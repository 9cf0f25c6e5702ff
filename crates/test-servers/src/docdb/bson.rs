//! BSON to and from JSON, as far as commands and replies about users need it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};

/// The JSON of a document; types that have no JSON become `{"$type": number}`. `None` where the bytes are no
/// BSON.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut fields = Map::new();
    for (name, value) in elements(bytes)? {
        fields.insert(name, value);
    }
    Some(Value::Object(fields))
}

fn elements(bytes: &[u8]) -> Option<Vec<(String, Value)>> {
    let mut rest = bytes.get(4..bytes.len().checked_sub(1)?)?;
    let mut all = Vec::new();
    while let Some((&kind, after)) = rest.split_first() {
        let end = after.iter().position(|byte| *byte == 0)?;
        let name = str::from_utf8(&after[..end]).ok()?.to_owned();
        let after = &after[end + 1..];
        let stated = || Some(usize::try_from(i32::from_le_bytes(*after.first_chunk()?)).ok());
        let size = match kind {
            0x0a => 0,
            0x08 => 1,
            0x10 => 4,
            0x01 | 0x09 | 0x11 | 0x12 => 8,
            0x07 => 12,
            0x02 => stated()?? + 4,
            0x05 => stated()?? + 5,
            0x03 | 0x04 => stated()??,
            _ => return None,
        };
        let (value, after) = after.split_at_checked(size)?;
        all.push((name, json_of(kind, value)?));
        rest = after;
    }
    Some(all)
}

fn json_of(kind: u8, bytes: &[u8]) -> Option<Value> {
    Some(match kind {
        0x01 => json!(f64::from_le_bytes(bytes.try_into().ok()?)),
        0x02 => json!(str::from_utf8(bytes.get(4..bytes.len() - 1)?).ok()?),
        0x03 => decode(bytes)?,
        0x04 => Value::Array(elements(bytes)?.into_iter().map(|(_, value)| value).collect()),
        0x05 => json!({"$binary": BASE64.encode(bytes.get(5..)?)}),
        0x08 => json!(bytes == [1]),
        0x0a => Value::Null,
        0x10 => json!(i32::from_le_bytes(bytes.try_into().ok()?)),
        0x12 => json!(i64::from_le_bytes(bytes.try_into().ok()?)),
        other => json!({"$type": other}),
    })
}

/// The bytes of an object. Integers become int32 where they fit.
pub(super) fn encode(document: &Value) -> Vec<u8> {
    let fields = document.as_object().into_iter().flatten();
    write(fields.map(|(name, value)| (name.clone(), value)))
}

fn write<'a>(fields: impl Iterator<Item = (String, &'a Value)>) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    for (name, value) in fields {
        let (kind, value) = bytes_of(value);
        bytes.push(kind);
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes.extend(value);
    }
    bytes.push(0);
    let length = length(bytes.len());
    bytes[..4].copy_from_slice(&length);
    bytes
}

fn bytes_of(value: &Value) -> (u8, Vec<u8>) {
    match value {
        Value::Null => (0x0a, Vec::new()),
        Value::Bool(truth) => (0x08, vec![u8::from(*truth)]),
        Value::String(text) => (0x02, [&length(text.len() + 1)[..], text.as_bytes(), &[0]].concat()),
        Value::Array(all) => {
            (0x04, write(all.iter().enumerate().map(|(index, value)| (index.to_string(), value))))
        }
        Value::Object(fields) => match fields.get("$binary").and_then(Value::as_str) {
            Some(text) => {
                let bytes = BASE64.decode(text).expect("a test writes base64");
                (0x05, [&length(bytes.len())[..], &[0], &bytes].concat())
            }
            None => (0x03, encode(value)),
        },
        Value::Number(number) => match number.as_i64().map(|whole| (whole, i32::try_from(whole))) {
            Some((_, Ok(small))) => (0x10, small.to_le_bytes().to_vec()),
            Some((large, Err(_))) => (0x12, large.to_le_bytes().to_vec()),
            None => (0x01, number.as_f64().unwrap_or_default().to_le_bytes().to_vec()),
        },
    }
}

fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).expect("a test's messages are short").to_le_bytes()
}
