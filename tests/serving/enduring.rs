//! Clients that begin and do not go on, and processes that are killed: what they leave behind harms nobody.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::app_server::Server;
use support::codex::Installed;

use super::{home_of, id};

#[test]
fn one_who_never_ends_what_it_began_is_let_go_and_others_are_served() {
    let home = home_of(1);
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let mut other = server.client();
    let half = || {
        let mut stream = UnixStream::connect(&server.socket).unwrap();
        stream.write_all(b"GET /rpc HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
        stream
    };
    let mut slow: Vec<UnixStream> = (0..300).map(|_| half()).collect();
    // Half a message, and then silence.
    let silent: Vec<_> = (0..50).map(|_| server.client()).collect();
    for client in &silent {
        client.socket.get_ref().write_all(&[0x81, 0xfe, 0x10, 0x00, 0, 0, 0, 0, b'{']).unwrap();
    }
    let began = Instant::now();
    let is_over = |stream: &mut UnixStream| {
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let mut answer = [0; 4096];
        !matches!(stream.read(&mut answer), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    while !slow.iter_mut().all(is_over) {
        assert!(other.call("thread/read", json!({"threadId": id(0)})).is_ok());
        for stream in &mut slow {
            // A letter now and then is no progress.
            let _ = stream.write_all(b"x");
        }
        assert!(began.elapsed() < Duration::from_secs(40), "the headers never end, and nobody minds");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(other.call("thread/read", json!({"threadId": id(0)})).is_ok());
}

#[test]
fn a_server_that_is_killed_among_others_harms_nothing() {
    for installed in Installed::each() {
        let home = home_of(12);
        let mut codex = installed.start(home.home.path());
        let place = |name: &str| home.state.path().join(format!("{name}/socket"));
        let stays = Server::start(&home.program(), &place("stays"));
        let mut client = stays.client();
        for round in 0..6 {
            let killed = Server::start(&home.program(), &place(&format!("killed-{round}")));
            let mut other = killed.client();
            let names = |who: &str| format!("{who} in {round}");
            // It dies in the middle of a change, or before or behind it.
            other.ask("thread/name/set", json!({"threadId": id(round), "name": names("killed")}));
            other.ask("thread/archive", json!({"threadId": id(round)}));
            std::thread::sleep(Duration::from_millis(3 * round));
            killed.running.signal(Signal::KILL);
            client.call("thread/name/set", json!({"threadId": id(6 + round), "name": names("stays")})).unwrap();
            home.program().run(["name", &id(6), &names("line")]).well();
            if let Some(codex) = &mut codex {
                let thread = codex.begin();
                codex.turn(&thread, &format!("round {round}"));
                let told = json!({"threadId": thread, "name": names("codex")});
                codex.call("thread/name/set", told);
            }
            assert!(client.call("thread/list", json!({"modelProviders": []})).is_ok());
        }
        drop(codex);
        drop(client);
        stays.running.signal(Signal::TERM);
        stays.running.outcome().well();
        let listed = home.program().json(["list", "--limit", "0", "--archived"]);
        let active = home.program().json(["list", "--limit", "0"]);
        let ids: Vec<&str> = [support::ids(&listed), support::ids(&active)].concat();
        for number in 0..12 {
            assert_eq!(ids.iter().filter(|other| **other == id(number)).count(), 1, "{installed}: {number}");
        }
        for number in 7..12 {
            let found = home.program().json(["find", &id(number)]);
            assert_eq!(found["name"], format!("stays in {}", number - 6), "{installed}");
        }
        // Codex's databases are told of nothing.
        let found = home.program().run(["--json", "doctor"]).json();
        let is_own = |finding: &&Value| {
            finding["severity"] != "info"
                && finding["mendable"] != "codex"
                && finding["code"] != "history-not-projected"
        };
        let own: Vec<&Value> = found["findings"].as_array().unwrap().iter().filter(is_own).collect();
        assert_eq!(own, [] as [&Value; 0], "{installed}");
    }
}
