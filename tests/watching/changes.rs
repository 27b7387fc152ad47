//! Whatever is done to the files of a home, who goes by what is told knows in the end what is there.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::{Collection, HomeAndState, Rollout, name_thread, uuid7};
use threadkeep::WatchOptions;

use super::model::{self, Ahead, Model};
use super::{PATIENCE, open};

const BEGAN: i64 = 1_790_000_000_000;

/// Draws numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }
}

/// A home to which things are done.
struct Played<'a> {
    home: &'a Path,
    dice: Dice,
    /// Where each thread's rollout is.
    rollouts: BTreeMap<String, PathBuf>,
    /// What was moved away, and where it belongs.
    away: Vec<(PathBuf, PathBuf)>,
    number: u64,
    told: usize,
}

impl Played<'_> {
    fn any(&mut self) -> Option<(String, PathBuf)> {
        let at = self.dice.below(self.rollouts.len().max(1));
        let (id, path) = self.rollouts.iter().nth(at)?;
        path.exists().then(|| (id.clone(), path.clone()))
    }

    /// Turns as Codex writes them.
    fn turn(&mut self) -> Vec<u8> {
        self.told += 1;
        let (turn, number) = (uuid7(BEGAN + self.told as i64, self.told as u64), self.told);
        let at = "2026-11-29T20:14:12.640Z";
        let event =
            |payload: String| format!("{{\"timestamp\":\"{at}\",\"type\":\"event_msg\",\"payload\":{payload}}}\n");
        let mut text = event(format!("{{\"type\":\"task_started\",\"turn_id\":\"{turn}\"}}"));
        for item in 0..self.dice.below(4) {
            text += &event(format!(
                "{{\"type\":\"item_completed\",\"turn_id\":\"{turn}\",\"item\":{{\"type\":\"AgentMessage\",\"id\":\"m{number}-{item}\",\"content\":[]}}}}"
            ));
        }
        if self.dice.below(4) > 0 {
            text += &event(format!("{{\"type\":\"task_complete\",\"turn_id\":\"{turn}\"}}"));
        }
        text.into_bytes()
    }

    fn change(&mut self) {
        let kind = self.dice.below(20);
        if kind < 3 || self.rollouts.len() < 4 {
            return self.begin();
        }
        let Some((id, path)) = self.any() else { return };
        let is_compressed = path.extension().is_some_and(|kind| kind == "zst");
        match kind {
            3..9 if !is_compressed => self.append(&path),
            9 if !is_compressed => self.save_anew(&path),
            10 => leave_temporary_files(&path),
            11 => self.move_away(path.parent().unwrap().to_path_buf()),
            12 => self.move_away(path),
            13 | 14 => self.bring_back(),
            15 => self.move_to_the_other_collection(&id, &path),
            16 => {
                fs::remove_file(&path).unwrap();
                self.rollouts.remove(&id);
            }
            17 => self.store_otherwise(&id, &path, is_compressed),
            _ => name_thread(self.home, &id, &format!("called {}", self.told), BEGAN),
        }
    }

    fn begin(&mut self) {
        self.number += 1;
        let id = uuid7(BEGAN + self.number as i64, self.number);
        let day = format!("2026-03-{:02}T10:00:00.000Z", 1 + self.dice.below(3));
        let rollout = Rollout::paginated(&id).at(&day).user("Count the herons").agent("Nine");
        let path = rollout.write(self.home, Collection::Active);
        self.rollouts.insert(id, path);
    }

    /// Appends in pieces that end anywhere.
    fn append(&mut self, path: &Path) {
        let turn = self.turn();
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        let middle = self.dice.below(turn.len());
        file.write_all(&turn[..middle]).unwrap();
        if self.dice.below(3) == 0 {
            std::thread::sleep(Duration::from_millis(self.dice.below(20) as u64));
        }
        file.write_all(&turn[middle..]).unwrap();
    }

    /// Writes it beside, with one turn more, and renames that over it.
    fn save_anew(&mut self, path: &Path) {
        let mut text = fs::read(path).unwrap();
        text.extend(self.turn());
        let beside = path.with_extension("tmp");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, path).unwrap();
    }

    fn move_away(&mut self, path: PathBuf) {
        if !path.starts_with(self.home.join("sessions")) {
            return;
        }
        let place = self.home.join(format!("away-{}", self.away.len() + self.told + self.number as usize));
        if place.exists() {
            return;
        }
        fs::rename(&path, &place).unwrap();
        self.away.push((place, path));
    }

    fn bring_back(&mut self) {
        if self.away.is_empty() {
            return;
        }
        let at = self.dice.below(self.away.len());
        let (place, path) = self.away.swap_remove(at);
        if !place.is_dir() || !path.exists() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            return fs::rename(&place, &path).unwrap();
        }
        // Something was put there meanwhile.
        for entry in fs::read_dir(&place).unwrap() {
            let entry = entry.unwrap();
            fs::rename(entry.path(), path.join(entry.file_name())).unwrap();
        }
    }

    fn move_to_the_other_collection(&mut self, id: &str, path: &Path) {
        let name = path.file_name().unwrap();
        let archive = self.home.join("archived_sessions");
        let to = match path.starts_with(&archive) {
            true => self.home.join("sessions/2026/03/01"),
            false => archive,
        };
        fs::create_dir_all(&to).unwrap();
        fs::rename(path, to.join(name)).unwrap();
        self.rollouts.insert(id.into(), to.join(name));
    }

    fn store_otherwise(&mut self, id: &str, path: &Path, is_compressed: bool) {
        let text = fs::read(path).unwrap();
        let to = match is_compressed {
            true => path.with_extension(""),
            false => path.with_extension("jsonl.zst"),
        };
        let text = match is_compressed {
            true => zstd::decode_all(&text[..]).unwrap(),
            false => zstd::encode_all(&text[..], 3).unwrap(),
        };
        let beside = to.with_extension("part");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &to).unwrap();
        fs::remove_file(path).unwrap();
        self.rollouts.insert(id.into(), to);
    }
}

/// What editors leave beside a file that they save.
fn leave_temporary_files(path: &Path) {
    let text = fs::read(path).unwrap();
    for kind in ["jsonl.swp", "jsonl~", "jsonl.bak"] {
        fs::write(path.with_extension(kind), &text).unwrap();
    }
    fs::remove_file(path.with_extension("jsonl.swp")).unwrap();
}

/// Does a thousand things to a home, and compares what was told with what is there.
#[track_caller]
fn play(seed: u64, options: &WatchOptions, pause: u64) {
    let place = HomeAndState::new();
    let mut played = Played {
        home: place.home.path(),
        dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
        rollouts: BTreeMap::new(),
        away: Vec::new(),
        number: 0,
        told: 0,
    };
    (0..20).for_each(|_| played.begin());
    let threadkeep = open(place.home.path(), place.state.path());
    let watch = threadkeep.watch(options).unwrap();
    let mut known: Model = model::there(&threadkeep);
    let mut ahead = Ahead::default();
    for _ in 0..1_000 {
        played.change();
        if pause > 0 {
            std::thread::sleep(Duration::from_millis(played.dice.below(pause as usize) as u64));
        }
        for event in watch.next(Duration::ZERO) {
            model::take(&mut known, &mut ahead, event, &threadkeep);
        }
        model::read_on(&mut known, &mut ahead, &threadkeep);
    }
    while !played.away.is_empty() {
        played.bring_back();
    }
    let end = Instant::now() + PATIENCE;
    loop {
        let events = watch.next(Duration::from_secs(1));
        let is_quiet = events.is_empty();
        for event in events {
            model::take(&mut known, &mut ahead, event, &threadkeep);
        }
        model::read_on(&mut known, &mut ahead, &threadkeep);
        let fresh = open(place.home.path(), tempfile::tempdir().unwrap().path());
        let there = if is_quiet { model::there(&fresh) } else { Model::new() };
        if is_quiet && known == there {
            assert!(
                there.len() > 20 && there.values().filter(|thread| **thread != model::Thread::default()).count() > 20
            );
            return;
        }
        if Instant::now() > end {
            for id in known.keys().chain(there.keys()) {
                assert_eq!(known.get(id), there.get(id), "{seed}: {id}");
            }
        }
    }
}

#[test]
fn who_goes_by_what_is_told_knows_what_is_there_after_a_thousand_changes() {
    play(1, &WatchOptions::default(), 6);
    play(109, &WatchOptions::default(), 6);
    play(2, &WatchOptions::default(), 0);
    play(101, &WatchOptions::default(), 0);
}

#[test]
fn without_watches_a_thousand_changes_are_found_by_looking() {
    play(3, &WatchOptions { max_watches: 0, ..WatchOptions::default() }, 6);
}

#[test]
fn with_few_watches_nothing_is_lost_either() {
    play(4, &WatchOptions { max_watches: 5, ..WatchOptions::default() }, 6);
}

#[test]
fn one_who_does_not_ask_in_time_is_told_to_look_and_knows_what_is_there() {
    play(5, &WatchOptions { capacity: 6, ..WatchOptions::default() }, 6);
}
