//! The service as these tests need it: its addresses, and the good answer of each endpoint. The
//! paths are those of the real service, below an issuer with a path.

use std::sync::Arc;
use std::time::Duration;

use digital_auth::{Deadline, HttpClient, Provider};

use crate::signed::{claims, es256, id_token, jwk_set};
pub(crate) use kit::service::{tokens, userinfo};
use kit::{Received, Reply, Server, TestClock, json as json_answer};

pub(crate) const TOKEN: &str = "/realms/main/protocol/openid-connect/token";
pub(crate) const USERINFO: &str = "/realms/main/protocol/openid-connect/userinfo";
pub(crate) const CERTS: &str = "/realms/main/protocol/openid-connect/certs";

pub(crate) fn provider(server: &Server) -> Provider {
    let issuer = server.url("/realms/main");
    let endpoint = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
    Provider::given(
        &issuer,
        &endpoint("auth"),
        &endpoint("token"),
        &endpoint("userinfo"),
        &endpoint("certs"),
    )
    .unwrap()
}

pub(crate) fn http() -> Arc<HttpClient> {
    Arc::new(HttpClient::new(TestClock::new()).unwrap())
}

/// A deadline that doesn't pass while an answer is on its way, even on a busy machine.
pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}

/// The issuer of the server that received the request. It comes from the request, because the
/// server learns its port only when it runs.
pub(crate) fn issuer_of(request: &Received) -> String {
    format!("http://{}/realms/main", request.header("host").unwrap())
}

/// The good answer of each endpoint.
pub(crate) fn good(request: &Received) -> Reply {
    Reply::Bytes(match request.target.as_str() {
        TOKEN => json_answer(
            200,
            &tokens(&id_token(es256(), &claims(&issuer_of(request)))),
        ),
        USERINFO => json_answer(200, &userinfo()),
        CERTS => json_answer(200, &jwk_set(&[es256()])),
        other => panic!("{other} is no endpoint"),
    })
}
