//! Commands on several threads: one that cannot be done keeps none of the others from being done.

use crate::context::Context;
use crate::failure::{exit, exit_code_of, report_error};

/// What could not be done, each told when it failed.
pub(crate) struct Failures {
    /// What was asked for.
    pub(crate) wanted: Vec<String>,
    /// The exit code of the first one; that of a success while there is none.
    pub(crate) code: u8,
}

impl Failures {
    /// Begins without any.
    pub(crate) fn none() -> Failures {
        Failures { wanted: Vec::new(), code: exit::DONE }
    }

    /// Tells of one more.
    pub(crate) fn tell(&mut self, context: &Context, wanted: &str, error: impl Into<anyhow::Error>) {
        let error = error.into();
        if self.code == exit::DONE {
            self.code = exit_code_of(&error);
        }
        context.warn();
        report_error(&error, context.global.json);
        self.wanted.push(wanted.to_owned());
    }
}
