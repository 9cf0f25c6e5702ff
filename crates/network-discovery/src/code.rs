//! The stable codes of the artifact `network_discovery` and of `rotate network`: one table, from which its
//! part of `docs/errors.md` is written.

/// Makes the enumeration and what can be said of its variants from one row each.
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $causes:literal, $remediation:literal;)+) => {
        /// A stable name for a reason why a function cannot be placed. A name is never given to another
        /// failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum DiscoveryCode {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl DiscoveryCode {
            /// All of them, in the order in which a lookup meets them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name, as it stands in answers and lines: `DATABASE_NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($meaning,)+).trim(),)+ }
            }

            /// What brings it about, the likeliest first.
            pub fn causes(self) -> &'static str {
                match self { $(Self::$variant => $causes,)+ }
            }

            /// What to do. The hint of a failure is more exact: it knows the case.
            pub fn remediation(self) -> &'static str {
                match self { $(Self::$variant => $remediation,)+ }
            }
        }
    };
}

codes! {
    /// The event is no request of a custom resource.
    RequestInvalid = "DISCOVERY_REQUEST_INVALID",
        "Somebody else than CloudFormation invoked the function.",
        "Leave it to the stack.";
    /// A property of the custom resource cannot be used.
    PropertyInvalid = "DISCOVERY_PROPERTY_INVALID",
        "The property that the message names breaks the rule that it names.",
        "Correct the property in the template.";
    /// Neither the secret's value nor its tags say where the database is.
    SecretHostMissing = "SECRET_HOST_MISSING",
        "The secret has no `host`, and is none that RDS or Redshift manages.",
        "Add `host` to the secret, or give the database's endpoint by the property `Host` (`--host`).";
    /// IAM does not allow a lookup.
    LookupDenied = "DISCOVERY_DENIED",
        "The role of the function lacks the action that the hint names.",
        "Allow it. docs/reference/network-discovery.md lists the least that is needed.";
    /// The credentials for AWS are missing, expired or wrong.
    LookupCredentials = "DISCOVERY_CREDENTIALS",
        "There are none, they have expired, or the clock is wrong.",
        "Look at the credentials.";
    /// The certificate of a service's endpoint is not trusted.
    LookupCertificate = "DISCOVERY_CERTIFICATE",
        "Something stands between, such as a proxy that looks into TLS.",
        "Name its authority in `AWS_CA_BUNDLE`.";
    /// A service does not answer.
    LookupUnreachable = "DISCOVERY_UNREACHABLE",
        "The region or the endpoint is another, or the function runs in a VPC without a way out.",
        "Run the function outside of any VPC; look at region, network and proxies.";
    /// A service takes no more requests for the moment.
    LookupThrottled = "DISCOVERY_THROTTLED",
        "Many stacks, or others, ask at the same moment.",
        "Try again in a few minutes.";
    /// A service failed, or refused a request, in a way that has no code of its own.
    LookupFailed = "DISCOVERY_FAILED",
        "The message has the service's own words.",
        "Try again in a few minutes, or fix what the message says.";
    /// A service answered without something that a database of a VPC has.
    LookupIncomplete = "DISCOVERY_INCOMPLETE",
        "The database is being made or changed, or stands outside of any VPC.",
        "Wait until it is available, and try again.";
    /// There is more of a kind than is read.
    LookupTooLarge = "DISCOVERY_TOO_LARGE",
        "The VPC has more subnets, route tables or endpoints than a lookup reads.",
        "Give the stacks their network by parameters.";
    /// The time for the lookup was over.
    LookupTimedOut = "DISCOVERY_TIMED_OUT",
        "A service does not answer, or the function's timeout is short.",
        "Raise the function's timeout to 60 seconds; in a VPC, let it reach RDS, Redshift and EC2.";
    /// No database of the account and region answers to the name.
    DatabaseNotFound = "DATABASE_NOT_FOUND",
        "The host is an alias, or a server that is none of AWS's; or the database is gone.",
        "Give the database's own endpoint by `Host` (`--host`), or the network by parameters.";
    /// The host is an RDS proxy.
    DatabaseProxy = "DATABASE_PROXY",
        "The secret names the endpoint of a proxy, which says nothing of the database behind it.",
        "Give the endpoint of the database by `Host` (`--host`).";
    /// The database is in another region than the stack.
    DatabaseOtherRegion = "DATABASE_OTHER_REGION",
        "The host's name has another region in it.",
        "Deploy beside the database, with a replica of the secret there.";
    /// There is no rotation function for the database's engine.
    EngineUnsupported = "ENGINE_UNSUPPORTED",
        "The database is of an engine such as Oracle or SQL Server.",
        "The engines are postgres, mysql, mariadb, docdb and redshift.";
    /// The database has another engine than the secret or the template says.
    EngineMismatch = "ENGINE_MISMATCH",
        "`engine` is wrong, or the host leads to another database.",
        "Correct the one that is wrong.";
    /// The cluster has no instance that writes.
    DatabaseNoWriter = "DATABASE_NO_WRITER",
        "A failover is under way, or the cluster has no instances.",
        "Wait until it has one, and try again.";
    /// The function was to go outside of any VPC, where nothing reaches the database.
    DatabaseNotPublic = "DATABASE_NOT_PUBLIC",
        "`NetworkMode=public` for a database that is not publicly accessible.",
        "Take `auto` or `vpc`.";
    /// No subnet of the VPC can hold a function.
    NetworkNoSubnet = "DISCOVERY_NO_SUBNET",
        "All are full, of IPv6 alone, on outposts, or in local and wavelength zones.",
        "Add a subnet with free IPv4 addresses in an availability zone, or give the subnets by parameters.";
    /// The answer could not be brought to CloudFormation.
    AnswerUnreachable = "DISCOVERY_ANSWER_UNREACHABLE",
        "The function runs in a VPC without a way to Amazon S3.",
        "Run it outside of any VPC. Lambda invokes it again by itself.";
    /// The URL for the answer takes none.
    AnswerRefused = "DISCOVERY_ANSWER_REFUSED",
        "The URL holds for a while only.",
        "Update or delete the stack for a new one.";
    /// The answer does not fit into the 4096 bytes that CloudFormation takes.
    AnswerTooLarge = "DISCOVERY_ANSWER_TOO_LARGE",
        "The database has hundreds of security groups.",
        "Give the network by parameters.";
    /// The function has a defect: it panicked.
    Internal = "INTERNAL",
        "A defect of ours.",
        "Report it with the function's log.";
}
