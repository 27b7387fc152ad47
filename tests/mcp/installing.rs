//! Configurations of clients: one table or member comes, every other byte stays, and all is as it was when it goes.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use support::{Outcome, Program};
use tempfile::TempDir;

/// A place with a configuration.
struct Place {
    directory: TempDir,
    program: Program,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap(), program: Program::new() }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("config")
    }

    fn run(&self, words: &[&str]) -> Outcome {
        let home = self.directory.path().join("home");
        fs::create_dir_all(&home).unwrap();
        let (home, file) = (home.to_str().unwrap().to_owned(), self.file());
        let words = [&["mcp"], words, &["--home", &home, "--config", file.to_str().unwrap()]].concat();
        self.program.run(words)
    }
}

/// Installs, again, and takes it back; gives the text with the entry.
fn there_and_back(place: &Place, client: &str, before: &[u8]) -> Result<String, TestCaseError> {
    let file = place.file();
    fs::write(&file, before).unwrap();
    place.run(&["install", client]).well();
    let with = fs::read(&file).unwrap();
    place.run(&["install", client]).well();
    prop_assert_eq!(&fs::read(&file).unwrap(), &with, "twice is once");
    place.run(&["uninstall", client]).well();
    let back = fs::read(&file).unwrap();
    prop_assert_eq!(String::from_utf8_lossy(&back), String::from_utf8_lossy(before));
    place.run(&["uninstall", client]).well();
    prop_assert_eq!(&fs::read(&file).unwrap(), before, "also when it is gone already");
    Ok(String::from_utf8(with).unwrap())
}

/// Says whether all characters of one text stand in another one in their order.
fn stands_in(small: &str, large: &str) -> bool {
    let same = small.bytes().zip(large.bytes()).take_while(|(small, large)| small == large).count();
    large.as_bytes().ends_with(&small.as_bytes()[same..])
}

const TOML: [&str; 12] = [
    "",
    "model = \"gpt-5\"\n",
    "model = \"gpt-5\"",
    "# a comment\r\nmodel = \"gpt-5\" # why\r\n\r\n[tui]\r\ntheme = 'x'\r\n",
    "[mcp_servers.other]\ncommand = \"x\"\n\n\n",
    "[mcp_servers.other]\ncommand = \"x\"\nargs = [\n  \"a\", # b\n]\n[mcp_servers.other.env]\nA = \"1\"",
    "mcp_servers.other.command = 'x'\n",
    "text = \"\"\"\n[mcp_servers.threadkeep]\ncommand = \"no\"\n\"\"\"\n",
    "\n\n\n",
    "   # only a comment",
    "[[list]]\na = 1\n[[list]]\na = 2\n",
    "\u{feff}model = \"m\"\n",
];

const JSON: [&str; 16] = [
    "{}",
    "{ }",
    "{\n}",
    "{\n}\n",
    "{\"mcpServers\":{}}",
    "{\"mcpServers\": { }}",
    "{\n  \"mcpServers\": {\n  }\n}\n",
    "{\n\t\"mcpServers\": {\n\t\t\"other\": {\"command\": \"x\"}\n\t},\n\t\"a\": [1, 2.5e3, null, true]\n}",
    "{\"mcpServers\":{\"other\":{\"command\":\"x\"}}}",
    "// head\n{ /* a */ \"b\": \"c // no comment\", // d\n  \"mcpServers\": { // e\n    \"other\": {}, // f\n  },\n}\n// foot",
    "{\r\n  \"a\": 1\r\n}\r\n",
    "{\"a\":1}",
    "{\n  // nothing but this\n}",
    "{\"mcpServers\": {/* none */}}",
    "\u{feff}{\n  \"a\": \"\\u00e9\\\"}{\"\n}",
    "  {\"a\": {\"mcpServers\": {\"threadkeep\": 1}}}  ",
];

#[test]
fn a_table_or_member_comes_and_goes_and_every_other_byte_stays() {
    let place = Place::new();
    for text in TOML {
        let with = there_and_back(&place, "codex", text.as_bytes()).unwrap();
        assert!(stands_in(text, &with), "{with}");
        let parsed: toml::Table = with.trim_start_matches('\u{feff}').parse().unwrap();
        assert_eq!(parsed["mcp_servers"]["threadkeep"]["args"][0].as_str(), Some("mcp"), "{with}");
    }
    for text in JSON {
        for client in ["claude", "cursor", "gemini", "vscode"] {
            let text = if client == "vscode" { text.replace("mcpServers", "servers") } else { text.to_owned() };
            let with = there_and_back(&place, client, text.as_bytes()).unwrap();
            assert!(stands_in(&text, &with), "{with}");
        }
    }
}

#[test]
fn what_was_not_there_is_made_for_its_owner_alone_and_goes_again() {
    for client in ["codex", "claude", "cursor", "gemini", "vscode"] {
        let place = Place::new();
        place.run(&["install", client, "--dry-run"]).well();
        assert!(!place.file().exists(), "{client}: --dry-run only shows");
        let shown = place.run(&["install", client]).well().stderr;
        assert!(shown.contains("+ ") && shown.contains("threadkeep"), "{client}: {shown}");
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(place.file()).unwrap());
        assert_eq!(mode & 0o777, 0o600, "{client}");
        let with = fs::read_to_string(place.file()).unwrap();
        place.run(&["install", client]).well();
        assert_eq!(fs::read_to_string(place.file()).unwrap(), with, "{client}");
        place.run(&["uninstall", client]).well();
        assert!(!place.file().exists(), "{client}");
    }
}

#[test]
fn other_words_of_the_same_install_replace_the_first_ones() {
    let place = Place::new();
    for (client, text) in [("codex", "model = \"m\"\n"), ("claude", "{\n  \"a\": 1\n}\n")] {
        fs::write(place.file(), text).unwrap();
        place.run(&["install", client]).well();
        place.run(&["install", client, "--scope", "all", "--allow-writes"]).well();
        let with = fs::read_to_string(place.file()).unwrap();
        assert_eq!(
            with.matches("threadkeep\"").count() + with.matches("threadkeep]").count(),
            with.matches("\"mcp\"").count() + 1,
            "{with}"
        );
        assert!(with.contains("\"all\"") && with.contains("\"--allow-writes\""), "{with}");
        place.run(&["uninstall", client]).well();
        assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
    }
}

#[test]
fn a_file_that_cannot_be_parsed_or_has_something_else_there_is_left_alone() {
    let place = Place::new();
    let cases = [
        ("codex", "model = "),
        ("codex", "mcp_servers = { other = { command = 'x' } }\n"),
        ("codex", "mcp_servers = 3\n"),
        ("codex", "[mcp_servers.threadkeep]\ncommand = 'mine'\nenv = { A = '1' }\n"),
        ("claude", ""),
        ("claude", "[]"),
        ("claude", "{\"a\": 1 \"b\": 2}"),
        ("claude", "{\"a\": 1"),
        ("claude", "{\"mcpServers\": []}"),
        ("claude", "{\"mcpServers\": {}, \"mcpServers\": {}}"),
        ("claude", "{\"mcpServers\": {\"threadkeep\": {\"command\": \"mine\", \"env\": {}}}}"),
        ("claude", "{\"a\": nonsense}"),
        ("claude", "{} {}"),
    ];
    for (client, text) in cases {
        fs::write(place.file(), text).unwrap();
        let said = place.run(&["install", client]).ended(1).stderr;
        assert!(said.contains("left as it is"), "{client} {text}: {said}");
        assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
    }
    fs::write(place.file(), [0xff, 0xfe, b'{']).unwrap();
    place.run(&["install", "claude"]).ended(1);
    assert_eq!(fs::read(place.file()).unwrap(), [0xff, 0xfe, b'{']);
}

#[test]
fn a_link_stays_one_and_a_mode_stays_what_it_was() {
    let place = Place::new();
    let real = place.directory.path().join("dotfiles.toml");
    fs::write(&real, "model = \"m\"\n").unwrap();
    fs::set_permissions(&real, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, place.file()).unwrap();
    place.run(&["install"]).well();
    assert!(fs::symlink_metadata(place.file()).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("threadkeep"));
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&real).unwrap()) & 0o777, 0o640);
}

#[test]
fn what_is_written_behind_the_table_later_stays() {
    let place = Place::new();
    for before in ["model = \"m\"", "model = \"m\"\n", "model = \"m\"\n\n"] {
        fs::write(place.file(), before).unwrap();
        place.run(&["install"]).well();
        let later = fs::read_to_string(place.file()).unwrap() + "[tui]\na = 1\n";
        fs::write(place.file(), later).unwrap();
        place.run(&["uninstall"]).well();
        let left: toml::Table = fs::read_to_string(place.file()).unwrap().parse().unwrap();
        assert_eq!(left["tui"]["a"].as_integer(), Some(1));
        assert_eq!(left["model"].as_str(), Some("m"));
        assert!(left.get("mcp_servers").is_none());
    }
}

#[test]
fn every_clients_own_file_is_found() {
    let home = tempfile::tempdir().unwrap();
    let codex = home.path().join("codex");
    fs::create_dir(&codex).unwrap();
    let program = Program::new().variable("HOME", home.path()).variable("CODEX_HOME", &codex);
    let files = [
        ("codex", "codex/config.toml"),
        ("claude", ".claude.json"),
        ("cursor", ".cursor/mcp.json"),
        ("gemini", ".gemini/settings.json"),
        ("vscode", ".config/Code/User/mcp.json"),
    ];
    for (client, file) in files {
        let file: &Path = &home.path().join(file);
        program.run(["mcp", "install", client]).well();
        assert!(fs::read_to_string(file).unwrap().contains("threadkeep"), "{client}");
        program.run(["mcp", "uninstall", client]).well();
        assert!(!file.exists(), "{client}");
    }
}

/// White space and comments of JSON with comments.
fn space() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => Just(String::new()), 2 => Just(" ".into()), 2 => Just("\n".into()), 1 => Just("\n  ".into()), 1 => Just("\t".into()),
        1 => Just("/* { , */".into()), 1 => Just("// } \"\n".into()), 1 => Just("\r\n".into()),
    ];
    proptest::collection::vec(piece, 0..3).prop_map(|pieces| pieces.concat())
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("mcp".into()),
        Just("other".into()),
        Just("\\\"{".into()),
        Just("é//".into()),
        Just("b,".into())
    ]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("null".into()),
        Just("-2.5e3".into()),
        Just("true".into()),
        word().prop_map(|word| format!("\"{word}\"")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let list = (space(), proptest::collection::vec((space(), inner.clone(), space()), 0..3), any::<bool>());
        let list = list.prop_map(|(head, items, ends)| {
            let items: Vec<String> =
                items.into_iter().map(|(before, item, behind)| format!("{before}{item}{behind}")).collect();
            let end = if ends && !items.is_empty() { "," } else { "" };
            format!("[{head}{}{end}]", items.join(","))
        });
        prop_oneof![list, object(inner, false)]
    })
}

/// An object whose keys differ; with servers among them where that is asked for.
fn object(value: impl Strategy<Value = String> + Clone + 'static, root: bool) -> BoxedStrategy<String> {
    let members = proptest::collection::vec((space(), word(), space(), space(), value.clone(), space()), 0..4);
    let servers = proptest::collection::vec((space(), value, space()), 0..3);
    (space(), members, servers, any::<bool>(), 0..4_usize, any::<bool>(), space())
        .prop_map(move |(head, members, servers, has_servers, at, ends, inner)| {
            let mut all: Vec<String> = members
                .into_iter()
                .enumerate()
                .map(|(number, (a, key, b, c, value, d))| format!("{a}\"{key}{number}\"{b}:{c}{value}{d}"))
                .collect();
            if root && has_servers {
                let inside: Vec<String> = servers
                    .into_iter()
                    .enumerate()
                    .map(|(number, (a, value, b))| format!("{a}\"s{number}\":{value}{b}"))
                    .collect();
                let inside = if inside.is_empty() { inner } else { inside.join(",") };
                all.insert(at.min(all.len()), format!("\"mcpServers\":{{{inside}}}"));
            }
            let end = if ends && !all.is_empty() { "," } else { "" };
            format!("{{{}{}{end}}}", if all.is_empty() { head } else { String::new() }, all.join(","))
        })
        .boxed()
}

/// A TOML file of lines that may stand together.
fn toml_text() -> impl Strategy<Value = String> {
    let tables = [
        "[tui]",
        "theme = 'x' # y",
        "[mcp_servers.a]",
        "command = \"x\"",
        "[mcp_servers.a.env]",
        "K = \"\"\"\nv\n[mcp_servers.threadkeep]\n\"\"\"",
        "[[p]]",
        "list = [\n 1,\n 2, # c\n]",
        "# comment",
        "",
        "  ",
        "[mcp_servers]",
        "[profiles.x]",
        "point = { x = 1 }",
    ];
    (proptest::collection::vec(proptest::sample::select(tables.to_vec()), 0..9), any::<bool>(), any::<bool>()).prop_map(
        |(lines, ends, windows)| {
            let end = if windows { "\r\n" } else { "\n" };
            lines.join("\n").replace('\n', end) + if ends { end } else { "" }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_json_with_comments_comes_back_byte_for_byte(text in object(value().boxed(), true)) {
        let place = Place::new();
        let with = there_and_back(&place, "claude", text.as_bytes())?;
        prop_assert!(stands_in(&text, &with), "{}", with);
    }

    #[test]
    fn any_toml_comes_back_byte_for_byte_or_is_left_alone(text in toml_text()) {
        let place = Place::new();
        if text.parse::<toml::Table>().is_ok() {
            let with = there_and_back(&place, "codex", text.as_bytes())?;
            prop_assert!(stands_in(&text, &with), "{}", with);
        } else {
            fs::write(place.file(), &text).unwrap();
            place.run(&["install"]).ended(1);
            prop_assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
        }
    }
}
