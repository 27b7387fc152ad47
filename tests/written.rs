//! Who wrote a line, and a commit; what shell commands may have changed; and lists by files.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use support::hourly::{began, id, legacy, paginated};
use support::{Collection, Program, Rollout};
use tempfile::{TempDir, tempdir};

/// A home, a place for its state, and a directory that people work in.
struct Place {
    home: TempDir,
    state: TempDir,
    work: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { home: tempdir().unwrap(), state: tempdir().unwrap(), work: tempdir().unwrap() }
    }

    fn both(&self) -> [(&'static str, Program); 2] {
        [
            ("with the index", Program::on(self.home.path(), self.state.path())),
            ("without", Program::stateless(self.home.path())),
        ]
    }

    fn write(&self, rollout: &Rollout) {
        rollout.write(self.home.path(), Collection::Active);
    }

    /// The absolute path of a file that people work on.
    fn file(&self, name: &str) -> String {
        fs::canonicalize(self.work.path()).unwrap().join(name).to_str().unwrap().to_owned()
    }
}

fn number_of(thread: &Value) -> u64 {
    (0..99).find(|number| id(*number) == thread["id"]).unwrap()
}

/// The end of a patch that changed a file, as it is told at a time.
fn updated(file: &str, diff: &str, time: &str) -> String {
    let changes = json!({ file: { "type": "update", "unified_diff": diff, "move_path": null } });
    format!(
        "{{\"timestamp\":\"{time}\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"patch_apply_end\",\"call_id\":\"c{time}\",\"stdout\":\"\",\"stderr\":\"\",\"success\":true,\"changes\":{changes}}}}}"
    )
}

#[test]
fn what_shell_commands_may_have_changed_is_listed_apart_and_behind() {
    let place = Place::new();
    place.write(&legacy(1).user("patch it").patch("a.txt", "one\n"));
    let forms = [
        Rollout::bare(&id(2)),
        Rollout::early(&id(3)),
        Rollout::legacy(&id(4)).release(100),
        Rollout::legacy(&id(5)),
        Rollout::paginated(&id(6)).release(160),
        Rollout::paginated(&id(7)),
    ];
    for (number, rollout) in (2..).zip(forms) {
        place.write(&rollout.at_millis(began(number)).user("go on").command("sed -i s/a/b/ a.txt", "", 0));
    }
    place.write(&legacy(8).user("look").command("grep -n a a.txt | head > /dev/null", "", 0).agent("rm a.txt"));
    place.write(&legacy(9).user("both").patch("a.txt", "two\n").command("cd sub && rm -f a.txt", "", 1));
    for (how, program) in place.both() {
        let answer = program.json(["search", "--touched", "a.txt"]);
        let items = answer["items"].as_array().unwrap();
        let numbers: Vec<u64> = items.iter().map(|item| number_of(&item["thread"])).collect();
        assert_eq!(numbers, [9, 1, 7, 6, 5, 4, 3, 2], "{how}");
        assert_eq!((&answer["total"], &answer["mayHaveChanged"]), (&json!(2), &json!(6)), "{how}");
        for item in &items[2..] {
            assert_eq!((&item["changeCount"], &item["commandCount"]), (&json!(0), &json!(1)), "{how}: {item}");
            let command = &item["commands"][0];
            assert_eq!(command["command"], "sed -i", "{how}");
            // The oldest form does not tell where it ran.
            let path = if number_of(&item["thread"]) == 2 { "a.txt" } else { "/src/app/a.txt" };
            assert_eq!(command["path"], path, "{how}");
            let thread = item["thread"]["id"].as_str().unwrap();
            let mut turns = vec!["turns", thread, "--limit", "1"];
            turns.extend(command["cursor"].as_str().iter().flat_map(|cursor| ["--cursor", cursor]));
            assert_eq!(program.json(&turns)["items"][0]["id"], command["turnId"], "{how}");
        }
        assert_eq!(items[0]["commands"][0]["path"], "/src/app/sub/a.txt", "{how}");
        assert_eq!(items[1]["commandCount"], 0, "{how}");
        let (mut paged, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut arguments = vec!["search", "--touched", "a.txt", "--limit", "3"];
            arguments.extend(cursor.iter().flat_map(|cursor| ["--cursor", cursor]));
            let page = program.json(&arguments);
            paged.extend(page["items"].as_array().unwrap().iter().map(|item| number_of(&item["thread"])));
            cursor = page["nextCursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(paged, numbers, "{how}");
        let text = program.run(["search", "--touched", "a.txt"]).well().stdout;
        let (sure, perhaps) = text.split_once("shell commands may have changed it in:\n").unwrap();
        assert!(sure.contains("perhaps   /src/app/sub/a.txt by rm"), "{text}");
        assert!(perhaps.contains("perhaps   /src/app/a.txt by sed -i"), "{text}");
    }
}

#[test]
fn a_list_by_a_file_has_all_other_filters() {
    let place = Place::new();
    let sha = "b80d5c2e71f349aa9c06de1f4b7a8350c2e9d671";
    place.write(&legacy(1).user("one").patch("a.txt", "one\n"));
    place.write(&legacy(2).git("main", sha, "https://example.org/a/b.git").user("two").patch("a.txt", "one\n"));
    place.write(&legacy(3).user("three").patch("b.txt", "one\n"));
    place.write(&legacy(4).source("exec").user("four").patch("a.txt", "one\n"));
    place.write(&legacy(5).user("five").command("rm a.txt", "", 0));
    place.write(
        &Rollout::sub_agent(&id(7), &legacy(6).user("six"), "task", "Ada")
            .at_millis(began(7))
            .user("x")
            .patch("a.txt", "one\n"),
    );
    for (how, program) in place.both() {
        let listed = |arguments: &[&str]| -> Vec<u64> {
            let list = program.json([&["list"], arguments].concat());
            list["items"].as_array().unwrap().iter().map(number_of).collect()
        };
        assert_eq!(listed(&["--touched", "a.txt"]), [7, 4, 2, 1], "{how}");
        assert_eq!(listed(&["--touched", "/src/app/a.txt", "--source", "cli"]), [2, 1], "{how}");
        assert_eq!(listed(&["--touched", "a.txt", "--asc", "--limit", "2"]), [1, 2], "{how}");
        assert_eq!(listed(&["--touched", "b.txt", "--under", "/src"]), [3], "{how}");
        assert_eq!(listed(&["--touched", "b.txt", "--under", "/elsewhere"]), [0u64; 0], "{how}");
        assert_eq!(listed(&["--touched", "nowhere.txt"]), [0u64; 0], "{how}");
        for commit in [sha, &sha[..7], "B80D"] {
            assert_eq!(listed(&["--commit", commit]), [2], "{how}");
            assert_eq!(listed(&["--touched", "a.txt", "--commit", commit]), [2], "{how}");
        }
        assert_eq!(listed(&["--commit", "0000000"]), [0u64; 0], "{how}");
        for bad in [
            &["--touched", "a/.."][..],
            &["--touched", ""],
            &["--commit", "xyz"],
            &["--commit", "b80"],
            &["--commit", "-"],
        ] {
            program.run([&["list"], bad].concat()).ended(2);
        }
    }
}

#[test]
fn a_line_is_told_of_by_the_patch_that_wrote_it_last_between_its_neighbours() {
    let place = Place::new();
    let file = place.file("code.rs");
    let add = |content: &str| {
        let changes = json!({ &file: { "type": "add", "content": content } });
        format!(
            "{{\"timestamp\":\"2026-03-01T11:00:05.000Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"patch_apply_end\",\"call_id\":\"c\",\"success\":true,\"changes\":{changes}}}}}"
        )
    };
    place.write(
        &legacy(1).user("make it").verbatim(add("fn one() {\n    first();\n}\n\nfn two() {\n    second();\n}\n")),
    );
    place.write(&legacy(2).user("change it").verbatim(updated(
        &file,
        "@@ -4,4 +4,4 @@\n \n fn two() {\n-    second();\n+    other();\n }\n",
        "2026-03-01T12:00:09.000Z",
    )));
    // The same line once more, and taken back by hand since.
    place.write(&legacy(3).user("again").verbatim(updated(
        &file,
        "@@ -1,3 +1,4 @@\n fn one() {\n+    other();\n     first();\n }\n",
        "2026-03-01T13:00:09.000Z",
    )));
    fs::write(&file, "fn one() {\n    first();\n}\n\nfn two() {\n    other();\n}\nby hand\n").unwrap();
    for (how, program) in place.both() {
        let writer = |line: u64, code: i32| {
            let outcome = program.run(["--json", "search", "--touched", &format!("{file}:{line}")]).ended(code).json();
            let files = outcome["files"].as_array().unwrap().clone();
            assert_eq!((files.len(), &files[0]["asked"], &files[0]["threads"]), (1, &json!(1), &json!(3)), "{how}");
            files[0]["writers"].as_array().unwrap().first().map(|writer| {
                assert_eq!(writer["lines"], json!([line]), "{how}");
                let change = &writer["change"];
                assert_eq!((&change["path"], &change["turnIsShown"]), (&json!(file), &json!(true)), "{how}");
                number_of(&writer["thread"])
            })
        };
        assert_eq!(writer(1, 0), Some(1), "{how}");
        assert_eq!(writer(2, 0), Some(1), "{how}");
        assert_eq!(writer(6, 0), Some(2), "{how}: between its neighbours");
        assert_eq!(writer(3, 0), Some(1), "{how}: a brace is known by its neighbours");
        assert_eq!(writer(7, 3), None, "{how}: a brace that has others now");
        assert_eq!(writer(8, 3), None, "{how}");
        let text = program.run(["search", "--touched", &format!("{file}:8")]).ended(3).stdout;
        assert!(
            text.contains("by hand\n") && text.contains("no thread wrote it; 3 threads changed the file"),
            "{text}"
        );
        let text = program.run(["search", "--touched", &format!("{file}:7")]).ended(3).stdout;
        assert!(text.contains("whose patch wrote it cannot be told: too many lines are like it; 3 threads"), "{text}");
        let text = program.run(["search", "--touched", &format!("{file}:6")]).well().stdout;
        assert!(text.contains(":6:     other();\n") && text.contains("changed   "), "{text}");
        for (line, why) in [("99", "has no line 99: it has 8"), ("0", "has no line 0")] {
            let outcome = program.run(["search", "--touched", &format!("{file}:{line}")]).ended(2);
            assert!(outcome.stderr.contains(why), "{how}: {outcome:?}");
        }
        let outcome = program.run(["search", "--touched", "no/such/file.rs:3"]).ended(2);
        assert!(outcome.stderr.contains("there is no file no/such/file.rs here"), "{outcome:?}");
    }
}

#[test]
fn a_file_in_a_repository_is_known_by_its_path_in_it_where_no_thread_names_its_whole_path() {
    let place = Place::new();
    fs::create_dir(place.work.path().join(".git")).unwrap();
    fs::create_dir(place.work.path().join("docs")).unwrap();
    fs::write(place.file("docs/note.txt"), "one line\nanother\n").unwrap();
    for (number, rollout) in [(1, legacy(1)), (2, paginated(2)), (3, Rollout::early(&id(3)).at_millis(began(3)))] {
        place
            .write(&rollout.user("write").patch("docs/note.txt", if number == 2 { "another\n" } else { "one line\n" }));
    }
    for (how, program) in place.both() {
        for (line, number) in [(1, 3), (2, 2)] {
            let path = format!("{}:{line}", place.file("docs/note.txt"));
            let answer = program.json(["search", "--touched", &path]);
            assert_eq!(answer["files"][0]["path"], "docs/note.txt", "{how}");
            assert_eq!(number_of(&answer["files"][0]["writers"][0]["thread"]), number, "{how}, {line}");
        }
    }
}

/// Runs with a text on standard input.
fn given(program: &Program, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = program.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const COMMIT: &str = "commit b80d5c2e71f349aa9c06de1f4b7a8350c2e9d671
Author: Robin <robin@example.org>

    Two files

diff --git a/docs/gone.txt b/docs/gone.txt
deleted file mode 100644
--- a/docs/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-one
diff --git a/docs/new.txt b/docs/new.txt
new file mode 100644
--- /dev/null
+++ b/docs/new.txt
@@ -0,0 +1,3 @@
+alpha one
+beta two
+written by hand
diff --git a/src/old.rs b/src/old.rs
--- a/src/old.rs
+++ b/src/old.rs
@@ -10,3 +10,4 @@ fn main() {
 before
+inserted here
 behind
 end
";

#[test]
fn the_lines_of_a_commit_are_told_of_by_the_threads_that_wrote_them() {
    let place = Place::new();
    place.write(&legacy(1).user("one").patch("docs/new.txt", "alpha one\n"));
    place.write(&paginated(2).user("two").patch("docs/new.txt", "beta two\ngamma\n"));
    let diff = "@@ -10,3 +10,4 @@\n before\n+inserted here\n behind\n end\n";
    place.write(&legacy(3).user("three").verbatim(updated("/src/app/src/old.rs", diff, "2026-03-01T13:00:09.000Z")));
    place.write(&legacy(4).user("four").patch("elsewhere/new.txt", "alpha one\n"));
    for (how, program) in place.both() {
        let (code, out, err) = given(&program, &["--json", "search", "--commit", "-"], COMMIT);
        assert_eq!(code, Some(0), "{how}: {err}");
        let answer: Value = serde_json::from_str(&out).unwrap();
        let told: Vec<Value> = answer["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| {
                let writers = file["writers"].as_array().unwrap().iter();
                let writers: Vec<Value> =
                    writers.map(|writer| json!([number_of(&writer["thread"]), writer["lines"]])).collect();
                json!([file["path"], file["asked"], file["unknown"], writers])
            })
            .collect();
        let expected = json!([["docs/new.txt", 3, 1, [[2, [2]], [1, [1]]]], ["src/old.rs", 1, 0, [[3, [11]]]]]);
        assert_eq!(Value::from(told), expected, "{how}");
        let (code, out, _) = given(&program, &["search", "--commit", "-"], COMMIT);
        assert!(
            code == Some(0) && out.contains("1 of 3 lines no thread wrote; 2 threads changed the file"),
            "{how}: {out}"
        );
        let (code, _, err) = given(&program, &["search", "--commit", "-"], "nothing of the kind\n");
        assert!(code == Some(2) && err.contains("there is no patch in it"), "{how}: {err}");
        let outcome = program.run(["search", "--commit", "b80d5c2"]).ended(2);
        assert!(outcome.stderr.contains("git show b80d5c2 | threadkeep search --commit -"), "{how}: {outcome:?}");
        program.run(["search", "words", "--commit", "-"]).ended(2);
    }
    let other = Path::new("nobody wrote this");
    let patch =
        COMMIT.replace("alpha one", other.to_str().unwrap()).replace("beta two", "nor this").replace("inserted", "nor");
    for (how, program) in place.both() {
        let (code, out, _) = given(&program, &["search", "--commit", "-"], &patch);
        assert!(code == Some(3) && out.contains("3 of 3 lines no thread wrote"), "{how}: {out}");
    }
}
