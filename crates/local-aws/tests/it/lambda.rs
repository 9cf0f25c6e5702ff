use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use local_aws::{FunctionError, LambdaBuilder, LambdaFunction};
use serde_json::{Value, json};

/// A custom runtime in bash without any other program: it speaks HTTP through `/dev/tcp` and does what the
/// event asks for.
const PROGRAM: &str = r#"
LC_ALL=C
call() {
    local line
    exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API#*:}"
    printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: runtime\r\nConnection: close\r\n' "$1" "$2" >&3
    printf 'Content-Length: %s\r\n\r\n%s' "${#3}" "$3" >&3
    read -r status <&3
    headers=
    while read -r line <&3 && line=${line%$'\r'} && [ -n "$line" ]; do headers+="$line"$'\n'; done
    body=$(cat <&3)
    exec 3>&-
}
if [ "$1" = refuse ]; then
    call POST init/error '{"errorType":"Config.Bad","errorMessage":"no such setting"}'
    exit 1
fi
[ "$1" = exit ] && exit 3
while call GET invocation/next ''; do
    id=$(sed -n 's/^lambda-runtime-aws-request-id: //Ip' <<<"$headers")
    event=$body
    case $event in
        *environment*) tr '\0' '\n' <"/proc/$$/environ" ;;
        *headers*) echo "$headers" ;;
        *fail*) call POST "invocation/$id/error" '{"errorType":"Own.Code","errorMessage":"own words"}'; continue ;;
        *stale*) call POST invocation/of-yesterday/response 1; echo "$status$body" ;;
        *large*) call POST "invocation/$id/response" "\"$(printf '%7000000s' '')\""; echo "$status$body" ;;
        *garbage*) event='not JSON' ;;
        *zero*) exit 0 ;;
        *seven*) echo 'last words'; exit 7 ;;
        *abort*) kill -ABRT $$ ;;
        *hang*) exec sleep 60 ;;
        *flood*) exec yes ;;
        *slow*) echo begin; sleep 0.2; echo end >&2 ;;
        *grow*) large=$(printf '%30000000s' '') ;;
    esac
    call POST "invocation/$id/response" "$event"
done
"#;

fn builder() -> LambdaBuilder {
    let bash = LambdaFunction::builder("/bin/bash").arg("-c").arg(PROGRAM).arg("function");
    bash.name("rotate-it").timeout(Duration::from_secs(10))
}

fn function() -> LambdaFunction {
    builder().build().unwrap()
}

async fn says(function: &LambdaFunction, event: &str) -> Value {
    function.invoke(&json!({ "do": event })).await.unwrap()
}

async fn fails(function: &LambdaFunction, event: &str) -> FunctionError {
    function.invoke(&json!({ "do": event })).await.unwrap_err()
}

/// The message without the leading request id, which differs from run to run.
fn words(error: &FunctionError) -> String {
    let rest = error.message.strip_prefix("RequestId: ").expect("it names the request");
    let (id, words) = rest.split_once(' ').unwrap();
    assert_eq!(id.len(), 36, "{id}");
    words.to_owned()
}

fn exists(process: u32) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

/// The event reaches the program, its answer comes back, and the process stays warm.
#[tokio::test]
async fn event_in_answer_out() {
    let function = function();
    let event = json!({"Step": "createSecret", "text": "\"quoted\" and \u{e9}"});
    for _ in 0..3 {
        assert_eq!(function.invoke(&event).await.unwrap(), event);
    }
    let reports = function.reports();
    let processes: BTreeSet<u32> = reports.iter().map(|report| report.process_id).collect();
    let requests: BTreeSet<&str> = reports.iter().map(|report| report.request_id.as_str()).collect();
    assert_eq!((processes.len(), requests.len()), (1, 3));
    assert!(reports[0].init.is_some_and(|init| init > Duration::ZERO));
    assert!(reports[1].init.is_none() && reports[2].init.is_none());
}

/// The function's own error is passed on, and costs no cold start.
#[tokio::test]
async fn function_error_is_passed_on() {
    let function = function();
    let error = fails(&function, "fail").await;
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("Own.Code", "own words"));
    says(&function, "echo").await;
    assert_eq!(function.reports()[0].process_id, function.reports()[1].process_id);
}

/// A process that exits is reported as Lambda reports it, and the next invocation starts cold.
#[tokio::test]
async fn exit_is_reported_as_lambda_does() {
    for (event, expected) in [
        ("seven", "Error: Runtime exited with error: exit status 7"),
        ("zero", "Error: Runtime exited without providing a reason"),
        ("abort", "Error: Runtime exited with error: signal: aborted"),
    ] {
        let function = function();
        says(&function, "echo").await;
        let error = fails(&function, event).await;
        assert_eq!((error.error_type.as_str(), words(&error).as_str()), ("Runtime.ExitError", expected));
        says(&function, "echo").await;
        let reports = function.reports();
        assert!(reports[0].process_id == reports[1].process_id && reports[2].init.is_some(), "{reports:?}");
    }
}

/// An invocation that takes too long is killed at its timeout.
#[tokio::test]
async fn timeout_kills_the_process() {
    let function = builder().timeout(Duration::from_millis(1500)).build().unwrap();
    says(&function, "echo").await;
    let started = Instant::now();
    let error = fails(&function, "hang").await;
    let took = started.elapsed();
    assert_eq!(error.error_type, "Sandbox.Timedout");
    assert_eq!(words(&error), "Error: Task timed out after 1.50 seconds");
    assert!(took >= Duration::from_millis(1500) && took < Duration::from_secs(5), "{took:?}");
    assert!(!exists(function.last_report().unwrap().process_id));
    says(&function, "echo").await;
    assert!(function.last_report().unwrap().init.is_some());
}

/// A process that is killed during an invocation is reported as killed.
#[tokio::test]
async fn killed_during_an_invocation() {
    let function = function();
    assert!(!function.kill().await, "there is no process yet");
    let other = function.clone();
    let killer = tokio::spawn(async move {
        while !other.output().contains("begin") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(other.kill().await);
    });
    let error = fails(&function, "slow").await;
    killer.await.unwrap();
    assert_eq!(error.error_type, "Runtime.ExitError");
    assert_eq!(words(&error), "Error: Runtime exited with error: signal: killed");
    assert!(!function.output().contains("end"));
    says(&function, "echo").await;
}

/// A process that is killed between invocations costs one cold start and nothing else.
#[tokio::test]
async fn killed_between_invocations() {
    let function = function();
    says(&function, "echo").await;
    assert!(function.kill().await);
    assert!(!exists(function.last_report().unwrap().process_id));
    assert!(!function.kill().await);
    says(&function, "echo").await;
    assert!(function.last_report().unwrap().init.is_some());
}

/// The environment is that of Lambda, and holds nothing of the caller's.
#[tokio::test]
async fn environment_of_lambda_alone() {
    let function =
        builder().region("eu-west-1").memory_mib(256).env("EXCLUDE_CHARACTERS", "/@\"'\\ ").build().unwrap();
    says(&function, "environment").await;
    let output = function.output();
    let variables: BTreeSet<&str> =
        output.lines().filter(|line| !line.starts_with("AWS_LAMBDA_RUNTIME_API")).collect();
    let expected = BTreeSet::from([
        "_HANDLER=bootstrap",
        "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
        "AWS_DEFAULT_REGION=eu-west-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256",
        "AWS_LAMBDA_FUNCTION_NAME=rotate-it",
        "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/rotate-it",
        "AWS_LAMBDA_LOG_STREAM_NAME=local",
        "AWS_REGION=eu-west-1",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN=local-session",
        "EXCLUDE_CHARACTERS=/@\"'\\ ",
        "LAMBDA_RUNTIME_DIR=/var/runtime",
        "LAMBDA_TASK_ROOT=/bin",
        "LANG=en_US.UTF-8",
        "PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "TZ=:UTC",
    ]);
    assert_eq!(variables, expected);
}

/// The headers name the request, the function and the deadline.
#[tokio::test]
async fn request_headers() {
    let function = function();
    let before = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    says(&function, "headers").await;
    let after = time::OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
    let output = function.output().to_lowercase();
    let header = |name: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("no {name} in {output}")).to_owned()
    };
    let deadline: i128 = header("lambda-runtime-deadline-ms").parse().unwrap();
    assert!((before + 10_000..=after + 10_000).contains(&deadline), "{before} {deadline} {after}");
    assert_eq!(header("lambda-runtime-aws-request-id"), function.last_report().unwrap().request_id);
    assert_eq!(header("lambda-runtime-invoked-function-arn"), function.arn());
    assert_eq!(function.arn(), "arn:aws:lambda:us-east-1:123456789012:function:rotate-it");
    let trace = header("lambda-runtime-trace-id");
    assert!(trace.starts_with("root=1-") && trace.ends_with(";sampled=0") && trace.len() == 50, "{trace}");
}

/// A program that fails before it first asks for work is an error of each invocation.
#[tokio::test]
async fn failure_before_the_first_request() {
    let refusing = builder().arg("refuse").build().unwrap();
    let error = fails(&refusing, "echo").await;
    assert_eq!((error.error_type.as_str(), error.message.as_str()), ("Config.Bad", "no such setting"));

    let ending = builder().arg("exit").build().unwrap();
    for _ in 0..2 {
        let error = fails(&ending, "echo").await;
        assert_eq!(error.error_type, "Runtime.ExitError");
        assert_eq!(words(&error), "Error: Runtime exited with error: exit status 3");
    }

    let missing = LambdaFunction::builder("/no/such/program").build().unwrap();
    assert_eq!(fails(&missing, "echo").await.error_type, "Runtime.InvalidEntrypoint");
}

/// Invocations run one at a time.
#[tokio::test]
async fn one_invocation_at_a_time() {
    let function = function();
    let (first, second) = (function.clone(), function.clone());
    let (first, second) = tokio::join!(
        tokio::spawn(async move { says(&first, "slow").await }),
        tokio::spawn(async move { says(&second, "slow").await }),
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(function.output(), "begin\nend\nbegin\nend\n");
    assert!(function.reports().iter().all(|report| report.duration >= Duration::from_millis(200)));
}

/// A refusal of the Runtime API leaves the invocation open.
#[tokio::test]
async fn api_refusals_leave_invocations_open() {
    let function = function();
    says(&function, "stale").await;
    assert!(function.output().contains("400 Bad Request"), "{}", function.output());
    assert!(function.output().contains("InvalidRequestID"), "{}", function.output());
    says(&function, "large").await;
    assert!(function.output().contains("413 Payload Too Large"), "{}", function.output());
    assert_eq!(fails(&function, "garbage").await.error_type, "Runtime.MalformedResponse");
    says(&function, "echo").await;
    assert_eq!(function.reports().iter().filter(|report| report.init.is_some()).count(), 1);
}

/// A process that writes without end is killed.
#[tokio::test]
async fn endless_output_is_killed() {
    let function = builder().timeout(Duration::from_secs(30)).build().unwrap();
    let error = fails(&function, "flood").await;
    assert_eq!(words(&error), "Error: Runtime exited with error: signal: killed");
    assert_eq!(function.output().len(), 16 * 1024 * 1024);
}

/// The peak memory that is reported is that of the process.
#[tokio::test]
async fn peak_memory_of_the_process() {
    let function = function();
    says(&function, "echo").await;
    let small = function.last_report().unwrap().peak_rss_kib.unwrap();
    says(&function, "grow").await;
    let large = function.last_report().unwrap().peak_rss_kib.unwrap();
    assert!(small > 1000 && small < 20_000 && large > small + 29_000, "{small} KiB, then {large} KiB");
}

/// The process ends when its function is dropped, and when its invocation is abandoned.
#[tokio::test]
async fn process_ends_with_its_function() {
    let function = function();
    says(&function, "echo").await;
    let process = function.last_report().unwrap().process_id;
    tokio::time::timeout(Duration::from_millis(100), function.invoke(&json!("hang"))).await.unwrap_err();
    gone(process).await;
    says(&function, "echo").await;
    let process = function.last_report().unwrap().process_id;
    drop(function);
    gone(process).await;
}

async fn gone(process: u32) {
    let limit = Instant::now() + Duration::from_secs(10);
    while exists(process) {
        assert!(Instant::now() < limit, "process {process} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A function outlives the async runtime that started its process.
#[test]
fn outlives_the_starting_runtime() {
    let function = function();
    for flavor in ["current", "many", "current"] {
        let mut builder = match flavor {
            "many" => tokio::runtime::Builder::new_multi_thread(),
            _ => tokio::runtime::Builder::new_current_thread(),
        };
        let runtime = builder.enable_all().build().unwrap();
        runtime.block_on(says(&function, "echo"));
        runtime.block_on(says(&function, "echo"));
    }
    let cold: Vec<bool> = function.reports().iter().map(|report| report.init.is_some()).collect();
    assert_eq!(cold, [true, false, true, false, true, false]);
}
