//! Knows keys of services by how they begin.

use super::SecretKind;

/// Which characters a key goes on with.
#[derive(Clone, Copy)]
enum Alphabet {
    /// Letters and digits.
    Alphanumeric,
    /// These, `-` and `_`.
    Url,
    /// These and `.`.
    Dotted,
    /// Capitals and digits.
    Capital,
    /// Digits of hexadecimal numbers.
    Hex,
    /// Those of base64, with `.` and `%`, which parts of it are joined and escaped by.
    Base64,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Alphabet::Alphanumeric => byte.is_ascii_alphanumeric(),
            Alphabet::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Alphabet::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Alphabet::Capital => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Alphabet::Hex => byte.is_ascii_hexdigit(),
            Alphabet::Base64 => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=' | b'%')
            }
        }
    }
}

/// Bytes behind the shortest key by which one is judged.
const JUDGED: usize = 64;

/// How keys of a service begin, which characters follow, and how many at least.
struct Form(&'static str, Alphabet, usize);

/// Sorted by their first bytes.
const FORMS: &[Form] = &[
    Form("ABIA", Alphabet::Capital, 16),
    Form("ACCA", Alphabet::Capital, 16),
    Form("AGE-SECRET-KEY-1", Alphabet::Capital, 40),
    Form("AIza", Alphabet::Url, 30),
    Form("AKCp", Alphabet::Alphanumeric, 40),
    Form("AKIA", Alphabet::Capital, 16),
    Form("ASIA", Alphabet::Capital, 16),
    Form("ATATT3", Alphabet::Base64, 40),
    Form("ATBB", Alphabet::Alphanumeric, 28),
    Form("ATCTT3", Alphabet::Base64, 40),
    Form("CFPAT-", Alphabet::Url, 30),
    Form("EAACEdEose0cBA", Alphabet::Alphanumeric, 8),
    Form("EZAK", Alphabet::Alphanumeric, 50),
    Form("GOCSPX-", Alphabet::Url, 20),
    Form("LTAI", Alphabet::Alphanumeric, 16),
    Form("NRAK-", Alphabet::Alphanumeric, 20),
    Form("PMAK-", Alphabet::Url, 30),
    Form("SG.", Alphabet::Dotted, 40),
    Form("SK", Alphabet::Hex, 32),
    Form("bkua_", Alphabet::Hex, 30),
    Form("cio", Alphabet::Alphanumeric, 32),
    Form("dapi", Alphabet::Hex, 32),
    Form("dckr_oat_", Alphabet::Url, 20),
    Form("dckr_pat_", Alphabet::Url, 20),
    Form("doo_v1_", Alphabet::Hex, 40),
    Form("dop_v1_", Alphabet::Hex, 40),
    Form("dor_v1_", Alphabet::Hex, 40),
    Form("dp.pt.", Alphabet::Alphanumeric, 30),
    Form("dp.st.", Alphabet::Dotted, 30),
    Form("duffel_live_", Alphabet::Url, 30),
    Form("figd_", Alphabet::Url, 30),
    Form("fm1_", Alphabet::Base64, 30),
    Form("fm2_", Alphabet::Base64, 30),
    Form("fo1_", Alphabet::Url, 30),
    Form("gho_", Alphabet::Alphanumeric, 30),
    Form("ghp_", Alphabet::Alphanumeric, 30),
    Form("ghr_", Alphabet::Alphanumeric, 30),
    Form("ghs_", Alphabet::Alphanumeric, 30),
    Form("ghu_", Alphabet::Alphanumeric, 30),
    Form("github_pat_", Alphabet::Url, 22),
    Form("glc_", Alphabet::Base64, 30),
    Form("glcbt-", Alphabet::Url, 18),
    Form("gldt-", Alphabet::Url, 18),
    Form("glpat-", Alphabet::Dotted, 18),
    Form("glptt-", Alphabet::Url, 18),
    Form("glrt-", Alphabet::Dotted, 18),
    Form("glsa_", Alphabet::Url, 30),
    Form("glsoat-", Alphabet::Url, 18),
    Form("gsk_", Alphabet::Alphanumeric, 30),
    Form("hf_", Alphabet::Alphanumeric, 30),
    Form("hvb.", Alphabet::Url, 20),
    Form("hvr.", Alphabet::Url, 20),
    Form("hvs.", Alphabet::Url, 20),
    Form("key-", Alphabet::Hex, 32),
    Form("lin_api_", Alphabet::Alphanumeric, 30),
    Form("lin_oauth_", Alphabet::Alphanumeric, 30),
    Form("live_sk_", Alphabet::Alphanumeric, 20),
    Form("npm_", Alphabet::Alphanumeric, 30),
    Form("ntn_", Alphabet::Alphanumeric, 30),
    Form("nvapi-", Alphabet::Url, 40),
    Form("oauth2_", Alphabet::Alphanumeric, 40),
    Form("pat-eu1-", Alphabet::Url, 30),
    Form("pat-na1-", Alphabet::Url, 30),
    Form("phx_", Alphabet::Alphanumeric, 30),
    Form("pk_live_sec_", Alphabet::Alphanumeric, 10),
    Form("pplx-", Alphabet::Alphanumeric, 30),
    Form("pscale_oauth_", Alphabet::Dotted, 20),
    Form("pscale_pw_", Alphabet::Dotted, 20),
    Form("pscale_tkn_", Alphabet::Dotted, 20),
    Form("pypi-AgE", Alphabet::Url, 20),
    Form("r8_", Alphabet::Alphanumeric, 30),
    Form("rk_live_", Alphabet::Alphanumeric, 10),
    Form("rk_test_", Alphabet::Alphanumeric, 10),
    Form("rnd_", Alphabet::Alphanumeric, 28),
    Form("rubygems_", Alphabet::Hex, 40),
    Form("sb_secret_", Alphabet::Url, 20),
    Form("sbp_", Alphabet::Hex, 30),
    Form("secret_", Alphabet::Alphanumeric, 40),
    Form("shpat_", Alphabet::Hex, 30),
    Form("shpca_", Alphabet::Hex, 30),
    Form("shppa_", Alphabet::Hex, 30),
    Form("shpss_", Alphabet::Hex, 30),
    Form("sk-", Alphabet::Url, 18),
    Form("sk_live_", Alphabet::Alphanumeric, 10),
    Form("sk_test_", Alphabet::Alphanumeric, 10),
    Form("sntrys_", Alphabet::Base64, 30),
    Form("sntryu_", Alphabet::Hex, 30),
    Form("sq0atp-", Alphabet::Url, 20),
    Form("sq0csp-", Alphabet::Url, 30),
    Form("tskey-", Alphabet::Url, 16),
    Form("vercel_blob_rw_", Alphabet::Url, 20),
    Form("whsec_", Alphabet::Base64, 16),
    Form("xai-", Alphabet::Alphanumeric, 30),
    Form("xapp-", Alphabet::Url, 10),
    Form("xoxa-", Alphabet::Url, 10),
    Form("xoxb-", Alphabet::Url, 10),
    Form("xoxe-", Alphabet::Url, 10),
    Form("xoxe.", Alphabet::Dotted, 10),
    Form("xoxp-", Alphabet::Url, 10),
    Form("xoxr-", Alphabet::Url, 10),
    Form("xoxs-", Alphabet::Url, 10),
    Form("ya29.", Alphabet::Url, 16),
];

/// Which two bytes a key may begin with, a bit each.
pub(super) struct Beginnings([u64; 1024]);

impl Beginnings {
    /// Of every form.
    pub(super) const ALL: Beginnings = {
        let mut bits = [0; 1024];
        let mut at = 0;
        while at < FORMS.len() {
            let begin = FORMS[at].0.as_bytes();
            let pair = begin[0] as usize * 256 + begin[1] as usize;
            bits[pair / 64] |= 1 << (pair % 64);
            at += 1;
        }
        // A JSON web token.
        let pair = b'e' as usize * 256 + b'y' as usize;
        bits[pair / 64] |= 1 << (pair % 64);
        Beginnings(bits)
    };

    /// Says whether a key may begin with these.
    pub(super) fn may_begin(&self, first: u8, second: u8) -> bool {
        let pair = usize::from(first) * 256 + usize::from(second);
        self.0[pair / 64] & (1 << (pair % 64)) != 0
    }
}

/// Returns the kind and the length of the key that `rest` begins with.
pub(super) fn key_at(rest: &[u8]) -> Option<(SecretKind, usize)> {
    if rest.starts_with(b"eyJ") {
        return web_token(rest).map(|length| (SecretKind::Token, length));
    }
    let first = rest.first()?;
    let from = FORMS.partition_point(|Form(begin, ..)| begin.as_bytes()[0] < *first);
    let forms = FORMS[from..].iter().take_while(|Form(begin, ..)| begin.as_bytes()[0] == *first);
    forms.into_iter().find_map(|Form(begin, alphabet, least)| {
        let rest = rest.strip_prefix(begin.as_bytes())?;
        let length_within = |most: usize| rest.iter().take(most).take_while(|&&byte| alphabet.has(byte)).count();
        // What is none costs no more than this, however long it goes on.
        let judged = trimmed(&rest[..length_within(least + JUDGED)]);
        if judged.len() < *least || !is_random(judged) {
            return None;
        }
        let body = trimmed(&rest[..length_within(usize::MAX)]);
        Some((SecretKind::ApiKey, begin.len() + body.len()))
    })
}

/// A full stop, or signs that join words, at the end belong to the sentence.
fn trimmed(body: &[u8]) -> &[u8] {
    let end = body.iter().rposition(|&byte| !matches!(byte, b'.' | b'-' | b'%')).map_or(0, |last| last + 1);
    &body[..end]
}

/// Says whether it is more than words and a placeholder: a name of a package, a class of a style sheet, a row of one letter.
fn is_random(body: &[u8]) -> bool {
    let digits = body.iter().filter(|byte| byte.is_ascii_digit()).count();
    let capitals = body.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let small = body.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    let has_several = body.iter().any(|&byte| byte != body[0]);
    has_several && (digits > 0 || (capitals > 1 && small > 1))
}

/// Returns the length of a JSON web token (RFC 7519): two or three parts of base64, of which the first two are JSON.
fn web_token(rest: &[u8]) -> Option<usize> {
    let part = |from: usize| rest[from..].iter().take_while(|&&byte| Alphabet::Url.has(byte)).count();
    let header = part(0);
    if header < 10 || rest.get(header) != Some(&b'.') || !rest[header + 1..].starts_with(b"eyJ") {
        return None;
    }
    let mut end = header + 1 + part(header + 1);
    // An encrypted one has five parts.
    for _ in 0..3 {
        if rest.get(end) == Some(&b'.') && part(end + 1) > 0 {
            end += 1 + part(end + 1);
        }
    }
    Some(end)
}
