//! The browser in a terminal: what it shows, what keys do, what it sends, and how it leaves the terminal behind,
//! whatever the terminal, the home and the state DB are.

mod drawing;
mod hostile;
mod keys;
mod leaving;
mod pictures;
mod remote;
mod scripts;
mod shell;
mod unusual;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use support::screen::{Pty, Screen};
use support::{Collection, HomeAndState, Program, Rollout, name_thread, uuid7};
use tempfile::{TempDir, tempdir};

/// Nothing comes for so long when nothing more is to come.
const QUIET: Duration = Duration::from_millis(400);
/// The exit code of the program that stands for Codex.
const OF_THE_PROGRAM: i32 = 42;
/// What stands at the beginning of the selected row.
const MARK: &str = "▌";

/// A home, a state directory, a directory in which the threads ran, and a program that stands for Codex.
struct World {
    home: HomeAndState,
    place: TempDir,
    program: Program,
}

impl World {
    /// A world without threads.
    fn empty() -> World {
        let (home, place) = (HomeAndState::new(), tempdir().unwrap());
        let stand_in = place.path().canonicalize().unwrap().join("program");
        executable(&stand_in, "#!/bin/sh\necho \"started in $(pwd): $*\"\nexit 42\n");
        let program = home.program().variable("THREADKEEP_RESUME_CODEX", stand_in);
        let world = World { home, place, program };
        std::fs::create_dir_all(world.directory()).unwrap();
        world
    }

    /// A world whose home was written so, and is indexed.
    fn of(write: impl FnOnce(&Path)) -> World {
        let world = World::empty();
        write(world.home.home.path());
        world.program.run(["init"]).well();
        world
    }

    /// A world of threads about the months of a garden, the newest last; the first three have names.
    fn of_months() -> World {
        let world = World::empty();
        for number in 0..MONTHS.len() {
            world.write_month(number);
        }
        for (number, name) in ["Kites in winter", "Reeds", "The herons"].into_iter().enumerate() {
            name_thread(world.home.home.path(), &month_id(number), name, month_at(number) + 60_000);
        }
        world.program.run(["init"]).well();
        world
    }

    fn write_month(&self, number: usize) {
        let (month, work) = MONTHS[number];
        let directory = self.directory();
        let rollout = Rollout::paginated(&month_id(number)).at_millis(month_at(number));
        let rollout = rollout.cwd(directory.to_str().unwrap());
        let said = format!("The {work} of {month} is written down; the marigold{number} stays where it is.");
        let rollout = rollout.user(&format!("What is to do in {month}?")).agent(&said).tokens(1_000);
        rollout.write(self.home.home.path(), Collection::Active);
    }

    /// Where the threads ran: it is there.
    fn directory(&self) -> PathBuf {
        self.place.path().canonicalize().unwrap().join("garden")
    }

    /// The command, run where the threads ran.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program.command(arguments);
        command.current_dir(self.directory());
        command
    }

    /// Starts the browser in a terminal of a size.
    fn browse(&self, columns: usize, rows: usize, arguments: &[&str]) -> Pty {
        Pty::start(self.command(&[&["tui"], arguments].concat()), columns, rows)
    }

    /// Starts the browser in a usual terminal, and waits for the first thread.
    fn browse_months(&self, arguments: &[&str]) -> Pty {
        let mut pty = self.browse(80, 24, arguments);
        pty.until("a selected thread", |screen| selected(screen).is_some());
        pty
    }
}

/// What is done in which month.
const MONTHS: [(&str, &str); 12] = [
    ("January", "pruning"),
    ("February", "sharpening"),
    ("March", "sowing"),
    ("April", "planting"),
    ("May", "weeding"),
    ("June", "watering"),
    ("July", "picking"),
    ("August", "drying"),
    ("September", "storing"),
    ("October", "digging"),
    ("November", "raking"),
    ("December", "resting"),
];

fn month_at(number: usize) -> i64 {
    1_772_359_200_000 + number as i64 * 86_400_000
}

fn month_id(number: usize) -> String {
    uuid7(month_at(number), number as u64)
}

fn executable(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, script).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The row of the list that is selected. The preview marks what was said, too, below the list or beside it.
fn selected(screen: &Screen) -> Option<usize> {
    let rows = (0..screen.rows).take_while(|row| !screen.line(*row).starts_with("──"));
    rows.into_iter().find(|row| screen.cell(0, *row).text == MARK)
}

/// The line of the selected row, without a preview beside it; nothing where none is.
fn selected_line(screen: &Screen) -> String {
    let line = selected(screen).map(|row| screen.line(row)).unwrap_or_default();
    line.split('│').next().unwrap_or_default().to_owned()
}

/// What is typed: it stands behind the prompt, and two spaces before whatever else is in the first line.
fn typed(screen: &Screen) -> Option<String> {
    let line = screen.line(0);
    let rest = line.strip_prefix('>')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest).split("  ").next().unwrap_or_default().to_owned())
}

/// Ends a browser by a key, and gives its exit code; the terminal is as it was.
#[track_caller]
fn quit(pty: &mut Pty, key: &str) -> Option<i32> {
    pty.press(key);
    let status = pty.end();
    pty.is_restored();
    pty.has_no_intruders();
    status.code()
}
