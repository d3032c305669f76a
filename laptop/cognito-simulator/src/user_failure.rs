//! Why a user of the pool can't be created or changed.

/// Why a user can't be created or changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UserFailure {
    /// `UsernameExistsException`.
    #[error("the username is taken")]
    Taken,
    /// `InvalidParameterException`: the username, or an attribute that the schema doesn't have or
    /// whose length is out of range.
    #[error("the username or an attribute doesn't fit the pool")]
    Invalid,
    /// `InvalidParameterException`: a federated user is given a password. AWS allows it, for
    /// sign-ins by the API.
    #[error("a federated user gets no password here")]
    Federated,
    /// `InvalidPasswordException`: the policy of a new pool asks for eight characters, among them
    /// an upper and a lower case letter, a digit and a symbol.
    #[error("the password doesn't fit the policy")]
    Password,
    /// `UserNotFoundException`.
    #[error("there is no such user")]
    Unknown,
    /// The pool has no other provider of this name.
    #[error("there is no such provider beside the pool's own")]
    NoProvider,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}
