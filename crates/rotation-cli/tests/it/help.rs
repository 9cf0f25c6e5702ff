//! The help texts, which are part of the product.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its snapshots so")]

use expect_test::{Expect, expect};

use crate::command;

async fn check(arguments: &[&str], expected: Expect) {
    let run = command::run(arguments, &[]).await;
    run.expect_code(0);
    // clap pads empty lines, which editors take away from snapshots.
    let lines: Vec<_> = run.out.lines().map(str::trim_end).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

/// The help names the commands and has examples.
#[tokio::test]
async fn commands_with_examples() {
    check(
        &["--help"],
        expect![[r#"
            Rotate the passwords of databases in AWS Secrets Manager

            Usage: rotate <COMMAND>

            Commands:
              network  Find out where a rotation function is to be placed: VPC, subnets, security groups
              run      Rotate a secret from this machine, with your own AWS credentials
              doctor   Check a secret from every side and report what is wrong; changes nothing
              explain  Show which version carried which label over time and which version logs in now; changes
                       nothing
              recover  Bring a stuck secret back to an AWSCURRENT that logs in, by moving one label; asks before
                       it writes
              help     Print this message or the help of the given subcommand(s)

            Options:
              -h, --help     Print help
              -V, --version  Print version

            Examples:
              rotate run prod/shop/reporting    rotate a secret with your own AWS credentials
              rotate doctor prod/shop/reporting    find out what is wrong with a secret, and what to do next
              rotate explain prod/shop/reporting   see which version carried which label, and which one logs in
              rotate network prod/shop/reporting   find out where the function for a secret is to be placed

            Exit codes: 0 nothing is wrong, 1 something failed, 2 the command line is wrong; `rotate doctor`
            also 3 for warnings and 4 for faults.
        "#]],
    )
    .await;
}

/// The help of `run` describes what the command will do.
#[tokio::test]
async fn run_describes_what_it_will_do() {
    check(
        &["run", "--help"],
        expect![[r#"
            Rotate a secret from this machine, with your own AWS credentials.

            Does what the Lambda function does, in the same four steps of at most 30 seconds each: makes a new
            version as AWSPENDING, changes the password in the database, tests it, and moves AWSCURRENT. Prints
            first what it is going to do and which version logs in now, and asks; with --dry-run it also prints
            every statement that it would run, and ends there. A rotation that was interrupted (an AWSPENDING
            version) is resumed, so this command can be interrupted at any moment and run again.

            Credentials are found in the environment, in the profile of ~/.aws (keys, or a role that keys take
            on), by a web identity, and in a container or instance. A profile of SSO or credential_process is
            not followed: first run `eval "$(aws configure export-credentials --format env)"`. The settings of
            the functions hold here, too, from the environment: PASSWORD_LENGTH, EXCLUDE_CHARACTERS,
            PASSWORD_SOURCE, REQUIRE_TLS, TLS_CA_BUNDLE, AWS_CA_BUNDLE and so on.

            Usage: rotate run [OPTIONS] <SECRET>

            Arguments:
              <SECRET>
                      The secret's ARN or name

            Options:
                  --strategy <STRATEGY>
                      How to rotate (default: alternating where the secret names a `masterarn` or a master
                      secret is given, else single)

                      Possible values:
                      - single_user: The user changes its own password; for a moment only the pending version
                        logs in
                      - master_user: Two users take turns; the live one keeps its password

                  --engine <ENGINE>
                      What the secret opens (default: what its `engine` names; any other engine is refused)

                      Possible values:
                      - postgres
                      - mysql
                      - mariadb
                      - docdb:    DocumentDB and MongoDB
                      - redshift

                  --master-secret <ARN>
                      The ARN or name of the master secret for alternating users (default: `MASTER_SECRET_ARN`,
                      else the secret's `masterarn`)

                  --token <UUID>
                      Resume the rotation of this version, and fail where another one is AWSPENDING (default:
                      the AWSPENDING version, else a new one)

                  --dry-run
                      Print every statement that would be run, passwords left out, and change nothing

              -y, --yes
                      Do not ask before the first write (default: ask, and change nothing where standard input
                      is no terminal)

                  --region <REGION>
                      The region of the secret (default: that of the environment or the profile)

                  --endpoint-url <URL>
                      The URL of another Secrets Manager, such as that of `rotate-local local` (default:
                      `SECRETS_MANAGER_ENDPOINT`, else the region's own)

              -h, --help
                      Print help (see a summary with '-h')

            Examples:
              rotate run prod/shop/reporting
              rotate run prod/shop/checkout --strategy master_user --master-secret prod/shop/master
              rotate run prod/shop/checkout --dry-run
              rotate run prod/shop/reporting --yes --region eu-central-1
              rotate run shop/reporting --endpoint-url http://127.0.0.1:4584
        "#]],
    )
    .await;
}

/// The help of `network` lists which services it asks.
#[tokio::test]
async fn network_lists_what_it_asks() {
    check(
        &["network", "--help"],
        expect![[r#"
            Find out where a rotation function is to be placed: VPC, subnets, security groups.

            Looks the secret's database up in RDS, DocumentDB, Redshift or Redshift Serverless and its network
            in EC2, and decides as the custom resource of the stacks does: a function goes into the VPC of a
            database that is not publicly accessible, and into none otherwise. Prints the parameters with which
            the stacks need no custom resource, and warnings on standard error. Changes nothing and takes at
            most 60 seconds.

            Needs secretsmanager:GetSecretValue (not with --host) and DescribeSecret (only where the secret has
            no host); rds:Describe* of instances, clusters and subnet groups, redshift:Describe* of clusters and
            their subnet groups, or redshift-serverless:ListWorkgroups and ListNamespaces, whichever the
            database is of; and ec2:Describe* of subnets, route tables and VPC endpoints.

            Usage: rotate network [OPTIONS] <SECRET>

            Arguments:
              <SECRET>
                      The secret's ARN or name

            Options:
                  --network <NETWORK>
                      Into which network

                      Possible values:
                      - auto:   Into the database's VPC, unless the database is publicly accessible
                      - vpc:    Into the database's VPC
                      - public: Into no VPC

                      [default: auto]

                  --host <NAME>
                      The database's own endpoint (default: what the secret names). With it the secret is not
                      read

                  --engine <ENGINE>
                      What the database must be (default: what the secret names)

                      Possible values:
                      - postgres
                      - mysql
                      - mariadb
                      - docdb:    DocumentDB and MongoDB
                      - redshift

                  --json
                      Print what the custom resource would answer, as one JSON object (default: one line for
                      each parameter)

                  --region <REGION>
                      The region of secret and database (default: that of the environment or the profile)

                  --endpoint-url <URL>
                      The URL of other endpoints of AWS, such as that of an emulator (default: the region's own)

              -h, --help
                      Print help (see a summary with '-h')

            Examples:
              rotate network prod/shop/reporting
              rotate network prod/shop/reporting --network vpc --json
              rotate network prod/shop/reporting --host shop.c0ffee.eu-central-1.rds.amazonaws.com
              aws cloudformation deploy ... --parameter-overrides $(rotate network prod/shop/reporting) ...
        "#]],
    )
    .await;
}

/// A wrong command line ends with exit code 2.
#[tokio::test]
async fn wrong_command_line_exits_with_2() {
    command::run(&["doctor", "app", "--engine", "oracle"], &[])
        .await
        .expect_code(2)
        .expect_err("possible values: postgres, mysql, mariadb, docdb, redshift");
}
