//! Deploys a stack with `sam deploy`, with the options of the documents, and again with other
//! parameters.
//! It copies the output of `sam build`, replaces in the copy what the emulator doesn't support
//! (`limits.rs`), deploys the copy, and then makes what was replaced.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use login_kit::Answer;
use reqwest::redirect::Policy;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;
use url::Url;

use crate::aws::{Aws, REGION, emulator, given};
use crate::limits;

/// How long one deployment may take. It takes about 15 s, most of which `sam deploy` spends waiting
/// between two polls.
const LIMIT: Duration = Duration::from_secs(180);

/// The app's address. Nothing listens there: the browser stops before it requests this address.
pub(crate) const APP_CALLBACK: &str = "http://localhost:1/callback";

/// Whether a deployment has already made the bucket to which `sam deploy` uploads.
static BUCKET: Mutex<bool> = Mutex::const_new(false);

/// A stack, and the parameters with which it was last deployed.
pub(crate) struct Deployment {
    pub(crate) name: String,
    pub(crate) aws: Aws,
    /// The properties from which the identity provider was last made.
    pub(crate) identity_provider: Mutex<Option<Value>>,
    parameters: BTreeMap<String, String>,
    folder: TempDir,
}

impl Deployment {
    /// A stack with this name, not yet deployed. It has the parameters that all stacks of these
    /// tests have, and `more`.
    pub(crate) fn new(name: &str, more: &[(&str, &str)]) -> Self {
        let built = PathBuf::from(given("BUILT_STACK"));
        let folder = TempDir::new().unwrap();
        copy(&built, folder.path());
        limits::apply(folder.path());
        let mut deployment = Self {
            name: name.to_owned(),
            aws: Aws::new(),
            identity_provider: Mutex::default(),
            parameters: BTreeMap::new(),
            folder,
        };
        deployment.set(&[
            ("Architecture", &given("BUILT_FOR")),
            ("DomainPrefix", name),
            ("AppCallbackUrls", APP_CALLBACK),
            // Not left empty: the emulator takes the condition `HasLogoutUrls` for true, and would
            // make an empty logout URL.
            ("AppLogoutUrls", "http://localhost:1/signed-out"),
        ]);
        deployment.set(more);
        deployment
    }

    /// Sets these parameters for the next deployments.
    pub(crate) fn set(&mut self, parameters: &[(&str, &str)]) {
        for (name, value) in parameters {
            self.parameters
                .insert((*name).to_owned(), (*value).to_owned());
        }
    }

    /// Changes these parameters, deploys the stack, and gives the output of `sam deploy`.
    ///
    /// # Panics
    ///
    /// If the deployment fails.
    pub(crate) async fn deploy(&mut self, changed: &[(&str, &str)]) -> String {
        self.set(changed);
        limits::show_a_change(&mut self.parameters);
        self.deploy_again().await
    }

    /// Deploys the stack with its present parameters, and gives the output of `sam deploy`.
    ///
    /// # Panics
    ///
    /// If the deployment fails.
    pub(crate) async fn deploy_again(&self) -> String {
        match self.try_to_deploy().await {
            Ok(said) => said,
            Err(said) => panic!("{} isn't deployed:\n{said}", self.name),
        }
    }

    /// Deploys the stack, and gives the output of `sam deploy`: as `Err` if the deployment fails.
    pub(crate) async fn try_to_deploy(&self) -> Result<String, String> {
        let mut command = Command::new(given("SAM_PYTHON"));
        command
            .args(["-m", "samcli", "deploy", "--template-file"])
            .arg(self.folder.path().join("template.yaml"))
            .args(["--stack-name", &self.name, "--resolve-s3"])
            .args(["--no-confirm-changeset", "--no-fail-on-empty-changeset"])
            .args(["--capabilities", "CAPABILITY_IAM"])
            .arg("--parameter-overrides")
            .args((self.parameters.iter()).map(|(name, value)| format!("{name}=\"{value}\"")))
            // This folder has no samconfig.toml, which would change the options.
            .current_dir(self.folder.path())
            .env("AWS_ENDPOINT_URL", emulator())
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("SAM_CLI_TELEMETRY", "0")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        // The first deployment makes the bucket. Two at once would both try to make it, so the
        // others wait.
        let mut made = BUCKET.lock().await;
        let making = (!*made).then(|| {
            *made = true;
            made
        });
        let output = tokio::time::timeout(LIMIT, command.output()).await;
        drop(making);
        let output = output.expect("deployed in time").unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if !output.status.success() {
            return Err(said);
        }
        if self
            .parameters
            .get("CardLogins")
            .is_none_or(|logins| logins == "yes")
        {
            let mut made = self.identity_provider.lock().await;
            limits::create(&self.aws, &self.name, &mut made).await;
        }
        Ok(said)
    }

    /// Deletes the stack, and waits until it is gone. Resources that the stack retains stay.
    pub(crate) async fn delete(&mut self) {
        let stacks = &self.aws.stacks;
        let deleted = stacks.delete_stack().stack_name(&self.name).send().await;
        deleted.unwrap();
        let gone = async {
            while stacks
                .describe_stacks()
                .stack_name(&self.name)
                .send()
                .await
                .is_ok()
            {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let gone = tokio::time::timeout(LIMIT, gone).await;
        gone.expect("deleted in time");
        *self.identity_provider.get_mut() = None;
    }

    /// The deployed bridge's answer to a request that doesn't come from a browser.
    pub(crate) async fn ask(
        &self,
        path: &str,
        request: impl FnOnce(&reqwest::Client, Url) -> reqwest::RequestBuilder,
    ) -> Answer {
        let url = Url::parse(&self.output("Issuer").await).unwrap();
        let host = url.host_str().unwrap().to_owned();
        // Not every resolver knows that a name below localhost is this machine.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, url.port().unwrap()));
        let http = reqwest::Client::builder().resolve(&host, address);
        let http = http.redirect(Policy::none()).no_proxy().build().unwrap();
        Answer::of(request(&http, url.join(path).unwrap())).await
    }

    /// An output of the stack.
    ///
    /// # Panics
    ///
    /// If the stack has no such output.
    pub(crate) async fn output(&self, key: &str) -> String {
        let outputs = self.outputs().await;
        outputs
            .get(key)
            .unwrap_or_else(|| panic!("no output {key}"))
            .clone()
    }

    /// All outputs of the stack.
    pub(crate) async fn outputs(&self) -> BTreeMap<String, String> {
        let stacks = self.aws.stacks.describe_stacks().stack_name(&self.name);
        let stack = stacks.send().await.unwrap().stacks.unwrap().remove(0);
        let outputs = stack.outputs.unwrap_or_default().into_iter();
        outputs
            .map(|output| (output.output_key.unwrap(), output.output_value.unwrap()))
            .collect()
    }

    /// The resources of the stack: logical id, type, physical id and status, in the order of the
    /// logical ids.
    pub(crate) async fn resources(&self) -> Vec<Resource> {
        let resources = self.aws.stacks.describe_stack_resources();
        let resources = resources.stack_name(&self.name).send().await.unwrap();
        let resources = resources.stack_resources.unwrap().into_iter();
        let mut resources: Vec<_> = resources
            .map(|resource| Resource {
                logical_id: resource.logical_resource_id.unwrap(),
                kind: resource.resource_type.unwrap(),
                physical_id: resource.physical_resource_id.unwrap_or_default(),
                status: resource.resource_status.unwrap().as_str().to_owned(),
            })
            .collect();
        resources.sort();
        resources
    }

    /// The log group of a function.
    pub(crate) fn log_group(&self, function: &str) -> String {
        format!("/digital-auth/{}/{function}", self.name)
    }
}

/// A resource of a stack.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Resource {
    pub(crate) logical_id: String,
    pub(crate) kind: String,
    pub(crate) physical_id: String,
    pub(crate) status: String,
}

/// Copies a folder with its contents.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (from, to) = (
            entry.as_ref().unwrap().path(),
            to.join(entry.unwrap().file_name()),
        );
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}
