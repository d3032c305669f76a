//! Why the demo ended before a login, in both languages.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use cli::exit::{self, Status};
use demo::app;
use demo::laptop::{LaptopError, LoginError};
use demo::member_app::MemberAppError;
use demo::scopes::InvalidScopes;
use local_lambda::BuildError;
use loopback::pages::Language;
use loopback::user_agent::UserAgentError;

use crate::complaint::{Complaint, another_port};
use crate::own_app::OwnAppError;
use crate::state::StateError;
use crate::unknown::Unknown;

/// Why the demo didn't get to a login.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// No such test person, fault or scope.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// Scopes without `openid`.
    #[error(
        "without the scope openid there is no ID token, and the login can't succeed: put openid \
        into --scopes"
    )]
    WithoutOpenid,
    /// Two stand-ins can't listen on the same port.
    #[error("{0} and {1} name the same port")]
    SamePort(&'static str, &'static str),
    /// The command was built in a checkout that isn't there any more.
    #[error("the functions' sources are not in {}: use cargo run in the checkout", .0.display())]
    Moved(PathBuf),
    /// Cargo can't be run.
    #[error("cargo could not be run ({0}): is Rust installed, and cargo in the PATH?")]
    NoCargo(io::ErrorKind),
    /// Cargo can't write into its target folder.
    #[error(
        "the functions can't be built, since cargo has no folder that it can write to: set \
        CARGO_TARGET_DIR to a writable folder (in a sandbox, to one outside of it)\n{0}"
    )]
    NotWritable(String),
    /// The functions couldn't be built.
    #[error(transparent)]
    Build(BuildError),
    /// Another program listens where a stand-in should.
    #[error("{address} is used by another program")]
    Taken {
        /// The address.
        address: SocketAddr,
        /// The option that chooses this port.
        option: &'static str,
    },
    /// The user's own app can't be registered.
    #[error(transparent)]
    OwnApp(OwnAppError),
    /// Something else doesn't start.
    #[error("the login could not be started: {0}")]
    Start(LaptopError),
    /// Ctrl-C can't be listened for.
    #[error("can't wait for signals such as Ctrl-C: {0}")]
    Signals(io::Error),
    /// The login couldn't be carried out to its end.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// A verification couldn't be carried out to its end.
    #[error(transparent)]
    Member(#[from] MemberAppError),
    /// The browser can't be made.
    #[error(transparent)]
    Browser(#[from] UserAgentError),
    /// The output can't be written.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl Complaint for DemoError {
    fn status(&self) -> Status {
        match self {
            Self::Unknown(_) | Self::WithoutOpenid | Self::SamePort(..) => exit::USAGE,
            Self::OwnApp(OwnAppError::State(
                StateError::NoFolder | StateError::Odd(_) | StateError::Unknown(_),
            )) => exit::USAGE,
            Self::Moved(_) | Self::NoCargo(_) | Self::NotWritable(_) | Self::Build(_) => {
                exit::BUILD
            }
            Self::Taken { .. } | Self::Start(_) | Self::OwnApp(_) => exit::START,
            Self::Login(_)
            | Self::Member(_)
            | Self::Browser(_)
            | Self::Signals(_)
            | Self::Output(_) => exit::DEFECT,
            Self::Interrupted => exit::INTERRUPTED,
        }
    }

    fn in_japanese(&self) -> String {
        match self {
            Self::Unknown(unknown) => unknown.in_japanese(),
            Self::WithoutOpenid => {
                "スコープ openid がないと IDトークンが届かず、ログインできません。\
                --scopes に openid を入れてください"
                    .to_owned()
            }
            Self::SamePort(one, other) => format!("{one} と {other} が同じポートです"),
            Self::Moved(root) => format!(
                "関数のソースが {} にありません。リポジトリのフォルダーで cargo run を使ってください",
                root.display()
            ),
            Self::NoCargo(error) => format!(
                "cargo を起動できませんでした（{error}）。Rust がインストールされていて、cargo に PATH が通っていることを確かめてください"
            ),
            Self::NotWritable(cargo) => format!(
                "cargo が書き込めるフォルダーがないので、関数をビルドできません。サンドボックスなら、その外の書き込めるフォルダーを CARGO_TARGET_DIR \
                に指定してください\n{cargo}"
            ),
            Self::Build(error) => format!("関数をビルドできませんでした：{error}"),
            Self::Taken { address, .. } => {
                format!("{address} はほかのプログラムが使っています")
            }
            Self::OwnApp(error) => error.in_japanese(),
            Self::Start(error) => format!("起動できませんでした：{error}"),
            Self::Interrupted => "中断しました".to_owned(),
            Self::Login(_)
            | Self::Member(_)
            | Self::Browser(_)
            | Self::Signals(_)
            | Self::Output(_) => {
                format!("デモの途中で問題が起きました：{self}")
            }
        }
    }

    fn hints(&self, language: Language) -> Vec<String> {
        match self {
            Self::Unknown(unknown) => unknown.hints(language),
            Self::Taken { option, .. } => vec![another_port(option, language)],
            _ => Vec::new(),
        }
    }
}

impl From<InvalidScopes> for DemoError {
    fn from(error: InvalidScopes) -> Self {
        match error {
            InvalidScopes::Unknown(scope) => Self::Unknown(Unknown::scope_of_ours(&scope)),
            InvalidScopes::WithoutOpenid => Self::WithoutOpenid,
        }
    }
}

impl From<OwnAppError> for DemoError {
    fn from(error: OwnAppError) -> Self {
        let taken = match &error {
            OwnAppError::Control(refused) => refused.taken(),
            _ => None,
        };
        match taken {
            Some(address) => Self::Taken {
                address,
                option: "--control-port",
            },
            None => Self::OwnApp(error),
        }
    }
}

impl From<BuildError> for DemoError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::CargoNotRun(kind) => Self::NoCargo(kind),
            BuildError::NotWritable { compiler, .. } => Self::NotWritable(compiler),
            other => Self::Build(other),
        }
    }
}

impl From<LaptopError> for DemoError {
    fn from(error: LaptopError) -> Self {
        let (refused, option) = match &error {
            LaptopError::Service(service_simulator::StartError::Listen(refused)) => {
                (refused, "--service-port")
            }
            LaptopError::Bridge(refused) => (refused, "--bridge-port"),
            LaptopError::Cognito(cognito_simulator::StartError::Listen(refused)) => {
                (refused, "--cognito-port")
            }
            LaptopError::App(app::StartError::Listen(refused)) => (refused, "--app-port"),
            _ => return Self::Start(error),
        };
        match refused.taken() {
            Some(address) => Self::Taken { address, option },
            None => Self::Start(error),
        }
    }
}
