//! Calls in the Query protocol: their endpoints, their errors, and answers that no service gives.

use rotation_aws::{
    Access, AwsError, Element, EndpointVariant, Query, QueryApi, Service, Unreadable, regional_url,
};
use rotation_config::{AccessKey, Endpoint};
use rotation_core::ServiceFault;
use test_servers::{ApiAnswer, ApiDouble, Moto};

const HERE: &str = "us-east-1";
const OPERATION: &str = "DescribeThings";

/// Service, Region, whether FIPS, whether dual-stack, URL.
type Row = (String, String, bool, bool, String);

fn access() -> Access {
    let endpoint = Endpoint { region: Some(HERE.into()), ..Endpoint::default() };
    let key = AccessKey { id: "id".into(), secret: "secret".to_owned().into(), session_token: None };
    Access::in_lambda(&endpoint, Some(&key))
}

/// What a reader of one number gets where the service answers so, and the number of calls.
async fn asked(status: u16, body: String) -> (Result<Option<u16>, AwsError>, usize) {
    let double = ApiDouble::start(move |_| ApiAnswer { status, body: body.clone() }).expect("a port");
    let url = super::url(&double.endpoint());
    let api = QueryApi::new(&access(), Service::Rds, "2014-10-31", Some(&url));
    let read = |root: Element<'_, '_>| root.required("Result")?.parsed("Port");
    let answer = api.ask(HERE, &Query::new(OPERATION).with("Name", "a b&c"), read).await;
    let calls = double.calls();
    assert_eq!(calls[0].body, format!("Action={OPERATION}&Version=2014-10-31&Name=a+b%26c"));
    (answer, calls.len())
}

/// The endpoint of every Region and variant is the one that botocore's rules choose.
#[test]
fn endpoints_as_botocore_chooses() {
    let Some(python) = Moto::program("python") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/endpoints.py");
    let services = [Service::Rds, Service::Redshift, Service::Ec2];
    let mut command = std::process::Command::new(python);
    let output = command.arg(script).args(services.map(Service::prefix)).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<Row> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(rows.len() > 300, "{}", rows.len());
    for (service, region, fips, dual_stack, url) in rows {
        let service = services.into_iter().find(|known| known.prefix() == service).expect("a service");
        assert_eq!(regional_url(service, &region, EndpointVariant { fips, dual_stack }), url);
    }
}

/// A value is read from an answer, and only from one of the documented type.
#[tokio::test]
async fn values_have_their_types() {
    let port = |port: &str| format!("<R xmlns=\"urn:x\"><Result><Port>{port}</Port></Result></R>");
    assert_eq!(asked(200, port(" 5432\n")).await.0.expect("an answer"), Some(5432));
    assert_eq!(asked(200, port("")).await.0.expect("an answer"), None);
    assert_eq!(asked(200, "<R><Result/></R>".into()).await.0.expect("an answer"), None);
    for other in ["many", "5432.5", "-1", "99999"] {
        assert_eq!(asked(200, port(other)).await.0.expect_err("no port").fault, ServiceFault::Internal);
    }
}

/// A refusal has the code and the message of either shape; what is no XML is classified by its status.
#[tokio::test]
async fn refusals_of_either_shape() {
    let error = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not allowed</Message></Error>";
    for body in [
        format!("<ErrorResponse xmlns=\"urn:x\">{error}<RequestId>1</RequestId></ErrorResponse>"),
        format!("<?xml version=\"1.0\"?>\n<Response><Errors>{error}</Errors></Response>"),
    ] {
        let (answer, calls) = asked(403, body).await;
        let error = answer.expect_err("a refusal");
        assert_eq!((error.fault, error.code(), calls), (ServiceFault::AccessDenied, Some("AccessDenied"), 1));
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert_eq!(cause, "AccessDenied: not allowed");
    }
    for (status, fault, calls) in [
        (403, ServiceFault::Rejected, 1),
        (429, ServiceFault::Throttled, 2),
        (503, ServiceFault::Internal, 2),
    ] {
        let (answer, made) = asked(status, "<html><p>Sorry".into()).await;
        let error = answer.expect_err("a refusal");
        assert_eq!((error.fault, error.code(), made), (fault, None, calls));
    }
}

/// Answers that no service gives end in an error, and take no more than linear work.
#[tokio::test]
async fn hostile_answers_end_in_an_error() {
    let inside = |text: &str| format!("<R><Result>{text}</Result></R>");
    let entities =
        "<!DOCTYPE R [<!ENTITY a \"5\"><!ENTITY b \"&a;&a;\">]><R><Result><Port>&b;</Port></Result></R>";
    let repeated = |most: u32, one: fn(u32) -> String| (0..most).map(one).collect::<Vec<_>>().concat();
    let attributes = repeated(90_000, |number| format!(" a{number}=\"\""));
    let namespaces = repeated(40_000, |number| format!("<a xmlns:b{number}=\"c\">"));
    for (name, body) in [
        ("empty", String::new()),
        ("no XML", "{\"Port\": 5432}".to_owned()),
        ("cut off", "<R><Result><Port>54".to_owned()),
        ("another answer", "<R><Other/></R>".to_owned()),
        ("entities", entities.to_owned()),
        ("an unknown entity", inside("<Port>&b;</Port>")),
        ("too large", inside(&"x".repeat(1024 * 1024))),
        ("many elements", inside(&"<a/>".repeat(200_000))),
        ("deep", "<R>".repeat(60_000)),
        ("deep and whole", format!("{}{}", "<R>".repeat(60_000), "</R>".repeat(60_000))),
        ("attributes", format!("<R{attributes}><Result/></R>")),
        ("attributes after a quoted bracket", format!("<R a=\">\"{attributes}><Result/></R>")),
        ("attributes inside", inside(&format!("<a{attributes}/>"))),
        ("namespaces", format!("<R>{namespaces}")),
    ] {
        let (answer, calls) = asked(200, body).await;
        let error = answer.expect_err(name);
        assert_eq!((error.fault, error.code(), calls), (ServiceFault::Internal, None, 2), "{name}");
    }
    assert_eq!(Unreadable.to_string(), "an unreadable answer");
}
