//! The custom resource's request and answer, in process.

use std::time::Duration;

use network_discovery::{
    DiscoveryError, FunctionNetwork, NetworkMode,
    resource::{Answer, Delivery, Reason, Request, RequestError, respond},
};
use rotation_aws::{Access, Https};
use rotation_config::Endpoint;
use rotation_core::Deadline;
use rotation_lambda::EventInvocation;
use serde_json::{Value, json};

use crate::{decisions::database, receiver::Receiver};

/// A request as CloudFormation makes it, with these fields changed; `null` removes one.
pub(crate) fn event(url: &str, more: &Value) -> Value {
    let mut event = json!({
        "RequestType": "Create", "ResponseURL": url, "ResourceType": "Custom::NetworkDiscovery",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/rotation/1111",
        "RequestId": "22222222-3333", "LogicalResourceId": "Network",
        "ResourceProperties": {
            "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:network_discovery",
            "SecretArn": "app", "NetworkMode": "auto", "Engine": "", "Host": ""},
    });
    for (field, value) in more.as_object().unwrap() {
        event[field] = value.clone();
        if value.is_null() {
            event.as_object_mut().unwrap().remove(field);
        }
    }
    event
}

#[track_caller]
fn check(more: &Value, expected: &str) {
    let error = Request::parse(&event("https://bucket.example/x?X-Amz-Signature=canary", more).to_string());
    let error = error.expect_err(expected);
    assert_eq!(error.to_string(), expected);
    assert!(!format!("{error:?}").contains("canary"));
}

/// A request that cannot be answered is named.
#[test]
fn unanswerable_request_is_named() {
    check(&json!({"RequestType": "Read"}), "the event has no usable `RequestType`");
    for field in ["RequestType", "ResponseURL", "StackId", "RequestId", "LogicalResourceId"] {
        check(&json!({field: null}), &format!("the event has no usable `{field}`"));
        check(&json!({field: 7}), &format!("the event has no usable `{field}`"));
    }
    for id in ["x".repeat(501), "\"".into(), "\u{e4}".into()] {
        check(&json!({"StackId": id}), "the event has no usable `StackId`");
    }
    check(&json!({"PhysicalResourceId": ""}), "the event has no usable `PhysicalResourceId`");
    assert_eq!(Request::parse("[]").unwrap_err(), RequestError::Malformed);
    assert_eq!(Request::parse(&" ".repeat(65 * 1024)).unwrap_err(), RequestError::Malformed);
}

/// An answer goes by HTTPS, or to this machine.
#[test]
fn https_or_loopback_only() {
    for (url, taken) in [
        ("https://bucket.s3.amazonaws.com/x?X-Amz-Signature=canary", true),
        ("http://127.0.0.1:9/x?canary", true),
        ("http://localhost:9/x?canary", true),
        ("http://bucket.s3.amazonaws.com/x?canary", false),
        ("http://127.0.0.1.example.com/x?canary", false),
        ("http://127.0.0.1@example.com/x?canary", false),
        ("ftp://127.0.0.1/canary", false),
        ("canary", false),
    ] {
        let parsed = Request::parse(&event(url, &json!({})).to_string());
        assert_eq!(parsed.is_ok(), taken, "{url}");
        assert!(!format!("{parsed:?}").contains("canary"), "{parsed:?}");
    }
}

/// Properties are read in the form in which a template gives them.
#[test]
fn template_properties() {
    let wish = |properties: Value| {
        let event = event("https://b.example/", &json!({"ResourceProperties": properties}));
        Request::parse(&event.to_string()).unwrap().wish()
    };
    let plain = wish(json!({"SecretArn": " app ", "NetworkMode": "", "Host": "", "More": {"x": 1}})).unwrap();
    assert_eq!((plain.secret.as_str(), plain.mode, plain.host), ("app", NetworkMode::Auto, None));
    assert_eq!(wish(json!({"SecretArn": "app", "NetworkMode": "Vpc"})).unwrap().mode, NetworkMode::Vpc);
    for (properties, expected) in [
        (json!({}), "the property SecretArn must be the ARN of a secret"),
        (json!({"SecretArn": ["app"]}), "the property SecretArn must be the ARN of a secret"),
        (
            json!({"SecretArn": "app", "NetworkMode": "canary"}),
            "the property NetworkMode must be auto, vpc or public",
        ),
        (json!({"SecretArn": "app", "Host": "canary,b"}), "the property Host must be one DNS name, or empty"),
        (
            json!({"SecretArn": "app", "Engine": "canary"}),
            "the property Engine must be one of postgres, mysql, mariadb, docdb and redshift, or empty",
        ),
    ] {
        let error = wish(properties).unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("DISCOVERY_PROPERTY_INVALID", expected));
    }
}

/// The resource keeps its physical id.
#[test]
fn physical_id_is_kept() {
    let id =
        |more: Value| Request::parse(&event("https://b.example/", &more).to_string()).unwrap().physical_id;
    assert_eq!(id(json!({})), "network-discovery-Network");
    assert_eq!(
        id(json!({"RequestType": "Update", "PhysicalResourceId": "network-discovery-Network"})),
        "network-discovery-Network"
    );
    assert_eq!(id(json!({"RequestType": "Delete", "PhysicalResourceId": "old"})), "old");
}

/// An answer never exceeds the size that CloudFormation accepts.
#[test]
fn answer_fits_cloudformation() {
    let long = "x".repeat(500);
    let more =
        json!({"StackId": long, "RequestId": long, "PhysicalResourceId": long, "LogicalResourceId": long});
    let request = Request::parse(&event("https://b.example/", &more).to_string()).unwrap();
    let database = database(network_discovery::Exposure::Public, &[]);
    let mut fits = FunctionNetwork::public(&database);
    fits.warnings = vec!["\u{e4}".repeat(5000)];
    let mut too_large = fits.clone();
    too_large.database_arn = "y".repeat(4096);
    let reason = Reason { code: "X", message: "\"".repeat(5000), hint: String::new() };
    for (outcome, status) in
        [(Ok(Some(&fits)), "SUCCESS"), (Ok(Some(&too_large)), "FAILED"), (Err(&reason), "FAILED")]
    {
        let answer = Answer::to(&request, outcome);
        assert!(answer.as_str().len() <= 4096, "{}", answer.as_str().len());
        let answer: Value = serde_json::from_str(answer.as_str()).unwrap();
        assert_eq!(answer["Status"], status);
        assert_eq!(answer["StackId"], long.as_str());
        let reason = answer["Reason"].as_str().unwrap();
        assert_eq!(
            reason.starts_with("DISCOVERY_ANSWER_TOO_LARGE: "),
            outcome.is_ok_and(|it| it == Some(&too_large))
        );
    }
}

/// The answer to CloudFormation where the lookup behaves like this, with this much time.
async fn answered(
    lookup: impl AsyncFn() -> Result<FunctionNetwork, Reason>,
    time: Duration,
    replies: &'static [u16],
) -> (Vec<Value>, Option<&'static str>) {
    let bucket =
        Receiver::start(|number, _| Some((replies[number.min(replies.len() - 1)], String::new()))).await;
    let event = event(&bucket.url(), &json!({})).to_string();
    let invocation = EventInvocation { request_id: "1", payload: &event, deadline: Deadline::after(time) };
    let delivery = Delivery::new(Https::new(&Access::in_lambda(&Endpoint::default(), None)));
    let outcome = Box::pin(respond(&invocation, async |_| lookup().await, &delivery)).await;
    let bodies = bucket.received().into_iter();
    let bodies = bodies.map(|received| serde_json::from_str(&received.body).unwrap()).collect();
    (bodies, outcome.err().map(|failure| failure.code))
}

const MINUTE: Duration = Duration::from_mins(1);

/// A panic is answered, as a failure.
#[tokio::test]
async fn panic_becomes_a_failure_answer() {
    let (answers, failure) = answered(async || panic!("on purpose"), MINUTE, &[200]).await;
    assert_eq!(failure, None);
    assert_eq!(answers[0]["Status"], "FAILED");
    assert!(
        answers[0]["Reason"].as_str().unwrap().starts_with("INTERNAL: the lookup panicked."),
        "{answers:?}"
    );
}

/// A lookup without end is answered before the deadline.
#[tokio::test]
async fn endless_lookup_is_answered() {
    let begun = std::time::Instant::now();
    let (answers, failure) =
        answered(async || std::future::pending().await, Duration::from_secs(3), &[200]).await;
    assert_eq!(failure, None);
    assert!(answers[0]["Reason"].as_str().unwrap().starts_with("DISCOVERY_TIMED_OUT: "), "{answers:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

/// A bucket with a transient fault is called again, and one that refuses is not.
#[tokio::test]
async fn transient_bucket_faults_are_retried() {
    let failed = async || Err(Reason::from(DiscoveryError::NoWriter));
    let (answers, failure) = answered(failed, MINUTE, &[503, 500, 200]).await;
    assert_eq!((answers.len(), failure), (3, None));
    let (answers, failure) = answered(failed, MINUTE, &[403]).await;
    assert_eq!((answers.len(), failure), (1, Some("DISCOVERY_ANSWER_REFUSED")));
    let (answers, failure) = answered(failed, MINUTE, &[503]).await;
    assert_eq!((answers.len(), failure), (8, Some("DISCOVERY_ANSWER_REFUSED")));
}
