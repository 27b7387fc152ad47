//! Going on with a thread: in the right directory, with no more rights than it had, and never where somebody else writes it.

use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use support::terminal::Terminal;
use support::{Collection, HomeAndState, Outcome, Program, Rollout, blank_row, same};
use tempfile::{TempDir, tempdir};
use threadkeep::platform::home::Home;
use threadkeep::platform::writer_lock::WriterLock;
use threadkeep_contract::{CodexFields, Configured, LaunchDirectory, LaunchFacts, Place, ThreadRow, WantedDirectory};
use threadkeep_core::features::launching::plan_launch;

const ONE: &str = "019d2000-0000-7000-8000-000000000001";
const OTHER: &str = "019d2000-0000-7000-8000-000000000002";
const CHILD: &str = "019d2000-0000-7000-8000-000000000003";
/// The exit code of the program that stands for Codex.
const OF_THE_PROGRAM: i32 = 42;

/// A home, directories of projects, and a program that stands for Codex: it writes down how it was called.
struct World {
    home: HomeAndState,
    place: TempDir,
}

impl World {
    fn new() -> World {
        let world = World { home: HomeAndState::new(), place: tempdir().unwrap() };
        let script = "#!/bin/sh\necho \"in $(pwd): $*; home ${CODEX_HOME:-none}\"\nexit 42\n";
        let program = world.path("program");
        std::fs::write(&program, script).unwrap();
        set_executable(&program);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().canonicalize().unwrap().join(name)
    }

    /// A directory of a project, which is made.
    fn project(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn program(&self) -> Program {
        self.home.program().variable("THREADKEEP_RESUME_CODEX", self.path("program"))
    }

    /// Writes a thread whose last turn had these rights.
    fn write(&self, rollout: &Rollout, sandbox: &str, approval: &str) {
        let file = rollout.write(self.home.home.path(), Collection::Active);
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.replace("workspace-write", sandbox);
        let text = text.replace("\"approval_policy\":\"on-request\"", &format!("\"approval_policy\":\"{approval}\""));
        std::fs::write(file, text).unwrap();
    }

    fn thread(&self, id: &str, directory: &str, prompt: &str) {
        self.write(&Rollout::paginated(id).cwd(directory).user(prompt).agent("Done."), "workspace-write", "on-request");
    }

    /// A thread that began in one directory and went on in another one.
    fn wandering_thread(&self) -> (String, String) {
        let (first, last) = (self.project("kites"), self.project("tails"));
        let rollout = Rollout::paginated(ONE).cwd(&first).user("Why does it spin?").cwd(&last).user("And the tail?");
        self.write(&rollout, "workspace-write", "on-request");
        (first, last)
    }

    fn configure(&self, config: &str) {
        std::fs::write(self.home.home.path().join("config.toml"), config).unwrap();
    }

    fn resume(&self, arguments: &[&str]) -> Outcome {
        self.program().run([&["resume"], arguments].concat())
    }
}

fn set_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_thread_goes_on_where_it_was_and_the_exit_code_is_the_programs() {
    let world = World::new();
    let project = world.project("kites");
    world.thread(ONE, &project, "Why does the kite spin?");
    let ran = world.resume(&[ONE]).ended(OF_THE_PROGRAM);
    let home = world.home.home.path().to_str().unwrap();
    assert_eq!(ran.stdout, format!("in {project}: resume --cd {project} {ONE}; home {home}\n"));
    assert!(ran.stderr.contains(&format!("in {project}")), "{}", ran.stderr);
    let printed = world.resume(&[ONE, "--print"]).well();
    let command = format!("CODEX_HOME={home} {} resume --cd {project} {ONE}", world.path("program").display());
    assert_eq!(printed.stdout, format!("cd {project} && {command}\n"));
    let document = world.program().json(["resume", ONE, "--print"]);
    assert_eq!((&document["directory"], &document["threadId"]), (&project.clone().into(), &ONE.into()), "{document}");
    world.resume(&[ONE, "--json"]).ended(2);
}

#[test]
fn it_is_asked_where_the_directory_is_gone_or_changed_and_a_named_one_wins() {
    let world = World::new();
    let (first, last) = world.wandering_thread();
    let asked = world.resume(&[ONE]).ended(4);
    assert!(asked.stderr.contains(&format!("began in {first}, and its last turn was in {last}")), "{}", asked.stderr);
    let ran = world.resume(&[ONE, "--dir", &first]).ended(OF_THE_PROGRAM);
    assert!(ran.stdout.starts_with(&format!("in {first}: resume --cd {first} ")), "{}", ran.stdout);

    let gone = world.path("gone").to_str().unwrap().to_owned();
    let url = "https://git.example/harbour/kites.git";
    let moved = Rollout::paginated(OTHER).cwd(&gone).git("main", "1".repeat(40).as_str(), url).user("Who flies it?");
    world.write(&moved, "workspace-write", "on-request");
    let alike = Rollout::paginated(CHILD).cwd(&last).git("main", "1".repeat(40).as_str(), url).user("Who else?");
    world.write(&alike, "workspace-write", "on-request");
    let asked = world.resume(&[OTHER]).ended(4);
    assert!(asked.stderr.contains("is not there any more") && asked.stderr.contains(&last), "{}", asked.stderr);
    assert!(asked.stdout.is_empty(), "{}", asked.stdout);
    world.resume(&[OTHER, "--here"]).ended(OF_THE_PROGRAM);
    world.resume(&[OTHER, "--dir", &gone]).ended(2);
    // What was said to have moved is where it is now.
    world.program().run(["relocate", &gone, &last, "--yes"]).well();
    let ran = world.resume(&[OTHER]).ended(OF_THE_PROGRAM);
    assert!(ran.stdout.starts_with(&format!("in {last}: ")), "{}", ran.stdout);
}

#[test]
fn narrower_rights_are_kept_and_wider_ones_are_not_asked_for() {
    let world = World::new();
    let project = world.project("kites");
    let rollout = Rollout::paginated(ONE).cwd(&project).user("Look, and touch nothing.");
    world.write(&rollout, "read-only", "untrusted");
    world.configure("sandbox_mode = \"danger-full-access\"\napproval_policy = \"never\"\n");
    let ran = world.resume(&[ONE]).ended(OF_THE_PROGRAM);
    let kept = "resume --sandbox read-only -c approval_policy=\"untrusted\" --cd";
    assert!(ran.stdout.contains(kept), "{}", ran.stdout);
    assert!(ran.stderr.contains("sandbox: read-only as it was, not danger-full-access"), "{}", ran.stderr);
    let ran = world.resume(&[ONE, "--current-policy"]).ended(OF_THE_PROGRAM);
    assert!(ran.stdout.contains("resume --cd"), "{}", ran.stdout);
    assert!(ran.stderr.contains("sandbox: was read-only, and is danger-full-access now"), "{}", ran.stderr);
    world.write(&rollout, "danger-full-access", "never");
    world.configure("sandbox_mode = \"read-only\"\napproval_policy = \"on-request\"\n");
    let ran = world.resume(&[ONE]).ended(OF_THE_PROGRAM);
    assert!(ran.stdout.contains("resume --cd"), "{}", ran.stdout);
}

#[test]
fn a_provider_that_the_configuration_does_not_know_is_told() {
    let world = World::new();
    world.thread(ONE, &world.project("kites"), "Why does it spin?");
    let ran = world.resume(&[ONE]).ended(OF_THE_PROGRAM);
    assert!(ran.stderr.contains("has no provider 'harbour'"), "{}", ran.stderr);
    world.configure("[model_providers.harbour]\nname = \"Harbour\"\n");
    let ran = world.resume(&[ONE]).ended(OF_THE_PROGRAM);
    assert!(!ran.stderr.contains("has no provider"), "{}", ran.stderr);
}

#[test]
fn a_thread_that_is_being_written_is_not_started_and_who_writes_it_is_told() {
    let world = World::new();
    world.thread(ONE, &world.project("kites"), "Why does it spin?");
    let home = Home::open(world.home.home.path(), |_| None).unwrap();
    let lock = WriterLock::take(&home, ONE).unwrap();
    let held = world.resume(&[ONE]).ended(6);
    assert!(held.stderr.contains(&format!("(pid {})", std::process::id())), "{}", held.stderr);
    assert!(held.stdout.is_empty(), "{}", held.stdout);
    world.resume(&[ONE, "--print"]).well();
    // What Codex says is its background server lets another Codex join.
    let server = world.home.home.path().join("app-server-daemon");
    std::fs::create_dir(&server).unwrap();
    std::fs::write(server.join("daemon.pid"), format!("{{\"pid\":{}}}", std::process::id())).unwrap();
    world.resume(&[ONE]).ended(OF_THE_PROGRAM);
    for other in ["{\"pid\":1}", "", "[]"] {
        std::fs::write(server.join("daemon.pid"), other).unwrap();
        world.resume(&[ONE]).ended(6);
    }
    drop(lock);
    world.resume(&[ONE]).ended(OF_THE_PROGRAM);
}

#[test]
fn a_thread_in_the_archive_is_taken_out_where_that_is_said_and_else_asked_about() {
    let world = World::new();
    world.thread(ONE, &world.project("kites"), "Why does it spin?");
    world.program().run(["archive", ONE]).well();
    let asked = world.resume(&[ONE]).ended(4);
    assert!(asked.stderr.contains("in the archive") && asked.stdout.is_empty(), "{}", asked.stderr);
    assert_eq!(world.program().json(["find", ONE])["archived"], true);
    world.resume(&[ONE, "--unarchive"]).ended(OF_THE_PROGRAM);
    assert_eq!(world.program().json(["find", ONE])["archived"], false);
}

#[test]
fn a_sub_agents_thread_leads_to_the_one_that_began_it() {
    let world = World::new();
    let project = world.project("kites");
    let parent = Rollout::paginated(ONE).cwd(&project).user("Ask somebody.");
    world.write(&parent, "workspace-write", "on-request");
    world.write(&Rollout::sub_agent(CHILD, &parent, "look", "Ada").user("Look."), "workspace-write", "on-request");
    let asked = world.resume(&[CHILD]).ended(4);
    assert!(asked.stderr.contains(&format!("threadkeep resume {ONE}")), "{}", asked.stderr);
}

#[test]
fn words_find_the_thread_in_which_they_were_said() {
    let world = World::new();
    let project = world.project("kites");
    world.thread(ONE, &project, "Why does the kite spin?");
    world.thread(OTHER, &project, "Why does the boat lean?");
    let ran = world.resume(&["boat", "lean"]).ended(OF_THE_PROGRAM);
    assert!(ran.stdout.contains(OTHER), "{}", ran.stdout);
    let asked = world.resume(&["why", "does"]).ended(4);
    assert!(asked.stderr.contains(ONE) && asked.stderr.contains(OTHER), "{}", asked.stderr);
    world.resume(&["submarine"]).ended(3);
}

#[test]
fn the_last_thread_of_a_worktree_is_one_that_a_person_began_there() {
    let world = World::new();
    let (kites, boats) = (world.project("kites"), world.project("boats"));
    world.write(&Rollout::paginated(ONE).cwd(&kites).user("Why?").at("2026-03-01T10:00:00.000Z"), "read-only", "never");
    let later = Rollout::paginated(OTHER).source("exec").cwd(&kites).user("Why?").at("2026-03-02T10:00:00.000Z");
    world.write(&later, "read-only", "never");
    let elsewhere = Rollout::paginated(CHILD).cwd(&boats).user("Why?").at("2026-03-03T10:00:00.000Z");
    world.write(&elsewhere, "read-only", "never");
    let within = |directory: &str| {
        let mut command = world.program().command(["resume", "--last", "--print"]);
        let output = command.current_dir(directory).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert!(within(&kites).1.contains(ONE), "{:?}", within(&kites));
    assert!(within(&boats).1.contains(CHILD), "{:?}", within(&boats));
    assert_eq!(within(world.place.path().join("kites/..").join("boats/..").to_str().unwrap()).0, Some(0));
    assert_eq!(within("/").0, Some(0));
}

#[test]
fn on_a_terminal_a_directory_is_chosen_by_its_number() {
    let world = World::new();
    let (first, _) = world.wandering_thread();
    let mut command: Command = world.program().command(["resume", ONE]);
    command.current_dir(&first);
    let Some(terminal) = Terminal::start(&command) else { return };
    terminal.shows("go on where?");
    terminal.type_text("2");
    terminal.press(&["Enter"]);
    terminal.shows(&format!("resume --cd {first}"));
}

/// Facts of a thread that was in one directory, which is there.
fn facts(recorded: (&str, &str), configured: (Option<&str>, Option<&str>)) -> LaunchFacts {
    let place = || Some(Place { path: "/src/kites".into(), is_there: true });
    let thread = ThreadRow { id: ONE.into(), path: "sessions/2026/01/01/rollout.jsonl".into(), ..same(blank_row()) };
    LaunchFacts {
        thread,
        recorded: Some(CodexFields {
            sandbox_policy: Some(format!("{{\"type\":\"{}\"}}", recorded.0)),
            approval_mode: Some(recorded.1.into()),
            ..CodexFields::default()
        }),
        configured: Configured {
            approval_policy: configured.1.map(Into::into),
            sandbox_mode: configured.0.map(Into::into),
            model: None,
            model_provider: "openai".into(),
            providers: Vec::new(),
        },
        first: place(),
        last: place(),
        here: "/home/robin".into(),
        directory: WantedDirectory::Recorded,
        same_remote: Vec::new(),
        current_policy: false,
    }
}

const SANDBOXES: [&str; 4] = ["read-only", "workspace-write", "danger-full-access", "of-tomorrow"];
const APPROVALS: [&str; 5] = ["untrusted", "on-request", "on-failure", "never", "of-tomorrow"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_recorded_and_configured_nothing_wider_is_passed_on(
        recorded in (0..4usize, 0..5usize),
        configured in (prop::option::of(0..4usize), prop::option::of(0..5usize)),
    ) {
        let told = (configured.0.map(|at| SANDBOXES[at]), configured.1.map(|at| APPROVALS[at]));
        let launch = plan_launch(facts((SANDBOXES[recorded.0], APPROVALS[recorded.1]), told));
        let passed = |word: &str| launch.policy.iter().any(|passed| passed.contains(word));
        prop_assert!(!passed("danger-full-access") && !passed("never") && !passed("of-tomorrow"));
        let sandbox = SANDBOXES.iter().position(|sandbox| passed(sandbox));
        if let Some(sandbox) = sandbox {
            prop_assert!(configured.0.is_none_or(|configured| sandbox < configured));
            prop_assert_eq!(sandbox, recorded.0);
        }
        if passed("untrusted") || passed("on-request") {
            prop_assert!(configured.1.map_or(recorded.1 == 0, |configured| recorded.1 < configured));
        }
        prop_assert_eq!(launch.directory, LaunchDirectory::Chosen("/src/kites".into()));
    }
}

#[test]
fn where_the_configuration_says_nothing_only_what_nothing_is_narrower_than_is_passed_on() {
    assert!(plan_launch(facts(("workspace-write", "on-request"), (None, None))).policy.is_empty());
    let launch = plan_launch(facts(("read-only", "untrusted"), (None, None)));
    assert_eq!(launch.policy[..2], ["--sandbox", "read-only"]);
    assert!(launch.policy[3].contains("untrusted"), "{:?}", launch.policy);
}
