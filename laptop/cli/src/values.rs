//! How the values of arguments are read, and which values there are.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command};
use cli::exit;
use cli::expected::Expected;
use cognito_simulator::is_public_host;
use four_attributes::AttributeSet;
use function_kit::settings;
use loopback::clock::SimClock;
use service_simulator::fault::{Fault, FaultPlace};
use service_simulator::persona::personas;

use crate::words::joined;

/// Reads a name. The names are known, so that a shell completes them; but there are many, so that
/// the help has none, and another name is refused later, with the one that it resembles.
#[derive(Clone)]
pub(crate) struct Named {
    names: fn() -> Vec<PossibleValue>,
}

/// Reads the id of a test person.
pub(crate) fn persona() -> Named {
    let names = || {
        let people = personas(SimClock::default().now()).into_iter();
        let people =
            people.map(|one| PossibleValue::new(one.id).help(joined(&one.label_ja, &one.label_en)));
        people.collect()
    };
    Named { names }
}

/// Reads the id of a fault.
pub(crate) fn fault() -> Named {
    let names = || {
        let faults = Fault::ALL.iter().map(|fault| {
            // Without Markdown: a shell has a meaning of its own for it.
            let words = joined(fault.description_ja(), fault.description_en()).replace('`', "");
            PossibleValue::new(fault.id()).help(words)
        });
        faults.collect()
    };
    Named { names }
}

impl TypedValueParser for Named {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let name = value.to_str().map(str::to_owned);
        name.ok_or_else(|| clap::Error::new(ErrorKind::InvalidUtf8).with_cmd(command))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.names)().into_iter()))
    }
}

/// Reads the name of a group of faults.
pub(crate) fn group() -> impl TypedValueParser<Value = FaultPlace> {
    let names = FaultPlace::ALL.iter().map(|place| {
        let (ja, en) = place.words();
        PossibleValue::new(place.id()).help(joined(ja, en))
    });
    PossibleValuesParser::new(names).try_map(|name| {
        let mut places = FaultPlace::ALL.iter().copied();
        // The parser takes no other names.
        places.find(|place| place.id() == name).ok_or(Expected {
            ja: "グループの名前",
            en: "the name of a group",
        })
    })
}

/// Reads a class that a fault leads to.
pub(crate) fn class() -> impl TypedValueParser<Value = String> {
    let mut names: Vec<&str> = Fault::ALL
        .iter()
        .filter_map(|fault| fault.class())
        .collect();
    names.sort_unstable();
    names.dedup();
    PossibleValuesParser::new(names)
}

/// Reads an exit status with which a login with a fault ends.
pub(crate) fn exit_status() -> impl TypedValueParser<Value = u8> {
    let has = |code: u8| {
        Fault::ALL
            .iter()
            .any(|fault| exit::of_fault(*fault).code == code)
    };
    let statuses = exit::ALL.iter().filter(|status| has(status.code));
    let names = statuses.map(|status| {
        let (ja, en) = match status.meaning {
            // Of all that this status can mean, a login has one.
            _ if *status == exit::SUCCESS => ("ログインできる", "the login succeeds"),
            meaning => (meaning.ja, meaning.en),
        };
        PossibleValue::new(status.code.to_string()).help(joined(ja, en).replace('`', ""))
    });
    PossibleValuesParser::new(names).try_map(|code| code.parse::<u8>())
}

/// Reads attributes as the function reads them.
pub(crate) fn attributes(text: &str) -> Result<AttributeSet, Expected> {
    settings::attributes(text).map_err(|_| Expected {
        ja: "name address birthdate gender のうち、空白で区切って1回ずつ、または none",
        en: "any of name address birthdate gender, each once, separated by spaces, or none",
    })
}

/// Reads a host.
pub(crate) fn public_host(text: &str) -> Result<String, Expected> {
    if is_public_host(text) {
        Ok(text.to_owned())
    } else {
        Err(Expected {
            ja: "小文字のホスト名か IP アドレス（IPv6 は [::1] の形）だけ",
            en: "a host name in lower case or an IP address (of IPv6 as in [::1]), and nothing \
                else",
        })
    }
}

/// Reads an address to listen on. Browsers and processes of this machine use 127.0.0.1, so that has
/// to be among its addresses.
pub(crate) fn listen(text: &str) -> Result<IpAddr, Expected> {
    match text.parse() {
        Ok(address @ IpAddr::V4(Ipv4Addr::LOCALHOST | Ipv4Addr::UNSPECIFIED)) => Ok(address),
        Ok(address @ IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Ok(address),
        _ => Err(Expected {
            ja: "127.0.0.1、0.0.0.0、:: のどれか",
            en: "127.0.0.1, 0.0.0.0 or ::",
        }),
    }
}

/// Reads a port: 0, or one that needs no privilege. Port 80 would also vanish from an `http` URL in
/// its normal form.
pub(crate) fn port(text: &str) -> Result<u16, Expected> {
    match text.parse() {
        Ok(port @ (0 | 1024..)) => Ok(port),
        _ => Err(Expected {
            ja: "0 か 1024〜65535",
            en: "0, or 1024 to 65535",
        }),
    }
}

/// Reads the length of Cognito's `state`.
pub(crate) fn state_length(text: &str) -> Result<u16, Expected> {
    match text.parse() {
        Ok(length @ 64..=8000) => Ok(length),
        _ => Err(Expected {
            ja: "64〜8000",
            en: "64 to 8000",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_to_listen_on_has_127_0_0_1_among_its_own() {
        for good in ["127.0.0.1", "0.0.0.0", "::"] {
            assert_eq!(listen(good), Ok(good.parse().unwrap()), "{good}");
        }
        for bad in [
            "",
            "localhost",
            "192.168.0.2",
            "127.0.0.2",
            "::1",
            "0.0.0.0:80",
        ] {
            assert!(listen(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_is_any_free_one_or_one_without_privilege() {
        for good in ["0", "1024", "8701", "65535"] {
            assert_eq!(port(good), Ok(good.parse().unwrap()), "{good}");
        }
        for bad in ["", "1", "80", "1023", "65536", "-1", "http"] {
            assert!(port(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_state_has_64_to_8000_characters() {
        for good in ["64", "700", "8000"] {
            assert_eq!(state_length(good), Ok(good.parse().unwrap()), "{good}");
        }
        for bad in ["", "63", "8001", "-64", "x"] {
            assert!(state_length(bad).is_err(), "{bad}");
        }
    }
}
