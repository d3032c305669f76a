//! The command-line arguments. What each of them is for is said in both languages where it is
//! declared; the help then speaks the one that was chosen.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use cli::{app_url, exit};
use demo::laptop::SERVICE_CLIENT_ID;
use demo::use_case::UseCase;
use four_attributes::AttributeSet;
use loopback::pages::Language;
use service_simulator::fault::FaultPlace;

use crate::layout::lines;
use crate::style::{HEADING, NAME};
use crate::words::{both, said_plainly};
use crate::{help, language, values, words};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "digital-auth",
    version,
    about = both!(
        "マイナンバーカードのログインを Amazon Cognito へ：手元で試すためのコマンド",
        "My Number Card logins for Amazon Cognito: the command to try it on your machine",
    ),
    arg_required_else_help = false
)]
pub(crate) struct Arguments {
    #[arg(
        long,
        value_parser = language::parser(),
        global = true,
        display_order = 1_000,
        help = both!(
            "出力とヘルプの言語（既定：ロケールが英語なら en、ほかは ja）",
            "Language of output and help (default: en in an English locale, else ja)",
        )
    )]
    pub(crate) language: Option<Language>,

    /// What to do: `demo`, if it is left out.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(about = both!(
        "ブラウザーか --headless でログインを試す（コマンドの省略時も）",
        "Try logins, in a browser or --headless (also without a command)",
    ))]
    Demo(Demo),
    #[command(about = both!("テスト利用者の一覧", "List the test persons"))]
    Personas(Personas),
    #[command(about = both!(
        "サービスのシミュレーターに起こさせる誤りの一覧",
        "List what the service's stand-in can do wrong",
    ))]
    Faults(Faults),
    #[command(
        subcommand,
        about = both!(
            "自分のアプリや RP のために、シミュレーターを動かす",
            "Run the stand-ins for an app or a relying party of your own",
        )
    )]
    Simulate(Simulate),
    #[command(about = both!(
        "関数を手元で動かすための完全な設定を KEY=VALUE で出力する",
        "Print a complete local configuration as KEY=VALUE lines",
    ))]
    Env(Env),
    #[command(about = both!(
        "シェルの補完のスクリプトを出力する",
        "Print the script with which a shell completes",
    ))]
    Completions(Completions),
}

/// `demo`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Demo {
    #[arg(long, help = both!(
        "ブラウザーを使わずにログインを1回行い、結果を表示する",
        "Do one login without a browser, and print the result",
    ))]
    pub(crate) headless: bool,
    #[arg(
        long,
        value_enum,
        conflicts_with_all = ["scopes", "ask", "callback"],
        help = both!(
            "用途を選ぶ。ブラウザーでは、その用途のページを開く",
            "Choose a use case. In a browser, its page is opened",
        )
    )]
    pub(crate) case: Option<Case>,
    #[arg(
        long,
        conflicts_with = "headless",
        help = both!("ブラウザーを開かない", "Don't open the browser")
    )]
    pub(crate) no_open: bool,
    #[arg(
        long,
        value_name = "ID",
        value_parser = values::persona(),
        hide_possible_values = true,
        help = both!(
            "テスト利用者（一覧は personas）。ブラウザーでは、最初に選ばれている人",
            "The test person (see: personas). In a browser, the one preselected",
        )
    )]
    pub(crate) persona: Option<String>,
    #[arg(
        long,
        value_name = "NAME",
        value_parser = values::fault(),
        hide_possible_values = true,
        help = both!(
            "サービスのシミュレーターに起こさせる誤り（一覧は faults）。ブラウザーでは、最初に選ばれている応答",
            "What the service does wrong (see: faults). In a browser, the answer preselected",
        )
    )]
    pub(crate) fault: Option<String>,
    #[arg(long, value_name = "SCOPES", help = both!(
        "アプリが求めるスコープ。空白で区切る（既定：すべて）。ブラウザーでは、最初に選んでおくもの（既定：最小限）",
        "The scopes that the app requests, separated by spaces (default: all). In a browser, \
         those preselected (default: the least)",
    ))]
    pub(crate) scopes: Option<String>,
    #[arg(long, help = both!(
        "結果（ブラウザーではアドレス）を、1つの JSON オブジェクトで出力する",
        "Print one JSON object: the result or, in a browser, the addresses",
    ))]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) telling: Telling,
    #[arg(long, value_enum, value_name = "NAME", default_value_t = AssertionAlgorithm::Es256,
        help = both!(
            "クライアントアサーションの署名アルゴリズム",
            "Algorithm of the client assertion",
        )
    )]
    pub(crate) assertion_algorithm: AssertionAlgorithm,
    #[arg(long, value_name = "ATTRIBUTES", value_parser = values::attributes, help = both!(
        "利用者に求める属性（name address birthdate gender のうち、空白で区切る。none は属性なし。\
         既定：スコープに要るもの。--callback があれば4つすべて）",
        "What people are asked for: any of name address birthdate gender, separated by \
         spaces, or none (default: what the scopes need; all four with --callback)",
    ))]
    pub(crate) ask: Option<AttributeSet>,
    #[arg(
        long,
        value_name = "N",
        default_value_t = 700,
        value_parser = values::state_length,
        help = both!(
            "Cognito の state の文字数（64〜8000）",
            "Characters of Cognito's state (64 to 8000)",
        )
    )]
    pub(crate) state_length: u16,
    #[arg(
        long,
        value_name = "URL",
        value_parser = app_url::parse,
        conflicts_with = "headless",
        help_heading = OWN_APP,
        help = both!(
            "自分のアプリのコールバック URL（複数回指定できる）。アプリに設定する値を表示する",
            "Callback URL of an app of your own (can be repeated). What to configure in the app \
             is printed",
        )
    )]
    pub(crate) callback: Vec<String>,
    #[command(flatten)]
    pub(crate) own_app: OwnApp,
    #[command(flatten)]
    pub(crate) ports: Ports,
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        value_parser = values::port,
        conflicts_with = "headless",
        help_heading = PORTS,
        help = both!("アプリのポート（0：空きポート）", "Port of the app (0: any free port)")
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
            telling: Telling::default(),
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

/// How much is told.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Telling {
    #[arg(short, long, help = both!(
        "リクエストと検査を1つずつ表示する（機密の値は伏せる）",
        "Tell every hop with its checks (secrets are masked)",
    ))]
    pub(crate) verbose: bool,
}

/// How an app of the user's own is registered at the laptop's Cognito, and how that is found.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = OWN_APP)]
pub(crate) struct OwnApp {
    #[arg(
        long,
        value_name = "URL",
        value_parser = app_url::parse,
        requires = "callback",
        help = both!(
            "自分のアプリのログアウト URL（複数回指定できる）",
            "Logout URL of your app (can be repeated)",
        )
    )]
    pub(crate) logout_url: Vec<String>,
    #[arg(long, value_enum, value_name = "KIND", requires = "callback", help = both!(
        "アプリの種類（既定：confidential）",
        "Kind of app (default: confidential)",
    ))]
    pub(crate) client: Option<ClientType>,
    #[arg(long, value_name = "FOLDER", requires = "callback", help = both!(
        "鍵・シークレット・ユーザーを保存するフォルダー（既定：自分のデータフォルダーの中の digital-auth）",
        "Folder in which keys, secret and users are kept (default: in your data folder)",
    ))]
    pub(crate) state: Option<PathBuf>,
    #[arg(long, requires = "callback", help = both!(
        "保存したものを捨てて、新しく始める",
        "Throw away what was kept, and begin anew",
    ))]
    pub(crate) fresh: bool,
    #[arg(long, requires = "callback", help = both!(
        "Cognito のシミュレーターを https にする。証明書を作り、信頼させる方法を表示する",
        "Speak https at Cognito's stand-in. A certificate is made, and how to trust it is printed",
    ))]
    pub(crate) https: bool,
    #[arg(
        long,
        value_name = "ADDRESS",
        value_parser = values::listen,
        requires = "callback",
        help = both!(
            "Cognito のシミュレーターが待ち受けるアドレス（127.0.0.1、0.0.0.0、::。既定：127.0.0.1）。0.0.0.0 \
             なら、ほかの機器やコンテナーからも届く",
            "Address on which Cognito's stand-in listens: 127.0.0.1 (default), 0.0.0.0 or ::. \
             With 0.0.0.0, containers and other machines reach it",
        )
    )]
    pub(crate) listen: Option<IpAddr>,
    #[arg(
        long,
        value_name = "HOST",
        value_parser = values::public_host,
        requires = "callback",
        help = both!(
            "アプリのサーバーから見た、Cognito のシミュレーターのホスト名（既定：localhost）。例 host.docker.internal",
            "Host name at which your app's server finds Cognito's stand-in (default: localhost), \
             such as host.docker.internal",
        )
    )]
    pub(crate) public_host: Option<String>,
    #[arg(
        long,
        value_name = "PORT",
        value_parser = values::port,
        requires = "callback",
        help = both!(
            "テストから操作する API のポート（0：空きポート、既定：8704）",
            "Port of the API by which tests drive the stand-ins (0: any free port, default: 8704)",
        )
    )]
    pub(crate) control_port: Option<u16>,
}

/// A use case.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Case {
    #[value(help = both!(
        "店頭で、20歳以上かどうかを確かめる",
        "A shop checks that a customer is 20 or over",
    ))]
    Age,
    #[value(help = both!("市民が、施設を安く予約する", "A resident books a room for less"))]
    Booking,
    #[value(help = both!("学生が、証明書を受け取る", "A student gets a certificate"))]
    Certificates,
    #[value(help = both!("会員が、カードで本人確認する", "A member verifies with the card"))]
    Member,
    #[value(help = both!(
        "本人確認した人が、2つ目のアカウントで試す",
        "A verified person tries with a second account",
    ))]
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
    #[value(help = both!(
        "サーバーのあるアプリ（クライアントシークレットあり）",
        "An app with a server, which keeps a client secret",
    ))]
    Confidential,
    #[value(help = both!(
        "ブラウザーやスマートフォンだけのアプリ",
        "An app in a browser or on a phone alone",
    ))]
    Public,
}

/// The ports of the stand-ins.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = PORTS)]
pub(crate) struct Ports {
    #[arg(long, value_name = "PORT", value_parser = values::port, help = both!(
        "サービスのシミュレーターのポート（0：空きポート。自分のアプリがあるときの既定：8703）",
        "Port of the service's stand-in (0: any free port; default with an app of your own: 8703)",
    ))]
    pub(crate) service_port: Option<u16>,
    #[arg(long, value_name = "PORT", value_parser = values::port, help = both!(
        "関数（HTTP API）のポート（0：空きポート。自分のアプリがあるときの既定：8701）",
        "Port of the function's HTTP API (0: any free port; default with an app of your own: \
         8701)",
    ))]
    pub(crate) bridge_port: Option<u16>,
    #[arg(long, value_name = "PORT", value_parser = values::port, help = both!(
        "Cognito のシミュレーターのポート（0：空きポート。自分のアプリがあるときの既定：8702）",
        "Port of Cognito's stand-in (0: any free port; default with an app of your own: 8702)",
    ))]
    pub(crate) cognito_port: Option<u16>,
}

/// An algorithm of the client assertion.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AssertionAlgorithm {
    #[value(name = "ES256", help = both!("ECDSA、P-256、SHA-256", "ECDSA, P-256, SHA-256"))]
    Es256,
    #[value(
        name = "RS256",
        help = both!("RSASSA-PKCS1-v1_5、SHA-256", "RSASSA-PKCS1-v1_5, SHA-256")
    )]
    Rs256,
}

/// `personas`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Personas {
    #[arg(value_name = "TEXT", help = both!(
        "ID か説明に、この文字列がある人だけ",
        "Only those whose id or description has this text",
    ))]
    pub(crate) text: Option<String>,
    #[arg(long, help = both!("JSON の配列で出力する", "Print a JSON array"))]
    pub(crate) json: bool,
}

/// `faults`. A fault is listed if all that is given is true of it.
#[derive(Args, Clone, Debug)]
pub(crate) struct Faults {
    #[arg(value_name = "TEXT", help = both!(
        "名前か説明に、この文字列がある誤りだけ",
        "Only those whose name or description has this text",
    ))]
    pub(crate) text: Option<String>,
    #[arg(long, value_name = "GROUP", value_parser = values::group(), help = both!(
        "このグループの誤りだけ",
        "Only those of this group",
    ))]
    pub(crate) group: Option<FaultPlace>,
    #[arg(
        long,
        value_name = "CLASS",
        value_parser = values::class(),
        hide_possible_values = true,
        help = both!(
            "このエラー分類（一覧は faults）で終わる誤りだけ",
            "Only those that end with this class of failure (see: faults)",
        )
    )]
    pub(crate) class: Option<String>,
    #[arg(long, value_name = "N", value_parser = values::exit_status(), help = both!(
        "demo --headless がこの終了コードになる誤りだけ（0：成功する）",
        "Only those with which demo --headless has this exit status (0: succeeds)",
    ))]
    pub(crate) exit: Option<u8>,
    #[arg(long, help = both!("JSON の配列で出力する", "Print a JSON array"))]
    pub(crate) json: bool,
}

/// `simulate`.
#[derive(Debug, Subcommand)]
pub(crate) enum Simulate {
    #[command(about = both!(
        "デジタル認証アプリサービス。自分の RP を試す",
        "The Digital Authentication App service, to test a relying party",
    ))]
    Service(SimulateService),
    #[command(about = both!(
        "Amazon Cognito と関数のすべて。自分のアプリを試す",
        "Amazon Cognito and all functions, to test an app of your own",
    ))]
    Cognito(SimulateCognito),
}

/// `simulate cognito`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateCognito {
    #[arg(long, value_name = "URL", value_parser = app_url::parse, required = true, help = both!(
        "自分のアプリのコールバック URL（複数回指定できる）",
        "Callback URL of your app (can be repeated)",
    ))]
    pub(crate) callback: Vec<String>,
    #[arg(long, value_name = "SCOPES", help = both!(
        "アプリに許可するスコープ。空白で区切る（既定：openid と digital-auth/ のすべて）",
        "Scopes that the app is allowed, separated by spaces (default: openid and all of \
         digital-auth/)",
    ))]
    pub(crate) scopes: Option<String>,
    #[arg(long, value_name = "ATTRIBUTES", value_parser = values::attributes, help = both!(
        "利用者に求める属性（name address birthdate gender のうち、空白で区切る。none は属性なし。既定：4つすべて）",
        "What the person is asked for: any of name address birthdate gender, separated by \
         spaces, or none (default: all four)",
    ))]
    pub(crate) ask: Option<AttributeSet>,
    #[arg(
        long,
        value_name = "ID",
        value_parser = values::persona(),
        hide_possible_values = true,
        help = both!(
            "最初に選ばれているテスト利用者（一覧は personas）",
            "The test person who is preselected (see: personas)",
        )
    )]
    pub(crate) persona: Option<String>,
    #[arg(long, help = both!(
        "アプリに設定する値を1つの JSON オブジェクトで出力する。リクエストについては標準エラー出力に出力する",
        "Print what to configure in the app as one JSON object. What is told about requests \
         goes to standard error",
    ))]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) telling: Telling,
    #[command(flatten)]
    pub(crate) own_app: OwnApp,
    #[command(flatten)]
    pub(crate) ports: Ports,
}

/// `simulate service`.
#[derive(Args, Clone, Debug)]
pub(crate) struct SimulateService {
    #[arg(long, value_name = "FILE", help = both!(
        "RP の公開鍵の JWK Set。「-」は標準入力",
        "The relying party's public JWK Set; - is standard input",
    ))]
    pub(crate) client_jwks: PathBuf,
    #[arg(long, value_name = "URI", required = true, help = both!(
        "登録するリダイレクト URI（複数回指定できる）",
        "A redirect URI to register (can be repeated)",
    ))]
    pub(crate) redirect_uri: Vec<String>,
    #[arg(long, value_name = "ID", default_value = SERVICE_CLIENT_ID, help = both!(
        "登録する client_id",
        "The client_id to register",
    ))]
    pub(crate) client_id: String,
    #[arg(long, value_name = "FILE", help = both!(
        "テスト利用者の JSON ファイル（docs/stand-ins.md）",
        "A JSON file with test persons (docs/stand-ins.en.md)",
    ))]
    pub(crate) persona_file: Option<PathBuf>,
    #[arg(
        long,
        value_name = "ID",
        value_parser = values::persona(),
        hide_possible_values = true,
        help = both!(
            "最初に選ばれているテスト利用者",
            "The test person who is preselected",
        )
    )]
    pub(crate) persona: Option<String>,
    #[arg(
        long,
        value_name = "NAME",
        value_parser = values::fault(),
        hide_possible_values = true,
        help = both!(
            "最初に選ばれている誤り（一覧は faults）",
            "The fault that is preselected (see: faults)",
        )
    )]
    pub(crate) fault: Option<String>,
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8790,
        value_parser = values::port,
        help = both!("ポート（0：空きポート）", "The port (0: any free port)")
    )]
    pub(crate) port: u16,
    #[arg(long, help = both!(
        "RP に設定する値を1行の JSON オブジェクトで出力する。リクエストについては標準エラー出力に出力する",
        "Print the values to configure as one line of JSON. What is told about requests goes \
         to standard error",
    ))]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) telling: Telling,
}

/// `env`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Env {
    #[arg(value_enum, help = both!(
        "設定を出力する関数",
        "The function whose configuration is printed",
    ))]
    pub(crate) function: Function,
    #[arg(long, value_enum, value_name = "NAME", default_value_t = AssertionAlgorithm::Es256,
        help = both!(
            "クライアントアサーションの署名アルゴリズム",
            "Algorithm of the client assertion",
        )
    )]
    pub(crate) assertion_algorithm: AssertionAlgorithm,
}

/// A function of this project.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Function {
    #[value(help = both!("ブリッジ", "The bridge"))]
    Federation,
}

/// `completions`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Completions {
    #[arg(value_enum, help = both!("シェル", "The shell"))]
    pub(crate) shell: Shell,
}

/// Headings above arguments in the help.
const OWN_APP: &str = both!("自分のアプリ", "Your own app");
const PORTS: &str = both!("ポート", "Ports");

/// The command line in this language, whose help has lines of this width.
pub(crate) fn command(language: Language, width: usize) -> clap::Command {
    let command = words::in_language(Arguments::command(), language);
    let examples = examples(language);
    let statuses = exit_statuses(language, width);
    help::laid_out(command, language, width)
        .after_long_help(format!("{examples}\n\n{statuses}"))
        .after_help(examples)
}

/// The command line in this language, for those who only look at it, and with another name.
pub(crate) fn described(name: &'static str, language: Language) -> clap::Command {
    let command = words::in_language(Arguments::command().name(name), language);
    words::with_said_values(command, language)
}

/// The examples in the help. A line stays as it is: it can be copied.
fn examples(language: Language) -> String {
    let title = language.say("例：", "Examples:");
    let examples = [
        "cargo run",
        "cargo run -- demo --headless --persona longest",
        "cargo run -q -- demo --headless --fault token-500 --json",
        "cargo run -q -- demo --headless --scopes \"openid digital-auth/age_over_20\"",
        "cargo run -- faults --group id-token",
        "cargo run -- simulate cognito --callback http://localhost:3000/callback",
    ];
    let examples = examples.map(|example| format!("  {NAME}{example}{NAME:#}"));
    format!("{HEADING}{title}{HEADING:#}\n{}", examples.join("\n"))
}

/// The exit statuses that a script may rely on.
fn exit_statuses(language: Language, width: usize) -> String {
    const INDENT: usize = 7;
    let title = language.say("終了コード：", "Exit status:");
    let mut text = format!("{HEADING}{title}{HEADING:#}\n");
    for status in exit::ALL {
        let meaning = said_plainly(status.meaning, language);
        let meaning = lines(&meaning, width.saturating_sub(INDENT));
        let meaning = meaning.join(&format!("\n{}", " ".repeat(INDENT)));
        text += &format!("  {NAME}{:<4}{NAME:#} {meaning}\n", status.code);
    }
    let more = language.say(
        "エラー分類は --json に、誤りごとのエラー分類と終了コードは faults にあります",
        "--json has the class of a failure, faults the class and exit status of each fault",
    );
    text + &lines(more, width).join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::builder::StyledStr;

    use super::*;

    /// Every text of a command and of what is below it, with where it stands.
    fn texts(command: &clap::Command, path: &str) -> Vec<(String, String)> {
        let path = format!("{path} {}", command.get_name());
        let text = |place: &str, text: Option<&StyledStr>| {
            let text = text.map(words::raw).unwrap_or_default();
            (format!("{path} {place}"), text)
        };
        let mut all = vec![text("about", command.get_about())];
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            all.push(text(id, arg.get_help()));
            if let Some(heading) = arg.get_help_heading() {
                all.push((format!("{path} {id} heading"), heading.to_owned()));
            }
            // The names of shells and of classes say what they are.
            let says_itself = ["shell", "class"].contains(&id);
            if arg.get_action().takes_values() && !says_itself {
                for value in arg.get_possible_values() {
                    all.push(text(
                        &format!("{id}={}", value.get_name()),
                        value.get_help(),
                    ));
                }
            }
        }
        let below = command.get_subcommands();
        all.extend(below.flat_map(|command| texts(command, &path)));
        all
    }

    fn is_japanese(text: &str) -> bool {
        let is = |c: char| ('\u{3001}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..).contains(&c);
        text.chars().any(is)
    }

    #[test]
    fn everything_on_the_command_line_is_said_in_both_languages() {
        let texts = texts(&Arguments::command(), "");
        assert!(texts.len() > 200, "{}", texts.len());
        for (place, text) in texts {
            let ja = words::said(&text, Language::Japanese);
            let en = words::said(&text, Language::English);
            assert_ne!(ja, en, "{place}");
            assert!(is_japanese(ja), "{place}: {ja}");
            assert!(!en.is_empty() && !is_japanese(en), "{place}: {en}");
        }
    }

    #[test]
    fn every_help_is_in_one_language_and_as_wide_as_it_may_be() {
        const WIDTH: usize = 80;
        fn helps(command: &mut clap::Command) -> Vec<(String, StyledStr)> {
            let name = command.get_name().to_owned();
            let mut all = vec![
                (name.clone(), command.render_help()),
                (name, command.render_long_help()),
            ];
            for command in command.get_subcommands_mut() {
                all.extend(helps(command));
            }
            all
        }
        // These are copied as they are.
        let is_whole = |line: &str| line.contains("cargo run") || line.contains("digital-auth ");
        let mut seen = BTreeSet::new();
        for language in [Language::Japanese, Language::English] {
            for (name, help) in helps(&mut command(language, WIDTH)) {
                assert!(!words::raw(&help).contains('\u{1e}'), "{name}: {help}");
                let help = help.to_string();
                for line in help.lines().filter(|line| !is_whole(line)) {
                    let columns = console::measure_text_width(line);
                    assert!(columns <= WIDTH, "{name}: {columns}: {line}");
                }
                match language {
                    Language::English => assert!(!is_japanese(&help), "{name}: {help}"),
                    Language::Japanese => {
                        for english in [
                            "Usage:",
                            "Options",
                            "Commands",
                            "Arguments",
                            "Print",
                            "default:",
                            "possible",
                            "Possible",
                            "Examples",
                            "Exit status",
                            "values",
                        ] {
                            assert!(!help.contains(english), "{name}: {english}: {help}");
                        }
                    }
                }
                seen.insert(name);
            }
        }
        for name in [
            "digital-auth",
            "demo",
            "cognito",
            "service",
            "completions",
            "help",
        ] {
            assert!(seen.contains(name), "{name}");
        }
    }
}
