//! The Lambda runtime of a laptop: runs real functions as processes of their own, either behind an
//! HTTP API or invoked directly.
//! Each process handles one event at a time. Between events it is stopped, as Lambda freezes an
//! execution environment.
//! `function` builds a function, `process` runs it, and `runtime_api` hands it its events.
//! `http_api` is a function behind an HTTP API ("the front door"), `direct` one without. `gateway`
//! is what an HTTP API is configured with: routes, a JWT authorizer, CORS and throttles.

mod authorizer;
mod configuration;
mod cors;
mod direct;
pub mod function;
pub mod gateway;
pub mod http_api;
mod issuer_keys;
mod payload;
mod pool;
mod process;
mod registry;
mod reported;
mod routes;
mod runtime_api;
mod ticket;
mod words;

pub use configuration::Configuration;
pub use direct::{DirectFunction, FunctionFailed};
pub use function::{
    BuildError, BuildStop, FunctionOptions, Profile, Target, build, build_all_once,
    build_all_until, build_once, waits_for_another_cargo,
};
pub use gateway::{
    Authorization, Cors, DEFAULT_ROUTE, Gateway, InvalidGateway, JwtAuthorizer, Parties, Route,
    Throttle,
};
pub use http_api::{HEAD_LIMIT, HttpApi, LocalFunction};
pub use payload::BodyEncoding;
pub use pool::Invocation;
pub use process::{LogSubscription, Logs};
pub use registry::{ProcessInformation, ProcessState};
pub use runtime_api::{InvocationError, PAYLOAD_LIMIT};
pub use words::Words;
