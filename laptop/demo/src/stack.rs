//! What an operator sets for a whole stack, and not an app for itself: which attributes the service
//! asks people for, and the names that people see of the service and of who runs it. Here it is
//! changed while everything runs, as an update of the stack does.

use std::fmt;
use std::sync::Arc;

use cognito_simulator::AuthorizeScopes;
use digital_auth::authorization::scope;
use federation::variables::ATTRIBUTES;
use four_attributes::AttributeSet;
use local_lambda::Configuration;
use service_simulator::{Named, Names};
use tokio::sync::Mutex;

/// The settings of a running stack. Clones share them.
#[derive(Clone)]
pub struct Stack(Arc<Settings>);

struct Settings {
    functions: Vec<Configuration>,
    authorize_scopes: AuthorizeScopes,
    names: Names,
    asked: Mutex<AttributeSet>,
}

impl fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stack")
    }
}

impl Stack {
    /// The settings of these functions, of Cognito's provider, and of the service's pages; `asked`
    /// is what people are asked for at first.
    pub(crate) fn new(
        functions: Vec<Configuration>,
        (authorize_scopes, names): (AuthorizeScopes, Names),
        asked: AttributeSet,
    ) -> Self {
        Self(Arc::new(Settings {
            functions,
            authorize_scopes,
            names,
            asked: Mutex::new(asked),
        }))
    }

    /// What people are asked for.
    pub async fn asked(&self) -> AttributeSet {
        *self.0.asked.lock().await
    }

    /// Asks people for these attributes from now on, in every login. A login that is under way may
    /// fail, as it may on AWS while a stack is updated.
    pub async fn ask(&self, attributes: AttributeSet) {
        let mut asked = self.0.asked.lock().await;
        if *asked == attributes {
            return;
        }
        let variable = [(ATTRIBUTES.to_owned(), value(attributes))];
        for function in &self.0.functions {
            function.set(&variable).await;
        }
        // Can't fail: `openid` is always among the scopes.
        let _ = self.0.authorize_scopes.set(&scope(attributes));
        *asked = attributes;
    }

    /// Shows these names to people.
    pub fn name(&self, named: Named) {
        self.0.names.set(named);
    }
}

/// The value of the variable: there is a word for no attributes.
#[must_use]
pub fn value(attributes: AttributeSet) -> String {
    if attributes.is_empty() {
        "none".to_owned()
    } else {
        attributes.to_string()
    }
}
