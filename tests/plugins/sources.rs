//! Files of other programs that are made to cost much, and importers that want all of it: the file is a finding, and the rest goes on.

use std::path::Path;

use support::{HomeAndState, Program, demo_home};
use tempfile::{TempDir, tempdir};

use super::made::Made;

/// A home with a state DB, the program with an importer, and a directory that it reads.
struct Importing {
    place: HomeAndState,
    files: TempDir,
    program: Program,
    _plugins: TempDir,
}

impl Importing {
    fn by(made: Made) -> Importing {
        let (place, files, plugins) = (HomeAndState::new(), tempdir().unwrap(), tempdir().unwrap());
        demo_home(place.home.path());
        let program = place.program().variable("THREADKEEP_PLUGIN_DIR", plugins.path().join("plugins")).watched();
        let file = made.write(plugins.path());
        program.run(["plugin", "install", file.to_str().unwrap(), "--yes"]).well();
        Importing { place, files, program, _plugins: plugins }
    }

    /// Reads the files within these limits. What it cannot read is said by the doctor; every other command goes on.
    fn failed(&self, limits: &[&str]) -> String {
        let directory = self.files.path().to_str().unwrap();
        let limits = limits.iter().flat_map(|limit| ["--plugin-limit", *limit]);
        let arguments = ["--json", "import", "--format", "made-importer", directory].into_iter().chain(limits);
        let ran = self.program.run(arguments);
        assert_eq!(ran.code, Some(1), "{} {}", ran.stdout, ran.stderr);
        assert_eq!(ran.json()["failed"], 1, "{}", ran.stdout);
        assert!(ran.peak_kib < MOST_MEMORY, "{} KiB", ran.peak_kib);
        let listed = self.place.program().json(["list", "--limit", "0", "--flat"]);
        assert!(listed["items"].as_array().unwrap().len() > 2, "{listed}");
        let found = self.place.program().run(["doctor", "--json"]).json()["findings"].as_array().unwrap().clone();
        let found: Vec<_> = found.iter().filter(|it| it["code"] == "foreign-sessions-unreadable").collect();
        assert_eq!(found.len(), 1, "{found:?}");
        let said = found[0].to_string();
        assert!(said.contains("made-importer"), "{said}");
        said
    }
}

/// So much memory has no run: a piece of a file at a time, and whatever the program has anyway.
const MOST_MEMORY: u64 = 256 << 10;

/// An importer that reads each file to its end by a function of the contract, from a place on, and passes on what it is told goes wrong.
fn reading(function: &str, from: u64) -> Made {
    let body = format!(
        "(call $open (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)) (i64.const {from}) (i32.const 0))
         (if (i32.load8_u (i32.const 0)) (then (unreachable)))
         (local.set $j (i32.load (i32.const 4)))
         (loop
             (global.set $free (i32.const 131072))
             (call $read (local.get $j) (i32.const 1048576) (i32.const 16))
             (if (i32.load8_u (i32.const 16)) (then (return (i32.const 16))))
             (br_if 0 (i32.load (i32.const 24))))
         (i32.const 512)"
    );
    Made::new("importer")
        .reading_every_file()
        .importing("source", "[static]reader.open", "open", "(param i32 i32 i64 i32)")
        .importing("source", &format!("[method]reader.{function}"), "read", "(param i32 i32 i32)")
        .doing(&body)
}

/// 64 GB of nothing, in a few megabytes.
fn bomb(path: &Path) {
    let frame = zstd::encode_all(&vec![0; 256 << 20][..], 1).unwrap();
    std::fs::write(path, frame.repeat(256)).unwrap();
}

#[test]
fn a_compressed_file_that_unpacks_to_gigabytes_costs_itself_alone() {
    for function in ["bytes", "lines"] {
        let importing = Importing::by(reading(function, 0));
        bomb(&importing.files.path().join("bomb.zst"));
        std::fs::write(importing.files.path().join("good.txt"), "a line\n").unwrap();
        let said = importing.failed(&[]);
        assert!(said.contains("not read further") && said.contains("bomb.zst"), "{said}");
    }
}

#[test]
fn what_is_unpacked_counts_be_it_passed_over() {
    for (function, from) in [("bytes", 0), ("lines", 0), ("bytes", 1 << 40), ("lines", 1 << 40)] {
        let importing = Importing::by(reading(function, from));
        bomb(&importing.files.path().join("bomb.zst"));
        let said = importing.failed(&["traffic=32MB"]);
        assert!(said.contains("limit 'traffic'"), "{function} from {from}: {said}");
    }
}

#[test]
fn a_line_that_has_no_end_is_passed_over_within_the_limits() {
    let importing = Importing::by(reading("lines", 0));
    // As long as a disk may be, and nothing of it is stored.
    let file = std::fs::File::create(importing.files.path().join("long.jsonl")).unwrap();
    file.set_len(1 << 40).unwrap();
    let said = importing.failed(&["traffic=64MB"]);
    assert!(said.contains("limit 'traffic'"), "{said}");
    std::fs::File::options()
        .write(true)
        .open(importing.files.path().join("long.jsonl"))
        .unwrap()
        .set_len(2 << 40)
        .unwrap();
    let said = importing.failed(&["time=1s", "traffic=9000GB"]);
    assert!(said.contains("limit 'time'"), "{said}");
}

#[test]
fn a_line_behind_one_that_is_too_long_is_read() {
    let importing = Importing::by(reading("lines", 0));
    let mut text = vec![b'a'; 20 << 20];
    text.extend(b"\nshort\n");
    std::fs::write(importing.files.path().join("long.jsonl"), text).unwrap();
    let directory = importing.files.path().to_str().unwrap();
    importing.program.run(["import", "--format", "made-importer", directory, "--plugin-limit", "traffic=21MB"]).well();
}

/// An importer that asks for all rows of a table again and again, and lets them go or not.
fn hoarding(lets_go: bool) -> Made {
    let mut made = Made::new("importer")
        .reading_every_file()
        .importing("source", "[static]rows.open", "open", "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)")
        .importing("source", "[resource-drop]rows", "drop", "(param i32)");
    let (table, column) = (made.place(b"large"), made.place(b"bytes"));
    let columns = made.place(&[column.to_le_bytes(), 5_u32.to_le_bytes()].concat());
    let drop = if lets_go { "(call $drop (i32.load (i32.const 4)))" } else { "" };
    made.doing(&format!(
        "(loop
             (call $open (i32.load (local.get 0)) (i32.load offset=4 (local.get 0)) (i32.const {table}) (i32.const 5)
                 (i32.const {columns}) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
             (if (i32.load8_u (i32.const 0)) (then (unreachable)))
             {drop}
             (local.set $i (i32.add (local.get $i) (i32.const 1)))
             (br_if 0 (i32.lt_u (local.get $i) (i32.const 50))))
         (i32.const 512)"
    ))
}

#[test]
fn rows_that_are_held_for_a_plugin_count_as_its_memory() {
    let hoard = |lets_go| {
        let importing = Importing::by(hoarding(lets_go));
        let file = importing.files.path().join("foreign.db");
        let db = rusqlite::Connection::open(&file).unwrap();
        db.execute_batch("CREATE TABLE large (bytes BLOB); INSERT INTO large VALUES (zeroblob(16 << 20))").unwrap();
        importing
    };
    let said = hoard(false).failed(&["memory=64MB"]);
    assert!(said.contains("limit 'memory'"), "{said}");
    let importing = hoard(true);
    let directory = importing.files.path().to_str().unwrap();
    importing.program.run(["import", "--format", "made-importer", directory, "--plugin-limit", "memory=64MB"]).well();
}
