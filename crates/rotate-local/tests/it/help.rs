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
        Rotate secrets on this machine, without an AWS account

        Usage: rotate-local <COMMAND>

        Commands:
          demo   Rotate a real database on this machine and see what happens
          local  Keep a local Secrets Manager running, with the functions registered
          run    Rotate a secret by any function program, step by step
          help   Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help
          -V, --version  Print version

        Examples:
          rotate-local demo                                  see four rotations of a real PostgreSQL
          rotate-local demo mysql                            or of another database
          rotate-local local --postgres                      keep a Secrets Manager and a PostgreSQL running
          rotate-local run --secret app.json ./my_function   rotate a secret by a function of your own

        Exit codes: 0 every rotation succeeded, 1 something failed or a promise was broken, 2 the command
        line is wrong.
    "#]],
    )
    .await;
}

/// The help of `demo` lists what it shows.
#[tokio::test]
async fn demo_lists_what_it_shows() {
    check(
        &["demo", "--help"],
        expect![[r#"
            Rotate a real database on this machine and see what happens.

            Starts a server of the database and a local Secrets Manager, makes users and their secrets, and
            rotates by RotateSecret: twice single user, twice alternating users, through the very programs that
            go to Lambda. After each step it shows the labels of every version and tries which of them logs in.
            After the last rotation it draws the timeline of the labels of each secret, and reports whether each
            promise was kept; the exit code is 1 where one was not. The promises differ: MySQL lets a single
            user keep the old password until the next rotation, others do not. No password is shown.

            Usage: rotate-local demo [OPTIONS] [ENGINE]

            Arguments:
              [ENGINE]
                      The database

                      Possible values:
                      - postgres
                      - mysql
                      - mariadb
                      - docdb:    DocumentDB and MongoDB
                      - redshift

                      [default: postgres]

            Options:
                  --release
                      Take the functions that were built with --release (default: those of the debug build)

                  --keep
                      Keep everything running after the verdict, until Ctrl-C

                  --html <FILE>
                      Also write the timeline to this file, as one HTML page without passwords (default: the
                      terminal alone). A file of this name is replaced

                  --ascii
                      Draw with ASCII alone (default: UTF-8 where `LC_ALL`, `LC_CTYPE` or `LANG` names it)

              -h, --help
                      Print help (see a summary with '-h')

            Examples:
              rotate-local demo                    the newest PostgreSQL that this machine has
              rotate-local demo mysql              MySQL, with two passwords for a single user
              rotate-local demo docdb              MongoDB, whose protocol DocumentDB speaks
              rotate-local demo redshift           PostgreSQL behind a guard of Redshift's documented grammar
              rotate-local demo --release          with the programs that are shipped
              rotate-local demo --keep             and look around afterwards, with the AWS CLI
              rotate-local demo --html demo.html   and the timelines as a page for a browser
              NO_COLOR=1 rotate-local demo | less  plain lines
        "#]],
    )
    .await;
}

/// The help of `local` explains how to talk to it.
#[tokio::test]
async fn local_explains_how_to_connect() {
    check(
        &["local", "--help"],
        expect![[r#"
            Keep a local Secrets Manager running, with the rotation functions registered.

            Any AWS SDK and the AWS CLI work against it; they want credentials, and any will do. RotateSecret
            drives the real function programs through the four steps. Ctrl-C ends everything and removes its
            files; only the file of --state stays.

            Settings of the functions (PASSWORD_LENGTH, EXCLUDE_CHARACTERS, REQUIRE_TLS and so on) are taken
            from the environment.

            Usage: rotate-local local [OPTIONS]

            Options:
                  --port <N>
                      The TCP port on 127.0.0.1; 0 takes a free one

                      [default: 4584]

                  --state <FILE>
                      Keep the secrets in this file (mode 0600) and go on with them at the next start (default:
                      memory alone)

                  --postgres
                      Start a PostgreSQL as well, with users and their secrets; it lasts as long as the command,
                      so --state does not go with it

                  --mysql
                      The same with MySQL

                  --mariadb
                      The same with MariaDB

                  --docdb
                      The same with a server that speaks the protocol of MongoDB and DocumentDB

                  --redshift
                      The same with what stands for Redshift: PostgreSQL behind a guard of Redshift's documented
                      grammar

              -h, --help
                      Print help (see a summary with '-h')

            Examples:
              rotate-local local --postgres                        everything that a rotation needs
              rotate-local local --port 4584 --state secrets.json  secrets that survive a restart

              export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_DEFAULT_REGION=us-east-1
              aws --endpoint-url http://127.0.0.1:4584 secretsmanager list-secrets
        "#]],
    )
    .await;
}

/// The help of `run` lists what the program gets.
#[tokio::test]
async fn run_lists_what_the_program_gets() {
    check(
        &["run", "--help"],
        expect![[r#"
            Rotate a secret by any function program, step by step.

            Starts a local Secrets Manager with one secret, runs the program as Lambda runs it (any language
            that speaks the Runtime API), and rotates by RotateSecret. Shows each step with its time and its
            error. What the program logs is printed after a rotation that fails. The exit code is 1 then.

            The program gets what Lambda sets, the variables of --env, and the address of the local Secrets
            Manager in SECRETS_MANAGER_ENDPOINT and AWS_ENDPOINT_URL_SECRETS_MANAGER, and nothing else of this
            environment. The new password is kept in memory alone, unless --state names a file.

            --faults needs a function that has just rotated. It rotates once for each call of Secrets Manager
            and each kind, with retries, and a healthy rotation after each: they must succeed, and the program's
            output must hold no value that was rotated. What the program does at its own service is not stopped;
            the kit (rotation-conformance) does that for targets in Rust.

            Usage: rotate-local run [OPTIONS] --secret <FILE> <PROGRAM>...

            Arguments:
              <PROGRAM>...
                      The program and its arguments

            Options:
                  --secret <FILE>
                      The file with the secret's value

                  --times <N>
                      How many rotations, one after another; none follows one that fails

                      [default: 1]

                  --faults[=<KIND>...]
                      Then rotate with faults, of these kinds with commas between them; without a value, of
                      every kind (default: none)

                      Possible values:
                      - throttle:     Secrets Manager throttles a call
                      - lost-request: A call has no effect, and its connection is cut
                      - lost-answer:  A call takes effect, and its answer is lost
                      - kill-before:  The process is killed before a call takes effect
                      - kill-after:   The process is killed after a call has taken effect
                      - kill-between: The process is killed after each step
                      - repeat:       Each step is called twice
                      - stale:        An old token's steps are called after a newer rotation

                  --env <NAME=VALUE>
                      A variable of the function; may be repeated (default: none)

                  --name <NAME>
                      The secret's name

                      [default: app]

                  --state <FILE>
                      Keep the secret in this file (mode 0600), and where it is there already, go on with it
                      instead of --secret (default: memory alone)

              -h, --help
                      Print help (see a summary with '-h')

            Examples:
              rotate-local run --secret app.json --state state.json target/debug/postgres_single_user
              rotate-local run --secret app.json --times 2 --env TLS_CA_BUNDLE=ca.pem ./my_function
              rotate-local run --secret app.json --faults ./my_function
              rotate-local run --secret app.json --faults=lost-answer,stale ./my_function
              rotate-local run --secret app.json -- /usr/bin/python3 -m awslambdaric handler.handler
        "#]],
    )
    .await;
}

/// A wrong command line ends with exit code 2.
#[tokio::test]
async fn wrong_command_line_exits_with_2() {
    command::run(&["demo", "oracle"], &[])
        .await
        .expect_code(2)
        .expect_err("possible values: postgres, mysql, mariadb, docdb, redshift");
}
