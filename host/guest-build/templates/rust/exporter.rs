//! Writes threads as plain text.

use threadkeep_plugin::exporter::{Exporter, Format};
use threadkeep_plugin::threads::{self, Entry, Role};
use threadkeep_plugin::{About, Result, Settings, output};

pub struct Plugin;

impl Exporter for Plugin {
    const ABOUT: About = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        summary: "Writes what was said in threads as plain text.",
        wants: &["names", "history"],
    };

    fn formats() -> Vec<Format> {
        vec![Format::new("{{name}}", "Plain text", "txt", "text/plain")]
    }

    fn export(_format: &str, _settings: &Settings) -> Result<()> {
        for names in threads::names() {
            let names = names?;
            output::text(&format!("# {}\n", names.title))?;
            for entry in threads::history(&names.id)? {
                let Entry::Item(item) = entry? else { continue };
                match item.role {
                    Role::User => output::text(&format!("\n> {}\n", item.text.replace('\n', "\n> ")))?,
                    Role::Agent => output::text(&format!("\n{}\n", item.text))?,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

threadkeep_plugin::exporter!(Plugin);

#[cfg(test)]
mod tests {
    use threadkeep_plugin::testing::{Home, Thread};

    use super::*;

    #[test]
    fn what_was_said_is_written() {
        let thread = Thread::new("t1", "Greeting").say("user", "Hello").command("ls", "", 0).say("agent", "Hello yourself");
        let run = Home::new().thread(thread).run(|| Plugin::export("{{name}}", &Settings::default()));
        assert_eq!(run.unwrap().output(), "# Greeting\n\n> Hello\n\nHello yourself\n");
    }
}
