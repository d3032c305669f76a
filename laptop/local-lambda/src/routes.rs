//! Which route takes a request, and how many requests it lets through.
//! Source: Amazon API Gateway Developer Guide, "Create routes for HTTP APIs" and "Throttle requests
//! to your HTTP APIs".

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use http::request::Parts;

use crate::gateway::{Authorization, Route, RouteKey, Throttle};

/// The routes of an HTTP API, with what is left of their throttles.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Served>);

/// A route, with its bucket.
#[derive(Debug)]
pub(crate) struct Served {
    route: Route,
    bucket: Option<Mutex<Bucket>>,
}

impl Routes {
    pub(crate) fn new(routes: Vec<Route>) -> Self {
        let served = |route: Route| Served {
            bucket: route
                .throttle
                .map(|throttle| Mutex::new(Bucket::full(throttle))),
            route,
        };
        Self(routes.into_iter().map(served).collect())
    }

    /// The route that takes a request: the one with its method and path, else the one with `ANY`
    /// and its path, else `$default`. The path is compared as it was sent, with its escapes and
    /// with a slash at its end. AWS doesn't say how it compares them.
    pub(crate) fn find(&self, parts: &Parts) -> Option<&Served> {
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        [
            RouteKey::Path {
                method: Some(method),
                path,
            },
            RouteKey::Path { method: None, path },
            RouteKey::Default,
        ]
        .into_iter()
        .find_map(|wanted| {
            let mut routes = self.0.iter();
            routes.find(|served| RouteKey::parse(&served.route.key).as_ref() == Some(&wanted))
        })
    }
}

impl Served {
    pub(crate) fn key(&self) -> &str {
        &self.route.key
    }

    /// Whether it takes what no other route takes.
    pub(crate) fn is_default(&self) -> bool {
        RouteKey::parse(&self.route.key) == Some(RouteKey::Default)
    }

    /// The scopes of which a token needs one, if a request needs a token.
    pub(crate) fn scopes(&self) -> Option<&[String]> {
        match &self.route.authorization {
            Authorization::None => None,
            Authorization::Jwt { scopes } => Some(scopes),
        }
    }

    /// Counts a request now. `None` if the route has no throttle, else whether the throttle lets
    /// the request through.
    pub(crate) fn count(&self, now: DateTime<Utc>) -> Option<bool> {
        let bucket = self.bucket.as_ref()?;
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        Some(bucket.take(now))
    }
}

/// The bucket of a throttle. Its level is in thousandths of a token, so that it grows by `rate`
/// every millisecond.
#[derive(Debug)]
struct Bucket {
    throttle: Throttle,
    level: i64,
    filled_at: Option<DateTime<Utc>>,
}

/// What one request takes.
const TOKEN: i64 = 1_000;

impl Bucket {
    fn full(throttle: Throttle) -> Self {
        Self {
            throttle,
            level: i64::from(throttle.burst) * TOKEN,
            filled_at: None,
        }
    }

    fn take(&mut self, now: DateTime<Utc>) -> bool {
        let filled_at = self.filled_at.replace(now).unwrap_or(now);
        // A clock that was set back brings nothing.
        let milliseconds = (now - filled_at).num_milliseconds().max(0);
        let gained = milliseconds.saturating_mul(self.throttle.rate.into());
        let most = i64::from(self.throttle.burst) * TOKEN;
        self.level = self.level.saturating_add(gained).min(most);
        let passes = self.level >= TOKEN;
        if passes {
            self.level -= TOKEN;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use http::Request;

    use super::*;

    fn found(routes: &[&str], method: &str, target: &str) -> Option<String> {
        let routes = Routes::new(routes.iter().map(|key| Route::new(key)).collect());
        let request = Request::builder().method(method).uri(target);
        let (parts, ()) = request.body(()).unwrap().into_parts();
        routes.find(&parts).map(|served| served.key().to_owned())
    }

    #[test]
    fn the_most_specific_route_takes_a_request() {
        let routes = ["$default", "ANY /a", "GET /a", "GET /b"];
        for (method, target, key) in [
            ("GET", "/a", "GET /a"),
            ("GET", "/a?b=c", "GET /a"),
            ("POST", "/a", "ANY /a"),
            ("GET", "/b", "GET /b"),
            ("POST", "/b", "$default"),
            ("HEAD", "/b", "$default"),
            ("GET", "/a/", "$default"),
            ("GET", "/%61", "$default"),
            ("GET", "/A", "$default"),
        ] {
            let found = found(&routes, method, target);
            assert_eq!(found.as_deref(), Some(key), "{method} {target}");
        }
    }

    #[test]
    fn a_request_of_another_method_or_path_is_taken_by_no_route() {
        let routes = ["GET /a", "ANY /b"];
        for (method, target) in [
            ("POST", "/a"),
            ("OPTIONS", "/a"),
            ("GET", "/c"),
            ("GET", "/"),
        ] {
            assert_eq!(found(&routes, method, target), None, "{method} {target}");
        }
    }

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_its_rate() {
        let mut bucket = Bucket::full(Throttle { rate: 2, burst: 3 });
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut at = |milliseconds| bucket.take(start + TimeDelta::milliseconds(milliseconds));
        assert!(at(0) && at(0) && at(0));
        assert!(!at(0));
        assert!(!at(499));
        assert!(at(500));
        assert!(!at(999));
        assert!(at(1_000));
        // After a long time, the bucket holds no more than a burst.
        assert!(at(60_000) && at(60_000) && at(60_000));
        assert!(!at(60_000));
        // A clock that is set back fills nothing.
        assert!(!at(0));
        assert!(!at(499));
        assert!(at(500));
    }

    #[test]
    fn a_throttle_of_zero_lets_nothing_through() {
        let mut bucket = Bucket::full(Throttle { rate: 0, burst: 0 });
        assert!(!bucket.take(DateTime::from_timestamp(1_800_000_000, 0).unwrap()));
    }
}
