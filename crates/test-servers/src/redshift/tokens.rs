//! A statement as tokens, by Redshift's lexical rules.

/// A part of a statement. Names are folded to lower case, as in Redshift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a plain name, in lower case.
    Word(String),
    /// A name in double quotes.
    Quoted(String),
    /// The text in single quotes.
    Literal(String),
    Number(String),
    Symbol(char),
}

/// None for what Redshift's lexer, as documented, does not have: dollar quotes, prefixes of literals,
/// comments.
pub(super) fn tokens(sql: &str, exact_names: bool) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = sql.trim();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => {
                let (text, length) = quoted(rest, first)?;
                // A word that touches a literal is a prefix such as E or U&.
                if first == '\'' && touches_word(sql, rest) {
                    return None;
                }
                tokens.push(match first {
                    '\'' if text.contains('\\') => return None,
                    '\'' => Token::Literal(text),
                    _ if exact_names => Token::Quoted(text),
                    _ => Token::Quoted(text.to_lowercase()),
                });
                length
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length =
                    rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_ascii_lowercase()));
                length
            }
            c if c.is_ascii_digit() => {
                let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                tokens.push(Token::Number(rest[..length].to_owned()));
                length
            }
            ',' | '.' | '(' | ')' | '=' | '<' | '>' | '|' | '[' | ']' => {
                tokens.push(Token::Symbol(first));
                1
            }
            _ => return None,
        };
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((index, c)) = characters.next() {
        if c != quote {
            content.push(c);
        } else if characters.peek().is_some_and(|(_, next)| *next == quote) {
            content.push(quote);
            characters.next();
        } else {
            return Some((content, index + 1));
        }
    }
    None
}

fn touches_word(sql: &str, rest: &str) -> bool {
    let before = sql.trim_end().strip_suffix(rest.trim_end()).unwrap_or_default();
    before.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '&')
}
