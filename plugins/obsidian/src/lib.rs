//! Writes threads as Markdown for Obsidian: a note for each, with its properties in front and links to the notes of the threads
//! that it came from.

use std::collections::BTreeMap;
use std::fmt::Write;

use threadkeep_plugin::exporter::{Exporter, Format};
use threadkeep_plugin::text::{fenced, file_name, json_string as yaml};
use threadkeep_plugin::threads::{self, Entry, Item, Outcome, Role};
use threadkeep_plugin::time::iso8601;
use threadkeep_plugin::{About, Result, Settings, ThreadId, output, progress};

/// The plugin.
pub struct Obsidian;

impl Exporter for Obsidian {
    const ABOUT: About = About {
        name: "obsidian",
        version: env!("CARGO_PKG_VERSION"),
        summary: "Writes threads as Markdown notes for Obsidian.",
        wants: &["facts", "names", "places", "usage", "history"],
    };

    fn formats() -> Vec<Format> {
        vec![Format::new("obsidian", "Obsidian notes", "md", "text/markdown")]
    }

    fn export(_format: &str, settings: &Settings) -> Result<()> {
        let ids = threads::ids().collect::<Result<Vec<_>>>()?;
        let notes = Notes::of(&ids)?;
        for (done, id) in ids.iter().enumerate() {
            // A single thread may go to wherever the user looks; several need files of their own.
            if ids.len() > 1 {
                output::begin(&format!("{}.md", notes.name(id)))?;
            }
            write_note(id, &notes, settings)?;
            progress::report(done as u64 + 1, Some(ids.len() as u64));
        }
        Ok(())
    }
}

threadkeep_plugin::exporter!(Obsidian);

/// Holds the name of each note. Two threads of one title get different ones.
struct Notes(BTreeMap<ThreadId, String>);

impl Notes {
    fn of(ids: &[ThreadId]) -> Result<Self> {
        let (mut notes, mut times_given) = (BTreeMap::new(), BTreeMap::<String, u32>::new());
        for names in threads::names_of(ids)? {
            let name = file_name(&names.title);
            // File systems take letters of either case for the same.
            let times = times_given.entry(name.to_lowercase()).or_default();
            *times += 1;
            notes.insert(names.id.clone(), if *times == 1 { name } else { format!("{name} {}", names.id) });
        }
        Ok(Self(notes))
    }

    fn name<'a>(&'a self, id: &'a ThreadId) -> &'a str {
        self.0.get(id).unwrap_or(id)
    }

    fn link(&self, id: &ThreadId) -> String {
        yaml(&format!("[[{}]]", self.name(id)))
    }
}

fn write_note(id: &ThreadId, notes: &Notes, settings: &Settings) -> Result<()> {
    let only = std::slice::from_ref(id);
    let mut front = format!("---\nid: {}\n", yaml(id));
    for names in threads::names_of(only)? {
        writeln!(front, "title: {}", yaml(&names.title))?;
    }
    let mut tags = vec![settings.get("tag").unwrap_or("codex").to_owned()];
    for facts in threads::facts_of(only)? {
        writeln!(front, "created: {}\nupdated: {}", iso8601(facts.created_at), iso8601(facts.updated_at))?;
        for (property, thread) in [("parent", &facts.parent), ("forked-from", &facts.forked_from)] {
            if let Some(thread) = thread {
                writeln!(front, "{property}: {}", notes.link(thread))?;
            }
        }
        tags.push(format!("source/{}", facts.source_kind));
        tags.extend(facts.archived.then(|| "archived".to_owned()));
    }
    for places in threads::places_of(only)? {
        for (property, value) in [("cwd", places.cwd), ("branch", places.git_branch)] {
            if let Some(value) = value {
                writeln!(front, "{property}: {}", yaml(&value))?;
            }
        }
    }
    for usage in threads::usage_of(only)? {
        if let Some(model) = usage.model {
            writeln!(front, "model: {}", yaml(&model))?;
        }
        if let Some(tokens) = usage.tokens {
            writeln!(front, "tokens: {tokens}")?;
        }
    }
    front.push_str("tags:\n");
    for tag in tags {
        writeln!(front, "  - {}", yaml(&tag))?;
    }
    output::text(&(front + "---\n"))?;

    let mut turns = 0;
    for entry in threads::history(id)? {
        match entry? {
            Entry::Turn(turn) => {
                turns += 1;
                let when = turn.started_at.map(|at| format!(" · {}", iso8601(at))).unwrap_or_default();
                output::text(&format!("\n## Turn {turns}{when}\n"))?;
            }
            Entry::Item(item) => output::text(&in_markdown(&item))?,
        }
    }
    Ok(())
}

/// An item in Markdown. What was said stands as it is; what was done and thought is folded.
fn in_markdown(item: &Item) -> String {
    let cut = if item.omitted > 0 { format!("\n({} bytes are left out)", item.omitted) } else { String::new() };
    let text = format!("{}{cut}", item.text);
    match item.role {
        Role::User => format!("\n### User\n\n{text}\n"),
        Role::Agent => format!("\n### Agent\n\n{text}\n"),
        Role::Reasoning => format!("\n> [!quote]- Reasoning\n{}", quoted(&text)),
        Role::System => format!("\n> [!warning] {}\n{}", item.kind, quoted(&text)),
        Role::Tool => {
            let exit = item.exit_code.filter(|code| *code != 0).map(|code| format!(" (exit code {code})"));
            let ended = match (exit, item.outcome) {
                (Some(exit), _) => exit,
                (None, Outcome::Failed) => " (failed)".to_owned(),
                (None, Outcome::Declined) => " (declined)".to_owned(),
                (None, Outcome::Unfinished) => " (unfinished)".to_owned(),
                (None, Outcome::Completed) => String::new(),
            };
            let content = if text.is_empty() { String::new() } else { quoted(&fenced(&text)) };
            format!("\n> [!example]- {}{ended}\n{content}", item.title.replace('\n', " "))
        }
    }
}

/// Text in a block quote, which callouts are.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}
