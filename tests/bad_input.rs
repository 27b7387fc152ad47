//! Rollouts and homes that are not as they should be: the good threads are all listed, what is wrong is named, and
//! nothing under the home changes.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{
    Collection, Program, Rollout, edit_lines, line_offset, list_everything, listing, millis, open_to_everybody, uuid7,
};
use tempfile::TempDir;

/// A home with two good threads, and one that is about to suffer.
struct Ground {
    place: TempDir,
    victim: Rollout,
    good: [Rollout; 2],
}

/// What must be true of a case.
#[derive(Default)]
struct Outlook {
    /// The victim's thread is lost; otherwise it is listed with its tokens.
    lost: bool,
    /// Whether the victim is listed may depend on how much of it was readable.
    unsure: bool,
    /// `status` names this, and nothing else.
    problem: Option<Problem>,
    /// `status` may name it or not.
    tolerated: bool,
}

struct Problem {
    path: String,
    /// The line; none when the file as a whole is meant.
    line: Option<usize>,
    /// One of these words is in the reason.
    words: &'static [&'static str],
}

const TOKENS: u64 = 4_711;

impl Ground {
    fn new() -> Self {
        let id = |number| uuid7(millis("2026-05-05T05:05:05.000Z"), number);
        let victim = Rollout::paginated(&id(1)).user("What is wrong?").agent("Nothing yet.").tokens(12);
        let victim = victim.user("And now?").agent("Wait.").tokens(TOKENS);
        let good = [
            Rollout::paginated(&id(2)).user("Fine, paginated?").agent("Yes.").tokens(1),
            Rollout::legacy(&id(3)).user("Fine, legacy?").agent("Yes.").tokens(2),
        ];
        let ground = Ground { place: tempfile::tempdir().unwrap(), victim, good };
        for rollout in [&ground.victim, &ground.good[0]] {
            rollout.write(&ground.home(), Collection::Active);
        }
        ground.good[1].write(&ground.home(), Collection::Archived);
        ground
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn relative(&self) -> String {
        self.victim.place(Collection::Active)
    }

    fn path(&self) -> PathBuf {
        self.home().join(self.relative())
    }

    fn lines(&self, edit: impl FnOnce(&mut Vec<Vec<u8>>)) {
        edit_lines(&self.path(), edit);
    }

    /// The file is well but for one line.
    fn bad_line(&self, line: usize) -> Outlook {
        Outlook { problem: Some(Problem { path: self.relative(), line: Some(line), words: &[] }), ..Outlook::default() }
    }

    /// The file gives no thread.
    fn no_thread(&self, words: &'static [&'static str]) -> Outlook {
        let problem = Problem { path: self.relative(), line: None, words };
        Outlook { lost: true, problem: Some(problem), ..Outlook::default() }
    }

    /// The victim is well; something else is not.
    fn stranger(&self, path: &Path, words: &'static [&'static str]) -> Outlook {
        let path = path.strip_prefix(self.home()).unwrap().to_str().unwrap().to_owned();
        Outlook { problem: Some(Problem { path, line: None, words }), ..Outlook::default() }
    }

    /// A place for another rollout beside the victim.
    fn beside(&self, number: u64) -> PathBuf {
        let other = Rollout::paginated(&uuid7(0, number));
        self.path().with_file_name(Path::new(&other.place(Collection::Archived)).file_name().unwrap())
    }
}

fn check(wound: impl FnOnce(&Ground) -> Outlook) {
    let ground = Ground::new();
    let outlook = wound(&ground);
    let state = tempfile::tempdir().unwrap();
    let program = Program::on(&ground.home(), state.path());
    judge(&ground, &outlook, &program, &Program::stateless(&ground.home()));
}

fn judge(ground: &Ground, outlook: &Outlook, program: &Program, stateless: &Program) {
    let before = listing(&ground.home());
    for program in [program, stateless] {
        let items = list_everything(program);
        for good in &ground.good {
            assert!(items.contains_key(good.id()), "a good thread is gone");
            program.json(["find", good.id()]);
        }
        let listed = items.get(ground.victim.id());
        assert!(outlook.unsure || listed.is_some() != outlook.lost, "listed: {listed:?}");
        if !outlook.lost && !outlook.unsure {
            assert_eq!(listed.unwrap()["tokensUsed"], TOKENS);
            assert_eq!(program.json(["read", ground.victim.id(), "--no-turns"]), *listed.unwrap());
        }
        let expected = ground.good.len() + usize::from(listed.is_some());
        assert_eq!(items.len(), expected, "something is listed that is no thread: {items:?}");
    }
    if !outlook.tolerated {
        named(ground, outlook.problem.as_ref(), program);
    }
    assert_eq!(listing(&ground.home()), before);
}

/// `status` says what is wrong, to programs and to people, and finds nothing wrong elsewhere.
fn named(ground: &Ground, problem: Option<&Problem>, program: &Program) {
    let status = program.json(["status"]);
    let problems = status["problems"].as_array().unwrap();
    let Some(problem) = problem else {
        assert!(problems.is_empty(), "{problems:?}");
        return;
    };
    assert!(problems.iter().all(|found| found["path"] == problem.path.as_str()), "{problems:?}");
    let found = problems.first().unwrap_or_else(|| panic!("{status} does not name {}", problem.path));
    let reason = found["reason"].as_str().unwrap();
    let fits =
        |text: &str| problem.words.is_empty() || problem.words.iter().any(|word| text.to_lowercase().contains(word));
    assert!(!reason.is_empty() && fits(reason), "{reason:?} says none of {:?}", problem.words);
    let words = program.run(["status"]).well().stdout;
    assert!(words.contains(&problem.path) && fits(&words), "{words}");
    if let Some(line) = problem.line {
        assert_eq!(found["line"], line, "{found}");
        assert_eq!(found["offset"], line_offset(&ground.home().join(&problem.path), line), "{found}");
        assert!(words.contains(&format!("line {line}")) || words.contains(&format!(":{line}")), "{words}");
    }
}

macro_rules! cases {
    ($($name:ident: $wound:expr;)*) => { $( #[test] fn $name() { check($wound); } )* };
}

cases! {
    an_empty_file_has_no_thread: |ground| {
        fs::write(ground.path(), "").unwrap();
        ground.no_thread(&["empty"])
    };
    a_last_line_without_newline_counts: |ground| {
        ground.lines(|lines| drop(lines.pop()));
        Outlook::default()
    };
    a_line_cut_in_the_middle_costs_that_line: |ground| {
        ground.lines(|lines| lines[3].truncate(40));
        ground.bad_line(4)
    };
    a_last_line_cut_in_the_middle_costs_that_line: |ground| {
        let mut last = 0;
        ground.lines(|lines| {
            lines.pop();
            last = lines.len();
            lines[last - 1].truncate(40);
        });
        ground.bad_line(last)
    };
    invalid_utf_8_costs_its_line: |ground| {
        ground.lines(|lines| {
            let at = lines[4].windows(8).position(|text| text == b"/src/app").unwrap();
            lines[4][at] = 0xff;
        });
        ground.bad_line(5)
    };
    nul_bytes_cost_their_line: |ground| {
        ground.lines(|lines| lines.insert(3, vec![0; 700]));
        ground.bad_line(4)
    };
    nul_bytes_at_the_end_cost_their_line: |ground| {
        let mut end = 0;
        ground.lines(|lines| {
            end = lines.len();
            lines[end - 1] = vec![0; 4096];
        });
        ground.bad_line(end)
    };
    words_that_are_no_json_cost_their_line: |ground| {
        ground.lines(|lines| lines.insert(1, b"Segmentation fault (core dumped)".to_vec()));
        ground.bad_line(2)
    };
    an_empty_line_is_nothing: |ground| {
        ground.lines(|lines| lines.insert(3, Vec::new()));
        Outlook { tolerated: true, ..Outlook::default() }
    };
    an_unknown_record_type_is_kept_in_peace: |ground| {
        let news = r#"{"timestamp":"2026-05-05T05:05:06.000Z","ordinal":3,"type":"news","payload":{"type":"token_count"}}"#;
        ground.lines(|lines| lines.insert(3, news.as_bytes().to_vec()));
        Outlook::default()
    };
    a_file_without_session_meta_has_no_thread: |ground| {
        ground.lines(|lines| drop(lines.remove(0)));
        ground.no_thread(&["session_meta"])
    };
    the_first_of_two_session_metas_names_the_thread: |ground| {
        let other = Rollout::paginated(&uuid7(0, 9)).lines().remove(0);
        ground.lines(|lines| lines.insert(1, other));
        Outlook::default()
    };
    a_session_meta_that_stands_twice_does_no_harm: |ground| {
        ground.lines(|lines| lines.insert(5, lines[0].clone()));
        Outlook::default()
    };
    a_directory_named_like_a_rollout_is_reported: |ground| {
        let directory = ground.beside(9);
        fs::create_dir(&directory).unwrap();
        ground.stranger(&directory, &["directory"])
    };
    a_dangling_link_is_reported: |ground| {
        let link = ground.beside(9);
        symlink("nowhere", &link).unwrap();
        ground.stranger(&link, &["link"])
    };
    a_link_is_not_followed_but_reported: |ground| {
        let (link, target) = (ground.beside(9), ground.place.path().join("elsewhere.jsonl"));
        fs::write(&target, Rollout::paginated(&uuid7(0, 9)).bytes()).unwrap();
        symlink(target, &link).unwrap();
        ground.stranger(&link, &["link"])
    };
    the_date_in_the_name_does_not_matter: |ground| {
        fs::remove_file(ground.path()).unwrap();
        ground.victim.clone().named_at("2031-02-30T25-61-61").write(&ground.home(), Collection::Active);
        Outlook::default()
    };
    a_thread_in_two_files_is_listed_once: |ground| {
        ground.victim.clone().named_at("2026-05-06T05-05-05").write(&ground.home(), Collection::Active);
        Outlook { tolerated: true, ..Outlook::default() }
    };
    of_a_plain_and_a_compressed_rollout_the_plain_one_counts: |ground| {
        let shorter = Rollout::paginated(ground.victim.id()).user("What is wrong?").agent("Nothing yet.").tokens(12);
        shorter.compressed().write(&ground.home(), Collection::Active);
        Outlook { tolerated: true, ..Outlook::default() }
    };
    what_is_called_zst_and_is_not_has_no_thread: |ground| {
        let compressed = compress(ground);
        fs::write(&compressed, "This is no frame of zstd, whatever it is called.").unwrap();
        Outlook { lost: true, ..ground.stranger(&compressed, BROKEN) }
    };
    a_compressed_rollout_cut_short_is_reported: |ground| {
        let compressed = compress(ground);
        let whole = fs::read(&compressed).unwrap();
        fs::write(&compressed, &whole[..whole.len() / 2]).unwrap();
        Outlook { unsure: true, ..ground.stranger(&compressed, BROKEN) }
    };
    an_empty_compressed_rollout_has_no_thread: |ground| {
        let compressed = compress(ground);
        fs::write(&compressed, "").unwrap();
        Outlook { lost: true, ..ground.stranger(&compressed, &["empty", "zst", "compress", "frame"]) }
    };
    other_files_are_none_of_our_business: |ground| {
        fs::write(ground.path().with_file_name("notes.txt"), "not a rollout").unwrap();
        fs::write(ground.home().join("sessions/.DS_Store"), [0, 1, 2]).unwrap();
        Outlook::default()
    };
}

/// What a reason may say of broken compression.
const BROKEN: &[&str] = &["zst", "compress", "frame", "decod"];

/// The victim is compressed, and only that.
fn compress(ground: &Ground) -> PathBuf {
    fs::remove_file(ground.path()).unwrap();
    ground.victim.clone().compressed().write(&ground.home(), Collection::Active)
}

/// Lines of 64 MB, good and bad: memory stays bounded, and what follows them is read.
#[test]
fn a_line_of_64_mb_needs_no_64_mb_of_memory() {
    let huge = |good: bool| {
        let begin = r#"{"timestamp":"2026-05-05T05:05:07.000Z","ordinal":9,"type":"event_msg","payload":{"type":"agent_message","message":""#;
        let mut line = if good { begin.as_bytes().to_vec() } else { Vec::new() };
        line.resize(64 << 20, b'x');
        line.extend_from_slice(if good { br#""}}"# } else { b"" });
        line
    };
    for (good, compressed) in [(true, false), (false, false), (true, true)] {
        let ground = Ground::new();
        ground.lines(|lines| lines.insert(4, huge(good)));
        if compressed {
            let text = fs::read(ground.path()).unwrap();
            fs::write(ground.path().with_extension("jsonl.zst"), zstd::encode_all(text.as_slice(), 1).unwrap())
                .unwrap();
            fs::remove_file(ground.path()).unwrap();
        }
        let state = tempfile::tempdir().unwrap();
        let program = Program::on(&ground.home(), state.path());
        let outlook = if good { Outlook::default() } else { ground.bad_line(5) };
        judge(&ground, &outlook, &program, &Program::stateless(&ground.home()));
        let cold = tempfile::tempdir().unwrap();
        for program in [Program::on(&ground.home(), cold.path()), Program::stateless(&ground.home())] {
            let outcome = program.watched().run(["--json", "list", "--limit", "0"]).well();
            assert!(outcome.peak_kib > 0 && outcome.peak_kib <= 64 << 10, "{} KiB", outcome.peak_kib);
        }
    }
}

fn closed(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A directory in which the user who owns nothing may write.
fn writable_by_nobody(parent: &Path) -> PathBuf {
    let directory = parent.join("state");
    fs::create_dir(&directory).unwrap();
    // Works for root, and needs not work for anybody else.
    let _ = chown(&directory, Some(65_534), Some(65_534));
    directory
}

#[test]
fn an_unreadable_file_is_reported() {
    let ground = Ground::new();
    open_to_everybody(ground.place.path());
    let state = writable_by_nobody(ground.place.path());
    let (with, without) =
        (Program::on(&ground.home(), &state).as_nobody(), Program::stateless(&ground.home()).as_nobody());
    let (Some(with), Some(without)) = (with, without) else { return };
    closed(&ground.path(), 0);
    for program in [&with, &without] {
        let items = list_everything(program);
        assert_eq!(items.len(), ground.good.len());
        assert!(ground.good.iter().all(|good| items.contains_key(good.id())));
    }
    let denied =
        Problem { path: ground.relative(), line: None, words: &["permission", "denied", "forbid", "not be read"] };
    named(&ground, Some(&denied), &with);
}

#[test]
fn a_home_that_does_not_exist_is_named_and_not_made() {
    let place = tempfile::tempdir().unwrap();
    let (home, state) = (place.path().join("nowhere"), place.path().join("state"));
    for program in [Program::on(&home, &state), Program::stateless(&home)] {
        for command in ["list", "status", "find 01234567"] {
            let outcome = program.run(command.split(' ')).ended(1);
            assert!(outcome.stderr.contains(home.to_str().unwrap()), "{command}: {}", outcome.stderr);
        }
    }
    Program::on(&home, &state).run(["init"]).ended(1);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_home_without_threads_has_none() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for program in [Program::on(home.path(), state.path()), Program::stateless(home.path())] {
        assert_eq!(program.json(["list"]), json!({ "items": [], "nextCursor": Value::Null }));
        assert_eq!(program.json(["status"])["problems"], json!([]));
    }
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

/// Commands that look answer from the files, and say so; `init` fails, and says why.
fn without_a_place_for_state(ground: &Ground, program: &Program, place: &Path) {
    let before = listing(&ground.home());
    let list = program.run(["--json", "list", "--limit", "0", "--all"]).well();
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 3);
    assert!(list.stderr.contains(place.to_str().unwrap()), "{}", list.stderr);
    assert_eq!(list.stderr.trim().lines().count(), 1, "{}", list.stderr);
    program.run(["--json", "find", ground.victim.id()]).well();
    program.run(["--json", "status"]).well();
    let init = program.run(["init"]).ended(1);
    assert!(init.stderr.contains(place.to_str().unwrap()), "{}", init.stderr);
    assert_eq!(listing(&ground.home()), before);
}

#[test]
fn a_read_only_home_is_read() {
    let ground = Ground::new();
    open_to_everybody(ground.place.path());
    let home = ground.home();
    let Some(program) = Program::new().with(["--home".as_ref(), home.as_os_str()]).as_nobody() else { return };
    closed(&home, 0o555);
    without_a_place_for_state(&ground, &program, &home.join("threadkeep"));
    closed(&home, 0o755);
}

#[test]
fn a_state_directory_that_cannot_be_made_is_done_without() {
    let ground = Ground::new();
    open_to_everybody(ground.place.path());
    let shut = ground.place.path().join("shut");
    fs::create_dir(&shut).unwrap();
    closed(&shut, 0o555);
    let state = shut.join("state");
    let Some(program) = Program::on(&ground.home(), &state).as_nobody() else { return };
    without_a_place_for_state(&ground, &program, &state);
    closed(&shut, 0o755);
}

#[test]
fn a_state_directory_that_is_a_file_is_done_without() {
    let ground = Ground::new();
    let state = ground.place.path().join("state");
    fs::write(&state, "a file").unwrap();
    without_a_place_for_state(&ground, &Program::on(&ground.home(), &state), &state);
    assert_eq!(fs::read_to_string(&state).unwrap(), "a file");
}
