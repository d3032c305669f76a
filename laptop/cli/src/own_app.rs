//! An app of the user's own, for `demo --callback` and `simulate cognito`: how it is registered,
//! what is kept for it, and the control API.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use cognito_simulator::{FrontDoor, PUBLIC_HOST};
use demo::control::Control;
use demo::laptop::{Kept, Laptop, LaptopOptions};
use demo::use_case::OWN_APP;
use loopback::clock::SimClock;
use loopback::journal::{Hop, Party};
use loopback::pages::Language;
use loopback::server::{ListenError, Listener};
use loopback::tls::{Certificate, InvalidCertificate, Tls};
use tokio::sync::watch;

use crate::arguments::{ClientType, OwnApp, Ports};
use crate::paste::Pasted;
use crate::state::{State, StateError};

/// The ports that are used unless others are chosen.
pub(crate) const BRIDGE_PORT: u16 = 8701;
pub(crate) const COGNITO_PORT: u16 = 8702;
pub(crate) const SERVICE_PORT: u16 = 8703;
const CONTROL_PORT: u16 = 8704;

/// Why the own app can't be registered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OwnAppError {
    /// Nothing can be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// The control API has no port.
    #[error("the control API can't listen: {0}")]
    Control(#[from] ListenError),
    /// There is no certificate.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] InvalidCertificate),
}

impl OwnAppError {
    /// The sentence in Japanese.
    pub(crate) fn in_japanese(&self) -> String {
        match self {
            Self::State(error) => error.in_japanese(),
            Self::Control(error) => format!("操作用の API を起動できませんでした：{error}"),
            Self::Certificate(error) => format!("証明書を作れませんでした：{error}"),
        }
    }
}

/// The ports, with an app of one's own.
pub(crate) fn ports(chosen: Ports) -> Ports {
    Ports {
        service_port: chosen.service_port.or(Some(SERVICE_PORT)),
        bridge_port: chosen.bridge_port.or(Some(BRIDGE_PORT)),
        cognito_port: chosen.cognito_port.or(Some(COGNITO_PORT)),
    }
}

/// The port of the control API.
pub(crate) fn control_port(arguments: &OwnApp) -> u16 {
    arguments.control_port.unwrap_or(CONTROL_PORT)
}

/// The hops that the developer of an app looks at: those between the app or its browser and
/// Cognito, and those at which somebody refused.
pub(crate) fn concerns(hop: &Hop) -> bool {
    let is_own = matches!(hop.from, Party::App | Party::Browser) && hop.to == Party::Cognito;
    let step = hop.step.as_ref();
    is_own || step.is_some_and(|step| step.status.is_some_and(|status| status >= 400))
}

/// An own app that can be registered.
pub(crate) struct Prepared {
    state: State,
    kept: Kept,
    control: Listener,
    token_clock: SimClock,
    /// The certificate of the authority, in PEM.
    authority: Option<String>,
}

impl Prepared {
    /// Opens the state, takes the control API's port, and puts everything into the options.
    ///
    /// # Errors
    ///
    /// [`OwnAppError`].
    pub(crate) async fn new(
        arguments: &OwnApp,
        callback_urls: &[String],
        scopes: Vec<String>,
        options: &mut LaptopOptions,
    ) -> Result<Self, OwnAppError> {
        let (state, mut kept) = State::open(arguments.state.as_deref(), arguments.fresh)?;
        let control = (Ipv4Addr::LOCALHOST, control_port(arguments));
        let control = Listener::bind(control.into()).await?;

        let address = arguments.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let mut door = FrontDoor::new(SocketAddr::new(address, options.ports.cognito));
        if let Some(host) = &arguments.public_host {
            door.public_host.clone_from(host);
        }
        let mut authority = None;
        if arguments.https {
            let certificate = certificate(&kept, &door.public_host, &options.clock)?;
            authority = Some(certificate.authority.clone());
            door.tls = Some(Tls::new(&certificate)?);
            kept.certificate = Some(certificate);
        }

        let is_public = arguments.client == Some(ClientType::Public);
        let token_clock = SimClock::default();
        options.front_door = Some(door);
        options.names.set(OWN_APP);
        options.rsa_keys = Some(kept.rsa_keys.clone());
        options.record_key = Some(kept.record_key.clone());
        options.pool = kept.pool.clone();
        options.token_clock = Some(token_clock.clone());
        options.own_app = Some(demo::laptop::OwnApp {
            client_secret: (!is_public).then(|| kept.client_secret.clone()),
            callback_urls: callback_urls.to_vec(),
            logout_urls: arguments.logout_url.clone(),
            scopes,
        });
        Ok(Self {
            state,
            kept,
            control,
            token_clock,
            authority,
        })
    }

    /// Keeps what was made, and starts the control API of the laptop, which begins with this test
    /// person.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`].
    pub(crate) fn serve(
        mut self,
        laptop: &Arc<Laptop>,
        persona: &str,
    ) -> Result<Served, OwnAppError> {
        self.state.keep(&self.kept)?;
        let authority = self.authority.as_deref();
        let authority = authority.map(|authority| self.state.write_authority(authority));
        let kept = (self.state.folder(), authority.transpose()?);
        let pasted = Pasted::of(laptop, self.control.address(), kept);
        let answered = laptop.cognito.answered();
        let control = Control::serve(self.control, Arc::clone(laptop), self.token_clock, persona);
        Ok(Served {
            state: self.state,
            kept: self.kept,
            answered,
            control,
            has_failed: false,
            pasted,
        })
    }
}

/// The certificate that was kept, or a new one if that doesn't fit any more.
fn certificate(
    kept: &Kept,
    public_host: &str,
    clock: &SimClock,
) -> Result<Certificate, InvalidCertificate> {
    let mut hosts = vec![PUBLIC_HOST.to_owned()];
    hosts.extend(["127.0.0.1", "::1"].map(str::to_owned));
    // The address in brackets is that of a URL.
    let public_host = public_host.trim_start_matches('[').trim_end_matches(']');
    if !hosts.iter().any(|host| host == public_host) {
        hosts.push(public_host.to_owned());
    }
    let now = clock.now();
    let known = kept.certificate.clone();
    match known.filter(|certificate| certificate.fits(&hosts, now)) {
        Some(certificate) => Ok(certificate),
        None => Certificate::make(&hosts, now),
    }
}

/// The own app of a laptop that runs.
pub(crate) struct Served {
    state: State,
    kept: Kept,
    answered: watch::Receiver<u64>,
    control: Control,
    /// Whether the pool couldn't be kept the last time.
    has_failed: bool,
    /// What the app has to be configured with.
    pub(crate) pasted: Pasted,
}

impl Served {
    /// Waits until there may be something to keep. The future may be dropped while it waits.
    pub(crate) async fn changed(&mut self) {
        if self.answered.changed().await.is_err() {
            // Cognito's stand-in is gone, which nobody can see here before it is stopped.
            std::future::pending::<()>().await;
        }
    }

    /// Keeps the user pool as it is now. If that fails, it says so on standard error once, and the
    /// stand-ins go on.
    pub(crate) fn keep(&mut self, laptop: &Laptop, language: Language) {
        self.kept.pool = laptop.cognito.saved();
        let kept = self.state.keep(&self.kept);
        if let Err(error) = &kept
            && !self.has_failed
        {
            let told = match language {
                Language::Japanese => error.in_japanese(),
                Language::English => error.to_string(),
            };
            let _ = writeln!(anstream::stderr(), "digital-auth: {told}");
        }
        self.has_failed = kept.is_err();
    }

    /// Stops the control API and the laptop, and keeps the user pool as the last request left it.
    ///
    /// # Errors
    ///
    /// [`StateError::Unusable`].
    pub(crate) async fn stop(mut self, laptop: Arc<Laptop>) -> Result<(), StateError> {
        self.control.stop().await;
        self.kept.pool = match Arc::try_unwrap(laptop) {
            Ok(laptop) => laptop.stop().await,
            // Can't happen: the control API is the only other owner.
            Err(laptop) => laptop.cognito.saved(),
        };
        self.state.keep(&self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_are_the_same_at_every_start_unless_others_are_chosen() {
        let numbers = |ports: Ports| [ports.cognito_port, ports.bridge_port, ports.service_port];
        let usual = [8702, 8701, 8703].map(Some);
        assert_eq!(numbers(ports(Ports::default())), usual);
        assert_eq!(control_port(&OwnApp::default()), 8704);
        let chosen = Ports {
            cognito_port: Some(0),
            ..Ports::default()
        };
        assert_eq!(numbers(ports(chosen)), [Some(0), usual[1], usual[2]]);
        let chosen = OwnApp {
            control_port: Some(0),
            ..OwnApp::default()
        };
        assert_eq!(control_port(&chosen), 0);
    }
}
