//! Who runs the program, for whoever takes that out of what leaves.

use threadkeep::contract::Person;

/// Gives the home directory and the name of whoever runs the program.
pub(crate) fn user() -> Person {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let home = variable("HOME");
    let user = Some(variable("USER")).filter(|user| !user.is_empty());
    let by_home = || home.rsplit('/').next().unwrap_or_default().to_owned();
    Person { user: user.unwrap_or_else(by_home), home }
}
