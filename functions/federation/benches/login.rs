//! Benchmarks of a whole login, and of the bare cryptography that a login can't do without.
//! `login` is everything from `/authorize` to `/userinfo`, with a service that answers from memory
//! over loopback; `cryptography of a login` is one client assertion signed, one ID token verified
//! and one signed, three values sealed and opened. The difference between the two is parsing, HTTP,
//! and the bridge's own code. `cargo bench -p federation` runs them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench that can't go on stops"
)]

use std::hint::black_box;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use criterion::{Criterion, criterion_group, criterion_main};
use keys::{LocalKey, SigningKey as _, SystemRandomness};
use kit::{sealing_keys, start};
use sealing::SealingKeys;
use sealing::sealed::{Audience, Purpose, Seal};
use secrecy::SecretString;

#[path = "../tests/support/login.rs"]
mod login;
#[path = "../tests/support/mod.rs"]
mod support;

use login::Login;
use support::{ASSERTION_KEY, ID_TOKEN_KEY};

/// The message that is signed and sealed: about as long as in a login.
const MESSAGE: [u8; 700] = [7; 700];

struct Cryptography {
    runtime: tokio::runtime::Runtime,
    es256: LocalKey,
    rs256: LocalKey,
    public: Vec<u8>,
    signature: Vec<u8>,
    ring: SealingKeys,
}

impl Cryptography {
    fn new() -> Self {
        let runtime = runtime();
        let key = |jwk: &str| LocalKey::from_jwk(&SecretString::from(jwk)).unwrap();
        let es256 = key(&ASSERTION_KEY);
        let jwk: serde_json::Value = serde_json::from_str(&ASSERTION_KEY).unwrap();
        let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let signature = runtime.block_on(es256.sign(&MESSAGE)).unwrap();
        Self {
            rs256: key(&ID_TOKEN_KEY),
            public: [vec![4], coordinate("x"), coordinate("y")].concat(),
            ring: sealing_keys(&[1]),
            runtime,
            es256,
            signature,
        }
    }

    fn sign_es256(&self) {
        black_box(
            self.runtime
                .block_on(self.es256.sign(black_box(&MESSAGE)))
                .unwrap(),
        );
    }

    fn sign_rs256(&self) {
        black_box(
            self.runtime
                .block_on(self.rs256.sign(black_box(&MESSAGE)))
                .unwrap(),
        );
    }

    fn verify_es256(&self) {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.public);
        key.verify(black_box(&MESSAGE), &self.signature).unwrap();
    }

    fn seal_and_open(&self) {
        let seal = Seal {
            keys: &self.ring,
            audience: Audience::new("https://bridge.example", "cognito"),
            now: start(),
        };
        let later = start() + TimeDelta::minutes(1);
        let sealed = seal
            .seal(Purpose::Code, later, black_box(&MESSAGE), &SystemRandomness)
            .unwrap();
        black_box(seal.open(Purpose::Code, &sealed).unwrap());
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn bench(criterion: &mut Criterion) {
    let runtime = runtime();
    let login = runtime.block_on(Login::warm());
    criterion.bench_function("login", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                login.send(login.authorize()).await;
                login.send(login.callback()).await;
                login.send(login.token()).await;
                login.send(login.userinfo()).await
            })
        });
    });
    criterion.bench_function("login without its token request", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                login.send(login.authorize()).await;
                login.send(login.callback()).await;
                login.send(login.userinfo()).await
            })
        });
    });

    let cryptography = Cryptography::new();
    criterion.bench_function("cryptography of a login", |bencher| {
        bencher.iter(|| {
            cryptography.sign_es256();
            cryptography.verify_es256();
            cryptography.sign_rs256();
            for _ in 0..3 {
                cryptography.seal_and_open();
            }
        });
    });
    let mut one = |name: &str, work: fn(&Cryptography)| {
        criterion.bench_function(name, |bencher| bencher.iter(|| work(&cryptography)));
    };
    one("one ES256 signature", Cryptography::sign_es256);
    one("one ES256 verification", Cryptography::verify_es256);
    one("one RS256 signature", Cryptography::sign_rs256);
    one("one seal and open", Cryptography::seal_and_open);

    // The public keys: what a request costs that needs no cryptography.
    criterion.bench_function("/jwks.json", |bencher| {
        bencher.iter(|| runtime.block_on(login.send(Login::key_set())));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500))
        .without_plots();
    targets = bench
}
criterion_main!(benches);
