//! The functions behind the deployed API: every endpoint answers at its own address, and other
//! addresses are refused.

use crate::world::World;

#[tokio::test]
async fn every_endpoint_is_behind_the_api_and_nothing_else_is() {
    let mut world = World::not_connected("api").await;
    world.deployment.deploy(&[("ServiceClientId", "RP1")]).await;
    let api = &world.deployment;

    for (path, status, class) in [
        ("/authorize", 400, "unknown_client"),
        ("/callback", 400, "malformed_callback"),
        ("/", 404, "not_found"),
        ("/authorize/x", 404, "not_found"),
        ("/.env", 404, "not_found"),
    ] {
        let page = api.ask(path, |http, url| http.get(url)).await;
        assert_eq!(page.status, status, "{path}");
        assert!(
            page.body.contains(&format!("<small>{class}</small>")),
            "{path}: {}",
            page.body
        );
        assert!(page.body.contains("<html lang=\"ja\">"), "{path}");
    }
    let refused = api
        .ask("/token", |http, url| http.post(url).form(&[("code", "x")]))
        .await;
    assert_eq!(
        (refused.status, refused.text("error").as_deref()),
        (401, Some("invalid_client")),
        "{}",
        refused.body
    );
    let refused = api
        .ask("/userinfo", |http, url| http.get(url).bearer_auth("x"))
        .await;
    assert_eq!(refused.status, 401);
    assert!(refused.headers["www-authenticate"].starts_with("Bearer error=\"invalid_token\""));
    for (path, allow) in [
        ("/token", "POST"),
        ("/authorize", "GET, HEAD, POST"),
        ("/jwks.json", "GET, HEAD"),
    ] {
        let refused = api.ask(path, |http, url| http.delete(url)).await;
        assert_eq!(
            (
                refused.status,
                refused.headers.get("allow").map(String::as_str)
            ),
            (405, Some(allow)),
            "{path}"
        );
    }

    let outputs = api.outputs().await;
    let metadata = api
        .ask("/.well-known/openid-configuration", |http, url| {
            http.get(url)
        })
        .await
        .json();
    for (member, path) in [
        ("issuer", ""),
        ("authorization_endpoint", "/authorize"),
        ("token_endpoint", "/token"),
        ("userinfo_endpoint", "/userinfo"),
        ("jwks_uri", "/jwks.json"),
    ] {
        assert_eq!(metadata[member], format!("{}{path}", outputs["Issuer"]));
    }
    assert_eq!(
        outputs["RedirectUri"],
        format!("{}/callback", outputs["Issuer"])
    );
    assert_eq!(
        outputs["ClientJwksUrl"],
        format!("{}/client-jwks.json", outputs["Issuer"])
    );
    world.service.stop().await;
}
