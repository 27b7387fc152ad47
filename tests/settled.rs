//! What a comparison of the rows with the files is worth afterwards: nothing is gone through again for an id that nobody
//! has, and whatever moved since is found all the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use support::{Collection, Program, Rollout, listing};
use tempfile::{TempDir, tempdir};
use threadkeep::contract::{Explanation, Step};
use threadkeep::db::StateDb;
use threadkeep::platform::home::Home;
use threadkeep::startup::{self, Config};
use threadkeep::threads::lookup::Lookup;
use threadkeep_engine::Runtime;

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";
const NOBODY: &str = "019ca8a0-0000-7000-8000-00000000dead";

fn rollout(id: &str) -> Rollout {
    Rollout::paginated(id).at("2026-03-01T10:00:00.000Z").cwd("/src/app").user("hello").agent("Done.")
}

/// A home of one thread and of a rollout without a record, and the handle of this process.
struct Setting {
    dir: TempDir,
    state_dir: TempDir,
    empty: PathBuf,
    runtime: Runtime,
    home: Arc<Home>,
    config: Config,
    state: StateDb,
}

impl Setting {
    /// Directories that have not changed for an hour.
    fn new() -> Setting {
        let (dir, state_dir) = (tempdir().unwrap(), tempdir().unwrap());
        rollout(ONE).write(dir.path(), Collection::Active);
        let old = "019ca8a0-0000-7000-8000-000000000009";
        rollout(old).write(dir.path(), Collection::Archived);
        let empty = dir.path().join("sessions/2026/03/01/begun.jsonl");
        std::fs::write(&empty, "").unwrap();
        let runtime = Runtime::load().unwrap();
        let home = Arc::new(Home::open(dir.path(), |_| None).unwrap());
        let config = Config::of(state_dir.path().into());
        let (state, _) = startup::init(&runtime, &home, &config).unwrap();
        let setting = Setting { dir, state_dir, empty, runtime, home, config, state };
        setting.age();
        setting
    }

    fn age(&self) {
        let hour_ago = SystemTime::now() - Duration::from_secs(3_600);
        let below = listing(self.dir.path()).into_keys().map(|path| self.dir.path().join(path));
        for dir in below.filter(|path| path.is_dir()) {
            std::fs::File::open(dir).unwrap().set_modified(hour_ago).unwrap();
        }
    }

    fn refresh(&self) {
        startup::refresh(&self.runtime, &self.home, &self.config, &self.state).unwrap();
    }

    fn explain(&self, id: &str) -> Explanation {
        let mut lookup = Lookup::for_finding(&self.runtime, &self.home, Some(&self.state), drop);
        lookup.explain(id, None).unwrap()
    }

    fn day(&self) -> PathBuf {
        self.dir.path().join("sessions/2026/03/01")
    }
}

fn believed(explanation: &Explanation) -> bool {
    let all = explanation.steps.iter().any(|step| matches!(step, Step::EveryHead(_)));
    let unchanged = explanation.steps.contains(&Step::Unchanged);
    assert_ne!(all, unchanged, "{explanation:?}");
    unchanged
}

#[test]
fn after_a_refresh_an_id_that_nobody_has_costs_no_walk() {
    let setting = Setting::new();
    assert!(!believed(&setting.explain(NOBODY)), "nothing was compared yet");
    setting.refresh();
    assert!(believed(&setting.explain(NOBODY)));
    assert!(setting.explain(ONE).answer.is_ok());
}

#[test]
fn a_file_that_appears_after_a_refresh_is_found() {
    let appear: [fn(&Path, &Path); 5] = [
        |home, _| drop(rollout(TWO).write(home, Collection::Active)),
        |home, _| drop(rollout(TWO).write(home, Collection::Archived)),
        |_, day| std::fs::write(day.join("copy.jsonl"), rollout(TWO).bytes()).unwrap(),
        |_, day| {
            std::fs::create_dir(day.join("deeper")).unwrap();
            std::fs::write(day.join("deeper/copy.jsonl"), rollout(TWO).bytes()).unwrap();
        },
        |home, day| {
            std::fs::write(home.join("elsewhere"), rollout(TWO).bytes()).unwrap();
            std::fs::rename(home.join("elsewhere"), day.join("moved.jsonl")).unwrap();
        },
    ];
    for (way, appear) in appear.into_iter().enumerate() {
        let setting = Setting::new();
        setting.refresh();
        assert!(believed(&setting.explain(TWO)));
        appear(setting.dir.path(), &setting.day());
        assert_eq!(setting.explain(TWO).answer.unwrap().row.id, TWO, "way {way}");
    }
}

#[test]
fn a_known_file_that_gets_its_first_record_after_a_refresh_is_found() {
    let setting = Setting::new();
    setting.refresh();
    assert!(believed(&setting.explain(TWO)));
    std::fs::write(&setting.empty, rollout(TWO).bytes()).unwrap();
    let explanation = setting.explain(TWO);
    assert!(explanation.steps.contains(&Step::Unchanged));
    assert_eq!(explanation.answer.unwrap().row.id, TWO);
}

#[test]
fn a_renamed_file_is_found_under_its_new_name() {
    let setting = Setting::new();
    setting.refresh();
    let path = setting.dir.path().join(rollout(ONE).place(Collection::Active));
    std::fs::rename(path, setting.day().join("another name.jsonl")).unwrap();
    let found = setting.explain(ONE).answer.unwrap();
    assert_eq!(found.row.path, "sessions/2026/03/01/another name.jsonl");
}

#[test]
fn a_directory_that_changed_just_before_proves_nothing() {
    let setting = Setting::new();
    std::fs::write(setting.day().join("not a rollout"), "").unwrap();
    setting.refresh();
    assert!(!believed(&setting.explain(NOBODY)));
}

#[test]
fn rows_that_another_process_has_written_since_prove_nothing() {
    let setting = Setting::new();
    setting.refresh();
    Program::on(setting.dir.path(), setting.state_dir.path()).run(["init", "--rebuild"]).well();
    assert!(!believed(&setting.explain(NOBODY)));
}
