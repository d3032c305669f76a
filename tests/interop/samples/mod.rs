//! The samples of `samples/`, each started as its README says and with nothing but the `.env` block
//! of `digital-auth simulate cognito`, in Chromium at the width of a phone. One specification holds
//! for all of them (`specification.rs`): its steps are told one by one, and go on after one that
//! fails. `cargo xtask samples` installs and builds the samples, and starts the browser's driver.

mod running;
mod specification;

use std::process::Command;

use running::Sample;
use specification::meets_the_specification;
use uuid::Uuid;

use crate::given;

#[tokio::test]
async fn browser() {
    meets_the_specification(Sample {
        name: "browser",
        command: || program("NODE_PROGRAM", &["server.mjs"]),
        callback: "/callback",
        has_a_server: false,
    })
    .await;
}

#[tokio::test]
async fn flask() {
    meets_the_specification(Sample {
        name: "flask",
        command: || program("FLASK_PYTHON", &["app.py"]),
        callback: "/callback",
        has_a_server: true,
    })
    .await;
}

#[tokio::test]
async fn nextjs() {
    meets_the_specification(Sample {
        name: "nextjs",
        command: || {
            let next = ["node_modules/next/dist/bin/next", "start"];
            let mut next = program("NODE_PROGRAM", &next);
            // What Auth.js encrypts its cookies with.
            next.env("AUTH_SECRET", Uuid::new_v4().to_string().repeat(2))
                .env("NEXT_TELEMETRY_DISABLED", "1");
            next
        },
        callback: "/api/auth/callback/cognito",
        has_a_server: true,
    })
    .await;
}

#[tokio::test]
async fn spring() {
    meets_the_specification(Sample {
        name: "spring",
        command: || {
            let mut java = Command::new("java");
            // It runs for a minute: the optimising compiler would cost more time than it saves.
            java.args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]);
            java.arg("-jar").arg(given("SPRING_SAMPLE"));
            java
        },
        callback: "/login/oauth2/code/cognito",
        has_a_server: true,
    })
    .await;
}

/// An interpreter that the task installed, with these arguments.
fn program(variable: &str, arguments: &[&str]) -> Command {
    let mut program = Command::new(given(variable));
    program.args(arguments);
    program
}
