//! BSON documents: written once, read without a copy. Unknown content is carried over byte for byte.
//!
//! Of the format's types (bsonspec.org, version 1.1) only those that users and replies consist of have names
//! here; every other one has a length, so that a `customData` of any content is copied faithfully.

use thiserror::Error;
use zeroize::Zeroizing;

const DOUBLE: u8 = 0x01;
const STRING: u8 = 0x02;
const DOCUMENT: u8 = 0x03;
const ARRAY: u8 = 0x04;
const BINARY: u8 = 0x05;
const BOOL: u8 = 0x08;
const NULL: u8 = 0x0a;
const INT32: u8 = 0x10;
const TIMESTAMP: u8 = 0x11;
const INT64: u8 = 0x12;

/// The bytes are not one whole BSON document.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("malformed BSON")]
pub(crate) struct Malformed;

/// A document to be sent. It never prints, and its memory is cleared when it is dropped: it may hold a
/// password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Document(Zeroizing<Vec<u8>>);

impl Document {
    /// An empty document with room, so that a password does not leave copies behind while the document grows.
    pub(crate) fn new() -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
        bytes.extend([5, 0, 0, 0, 0]);
        Self(bytes)
    }

    /// A copy with the same room: what is added to it leaves no other copies behind.
    pub(crate) fn copy(&self) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.0.len() + 8192));
        bytes.extend(self.0.iter());
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 5
    }

    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        let mut value = Zeroizing::new(Vec::with_capacity(text.len() + 5));
        value.extend(length(text.len() + 1));
        value.extend(text.as_bytes());
        value.push(0);
        self.raw(STRING, name, &value)
    }

    pub(crate) fn int(self, name: &str, number: i32) -> Self {
        self.raw(INT32, name, &number.to_le_bytes())
    }

    /// An integer, in the shorter of its two forms.
    pub(crate) fn long(self, name: &str, number: i64) -> Self {
        match i32::try_from(number) {
            Ok(number) => self.int(name, number),
            Err(_) => self.wide(name, number),
        }
    }

    /// An integer in its longer form.
    pub(crate) fn wide(self, name: &str, number: i64) -> Self {
        self.raw(INT64, name, &number.to_le_bytes())
    }

    pub(crate) fn double(self, name: &str, number: f64) -> Self {
        self.raw(DOUBLE, name, &number.to_le_bytes())
    }

    pub(crate) fn null(self, name: &str) -> Self {
        self.raw(NULL, name, &[])
    }

    /// An array, given as the document of its values by their numbers.
    pub(crate) fn array(self, name: &str, values: &Document) -> Self {
        self.raw(ARRAY, name, values.as_bytes())
    }

    pub(crate) fn bool(self, name: &str, truth: bool) -> Self {
        self.raw(BOOL, name, &[u8::from(truth)])
    }

    pub(crate) fn binary(self, name: &str, bytes: &[u8]) -> Self {
        let value = [&length(bytes.len())[..], &[0], bytes].concat();
        self.raw(BINARY, name, &value)
    }

    pub(crate) fn document(self, name: &str, document: &Document) -> Self {
        self.raw(DOCUMENT, name, document.as_bytes())
    }

    pub(crate) fn texts<'a>(self, name: &str, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let all = texts.into_iter().enumerate();
        let array = all.fold(Document::new(), |array, (index, text)| array.text(&index.to_string(), text));
        self.array(name, &array)
    }

    pub(crate) fn documents(self, name: &str, documents: impl IntoIterator<Item = Document>) -> Self {
        let all = documents.into_iter().enumerate();
        let array = all.fold(Document::new(), |array, (index, one)| array.document(&index.to_string(), &one));
        self.array(name, &array)
    }

    /// A value as it was received.
    pub(crate) fn value(self, name: &str, value: Value<'_>) -> Self {
        self.raw(value.kind, name, value.bytes)
    }

    /// Names never hold a NUL: they are constants, or were read from a document.
    fn raw(mut self, kind: u8, name: &str, value: &[u8]) -> Self {
        self.0.pop();
        self.0.push(kind);
        self.0.extend(name.as_bytes());
        self.0.push(0);
        self.0.extend(value);
        self.0.push(0);
        let whole = length(self.0.len());
        self.0[..4].copy_from_slice(&whole);
        self
    }
}

fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).expect("what we send has kilobytes").to_le_bytes()
}

/// A document that was received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reader<'a>(&'a [u8]);

/// One value of a document that was received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    kind: u8,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks that the bytes are one document whose elements can be walked.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let reader = Self(bytes);
        let stated = bytes.first_chunk::<4>().ok_or(Malformed)?;
        let whole = usize::try_from(i32::from_le_bytes(*stated)) == Ok(bytes.len());
        if !whole || bytes.last() != Some(&0) || bytes.len() < 5 {
            return Err(Malformed);
        }
        reader.elements().try_for_each(|element| element.map(drop))?;
        Ok(reader)
    }

    /// Names and values in their order. Nothing follows a malformed one.
    pub(crate) fn elements(self) -> impl Iterator<Item = Result<(&'a str, Value<'a>), Malformed>> {
        let mut rest = self.0.get(4..self.0.len().saturating_sub(1)).unwrap_or_default();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let element = element(rest);
            rest = element.as_ref().map_or(&[][..], |(_, _, after)| after);
            Some(element.map(|(name, value, _)| (name, value)))
        })
    }

    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        self.elements().filter_map(Result::ok).find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_text()
    }
}

/// The first element of the rest of a document, and what follows it.
fn element(rest: &[u8]) -> Result<(&str, Value<'_>, &[u8]), Malformed> {
    let (kind, rest) = rest.split_first().ok_or(Malformed)?;
    let (name, rest) = c_string(rest)?;
    let stated = || {
        let stated = rest.first_chunk::<4>().ok_or(Malformed)?;
        usize::try_from(i32::from_le_bytes(*stated)).map_err(|_| Malformed)
    };
    let size = match *kind {
        // Undefined, null, smallest and largest key.
        0x06 | NULL | 0xff | 0x7f => 0,
        BOOL => 1,
        INT32 => 4,
        // Date.
        DOUBLE | 0x09 | TIMESTAMP | INT64 => 8,
        // ObjectId, decimal.
        0x07 => 12,
        0x13 => 16,
        // Code and symbol have the form of strings; a reference is a string and an ObjectId.
        STRING | 0x0d | 0x0e => stated()?.checked_add(4).ok_or(Malformed)?,
        0x0c => stated()?.checked_add(16).ok_or(Malformed)?,
        BINARY => stated()?.checked_add(5).ok_or(Malformed)?,
        DOCUMENT | ARRAY | 0x0f => stated()?,
        // Pattern and options.
        0x0b => {
            let (pattern, after) = c_string(rest)?;
            pattern.len() + c_string(after)?.0.len() + 2
        }
        _ => return Err(Malformed),
    };
    let (bytes, after) = rest.split_at_checked(size).ok_or(Malformed)?;
    Ok((name, Value { kind: *kind, bytes }, after))
}

fn c_string(bytes: &[u8]) -> Result<(&str, &[u8]), Malformed> {
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(Malformed)?;
    let text = str::from_utf8(&bytes[..end]).map_err(|_| Malformed)?;
    Ok((text, &bytes[end + 1..]))
}

impl<'a> Value<'a> {
    pub(crate) fn as_text(self) -> Option<&'a str> {
        let text = self.bytes.get(4..)?.strip_suffix(&[0])?;
        (self.kind == STRING).then(|| str::from_utf8(text).ok())?
    }

    pub(crate) fn as_document(self) -> Option<Reader<'a>> {
        (self.kind == DOCUMENT).then(|| Reader::parse(self.bytes).ok())?
    }

    /// The values of an array.
    pub(crate) fn as_array(self) -> Option<Vec<Value<'a>>> {
        let array = (self.kind == ARRAY).then(|| Reader::parse(self.bytes).ok())??;
        array.elements().map(|element| element.ok().map(|(_, value)| value)).collect()
    }

    pub(crate) fn as_binary(self) -> Option<&'a [u8]> {
        (self.kind == BINARY).then(|| self.bytes.get(5..))?
    }

    /// An integer, however the server chose to write it: `ok` is a double in one version and an int in
    /// another.
    pub(crate) fn as_int(self) -> Option<i64> {
        match self.kind {
            BOOL => Some(i64::from(*self.bytes.first()?)),
            INT32 => Some(i64::from(i32::from_le_bytes(self.bytes.try_into().ok()?))),
            INT64 => Some(i64::from_le_bytes(self.bytes.try_into().ok()?)),
            DOUBLE => whole(f64::from_le_bytes(self.bytes.try_into().ok()?)),
            _ => None,
        }
    }

    /// A timestamp of the server's oplog: later ones are greater.
    pub(crate) fn as_timestamp(self) -> Option<u64> {
        (self.kind == TIMESTAMP).then(|| self.bytes.try_into().ok().map(u64::from_le_bytes))?
    }

    pub(crate) fn as_bool(self) -> Option<bool> {
        (self.kind == BOOL).then(|| self.is_true())
    }

    /// The number of its type in BSON.
    pub(crate) fn kind(self) -> u8 {
        self.kind
    }

    pub(crate) fn is_true(self) -> bool {
        self.as_int().is_some_and(|number| number != 0)
    }
}

fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked, and codes are whole numbers")]
    (number.abs() < 1e15).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written is read back.
    #[test]
    fn written_is_read_back() {
        let inner = Document::new().text("role", "read").text("db", "a.b$c");
        let document = Document::new()
            .text("\u{e9}", "p\u{e4}ss\"@:/%$.")
            .int("one", 1)
            .bool("yes", true)
            .binary("payload", b"n,,")
            .texts("mechanisms", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
            .documents("roles", [inner.clone(), inner.clone()])
            .document("inner", &inner);
        let read = Reader::parse(document.as_bytes()).unwrap();
        assert_eq!(read.text("\u{e9}"), Some("p\u{e4}ss\"@:/%$."));
        assert_eq!(read.get("one").unwrap().as_int(), Some(1));
        assert!(read.get("yes").unwrap().is_true());
        assert_eq!(read.get("payload").unwrap().as_binary(), Some(&b"n,,"[..]));
        let mechanisms = read.get("mechanisms").unwrap().as_array().unwrap();
        assert_eq!(mechanisms[1].as_text(), Some("SCRAM-SHA-256"));
        assert_eq!(read.get("roles").unwrap().as_array().unwrap().len(), 2);
        let copied = Document::new().value("copy", read.get("inner").unwrap());
        assert!(copied == Document::new().document("copy", &inner));
        assert_eq!(read.text("absent"), None);
    }

    #[track_caller]
    fn check_malformed(bytes: &[u8]) {
        assert!(Reader::parse(bytes).is_err(), "{bytes:?}");
    }

    /// A document that is cut short, or has a wrong length, is refused.
    #[test]
    fn short_or_lying_lengths_are_refused() {
        let document = Document::new().text("a", "b").int("c", 1);
        let whole = document.as_bytes();
        for end in 0..whole.len() {
            check_malformed(&whole[..end]);
        }
        check_malformed(&[&[13, 0, 0, 0, STRING], &b"a\0"[..], &[255, 255, 255, 127, 0, 0]].concat());
        check_malformed(&[8, 0, 0, 0, 0x42, b'a', 0, 0]);
        check_malformed(&[255, 255, 255, 255, 0]);
    }

    proptest::proptest! {
        /// No bytes make the reader panic.
        #[test]
        fn no_bytes_panic_the_reader(bytes: Vec<u8>) {
            let stated = i32::try_from(bytes.len() + 5).unwrap().to_le_bytes();
            let bytes = [&stated[..], &bytes, &[0]].concat();
            if let Ok(reader) = Reader::parse(&bytes) {
                for (_, value) in reader.elements().map(Result::unwrap) {
                    let _ = (value.as_text(), value.as_document().is_some(), value.as_array().is_some());
                    let _ = (value.as_binary(), value.as_int());
                }
            }
        }
    }
}
