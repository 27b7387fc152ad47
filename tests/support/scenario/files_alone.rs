//! Scenarios for hosts that have the files of a home alone: those of the world `reader`, which imports no rows.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use threadkeep_contract::EntryKind;

use super::{Native, Scenario, Step, Told};
use crate::script::{File, Setting};

impl Scenario {
    /// Says whether it comes out as written where there are no rows, no other sources and no handle, and whether its home
    /// can be written to a disk. The native core decides, over the world that such a host has.
    pub fn needs_files_alone(&self) -> bool {
        let Setting { provider, file, trouble, overtaken, .. } = &self.setting;
        let of_files = trouble.iter().any(|trouble| trouble.files.is_some());
        if of_files || *overtaken || !provider.is_empty() || !file.iter().all(can_be_written) {
            return false;
        }
        if !self.steps.iter().all(|step| is_of_a_reader(&step.ask)) {
            return false;
        }
        let files = Setting { handle: false, file: file.clone(), ..Setting::default() };
        let Ok(mut native) = Native::of(&files) else { return false };
        let as_written = |step: &Step| {
            let told: Told = step.put_to(&mut native).map_err(drop)?;
            let asked: Vec<&str> =
                told.log.iter().map(|call| call.import).filter(|name| is_of_a_reader(name)).collect();
            step.judge_answer(&told.answer, &asked).map_err(drop)
        };
        self.steps.iter().try_for_each(as_written).is_ok()
    }

    /// Says whether any of its files is compressed.
    pub fn has_compressed_files(&self) -> bool {
        self.setting.file.iter().any(|file| file.path.ends_with(".zst"))
    }

    /// Writes its files into a home.
    pub fn write_files(&self, home: &Path) {
        for file in &self.setting.file {
            let file = file.clone().padded();
            let path = home.join(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match file.is {
                EntryKind::Directory => fs::create_dir_all(&path).unwrap(),
                _ if file.path.ends_with(".zst") => {
                    fs::write(&path, zstd::encode_all(file.text.as_bytes(), 0).unwrap()).unwrap();
                }
                _ => fs::write(&path, &file.text).unwrap(),
            }
            let modified = UNIX_EPOCH + Duration::from_nanos(file.modified_ns.unsigned_abs());
            fs::File::open(&path).and_then(|file| file.set_modified(modified)).unwrap();
        }
    }

    /// Its questions, in the form that tests/node/run.mjs takes.
    pub fn calls(&self) -> Value {
        self.steps.iter().map(|step| json!({ "call": step.ask, "with": step.with })).collect()
    }

    /// Judges what came of its questions elsewhere, in the form that tests/node/run.mjs gives.
    pub fn judge(&self, told: &Value) -> Result<(), String> {
        let told =
            told.as_array().filter(|told| told.len() == self.steps.len()).ok_or("not an answer for each call")?;
        for (number, (step, told)) in self.steps.iter().zip(told).enumerate() {
            let asked: Vec<&str> = told["asked"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let place = |error: String| format!("call {}, {}: {error}", number + 1, step.ask);
            step.judge_answer(&told["answer"], &asked).map_err(place)?;
        }
        Ok(())
    }
}

fn can_be_written(file: &File) -> bool {
    file.error.is_none() && matches!(file.is, EntryKind::File | EntryKind::Directory)
}

/// Whether the world `reader` has this, of what scenarios ask and of what the core asks for it.
fn is_of_a_reader(name: &str) -> bool {
    let interface = name.split('.').next().unwrap_or_default();
    ["lookup", "history", "rollouts", "clock"].contains(&interface)
}
