//! Killed at every change that it makes on disk, a repair is finished, or was not begun, when the next start is over.

use serde_json::json;
use support::kill::each_point;
use threadkeep::health::repair;

use super::ground::{Dump, World, everything};

impl World {
    /// As it was, or as it was meant; nothing in between, nothing left to do, nothing left behind.
    fn settled(&self, before: &Dump, after: &Dump, ended: bool) {
        self.program.run(["status"]).well();
        self.program.run(["init"]).well();
        assert_eq!(repair::unfinished(self.state.path()), None);
        let rows = self.rows();
        assert!(rows == *after || (rows == *before && !ended), "{rows:#?}");
        self.is_tidy();
        assert_eq!(self.program.run(["init"]).well().stderr, "");
    }
}

#[test]
fn a_repair_that_was_killed_is_whole_or_was_not_begun() {
    let world = World::newest();
    let plan = world.plan(everything(&world));
    let before = world.rows();
    let done = world.again();
    done.apply(everything(&done)).well();
    let after = done.rows();
    let points = each_point(
        || {
            let world = world.again();
            world.plan(everything(&world));
            world
        },
        |world| {
            let plan = world.state.path().join(plan.file_name().unwrap());
            world.program.command(["repair".as_ref(), "apply".as_ref(), plan.as_os_str(), "--yes".as_ref()])
        },
        |world, point| {
            let meant = relocated(&after, &done, world);
            world.settled(&before, &meant, point.is_none());
            // It can be taken back from there.
            if world.rows() == meant {
                world.undo().well();
                assert_eq!(world.rows(), before);
            }
        },
    );
    assert!(points.is_none_or(|points| points > 20), "{points:?}");
}

#[test]
fn a_repair_whose_taking_back_was_killed_is_taken_back_whole_or_stands() {
    let world = World::newest();
    let before = world.rows();
    world.apply(everything(&world)).well();
    let after = world.rows();
    // The path in it is that of the first home: taking it back needs no file.
    let points = each_point(
        || world.again(),
        |world| world.program.command(["repair", "undo", "--yes"]),
        |world, point| world.settled(&after, &before, point.is_none()),
    );
    assert!(points.is_none_or(|points| points > 20), "{points:?}");
}

#[test]
fn what_was_broken_off_is_left_for_later_while_somebody_has_the_database_open_and_keeps_others_out() {
    let world = World::newest();
    world.apply(everything(&world)).well();
    let (rows, log) = (world.rows(), world.program.json(["repair", "log"]));
    let name = log["items"][0]["name"].as_str().unwrap();
    let mark = world.state.path().join("repairs").join(name).join("applied.json");
    std::fs::remove_file(&mark).unwrap();
    assert!(repair::unfinished(world.state.path()).unwrap().contains(name));
    {
        let db = world.open();
        db.query_row("SELECT count(*) FROM threads", [], |row| row.get::<_, i64>(0)).unwrap();
        let started = world.program.run(["init"]).well();
        assert!(started.stderr.contains("left for later") && started.stderr.contains("close it"), "{}", started.stderr);
        let undo = world.undo().ended(1);
        assert!(undo.stderr.contains("has to be finished before"), "{}", undo.stderr);
    }
    let again = world.apply(json!([])).well();
    assert!(again.stderr.contains("is finished now"), "{}", again.stderr);
    assert_eq!(world.rows(), rows);
    assert!(mark.exists());
}

/// What was meant in one home, in another one.
fn relocated(after: &Dump, from: &World, to: &World) -> Dump {
    let [from, to] = [from, to].map(|world| world.home.path().to_str().unwrap().to_string());
    let row = |row: &String| row.replace(&from, &to);
    after.iter().map(|(table, rows)| (table.clone(), rows.iter().map(row).collect())).collect()
}
