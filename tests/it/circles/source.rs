//! The names of other files in one file.

use std::collections::HashSet;

use super::token::{Token, group_end, tokens};

/// A path as the file has it, without the segments after a `*`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

/// A name that a `use` brings into a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) path: Path,
    /// `*` for all names of a module.
    pub(super) name: String,
    /// Whether others can import it from here.
    pub(super) is_public: bool,
}

/// What a file defines and names.
#[derive(Default)]
pub(super) struct Source {
    pub(super) imports: Vec<Import>,
    /// The paths outside of any `use`; a lone name is a path too.
    pub(super) paths: Vec<Path>,
    pub(super) defined: HashSet<String>,
    /// The modules that have their own files.
    pub(super) declared: HashSet<String>,
    /// Macros that are exported at the root of the crate, wherever they are written.
    pub(super) exported_macros: HashSet<String>,
    /// Whether a line comment gives the reason of a circle.
    pub(super) has_reason: bool,
}

/// The keywords before the name of an item.
const ITEMS: &[&str] =
    &["fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod", "macro_rules"];

impl Source {
    pub(super) fn parse(text: &str) -> Self {
        let reason = |line: &str| {
            line.trim().strip_prefix("// Circle:").is_some_and(|reason| !reason.trim().is_empty())
        };
        let mut source = Self { has_reason: text.lines().any(reason), ..Self::default() };
        source.read(&tokens(text));
        source
    }

    fn read(&mut self, tokens: &[Token]) {
        // The ends of the inline modules of this file, and of the present macro.
        let (mut modules, mut macro_end) = (Vec::<usize>::new(), 0);
        let (mut at, mut exports) = (0, false);
        while at < tokens.len() {
            modules.retain(|end| at < *end);
            let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
            // A macro's text belongs to its call, except for the paths of its own crate.
            if at < macro_end && !(text(at) == "crate" && text(at - 1) == "$") {
                at += 1;
                continue;
            }
            if text(at) == "use" && !text(at + 1).starts_with('<') {
                at = self.read_use(tokens, at, modules.len());
                continue;
            }
            exports |= text(at) == "macro_export";
            if ITEMS.contains(&text(at)) && !ITEMS.contains(&text(at + 1)) {
                let name = at + if text(at + 1) == "!" { 2 } else { 1 };
                if tokens.get(name).is_some_and(Token::is_name) {
                    self.defined.insert(text(name).to_owned());
                    if text(at) == "macro_rules" && std::mem::take(&mut exports) {
                        self.exported_macros.insert(text(name).to_owned());
                    }
                    match (text(at), text(name + 1)) {
                        ("mod", ";") => drop(self.declared.insert(text(name).to_owned())),
                        ("mod", "{") => modules.push(group_end(tokens, name + 1)),
                        ("macro_rules", _) => macro_end = group_end(tokens, name + 1),
                        _ => {}
                    }
                    at = name + 1;
                    continue;
                }
            }
            // A field or a method is not a path; nor is the name of a field before its value.
            let is_member = at > 1 && text(at - 1) == "." && text(at - 2) != ".";
            if !tokens[at].is_name() || is_member || text(at + 1) == ":" {
                at += 1;
                continue;
            }
            let mut segments = vec![text(at).to_owned()];
            let line = tokens[at].line;
            at += 1;
            while text(at) == "::" && tokens.get(at + 1).is_some_and(Token::is_name) {
                segments.push(text(at + 1).to_owned());
                at += 2;
            }
            self.paths.push(Path { segments: outside(segments, modules.len()), line });
        }
    }

    /// Reads a `use` and returns its end.
    fn read_use(&mut self, tokens: &[Token], start: usize, inside: usize) -> usize {
        let is_public = start > 0 && {
            let before = &tokens[start - 1].text;
            before == "pub"
                || before == ")" && tokens[..start].iter().rev().take(8).any(|token| token.text == "pub")
        };
        let end = tokens.iter().skip(start).position(|token| token.text == ";");
        let end = end.map_or(tokens.len(), |length| start + length);
        let mut leaves = Vec::new();
        tree(&tokens[start + 1..end], &[], &mut leaves);
        for (segments, name, line) in leaves {
            let path = Path { segments: outside(segments, inside), line };
            self.imports.push(Import { path, name, is_public });
        }
        end + 1
    }
}

/// The path as the file itself would write it, from inside this number of inline modules.
fn outside(segments: Vec<String>, modules: usize) -> Vec<String> {
    let supers = segments.iter().take_while(|segment| *segment == "super").count();
    if modules == 0 || supers == 0 {
        return segments;
    }
    let mut rest = segments[supers.min(modules)..].to_vec();
    if rest.first().is_none_or(|first| first != "super") {
        rest.insert(0, "self".to_owned());
    }
    rest
}

/// The leaves of a tree of imports, each with the name that it imports.
fn tree(tokens: &[Token], before: &[String], leaves: &mut Vec<(Vec<String>, String, usize)>) {
    let mut path = before.to_vec();
    let mut at = 0;
    let (mut line, mut renamed) = (0, None);
    while at < tokens.len() {
        let token = &tokens[at];
        match token.text.as_str() {
            "{" => {
                let end = group_end(tokens, at);
                for part in parts(&tokens[at + 1..end - 1]) {
                    tree(part, &path, leaves);
                }
                return;
            }
            "*" => {
                leaves.push((path, "*".to_owned(), token.line));
                return;
            }
            "as" => {
                renamed = tokens.get(at + 1).map(|name| name.text.clone());
                break;
            }
            "self" if !before.is_empty() && at == 0 => line = token.line,
            name if token.is_name() => {
                path.push(name.to_owned());
                line = token.line;
            }
            _ => {}
        }
        at += 1;
    }
    if let Some(last) = path.last().cloned() {
        leaves.push((path, renamed.unwrap_or(last), line));
    }
}

/// The parts between the commas of a group.
fn parts(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "{" => at = group_end(tokens, at),
            "," => {
                parts.push(&tokens[start..at]);
                (start, at) = (at + 1, at + 1);
            }
            _ => at += 1,
        }
    }
    parts.push(&tokens[start..]);
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}
