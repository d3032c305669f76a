//! HTTPS, and apps that find the laptop's Cognito under another name, as those in containers do.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use loopback::user_agent::UserAgent;
use reqwest::header::HOST;
use serde_json::json;

use super::*;

#[tokio::test]
async fn https_is_trusted_by_its_certificate_alone_and_stays_trusted() {
    let folder = Folder::new();
    let app = Running::start(&folder, &["--https", "--client", "public"]).await;
    let issuer = app.text("issuer").to_owned();
    assert!(issuer.starts_with("https://localhost:"), "{issuer}");
    let certificate = app.text("certificate").to_owned();
    let authority = std::fs::read_to_string(&certificate).unwrap();
    assert!(!authority.contains("PRIVATE KEY"));

    let untrusting = app.http.get(&issuer).send().await.unwrap_err();
    assert!(untrusting.is_connect());
    let http = trusting(&authority);
    let url = format!("{issuer}/.well-known/openid-configuration");
    let (status, metadata) = answer(http.get(&url).send().await.unwrap()).await;
    assert_eq!(
        (status.as_u16(), &metadata["issuer"]),
        (200, &json!(issuer))
    );
    // The same certificate for the loopback addresses.
    let by_address = url.replace("localhost", "127.0.0.1");
    assert_eq!(http.get(&by_address).send().await.unwrap().status(), 200);

    // A whole login over it, in a browser and by the control API.
    let browser = UserAgent::trusting("ja", &authority).unwrap();
    let start = app.authorization_url(&[]);
    let at_app = |url: &Url| url.as_str().starts_with(CALLBACK);
    let login = BrowserLogin::run(&browser, &start, "adult", None, at_app).await;
    let Arrival::At(arrived) = login.end else {
        panic!("on a page");
    };
    let code = parameter(&arrived, "code").unwrap();
    let mut form = Running::form(&code);
    form.push(("client_id", app.text("client_id")));
    let request = http.post(app.text("token_endpoint")).form(&form);
    let (status, tokens) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(claims(&tokens, "id_token")["iss"], *issuer);
    app.sign_in(json!({})).await;
    app.stop().await;

    let app = Running::start(&folder, &["--https", "--client", "public"]).await;
    assert_eq!(app.text("certificate"), certificate);
    assert_eq!(std::fs::read_to_string(&certificate).unwrap(), authority);
    let url = app.text("jwks_uri");
    assert_eq!(http.get(url).send().await.unwrap().status(), 200);
    app.stop().await;
}

fn trusting(authority: &str) -> reqwest::Client {
    let authority = reqwest::Certificate::from_pem(authority.as_bytes()).unwrap();
    reqwest::Client::builder()
        .tls_certs_only([authority])
        .no_proxy()
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_certificate_is_for_the_public_host_too() {
    let folder = Folder::new();
    let host = "host.docker.internal";
    let arguments = ["--https", "--listen", "0.0.0.0", "--public-host", host];
    let app = Running::start(&folder, &arguments).await;
    let authority = std::fs::read_to_string(app.text("certificate")).unwrap();
    let authority = reqwest::Certificate::from_pem(authority.as_bytes()).unwrap();
    let port = Url::parse(app.text("issuer")).unwrap().port().unwrap();
    let address = SocketAddr::from((address_of_this_machine(), port));
    let http = reqwest::Client::builder()
        .tls_certs_only([authority])
        .resolve(host, address)
        .resolve("other.docker.internal", address)
        .no_proxy()
        .build()
        .unwrap();
    let keys = app.text("jwks_uri");
    assert!(keys.starts_with(&format!("https://{host}:")), "{keys}");
    assert_eq!(http.get(keys).send().await.unwrap().status(), 200);
    let other = keys.replace(host, "other.docker.internal");
    assert!(http.get(other).send().await.unwrap_err().is_connect());
    app.stop().await;
}

/// Programs such as Node.js may take `localhost` for ::1.
#[tokio::test]
async fn localhost_may_be_the_loopback_address_of_ipv6() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let by_address = app.text("jwks_uri").replace("localhost", "[::1]");
    let answered = app.http.get(by_address).send().await;
    let machine_has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert_eq!(
        answered.is_ok_and(|answer| answer.status() == 200),
        machine_has_ipv6
    );
    app.stop().await;
}

#[tokio::test]
async fn an_app_in_a_container_finds_it_by_the_public_host_and_its_browser_by_localhost() {
    let folder = Folder::new();
    let host = "host.docker.internal";
    let arguments = ["--listen", "0.0.0.0", "--public-host", host];
    let app = Running::start(&folder, &arguments).await;
    let issuer = Url::parse(app.text("issuer")).unwrap();
    assert_eq!(issuer.host_str(), Some(host));
    let port = issuer.port().unwrap();
    for (name, expected) in [
        ("token_endpoint", host),
        ("jwks_uri", host),
        ("userinfo_endpoint", host),
        ("authorization_endpoint", "localhost"),
        ("logout_endpoint", "localhost"),
    ] {
        let url = Url::parse(app.text(name)).unwrap();
        assert_eq!(url.host_str(), Some(expected), "{name}");
    }

    // The app's server comes from the network.
    let address = SocketAddr::from((address_of_this_machine(), port));
    let http = reqwest::Client::builder()
        .resolve(host, address)
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("{issuer}/.well-known/openid-configuration");
    let (_, metadata) = answer(http.get(&url).send().await.unwrap()).await;
    assert_eq!(metadata["issuer"], *issuer.as_str());
    assert_eq!(metadata["token_endpoint"], app.text("token_endpoint"));
    let code = app.code(&[]).await;
    let request = http
        .post(app.text("token_endpoint"))
        .form(&Running::form(&code));
    let request = request.basic_auth(app.text("client_id"), Some(app.text("client_secret")));
    let (status, tokens) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(claims(&tokens, "id_token")["iss"], *issuer.as_str());

    // Any other name is refused, and a browser that comes by the public host goes to localhost.
    let by_address = format!("http://{address}/");
    for (name, expected) in [
        ("cognito.example", 421),
        (host, 302),
        ("localhost.cognito.example", 421),
    ] {
        let mut start = app.authorization_url(&[]);
        start.set_ip_host(address.ip()).unwrap();
        let request = app.http.get(start).header(HOST, format!("{name}:{port}"));
        let answered = request.send().await.unwrap();
        assert_eq!(answered.status(), expected, "{name} at {by_address}");
    }
    // The control API isn't there for the network.
    let control = Url::parse(app.text("control")).unwrap();
    let control = SocketAddr::from((address_of_this_machine(), control.port().unwrap()));
    if !control.ip().is_loopback() {
        assert!(std::net::TcpStream::connect(control).is_err());
    }
    app.stop().await;
}

/// An address at which others reach this machine, if it has one, and else 127.0.0.1. Nothing is
/// sent: the system only says which address it would use.
fn address_of_this_machine() -> Ipv4Addr {
    let address = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.connect("192.0.2.1:9").map(|()| socket))
        .and_then(|socket| socket.local_addr());
    match address {
        Ok(SocketAddr::V4(address)) => *address.ip(),
        _ => Ipv4Addr::LOCALHOST,
    }
}

#[tokio::test]
async fn nobody_but_this_machine_reaches_it_unless_asked_by_name() {
    let folder = Folder::new();
    let app = Running::start(&folder, &[]).await;
    let port = Url::parse(app.text("issuer")).unwrap().port().unwrap();
    let address = SocketAddr::from((address_of_this_machine(), port));
    if !address.ip().is_loopback() {
        assert!(std::net::TcpStream::connect(address).is_err());
    }
    let discovery = format!("{}/.well-known/openid-configuration", app.text("issuer"));
    let request = app.http.get(discovery).header(HOST, "cognito.example");
    assert_eq!(request.send().await.unwrap().status(), 421);
    app.stop().await;
}
