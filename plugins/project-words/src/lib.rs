//! Takes out of texts what tells who works where: e-mail addresses, IP addresses, and names of hosts in internal networks.
//!
//! The words that are taken out are in this file; whoever has others copies it and changes them.

use threadkeep_plugin::redactor::{Redacted, Redactor};
use threadkeep_plugin::{About, Result};

/// Names of hosts in these domains are known inside of a network only.
const INTERNAL_DOMAINS: [&str; 8] =
    [".internal", ".intranet", ".corp", ".lan", ".local", ".localdomain", ".home.arpa", ".private"];

/// Everybody has these addresses; they tell nothing.
const OPEN_ADDRESSES: [&str; 4] = ["127.0.0.1", "0.0.0.0", "::1", "255.255.255.255"];

/// The plugin.
pub struct ProjectWords;

impl Redactor for ProjectWords {
    const ABOUT: About = About {
        name: "project-words",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Takes out e-mail addresses, IP addresses and internal host names.",
        wants: &[],
    };

    fn redact(text: &str) -> Result<Redacted> {
        let mut redacted = Redacted { text: String::with_capacity(text.len()), replaced: 0 };
        let mut rest = text;
        while let Some(start) = rest.find(is_of_word) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c| !is_of_word(c)).unwrap_or(from.len());
            let (word, after) = from.split_at(end);
            redacted.text += before;
            // A point or a colon after a word ends a sentence, not an address.
            let core = word.trim_matches(['.', ':', '-']);
            let (lead, tail) = word.split_once(core).unwrap_or((word, ""));
            redacted.text += lead;
            match replacement(core) {
                Some(replacement) => {
                    redacted.text += &replacement;
                    redacted.replaced += 1;
                }
                None => redacted.text += core,
            }
            redacted.text += tail;
            rest = after;
        }
        redacted.text += rest;
        Ok(redacted)
    }
}

threadkeep_plugin::redactor!(ProjectWords);

/// What addresses and names of hosts consist of.
fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || ".:@_+-%".contains(c)
}

fn replacement(word: &str) -> Option<String> {
    let (host, port) = match word.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (host, port)
        }
        _ => (word, ""),
    };
    let port = if port.is_empty() { String::new() } else { format!(":{port}") };
    if is_email(word) {
        Some("[EMAIL]".to_owned())
    } else if is_ip(host) {
        Some(format!("[IP]{port}"))
    } else if is_internal(host) {
        Some(format!("[HOST]{port}"))
    } else {
        None
    }
}

fn is_email(word: &str) -> bool {
    let Some((user, domain)) = word.split_once('@') else { return false };
    let labels: Vec<_> = domain.split('.').collect();
    let of_host = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    // `git@github.com` is everybody's, and `package@1.2.3` is a version.
    let ends_in_letters = labels.last().is_some_and(|label| label.len() > 1 && label.chars().all(char::is_alphabetic));
    !user.is_empty() && user != "git" && labels.len() > 1 && labels.iter().all(of_host) && ends_in_letters
}

fn is_ip(word: &str) -> bool {
    let address = word.parse::<std::net::IpAddr>();
    // `::` alone, and `a::b` of some languages, are no addresses that anyone wrote.
    let written = word.bytes().any(|b| b.is_ascii_digit()) && word.len() > 3;
    address.is_ok() && written && !OPEN_ADDRESSES.contains(&word)
}

fn is_internal(word: &str) -> bool {
    let word = word.to_lowercase();
    let host = INTERNAL_DOMAINS.iter().find_map(|domain| word.strip_suffix(domain));
    host.is_some_and(|host| !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || ".-".contains(c)))
}
