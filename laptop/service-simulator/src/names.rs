//! The names that the application form gives to the Digital Agency, and that people see on the
//! service's pages: of the service that asks for their information, and of who runs it.

use std::sync::{Arc, PoisonError, RwLock};

use loopback::pages::Language;

/// The names of a relying party. The English ones are for this stand-in's English pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Named {
    /// The service: Japanese, English.
    pub service: (&'static str, &'static str),
    /// Who runs it: Japanese, English.
    pub operator: (&'static str, &'static str),
}

impl Named {
    /// The names of service and operator in one language.
    #[must_use]
    pub fn say(&self, language: Language) -> (&'static str, &'static str) {
        let say = |(ja, en)| language.say(ja, en);
        (say(self.service), say(self.operator))
    }
}

/// The names as they are now; without any, pages show the `client_id` alone. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<RwLock<Option<Named>>>);

impl Names {
    /// Sets the names.
    pub fn set(&self, named: Named) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(named);
    }

    /// The names, if there are any.
    #[must_use]
    pub fn get(&self) -> Option<Named> {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
