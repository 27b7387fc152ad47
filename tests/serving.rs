//! The app-server, on every transport: messages, their order, clients that do wrong, and how it ends.

mod enduring;

use std::time::Duration;

use proptest::prelude::*;
use rustix::process::Signal;
use serde_json::{Value, json};
use support::app_server::{Client, Lines, Server, answered, introduction, masked};
use support::{HomeAndState, Rollout, uuid7};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, client as connect};

const AT: i64 = 1_772_000_000_000;

/// A home of some threads.
fn home_of(threads: u64) -> HomeAndState {
    let home = HomeAndState::new();
    for number in 0..threads {
        home.write(&thread(number));
    }
    home
}

fn thread(number: u64) -> Rollout {
    let at = AT + number as i64 * 60_000;
    Rollout::paginated(&id(number)).at_millis(at).cwd("/src/app").user(&format!("question {number}")).agent("So.")
}

fn id(number: u64) -> String {
    uuid7(AT + number as i64 * 60_000, number)
}

fn initialize() -> Value {
    json!({"id": 0, "method": "initialize", "params": introduction()})
}

#[test]
fn a_client_introduces_itself_once_before_anything_else() {
    let home = home_of(1);
    let mut lines = Lines::start(&home.program());
    let ask = json!({"id": "a", "method": "account/read", "params": {}});
    lines.send(&ask);
    assert_eq!(answered(lines.receive()), Err((-32600, "Not initialized".into())));
    lines.send(&initialize());
    let introduced = answered(lines.receive()).unwrap();
    assert_eq!(introduced["codexHome"], home.home.path().to_str().unwrap());
    assert_eq!(introduced["serverInfo"]["name"], "threadkeep");
    assert_eq!(introduced["userAgent"], "threadkeep");
    lines.send(&initialize());
    assert_eq!(answered(lines.receive()), Err((-32600, "Already initialized".into())));
    lines.send(&ask);
    let account = lines.receive();
    assert_eq!((&account["id"], &account["result"]["requiresOpenaiAuth"]), (&json!("a"), &json!(false)));
    assert_eq!(lines.finish(), [] as [Value; 0]);
}

#[test]
fn what_was_asked_before_the_last_word_is_answered() {
    let home = home_of(3);
    let mut lines = Lines::start(&home.program());
    lines.send(&initialize());
    for number in 1..200 {
        lines.send(&json!({"id": number, "method": "thread/read", "params": {"threadId": id(number % 3)}}));
    }
    let answers = lines.finish();
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (0..200).collect::<Vec<_>>(), "in the order in which they were asked");
    for (number, answer) in answers.iter().enumerate().skip(1) {
        assert_eq!(answer["result"]["thread"]["id"], id(number as u64 % 3));
    }
}

#[test]
fn what_is_no_message_is_answered_with_an_error_and_the_connection_stays() {
    let home = home_of(1);
    let mut lines = Lines::start(&home.program());
    lines.send(&initialize());
    lines.receive();
    let wrong: [(&[u8], Value, i64); 8] = [
        (b"{", Value::Null, -32700),
        (b"\xff\xfe", Value::Null, -32700),
        (b"[]", Value::Null, -32600),
        (br#"{"id":1.5,"method":"account/read","params":{}}"#, Value::Null, -32600),
        (br#"{"id":null,"method":"account/read","params":{}}"#, Value::Null, -32600),
        (br#"{"id":7,"method":5}"#, json!(7), -32600),
        (br#"{"id":8,"method":"no/such","params":{}}"#, json!(8), -32601),
        (br#"{"id":9,"method":"thread/read"}"#, json!(9), -32600),
    ];
    for (message, id, code) in wrong {
        lines.write(&[message, b"\n"].concat());
        let answer = lines.receive();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&id, &json!(code)), "{answer}");
    }
    // Blank lines say nothing; a line that is too long is told of, and what follows is read.
    lines.write(b"\n  \n");
    lines.write(&vec![b'x'; 17 << 20]);
    lines.write(b"\n");
    assert!(lines.receive()["error"]["message"].as_str().unwrap().contains("longer than 16777216 bytes"));
    lines.send(&json!({"id": 10, "method": "account/read", "params": {}}));
    assert_eq!(lines.receive()["id"], 10);
    assert_eq!(lines.finish(), [] as [Value; 0]);
}

#[test]
fn a_frame_of_bytes_is_answered_with_an_error_and_one_that_is_too_long_ends_the_connection_with_a_reason() {
    let home = home_of(1);
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let mut client = server.client();
    client.socket.send(Message::binary(initialize().to_string().into_bytes())).unwrap();
    assert_eq!(client.receive().unwrap()["error"]["code"], -32600);
    assert!(client.call("account/read", json!({})).is_ok());
    let long = json!({"id": 1, "method": "thread/list", "params": {"searchTerm": "x".repeat(17 << 20)}});
    // The server may close before it was given all.
    let _ = client.socket.send(Message::text(long.to_string()));
    let end = loop {
        match client.socket.read() {
            Ok(Message::Close(frame)) => break frame,
            Ok(_) => {}
            Err(_) => break None,
        }
    };
    if let Some(end) = end {
        assert_eq!((end.code, end.reason.as_str()), (CloseCode::Size, "a message is at most 16777216 bytes long"));
    }
    assert!(server.client().call("account/read", json!({})).is_ok(), "others are served");
}

#[test]
fn a_page_of_a_browser_is_refused_and_a_token_is_asked_for_where_there_is_one() {
    use tokio_tungstenite::tungstenite::Error;
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

    let home = home_of(1);
    let socket = home.state.path().join("run/socket");
    let token = home.state.path().join("token");
    std::fs::write(&token, "a token of many letters".replace(' ', "-")).unwrap();
    let program = home.program();
    let listen = format!("unix://{}", socket.display());
    let _server = program.spawn(["app-server", "--listen", &listen, "--token-file", token.to_str().unwrap()]);
    let open = |headers: &[(&str, &str)]| {
        let stream = loop {
            match std::os::unix::net::UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let mut request = "ws://localhost/".into_client_request().unwrap();
        for (name, value) in headers {
            let name: tokio_tungstenite::tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match connect(request, stream) {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::HandshakeError::Failure(Error::Http(response))) => {
                response.status().as_u16()
            }
            Err(error) => panic!("{error}"),
        }
    };
    let right = ("authorization", "Bearer a-token-of-many-letters");
    assert_eq!(open(&[right]), 101);
    assert_eq!(open(&[]), 401);
    assert_eq!(open(&[("authorization", "Bearer a-token-of-many-letter")]), 401);
    assert_eq!(open(&[right, ("origin", "http://localhost")]), 403);
}

#[test]
fn an_address_that_other_machines_reach_is_refused_without_a_token() {
    let home = home_of(0);
    let refused = home.program().run(["app-server", "--listen", "ws://0.0.0.0:0"]).ended(1);
    assert!(refused.stderr.contains("give a token file, or listen on 127.0.0.1"), "{}", refused.stderr);
}

#[test]
fn where_codex_looks_for_its_server_nothing_listens_unless_that_is_asked_for() {
    let home = home_of(1);
    let control = home.home.path().join("app-server-control/app-server-control.sock");
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    server.client();
    assert!(!control.parent().unwrap().exists());
    drop(server);
    let running = home.program().spawn(["app-server", "--control-socket"]);
    let server = Server { running, socket: control.clone() };
    while std::os::unix::net::UnixStream::connect(&control).is_err() {
        std::thread::sleep(Duration::from_millis(2));
    }
    let introduced = server.stranger().call("initialize", introduction()).unwrap();
    assert!(
        introduced["userAgent"].as_str().unwrap().starts_with("threadkeep/"),
        "Codex shows nothing without a version"
    );
    server.running.signal(Signal::TERM);
    server.running.outcome().well();
    assert!(!control.exists(), "the socket goes with the server");
}

#[test]
fn a_server_that_is_told_to_end_tells_its_clients() {
    let home = home_of(1);
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let mut client = server.client();
    server.running.signal(Signal::TERM);
    let end = client.receive().unwrap_err().unwrap();
    assert_eq!((end.code, end.reason.as_str()), (CloseCode::Away, "the server is ending"));
    server.running.outcome().well();
    assert!(!server.socket.exists());
}

#[test]
fn ten_thousand_requests_at_once_are_answered_in_order_while_others_are_served() {
    let home = home_of(5);
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let (mut many, mut other) = (server.client(), server.client());
    let ids: Vec<_> = std::thread::scope(|scope| {
        let mut sender = many.socket.get_ref().try_clone().unwrap();
        let frames: Vec<u8> = (0..10_000)
            .flat_map(|number| {
                let request = json!({"id": number, "method": "thread/read", "params": {"threadId": id(number % 5)}});
                masked(request.to_string().as_bytes())
            })
            .collect();
        scope.spawn(move || std::io::Write::write_all(&mut sender, &frames).unwrap());
        let received = scope.spawn(|| {
            (0..10_000)
                .map(|_| many.receive().unwrap())
                .map(|answer| (answer["id"].as_u64(), answer["result"]["thread"]["id"].clone()))
                .collect::<Vec<_>>()
        });
        while !received.is_finished() {
            assert!(other.call("thread/list", json!({})).is_ok());
        }
        received.join().unwrap()
    });
    for (number, (asked, thread)) in ids.into_iter().enumerate() {
        assert_eq!((asked, thread), (Some(number as u64), json!(id(number as u64 % 5))));
    }
}

#[test]
fn a_client_that_reads_nothing_costs_little_and_loses_nothing() {
    let home = home_of(1);
    let long = "word ".repeat(20_000);
    home.write(&Rollout::paginated(&id(9)).at_millis(AT).cwd("/src/app").user(&long).agent(&long));
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let mut other = server.client();
    let mut silent = server.client();
    let mut sender = silent.socket.get_ref().try_clone().unwrap();
    let asked = 2_000;
    let sending = std::thread::spawn(move || {
        for number in 0..asked {
            let params = json!({"threadId": id(9), "includeTurns": true});
            let request = json!({"id": number, "method": "thread/read", "params": params});
            std::io::Write::write_all(&mut sender, &masked(request.to_string().as_bytes())).unwrap();
        }
    });
    let memory = |server: &Server| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.running.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    // 2,000 answers of 200 KB would be 400 MB.
    for _ in 0..100 {
        assert!(other.call("thread/list", json!({})).is_ok());
        assert!(memory(&server) < 150_000, "{} KB", memory(&server));
        std::thread::sleep(Duration::from_millis(5));
    }
    for number in 0..asked {
        assert_eq!(silent.receive().unwrap()["id"], number);
    }
    sending.join().unwrap();
}

#[test]
fn a_list_beside_a_huge_rollout_does_not_read_it() {
    let home = home_of(80);
    let huge = uuid7(AT + 100 * 60_000, 100);
    support::long_thread(home.home.path(), &huge, 3_370);
    home.program().run(["init", "--no-index"]).well();
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let mut client = server.client();
    let read = || {
        let counts = std::fs::read_to_string(format!("/proc/{}/io", server.running.id())).unwrap();
        counts.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse::<u64>().unwrap()
    };
    let before = read();
    let listed = client.call("thread/list", json!({"limit": 100, "modelProviders": []})).unwrap();
    assert_eq!(listed["data"].as_array().unwrap().len(), 81);
    assert!(read() - before < 8 << 20, "a list read {} bytes", read() - before);
    let before = read();
    assert!(client.call("thread/turns/list", json!({"threadId": huge, "limit": 5, "sortDirection": "desc"})).is_ok());
    assert!(read() - before < 16 << 20, "the last turns read {} bytes", read() - before);
}

#[test]
fn a_thousand_connections_come_and_go() {
    let home = home_of(1);
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    for _ in 0..2 {
        let mut clients: Vec<_> = (0..400).map(|_| server.client()).collect();
        for client in &mut clients {
            assert!(client.call("account/read", json!({})).is_ok());
        }
    }
    assert!(server.client().call("account/read", json!({})).is_ok());
}

#[test]
fn a_home_on_which_codex_does_not_start_is_served() {
    let home = home_of(3);
    // A state DB of Codex's that is no database, and one of this program's that a newer one wrote.
    std::fs::write(home.home.path().join("state_5.sqlite"), "no database at all").unwrap();
    home.program().run(["init"]).well();
    let state = home.state.path().join("threadkeep.sqlite");
    let mut newer = std::fs::read_dir(home.state.path()).unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let state = newer.find(|path| path.extension().is_some_and(|extension| extension == "sqlite")).unwrap_or(state);
    rusqlite::Connection::open(&state).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let mut lines = Lines::start(&home.program());
    lines.send(&initialize());
    lines.send(&json!({"id": 1, "method": "thread/list", "params": {"modelProviders": []}}));
    lines.receive();
    let listed = answered(lines.receive()).unwrap();
    assert_eq!(listed["data"].as_array().unwrap().len(), 3);
    lines.finish();
}

#[test]
fn an_introduction_is_answered_while_the_state_db_is_filled() {
    let home = home_of(400);
    let mut lines = Lines::start(&home.program());
    lines.send(&initialize());
    lines.send(&json!({"id": 1, "method": "thread/list", "params": {"limit": 100, "modelProviders": []}}));
    assert!(answered(lines.receive()).is_ok());
    assert_eq!(answered(lines.receive()).unwrap()["data"].as_array().unwrap().len(), 100);
    lines.finish();
}

#[test]
fn what_others_changed_is_seen_within_a_second() {
    let home = home_of(1);
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let mut client = server.client();
    let count = |client: &mut Client| {
        client.call("thread/list", json!({"modelProviders": []})).unwrap()["data"].as_array().unwrap().len()
    };
    assert_eq!(count(&mut client), 1);
    home.write(&thread(1));
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(count(&mut client), 2);
    home.program().run(["name", &id(0), "A name"]).well();
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(client.call("thread/read", json!({"threadId": id(0)})).unwrap()["thread"]["name"], "A name");
}

#[test]
fn two_servers_and_a_command_line_share_a_home() {
    let home = home_of(20);
    let servers =
        ["a", "b"].map(|name| Server::start(&home.program(), &home.state.path().join(format!("{name}/socket"))));
    let mut clients = servers.each_ref().map(Server::client);
    for round in 0..10 {
        for (at, client) in clients.iter_mut().enumerate() {
            let name = format!("{at} in {round}");
            client.call("thread/name/set", json!({"threadId": id(at as u64), "name": name})).unwrap();
        }
        home.program().run(["name", &id(5), &format!("line {round}")]).well();
        home.program().run(["list"]).well();
    }
    std::thread::sleep(Duration::from_secs(1));
    for client in &mut clients {
        let name = |client: &mut Client, number| {
            client.call("thread/read", json!({"threadId": id(number)})).unwrap()["thread"]["name"].clone()
        };
        assert_eq!(name(client, 0), "0 in 9");
        assert_eq!(name(client, 1), "1 in 9");
        assert_eq!(name(client, 5), "line 9");
    }
}

#[test]
fn commands_ask_a_server_as_they_ask_the_home() {
    let home = home_of(130);
    home.program().run(["name", &id(3), "The third"]).well();
    let socket = home.state.path().join("run/socket");
    let _server = Server::start(&home.program(), &socket);
    let remote = format!("unix://{}", socket.display());
    let elsewhere = HomeAndState::new();
    let asking = |arguments: &[&str]| elsewhere.program().json([arguments, &["--remote", &remote]].concat());
    let here = |arguments: &[&str]| home.program().json(arguments);
    let listed = asking(&["list", "--limit", "0"]);
    assert_eq!(support::ids(&listed), support::ids(&here(&["list", "--limit", "0", "--flat"])));
    assert_eq!(listed["items"].as_array().unwrap().len(), 130);
    let found = asking(&["find", "The third"]);
    assert_eq!((&found["id"], &found["path"]), (&json!(id(3)), &here(&["find", &id(3)])["path"]));
    assert_eq!(found["via"], "server");
    assert_eq!(asking(&["turns", &id(3)])["items"], here(&["turns", &id(3)])["items"]);
    assert_eq!(asking(&["read", "The third"])["turns"], here(&["read", "The third"])["turns"]);
    let matched = asking(&["search", "question 77"]);
    assert_eq!(matched["items"][0]["thread"]["id"], id(77));
    let refused = elsewhere.program().run(["list", "--branch", "main", "--remote", &remote]).ended(2);
    assert!(refused.stderr.contains("branches"), "{}", refused.stderr);
    elsewhere.program().run(["find", "nobody", "--remote", &remote]).ended(3);
    assert!(!elsewhere.state.path().join("threadkeep").exists(), "nothing is opened here");
    assert!(std::fs::read_dir(elsewhere.state.path()).unwrap().next().is_none(), "nothing is opened here");
}

#[test]
fn where_no_server_answers_a_command_says_so() {
    let home = home_of(0);
    let nowhere = format!("unix://{}", home.state.path().join("nobody").display());
    let refused = home.program().run(["list", "--remote", &nowhere]).ended(1);
    assert!(refused.stderr.contains("no server answers at"), "{}", refused.stderr);
    home.program().run(["list", "--remote", "http://localhost:1"]).ended(2);
}

#[test]
fn clients_are_told_what_others_did_and_once_what_they_did_themselves() {
    let home = home_of(3);
    let server = Server::start(&home.program(), &home.state.path().join("run/socket"));
    let (mut doer, mut listener) = (server.client(), server.client());
    assert!(listener.call("thread/list", json!({})).is_ok());
    // A server follows a home as soon as it has its handle.
    std::thread::sleep(Duration::from_secs(4));
    doer.call("thread/name/set", json!({"threadId": id(0), "name": "Ours"})).unwrap();
    home.program().run(["name", &id(1), "Theirs"]).well();
    home.program().run(["archive", &id(2)]).well();
    let mut told = Vec::new();
    while told.len() < 3 {
        let notification = listener.receive().unwrap();
        told.push((notification["method"].clone(), notification["params"]["threadId"].clone()));
    }
    std::thread::sleep(Duration::from_secs(1));
    assert!(listener.call("account/read", json!({})).is_ok());
    assert_eq!(listener.told, [] as [Value; 0], "nothing is told twice");
    let wanted = [
        (json!("thread/name/updated"), json!(id(0))),
        (json!("thread/name/updated"), json!(id(1))),
        (json!("thread/archived"), json!(id(2))),
    ];
    assert_eq!(told, wanted);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_bring_a_server_down(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..40)) {
        let home = home_of(1);
        let mut lines = Lines::start(&home.program());
        lines.send(&initialize());
        lines.receive();
        for message in &messages {
            lines.write(message);
            lines.write(b"\n");
        }
        lines.send(&json!({"id": "last", "method": "account/read", "params": {}}));
        let answers = lines.finish();
        prop_assert_eq!(&answers.last().unwrap()["id"], "last");
    }
}
