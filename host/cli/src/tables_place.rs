//! Places that threads are pushed to: how they are named, and the program that keeps tables there.

use std::path::PathBuf;

use threadkeep::push::{PushError, find_lake_program};

use crate::failure::Usage;

/// Gives the place as what was pushed is kept under: a directory by its whole path.
pub(crate) fn place(said: &str) -> anyhow::Result<String> {
    if said.contains("://") {
        if has_password(said) {
            let why = "a place is kept and shown, so it may have no password: leave it to PGPASSFILE or PGPASSWORD";
            return Err(Usage(why.into()).into());
        }
        return Ok(said.trim_end_matches('/').to_owned());
    }
    let path = std::path::absolute(said)?;
    let text = path.to_str().ok_or_else(|| Usage("the place must be named in UTF-8".into()))?;
    Ok(text.trim_end_matches('/').to_owned())
}

/// Says whether a URL has a password: behind the user's name, or in its query.
fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = place.split('/').next().unwrap_or_default();
    let is_password = |part: &str| part.split('=').next().is_some_and(|key| key.eq_ignore_ascii_case("password"));
    host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) || query.split('&').any(is_password)
}

/// Finds the program that keeps tables.
pub(crate) fn lake_program() -> Result<PathBuf, threadkeep::Error> {
    find_lake_program(std::env::var_os("PATH").as_deref()).ok_or_else(|| PushError::NoProgram.into())
}

#[cfg(test)]
mod tests {
    use super::has_password;

    #[test]
    fn a_password_is_seen_wherever_a_url_may_have_it() {
        for url in ["postgres://me:secret@db/threads", "postgres://db/threads?user=me&PASSWORD=secret", "s3://a:b@c/d"]
        {
            assert!(has_password(url), "{url}");
        }
        for url in ["postgres://me@db:5432/threads?sslmode=require", "s3://team/threads", "postgres:///threads"] {
            assert!(!has_password(url), "{url}");
        }
    }
}
