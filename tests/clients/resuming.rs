//! The real Codex, gone on with by `resume` and from the browser: in the right directory, the right thread, with the rights it had.

use std::path::{Path, PathBuf};
use std::process::Command;

use support::terminal::Terminal;
use support::{Collection, HomeAndState, Rollout};
use tempfile::{TempDir, tempdir};

use super::{codexes, id};

/// What the composer shows while nothing is typed.
const COMPOSER: &str = "Ask Codex to do anything";

/// A home with two threads, a project in which they ran, and a Codex.
struct World {
    home: HomeAndState,
    place: TempDir,
    codex: PathBuf,
}

impl World {
    fn of(codex: &Path) -> World {
        let world = World { home: HomeAndState::new(), place: tempdir().unwrap(), codex: codex.into() };
        let project = world.project();
        std::fs::create_dir_all(&project).unwrap();
        let config = format!(
            "model = \"harbour-1\"\nmodel_provider = \"harbour\"\nsandbox_mode = \"workspace-write\"\n\
             check_for_update_on_startup = false\n[model_providers.harbour]\nname = \"harbour\"\n\
             base_url = \"http://127.0.0.1:9/v1\"\nwire_api = \"responses\"\nrequires_openai_auth = false\n\
             [analytics]\nenabled = false\n[projects.\"{project}\"]\ntrust_level = \"trusted\"\n"
        );
        std::fs::write(world.home.home.path().join("config.toml"), config).unwrap();
        world.write(1, "Why does the kite spin?", "workspace-write");
        world.write(2, "Look at the reel, and touch nothing.", "read-only");
        world.home.program().run(["init"]).well();
        world
    }

    fn project(&self) -> String {
        self.place.path().canonicalize().unwrap().join("kites").to_str().unwrap().to_owned()
    }

    fn write(&self, number: u64, prompt: &str, sandbox: &str) {
        let rollout = Rollout::paginated(&id(number)).cwd(&self.project()).user(prompt);
        let file = rollout.agent(&format!("answer {number}")).write(self.home.home.path(), Collection::Active);
        let text = std::fs::read_to_string(&file).unwrap().replace("workspace-write", sandbox);
        std::fs::write(file, text).unwrap();
    }

    /// Runs the program in a terminal, and tells its exit code at the end.
    fn run(&self, words: &[&str]) -> Option<Terminal> {
        let program = self.home.program().variable("THREADKEEP_RESUME_CODEX", &self.codex);
        let plain = program.command(words);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "\"$@\"; echo \"exit code $?\"", "sh"]).arg(plain.get_program()).args(plain.get_args());
        command.current_dir("/").env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.home.home.path()).env("TERM", "xterm-256color");
        Terminal::start_sized(&command, 110, 34)
    }
}

/// Ends Codex, which says goodbye, and gives what is on the screen then.
fn ended(terminal: &Terminal) -> String {
    terminal.type_text("/quit");
    terminal.shows("/quit");
    terminal.press(&["Enter"]);
    terminal.shows("exit code 0")
}

#[test]
fn resume_starts_codex_where_the_thread_was_and_passes_its_exit_code_on() {
    for codex in codexes() {
        let world = World::of(&codex);
        let Some(terminal) = world.run(&["resume", &id(1), "--no-state"]) else { return };
        terminal.until("the thread", |screen| screen.contains("answer 1") && screen.contains(COMPOSER));
        terminal.type_text("/status");
        terminal.shows("/status");
        terminal.press(&["Enter"]);
        let status = terminal.until("the status", |screen| screen.contains("Directory:")).replace(['│', '\n', ' '], "");
        assert!(status.contains("kites") && status.contains(&id(1)), "{status}");
        ended(&terminal);
    }
}

#[test]
fn the_browser_goes_on_with_the_selected_thread_and_a_read_only_one_stays_so() {
    for codex in codexes() {
        let world = World::of(&codex);
        let Some(terminal) = world.run(&["tui", "--scope", "everywhere"]) else { return };
        terminal.shows("Why does the kite spin?");
        terminal.type_text("reel");
        terminal.until("it alone", |screen| screen.contains("touch nothing") && !screen.contains("kite spin"));
        terminal.press(&["Enter"]);
        terminal.until("the thread", |screen| screen.contains("answer 2") && screen.contains(COMPOSER));
        terminal.type_text("/status");
        terminal.shows("/status");
        terminal.press(&["Enter"]);
        let status = terminal.until("the status", |screen| screen.contains("Directory:"));
        assert!(status.to_lowercase().replace('-', " ").contains("read only"), "{status}");
        ended(&terminal);
    }
}

#[test]
fn a_thread_that_a_codex_has_open_is_not_started_again() {
    for codex in codexes() {
        let mut world = World::of(&codex);
        // Else a server in the background has the thread, which others join.
        let help = Command::new(&codex).args(["resume", "--help"]).output().unwrap();
        if String::from_utf8_lossy(&help.stdout).contains("--no-daemon") {
            world.codex = format!("{} --no-daemon", codex.display()).into();
        }
        let Some(first) = world.run(&["resume", &id(1), "--no-state"]) else { return };
        first.until("the thread", |screen| screen.contains("answer 1") && screen.contains(COMPOSER));
        let Some(second) = world.run(&["resume", &id(1), "--no-state"]) else { return };
        let told = second.until("its end", |screen| screen.contains("exit code")).replace([' ', '\n'], "");
        assert!(told.contains("exitcode6") && told.contains("endthatfirst"), "{told}");
        ended(&first);
    }
}
