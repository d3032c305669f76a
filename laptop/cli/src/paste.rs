//! What to configure in an app of one's own: for people, as an `.env` block, and as JSON. And how
//! to trust the certificate, library by library.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use demo::control::Control;
use demo::laptop::{Laptop, OWN_CLIENT_ID};
use loopback::pages::Language;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

/// What begins the names in the `.env` block.
const PREFIX: &str = "COGNITO_";

/// The values for an app. They hold its client secret, which is for this machine only.
pub(crate) struct Pasted {
    values: Vec<(&'static str, Value)>,
    authority: Option<PathBuf>,
    /// The folder in which all is kept.
    folder: PathBuf,
}

impl Pasted {
    /// The values of the laptop's own app. `authority` is the file of the certificate to trust.
    pub(crate) fn of(
        laptop: &Laptop,
        control: SocketAddr,
        (folder, authority): (&Path, Option<PathBuf>),
    ) -> Self {
        let cognito = &laptop.cognito;
        let server = cognito.server_url();
        let browser = cognito.base_url();
        let app = laptop.own_app.as_ref();
        let callbacks = app.map_or(&[][..], |app| &app.callback_urls);
        let logout_urls = app.map_or(&[][..], |app| &app.logout_urls);
        let scopes = app.map_or(&[][..], |app| &app.scopes);
        let secret = app.and_then(|app| app.client_secret.as_ref());
        let values = vec![
            ("issuer", json!(cognito.issuer())),
            ("client_id", json!(OWN_CLIENT_ID)),
            (
                "client_secret",
                json!(secret.map(|secret| secret.expose_secret())),
            ),
            ("callback", json!(callbacks.first())),
            ("callbacks", json!(callbacks)),
            ("logout_urls", json!(logout_urls)),
            ("scopes", json!(scopes.join(" "))),
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
            (
                "certificate",
                json!(authority.as_deref().map(Path::to_string_lossy)),
            ),
            ("control", json!(Control::url(control))),
        ];
        Self {
            values,
            authority,
            folder: folder.to_owned(),
        }
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
                writeln!(out, "  {name:<24} {value}")?;
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
        let folder = self.folder.display();
        match language {
            Language::Japanese => writeln!(
                out,
                "鍵・シークレット・ユーザーは {folder} に保存します（--fresh で新しく始めます）。"
            ),
            Language::English => writeln!(
                out,
                "Keys, secret and users are kept in {folder} (--fresh begins anew)."
            ),
        }
    }
}

/// A single value as text; nothing for a list, and for no value.
fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A value in an `.env` file: in quotes if it has other than plain characters. `$` and so on keep
/// their meaning within quotes, so they are escaped.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?&=%+@[],".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// How the certificate is trusted.
fn write_trust(out: &mut impl Write, language: Language, authority: &Path) -> io::Result<()> {
    let file = in_shell(&authority.to_string_lossy());
    let store = authority.with_extension("p12");
    let store = store.to_string_lossy();
    // Java splits the variable at spaces, but not within double quotes.
    let java = in_shell(&format!(
        "-Djavax.net.ssl.trustStore=\"{store}\" -Djavax.net.ssl.trustStorePassword=changeit"
    ));
    let store = in_shell(&store);
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
            format!("export NODE_EXTRA_CA_CERTS={file}"),
        ),
        (
            "Python（requests、Authlib。ほかの認証局は信頼しなくなります）",
            "Python (requests, Authlib; instead of all other authorities)",
            format!("export REQUESTS_CA_BUNDLE={file}"),
        ),
        (
            "Python（httpx）、Ruby、Go、OpenSSL（ほかの認証局は信頼しなくなります）",
            "Python (httpx), Ruby, Go, OpenSSL (instead of all other authorities)",
            format!("export SSL_CERT_FILE={file}"),
        ),
        (
            "Java（ほかの認証局は信頼しなくなります）",
            "Java (instead of all other authorities)",
            format!(
                "rm -f {store}; keytool -importcert -noprompt -alias digital-auth -file {file} \
                -keystore {store} -storepass changeit && export JAVA_TOOL_OPTIONS={java}"
            ),
        ),
        ("curl", "curl", format!("curl --cacert {file} …")),
        (
            "Chrome（Linux。certutil は libnss3-tools にあります）",
            "Chrome (Linux; certutil is in libnss3-tools)",
            format!(
                "mkdir -p ~/.pki/nssdb && certutil -d sql:$HOME/.pki/nssdb -A -t C,, \
                -n digital-auth -i {file}"
            ),
        ),
        (
            "macOS",
            "macOS",
            format!("security add-trusted-cert -k ~/Library/Keychains/login.keychain-db {file}"),
        ),
        (
            "Firefox",
            "Firefox",
            format!(
                "{} {file}",
                language.say(
                    "設定 → 証明書を表示 → 認証局証明書 → インポート：",
                    "Settings → View Certificates → Authorities → Import:",
                )
            ),
        ),
    ] {
        writeln!(out, "  {}\n    {command}", language.say(ja, en))?;
    }
    writeln!(out)
}

/// A value in a command of a POSIX shell.
fn in_shell(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_pasted_keeps_its_meaning() {
        for (value, expected) in [
            (
                "http://localhost:3000/cb?a=b",
                "http://localhost:3000/cb?a=b",
            ),
            ("openid digital-auth/name", "\"openid digital-auth/name\""),
            ("/home/山田/a", "\"/home/山田/a\""),
            ("a\"$`\\b", "\"a\\\"\\$\\`\\\\b\""),
        ] {
            assert_eq!(quoted(value), expected);
        }
        assert_eq!(in_shell("/a b/$c"), "'/a b/$c'");
        assert_eq!(in_shell("it's"), "'it'\\''s'");
    }

    #[test]
    fn what_is_exported_names_the_file_whatever_its_name() {
        let folder = tempfile::TempDir::new().unwrap();
        // The data folder of macOS has a space in its name.
        let folder = folder.path().join("Application Support $HOME it's");
        std::fs::create_dir(&folder).unwrap();
        let authority = folder.join("authority.pem");
        let mut told = Vec::new();
        write_trust(&mut told, Language::English, &authority).unwrap();
        let told = String::from_utf8(told).unwrap();
        let of_java = format!(
            "-Djavax.net.ssl.trustStore=\"{}\" -Djavax.net.ssl.trustStorePassword=changeit",
            folder.join("authority.p12").display()
        );
        let file = authority.to_str().unwrap().to_owned();
        for (name, expected) in [
            ("NODE_EXTRA_CA_CERTS", &file),
            ("REQUESTS_CA_BUNDLE", &file),
            ("SSL_CERT_FILE", &file),
            ("JAVA_TOOL_OPTIONS", &of_java),
        ] {
            let mut lines = told.lines();
            let way = lines.find(|line| line.contains(&format!("export {name}=")));
            // Java's program is taken as run: what counts here is the variable.
            let script = format!(
                "keytool() {{ :; }}\n{}\nprintf %s \"${name}\"",
                way.unwrap()
            );
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), *expected);
        }
    }

    #[test]
    fn every_way_to_trust_the_certificate_names_its_file() {
        for language in [Language::Japanese, Language::English] {
            let mut told = Vec::new();
            write_trust(&mut told, language, Path::new("/a b/authority.pem")).unwrap();
            let told = String::from_utf8(told).unwrap();
            let ways: Vec<&str> = told
                .lines()
                .filter(|line| line.starts_with("    "))
                .collect();
            assert_eq!(ways.len(), 8, "{told}");
            for way in ways {
                assert!(way.contains("'/a b/authority.pem'"), "{way}");
            }
            for name in [
                "NODE_EXTRA_CA_CERTS",
                "REQUESTS_CA_BUNDLE",
                "SSL_CERT_FILE",
                "keytool -importcert",
                "curl --cacert",
                "certutil",
                "security add-trusted-cert",
                "Firefox",
            ] {
                assert!(told.contains(name), "{name}: {told}");
            }
        }
    }
}
