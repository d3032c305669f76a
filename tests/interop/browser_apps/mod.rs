//! Apps that run in the browser, at Cognito's stand-in: oidc-client-ts and AWS Amplify, as they
//! come from npm, in Chromium. A test clicks through the pages of the app, of Cognito and of the
//! service as a person does.
//! `cargo xtask interop browser-apps` builds the apps, and starts the browser's driver.

mod amplify;
mod app;
mod cors;
mod oidc_client_ts;
