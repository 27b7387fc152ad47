//! Clients that nobody here wrote. They run where variables name them, and say so where they do not: `MCP_PYTHON`, a Python with the
//! package `mcp`; `MCP_INSPECTOR` and `MCP_CONFORMANCE`, the commands `mcp-inspector` and `conformance`, each with the Node that runs
//! it before it.

use std::env;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use support::{HomeAndState, McpHttpServer, Rollout, skipped, uuid7};

/// Asks by the official Python client: a server that it begins, or one that listens, with a session and, as its newer interface does,
/// without.
const PYTHON: &str = r#"
import asyncio, json, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.client import Client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

async def ask(session):
    tools = await session.list_tools()
    found = await session.call_tool("find_threads", {"words": "kite"})
    data = json.loads(found.content[0].text)
    thread = data["threads"][0]["id"]
    for name, arguments in [("read_thread", {"thread": thread}), ("thread_context", {"path": "a.txt"}), ("usage", {}), ("why_missing", {"thread": thread})]:
        result = await session.call_tool(name, arguments)
        assert "error" not in json.loads(result.content[0].text), (name, result)
    refused = await session.call_tool("read_thread", {"thread": "nobody"})
    assert json.loads(refused.content[0].text)["error"]["code"] == "notFound"
    plan = json.loads((await session.call_tool("plan_change", {"action": "name", "thread": thread, "name": sys.argv[2]})).content[0].text)
    receipt = json.loads((await session.call_tool("confirm_change", {"token": plan["token"]})).content[0].text)
    assert receipt["changed"] == 1, receipt
    print(len(tools.tools), thread)

async def main():
    how = sys.argv[1]
    if how == "stdio":
        server = StdioServerParameters(command=sys.argv[3], args=sys.argv[4:], env={"HOME": "/nonexistent"})
        streams = stdio_client(server)
    elif how == "session":
        streams = streamable_http_client(sys.argv[3])
    else:
        async with Client(sys.argv[3]) as client:
            return await ask(client)
    async with streams as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        await ask(session)

asyncio.run(main())
"#;

/// What of the conformance scenarios is not for this server, each with the reason.
const EXPECTED_FAILURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/mcp/conformance.yml");

fn place() -> (HomeAndState, String) {
    let place = HomeAndState::new();
    let id = uuid7(1_772_359_200_000, 1);
    place.write(&Rollout::paginated(&id).user("a kite").patch("a.txt", "paper").agent("flies"));
    (place, id)
}

/// The words of a server's command: the program and its arguments.
fn server(place: &HomeAndState) -> (String, Vec<String>) {
    let command = place.program().command(["mcp", "--scope", "all", "--allow-writes"]);
    let words = command.get_args().map(|word| word.to_str().unwrap().to_owned()).collect();
    (command.get_program().to_str().unwrap().to_owned(), words)
}

/// Runs a command that begins with the words of a variable.
fn run(words: &str, more: &[&str]) -> Output {
    let mut words = words.split_whitespace();
    Command::new(words.next().unwrap()).args(words).args(more).output().unwrap()
}

/// What a command said that went well.
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn the_official_python_client_finds_reads_and_changes() {
    let Ok(python) = env::var("MCP_PYTHON") else { return skipped("no Python client (MCP_PYTHON)") };
    let (place, id) = place();
    place.program().run(["init"]).well();
    let (program, arguments) = server(&place);
    let listening = McpHttpServer::with(&place.program(), &["--scope", "all", "--allow-writes"]);
    let url = format!("http://{}/mcp", listening.address);
    let arguments: Vec<&str> = [program.as_str()].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    for (how, rest) in [("stdio", &arguments[..]), ("session", &[&url]), ("no session", &[&url])] {
        let output = run(&python, &[&["-c", PYTHON, how, &format!("by {how}")], rest].concat());
        assert_eq!(said(&output).trim(), format!("7 {id}"), "{how}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{how}: it has nothing to complain of");
        assert_eq!(place.program().json(["read", &id])["name"], format!("by {how}"));
    }
}

#[test]
fn the_inspector_finds_nothing_wrong() {
    let Ok(inspector) = env::var("MCP_INSPECTOR") else { return skipped("no inspector (MCP_INSPECTOR)") };
    let (place, id) = place();
    let (program, arguments) = server(&place);
    let listening = McpHttpServer::with(&place.program(), &["--scope", "all", "--allow-writes"]);
    let url = format!("http://{}/mcp", listening.address);
    let begun: Vec<&str> = ["--cli", &program].into_iter().chain(arguments.iter().map(String::as_str)).collect();
    for server in [&begun[..], &["--cli", &url, "--transport", "http"]] {
        let run = |more: &[&str]| said(&run(&inspector, &[server, more].concat()));
        assert!(run(&["--method", "tools/list", "--strict"]).contains("confirm_change"), "{server:?}");
        let called = ["--method", "tools/call", "--tool-name", "read_thread", "--tool-arg"];
        assert!(run(&[&called[..], &[&format!("thread={id}")]].concat()).contains("flies"), "{server:?}");
    }
}

#[test]
fn the_conformance_scenarios_come_out_as_expected() {
    let Ok(conformance) = env::var("MCP_CONFORMANCE") else { return skipped("no conformance tests (MCP_CONFORMANCE)") };
    let (place, _) = place();
    // The scenarios ask as a page of the server's own origin, which must be allowed by its name.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let server = McpHttpServer::on(&place.program(), port, &["--scope", "all", "--allow-origin", &origin]);
    let url = format!("http://{}/mcp", server.address);
    let results = place.state.path().join("results");
    let more = ["server", "--url", &url, "--suite", "all", "--expected-failures", EXPECTED_FAILURES, "--output-dir"];
    let output = run(&conformance, &[&more[..], &[results.to_str().unwrap()]].concat());
    let said = said(&output);
    for passed in
        ["server-initialize", "ping", "tools-list", "resources-list", "prompts-list", "dns-rebinding-protection"]
    {
        assert!(said.contains(&format!("✓ {passed}: ")), "{passed}: {said}");
    }
}

#[test]
fn every_expected_failure_has_a_reason() {
    let list = std::fs::read_to_string(Path::new(EXPECTED_FAILURES)).unwrap();
    let entries: Vec<&str> = list.lines().filter(|line| line.trim_start().starts_with("- ")).collect();
    assert!(!entries.is_empty());
    for entry in entries {
        let reason = entry.split_once(" # ").map(|(_, reason)| reason.trim());
        assert!(reason.is_some_and(|reason| reason.len() > 20), "{entry}");
    }
}
