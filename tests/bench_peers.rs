//! Other programs beside this one: those that are there are measured, of the others it is said that they are not.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use support::demo_home;

fn script(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Measures the demo home with these programs on the path.
fn measured(place: &Path, programs: &Path) -> (Output, Value, String) {
    let (home, out) = (place.join("home"), place.join("out"));
    demo_home(&home);
    let mut command = Command::new(env!("CARGO_BIN_EXE_threadkeep-bench"));
    command.args(["--only", "peers", "--runs", "1", "--home"]).arg(home).arg("--out").arg(&out);
    // What else this machine has on its path is no matter here.
    for tool in ["cat", "find", "sleep", "true", "xargs"] {
        let there = ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(tool)).into_iter().find(|path| path.exists());
        symlink(there.unwrap(), programs.join(tool)).unwrap();
    }
    command.env("PATH", programs);
    command.env("CODEX_BIN", format!("{0}/codex-9:{0}/codex-10", programs.display()));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = fs::read(out.join("bench-peers.json")).unwrap();
    (output, serde_json::from_slice(&report).unwrap(), fs::read_to_string(out.join("bench-peers.svg")).unwrap())
}

#[test]
fn programs_that_are_there_are_measured_and_the_others_are_said_to_be_absent() {
    let (place, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dir = programs.path();
    script(dir, "fr", "[ \"$1\" = --version ] && { echo 'fr 1.2.3'; exit; }; [ -d \"$HOME/.codex/sessions\" ]");
    script(dir, "agentsview", "[ \"$1\" = --version ] && { echo 'agentsview v4'; exit; }; echo 'no disk' >&2; exit 3");
    // An app-server that answers what it is asked, and one that gives up.
    let listed = "{\"id\":2,\"result\":{\"data\":[{}]}}";
    let server = format!("read a; echo '{{\"id\":1,\"result\":{{}}}}'; read b; read c; echo '{listed}'; sleep 60");
    script(dir, "codex-9", &format!("[ \"$1\" = --version ] && {{ echo 'codex-cli 0.9.0'; exit; }}; {server}"));
    script(dir, "codex-10", "[ \"$1\" = --version ] && { echo 'codex-cli 0.10.0'; exit; }; read a");
    let (output, report, chart) = measured(place.path(), dir);
    let found: Vec<(&str, &str)> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["question"] != "limits")
        .map(|result| (result["question"].as_str().unwrap(), result["program"].as_str().unwrap()))
        .collect();
    let (first, again) = ("from nothing to a list of 50", "a list of 50, nothing changed");
    for expected in [
        (first, "Threadkeep"),
        (first, "fr"),
        (first, "Codex 0.9.0"),
        (again, "Threadkeep"),
        (again, "fr"),
        (again, "Codex 0.9.0"),
        ("every rollout read, nothing kept", "Threadkeep"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
        assert!(chart.contains(&format!(">{}</text>", expected.1)), "{expected:?}");
    }
    assert_eq!(found.len(), 7, "{found:?}");
    assert_eq!(report["absent"]["ccusage"], "it is not there");
    assert_eq!(report["absent"]["Codex 0.10.0"], "it ends without an answer");
    assert_eq!(report["absent"]["agentsview sync, from nothing to a list of 50,"], "no disk");
    assert_eq!(report["versions"]["fr"], "fr 1.2.3");
    let limits = report["results"].as_array().unwrap().iter().filter(|result| result["question"] == "limits");
    assert_eq!(limits.count(), 4);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("ccusage is absent: it is not there"), "{said}");
}

#[test]
fn without_any_other_program_this_one_stands_alone() {
    let (place, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (_, report, chart) = measured(place.path(), programs.path());
    let who: Vec<&Value> = report["results"].as_array().unwrap().iter().map(|result| &result["program"]).collect();
    assert_eq!(who.iter().filter(|who| **who == "Threadkeep").count(), 3, "{who:?}");
    assert_eq!(who.len(), 7, "{who:?}");
    assert_eq!(report["absent"].as_object().unwrap().len(), 5);
    assert!(!chart.contains("class=\"bar\""), "{chart}");
}
