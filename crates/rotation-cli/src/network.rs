//! `rotate network`: where a rotation function has to be placed, for stacks that may not look that up
//! themselves.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use network_discovery::{AwsDiscovery, DiscoveryError, Engine, FunctionNetwork, NetworkMode, Wish};
use rotation_aws::Access;
use rotation_config::{Endpoint, EndpointUrl, Environment};
use rotation_core::{Deadline, SecretId};
use rotation_database::Host;

use rotation_cli::{EngineKind, Screen};

/// The longest that all lookups may take together.
const TIME: Duration = Duration::from_mins(1);

/// Find out where a rotation function is to be placed: VPC, subnets, security groups
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The secret's ARN or name
    #[arg(value_name = "SECRET")]
    id: String,

    /// Into which network
    #[arg(long, value_enum, default_value_t)]
    network: NetworkWord,

    /// The database's own endpoint (default: what the secret names). With it the secret is not read
    #[arg(long, value_name = "NAME")]
    host: Option<String>,

    /// What the database must be (default: what the secret names)
    #[arg(long, value_enum)]
    engine: Option<EngineKind>,

    /// Print what the custom resource would answer, as one JSON object (default: one line for each parameter)
    #[arg(long)]
    json: bool,

    /// The region of secret and database (default: that of the environment or the profile)
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// The URL of other endpoints of AWS, such as that of an emulator (default: the region's own)
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum NetworkWord {
    /// Into the database's VPC, unless the database is publicly accessible
    #[default]
    Auto,
    /// Into the database's VPC
    Vpc,
    /// Into no VPC
    Public,
}

/// The parameters of the stack `rotation.yaml` that define where a function is placed, and the lookup's names
/// for them.
const PARAMETERS: [(&str, &str); 8] = [
    ("NetworkMode", "NetworkMode"),
    ("VpcId", "VpcId"),
    ("vpcSubnetIds", "SubnetIds"),
    ("DatabaseSecurityGroupIds", "DatabaseSecurityGroupIds"),
    ("DatabasePort", "Port"),
    ("SecretsManagerEndpointId", "SecretsManagerEndpointId"),
    ("SecretsManagerEndpointSecurityGroupIds", "SecretsManagerEndpointSecurityGroupIds"),
    ("HasNatRoute", "HasNatRoute"),
];

const ABOUT: &str = "\
Find out where a rotation function is to be placed: VPC, subnets, security groups.

Looks the secret's database up in RDS, DocumentDB, Redshift or Redshift Serverless and its network in EC2, \
and decides as the custom resource of the stacks does: a function goes into the VPC of a database that is \
not publicly accessible, and into none otherwise. Prints the parameters with which the stacks need no custom \
resource, and warnings on standard error. Changes nothing and takes at most 60 seconds.

Needs secretsmanager:GetSecretValue (not with --host) and DescribeSecret (only where the secret has no \
host); rds:Describe* of instances, clusters and subnet groups, redshift:Describe* of clusters and their \
subnet groups, or redshift-serverless:ListWorkgroups and ListNamespaces, whichever the database is of; and \
ec2:Describe* of subnets, route tables and VPC endpoints.";

const EXAMPLES: &str = "\
Examples:
  rotate network prod/shop/reporting
  rotate network prod/shop/reporting --network vpc --json
  rotate network prod/shop/reporting --host shop.c0ffee.eu-central-1.rds.amazonaws.com
  aws cloudformation deploy ... --parameter-overrides $(rotate network prod/shop/reporting) ...";

/// Looks up and prints.
///
/// # Errors
/// An argument or a setting is invalid, or [`DiscoveryError`].
pub(crate) async fn run(arguments: &Arguments, environment: &Environment, screen: &Screen) -> Result<()> {
    let wish = wish(arguments)?;
    let url = arguments.endpoint_url.as_deref().map(EndpointUrl::parse).transpose();
    let url = url.context("--endpoint-url is not usable")?;
    let mut endpoint = Endpoint::from_environment(environment)?;
    endpoint.url = url.clone().or(endpoint.url);
    endpoint.region = arguments.region.clone().or(endpoint.region);
    let lookup = async {
        let access = Access::of_person(&endpoint).await;
        AwsDiscovery::of(&access, url.as_ref()).discover(&wish).await
    };
    let looked = Deadline::after(TIME).bound(Box::pin(lookup)).await;
    show(&looked.unwrap_or(Err(DiscoveryError::TimedOut))?, arguments.json, screen);
    Ok(())
}

fn wish(arguments: &Arguments) -> Result<Wish> {
    Ok(Wish {
        secret: SecretId::new(&arguments.id).context("the secret's name is not usable")?,
        engine: arguments.engine.map(|engine| match engine {
            EngineKind::Postgres => Engine::Postgres,
            EngineKind::Mysql => Engine::Mysql,
            EngineKind::Mariadb => Engine::Mariadb,
            EngineKind::Docdb => Engine::Docdb,
            EngineKind::Redshift => Engine::Redshift,
        }),
        mode: match arguments.network {
            NetworkWord::Auto => NetworkMode::Auto,
            NetworkWord::Vpc => NetworkMode::Vpc,
            NetworkWord::Public => NetworkMode::Public,
        },
        host: arguments.host.as_deref().map(Host::parse).transpose().context("--host is not usable")?,
    })
}

fn show(network: &FunctionNetwork, json: bool, screen: &Screen) {
    let data = network.data();
    if json {
        screen.json(&data);
        return;
    }
    screen.line("NetworkDiscovery=explicit");
    for (parameter, name) in PARAMETERS {
        let value = data[name].as_str().expect("every value is text");
        // The stacks treat an empty value as absent.
        if !value.is_empty() {
            screen.line(format_args!("{parameter}={value}"));
        }
    }
    for warning in &network.warnings {
        screen.warning(warning);
    }
}
