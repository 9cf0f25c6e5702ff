//! The signs of a page.

use super::{
    LoginOutcome,
    markup::{escaped, put},
};

/// What the signs mean.
pub(super) fn legend() -> String {
    let mut html = String::from("<ul class=\"legend\" aria-label=\"What the signs mean\">\n");
    let mut item = |drawing: &str, words: &str| {
        put(
            &mut html,
            format_args!(
                "<li><svg viewBox=\"0 0 32 16\" aria-hidden=\"true\">{drawing}</svg>{}</li>\n",
                escaped(words)
            ),
        );
    };
    for (class, words) in [
        ("current", "AWSCURRENT"),
        ("pending", "AWSPENDING"),
        ("previous", "AWSPREVIOUS"),
        ("other inferred", "inferred from dates: Secrets Manager keeps no history of labels"),
    ] {
        item(
            &format!("<rect class=\"label {class}\" x=\"1\" y=\"2\" width=\"30\" height=\"12\" rx=\"3\"/>"),
            words,
        );
    }
    item("<path class=\"unknown\" d=\"M2 8H30\"/>", "labels not known");
    for outcome in LoginOutcome::ALL {
        item(&sign(outcome, 16, 8, ""), outcome.words());
    }
    html.push_str("</ul>\n");
    html
}

/// The sign of a login: shapes differ, so that no color is needed.
pub(super) fn sign(outcome: LoginOutcome, x: usize, y: usize, title: &str) -> String {
    let (class, shape) = match outcome {
        LoginOutcome::LogsIn => ("logs-in", format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"5\"/>")),
        LoginOutcome::Refused => {
            let (left, top) = (x - 4, y - 4);
            ("refused", format!("<path d=\"M{left} {top}l8 8m0 -8l-8 8\"/>"))
        }
        LoginOutcome::NoValue => ("no-value", format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"4\"/>")),
        LoginOutcome::Unknown => {
            let (left, right) = (x - 5, x + 5);
            ("not-known", format!("<path d=\"M{left} {y}L{x} {}L{right} {y}L{x} {}Z\"/>", y - 5, y + 5))
        }
    };
    let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(title)) };
    format!("<g class=\"login {class}\">{title}{shape}</g>")
}
