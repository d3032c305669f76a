//! The command-line arguments. The help is in both languages at once, because it is read before a
//! language is chosen.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use cli::{app_url, exit};
use cognito_simulator::is_public_host;
use demo::laptop::SERVICE_CLIENT_ID;
use demo::use_case::UseCase;
use four_attributes::AttributeSet;
use function_kit::settings;
use loopback::pages::Language;

use crate::language;

/// The examples in the help.
const EXAMPLES: &str = "\
例 / Examples:
  cargo run
  cargo run -- demo --persona longest --no-open
  cargo run -- demo --headless --persona longest
  cargo run -q -- demo --headless --fault token-500 --json
  cargo run -q -- demo --headless --scopes \"openid digital-auth/age_over_20\"
  cargo run -- demo --callback http://localhost:3000/callback
  cargo run -- simulate cognito --callback http://localhost:3000/callback --client public
  cargo run -- simulate service --client-jwks public.json \
    --redirect-uri http://localhost:3000/callback";

/// What the command is for: the first lines of the help.
const ABOUT: &str = "\
マイナンバーカードのログインを Amazon Cognito へ：手元で試すためのコマンド
My Number Card logins for Amazon Cognito: the command to try it on your machine";

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "digital-auth",
    version,
    about = ABOUT,
    long_about = None,
    arg_required_else_help = false,
    max_term_width = 110,
    after_help = after_help()
)]
pub(crate) struct Arguments {
    /// 出力の言語（既定：ロケールが英語なら en、ほかは ja） / Language of the output
    #[arg(long, value_parser = language::parser(), global = true)]
    pub(crate) language: Option<Language>,

    /// 何をするか（省略すると demo） / What to do (demo if left out)
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// ブラウザーでログインを試す / Try logins in a browser
    Demo(Demo),
    /// テスト利用者の一覧 / List the test persons
    Personas(List),
    /// サービスのシミュレーターに起こさせる誤りの一覧 / List what the service's stand-in can do wrong
    Faults(List),
    /// シミュレーターだけを動かす / Run a stand-in alone
    #[command(subcommand)]
    Simulate(Simulate),
    /// 関数を手元で動かすための完全な設定を KEY=VALUE で出力する / Print a complete local configuration as KEY=VALUE lines
    Env(Env),
}

/// `demo`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Demo {
    /// ブラウザーを使わずにログインを1回行い、順を追って説明する / Do one login without a browser, and explain it step by step
    #[arg(long)]
    pub(crate) headless: bool,
    /// 用途を選ぶ（ブラウザーでは、その用途のページを開く） / Choose a use case (in a browser, its page is opened)
    #[arg(long, value_enum, conflicts_with_all = ["scopes", "callback"])]
    pub(crate) case: Option<Case>,
    /// ブラウザーを開かない / Don't open the browser
    #[arg(long, conflicts_with = "headless")]
    pub(crate) no_open: bool,
    /// テスト利用者（一覧は personas）。ブラウザーでは、最初に選ばれている人 / The test person (see: personas). In a
    /// browser, the one preselected
    #[arg(long, value_name = "ID")]
    pub(crate) persona: Option<String>,
    /// サービスのシミュレーターに起こさせる誤り（一覧は faults）。ブラウザーでは、最初に選ばれている応答 /
    /// What the service does wrong (see: faults). In a browser, the answer preselected
    #[arg(long, value_name = "NAME")]
    pub(crate) fault: Option<String>,
    /// アプリが求めるスコープ。空白で区切る（既定：すべて）。ブラウザーでは、最初に選ばれているスコープ / The scopes that the app requests,
    /// separated by spaces (default: all). In a browser, those preselected
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scopes: Option<String>,
    /// 結果（ブラウザーではアドレス）を、1つの JSON オブジェクトで出力する / Print one JSON object: the result or, in a browser,
    /// the addresses
    #[arg(long)]
    pub(crate) json: bool,
    /// クライアントアサーションの署名アルゴリズム / Algorithm of the client assertion
    #[arg(long, value_enum, default_value_t = AssertionAlgorithm::Es256)]
    pub(crate) assertion_algorithm: AssertionAlgorithm,
    /// 自分のアプリのコールバック URL（複数回指定できる）。アプリに設定する値を表示する / Callback URL of an app of your own (can be
    /// repeated). What to configure in the app is printed
    #[arg(long, value_name = "URL", value_parser = app_url::parse, conflicts_with = "headless")]
    pub(crate) callback: Vec<String>,
    /// How the own app is registered, and found.
    #[command(flatten)]
    pub(crate) own_app: OwnApp,
    /// 利用者に求める属性（name address birthdate gender のうち、空白で区切る。none は属性なし。既定：4つすべて） / What the person is
    /// asked for: any of name address birthdate gender, separated by spaces, or none (default: all
    /// four)
    #[arg(long, value_name = "ATTRIBUTES", value_parser = attributes)]
    pub(crate) ask: Option<AttributeSet>,
    /// Cognito の state の文字数（64〜8000） / Characters of Cognito's state (64 to 8000)
    #[arg(
        long,
        value_name = "N",
        default_value_t = 700,
        value_parser = clap::value_parser!(u16).range(64..=8000)
    )]
    pub(crate) state_length: u16,
    /// The ports.
    #[command(flatten)]
    pub(crate) ports: Ports,
    /// アプリのポート（0：空きポート） / Port of the app (0: any free port)
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        value_parser = port,
        conflicts_with = "headless"
    )]
    pub(crate) app_port: u16,
}

impl Default for Demo {
    fn default() -> Self {
        Self {
            headless: false,
            case: None,
            no_open: false,
            persona: None,
            fault: None,
            scopes: None,
            json: false,
            assertion_algorithm: AssertionAlgorithm::Es256,
            callback: Vec::new(),
            own_app: OwnApp::default(),
            ask: None,
            state_length: 700,
            ports: Ports::default(),
            app_port: 0,
        }
    }
}

/// How an app of the user's own is registered at the laptop's Cognito, and how that is found.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct OwnApp {
    /// 自分のアプリのログアウト URL（複数回指定できる） / Logout URL of your app (can be repeated)
    #[arg(long, value_name = "URL", value_parser = app_url::parse, requires = "callback")]
    pub(crate) logout_url: Vec<String>,
    /// アプリの種類（既定：confidential。クライアントシークレットあり） / Kind of app (default: confidential, with a client
    /// secret)
    #[arg(long, value_enum, requires = "callback")]
    pub(crate) client: Option<ClientType>,
    /// 鍵・シークレット・ユーザーを保存するフォルダー（既定：自分のデータフォルダーの中の digital-auth） / Folder in which keys, secret and
    /// users are kept (default: in your data folder)
    #[arg(long, value_name = "FOLDER", requires = "callback")]
    pub(crate) state: Option<PathBuf>,
    /// 保存したものを捨てて、新しく始める / Throw away what was kept, and begin anew
    #[arg(long, requires = "callback")]
    pub(crate) fresh: bool,
    /// Cognito のシミュレーターを https にする。証明書を作り、信頼させる方法を表示する / Speak https at Cognito's stand-in. A
    /// certificate is made, and how to trust it is printed
    #[arg(long, requires = "callback")]
    pub(crate) https: bool,
    /// Cognito のシミュレーターが待ち受けるアドレス（127.0.0.1、0.0.0.0、::。既定：127.0.0.1）。0.0.0.0
    /// なら、ほかの機器やコンテナーからも届く / Address on which Cognito's stand-in listens: 127.0.0.1
    /// (default), 0.0.0.0 or ::. With 0.0.0.0, containers and other machines reach it
    #[arg(long, value_name = "ADDRESS", value_parser = listen, requires = "callback")]
    pub(crate) listen: Option<IpAddr>,
    /// アプリのサーバーから見た、Cognito のシミュレーターのホスト名（既定：localhost）。例 host.docker.internal / Host name at which
    /// your app's server finds Cognito's stand-in (default: localhost), such as
    /// host.docker.internal
    #[arg(long, value_name = "HOST", value_parser = public_host, requires = "callback")]
    pub(crate) public_host: Option<String>,
    /// テストから操作する API のポート（0：空きポート、既定：8704） / Port of the API by which tests drive the stand-ins (0:
    /// any free port, default: 8704)
    #[arg(long, value_name = "PORT", value_parser = port, requires = "callback")]
    pub(crate) control_port: Option<u16>,
}

/// A use case.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Case {
    /// 店頭で、20歳以上かどうかを確かめる / A shop checks that a customer is 20 or over
    Age,
    /// 市民が、施設を安く予約する / A resident books a room for less
    Booking,
    /// 学生が、証明書を受け取る / A student gets a certificate
    Certificates,
    /// 会員が、カードで本人確認する / A member verifies with the card
    Member,
    /// 本人確認した人が、2つ目のアカウントで試す / A verified person tries with a second account
    SecondAccount,
}

impl Case {
    /// The use case of an app that people log in to with the card; `None` for those of members.
    pub(crate) const fn of_login(self) -> Option<UseCase> {
        match self {
            Self::Age => Some(UseCase::Age),
            Self::Booking => Some(UseCase::Booking),
            Self::Certificates => Some(UseCase::Certificates),
            Self::Member | Self::SecondAccount => None,
        }
    }

    /// The case of members; `None` for the others.
    pub(crate) const fn of_members(self) -> Option<demo::cases::Case> {
        match self {
            Self::Member => Some(demo::cases::Case::Member),
            Self::SecondAccount => Some(demo::cases::Case::SecondAccount),
            Self::Age | Self::Booking | Self::Certificates => None,
        }
    }

    /// The path of its page.
    pub(crate) fn path(self) -> String {
        match self.of_login() {
            Some(case) => format!("/{}", case.name()),
            None => "/members".to_owned(),
        }
    }
}

/// The kind of an app client, as `AppClientType` in the template.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ClientType {
    /// サーバーのあるアプリ（クライアントシークレットあり） / An app with a server, which keeps a client secret
    Confidential,
    /// ブラウザーやスマートフォンだけのアプリ / An app in a browser or on a phone alone
    Public,
}

/// The ports of the stand-ins.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Ports {
    /// サービスのシミュレーターのポート（0：空きポート。自分のアプリがあるときの既定：8703） / Port of the service's stand-in (0: any free
    /// port; default with an app of your own: 8703)
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub(crate) service_port: Option<u16>,
    /// 関数（HTTP API）のポート（0：空きポート。自分のアプリがあるときの既定：8701） / Port of the function's HTTP API (0: any free
    /// port; default with an app of your own: 8701)
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub(crate) bridge_port: Option<u16>,
    /// Cognito のシミュレーターのポート（0：空きポート。自分のアプリがあるときの既定：8702） / Port of Cognito's stand-in (0: any free
    /// port; default with an app of your own: 8702)
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub(crate) cognito_port: Option<u16>,
}

/// Reads attributes as the function reads them.
fn attributes(text: &str) -> Result<AttributeSet, &'static str> {
    settings::attributes(text).map_err(|_| {
        "name address birthdate gender のうち、空白で区切って1回ずつ、または none / any of name \
        address birthdate gender, each once, separated by spaces, or none"
    })
}

/// Reads a host.
fn public_host(text: &str) -> Result<String, &'static str> {
    if is_public_host(text) {
        Ok(text.to_owned())
    } else {
        Err(
            "小文字のホスト名か IP アドレス（IPv6 は [::1] の形）だけ / a host name in lower case or an IP \
            address (of IPv6 as in [::1]), and nothing else",
        )
    }
}

/// Reads an address to listen on. Browsers and processes of this machine use 127.0.0.1, so that has
/// to be among its addresses.
fn listen(text: &str) -> Result<IpAddr, &'static str> {
    match text.parse() {
        Ok(address @ IpAddr::V4(Ipv4Addr::LOCALHOST | Ipv4Addr::UNSPECIFIED)) => Ok(address),
        Ok(address @ IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Ok(address),
        _ => Err("127.0.0.1、0.0.0.0、:: のどれか / 127.0.0.1, 0.0.0.0 or ::"),
    }
}

/// Reads a port: 0, or one that needs no privilege. Port 80 would also vanish from an `http` URL in
/// its normal form.
fn port(text: &str) -> Result<u16, &'static str> {
    match text.parse() {
        Ok(port @ (0 | 1024..)) => Ok(port),
        _ => Err("0 か 1024〜65535 / 0, or 1024 to 65535"),
    }
}

/// An algorithm of the client assertion.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AssertionAlgorithm {
    /// ECDSA, P-256, SHA-256
    #[value(name = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5, SHA-256
    #[value(name = "RS256")]
    Rs256,
}

/// `personas`, `faults`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct List {
    /// JSON の配列で出力する / Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// `simulate`.
#[derive(Debug, Subcommand)]
pub(crate) enum Simulate {
    /// デジタル認証アプリサービスのシミュレーター。自分の RP を試す / The Digital Authentication App service, to test a relying
    /// party
    Service(SimulateService),
    /// Amazon Cognito と関数のすべて（アプリを除く）。自分のアプリを試す / Amazon Cognito and all functions (everything but
    /// an app), to test an app of your own
    Cognito(SimulateCognito),
}

/// `simulate cognito`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateCognito {
    /// 自分のアプリのコールバック URL（複数回指定できる） / Callback URL of your app (can be repeated)
    #[arg(long, value_name = "URL", value_parser = app_url::parse, required = true)]
    pub(crate) callback: Vec<String>,
    /// How the app is registered, and found.
    #[command(flatten)]
    pub(crate) own_app: OwnApp,
    /// アプリに許可するスコープ。空白で区切る（既定：openid と digital-auth/ のすべて） / Scopes that the app is allowed,
    /// separated by spaces (default: openid and all of digital-auth/)
    #[arg(long, value_name = "SCOPES")]
    pub(crate) scopes: Option<String>,
    /// 利用者に求める属性（name address birthdate gender のうち、空白で区切る。none は属性なし。既定：4つすべて） / What the person is
    /// asked for: any of name address birthdate gender, separated by spaces, or none (default: all
    /// four)
    #[arg(long, value_name = "ATTRIBUTES", value_parser = attributes)]
    pub(crate) ask: Option<AttributeSet>,
    /// 最初に選ばれているテスト利用者（一覧は personas） / The test person who is preselected (see: personas)
    #[arg(long, value_name = "ID")]
    pub(crate) persona: Option<String>,
    /// アプリに設定する値を1つの JSON オブジェクトで出力する。リクエストの説明は標準エラー出力に出力する / Print what to configure in the app as
    /// one JSON object. Descriptions of requests go to standard error
    #[arg(long)]
    pub(crate) json: bool,
    /// The ports.
    #[command(flatten)]
    pub(crate) ports: Ports,
}

/// `simulate service`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateService {
    /// RP の公開鍵の JWK Set。「-」は標準入力 / The relying party's public JWK Set; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) client_jwks: PathBuf,
    /// 登録するリダイレクト URI（複数回指定できる） / A redirect URI to register (can be repeated)
    #[arg(long, value_name = "URI", required = true)]
    pub(crate) redirect_uri: Vec<String>,
    /// 登録する client_id / The client_id to register
    #[arg(long, value_name = "ID", default_value = SERVICE_CLIENT_ID)]
    pub(crate) client_id: String,
    /// テスト利用者の JSON ファイル（docs/stand-ins.md） / A JSON file with test persons (docs/stand-ins.en.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) persona_file: Option<PathBuf>,
    /// 最初に選ばれているテスト利用者 / The test person who is preselected
    #[arg(long, value_name = "ID")]
    pub(crate) persona: Option<String>,
    /// 最初に選ばれている誤り（一覧は faults） / The fault that is preselected (see: faults)
    #[arg(long, value_name = "NAME")]
    pub(crate) fault: Option<String>,
    /// ポート（0：空きポート） / The port (0: any free port)
    #[arg(long, value_name = "PORT", default_value_t = 8790, value_parser = port)]
    pub(crate) port: u16,
    /// RP に設定する値を1行の JSON オブジェクトで出力する。リクエストの説明は標準エラー出力に出力する / Print the values to configure as
    /// one line of JSON. Descriptions of requests go to standard error
    #[arg(long)]
    pub(crate) json: bool,
}

/// `env`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Env {
    /// 設定を出力する関数 / The function whose configuration is printed
    #[arg(value_enum)]
    pub(crate) function: Function,
    /// クライアントアサーションの署名アルゴリズム / Algorithm of the client assertion
    #[arg(long, value_enum, default_value_t = AssertionAlgorithm::Es256)]
    pub(crate) assertion_algorithm: AssertionAlgorithm,
}

/// A function of this project.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Function {
    /// The bridge
    Federation,
}

/// The end of the help: examples, and the exit statuses that a script may rely on.
fn after_help() -> String {
    let mut help = format!("{EXAMPLES}\n\n終了コード / Exit status:\n");
    for status in exit::ALL {
        let (ja, en) = (status.meaning.ja, status.meaning.en);
        help += &format!("  {:<4} {ja}\n       {en}\n", status.code).replace('`', "");
    }
    help += "エラー分類は --json に、誤りごとのエラー分類と終了コードは faults --json にあります / \
        --json has the class of a failure, faults --json the class and exit status of each fault";
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_to_listen_on_has_127_0_0_1_among_its_own() {
        for good in ["127.0.0.1", "0.0.0.0", "::"] {
            assert_eq!(listen(good), Ok(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "192.168.0.2",
            "127.0.0.2",
            "::1",
            "0.0.0.0:80",
        ] {
            assert!(listen(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_is_any_free_one_or_one_without_privilege() {
        for good in ["0", "1024", "8701", "65535"] {
            assert_eq!(port(good), Ok(good.parse().unwrap()), "{good}");
        }
        for bad in ["", "1", "80", "1023", "65536", "-1", "http"] {
            assert!(port(bad).is_err(), "{bad}");
        }
    }
}
