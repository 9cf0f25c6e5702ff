//! The elements of an answer, found by their names. Unknown elements are ignored.

use roxmltree::Node;
use thiserror::Error;

/// An answer that cannot be read: no XML, or a value of another type than documented.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("an unreadable answer")]
pub struct Unreadable;

/// One element of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a, 'input>(Node<'a, 'input>);

impl<'a, 'input: 'a> Element<'a, 'input> {
    pub(super) fn of(node: Node<'a, 'input>) -> Self {
        Self(node)
    }

    /// The first child with this name.
    pub fn child(self, name: &str) -> Option<Self> {
        self.0.children().find(|child| child.tag_name().name() == name).map(Self)
    }

    /// A child without which the answer is not that of the operation.
    ///
    /// # Errors
    /// [`Unreadable`] where it is missing.
    pub fn required(self, name: &str) -> Result<Self, Unreadable> {
        self.child(name).ok_or(Unreadable)
    }

    /// The members of a list: the elements named `member` in the child `list`.
    pub fn list(self, list: &str, member: &str) -> impl Iterator<Item = Self> {
        let list = self.child(list).into_iter().flat_map(|list| list.0.children());
        list.filter(move |node| node.tag_name().name() == member).map(Self)
    }

    /// The element's own text, without the spaces around it; `None` where there is none.
    pub fn content(self) -> Option<&'a str> {
        self.0.text().map(str::trim).filter(|text| !text.is_empty())
    }

    /// The text of a child; `None` where there is no such child, or no text in it.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.child(name)?.content()
    }

    /// The text of a child as a `bool` or a number.
    ///
    /// # Errors
    /// [`Unreadable`] where it is neither missing nor such a value.
    pub fn parsed<T: std::str::FromStr>(self, name: &str) -> Result<Option<T>, Unreadable> {
        self.text(name).map(str::parse).transpose().map_err(|_| Unreadable)
    }
}
