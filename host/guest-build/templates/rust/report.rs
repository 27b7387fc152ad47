//! Counts threads by directory.

use std::collections::BTreeMap;

use threadkeep_plugin::report::{Heading, Report};
use threadkeep_plugin::{About, Result, Settings, output, text, threads};

pub struct Plugin;

impl Report for Plugin {
    const ABOUT: About = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        summary: "Counts threads by directory.",
        wants: &["places"],
    };

    fn reports() -> Vec<Heading> {
        vec![Heading::new("{{name}}", "Threads by directory", "csv")]
    }

    fn run(_name: &str, _settings: &Settings) -> Result<()> {
        let mut threads_of = BTreeMap::<String, u64>::new();
        for places in threads::places() {
            *threads_of.entry(places?.cwd.unwrap_or_default()).or_default() += 1;
        }
        output::text("directory,threads\n")?;
        for (directory, count) in threads_of {
            output::text(&format!("{},{count}\n", text::csv_field(&directory)))?;
        }
        Ok(())
    }
}

threadkeep_plugin::report!(Plugin);

#[cfg(test)]
mod tests {
    use threadkeep_plugin::testing::{Home, Thread};

    use super::*;

    #[test]
    fn threads_are_counted() {
        let thread = |id| Thread::new(id, "A thread").with(|thread| thread.places.cwd = Some("/src".to_owned()));
        let home = Home::new().thread(thread("t1")).thread(thread("t2"));
        let run = home.run(|| Plugin::run("{{name}}", &Settings::default()));
        assert_eq!(run.unwrap().output(), "directory,threads\n/src,2\n");
    }
}
