//! Functions in Python: a small one of ours, as a Lambda author would write it, and AWS's own where the
//! reader has them.

use std::{fs, io, path::Path};

use crate::{
    engine::{Engine, Strategy},
    subject::{Kind, Ssl, Subject},
};

const HANDLER: &str = include_str!("handler.py");
const AWS_HANDLER: &str = include_str!("aws_handler.py");

/// Runs the small function as Lambda's own Python image does.
pub(crate) fn baseline(interpreter: &Path, folder: &Path) -> io::Result<Subject> {
    fs::write(folder.join("handler.py"), HANDLER)?;
    let subject = Subject::new("Python", Kind::Python, Some(Strategy::SingleUser), interpreter);
    Ok(started(subject, "handler.handler", &folder.to_string_lossy()))
}

/// Runs AWS's function of this engine out of a checkout of `aws-samples`' repository; `None` where it has
/// none. It is run as it is; only the file of certificates that it reads is another one.
pub(crate) fn of_aws(
    engine: Engine,
    strategy: Strategy,
    ssl: Ssl,
    checkout: &Path,
    interpreter: &Path,
    folder: &Path,
) -> io::Result<Option<Subject>> {
    let name = format!("SecretsManager{}Rotation{}", engine.name_at_aws(), strategy.name_at_aws());
    let place = checkout.join(name);
    if !place.join("lambda_function.py").is_file() {
        return Ok(None);
    }
    fs::write(folder.join("aws_handler.py"), AWS_HANDLER)?;
    let name = match ssl {
        Ssl::Absent => "AWS",
        Ssl::Required => "AWS, ssl",
    };
    let mut subject = Subject::new(name, Kind::Aws, Some(strategy), interpreter);
    subject.ssl = ssl;
    let path = format!("{}:{}", folder.display(), place.display());
    let mut subject = started(subject, "aws_handler.lambda_handler", &path);
    // Lambda's folder of a function is read-only, too: nothing that is compiled is kept there.
    subject.environment.push(("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()));
    Ok(Some(subject))
}

/// The interpreter is not resolved: it finds its packages by the location of the link itself.
fn started(mut subject: Subject, handler: &str, path: &str) -> Subject {
    subject.arguments = ["-m", "awslambdaric", handler].map(str::to_owned).to_vec();
    subject.environment = vec![("PYTHONPATH".to_owned(), path.to_owned())];
    subject
}
