//! Compares git remotes by their URLs alone, however those are written.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::letters::without_case;
use super::percent::percent_decoded;

/// Hosts that answer for others, by a protocol of theirs.
const ALIASES: [(&str, &str); 6] = [
    ("ssh.github.com", "github.com"),
    ("www.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
    ("ssh.dev.azure.com", AZURE),
    ("vs-ssh.visualstudio.com", AZURE),
];
const AZURE: &str = "dev.azure.com";

/// Returns the one name of all that mean a remote: its host and its path, without what only says how it is reached (scheme,
/// user, port, `.git`). What has no host is the path alone, or the end of one. It is to be compared, not to be shown.
pub fn repository_key(url: &str) -> String {
    let url = url.trim().replace('\\', "/");
    let (host, path) = parts(&url);
    let host = without_case(host.trim_end_matches('.'));
    let host = ALIASES.iter().find(|(alias, _)| *alias == host).map_or(host.as_str(), |(_, host)| host);
    let path = without_case(&decoded(path));
    let mut names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    if let Some(last) = names.pop() {
        names.extend(Some(last.strip_suffix(".git").unwrap_or(last)).filter(|last| !last.is_empty()));
    }
    let is_root = host.is_empty() && path.starts_with('/') && !names.is_empty();
    let names = names.join("/");
    match (host, names.as_str()) {
        ("", names) if is_root => format!("/{names}"),
        ("", names) => names.to_string(),
        (host, "") => host.to_string(),
        (host, names) => of_service(host, names),
    }
}

/// Says whether a remote is the one that is asked for, by the keys of both: all of it, or its end.
pub fn is_of_repository(key: &str, asked: &str) -> bool {
    key.strip_suffix(asked).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

/// Host, if there is one, and path.
fn parts(url: &str) -> (&str, &str) {
    if let Some((scheme, rest)) = url.split_once("://") {
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        let path = rest.get(authority.len()..).unwrap_or_default();
        let host = if scheme.eq_ignore_ascii_case("file") { "" } else { without_port(without_user(authority)) };
        return (host, path);
    }
    match url.split_once(':') {
        // A drive of Windows is no host.
        Some((host, path)) if !host.contains('/') && host.len() > 1 => (without_user(host), path),
        _ => ("", url),
    }
}

fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Hosts that have a path of their own for each protocol.
fn of_service(host: &str, names: &str) -> String {
    let mut names: Vec<&str> = names.split('/').collect();
    let mut host = host;
    if let Some(organization) = host.strip_suffix(".visualstudio.com") {
        host = AZURE;
        names.insert(0, organization);
        names.retain(|name| *name != "defaultcollection");
    }
    if host == AZURE {
        if names.first() == Some(&"v3") {
            names.remove(0);
        }
        names.retain(|name| *name != "_git");
        // The repository that a project begins with has its name, and is left out by some.
        if let [organization, project] = names[..] {
            names = [organization, project, project].into();
        }
    } else if let ["scm", _, _] = names[..] {
        names.remove(0);
    }
    format!("{host}/{}", names.join("/"))
}

/// With what is written as `%20` as what it means, where that is text.
fn decoded(path: &str) -> String {
    String::from_utf8(percent_decoded(path)).unwrap_or_else(|_| path.to_string())
}

#[cfg(test)]
mod tests;
