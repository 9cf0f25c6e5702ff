//! The ids of network resources, checked once, so that a list of them can be joined with commas.

use std::fmt;

/// Longer than any id of EC2.
const LONGEST: usize = 64;

macro_rules! identity {
    ($(#[$about:meta])* $name:ident, $prefix:literal) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// `None` where the text is not such an id.
            pub fn parse(text: &str) -> Option<Self> {
                let rest = text.strip_prefix($prefix)?;
                let plain = rest.bytes().all(|b| b.is_ascii_alphanumeric());
                (plain && !rest.is_empty() && text.len() <= LONGEST).then(|| Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identity!(
    /// `vpc-...`
    VpcId,
    "vpc-"
);
identity!(
    /// `subnet-...`
    SubnetId,
    "subnet-"
);
identity!(
    /// `sg-...`
    SecurityGroupId,
    "sg-"
);
identity!(
    /// `vpce-...`
    EndpointId,
    "vpce-"
);

/// The ids in their order, separated by commas, as a CloudFormation list parameter takes them.
pub(crate) fn joined<T: fmt::Display>(ids: &[T]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
