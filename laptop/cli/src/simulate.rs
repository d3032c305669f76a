//! `simulate service`: the service's stand-in alone, for people who test a relying party of their
//! own. It prints what to set in the relying party, and then the requests that it refuses, or with
//! `--verbose` each request as it comes, until Ctrl-C. Secrets and attributes are masked, and
//! received text can't control the terminal.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use cli::exit::{self, Status};
use loopback::clock::SimClock;
use loopback::pages::Language;
use loopback::server::ListenError;
use serde_json::{Map, Value, json};
use service_simulator::people::{InvalidPeople, LARGEST_FILE, People, PersonProblem};
use service_simulator::{
    InvalidClient, RegisteredClient, SCOPES, Service, ServiceOptions, StartError,
};

use crate::arguments::SimulateService;
use crate::complaint::{Complaint, another_port};
use crate::printable::printable;
use crate::teller::{Teller, announced};
use crate::terminal::{Interruption, unless_nobody_reads};
use crate::unknown::Unknown;

/// Why the stand-in doesn't run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SimulateError {
    /// A file can't be read.
    #[error("{} can't be read: {kind}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        kind: io::ErrorKind,
    },
    /// The key set is larger than a file may be.
    #[error("{} is larger than 1 MiB", .0.display())]
    TooLarge(PathBuf),
    /// The key set isn't JSON.
    #[error(
        "{} isn't JSON; a JWK Set is expected, {{\"keys\":[…]}} with public keys", .0.display()
    )]
    NotJson(PathBuf),
    /// One of the keys is a private key.
    #[error(
        "{} CONTAINS A PRIVATE KEY. Nothing was started. Give public keys only, without the \
        members d, p, q, dp, dq, qi, oth and k. If others could have read that file, replace the \
        key",
        .0.display()
    )]
    PrivateKey(PathBuf),
    /// The relying party can't be registered.
    #[error("this relying party can't be registered: {0}")]
    Client(InvalidClient),
    /// The file of test persons is refused.
    #[error("{}: {problem}", .file.display())]
    People {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: InvalidPeople,
    },
    /// No such test person or fault.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// Another program listens on the port.
    #[error("{0} is used by another program")]
    Taken(SocketAddr),
    /// Something else keeps the stand-in from starting.
    #[error("the stand-in could not be started: {0}")]
    Start(StartError),
    /// Ctrl-C can't be listened for.
    #[error("can't wait for signals such as Ctrl-C: {0}")]
    Signals(io::Error),
    /// The settings can't be written.
    #[error("the settings can't be written: {0}")]
    Output(#[from] io::Error),
}

impl Complaint for SimulateError {
    fn status(&self) -> Status {
        match self {
            Self::Taken(_) | Self::Start(_) => exit::START,
            Self::Signals(_) | Self::Output(_) => exit::DEFECT,
            _ => exit::USAGE,
        }
    }

    fn in_japanese(&self) -> String {
        match self {
            Self::Unreadable { file, kind } => {
                format!("{} を読めません（{kind}）", file.display())
            }
            Self::TooLarge(file) => format!("{} が1 MiB を超えています", file.display()),
            Self::NotJson(file) => format!(
                "{} が JSON ではありません。公開鍵の JWK Set（{{\"keys\":[…]}}）を渡してください",
                file.display()
            ),
            Self::PrivateKey(file) => format!(
                "{} に【秘密鍵】が含まれています。何も起動しませんでした。公開鍵だけを（d、p、q、dp、dq、qi、oth、k を除いて）渡してください。\
                そのファイルをほかの人が読めた可能性があるなら、鍵を作り直してください",
                file.display()
            ),
            Self::Client(problem) => {
                format!("この RP は登録できません：{}", client_problem(*problem))
            }
            Self::People { file, problem } => {
                format!("{}：{}", file.display(), people_problem(problem))
            }
            Self::Unknown(unknown) => unknown.in_japanese(),
            Self::Taken(address) => format!("{address} はほかのプログラムが使っています"),
            Self::Start(error) => format!("シミュレーターを起動できませんでした：{error}"),
            Self::Signals(_) | Self::Output(_) => {
                format!("シミュレーターの動作中に問題が起きました：{self}")
            }
        }
    }

    fn hints(&self, language: Language) -> Vec<String> {
        match self {
            Self::Unknown(unknown) => unknown.hints(language),
            Self::Taken(_) => vec![another_port("--port", language)],
            _ => Vec::new(),
        }
    }
}

fn client_problem(problem: InvalidClient) -> &'static str {
    match problem {
        InvalidClient::ClientId => "client_id は英数字1〜255文字でなければなりません",
        InvalidClient::RedirectUri => {
            "リダイレクト URI は、ホスト名のある絶対 URI（例：http://localhost:3000/callback）で、フラグメントがなく、\
            255文字以内でなければなりません"
        }
        InvalidClient::KeySet => {
            "鍵は、1つ以上の鍵を含む JWK Set（{\"keys\":[…]}）で渡してください"
        }
        InvalidClient::Key => {
            "鍵は、RS256 用の RSA 鍵か、ES256 用の P-256 の鍵でなければなりません"
        }
        InvalidClient::KeyId => "鍵には、それぞれ別の kid が必要です",
        InvalidClient::PrivateKey => "秘密鍵が含まれています",
    }
}

fn people_problem(problem: &InvalidPeople) -> String {
    match problem {
        InvalidPeople::TooLarge => "1 MiB を超えています".to_owned(),
        InvalidPeople::NotJson { line, column } => {
            format!("JSON ではありません（{line}行{column}文字目を見てください）")
        }
        InvalidPeople::NotAnArray => "テスト利用者の JSON 配列ではありません".to_owned(),
        InvalidPeople::Nobody => "テスト利用者が1人もいません".to_owned(),
        InvalidPeople::TooMany => "1,000人を超えています".to_owned(),
        InvalidPeople::Person { person, problem } => {
            let id = person.id.as_ref().map(|id| format!("（{id:?}）"));
            let position = person.position;
            format!(
                "{position}人目{}：{}",
                id.unwrap_or_default(),
                person_problem(problem)
            )
        }
    }
}

fn person_problem(problem: &PersonProblem) -> String {
    match problem {
        PersonProblem::NotAnObject => "JSON のオブジェクトではありません".to_owned(),
        PersonProblem::UnknownMember(member) => format!(
            "{member:?} というメンバーはありません。使えるメンバーは id、label、name、address、birthdate、gender です"
        ),
        PersonProblem::RepeatedMember(member) => format!("{member:?} が2回あります"),
        PersonProblem::IdMissing => "\"id\" がありません".to_owned(),
        PersonProblem::Id => {
            "\"id\" は、英小文字と数字をハイフンでつなげた1〜64文字でなければなりません（例：\"tanaka-2\"）"
                .to_owned()
        }
        PersonProblem::RepeatedId => "前の人と同じ \"id\" です".to_owned(),
        PersonProblem::Label => {
            "\"label\" は、1〜200文字の文字列か、{\"ja\": …, \"en\": …} でなければなりません".to_owned()
        }
        PersonProblem::Attribute(member) => format!(
            "{member:?} は、文字列、数値、オブジェクトのどれかでなければなりません。値がないときは null にするか、省略してください"
        ),
    }
}

/// Runs until Ctrl-C or SIGTERM, and gives the exit status.
///
/// # Errors
///
/// [`SimulateError`] if the stand-in can't run.
pub(crate) async fn run(
    arguments: &SimulateService,
    language: Language,
) -> Result<Status, SimulateError> {
    let options = options(arguments)?;
    let (clock, journal, people) = (
        options.clock.clone(),
        options.journal.clone(),
        options.people.clone(),
    );
    if let Some(id) = &arguments.persona
        && people.find(id, clock.now()).is_none()
    {
        let people = people.at(clock.now());
        return Err(match &arguments.persona_file {
            Some(_) => Unknown::persona_of_a_file(&people, id),
            None => Unknown::among(&people, id),
        }
        .into());
    }
    let settings = Settings::of(&options);

    let mut interruption = Interruption::listen().map_err(SimulateError::Signals)?;
    let service = Service::start(options).await.map_err(|error| match error {
        StartError::Listen(ListenError::Taken { address }) => SimulateError::Taken(address),
        StartError::Client(InvalidClient::PrivateKey) => {
            SimulateError::PrivateKey(arguments.client_jwks.clone())
        }
        StartError::Client(problem) => SimulateError::Client(problem),
        other => SimulateError::Start(other),
    })?;
    if let Some(id) = &arguments.persona {
        // Can't fail: the id was looked up above.
        let _ = service.set_persona(id);
    }

    let registered = settings.registered();
    let mut teller = Teller::of_a_relying_party(journal, registered, arguments.telling);
    if arguments.json {
        let mut out = io::stdout().lock();
        unless_nobody_reads(settings.write_json(&mut out, &service))?;
    } else {
        let mut out = anstream::stdout().lock();
        let written = settings.write(&mut out, language, &service);
        let come = announced(language, arguments.telling);
        unless_nobody_reads(written.and_then(|()| {
            writeln!(out, "{come}")?;
            out.flush()
        }))?;
    }
    loop {
        tokio::select! {
            () = interruption.received() => break,
            () = teller.wait() => teller.tell_beside(arguments.json, language),
        }
    }
    service.stop().await;
    teller.tell_beside(arguments.json, language);
    Ok(exit::SUCCESS)
}

/// Reads the files, and gives the options of the service.
fn options(arguments: &SimulateService) -> Result<ServiceOptions, SimulateError> {
    let fault = arguments.fault.as_deref().map(Unknown::fault).transpose()?;
    let mut options = ServiceOptions::new(RegisteredClient {
        client_id: arguments.client_id.clone(),
        redirect_uris: arguments.redirect_uri.clone(),
        jwks: client_jwks(&arguments.client_jwks)?,
    });
    if let Some(file) = &arguments.persona_file {
        let json = read(file, || File::open(file))?;
        options.people = People::from_json(&json).map_err(|problem| SimulateError::People {
            file: file.clone(),
            problem,
        })?;
    }
    options.address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    options.fault = fault;
    options.clock = SimClock::default();
    // Remembered requests hold secrets, and nothing reads them here.
    options.remembered = 0;
    Ok(options)
}

fn client_jwks(file: &Path) -> Result<Value, SimulateError> {
    let json = if file == Path::new("-") {
        read(file, || Ok(io::stdin().lock()))?
    } else {
        read(file, || File::open(file))?
    };
    if json.len() > LARGEST_FILE {
        return Err(SimulateError::TooLarge(file.to_owned()));
    }
    serde_json::from_slice(&json).map_err(|_| {
        // A private key in PEM, which is easily handed in by mistake.
        let is_private = String::from_utf8_lossy(&json).contains("PRIVATE KEY-----");
        if is_private {
            SimulateError::PrivateKey(file.to_owned())
        } else {
            SimulateError::NotJson(file.to_owned())
        }
    })
}

/// The content of a file, up to one byte more than a file may have: so a file that is too large is
/// noticed.
fn read<R: Read>(
    file: &Path,
    open: impl FnOnce() -> io::Result<R>,
) -> Result<Vec<u8>, SimulateError> {
    let limit = u64::try_from(LARGEST_FILE)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let mut bytes = Vec::new();
    open()
        .and_then(|reader| reader.take(limit).read_to_end(&mut bytes))
        .map_err(|error| SimulateError::Unreadable {
            file: file.to_owned(),
            kind: error.kind(),
        })?;
    Ok(bytes)
}

/// What to set in the relying party, besides the service's addresses.
struct Settings {
    client_id: String,
    redirect_uris: Vec<String>,
    /// `kid` and algorithm of each registered key.
    keys: Vec<(String, &'static str)>,
    acr: String,
}

impl Settings {
    fn of(options: &ServiceOptions) -> Self {
        let client = &options.client;
        let keys = client.jwks.get("keys").and_then(Value::as_array);
        let keys = keys.into_iter().flatten().map(|key| {
            let text = |name| key.get(name).and_then(Value::as_str).unwrap_or_default();
            let algorithm = if text("kty") == "RSA" {
                "RS256"
            } else {
                "ES256"
            };
            (text("kid").to_owned(), algorithm)
        });
        Self {
            client_id: client.client_id.clone(),
            redirect_uris: client.redirect_uris.clone(),
            keys: keys.collect(),
            acr: options.acr.clone(),
        }
    }

    /// Prints the settings as one line of JSON.
    fn write_json(&self, out: &mut impl Write, service: &Service) -> io::Result<()> {
        let named = self.named(service).into_iter();
        let object: Map<String, Value> = named
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        writeln!(out, "{}", Value::Object(object))?;
        out.flush()
    }

    /// Prints the settings for a person.
    fn write(&self, out: &mut impl Write, language: Language, service: &Service) -> io::Result<()> {
        writeln!(
            out,
            "{}\n\n{}",
            language.say(
                "デジタル認証アプリサービスのシミュレーターが動いています。止めるには Ctrl-C を押してください。",
                "The stand-in of the Digital Authentication App service is running. Press Ctrl-C \
                to stop it.",
            ),
            language.say("RP に設定する値：", "Values to configure in your relying party:"),
        )?;
        for (name, value) in self.named(service) {
            let values = match &value {
                Value::Array(values) => values.iter().map(plain).collect(),
                one => vec![plain(one)],
            };
            for value in values {
                writeln!(out, "  {name:<30} {}", printable(&value))?;
            }
        }
        writeln!(out)?;
        for (ja, en) in [
            (
                "scope には openid が必須です。ほかのスコープは、必要なものだけを加えてください。",
                "scope must have openid. Of the other scopes, request only what you need.",
            ),
            (
                "state、nonce、PKCE（S256）は必須です。",
                "state, nonce and PKCE (S256) are required.",
            ),
            (
                "ディスカバリーの文書はありません（実際のサービスにあるかどうか、公表されていないため）。上の値を直接設定してください。",
                "There is no discovery document, because it isn't known whether the real service \
                has one. Configure the values above.",
            ),
            (
                "これはシミュレーターの動作です。実際のサービスの動作は、サンドボックスで確かめてください。",
                "This is a stand-in. Use the real service's sandbox to see how that service \
                behaves.",
            ),
        ] {
            let mark = language.say("・", "- ");
            writeln!(out, "{mark}{}", language.say(ja, en))?;
        }
        writeln!(out)
    }

    /// The values that are registered, by the parameters that have to be among them.
    fn registered(&self) -> Vec<(&'static str, Vec<String>)> {
        let keys = self.keys.iter().map(|(kid, _)| kid.clone());
        vec![
            ("client_id", vec![self.client_id.clone()]),
            ("redirect_uri", self.redirect_uris.clone()),
            ("kid", keys.collect()),
        ]
    }

    /// The settings in the order in which they are printed, with the names of OpenID Connect
    /// Discovery and Dynamic Client Registration where they have such a name.
    fn named(&self, service: &Service) -> Vec<(&'static str, Value)> {
        let endpoints = service.endpoints();
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|(kid, algorithm)| json!({ "kid": kid, "alg": algorithm }))
            .collect();
        vec![
            ("client_id", json!(self.client_id)),
            ("redirect_uris", json!(self.redirect_uris)),
            ("issuer", json!(endpoints.issuer)),
            (
                "authorization_endpoint",
                json!(endpoints.authorization_endpoint),
            ),
            ("token_endpoint", json!(endpoints.token_endpoint)),
            ("userinfo_endpoint", json!(endpoints.userinfo_endpoint)),
            ("jwks_uri", json!(endpoints.jwks_uri)),
            ("scope", json!(SCOPES.join(" "))),
            ("response_type", json!("code")),
            ("code_challenge_method", json!("S256")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("client_assertion_aud", json!(endpoints.token_endpoint)),
            ("client_assertion_keys", json!(keys)),
            ("id_token_signed_response_alg", json!("ES256")),
            ("acr", json!(self.acr)),
        ]
    }
}

/// A value in readable form.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(key) => {
            let text = |name| key.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{} (kid {})", text("alg"), text("kid"))
        }
        other => other.to_string(),
    }
}
