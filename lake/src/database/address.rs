//! From what a user gives as destination, and what stands in the usual places, to who is asked for what.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::{Host, SslMode};

use super::passfile;
use crate::error::{Error, Result};

/// Is the schema where nothing else is said.
const SCHEMA: &str = "threadkeep";

/// Says where a database is, and how it is reached.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) config: Config,
    pub(crate) trust: Trust,
    pub(crate) schema: String,
    /// What people may see of it.
    pub(crate) shown: String,
}

/// Says which server's certificate is trusted, where the connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Any: whoever listens learns nothing, and whoever stands in between can.
    Any,
    /// One for the host's name, by those that the system trusts.
    System,
    /// One for the host's name, by those in a file.
    File(PathBuf),
}

/// Is what of an address is not the client library's.
#[derive(Default)]
struct Own {
    mode: Option<String>,
    roots: Option<String>,
    schema: Option<String>,
}

/// Says whether a destination is a database.
pub fn is_database(destination: &str) -> bool {
    destination.starts_with("postgres://") || destination.starts_with("postgresql://")
}

/// Understands a destination; `variable` gives what the environment has.
pub(crate) fn parse(destination: &str, variable: impl Fn(&str) -> Option<String>) -> Result<Address> {
    let (rest, own) = split(destination)?;
    // What the library says of it may repeat a part of the password.
    let mut config: Config =
        rest.parse().map_err(|_| unusable("it is no URL of PostgreSQL, or has an option that is not known"))?;
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    complete(&mut config, &variable)?;
    let mode = own.mode.or_else(|| variable("PGSSLMODE"));
    let trust = encrypt(&mut config, mode.as_deref(), own.roots.or_else(|| variable("PGSSLROOTCERT")))?;
    let schema = own.schema.unwrap_or_else(|| SCHEMA.to_owned());
    let is_name = schema.len() <= 63 && schema.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    if !is_name || !schema.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err(unusable("'schema' is up to 63 small letters, digits and '_'"));
    }
    if schema.starts_with("pg_") {
        return Err(unusable("schemas of 'pg_' are the server's own"));
    }
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        _ => String::new(),
    };
    let shown = format!("postgres://{host}/{}?schema={schema}", config.get_dbname().unwrap_or_default());
    Ok(Address { config, trust, schema, shown })
}

/// Takes out of a URL what the library does not know.
fn split(destination: &str) -> Result<(String, Own)> {
    let Some((address, query)) = destination.split_once('?') else {
        return Ok((destination.to_owned(), Own::default()));
    };
    let (mut own, mut rest) = (Own::default(), Vec::new());
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').ok_or_else(|| unusable("an option of it has no value"))?;
        let decoded = || {
            let text = percent_decode_str(value).decode_utf8();
            text.map(|text| text.into_owned()).map_err(|_| unusable("an option of it is no text"))
        };
        match name {
            "sslmode" => own.mode = Some(decoded()?),
            "sslrootcert" => own.roots = Some(decoded()?),
            "schema" => own.schema = Some(decoded()?),
            _ => rest.push(option),
        }
    }
    let rest = if rest.is_empty() { address.to_owned() } else { format!("{address}?{}", rest.join("&")) };
    Ok((rest, own))
}

/// Fills in what the URL leaves open.
fn complete(config: &mut Config, variable: &impl Fn(&str) -> Option<String>) -> Result<()> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        let sockets = ["/var/run/postgresql", "/tmp"]
            .into_iter()
            .find(|directory| std::path::Path::new(directory).join(".s.PGSQL.5432").exists());
        let host = variable("PGHOST").unwrap_or_else(|| sockets.unwrap_or("localhost").to_owned());
        for host in host.split(',') {
            config.host(host);
        }
    }
    if config.get_ports().is_empty()
        && let Some(port) = variable("PGPORT")
    {
        config.port(port.parse().map_err(|_| unusable("PGPORT is no port"))?);
    }
    if config.get_user().is_none()
        && let Some(user) = variable("PGUSER").or_else(|| variable("USER"))
    {
        config.user(&user);
    }
    if config.get_dbname().is_none() {
        let name = variable("PGDATABASE").or_else(|| config.get_user().map(str::to_owned));
        config.dbname(&name.ok_or_else(|| unusable("it names no database"))?);
    }
    if config.get_password().is_none()
        && let Some(password) = variable("PGPASSWORD").or_else(|| passfile::password(config, variable))
    {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        let seconds = variable("PGCONNECT_TIMEOUT").and_then(|seconds| seconds.parse().ok()).filter(|s| *s > 0);
        config.connect_timeout(Duration::from_secs(seconds.unwrap_or(20)));
    }
    if config.get_application_name().is_none() {
        config.application_name("threadkeep-lake");
    }
    // A server that is gone without a word is noticed.
    config.keepalives_idle(Duration::from_secs(30)).keepalives_interval(Duration::from_secs(10)).keepalives_retries(3);
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(Duration::from_secs(90));
    }
    Ok(())
}

/// Sets whether the connection is encrypted, with the words and meanings of the server's own programs; `verify-ca` looks at the
/// name, too.
fn encrypt(config: &mut Config, mode: Option<&str>, roots: Option<String>) -> Result<Trust> {
    let named = |roots: Option<String>| match roots {
        Some(path) if path != "system" => Trust::File(path.into()),
        _ => Trust::System,
    };
    let has_roots = roots.is_some();
    let (mode, trust) = match mode.unwrap_or("prefer") {
        "disable" => (SslMode::Disable, Trust::Any),
        "allow" | "prefer" => (SslMode::Prefer, Trust::Any),
        "require" if has_roots => (SslMode::Require, named(roots)),
        "require" => (SslMode::Require, Trust::Any),
        "verify-ca" | "verify-full" => (SslMode::Require, named(roots)),
        _ => return Err(unusable("'sslmode' is disable, allow, prefer, require, verify-ca or verify-full")),
    };
    // Nobody listens on a socket of the machine itself.
    let is_local = config.get_hosts().iter().all(|host| !matches!(host, Host::Tcp(_)));
    config.ssl_mode(if is_local && config.get_hostaddrs().is_empty() { SslMode::Disable } else { mode });
    Ok(trust)
}

/// The destination is not repeated: it may have a password in it.
pub(crate) fn unusable(reason: &str) -> Error {
    Error::Destination { destination: "postgres://…".into(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use postgres::config::{Host, SslMode};

    use super::{Address, Trust, parse};
    use crate::error::Result;

    fn with(destination: &str, variables: &[(&str, &str)]) -> Result<Address> {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        parse(destination, |name| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn the_environment_fills_in_what_the_url_leaves_open() {
        let variables = [("PGHOST", "h"), ("PGPORT", "7"), ("PGUSER", "u"), ("PGDATABASE", "d"), ("PGPASSWORD", "p")];
        let config = with("postgres://", &variables).expect("an address").config;
        assert_eq!(config.get_hosts(), [Host::Tcp("h".into())]);
        assert_eq!((config.get_ports(), config.get_user()), (&[7][..], Some("u")));
        assert_eq!((config.get_dbname(), config.get_password()), (Some("d"), Some(b"p".as_slice())));
        let config = with("postgresql://me:mine@there:8/mydb", &variables).expect("an address").config;
        assert_eq!(config.get_hosts(), [Host::Tcp("there".into())]);
        assert_eq!((config.get_ports(), config.get_user()), (&[8][..], Some("me")));
        assert_eq!((config.get_dbname(), config.get_password()), (Some("mydb"), Some(b"mine".as_slice())));
    }

    #[test]
    fn the_modes_of_encryption_are_those_of_other_clients() {
        let mode = |query: &str| {
            let address = with(&format!("postgres://u@h/d?{query}"), &[]).expect(query);
            (address.config.get_ssl_mode(), address.trust)
        };
        assert_eq!(mode(""), (SslMode::Prefer, Trust::Any));
        assert_eq!(mode("sslmode=disable"), (SslMode::Disable, Trust::Any));
        assert_eq!(mode("sslmode=require"), (SslMode::Require, Trust::Any));
        assert_eq!(mode("sslmode=require&sslrootcert=%2Fa"), (SslMode::Require, Trust::File("/a".into())));
        assert_eq!(mode("sslmode=verify-full"), (SslMode::Require, Trust::System));
        let local = with("postgres://u@%2Ftmp/d?sslmode=require", &[]).expect("a socket");
        assert_eq!(local.config.get_ssl_mode(), SslMode::Disable);
    }

    #[test]
    fn what_makes_no_sense_is_refused_without_the_password() {
        for wrong in [
            "postgres://me:hush@h:x/d",
            "postgres://me:hush@h/d?sslmode=maybe",
            "postgres://me:hush@h/d?unknown=hush",
            "postgres://me:hush@h/d?schema=A\"b",
            "postgres://me:hush@h/d?schema=pg_x",
            "postgres://me:hu@sh@h/d?schema",
        ] {
            let error = with(wrong, &[]).err().expect(wrong);
            assert!(!error.to_string().contains("hush") && error.exit_code() == 2, "{error}");
        }
        let shown = with("postgres://me:hush@h/d?schema=other", &[]).expect("an address").shown;
        assert_eq!(shown, "postgres://h/d?schema=other");
    }
}
