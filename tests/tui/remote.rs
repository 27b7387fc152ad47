//! The threads of a server in the browser: what is shown and done is the server's, and nothing is opened or created here.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::app_server::Server;
use support::screen::keys::{CTRL_C, CTRL_U, DOWN, ENTER, ESCAPE, HOME, TAB};
use support::screen::{Pty, Screen};
use support::{Collection, Entry, HomeAndState, Program, Rollout, Running, hostile_home, listing, uuid7};
use tokio_tungstenite::tungstenite::{Message, accept};

use super::hostile::is_clean;
use super::{
    MONTHS, OF_THE_PROGRAM, QUIET, World, executable, month_at, month_id, quit, selected, selected_line, typed,
};

const ALT_DELETE: &str = "\u{1b}[3;3~";
const ALT_ENTER: &str = "\u{1b}\r";
const CTRL_R: &str = "\u{12}";
const F2: &str = "\u{1b}OQ";
const F5: &str = "\u{1b}[15~";

/// A world whose threads are served, and somebody else, whose own home and state directory are empty.
struct Served {
    world: World,
    server: Option<Server>,
    other: HomeAndState,
    program: Program,
}

impl Served {
    fn of(world: World) -> Served {
        let other = HomeAndState::new();
        let program = other.program().variable("THREADKEEP_RESUME_CODEX", stand_in(&world));
        let mut served = Served { world, server: None, other, program };
        served.start();
        served
    }

    fn start(&mut self) {
        self.server = Some(Server::start(&self.world.program, &self.world.home.state.path().join("run/socket")));
    }

    /// Ends the server as an operator does.
    fn stop(&mut self) {
        let mut server = self.server.take().unwrap();
        server.running.signal(Signal::TERM);
        while !server.running.is_over() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn address(&self) -> String {
        format!("unix://{}", self.world.home.state.path().join("run/socket").display())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let address = self.address();
        let mut command = self.program.command([&["tui", "--remote", &address], arguments].concat());
        command.current_dir(self.world.directory());
        command
    }

    fn browse(&self, columns: usize, rows: usize, arguments: &[&str]) -> Pty {
        let mut pty = Pty::start(self.command(arguments), columns, rows);
        pty.until("a selected thread", |screen| selected(screen).is_some());
        pty
    }

    /// All that is where the browser runs.
    fn created(&self) -> [BTreeMap<String, Entry>; 3] {
        [self.other.home.path(), self.other.state.path(), self.program.place()].map(listing)
    }

    /// What the served home itself says of a thread.
    fn found(&self, id: &str) -> Value {
        self.world.program.json(["find", id])
    }
}

/// A program that stands for Codex, and tells the token that it was given.
fn stand_in(world: &World) -> std::path::PathBuf {
    let path = world.place.path().canonicalize().unwrap().join("codex");
    executable(&path, "#!/bin/sh\necho \"started: $* with token '$THREADKEEP_REMOTE_TOKEN'\"\nexit 42\n");
    path
}

#[track_caller]
fn selects(pty: &mut Pty, month: &str) {
    pty.until(&format!("{month} selected"), |screen| selected_line(screen).contains(month));
}

fn joined(screen: &Screen) -> String {
    screen.text().replace('\n', "")
}

#[test]
fn threads_of_a_server_are_listed_searched_and_previewed_and_nothing_is_created_here() {
    let served = Served::of(World::of_months());
    let before = served.created();
    let mut pty = served.browse(120, 30, &["--scope", "worktree"]);
    pty.shows("a server does not know where you are");
    selects(&mut pty, "December");
    pty.shows("The resting of December");
    pty.press(DOWN);
    selects(&mut pty, "November");
    pty.shows("The raking of November");
    pty.shows("12 threads");
    assert!(pty.screen().line(0).ends_with("server"), "{}", pty.screen().text());
    // What was said, which the server finds; and a name, which its search passes over.
    pty.press("marigold4");
    pty.until("May alone", |screen| selected_line(screen).contains("May") && screen.shows("1 found"));
    pty.shows("The weeding of May");
    pty.press(CTRL_U);
    pty.press("kites");
    pty.until("its name", |screen| selected_line(screen).contains("Kites in winter") && screen.shows("1 found"));
    pty.press(CTRL_U);
    pty.press(month_id(6));
    pty.until("July by its id", |screen| selected_line(screen).contains("July") && screen.shows("1 found"));
    pty.press(CTRL_U);
    pty.press("marigold7 branch:main");
    pty.shows("a server cannot be asked for branch:");
    selects(&mut pty, "August");
    pty.press(ESCAPE);
    pty.shows("12 threads");
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
    assert_eq!(served.created(), before);
}

#[test]
fn the_place_where_the_words_stand_is_shown_and_the_first_turn_is_reached() {
    let world = World::empty();
    let mut long = Rollout::paginated(&month_id(0)).at_millis(month_at(0)).cwd(world.directory().to_str().unwrap());
    for number in 0..90 {
        let said = if number == 40 { "a cormorant dives" } else { "nothing new" };
        long = long.user(&format!("question number {number}")).agent(&format!("{said} at {number}"));
    }
    long.write(world.home.home.path(), Collection::Active);
    let served = Served::of(world);
    let mut pty = served.browse(120, 30, &[]);
    pty.shows("nothing new at 89");
    pty.press("cormorant");
    pty.shows("a cormorant dives at 40");
    pty.press(ESCAPE);
    pty.until("nothing typed", |screen| typed(screen).as_deref() == Some(""));
    pty.press(TAB);
    for _ in 0..40 {
        pty.press(HOME);
        pty.settle(Duration::from_millis(60));
        // What is known of the thread stands above its first turn.
        if pty.screen().shows(&month_id(0)) {
            break;
        }
    }
    pty.until("the first turn", |screen| screen.shows("▌ question number 0") && screen.shows(&month_id(0)));
    // The list of prompts leads to any turn.
    pty.press("o");
    pty.shows("question number 89");
    pty.press("number 77");
    pty.until("one prompt", |screen| !screen.shows("question number 89"));
    pty.press(ENTER);
    pty.shows("nothing new at 77");
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn a_server_names_archives_and_takes_out_and_what_needs_the_home_is_refused() {
    let served = Served::of(World::of_months());
    let mut pty = served.browse(120, 30, &[]);
    selects(&mut pty, "December");
    pty.press(F2);
    pty.shows("name (empty: none)");
    pty.press("Frost and quiet");
    pty.press(ENTER);
    selects(&mut pty, "Frost and quiet");
    pty.shows("named 'Frost and quiet'");
    assert_eq!(served.found(&month_id(11))["name"], "Frost and quiet");
    pty.press(DOWN);
    selects(&mut pty, "November");
    pty.press("\u{1b}r");
    pty.until("it gone", |screen| screen.shows("1 thread(s) archived") && !selected_line(screen).contains("November"));
    assert_eq!(served.found(&month_id(10))["archived"], true);
    pty.press("november is:archived");
    selects(&mut pty, "November");
    pty.press("\u{1b}u");
    pty.shows("out of the archive");
    assert_eq!(served.found(&month_id(10))["archived"], false);
    pty.press(ESCAPE);
    pty.shows("12 threads");
    let before = listing(&served.world.home.home.path().join("sessions"));
    let refused =
        [("\u{1b}k", "pin"), ("\u{1b}t", "tag"), ("\u{1b}n", "note"), ("\u{1b}x", "export"), ("\u{1b}w", "why")];
    for (key, command) in refused.into_iter().chain([(ALT_DELETE, "delete")]) {
        pty.press(key);
        pty.shows(&format!("that needs the home itself; on its machine: threadkeep {command} "));
    }
    pty.press("\u{1b}v");
    pty.shows("threadkeep read --remote unix://");
    pty.press(CTRL_R);
    pty.shows("a server does not know where you are");
    assert_eq!(listing(&served.world.home.home.path().join("sessions")), before);
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn enter_goes_on_with_the_thread_where_the_server_is() {
    let served = Served::of(World::of_months());
    let before = served.created();
    for (key, command) in [(ENTER, "resume"), (ALT_ENTER, "fork")] {
        let mut pty = served.browse(120, 30, &[]);
        pty.press("april");
        selects(&mut pty, "April");
        pty.press(key);
        assert_eq!(pty.end().code(), Some(OF_THE_PROGRAM));
        pty.is_restored();
        pty.has_no_intruders();
        let started = format!("started: {command} --remote {} {} with token ''", served.address(), month_id(3));
        assert!(joined(pty.screen()).contains(&started), "{}", pty.screen().text());
    }
    assert_eq!(served.created(), before);
}

#[test]
fn an_archived_thread_is_taken_out_only_where_that_is_agreed_to() {
    let served = Served::of(World::of_months());
    served.world.program.run(["archive", &month_id(3)]).well();
    for (answer, code, archived) in [("n\r", 1, true), ("y\r", OF_THE_PROGRAM, false)] {
        let mut pty = Pty::start(served.command(&["--query", "april is:archived"]), 120, 30);
        selects(&mut pty, "April");
        pty.press(ENTER);
        pty.shows("take it out of the archive?");
        pty.press(answer);
        assert_eq!(pty.end().code(), Some(code), "{}", pty.screen().text());
        assert_eq!(served.found(&month_id(3))["archived"], archived);
    }
}

/// Starts a server that lets in only who shows the token of a file, and gives its port.
fn with_token(world: &World, token: &Path) -> (Running, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("ws://127.0.0.1:{port}");
    let mut running = world.program.spawn(["app-server", "--listen", &listen, "--token-file", token.to_str().unwrap()]);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(!running.is_over(), "the server ended before it listened");
        std::thread::sleep(Duration::from_millis(5));
    }
    (running, port)
}

#[test]
fn a_token_is_shown_to_the_server_and_stands_in_no_command_line() {
    let world = World::of_months();
    let token = world.place.path().join("a token");
    fs::write(&token, "tide-and-current-42\n").unwrap();
    let (_server, port) = with_token(&world, &token);
    let address = format!("ws://127.0.0.1:{port}");
    let other = HomeAndState::new();
    let program = other.program().variable("THREADKEEP_RESUME_CODEX", stand_in(&world));
    let mut pty = Pty::start(program.command(["tui", "--remote", &address]), 100, 24);
    assert_eq!(pty.end().code(), Some(1), "{}", pty.screen().text());
    assert!(joined(pty.screen()).contains("--remote-token-file"), "{}", pty.screen().text());
    let with_token = ["tui", "--remote", &address, "--remote-token-file", token.to_str().unwrap()];
    let mut pty = Pty::start(program.command(with_token), 100, 24);
    selects(&mut pty, "December");
    pty.press(ENTER);
    assert_eq!(pty.end().code(), Some(OF_THE_PROGRAM));
    let screen = joined(pty.screen());
    let words = format!("resume --remote {address} --remote-auth-token-env THREADKEEP_REMOTE_TOKEN {}", month_id(11));
    assert!(screen.contains(&format!("started: {words} with token 'tide-and-current-42'")), "{screen}");
    assert_eq!(screen.matches("tide-and-current-42").count(), 1, "the program alone tells it: {screen}");
    // What is picked is a line for a shell.
    let picked = picked(&program, &with_token);
    assert!(!picked.contains("tide-and-current-42"), "{picked}");
    let mut shell = Command::new("/bin/sh");
    let ran = shell.args(["-c", picked.trim()]).output().unwrap();
    let ran = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.contains(&words) && ran.contains("with token 'tide-and-current-42'"), "{picked}: {ran}");
}

/// Picks the first thread, and gives what is printed.
fn picked(program: &Program, arguments: &[&str]) -> String {
    let out = program.place().join("picked");
    let plain = program.command_into(&out, [arguments, &["--pick"]].concat());
    let mut pty = Pty::start(plain, 100, 24);
    pty.until("a selected thread", |screen| selected(screen).is_some());
    pty.press(ENTER);
    // It asks where its lines begin, and is answered.
    pty.settle(QUIET);
    assert_eq!(pty.end().code(), Some(0), "{}", pty.screen().text());
    fs::read_to_string(out).unwrap()
}

#[test]
fn a_server_that_ends_is_said_once_and_f5_connects_again() {
    let mut served = Served::of(World::of_months());
    let mut pty = served.browse(120, 30, &[]);
    selects(&mut pty, "December");
    pty.shows("The resting of December");
    pty.shows("12 threads");
    served.stop();
    pty.press(DOWN);
    pty.shows("the connection to the server is lost");
    // The list is still there, and what is asked of the server says why there is no more.
    pty.press(DOWN);
    selects(&mut pty, "October");
    pty.shows("there is no connection to the server");
    pty.until("the counts again", |screen| screen.shows("12 threads"));
    pty.press(F5);
    pty.shows("no server answers at unix://");
    pty.press("may");
    pty.until("the titles", |screen| selected_line(screen).contains("May") && !screen.shows("October"));
    pty.press(ESCAPE);
    pty.until("nothing typed", |screen| typed(screen).as_deref() == Some(""));
    let at = month_at(MONTHS.len());
    let new = Rollout::paginated(&uuid7(at, 99)).at_millis(at).user("The year begins anew").agent("It does.");
    new.write(served.world.home.home.path(), Collection::Active);
    served.start();
    pty.press(F5);
    pty.shows("The year begins anew");
    pty.press("marigold9");
    selects(&mut pty, "October");
    pty.shows("The digging of October");
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}

#[test]
fn where_no_server_answers_that_is_said_before_anything_is_drawn() {
    let other = HomeAndState::new();
    let program = other.program();
    let nowhere = format!("unix://{}", other.state.path().join("nowhere").display());
    for (address, code, told) in [(nowhere.as_str(), 1, "no server answers"), ("http://x", 2, "names no server")] {
        let mut pty = Pty::start(program.command(["tui", "--remote", address]), 100, 24);
        assert_eq!(pty.end().code(), Some(code), "{}", pty.screen().text());
        assert!(pty.screen().shows(told), "{}", pty.screen().text());
        assert!(!pty.emulator().is_alternate() && !pty.log().windows(6).any(|bytes| bytes == b"[?1049"));
    }
    assert!(listing(other.home.path()).len() == 1 && listing(other.state.path()).len() == 1);
}

#[test]
fn threads_of_a_server_that_mean_harm_are_text() {
    let mut count = 0;
    let served = Served::of(World::of(|home| count = hostile_home(home).len()));
    let mut pty = served.browse(120, 40, &[]);
    for _ in 0..count + 2 {
        pty.press(DOWN);
        pty.settle(Duration::from_millis(30));
        assert!(pty.emulator().is_alternate() && !pty.has_ended());
    }
    pty.press("owned");
    pty.settle(QUIET);
    is_clean(&pty);
    pty.press(CTRL_C);
    assert_eq!(pty.end().code(), Some(0));
    pty.is_restored();
    is_clean(&pty);
}

/// Is a server whose threads have flags for ids, but for one in its list.
fn lie(listener: &UnixListener, flag: &str) {
    let thread = |id: &str| {
        json!({
            "id": id, "preview": "sea level", "modelProvider": "harbour", "createdAt": 1_772_000_000,
            "updatedAt": 1_772_000_000, "cwd": "/src", "cliVersion": "0.171.0", "source": "cli",
        })
    };
    for stream in listener.incoming() {
        let mut socket = accept(stream.unwrap()).unwrap();
        while let Ok(message) = socket.read() {
            let asked: Value = serde_json::from_str(message.to_text().unwrap_or("null")).unwrap_or_default();
            let result = match asked["method"].as_str() {
                Some("thread/list") if asked["params"]["archived"] == true => json!({"data": []}),
                Some("thread/list") => json!({"data": [thread(flag), thread(&month_id(1))]}),
                Some("thread/read") => json!({"thread": thread(flag)}),
                Some("initialize") => json!({}),
                _ => json!({"data": []}),
            };
            if !asked["id"].is_null()
                && socket.send(Message::text(json!({"id": asked["id"], "result": result}).to_string())).is_err()
            {
                break;
            }
        }
    }
}

#[test]
fn what_a_server_gives_for_an_id_is_never_a_flag_of_what_is_started() {
    let world = World::empty();
    let socket = world.place.path().join("lying");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || lie(&listener, "--dangerously-bypass-approvals-and-s"));
    let other = HomeAndState::new();
    let program = other.program().variable("THREADKEEP_RESUME_CODEX", stand_in(&world));
    let address = format!("unix://{}", socket.display());
    let mut pty = Pty::start(program.command(["tui", "--remote", &address]), 120, 30);
    pty.shows("1 threads");
    selects(&mut pty, "sea level");
    pty.press(ENTER);
    assert_eq!(pty.end().code(), Some(1), "{}", pty.screen().text());
    let screen = joined(pty.screen());
    assert!(screen.contains("an id that is none") && !screen.contains("started:"), "{screen}");
}
