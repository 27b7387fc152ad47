//! Finds threads without a name.

use threadkeep_plugin::check::{Check, Finding, Proposal, Severity};
use threadkeep_plugin::{About, Result, ThreadId, threads};

pub struct Plugin;

impl Check for Plugin {
    const ABOUT: About = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        summary: "Finds threads without a name.",
        wants: &["names"],
    };

    fn codes() -> Vec<String> {
        vec!["unnamed".to_owned()]
    }

    fn examine(threads: &[ThreadId]) -> Result<Vec<Finding>> {
        let names = threads::names_of(threads)?.into_iter();
        let unnamed = names.filter(|names| names.name.is_none() && !names.preview.is_empty());
        let finding = |names: threads::Names| Finding {
            code: "unnamed".to_owned(),
            severity: Severity::Note,
            thread: Some(names.id),
            text: format!("\"{}\" has no name.", names.preview),
            proposal: Some(Proposal::SetName(names.preview.chars().take(40).collect())),
        };
        Ok(unnamed.map(finding).collect())
    }
}

threadkeep_plugin::check!(Plugin);

#[cfg(test)]
mod tests {
    use threadkeep_plugin::testing::{Home, Thread};

    use super::*;

    #[test]
    fn a_thread_without_a_name_is_found() {
        let named = Thread::new("t2", "Another").with(|thread| thread.names.name = Some("Named".to_owned()));
        let home = Home::new().thread(Thread::new("t1", "Mend the tests")).thread(named);
        let findings = home.ask(|| Plugin::examine(&["t1".to_owned(), "t2".to_owned()])).unwrap();
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].proposal, Some(Proposal::SetName("Mend the tests".to_owned())));
    }
}
