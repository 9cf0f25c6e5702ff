//! A source as tokens, as far as its paths need them: without comments, literals and tests.

/// A name, or one punctuation character; `::` is one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Counted from 1.
    pub(super) line: usize,
}

impl Token {
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

/// The tokens of a source, without those of its `#[cfg(test)]` items.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    without_tests(&all(text))
}

fn all(text: &str) -> Vec<Token> {
    let signs: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < signs.len() {
        let end = at + length(&signs[at..]);
        let token: String = signs[at..end].iter().collect();
        let word = token.chars().all(|sign| sign.is_alphanumeric() || sign == '_');
        let sign = token.len() == 1 && !token.starts_with(['"', '\'', '/']) && !token.trim().is_empty();
        if token == "::" || (word && !token.starts_with(|first: char| first.is_ascii_digit())) || sign {
            tokens.push(Token { text: token, line });
        }
        line += signs[at..end].iter().filter(|sign| **sign == '\n').count();
        at = end;
    }
    tokens
}

/// The length of the first token, comment, literal or space, in characters.
fn length(signs: &[char]) -> usize {
    let second = signs.get(1).copied().unwrap_or(' ');
    match signs[0] {
        '/' if second == '/' => signs.iter().position(|sign| *sign == '\n').unwrap_or(signs.len()),
        '/' if second == '*' => block_comment(signs),
        ':' if second == ':' => 2,
        '"' => string(signs),
        '\'' => character(signs),
        first if first.is_alphanumeric() || first == '_' => {
            let word = name(signs);
            let prefix: String = signs[..word].iter().collect();
            match (prefix.as_str(), signs.get(word)) {
                ("r" | "br" | "cr", Some('"' | '#')) => word + raw_string(&signs[word..]),
                ("b" | "c", Some('"')) => word + string(&signs[word..]),
                ("b", Some('\'')) => word + character(&signs[word..]),
                _ => word,
            }
        }
        _ => 1,
    }
}

fn name(signs: &[char]) -> usize {
    signs.iter().position(|sign| !sign.is_alphanumeric() && *sign != '_').unwrap_or(signs.len())
}

/// Block comments nest.
fn block_comment(signs: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < signs.len() {
        match &signs[at..signs.len().min(at + 2)] {
            ['/', '*'] => (at, depth) = (at + 2, depth + 1),
            ['*', '/'] if depth == 1 => return at + 2,
            ['*', '/'] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn string(signs: &[char]) -> usize {
    let mut at = 1;
    while at < signs.len() && signs[at] != '"' {
        at += if signs[at] == '\\' { 2 } else { 1 };
    }
    signs.len().min(at + 1)
}

/// From the first `#` or the quote on; a raw name, as `r#type`, ends after its `#`.
fn raw_string(signs: &[char]) -> usize {
    let hashes = signs.iter().take_while(|sign| **sign == '#').count();
    if signs.get(hashes) != Some(&'"') {
        return hashes;
    }
    let closes = |at: &usize| {
        signs[*at] == '"' && signs[at + 1..].iter().take_while(|sign| **sign == '#').count() >= hashes
    };
    (hashes + 1..signs.len()).find(closes).map_or(signs.len(), |at| at + 1 + hashes)
}

/// A character, or a lifetime.
fn character(signs: &[char]) -> usize {
    match signs {
        [_, '\\', rest @ ..] => {
            // The escaped character may be a quote.
            let closing = rest.iter().skip(1).position(|sign| *sign == '\'');
            closing.map_or(signs.len(), |at| at + 4)
        }
        [_, _, '\'', ..] => 3,
        [_, rest @ ..] => 1 + name(rest),
        [] => 0,
    }
}

/// The end of the attribute or group that opens at `at`: after its closing character.
pub(super) fn group_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth <= 1 => return index + 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Removes the items that only tests compile: they make no circle of the crate.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = |words: &[&str]| {
            let next = tokens[at..].iter().map(|token| token.text.as_str());
            next.take(words.len()).eq(words.iter().copied())
        };
        if begins(&["#", "[", "cfg", "(", "test", ")", "]"]) {
            at = item_end(tokens, at);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The end of the item whose attributes begin at `at`.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    let mut is_use = false;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ";" => return at + 1,
            "{" if !is_use => return group_end(tokens, at),
            "(" | "[" | "{" => at = group_end(tokens, at),
            word => {
                is_use |= word == "use";
                at += 1;
            }
        }
    }
    at
}
