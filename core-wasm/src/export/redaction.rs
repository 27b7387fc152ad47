//! Says what is taken out of what leaves, as it was asked for.

use contract::Person;

use crate::secrets::persons;
use crate::secrets::{Redaction, Redactor};

/// Makes what takes secrets out, and a person.
pub(super) fn redactor(secrets: bool, anonymize: Option<&Person>) -> Redactor {
    let anonymize = anonymize.map(|person| persons::Person { home: person.home.clone(), user: person.user.clone() });
    Redactor::new(Redaction { secrets, anonymize })
}
