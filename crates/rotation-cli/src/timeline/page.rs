//! The timeline as one HTML file: it loads nothing, runs no script, and prints.

use std::time::SystemTime;

use super::{
    Timeline, chart,
    clock::{self, Precision},
    markup::{carried, escaped, put, user},
    signs,
};

/// A page about one or more secrets.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The title and first heading.
    pub title: &'a str,
    /// What made it, and for what: one sentence.
    pub about: &'a str,
    /// When it was made.
    pub made: SystemTime,
    /// One for each secret.
    pub sections: Vec<Section<'a>>,
}

/// What a page has about one secret.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    /// The heading.
    pub heading: String,
    /// The timeline.
    pub timeline: &'a Timeline,
    /// What else there is to say: a term and its text.
    pub notes: Vec<(String, String)>,
}

/// Nothing but the styles of the page itself is allowed, whatever a name in it contains.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("page.css");

impl Page<'_> {
    /// The whole file. Every name is escaped; what steers a terminal or turns the direction of a text is
    /// shown as its escape.
    pub fn to_html(&self) -> String {
        let mut html = String::with_capacity(32 * 1024);
        let title = escaped(self.title);
        let made = format!("{} {} UTC", clock::date(self.made), clock::time(self.made, Precision::Seconds));
        put(
            &mut html,
            format_args!(
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
                 <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
                 <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
                 <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
                 <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
                 <p>{} Made at {made}.</p>\n",
                escaped(self.about)
            ),
        );
        html.push_str(&signs::legend());
        for (index, section) in self.sections.iter().enumerate() {
            section.write(&mut html, index + 1);
        }
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }
}

impl Section<'_> {
    fn write(&self, html: &mut String, number: usize) {
        put(
            html,
            format_args!(
                "<section aria-labelledby=\"secret-{number}\">\n<h2 id=\"secret-{number}\">{}</h2>\n",
                escaped(&self.heading)
            ),
        );
        if !self.notes.is_empty() {
            html.push_str("<dl>\n");
            for (term, text) in &self.notes {
                put(html, format_args!("<dt>{}</dt><dd>{}</dd>\n", escaped(term), escaped(text)));
            }
            html.push_str("</dl>\n");
        }
        chart::write(html, self.timeline, &format!("chart-{number}"));
        table(html, self.timeline);
        html.push_str("</section>\n");
    }
}

/// The same as the charts, in words: a line for each piece of news about a version.
fn table(html: &mut String, timeline: &Timeline) {
    let precision = Precision::of(timeline.moments());
    html.push_str(
        "<h3>The same as a table</h3>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Time \
         (UTC)</th><th scope=\"col\">Moment</th><th scope=\"col\">Version</th><th scope=\"col\">User</th>\
         <th scope=\"col\">Labels from then on</th><th scope=\"col\">Login</th></tr></thead>\n<tbody>\n",
    );
    for (index, moment) in timeline.moments().iter().enumerate() {
        for row in timeline.rows().iter().filter(|row| row.has_news(index)) {
            let cell = &row.cells[index];
            let login = cell.login.as_ref().map(|login| login.words.as_str());
            put(
                html,
                format_args!(
                    "<tr><td>{} {}</td><td>{}</td><th \
                     scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                    clock::date(moment.at),
                    clock::time(moment.at, precision),
                    escaped(&moment.name),
                    escaped(&row.version),
                    escaped(user(row)),
                    escaped(&carried(&cell.carried)),
                    escaped(login.unwrap_or_default()),
                ),
            );
        }
    }
    html.push_str("</tbody>\n</table></div>\n");
}
