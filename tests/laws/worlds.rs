//! Worlds of which their maker knows what is in them.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;
use support::{Claim, File, Setting, blank_row};
use threadkeep_contract::{EntryKind, FileError, Provenance, ThreadRow};

use super::as_map;

pub(super) const IDS: [&str; 4] = [
    "019ca8a0-0000-7000-8000-000000000001",
    "019ca8a0-0000-7000-8000-000000000002",
    "019ca8a0-1111-7000-8000-000000000003",
    "5973b6c0-94b8-487b-a530-2aeb6098ae0e",
];

#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) file: File,
    /// The id in its head.
    pub(super) carries: Option<&'static str>,
}

impl Made {
    /// It can be read.
    pub(super) fn is_sound(&self) -> bool {
        self.file.is == EntryKind::File && self.file.error.is_none()
    }
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) files: Vec<Made>,
    pub(super) setting: Setting,
}

impl World {
    pub(super) fn at(&self, path: &str) -> Option<&Made> {
        self.files.iter().find(|made| made.file.path == path)
    }

    /// Files that carry the id.
    pub(super) fn carriers(&self, id: &str) -> Vec<&Made> {
        self.files.iter().filter(|made| made.is_sound() && made.carries == Some(id)).collect()
    }

    pub(super) fn without_handle(&self) -> Setting {
        Setting { handle: false, ..self.setting.clone() }
    }
}

/// Places where a rollout of some id might stand, rightly or not.
pub(super) fn places() -> Vec<String> {
    let mut places = Vec::new();
    for id in IDS {
        let name = format!("rollout-2026-03-01T10-00-00-{id}.jsonl");
        for place in [format!("sessions/2026/03/01/{name}"), format!("archived_sessions/{name}")] {
            places.extend([format!("{place}.zst"), place]);
        }
    }
    for odd in ["sessions/2026/03/02/odd.jsonl", "sessions/kept.jsonl", "archived_sessions/kept.jsonl"] {
        places.extend([odd.into(), format!("{odd}.zst")]);
    }
    places
}

pub(super) fn text(id: &str, minute: u32, base: Option<&str>, said: &str) -> String {
    let at = |second: u32| format!("2026-03-01T10:{minute:02}:{second:02}.000Z");
    let mut meta = json!({ "id": id, "timestamp": at(0), "cwd": "/src/app", "cli_version": "0.169.0", "source": "cli",
        "model_provider": "openai", "history_mode": "paginated", "git": { "branch": "main" } });
    if let Some(base) = base {
        meta["history_base"] = json!({ "thread_id": base, "end_ordinal_exclusive": 2, "end_byte_offset": 300 });
    }
    let item = json!({ "type": "UserMessage", "id": "u", "content": [{ "type": "text", "text": said }] });
    let said = json!({ "type": "item_completed", "thread_id": id, "turn_id": "t", "item": item });
    let head = json!({ "timestamp": at(0), "ordinal": 0, "type": "session_meta", "payload": meta });
    format!("{head}\n{}\n", json!({ "timestamp": at(1), "ordinal": 1, "type": "event_msg", "payload": said }))
}

pub(super) fn any_file(path: String) -> impl Strategy<Value = Made> {
    let head = prop_oneof![9 => select(&IDS[..]).prop_map(Some), 1 => Just(None)];
    let base = prop_oneof![8 => Just(None), 1 => select(&IDS[..]).prop_map(Some)];
    let fault = prop_oneof![
        8 => Just((EntryKind::File, None)),
        1 => Just((EntryKind::File, Some(FileError::Denied))),
        1 => Just((EntryKind::File, Some(FileError::BrokenCompression("cut".into())))),
        1 => Just((EntryKind::Directory, None)),
        1 => Just((EntryKind::Link, None)),
    ];
    (head, base, fault, 0..4_u32, select(&["one thing", "another"][..])).prop_map(
        move |(carries, base, (is, error), minute, said)| {
            let text = carries.map_or_else(|| "no record\n".into(), |id| text(id, minute, base, said));
            let file = File { is, error, inode: u64::from(minute), ..File::of(&path, text) };
            Made { file, carries }
        },
    )
}

/// A row that lies where it can: about the place, the collection, whether anything is there, and everything else.
pub(super) fn any_row(id: &'static str) -> impl Strategy<Value = Option<ThreadRow>> {
    let row =
        (select(places()), any::<bool>(), prop::bool::weighted(0.2), any::<bool>(), prop::option::of(Just("kept")));
    prop::option::weighted(0.7, row).prop_map(move |row| {
        let (path, lies, missing, knows_git, memory) = row?;
        Some(ThreadRow {
            id: id.into(),
            archived: path.starts_with("archived") != lies,
            path,
            missing,
            git_branch: knows_git.then(|| "kept".into()),
            memory_mode: memory.map(Into::into),
            title: "as the row has it".into(),
            ..blank_row()
        })
    })
}

pub(super) fn any_world() -> impl Strategy<Value = World> {
    let files = subsequence(places(), 0..8).prop_flat_map(|paths| paths.into_iter().map(any_file).collect::<Vec<_>>());
    let rows = IDS.map(any_row);
    let recorded = prop::collection::vec((select(&IDS[..]), select(places())), 0..4);
    let names = prop::collection::vec((select(&IDS[..]), select(&["a name", "another name"][..])), 0..3);
    (files, rows, recorded, names).prop_map(|(files, rows, recorded, names)| {
        let mut setting = Setting { file: files.iter().map(|made| made.file.clone()).collect(), ..Setting::default() };
        setting.row = rows.into_iter().flatten().map(|row| as_map(&row)).collect();
        for (id, path) in recorded {
            setting.recorded.entry(id.into()).or_default().push(path);
        }
        let claim = |(id, name): (&str, &str)| Claim {
            thread: id.into(),
            name: name.into(),
            source: Provenance::User,
            given: None,
        };
        setting.name = names.into_iter().map(claim).collect();
        setting.name.dedup_by_key(|claim| claim.thread.clone());
        World { files, setting }
    })
}
