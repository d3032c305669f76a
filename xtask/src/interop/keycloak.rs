//! Keycloak, the software that the service is built on. One pinned version is installed from Maven
//! Central, below `target/tools/`.
//! It is started without any realm on a free loopback port, and the tests make their realm. It is
//! stopped when this task ends, however it ends.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::tests_of;
use crate::command::done;
use crate::debian;
use crate::loopback::{answers, free_address};

/// The version that was tested. Its userinfo can give the address as the service does, as a plain
/// string. Later versions answer 500 to that (seen with 26.7.3; keycloak/keycloak#44457).
const VERSION: &str = "26.4.7";
const DIGEST: &str = "dd9834c023460be856f731423d86228c23b5d002194a2064642bec0cc6573eaa";

/// The Maven plugin that copies an artifact from Maven Central. It is pinned, since Maven would
/// otherwise take any version.
const MAVEN_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/// How long Keycloak may take to start: about 15 s on a machine at rest, and three times as long on
/// a busy one.
const START: Duration = Duration::from_secs(240);
/// How long Keycloak may take to end, before it is killed.
const STOP: Duration = Duration::from_secs(20);

/// The path below which all endpoints are, as at the real service.
const PATH: &str = "/api";

/// Installs and starts Keycloak and runs the tests, or says what failed.
pub(super) fn run(workspace: &Path) -> Result<(), String> {
    let home = install(&workspace.join("target/tools/keycloak"))?;
    let begun = Instant::now();
    let keycloak = Keycloak::start(&home)?;
    eprintln!(
        "xtask: Keycloak {VERSION} answers at http://{}{PATH} after {} s",
        keycloak.address,
        begun.elapsed().as_secs()
    );
    tests_of::test(
        workspace,
        "keycloak::",
        &[
            ("KEYCLOAK_ADDRESS", keycloak.address.to_string()),
            ("KEYCLOAK_ADMIN_SECRET", keycloak.admin_secret.clone()),
        ],
    )
}

/// Installs Keycloak below `folder`, and gives its folder. Once it is installed, nothing is
/// downloaded again.
fn install(folder: &Path) -> Result<PathBuf, String> {
    debian::program("java", "default-jre-headless")?;
    let home = folder.join(format!("keycloak-{VERSION}"));
    let installed = home.join("installed");
    if installed.is_file() {
        return Ok(home);
    }
    debian::program("mvn", "maven")?;
    debian::program("unzip", "unzip")?;
    let _not_there_the_first_time = fs::remove_dir_all(folder);
    let download = folder.join("download");
    fs::create_dir_all(&download).map_err(|error| format!("{}: {error}", download.display()))?;
    eprintln!("xtask: downloading Keycloak {VERSION} from Maven Central (160 MB)");
    done(
        Command::new("mvn")
            .args(["-q", "-B", "-Dstyle.color=never", MAVEN_PLUGIN])
            .arg(format!(
                "-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
            ))
            .arg(format!("-DoutputDirectory={}", download.display()))
            .arg(format!(
                "-Dmaven.repo.local={}",
                download.join("repository").display()
            ))
            .current_dir(folder),
        "Maven can't download Keycloak",
    )?;
    let archive = download.join(format!("keycloak-quarkus-dist-{VERSION}.zip"));
    let digest = Command::new("sha256sum")
        .arg(&archive)
        .output()
        .map_err(|error| format!("sha256sum can't be started: {error}"))?;
    if !String::from_utf8_lossy(&digest.stdout).starts_with(DIGEST) {
        return Err(format!(
            "{} isn't the archive that was tested: its SHA-256 is another than {DIGEST}",
            archive.display()
        ));
    }
    done(
        Command::new("unzip")
            .arg("-q")
            .arg(&archive)
            .arg("-d")
            .arg(folder),
        "the archive can't be unpacked",
    )?;
    // These options are fixed at build time. They need not be given at each start.
    eprintln!("xtask: preparing Keycloak");
    done(
        Command::new(home.join("bin/kc.sh"))
            .args(["build", "--db=dev-mem"])
            .arg(format!("--http-relative-path={PATH}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null()),
        "Keycloak can't be prepared (it needs Java 17 or later: java -version)",
    )?;
    fs::remove_dir_all(&download).map_err(|error| format!("{}: {error}", download.display()))?;
    File::create(&installed).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(home)
}

/// Starts Keycloak, and stops it as soon as standard input ends. Standard input ends however this
/// task ends, because the system then closes the other end of the pipe.
const KEEPER: &str = r#"
exec 3<&0
bin/kc.sh "$@" </dev/null 3<&- &
keycloak=$!
( read -r end <&3; kill -TERM "$keycloak" ) &
exec 3<&-
wait "$keycloak"
"#;

/// A running Keycloak. Dropping it stops Keycloak.
struct Keycloak {
    process: Child,
    address: SocketAddr,
    admin_secret: String,
}

impl Keycloak {
    fn start(home: &Path) -> Result<Self, String> {
        let log = home.join("interop.log");
        let output = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = output
            .try_clone()
            .map_err(|error| format!("{}: {error}", log.display()))?;
        let address = free_address().map_err(|error| format!("no free port: {error}"))?;
        let admin_secret = secret().map_err(|error| format!("no randomness: {error}"))?;
        let process = Command::new("sh")
            .args(["-c", KEEPER, "keeper", "start", "--optimized"])
            .args(["--http-enabled=true", "--cache=local"])
            .arg(format!("--http-host={}", address.ip()))
            .arg(format!("--http-port={}", address.port()))
            // One address for back channel and browsers: the token endpoint that an assertion has
            // to name is the one that browsers see.
            .arg(format!("--hostname=http://{address}{PATH}"))
            .current_dir(home)
            .env("KC_BOOTSTRAP_ADMIN_CLIENT_ID", "interop")
            .env("KC_BOOTSTRAP_ADMIN_CLIENT_SECRET", &admin_secret)
            .env("JAVA_OPTS_KC_HEAP", "-Xms256m -Xmx640m")
            // Keycloak only runs for a minute. The optimising compiler would cost more time than it
            // saves.
            .env("JAVA_OPTS_APPEND", "-XX:TieredStopAtLevel=1")
            // A process group of its own: Ctrl-C reaches only this task, and the end of this task
            // then stops Keycloak cleanly.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("Keycloak can't be started: {error}"))?;
        let mut keycloak = Self {
            process,
            address,
            admin_secret,
        };
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = keycloak.process.try_wait() {
                return Err(format!("Keycloak ended at once ({status}):\n{}", said()));
            }
            if answers(address, &format!("{PATH}/realms/master")) {
                return Ok(keycloak);
            }
            sleep(Duration::from_millis(200));
        }
        Err(format!(
            "Keycloak doesn't answer within {} s:\n{}",
            START.as_secs(),
            said()
        ))
    }
}

impl Drop for Keycloak {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if matches!(self.process.try_wait(), Ok(Some(_))) {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        eprintln!("xtask: Keycloak doesn't end: killing it");
        let group = format!("-{}", self.process.id());
        let _ended_already = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ended_already = self.process.wait();
    }
}

/// 128 random bits in hexadecimal digits.
fn secret() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use markdown::Document;

    use crate::documented::{names, tests_in, text};

    #[test]
    fn every_test_has_its_line_and_every_line_its_test() {
        let tests = tests_in("tests/interop/keycloak");
        assert!(tests.contains("two_tabs_come_to_their_ends"));
        for document in ["docs/interop.md", "docs/interop.en.md"] {
            assert_eq!(names(document, "Keycloak"), tests, "{document}");
            let text = text(document);
            let section = Document::read(&text).section("Keycloak");
            assert!(section.text().plain.contains(VERSION), "{document}");
        }
    }

    #[test]
    fn a_secret_is_128_bits_and_another_each_time() {
        let secrets = [secret().unwrap(), secret().unwrap()];
        assert_ne!(secrets[0], secrets[1]);
        assert!(secrets.iter().all(|secret| secret.len() == 32));
    }
}
