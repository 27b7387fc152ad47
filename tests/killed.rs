//! Killed at every change that it makes on disk, a command leaves nothing in between behind.

use std::path::Path;

use support::kill::each_point;
use support::{Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";

/// A home, its state directory, and the program on them.
struct World {
    home: TempDir,
    state: TempDir,
    program: Program,
}

fn copied(from: &Path) -> TempDir {
    let to = tempdir().unwrap();
    copy(from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let there = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&there).unwrap();
            copy(&entry.path(), &there);
        } else {
            std::fs::copy(entry.path(), there).unwrap();
        }
    }
}

impl World {
    fn of(home: TempDir, state: TempDir) -> World {
        let program = Program::on(home.path(), state.path());
        World { home, state, program }
    }

    fn again(&self) -> World {
        World::of(copied(self.home.path()), copied(self.state.path()))
    }
}

#[test]
fn a_start_is_killed_anywhere_and_the_next_one_knows_everything() {
    let world = World::of(tempdir().unwrap(), tempdir().unwrap());
    Rollout::paginated(ONE).user("something").tokens(1).write(world.home.path(), Collection::Active);
    let points = each_point(
        || world.again(),
        |world| world.program.command(["init"]),
        |world, _| assert_eq!(world.program.json(["find", ONE])["id"], ONE),
    );
    assert!(points.is_none_or(|points| points > 10), "{points:?}");
}
