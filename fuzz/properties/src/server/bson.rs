//! Documents of MongoDB's protocol (bsonspec.org, version 1.1), from JSON.

use serde_json::Value;

/// A JSON object or array as a document; anything else as an empty one. `{"$b": "text"}` stands for the bytes
/// of the text.
pub(super) fn bson(value: &Value) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    let fields: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) => {
            values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in fields {
        let sized = |body: &[u8]| [&u32::try_from(body.len()).unwrap_or(0).to_le_bytes()[..], body].concat();
        let binary = value.get("$b").and_then(Value::as_str);
        let (kind, body) = match (value, binary) {
            (_, Some(text)) => {
                let length = u32::try_from(text.len()).unwrap_or(0).to_le_bytes();
                (5, [&length[..], &[0], text.as_bytes()].concat())
            }
            (Value::Null, _) => (0x0a, Vec::new()),
            (Value::Bool(truth), _) => (8, vec![u8::from(*truth)]),
            (Value::String(text), _) => (2, sized(&[text.as_bytes(), &[0]].concat())),
            (Value::Array(_), _) => (4, bson(value)),
            (Value::Object(_), _) => (3, bson(value)),
            (Value::Number(number), _) => match number.as_i64().map(|whole| (whole, i32::try_from(whole))) {
                Some((_, Ok(small))) => (0x10, small.to_le_bytes().to_vec()),
                Some((large, Err(_))) => (0x12, large.to_le_bytes().to_vec()),
                None => (1, number.as_f64().unwrap_or_default().to_le_bytes().to_vec()),
            },
        };
        bytes.push(kind);
        bytes.extend(name.bytes().filter(|byte| *byte != 0));
        bytes.push(0);
        bytes.extend(body);
    }
    bytes.push(0);
    let length = u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes();
    bytes[..4].copy_from_slice(&length);
    bytes
}
