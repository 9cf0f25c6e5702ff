//! What `docs/errors.md` says of a code beyond its meaning.

use super::{
    Code,
    articles::{connections, database, directory, labels, secrets, service},
};

/// Causes and mend of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Article {
    /// What brings it about, the likeliest first.
    pub causes: &'static str,
    /// What to do, for the operator of a function. The hint of a failure is more exact: it knows the case.
    pub mend: &'static str,
    /// The statement or policy to add, as it is typed: its language and its text.
    pub add: Option<(&'static str, &'static str)>,
}

/// One row of a table of articles.
pub(super) type Row = (Code, Article);

/// All tables; each code stands in one of them, once.
const TABLES: [&[Row]; 6] = [
    labels::ARTICLES,
    secrets::ARTICLES,
    service::ARTICLES,
    connections::ARTICLES,
    database::ARTICLES,
    directory::ARTICLES,
];

impl Code {
    /// Its article.
    pub fn article(self) -> Article {
        let row = TABLES.iter().copied().flatten().find(|(code, _)| *code == self);
        row.expect("the compiler counted one row for each code").1
    }
}

/// Fails to compile where a code has no article, or two.
const _: () = {
    let mut code = 0;
    while code < Code::ALL.len() {
        let mut rows = 0;
        let mut table = 0;
        while table < TABLES.len() {
            let mut row = 0;
            while row < TABLES[table].len() {
                if TABLES[table][row].0 as usize == Code::ALL[code] as usize {
                    rows += 1;
                }
                row += 1;
            }
            table += 1;
        }
        assert!(rows == 1, "each code needs one article");
        code += 1;
    }
};

/// An article without anything to add.
pub(super) const fn article(causes: &'static str, mend: &'static str) -> Article {
    Article { causes, mend, add: None }
}

/// An article with SQL to add.
pub(super) const fn with_sql(causes: &'static str, mend: &'static str, add: &'static str) -> Article {
    Article { causes, mend, add: Some(("sql", add)) }
}

/// An article with a statement of an IAM policy to add.
pub(super) const fn with_policy(causes: &'static str, mend: &'static str, add: &'static str) -> Article {
    Article { causes, mend, add: Some(("json", add)) }
}

/// An article with a command to run.
pub(super) const fn with_command(causes: &'static str, mend: &'static str, add: &'static str) -> Article {
    Article { causes, mend, add: Some(("sh", add)) }
}
