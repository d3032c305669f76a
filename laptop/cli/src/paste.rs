//! What to configure in an app of one's own: for people, as an `.env` block, and as JSON. And how
//! to trust the certificate, library by library.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use demo::control::Control;
use demo::laptop::{Laptop, OWN_CLIENT_ID, OwnApp};
use loopback::pages::Language;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use crate::printable::printable;

/// What begins the names in the `.env` block.
const PREFIX: &str = "COGNITO_";

/// The values for an app. They hold its client secret, which is for this machine only.
pub(crate) struct Pasted {
    values: Vec<(&'static str, Value)>,
    authority: Option<PathBuf>,
}

impl Pasted {
    /// The values of the laptop's own app. `authority` is the file of the certificate to trust.
    pub(crate) fn of(laptop: &Laptop, control: SocketAddr, authority: Option<PathBuf>) -> Self {
        let cognito = &laptop.cognito;
        let server = cognito.server_url();
        let browser = cognito.base_url();
        let none = OwnApp {
            client_secret: None,
            callback_urls: Vec::new(),
            logout_urls: Vec::new(),
            scopes: Vec::new(),
        };
        let app = laptop.own_app.as_ref().unwrap_or(&none);
        let secret = app.client_secret.as_ref();
        let values = vec![
            ("issuer", json!(cognito.issuer())),
            ("client_id", json!(OWN_CLIENT_ID)),
            (
                "client_secret",
                json!(secret.map(|secret| secret.expose_secret())),
            ),
            ("callback", json!(app.callback_urls.first())),
            ("callbacks", json!(app.callback_urls)),
            ("logout_urls", json!(app.logout_urls)),
            ("scopes", json!(app.scopes.join(" "))),
            (
                "authorization_endpoint",
                json!(format!("{browser}/oauth2/authorize")),
            ),
            ("token_endpoint", json!(format!("{server}/oauth2/token"))),
            (
                "userinfo_endpoint",
                json!(format!("{server}/oauth2/userInfo")),
            ),
            (
                "revocation_endpoint",
                json!(format!("{server}/oauth2/revoke")),
            ),
            ("logout_endpoint", json!(format!("{browser}/logout"))),
            (
                "jwks_uri",
                json!(format!("{}/.well-known/jwks.json", cognito.issuer())),
            ),
            ("domain", json!(browser)),
            ("user_pool_id", json!(cognito.user_pool_id())),
            ("identity_provider", json!(cognito.provider_name())),
            ("certificate", json!(authority)),
            ("control", json!(Control::url(control))),
        ];
        Self { values, authority }
    }

    /// The values as members of a JSON object.
    pub(crate) fn json(&self) -> Map<String, Value> {
        let values = self.values.iter().cloned();
        values
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Prints the values for a person, and as an `.env` block.
    pub(crate) fn write(&self, out: &mut impl Write, language: Language) -> io::Result<()> {
        let what = language.say("アプリに設定する値：", "Values to configure in your app:");
        writeln!(out, "{what}\n")?;
        for (name, value) in &self.values {
            let values = match value {
                Value::Array(values) => values.iter().map(plain).collect(),
                one => vec![plain(one)],
            };
            for value in values.iter().filter(|value| !value.is_empty()) {
                writeln!(out, "  {name:<24} {}", shown(value))?;
            }
        }
        let same = language.say(
            "同じ値（.env にそのまま貼れます）：",
            "The same, to paste into .env:",
        );
        writeln!(out, "\n{same}\n")?;
        for (name, value) in &self.values {
            // A list has no usual form there, and its first value has a name of its own.
            let value = plain(value);
            if !value.is_empty() {
                let name = name.to_ascii_uppercase();
                writeln!(out, "{PREFIX}{name}={}", quoted(&value))?;
            }
        }
        writeln!(out)?;
        if let Some(authority) = &self.authority {
            write_trust(out, language, authority)?;
        }
        Ok(())
    }
}

/// A single value as text; nothing for a list, and for no value.
fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A value that is printed whole, since it is to be pasted. It has no control characters, as they
/// are refused on the command line.
fn shown(value: &str) -> String {
    if value.is_ascii() {
        value.to_owned()
    } else {
        printable(value)
    }
}

/// A value in an `.env` file: in quotes if it has spaces.
fn quoted(value: &str) -> String {
    if value.contains(' ') {
        format!("\"{value}\"")
    } else {
        value.to_owned()
    }
}

/// How the certificate is trusted.
fn write_trust(out: &mut impl Write, language: Language, authority: &Path) -> io::Result<()> {
    let file = authority.display();
    let what = language.say(
        "証明書を信頼させる方法（この1枚だけを信頼します。認証局の秘密鍵は残っていません）：",
        "How to trust the certificate (only this one: the authority's private key no longer \
         exists):",
    );
    writeln!(out, "{what}\n")?;
    for (ja, en, command) in [
        (
            "Node.js",
            "Node.js",
            format!("export NODE_EXTRA_CA_CERTS=\"{file}\""),
        ),
        (
            "Python（requests、Authlib）",
            "Python (requests, Authlib)",
            format!("export REQUESTS_CA_BUNDLE=\"{file}\""),
        ),
        (
            "Python（httpx）、Ruby、Go、OpenSSL（ほかの認証局は信頼しなくなります）",
            "Python (httpx), Ruby, Go, OpenSSL (instead of all other authorities)",
            format!("export SSL_CERT_FILE=\"{file}\""),
        ),
        (
            "Java",
            "Java",
            format!(
                "keytool -importcert -noprompt -alias digital-auth -file \"{file}\" -keystore \
                truststore.p12 -storepass changeit && export JAVA_TOOL_OPTIONS=\
                \"-Djavax.net.ssl.trustStore=$PWD/truststore.p12 \
                -Djavax.net.ssl.trustStorePassword=changeit\""
            ),
        ),
        ("curl", "curl", format!("curl --cacert \"{file}\" …")),
        (
            "Chrome（Linux。certutil は libnss3-tools にあります）",
            "Chrome (Linux; certutil is in libnss3-tools)",
            format!("certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n digital-auth -i \"{file}\""),
        ),
        (
            "macOS",
            "macOS",
            format!(
                "security add-trusted-cert -k ~/Library/Keychains/login.keychain-db \"{file}\""
            ),
        ),
        (
            "Firefox",
            "Firefox",
            language
                .say(
                    "設定 → 証明書を表示 → 認証局証明書 → インポート",
                    "Settings → View Certificates → Authorities → Import",
                )
                .to_owned(),
        ),
    ] {
        writeln!(out, "  {}\n    {command}", language.say(ja, en))?;
    }
    writeln!(out)
}
