//! Takes user names out of paths to home directories.

use threadkeep_plugin::redactor::{Redacted, Redactor};
use threadkeep_plugin::{About, Result};

const HOMES: [&str; 2] = ["/home/", "/Users/"];

pub struct Plugin;

impl Redactor for Plugin {
    const ABOUT: About = About {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        summary: "Takes user names out of paths to home directories.",
        wants: &[],
    };

    fn redact(text: &str) -> Result<Redacted> {
        let (mut rest, mut redacted) = (text, Redacted { text: String::new(), replaced: 0 });
        while let Some(end) = HOMES.iter().filter_map(|home| Some(rest.find(home)? + home.len())).min() {
            let (before, after) = rest.split_at(end);
            let name = after.find(|c: char| !c.is_alphanumeric() && !"._-".contains(c)).unwrap_or(after.len());
            redacted.text += before;
            if name > 0 {
                redacted.text += "USER";
                redacted.replaced += 1;
            }
            rest = &after[name..];
        }
        redacted.text += rest;
        Ok(redacted)
    }
}

threadkeep_plugin::redactor!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_taken_out() {
        let redacted = Plugin::redact("see /home/sam/a and /Users/eve, not /home/").unwrap();
        assert_eq!(redacted, Redacted { text: "see /home/USER/a and /Users/USER, not /home/".to_owned(), replaced: 2 });
    }
}
