//! Says what a name promises: a password, a key, or nothing that is a secret.

use alloc::string::String;

use super::SecretKind;

/// Bytes of a name that are looked at, its last ones.
const LONGEST: usize = 48;

/// What something of this name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    /// The kind of secret.
    pub kind: SecretKind,
    /// The name is used for other things as well: only what looks like a key is one.
    pub is_weak: bool,
    /// It is written in capitals, as names of an environment are.
    pub is_of_environment: bool,
}

/// Words before `pass` of which none is a password's.
const NO_PASS: &[&str] =
    &["by", "first", "second", "third", "this", "each", "per", "multi", "full", "test", "tests", "render"];
/// Words before `token` of tokens that are pieces of text, or places in a list.
const NO_TOKEN: &[&str] = &[
    "next",
    "page",
    "previous",
    "prev",
    "continuation",
    "eos",
    "bos",
    "pad",
    "unk",
    "sep",
    "cls",
    "mask",
    "stop",
    "special",
    "last",
    "first",
    "current",
    "max",
    "min",
    "per",
    "each",
    "one",
    "a",
    "this",
    "lookahead",
    "end",
    "start",
    "syntax",
    "cancellation",
];
/// Words before `key` of keys that are secret, whatever the case of letters.
const SECRET_KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "signing",
    "sign",
    "encryption",
    "encrypt",
    "decryption",
    "auth",
    "account",
    "master",
    "shared",
    "deploy",
    "preshared",
    "license",
    "admin",
    "ssh",
    "tls",
    "ssl",
    "hmac",
    "jwt",
    "webhook",
    "subscription",
    "consumer",
];
/// Words before `key`, in capitals, of keys that are none.
const OPEN_KEYS: &[&str] = &[
    "public",
    "primary",
    "foreign",
    "sort",
    "cache",
    "partition",
    "row",
    "map",
    "dict",
    "hash",
    "group",
    "index",
    "unique",
    "composite",
    "lookup",
    "config",
    "object",
    "json",
    "routing",
    "range",
    "column",
    "field",
    "translation",
    "hot",
    "arrow",
    "registry",
    "query",
    "data",
    "device",
    "host",
    "the",
    "a",
    "any",
    "some",
    "each",
    "which",
    "this",
    "idempotency",
    "storage",
];
/// Names of one word that are for secrets alone.
const STRONG: &[&str] = &[
    "secret",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "accountkey",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "clientsecret",
    "sharedaccesskey",
    "credential",
];
/// Names of one word that a session is known by.
const SESSIONS: &[&str] = &["sessionid", "jsessionid", "phpsessid", "sessid", "sid"];
/// Ends of names in capitals.
const OF_ENVIRONMENT: &[&str] = &[
    "salt",
    "pepper",
    "signature",
    "auth",
    "dsn",
    "creds",
    "cred",
    "credentials",
    "secrets",
    "pin",
    "otp",
    "seed",
    "mnemonic",
    "cert",
];
/// Whole names: parts of requests that are signed, and of files that tools keep.
const WHOLE: &[&str] = &[
    "_auth",
    "_authtoken",
    "auth",
    "sig",
    "x-amz-signature",
    "x-amz-security-token",
    "x-goog-signature",
    "client-key-data",
    "mnemonic",
];

/// Returns what something of this name is: `DB_PASSWORD`, `apiKey`, `x-api-key`, `client_secret`.
pub(super) fn promised(name: &[u8]) -> Option<Promise> {
    let name = &name[name.len().saturating_sub(LONGEST)..];
    if !may_promise(name) {
        return None;
    }
    // The names of directories in every shell.
    if matches!(name, b"PWD" | b"OLDPWD" | b"pwd" | b"oldpwd") {
        return None;
    }
    let is_capital = name.iter().any(u8::is_ascii_uppercase) && !name.iter().any(u8::is_ascii_lowercase);
    let (last, rest) = last_word(name, is_capital);
    let (before, _) = last_word(rest, is_capital);
    let is = |word: &str, one_of: &[&str]| one_of.contains(&word);
    let is_of_environment = is_capital && !before.is_empty();
    let promise = |kind, is_weak| Some(Promise { kind, is_weak: is_weak && !is_of_environment, is_of_environment });
    let last = &*last;
    if ["password", "passwd", "passphrase", "passwort", "passcode", "passwords"].iter().any(|end| last.ends_with(end))
        || last == "pwd"
        || (last == "pass" && !is(&before, NO_PASS))
        || (last == "pw" && !before.is_empty())
    {
        return promise(SecretKind::Password, false);
    }
    // Rails calls it `SECRET_KEY_BASE`.
    if is(last, STRONG) || (last == "base" && before == "key") {
        return promise(SecretKind::Token, false);
    }
    let is_token = match last {
        "token" => !is(&before, NO_TOKEN),
        "key" if is_of_environment => !is(&before, OPEN_KEYS),
        "key" => is(&before, SECRET_KEYS),
        _ => {
            let lower = name.to_ascii_lowercase();
            is(last, SESSIONS)
                || (is_of_environment && is(last, OF_ENVIRONMENT))
                || WHOLE.iter().any(|known| known.as_bytes() == lower)
        }
    };
    if is_token { promise(SecretKind::Token, true) } else { None }
}

/// Takes the last word of a name, in small letters, and what stands before it. Words end at signs and where capitals begin; `PASSWORD2`
/// is a password too.
fn last_word(name: &[u8], is_capital: bool) -> (String, &[u8]) {
    let end = name.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |last| last + 1);
    let mut begin = end;
    while begin > 0 && name[begin - 1].is_ascii_alphanumeric() {
        begin -= 1;
        let is_hump = !is_capital && name[begin].is_ascii_uppercase();
        if is_hump && begin > 0 && !name[begin - 1].is_ascii_uppercase() {
            break;
        }
    }
    let word: String = name[begin..end].iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let plain = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let word = if plain.is_empty() { word } else { plain.into() };
    (word, &name[..begin])
}

/// Says whether a name ends like one that promises something; most do not, and cost no more than this.
fn may_promise(name: &[u8]) -> bool {
    let plain = name.iter().rposition(|byte| byte.is_ascii_alphabetic()).map_or(&name[..0], |last| &name[..=last]);
    let Some(end) = plain.last_chunk::<2>() else { return false };
    matches!(
        &end.map(|byte| byte.to_ascii_lowercase()),
        b"rd"
            | b"wd"
            | b"se"
            | b"rt"
            | b"de"
            | b"ds"
            | b"ss"
            | b"pw"
            | b"et"
            | b"ey"
            | b"en"
            | b"al"
            | b"id"
            | b"lt"
            | b"er"
            | b"re"
            | b"th"
            | b"sn"
            | b"ed"
            | b"ls"
            | b"ts"
            | b"in"
            | b"tp"
            | b"ic"
            | b"ig"
            | b"ta"
    )
}
