//! What a deployment will do, determined before anything is done.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use crate::manifest::{Manifest, sha256};

/// The secret to be rotated, as AWS describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFacts {
    /// The complete ARN.
    pub arn: String,
    /// Its friendly name.
    pub name: String,
    /// `postgres`, `mysql`, `mariadb`, `docdb` or `redshift`.
    pub engine: String,
}

/// A file for the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its local path.
    pub file: PathBuf,
    /// Its key in the bucket.
    pub key: String,
}

/// Everything that is uploaded for one deployment, under keys that change with the contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The part of each artifact's key before its name.
    pub code_prefix: String,
    /// The processor of the packages.
    pub architecture: String,
    /// The packages and the templates.
    pub uploads: Vec<Upload>,
}

impl Release {
    /// Collects packages of these artifacts and all templates.
    ///
    /// # Errors
    /// A package is missing, does not match the manifest, or is built for another processor than the
    /// others.
    pub fn collect(packages: &Path, templates: &Path, artifacts: &[&str]) -> anyhow::Result<Self> {
        let manifest = packages.join("manifest.json");
        let text = fs::read_to_string(&manifest)
            .with_context(|| format!("{} cannot be read; run scripts/package", manifest.display()))?;
        let manifest: Manifest = serde_json::from_str(&text).context("manifest.json")?;
        let mut architecture = String::new();
        let mut files = Vec::new();
        for name in artifacts {
            let entry = manifest.artifacts.get(*name);
            let entry =
                entry.with_context(|| format!("{name} is not packaged; run scripts/package {name}"))?;
            let file = packages.join(&entry.path);
            let digest = sha256(&fs::read(&file).with_context(|| file.display().to_string())?);
            ensure!(digest == entry.sha256, "{} is not the file that the manifest names", file.display());
            ensure!(
                architecture.is_empty() || architecture == entry.architecture,
                "the packages are built for {architecture} and for {}",
                entry.architecture
            );
            architecture.clone_from(&entry.architecture);
            files.push((file, digest, format!("{name}.zip")));
        }
        for file in templates_in(templates)? {
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            files.push((file.clone(), sha256(&fs::read(&file)?), name));
        }
        let listing: String =
            files.iter().map(|(_, digest, name)| [digest, " ", name, "\n"].concat()).collect();
        // Lambda and CloudFormation compare keys, not contents, so the key is derived from the contents.
        let code_prefix = format!("rotators/{}/", &sha256(listing.as_bytes())[..16]);
        let uploads = files
            .into_iter()
            .map(|(file, _, name)| Upload { file, key: format!("{code_prefix}{name}") })
            .collect();
        Ok(Self { code_prefix, architecture, uploads })
    }
}

/// The templates of a folder, in the order of their names.
fn templates_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let files = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<_> =
        files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "yaml")).collect();
    files.sort();
    ensure!(!files.is_empty(), "{} holds no template", folder.display());
    Ok(files)
}

/// The engine as the templates name it, from the one that a secret names.
///
/// # Errors
/// No function rotates it.
pub fn engine(named: &str) -> anyhow::Result<&'static str> {
    Ok(match named {
        "postgres" | "aurora-postgresql" => "postgres",
        "mysql" | "aurora-mysql" => "mysql",
        "mariadb" => "mariadb",
        "mongo" | "docdb" | "documentdb" => "docdb",
        "redshift" | "redshift-serverless" => "redshift",
        other => bail!("no function rotates secrets of the engine {other:?}; --engine names another"),
    })
}

/// A stack's name for a secret's: letters, digits and hyphens, beginning with a letter.
pub fn stack_name(secret: &str) -> String {
    let fitting = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = format!("rotation-{secret}").chars().map(fitting).take(128).collect();
    name.trim_end_matches('-').to_owned()
}

/// The Region and the account in a secret's ARN.
///
/// # Errors
/// It is no ARN of a secret.
pub fn place(arn: &str) -> anyhow::Result<(&str, &str)> {
    match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", _, "secretsmanager", region, account, _] => Ok((region, account)),
        _ => bail!("{arn} is no ARN of a secret"),
    }
}

/// Where CloudFormation reads a bucket's objects, without a slash at the end.
///
/// A custom endpoint is used as it is, with the bucket in the path.
pub fn bucket_url(arn: &str, region: &str, bucket: &str, endpoint: &str) -> String {
    if !endpoint.is_empty() {
        return format!("{}/{bucket}", endpoint.trim_end_matches('/'));
    }
    let suffix = if arn.starts_with("arn:aws-cn:") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{bucket}.s3.{region}.{suffix}")
}

/// Passes where a change set can update a stack in this status.
///
/// # Errors
/// It cannot; the message names the first thing to do (CloudFormation User Guide, "Stack status codes").
pub fn can_update(stack: &str, status: &str) -> anyhow::Result<()> {
    match status {
        "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" => {
            bail!(
                "the stack {stack} is {status} and cannot be updated; delete it with scripts/undeploy first"
            )
        }
        "UPDATE_ROLLBACK_FAILED" => bail!(
            "the stack {stack} is {status}; first run \
             aws cloudformation continue-update-rollback --stack-name {stack}"
        ),
        status if status.ends_with("_IN_PROGRESS") => {
            bail!("the stack {stack} is {status}; run this again once that has ended")
        }
        _ => Ok(()),
    }
}
