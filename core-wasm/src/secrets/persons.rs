//! Takes out who somebody is: home directories, and the names of their users.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use contract::Person;
use memchr::memmem;

/// What stands before a user's name in the path of a home.
const HOMES: [&str; 3] = ["/home/", "/Users/", "\\Users\\"];
/// Names of accounts that are nobody's.
const NOBODY: &[&str] =
    &["user", "users", "root", "shared", "public", "admin", "default", "runner", "ubuntu", "codespace", "linuxbrew"];
/// A name of fewer letters stands in too many words; it is taken out of paths alone.
const SHORTEST: usize = 3;

/// Persons that were met.
pub(super) struct Persons {
    homes: Vec<String>,
    users: Vec<String>,
}

impl Persons {
    /// Knows one to begin with.
    pub(super) fn new(person: Person) -> Persons {
        let home = person.home.trim_end_matches(['/', '\\']);
        let is_named_by_user = HOMES
            .iter()
            .any(|homes| home.rfind(homes).is_some_and(|at| !home[at + homes.len()..].contains(['/', '\\'])));
        let homes = if home.len() > 1 && !is_named_by_user && home != "/root" {
            alloc::vec![home.to_string()]
        } else {
            Vec::new()
        };
        let mut persons = Persons { homes, users: Vec::new() };
        persons.meet(&person.user);
        if is_named_by_user && let Some(name) = home.rsplit(['/', '\\']).next() {
            persons.meet(name);
        }
        persons
    }

    fn meet(&mut self, name: &str) {
        let is_nobody = NOBODY.contains(&name.to_ascii_lowercase().as_str());
        if name.len() >= SHORTEST && !is_nobody && !self.users.iter().any(|user| user == name) {
            self.users.push(name.to_string());
        }
    }

    /// Returns a text without them, and how many places were changed; none where nothing was.
    pub(super) fn without(&mut self, text: &str) -> Option<(String, u64)> {
        let mut count = 0;
        let mut out = text.to_string();
        for home in &self.homes {
            out = replaced(&out, home, "/home/user", &mut count);
        }
        for homes in HOMES {
            out = self.without_homes(&out, homes, &mut count);
        }
        for user in &self.users {
            out = replaced(&out, user, "user", &mut count);
        }
        (count > 0).then_some((out, count))
    }

    /// Replaces the name behind each `/home/`, and remembers it.
    fn without_homes(&mut self, text: &str, homes: &str, count: &mut u64) -> String {
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        while let Some(step) = text[done..].find(homes) {
            let mut from = done + step + homes.len();
            // `C:\\Users\\sam` in JSON that stands in a text.
            from += text[from..].len() - text[from..].trim_start_matches('\\').len();
            let ends = |letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@' | '+'));
            let length = text[from..].find(ends).unwrap_or(text.len() - from);
            let name = text[from..from + length].trim_end_matches('.');
            out.push_str(&text[done..from]);
            done = from + name.len();
            if name.is_empty() || NOBODY.contains(&name.to_ascii_lowercase().as_str()) {
                out.push_str(name);
                continue;
            }
            self.meet(name);
            out.push_str("user");
            *count += 1;
        }
        out.push_str(&text[done..]);
        out
    }
}

/// Replaces a word or a path wherever it stands whole.
fn replaced(text: &str, sought: &str, by: &str, count: &mut u64) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    for at in memmem::find_iter(text.as_bytes(), sought.as_bytes()) {
        let end = at + sought.len();
        let stands_whole = !text[..at].chars().next_back().is_some_and(is_of_word)
            && !text[end..].chars().next().is_some_and(is_of_word);
        if at >= done && stands_whole {
            out.push_str(&text[done..at]);
            out.push_str(by);
            done = end;
            *count += 1;
        }
    }
    out.push_str(&text[done..]);
    out
}
