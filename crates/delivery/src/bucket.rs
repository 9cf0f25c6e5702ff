//! The bucket for packages and templates, which must be the account's own.

use anyhow::Context;

use crate::{
    aws_cli::{AwsCli, AwsError},
    console::say,
    plan::Upload,
};

/// A bucket by its name, existing or not, and its required owner.
///
/// Any account can create a bucket with a name that can be guessed. So every call names the owner: S3 refuses
/// with 403 where it is another (Amazon S3 User Guide, "Verifying bucket ownership with bucket owner
/// condition").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The name.
    pub name: String,
    /// The account that owns it, or the call is refused.
    pub owner: String,
}

impl Bucket {
    /// The arguments of the AWS CLI for an operation of `s3api` on this bucket.
    pub fn arguments<'a>(&'a self, operation: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
        let words = ["s3api", operation, "--bucket", &self.name, "--expected-bucket-owner", &self.owner];
        [&words[..], rest].concat()
    }

    /// Whether it has to be created.
    ///
    /// # Errors
    /// It belongs to another account, or the caller may not access it.
    pub(crate) fn is_missing(&self, aws: &AwsCli) -> anyhow::Result<bool> {
        match aws.call(&self.arguments("head-bucket", &[])) {
            Ok(_) => Ok(false),
            Err(error) if error.is("404") => Ok(true),
            Err(error) if error.is("403") => Err(error).with_context(|| {
                format!(
                    "the bucket {} does not belong to the account {}, or may not be used; \
             --bucket names another",
                    self.name, self.owner
                )
            }),
            Err(error) => Err(error).with_context(|| format!("the bucket {} cannot be used", self.name)),
        }
    }

    /// Afterwards it exists and nothing in it can become public.
    pub(crate) fn make(&self, aws: &AwsCli) -> anyhow::Result<()> {
        aws.call(&["s3", "mb", &format!("s3://{}", self.name)])?;
        let blocked =
            "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true";
        let block = ["--public-access-block-configuration", blocked];
        aws.call(&self.arguments("put-public-access-block", &block))?;
        Ok(say(format!("The bucket {} is made.", self.name))?)
    }

    /// Afterwards the file is in the bucket under its key.
    pub(crate) fn put(&self, aws: &AwsCli, upload: &Upload) -> Result<(), AwsError> {
        let file = upload.file.to_string_lossy();
        aws.call(&self.arguments("put-object", &["--key", &upload.key, "--body", &file])).map(drop)
    }
}
