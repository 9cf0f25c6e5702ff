//! `DescribeUsers` and `ModifyUser` of ElastiCache, in the query protocol.

use rotation_core::Password;
use roxmltree::{Document, Node, ParsingOptions};
use zeroize::Zeroizing;

use super::call::{Call, Request};
use crate::user_api::{ManagedUser, UserArn, UserService, UserState};

/// The API version whose fields are read.
const VERSION: &str = "2015-02-02";
/// More elements than any answer about one user has.
const MOST_NODES: u32 = 10_000;

pub(super) fn describe(arn: &UserArn) -> Call {
    call("DescribeUsers", &[("UserId", arn.id())])
}

pub(super) fn modify(arn: &UserArn, [one, other]: [&Password; 2]) -> Call {
    call(
        "ModifyUser",
        &[("UserId", arn.id()), ("Passwords.member.1", one.expose()), ("Passwords.member.2", other.expose())],
    )
}

fn call(operation: &'static str, parameters: &[(&str, &str)]) -> Call {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", operation).append_pair("Version", VERSION);
    for (name, value) in parameters {
        form.append_pair(name, value);
    }
    let kind = "application/x-www-form-urlencoded; charset=utf-8".to_owned();
    let request = Request { headers: vec![("content-type", kind)], body: Zeroizing::new(form.finish()) };
    Call { service: UserService::ElastiCache, operation, request, code }
}

/// The user of this ARN in an answer to [`describe`]; `None` where it is not there.
pub(super) fn user(body: &[u8], arn: &UserArn) -> Option<ManagedUser> {
    read(body, |root| {
        let users = root.descendants().find(|node| node.has_tag_name_of("Users"))?;
        let user = users.children().find(|user| text(*user, "UserId") == Some(arn.id()))?;
        let authentication = child(user, "Authentication");
        let kind = authentication.and_then(|node| text(node, "Type"));
        let count = authentication.and_then(|node| text(node, "PasswordCount")?.parse().ok());
        Some(ManagedUser {
            arn: text(user, "ARN")?.to_owned(),
            name: text(user, "UserName")?.to_owned(),
            state: UserState::of(text(user, "Status")?),
            passwords: count.filter(|_| kind == Some("password")),
        })
    })
}

/// The code of a refusal.
fn code(body: &[u8]) -> Option<String> {
    read(body, |root| {
        let error = root.descendants().find(|node| node.has_tag_name_of("Error"))?;
        text(error, "Code").map(str::to_owned)
    })
}

fn read<T>(body: &[u8], take: impl FnOnce(Node<'_, '_>) -> Option<T>) -> Option<T> {
    let text = std::str::from_utf8(body).ok()?;
    let options = ParsingOptions { nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).ok()?;
    take(document.root_element())
}

/// Elements by their local names: the namespace is that of the API version.
trait LocalName {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name_of(name))
}

fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    child(node, name)?.text()
}
