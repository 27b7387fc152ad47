//! The server over HTTP: the same answers, whom it lets in, and what it does with clients that mean no good.

use std::io::Write as _;
use std::net::SocketAddr;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::http::{HttpResponse, connect};
use support::{HomeAndState, McpClient, McpHttpServer, Rollout, name_thread, uuid7};

const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"tests","version":"1"}}}"#;
const PING: &str = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;

fn place() -> (HomeAndState, Vec<String>) {
    let place = HomeAndState::new();
    let ids: Vec<_> = (0..4).map(|number| uuid7(1_772_359_200_000 + number * 60_000, number as u64)).collect();
    for (number, id) in ids.iter().enumerate() {
        let rollout = Rollout::paginated(id).cwd("/src/kites").user(&format!("kite {number}")).agent("it flies");
        place.write(&rollout.command("ls", "sail.txt", 0).patch("sail.txt", "red cloth").tokens(100));
    }
    name_thread(place.home.path(), &ids[0], "Kites", 1_772_359_900_000);
    (place, ids)
}

#[test]
fn every_tool_answers_the_same_by_both_ways() {
    let (place, ids) = place();
    let program = place.program();
    let server = McpHttpServer::of(&program);
    let (mut lines, mut http) = (McpClient::of(&program), McpClient::over_http(&server));
    assert_eq!(lines.server, http.server);
    for (method, params) in [
        ("tools/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": format!("thread://{}", ids[1]) })),
        ("prompts/get", json!({ "name": "continue" })),
        ("resources/read", json!({ "uri": "thread://nobody" })),
        ("threads/delete", json!({})),
    ] {
        let by = |client: &mut McpClient| {
            let mut answer = client.request(method, params.clone());
            answer["id"].take();
            answer
        };
        assert_eq!(by(&mut lines), by(&mut http), "{method} {params}");
    }
    for (tool, arguments) in [
        ("find_threads", json!({ "limit": 3 })),
        ("find_threads", json!({ "words": "kite" })),
        ("read_thread", json!({ "thread": ids[2], "detail": "everything" })),
        ("read_thread", json!({ "thread": "nobody" })),
        ("thread_context", json!({ "path": "sail.txt" })),
        ("usage", json!({ "by": "thread" })),
        ("why_missing", json!({ "thread": "Kites" })),
        ("find_threads", json!({ "wrods": "x" })),
    ] {
        assert_eq!(lines.result(tool, arguments.clone()), http.result(tool, arguments.clone()), "{tool} {arguments}");
    }
}

#[test]
fn a_host_or_a_page_that_is_not_of_this_machine_is_not_let_in() {
    let (place, _) = place();
    let server = McpHttpServer::with(&place.program(), &["--allow-origin", "https://page.example"]);
    let port = server.address.port();
    for host in ["evil.example", "evil.example:80", "192.168.0.1", &format!("127.0.0.1.evil.example:{port}")] {
        let response = server.post(&[("Host", host)], HELLO.as_bytes());
        assert_eq!(response.status, 403, "{host}: {response:?}");
    }
    for host in ["localhost".to_owned(), format!("localhost:{port}"), format!("127.0.0.1:{port}"), "[::1]".into()] {
        assert_eq!(server.post(&[("Host", &host)], HELLO.as_bytes()).status, 200, "{host}");
    }
    for origin in ["http://evil.example", "null", &format!("http://127.0.0.1:{port}"), "https://page.example:444"] {
        let response = server.post(&[("Origin", origin)], HELLO.as_bytes());
        assert_eq!(response.status, 403, "{origin}: {response:?}");
        assert_eq!(response.header("access-control-allow-origin"), None, "{origin}");
    }
    let page = ("Origin", "https://page.example");
    let response = server.post(&[page], HELLO.as_bytes());
    assert_eq!((response.status, response.header("access-control-allow-origin")), (200, Some(page.1)), "{response:?}");
    let asked = [page, ("Access-Control-Request-Method", "POST")];
    let response = HttpResponse::of(server.address, "OPTIONS /mcp", &asked, b"");
    assert_eq!((response.status, response.header("access-control-allow-origin")), (204, Some(page.1)), "{response:?}");
    let asked = [("Origin", "https://evil.example"), asked[1]];
    assert_eq!(HttpResponse::of(server.address, "OPTIONS /mcp", &asked, b"").status, 403);
}

#[test]
fn who_has_not_the_token_is_not_let_in() {
    let (place, _) = place();
    let token = place.state.path().join("token");
    std::fs::write(&token, "0123456789abcdef\n").unwrap();
    let server = McpHttpServer::with(&place.program(), &["--scope", "all", "--token-file", token.to_str().unwrap()]);
    for shown in [&[][..], &[("Authorization", "Bearer 0123456789abcdeg")], &[("Authorization", "0123456789abcdef")]] {
        assert_eq!(server.post(shown, HELLO.as_bytes()).status, 401, "{shown:?}");
    }
    let mut client = McpClient::over_http_with(&server, &[("Authorization", "Bearer 0123456789abcdef")]);
    assert_eq!(client.call("find_threads", json!({}))["threads"].as_array().unwrap().len(), 4);
    let refused = place.program().run(["mcp", "--listen", "http://0.0.0.0:0"]);
    assert!(refused.stderr.contains("token file"), "{}", refused.stderr);
    assert_ne!(refused.code, Some(0));
}

#[test]
fn what_is_no_message_is_refused_with_a_reason_and_the_others_are_answered() {
    let (place, ids) = place();
    let server = McpHttpServer::of(&place.program());
    let mut client = McpClient::over_http(&server);
    let session = client.session().unwrap().to_owned();
    let session = ("Mcp-Session-Id", session.as_str());
    for (body, status, code) in [
        ("nonsense", 400, -32700),
        ("", 400, -32700),
        ("[1,2", 400, -32700),
        ("\u{0}\u{1}", 400, -32700),
        ("{}", 400, -32600),
        ("[]", 400, -32600),
        ("null", 400, -32600),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, 400, -32600),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, 400, -32600),
    ] {
        let response = server.post(&[session], body.as_bytes());
        assert_eq!(response.status, status, "{body}: {response:?}");
        let told: Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(told["error"]["code"], code, "{body}: {told}");
    }
    let unknown = client.request("threads/delete", json!({}));
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    for (headers, status) in [
        (&[("Content-Type", "text/plain")][..], 415),
        (&[("Content-Type", "application/jsonp")], 415),
        (&[("Accept", "text/html")], 406),
        (&[("MCP-Protocol-Version", "1999-01-01"), session], 400),
        (&[("Mcp-Session-Id", "0123")], 404),
        (&[("Mcp-Session-Id", "00000000-0000-4000-8000-000000000000")], 404),
    ] {
        let response = server.post(headers, PING.as_bytes());
        assert_eq!(response.status, status, "{headers:?}: {response:?}");
        assert!(!response.body.is_empty(), "{headers:?}: a reason");
    }
    for (first, status) in [("GET /", 404), ("PUT /mcp", 405), ("GET /readyz", 200), ("POST /healthz", 405)] {
        assert_eq!(HttpResponse::of(server.address, first, &[], b"").status, status, "{first}");
    }
    let delete = HttpResponse::of(server.address, "DELETE /mcp", &[session], b"");
    assert_eq!(delete.status, 204, "{delete:?}");
    assert_eq!(server.post(&[session], PING.as_bytes()).status, 404, "the session has ended");
    let mut client = McpClient::over_http(&server);
    assert_eq!(client.call("find_threads", json!({}))["threads"].as_array().unwrap().len(), ids.len());
}

#[test]
fn a_huge_body_is_refused_and_half_of_one_keeps_nobody_else_waiting() {
    let (place, _) = place();
    let server = McpHttpServer::of(&place.program());
    let mut client = McpClient::over_http(&server);
    for megabytes in [5, 40] {
        let body = format!("{{\"jsonrpc\":\"2.0\",\"x\":\"{}\"}}", "x".repeat(megabytes << 20));
        let response = server.post(&[], body.as_bytes());
        assert_eq!(response.status, 413, "{megabytes}: {response:?}");
        assert!(response.body.contains("4194304 bytes"), "{response:?}");
    }
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"js",
        server.address
    );
    let mut halves: Vec<_> = (0..50).map(|_| connect(server.address)).collect();
    halves.iter_mut().for_each(|half| half.write_all(head.as_bytes()).unwrap());
    let mut slow = connect(server.address);
    slow.write_all(b"POST /mcp HT").unwrap();
    assert_eq!(client.call("find_threads", json!({ "words": "kite" }))["threads"].as_array().unwrap().len(), 4);
    // In the end each is told why, or let go.
    let told = HttpResponse::read(halves.pop().unwrap());
    assert_eq!(told.status, 408, "{told:?}");
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut slow, &mut rest);
    assert_eq!(client.call("find_threads", json!({}))["threads"].as_array().unwrap().len(), 4);
}

/// The memory of a process, in KiB.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn begin(address: SocketAddr) -> HttpResponse {
    let headers = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];
    HttpResponse::of(address, "POST /mcp", &headers, HELLO.as_bytes())
}

#[test]
fn sessions_are_bounded_and_their_memory_is_used_again() {
    let (place, _) = place();
    let server = McpHttpServer::of(&place.program());
    let mut client = McpClient::over_http(&server);
    client.call("find_threads", json!({ "words": "kite" }));
    let mut after = Vec::new();
    for _ in 0..6 {
        let mut sessions = Vec::new();
        let refused = loop {
            let response = begin(server.address);
            match response.header("mcp-session-id") {
                Some(session) => sessions.push(session.to_owned()),
                None => break response,
            }
            assert!(sessions.len() < 2_000, "there is no bound");
        };
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.body.contains("too many sessions"), "{refused:?}");
        assert_eq!(client.call("find_threads", json!({ "limit": 1 }))["threads"].as_array().unwrap().len(), 1);
        for session in sessions {
            let ended = HttpResponse::of(server.address, "DELETE /mcp", &[("Mcp-Session-Id", &session)], b"");
            assert_eq!(ended.status, 204, "{ended:?}");
        }
        after.push(memory(server.running.id()));
    }
    // A session takes 60 KB: of sessions that stay, four rounds would take 60 MB.
    assert!(after[5] < after[1] + 24 * 1024, "it grows: {after:?} KiB");
}

#[test]
fn what_is_told_to_end_ends_with_its_clients_connected() {
    let (place, _) = place();
    let server = McpHttpServer::of(&place.program());
    let client = McpClient::over_http(&server);
    let mut listening = connect(server.address);
    let session = client.session().unwrap();
    let head = format!(
        "GET /mcp HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\nMcp-Session-Id: {session}\r\n\r\n",
        server.address
    );
    listening.write_all(head.as_bytes()).unwrap();
    let idle = connect(server.address);
    server.running.signal(Signal::TERM);
    let (code, said) = server.ended();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    drop((idle, listening));
}

#[test]
fn a_socket_of_the_file_system_is_served_too() {
    use std::os::unix::net::UnixStream;
    let (place, _) = place();
    let socket = place.state.path().join("served/socket");
    let program = place.program();
    let mut running = program.spawn(["mcp", "--listen", &format!("unix://{}", socket.display())]);
    let mut stream = loop {
        match UnixStream::connect(&socket) {
            Ok(stream) => break stream,
            Err(_) => assert!(!running.is_over(), "it ended before it listened"),
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    let head = "POST /mcp HTTP/1.1\r\nHost: anything\r\nConnection: close\r\nContent-Type: application/json\r\n";
    let accept = "Accept: application/json, text/event-stream\r\n";
    write!(stream, "{head}{accept}Content-Length: {}\r\n\r\n{HELLO}", HELLO.len()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("threadkeep"), "{answer}");
    running.signal(Signal::TERM);
    assert_eq!(running.outcome().code, Some(0));
}
