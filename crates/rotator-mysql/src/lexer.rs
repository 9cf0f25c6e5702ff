//! The tokens of what SHOW GRANTS and SHOW CREATE USER print.

use std::{iter::Peekable, vec::IntoIter};

/// A word, a quoted name or value, or a single character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// `GRANT`, `3`, `2.500000`, `0x2441`, `<secret>`.
    Word(String),
    /// In backticks, single or double quotes, with escapes resolved.
    Quoted(String),
    /// Anything else: `,`, `(`, `.`, `*`, `@`.
    Symbol(char),
}

/// The text does not have the form of such a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// Splits a text into tokens.
pub(crate) fn tokens(text: &str) -> Result<Tokens, Unreadable> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            _ if c.is_ascii_whitespace() => {}
            '`' | '\'' | '"' => {
                let mut quoted = String::new();
                loop {
                    match rest.next().ok_or(Unreadable)? {
                        end if end == c && rest.next_if_eq(&c).is_none() => break,
                        // Names in backticks have no escape but the doubled backtick.
                        '\\' if c != '`' => quoted.push(unescape(rest.next().ok_or(Unreadable)?)),
                        other => quoted.push(other),
                    }
                }
                // Two quoted texts have something between them; a quote that was not escaped does not.
                if rest.peek().is_some_and(|next| is_word(*next)) {
                    return Err(Unreadable);
                }
                tokens.push(Token::Quoted(quoted));
            }
            _ if is_word(c) || c == '<' => {
                let mut word = String::from(c);
                while let Some(next) = rest.next_if(|next| is_word(*next) || matches!(next, '>')) {
                    word.push(next);
                }
                // A number with a fraction.
                while word.bytes().all(|b| b.is_ascii_digit() || b == b'.') && rest.peek() == Some(&'.') {
                    word.extend(rest.next());
                    while let Some(next) = rest.next_if(char::is_ascii_digit) {
                        word.push(next);
                    }
                }
                tokens.push(Token::Word(word));
            }
            other => tokens.push(Token::Symbol(other)),
        }
    }
    Ok(Tokens(tokens.into_iter().peekable()))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn unescape(c: char) -> char {
    match c {
        '0' => '\0',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'Z' => '\u{1a}',
        other => other,
    }
}

/// Tokens in their order.
#[derive(Clone, Debug)]
pub(crate) struct Tokens(Peekable<IntoIter<Token>>);

impl Tokens {
    pub(crate) fn next(&mut self) -> Option<Token> {
        self.0.next()
    }

    pub(crate) fn peek(&mut self) -> Option<&Token> {
        self.0.peek()
    }

    /// Consumes the word if it is next.
    pub(crate) fn word_if(&mut self, word: &str) -> bool {
        self.0.next_if(|token| matches!(token, Token::Word(next) if next == word)).is_some()
    }

    /// Consumes the symbol if it is next.
    pub(crate) fn symbol_if(&mut self, symbol: char) -> bool {
        self.0.next_if_eq(&Token::Symbol(symbol)).is_some()
    }

    pub(crate) fn expect_word(&mut self, word: &str) -> Result<(), Unreadable> {
        if self.word_if(word) { Ok(()) } else { Err(Unreadable) }
    }

    pub(crate) fn expect_symbol(&mut self, symbol: char) -> Result<(), Unreadable> {
        if self.symbol_if(symbol) { Ok(()) } else { Err(Unreadable) }
    }

    pub(crate) fn any_word(&mut self) -> Result<String, Unreadable> {
        match self.0.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(Unreadable),
        }
    }

    pub(crate) fn quoted(&mut self) -> Result<String, Unreadable> {
        match self.0.next() {
            Some(Token::Quoted(text)) => Ok(text),
            _ => Err(Unreadable),
        }
    }

    /// The name of a column, which MySQL 5.7 prints without quotes. One that needs them cannot be parsed
    /// then.
    pub(crate) fn name(&mut self) -> Result<String, Unreadable> {
        match self.0.next() {
            Some(Token::Quoted(name) | Token::Word(name)) => Ok(name),
            _ => Err(Unreadable),
        }
    }

    /// Consumes everything up to the end, and returns whether the words are there next to each other.
    pub(crate) fn end_with(&mut self, words: [&str; 2]) -> bool {
        let mut before = None;
        for token in self.0.by_ref() {
            let pair = |token: &Token, word| matches!(token, Token::Word(text) if text == word);
            if pair(&token, words[1]) && before.is_some_and(|before| pair(&before, words[0])) {
                return true;
            }
            before = Some(token);
        }
        false
    }
}
