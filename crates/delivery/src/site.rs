//! Where the parts of a deployment are put: the bucket, what is uploaded, the stack's parameters.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::{
    arguments::Arguments,
    aws_cli::AwsCli,
    bucket::Bucket,
    console::say,
    network::{self, Wish},
    parameters::{self, Declared, Parameter},
    plan::{self, Release, SecretFacts},
};

/// The plan of a deployment.
pub(crate) struct Site {
    pub(crate) aws: AwsCli,
    pub(crate) bucket: Bucket,
    /// Whether the bucket has to be created.
    pub(crate) makes_bucket: bool,
    pub(crate) artifact: String,
    pub(crate) release: Release,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) template: String,
}

impl Site {
    /// Determines it, for a stack as it is. Builds the packages where none were named; changes nothing in
    /// AWS.
    ///
    /// # Errors
    /// A parameter is not in the template, the network lookup fails, a package cannot be built, or the bucket
    /// belongs to another account.
    pub(crate) fn work_out(
        arguments: &Arguments,
        aws: &AwsCli,
        secret: &SecretFacts,
        strategy: &str,
        master: Option<&str>,
        standing: &Value,
    ) -> anyhow::Result<Self> {
        let template = fs::read_to_string("deploy/rotation.yaml").context("deploy/rotation.yaml")?;
        let declared = Declared::read(&template)?;
        // What can be refused is refused before minutes are spent on building.
        declared.has_all(arguments.parameters.iter().map(|(name, _)| name.as_str()))?;
        let (region, account) = plan::place(&secret.arn)?;
        let place = place(arguments, aws, secret, region, standing)?;
        let artifact = format!("{}_{strategy}", secret.engine);
        let mut artifacts = vec![artifact.as_str()];
        if discovery(arguments, standing) == "discover" {
            artifacts.push("network_discovery");
        }
        let packages = match &arguments.packages {
            Some(folder) => folder.clone(),
            None => package(arguments.arch.as_deref(), &artifacts)?,
        };
        let release = Release::collect(&packages, "deploy".as_ref(), &artifacts)?;
        let name = arguments.bucket.clone().unwrap_or_else(|| format!("rotators-{account}-{region}"));
        let bucket = Bucket { name, owner: account.to_owned() };
        let makes_bucket = bucket.is_missing(aws)?;
        let base = plan::bucket_url(&secret.arn, region, &bucket.name, &arguments.access.endpoint_url);
        let base = format!("{base}/{}", release.code_prefix.trim_end_matches('/'));
        let worked_out = [
            ("SecretArn", Some(secret.arn.as_str())),
            ("Engine", Some(&secret.engine)),
            ("Strategy", Some(strategy)),
            ("superuserSecretArn", Some(master.unwrap_or_default())),
            ("CodeBucket", Some(&bucket.name)),
            ("CodePrefix", Some(&release.code_prefix)),
            ("TemplateBase", Some(&base)),
            ("Architecture", Some(&release.architecture)),
        ];
        let place = place.iter().map(|(name, value)| (name.as_str(), Some(value.as_str())));
        let worked_out: Vec<_> = worked_out.into_iter().chain(place).collect();
        let present = parameters::present(standing);
        Ok(Self {
            aws: aws.clone(),
            parameters: parameters::settle(&declared, &worked_out, &arguments.parameters, &present)?,
            template: format!("{base}/rotation.yaml"),
            artifact,
            bucket,
            makes_bucket,
            release,
        })
    }

    /// Afterwards the packages and the templates are in the bucket.
    pub(crate) fn upload(&self) -> anyhow::Result<()> {
        if self.makes_bucket {
            self.bucket.make(&self.aws)?;
        }
        for upload in &self.release.uploads {
            self.bucket.put(&self.aws, upload)?;
        }
        Ok(say(format!("{} files are in the bucket.", self.release.uploads.len()))?)
    }
}

/// What finds the database: `discover` or `explicit`.
fn discovery<'a>(arguments: &'a Arguments, standing: &'a Value) -> &'a str {
    let said = arguments.said("NetworkDiscovery").or(arguments.network_discovery.as_deref());
    said.or(parameters::value(standing, "NetworkDiscovery")).unwrap_or("discover")
}

/// The parameters that define where the function is placed, as far as this run sets them.
fn place(
    arguments: &Arguments,
    aws: &AwsCli,
    secret: &SecretFacts,
    region: &str,
    standing: &Value,
) -> anyhow::Result<Vec<(String, String)>> {
    let network = arguments.said("NetworkMode").or(arguments.network.as_deref());
    let was_explicit = parameters::value(standing, "NetworkDiscovery") == Some("explicit");
    match arguments.network_discovery.as_deref() {
        Some("explicit") => {
            let host = arguments.said("Host").or(parameters::value(standing, "Host"));
            let wish = Wish {
                secret: &secret.arn,
                engine: &secret.engine,
                network: network.unwrap_or("auto"),
                host: host.unwrap_or_default(),
                region,
                endpoint_url: &arguments.access.endpoint_url,
            };
            network::look_up(&arguments.network_by, aws, wish)
        }
        Some(_) if was_explicit => Ok(network::discovered(network.unwrap_or("auto"))),
        None if was_explicit
            && arguments.network.is_some()
            && arguments.said("NetworkDiscovery").is_none() =>
        {
            bail!(
                "the stack's place was looked up before, and its network is a part of it: \
             add --network-discovery explicit or discover to --network"
            )
        }
        named => {
            let all = [("NetworkDiscovery", named), ("NetworkMode", network)];
            let named = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
            Ok(named.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        }
    }
}

/// Builds the packages and returns their folder.
fn package(arch: Option<&str>, artifacts: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command = Command::new("scripts/package");
    command.args(arch.map(|arch| ["--arch", arch]).iter().flatten()).arg("--no-sbom").args(artifacts);
    ensure!(command.status().context("scripts/package")?.success(), "the packages could not be built");
    // The script also built this program, into the folder that contains the packages.
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("cargo builds programs two folders deep")?;
    Ok(target.join("lambda"))
}
