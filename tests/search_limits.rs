//! What an index of what was said costs at most: memory, bytes that are written, and never a network connection.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::{Collection, Program, Rollout, giant_thread, listing, millis, skipped, uuid7};
use tempfile::{TempDir, tempdir};

struct Place {
    home: TempDir,
    state: TempDir,
    program: Program,
}

fn id(number: u64) -> String {
    uuid7(began(number), number)
}

fn began(number: u64) -> i64 {
    millis("2026-03-01T10:00:00.000Z") + number as i64 * 60_000
}

fn talk(number: u64) -> Rollout {
    Rollout::legacy(&id(number)).at_millis(began(number)).user(&format!("thread {number}"))
}

/// So many bytes of words, few of them often, as people speak.
fn words(seed: usize, bytes: usize) -> String {
    let rank = |word: usize| 30_000 / (1 + (seed * 7_919 + word * 104_729) % 30_011);
    (0..bytes / 7).map(|word| format!("w{:05} ", rank(word) * 7 + word % 3)).collect()
}

impl Place {
    fn new() -> Place {
        let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
        let program = Program::on(home.path(), state.path());
        Place { home, state, program }
    }
}

/// The same command, started by another program that gets it behind its own arguments.
fn under(program: &str, arguments: &[&str], command: &Command) -> Command {
    let mut outer = Command::new(program);
    outer.args(arguments).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    outer.env_clear().envs(variables).env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    outer.current_dir(command.get_current_dir().unwrap_or(Path::new("/")));
    outer
}

/// The calls of files and of the network that a command makes, and all that it started; none where nothing can be traced.
pub(crate) fn calls(command: &Command) -> Option<Vec<String>> {
    let place = tempdir().unwrap();
    let trace = place.path().join("trace");
    let mut strace = under(
        "strace",
        &["-f", "-qq", "-e", "trace=network,open,openat,openat2", "-o", trace.to_str().unwrap()],
        command,
    );
    let output = strace.output().ok()?;
    let text = fs::read_to_string(&trace).unwrap_or_default();
    assert!(!text.is_empty() || output.status.code() == Some(1), "{output:?}");
    (!text.is_empty()).then(|| text.lines().map(str::to_owned).collect())
}

/// Those calls that reach for a network; a pair of sockets within a process is none.
fn of_network(calls: &[String]) -> Vec<&String> {
    const NAMES: [&str; 7] = [" socket(", " connect(", " bind(", " listen(", " accept", " sendto(", " sendmsg("];
    calls.iter().filter(|call| NAMES.iter().any(|name| call.contains(name))).collect()
}

#[test]
fn no_network_connection_is_ever_opened() {
    let mut shell = Command::new("bash");
    shell.args(["-c", "exec 3<>/dev/tcp/127.0.0.1/9; true"]);
    match calls(&shell) {
        None => return skipped("no strace, so nothing is shown of network connections"),
        Some(calls) => assert!(!of_network(&calls).is_empty(), "connections are not seen: {calls:?}"),
    }
    let place = Place::new();
    for number in 0..3 {
        talk(number).agent("The kite is up.").write(place.home.path(), Collection::Active);
    }
    let commands: [&[&str]; 8] = [
        &["init"],
        &["search", "kite"],
        &["--no-state", "search", "kite"],
        &["search", "--thread", &id(1), "kite"],
        &["doctor"],
        &["list"],
        &["status"],
        &["init", "--rebuild"],
    ];
    for arguments in commands {
        let calls = calls(&place.program.command(arguments)).unwrap();
        assert!(calls.iter().any(|call| call.contains("open")), "{arguments:?}: no call of a file is seen");
        assert!(of_network(&calls).is_empty(), "{arguments:?}: {:?}", of_network(&calls));
    }
}

#[test]
fn a_search_with_nothing_new_opens_no_rollout_and_changes_no_file() {
    let place = Place::new();
    for number in 0..9 {
        talk(number).agent(&words(number as usize, 3_000)).write(place.home.path(), Collection::Active);
    }
    place.program.run(["init"]).well();
    place.program.run(["search", "--in", "messages", "nowhere"]).ended(3);
    let files = || {
        let mut files = listing(place.state.path());
        // What SQLite puts beside a database while it is open comes and goes in its directory.
        files.remove("");
        files
    };
    let before = files();
    let opened = |arguments: &[&str]| {
        let calls = calls(&place.program.command(arguments))?;
        Some(calls.into_iter().filter(|call| call.contains("rollout-")).count())
    };
    let nowhere = opened(&["search", "--in", "messages", "nowhere"]);
    let (Some(found), Some(nowhere)) = (opened(&["search", "thread 3"]), nowhere) else {
        return skipped("no strace, so nothing is shown of files that are read");
    };
    assert!(found > 0, "what is read for snippets is not seen");
    assert_eq!(nowhere, 0);
    assert_eq!(files(), before);
}

/// Bytes that a command writes, and those of them that go to a disk; none where that is not told.
fn written(program: &Program, arguments: &[&str]) -> Option<[u64; 2]> {
    // What a process did counts for the one that waited for it.
    let script = r#""$@" > /dev/null 2>&1; exec cat /proc/$$/io"#;
    let output = under("sh", &["-c", script, "sh"], &program.command(arguments)).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let count = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.parse().ok());
    // What is taken back before it comes to a disk: a file that is removed again.
    let to_disk = count("write_bytes").unwrap_or(0u64).saturating_sub(count("cancelled_write_bytes").unwrap_or(0));
    Some([count("wchar")?, to_disk])
}

#[test]
fn a_refresh_writes_at_most_eight_times_the_new_text_and_a_quarter_of_a_megabyte() {
    let place = Place::new();
    let mut paths: Vec<PathBuf> = Vec::new();
    for number in 0..40 {
        let rollout = talk(number).agent(&words(number as usize, 90_000));
        paths.push(rollout.write(place.home.path(), Collection::Active));
    }
    let Some(filled) = written(&place.program, &["init"]) else {
        return skipped("the system does not tell what a process wrote");
    };
    assert!(filled[0] > 1 << 20, "what is written is not seen: {filled:?}");
    let refresh = || written(&place.program, &["search", "--in", "messages", "nowhere"]).unwrap();
    refresh();
    // The core's memory is a file that is nowhere; it is the same every time.
    let nothing = refresh();
    assert!(nothing[0] < 1 << 20 && nothing[1] < 32 << 10, "{nothing:?}");
    for (round, bytes) in
        [200, 200, 5_000, 60_000, 600_000, 200, 1_000, 20_000, 200, 200, 200, 200, 3_000, 200, 200, 200]
            .into_iter()
            .chain(std::iter::repeat_n(700, 16))
            .enumerate()
    {
        let line = format!(
            r#"{{"timestamp":"2026-03-02T10:00:00.000Z","type":"event_msg","payload":{{"type":"agent_message","message":"{}"}}}}"#,
            words(1_000 + round, bytes)
        );
        let mut file = File::options().append(true).open(&paths[round % 7]).unwrap();
        writeln!(file, "{line}").unwrap();
        let (found, most) = (refresh(), 8 * line.len() as u64 + (256 << 10));
        for (found, nothing) in found.into_iter().zip(nothing) {
            let found = found.saturating_sub(nothing);
            assert!(found <= most, "round {round}, {} bytes: {found} were written, at most {most}", line.len());
        }
    }
    // Which process is told to have written a page that several had a hand in is the system's to say.
    let last = refresh();
    assert!(last[0] == nothing[0] && last[1] < 32 << 10, "{last:?}");
}

/// What filling an index may have resident, in KiB.
const MOST_MEMORY: u64 = 96 << 10;
/// Bytes of a line that is an image.
const IMAGE: usize = 100 << 20;

/// A group of processes with a limit of memory, removed when it is dropped.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    /// None where it cannot be had, with the reason said.
    fn of(bytes: u64) -> Option<MemoryGroup> {
        let group =
            MemoryGroup(PathBuf::from(format!("/sys/fs/cgroup/memory/threadkeep-tests-{}", std::process::id())));
        let made =
            fs::create_dir(&group.0).and_then(|()| fs::write(group.0.join("memory.limit_in_bytes"), bytes.to_string()));
        made.map_err(|error| skipped(&format!("no group of processes with a limit of memory: {error}"))).ok()?;
        Some(group)
    }

    /// Runs a command in it.
    fn run(&self, command: &Command) -> Output {
        let script = r#"echo $$ > "$0/cgroup.procs" && exec "$@""#;
        under("sh", &["-c", script, self.0.to_str().unwrap()], command).output().unwrap()
    }

    fn peak(&self) -> u64 {
        fs::read_to_string(self.0.join("memory.max_usage_in_bytes")).unwrap().trim().parse().unwrap()
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_rollout_with_an_image_of_a_hundred_megabytes_is_filled_in_little_memory() {
    for paginated in [false, true] {
        let place = Place::new();
        giant_thread(place.home.path(), &id(1), paginated, IMAGE, (IMAGE + (20 << 20)) as u64);
        let watched = Program::on(place.home.path(), place.state.path()).watched();
        let filled = watched.run(["init"]).well();
        assert!((1..MOST_MEMORY).contains(&filled.peak_kib), "{} KiB", filled.peak_kib);
        // What stands in the line of the image, and behind it.
        for words in ["ostrich", "zephyrine", "\"look at this ostrich\""] {
            let found = watched.run(["--json", "search", words]).well();
            assert_eq!(found.json()["total"], 1, "{words}");
            assert!(found.peak_kib < MOST_MEMORY, "{words}: {} KiB", found.peak_kib);
        }
        let elsewhere = tempdir().unwrap();
        let program = Program::on(place.home.path(), elsewhere.path());
        if let Some(group) = MemoryGroup::of(128 << 20) {
            let output = group.run(&program.command(["init"]));
            assert!(output.status.success(), "{output:?}");
            assert!(group.peak() > 1 << 20, "it was not in the group");
            assert_eq!(program.json(["status"])["textIndex"]["current"], 1);
        }
    }
}
