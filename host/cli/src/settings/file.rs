//! The file of settings: read with the place of what is wrong in it, and changed without touching the rest.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{Form, Named, named};

/// No file of settings is larger.
const MOST_BYTES: u64 = 1 << 20;

/// Says why settings cannot be read: where, and what is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub(crate) struct Unreadable {
    place: String,
    why: String,
}

impl Unreadable {
    pub(super) fn variable(name: &str, why: &str) -> Unreadable {
        Unreadable { place: format!("${name}"), why: why.into() }
    }

    fn at(path: &Path, text: &str, span: Range<usize>, why: impl Into<String>) -> Unreadable {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Unreadable { place: format!("{}:{line}:{column}", path.display()), why: why.into() }
    }

    fn file(path: &Path, error: &io::Error) -> Unreadable {
        Unreadable { place: path.display().to_string(), why: error.to_string() }
    }
}

/// A setting in the file, and where its value stands.
struct Entry {
    named: Named,
    value: Vec<String>,
    span: Range<usize>,
}

/// Reads what the file says; nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Vec<(String, Vec<String>)>, Unreadable> {
    let text = text_of(path)?;
    Ok(entries(path, &text)?.into_iter().map(|entry| (entry.named.name, entry.value)).collect())
}

fn text_of(path: &Path) -> Result<String, Unreadable> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(Unreadable::file(path, &error)),
        Ok(found) if !found.is_file() => {
            return Err(Unreadable::file(path, &io::Error::other("it is no regular file")));
        }
        Ok(found) if found.len() > MOST_BYTES => {
            return Err(Unreadable::file(path, &io::Error::other("it is too large to be settings")));
        }
        Ok(_) => {}
    }
    std::fs::read_to_string(path).map_err(|error| Unreadable::file(path, &error))
}

fn entries(path: &Path, text: &str) -> Result<Vec<Entry>, Unreadable> {
    let parsed = DeTable::parse(text)
        .map_err(|error| Unreadable::at(path, text, error.span().unwrap_or_default(), error.message().trim_end()))?;
    let mut entries = Vec::new();
    collect(path, text, "", parsed.get_ref(), &mut entries)?;
    Ok(entries)
}

fn collect(
    path: &Path,
    text: &str,
    table: &str,
    parsed: &DeTable<'_>,
    entries: &mut Vec<Entry>,
) -> Result<(), Unreadable> {
    for (key, value) in parsed {
        let name = format!("{table}{}", key.get_ref());
        if let (DeValue::Table(inner), "") = (value.get_ref(), table) {
            collect(path, text, &format!("{name}."), inner, entries)?;
            continue;
        }
        let named = named(&name).map_err(|why| Unreadable::at(path, text, key.span(), why))?;
        let form = named.setting.form;
        let told = told(value.get_ref(), form)
            .and_then(|told| form.value(&told))
            .map_err(|why| Unreadable::at(path, text, value.span(), format!("{name}: {why}")))?;
        entries.push(Entry { named, value: told, span: value.span() });
    }
    Ok(())
}

/// Gives a value as it would be given on a command line, where it is of the form's type.
fn told(value: &DeValue<'_>, form: Form) -> Result<String, String> {
    match (value, form) {
        (DeValue::Integer(number), Form::Count) => Ok(number.to_string()),
        (DeValue::Boolean(truth), Form::Switch) => Ok(truth.to_string()),
        (DeValue::String(text), Form::Directory | Form::OneOf(_) | Form::Sources | Form::Text) => Ok(text.to_string()),
        (DeValue::Array(items), Form::Sources | Form::Directories) => {
            let word =
                |text: &'_ str| if text.contains(',') { Err("no comma can be in it") } else { Ok(text.to_owned()) };
            let words = items.iter().map(|item| word(item.get_ref().as_str().ok_or("it is no list of texts")?));
            Ok(words.collect::<Result<Vec<_>, _>>()?.join(","))
        }
        (DeValue::String(text), Form::Directories | Form::Price) => Ok(text.to_string()),
        (DeValue::Array(items), Form::Price) => {
            let number = |item: &DeValue<'_>| match item {
                DeValue::Integer(number) => Ok(number.to_string()),
                DeValue::Float(number) => Ok(number.to_string()),
                _ => Err("it is no list of numbers"),
            };
            let words = items.iter().map(|item| number(item.get_ref()));
            Ok(words.collect::<Result<Vec<_>, _>>()?.join(","))
        }
        (_, Form::Count) => Err("it is no whole number".into()),
        (_, Form::Switch) => Err("it is neither true nor false".into()),
        (_, Form::Sources | Form::Directories) => Err("it is no list of texts".into()),
        (_, Form::Price) => Err("it is no list of numbers".into()),
        (_, Form::Directory | Form::OneOf(_) | Form::Text) => Err("it is no text".into()),
    }
}

/// Sets a setting in the file, or takes it out; the rest stays byte for byte.
pub(crate) fn set(path: &Path, named: &Named, value: Option<&[String]>) -> anyhow::Result<()> {
    let text = text_of(path)?;
    let (mut of_name, others): (Vec<_>, Vec<_>) =
        entries(path, &text)?.into_iter().partition(|entry| entry.named.name == named.name);
    let written = value.map(|value| written(named.setting.form, value));
    let changed = match (of_name.pop(), &written) {
        (None, None) => return Ok(()),
        (Some(entry), Some(written)) => {
            vec![format!("{}{written}{}", &text[..entry.span.start], &text[entry.span.end..])]
        }
        (Some(entry), None) => {
            // Its lines, from the key's to the value's end.
            let begin = text[..entry.span.start].rfind('\n').map_or(0, |at| at + 1);
            let end = text[entry.span.end..].find('\n').map_or(text.len(), |at| entry.span.end + at + 1);
            vec![format!("{}{}", &text[..begin], &text[end..])]
        }
        // Where the table's settings are written with its name before each, this one is, too.
        (None, Some(written)) => {
            let name = key_of(&named.name);
            vec![added(&text, &name, written), format!("{name} = {written}\n{text}")]
        }
    };
    // Neither may anything else in the file say something else then.
    let is_so = |text: &String| {
        let Ok(now) = entries(path, text) else { return false };
        let (now, rest): (Vec<_>, Vec<_>) = now.into_iter().partition(|entry| entry.named.name == named.name);
        let said = |entries: &[Entry]| {
            let mut said: Vec<_> =
                entries.iter().map(|entry| (entry.named.name.clone(), entry.value.clone())).collect();
            said.sort();
            said
        };
        now.first().map(|entry| &entry.value[..]) == value && said(&rest) == said(&others)
    };
    let changed = changed.into_iter().find(is_so);
    let by_hand = || anyhow::anyhow!("{} has a form that is not changed by a command: edit it by hand", path.display());
    Ok(replace(path, &changed.ok_or_else(by_hand)?).map_err(|error| Unreadable::file(path, &error))?)
}

/// Gives the name of a setting as a key of TOML: what is behind its table is in quotes where it has to be.
fn key_of(name: &str) -> String {
    let is_bare = |key: &str| key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    match name.split_once('.') {
        Some((table, key)) if !is_bare(key) => format!("{table}.{}", toml::Value::String(key.into())),
        _ => name.into(),
    }
}

fn written(form: Form, value: &[String]) -> String {
    let text = |word: &String| toml::Value::String(word.clone()).to_string();
    match form {
        Form::Count | Form::Switch => value.concat(),
        Form::Directory | Form::OneOf(_) | Form::Text => text(&value.concat()),
        Form::Price => format!("[{}]", value.join(", ")),
        Form::Sources | Form::Directories => format!("[{}]", value.iter().map(text).collect::<Vec<_>>().join(", ")),
    }
}

/// Behind the head of its table, where there is one; else before all tables, or at the end.
fn added(text: &str, name: &str, value: &str) -> String {
    let (table, key) = name.split_once('.').unwrap_or(("", name));
    let head = format!("[{table}]");
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if !table.is_empty() && line.split('#').next().unwrap_or_default().trim() == head {
            let newline = if line.ends_with('\n') { "" } else { "\n" };
            return format!("{}{newline}{key} = {value}\n{}", &text[..at], &text[at..]);
        }
    }
    match table {
        "" => format!("{key} = {value}\n{text}"),
        _ => {
            let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{newline}{head}\n{key} = {value}\n")
        }
    }
}

/// Puts a new file in the place of the old one, whole or not at all; where that is a link, in the place of what it leads to.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path: PathBuf = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let new = path.with_extension(format!("toml.{}", std::process::id()));
    let done = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path));
    if done.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    done
}
