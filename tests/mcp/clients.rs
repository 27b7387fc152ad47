//! Clients that nobody here wrote. They run where variables name them, and say so where they do not: `MCP_PYTHON`, a Python with the
//! package `mcp`; `MCP_INSPECTOR`, the command `mcp-inspector` with the Node that runs it before it.

use std::env;
use std::process::Command;

use support::{HomeAndState, Rollout, skipped, uuid7};

/// Asks by the official Python client.
const PYTHON: &str = r#"
import asyncio, json, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    server = StdioServerParameters(command=sys.argv[1], args=sys.argv[3:], env={"HOME": sys.argv[2]})
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        tools = await session.list_tools()
        found = await session.call_tool("find_threads", {"words": "kite"})
        data = json.loads(found.content[0].text)
        thread = data["threads"][0]["id"]
        for name, arguments in [("read_thread", {"thread": thread}), ("thread_context", {"path": "a.txt"}), ("usage", {}), ("why_missing", {"thread": thread})]:
            result = await session.call_tool(name, arguments)
            assert "error" not in json.loads(result.content[0].text), (name, result)
        refused = await session.call_tool("read_thread", {"thread": "nobody"})
        assert json.loads(refused.content[0].text)["error"]["code"] == "notFound"
        print(len(tools.tools), thread)

asyncio.run(main())
"#;

fn place() -> (HomeAndState, String) {
    let place = HomeAndState::new();
    let id = uuid7(1_772_359_200_000, 1);
    place.write(&Rollout::paginated(&id).user("a kite").patch("a.txt", "paper").agent("flies"));
    (place, id)
}

/// The words of a server's command: the program and its arguments.
fn server(place: &HomeAndState) -> (String, Vec<String>) {
    let command = place.program().command(["mcp", "--scope", "all"]);
    let words = command.get_args().map(|word| word.to_str().unwrap().to_owned()).collect();
    (command.get_program().to_str().unwrap().to_owned(), words)
}

#[test]
fn the_official_python_client_finds_and_reads() {
    let Some(python) = env::var_os("MCP_PYTHON") else { return skipped("no Python client (MCP_PYTHON)") };
    let (place, id) = place();
    let (program, arguments) = server(&place);
    let mut command = Command::new(python);
    let output = command.args(["-c", PYTHON, &program]).arg(place.state.path()).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(said.trim(), format!("5 {id}"), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_inspector_finds_nothing_wrong() {
    let Some(inspector) = env::var_os("MCP_INSPECTOR") else { return skipped("no inspector (MCP_INSPECTOR)") };
    let (place, id) = place();
    let (program, arguments) = server(&place);
    let inspector = inspector.into_string().unwrap();
    let run = |more: &[&str]| {
        let mut words = inspector.split_whitespace();
        let mut command = Command::new(words.next().unwrap());
        command.args(words).args(["--cli", &program]).args(&arguments).args(more);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{more:?}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    assert!(run(&["--method", "tools/list", "--strict"]).contains("find_threads"));
    let called = ["--method", "tools/call", "--tool-name", "read_thread", "--tool-arg"];
    assert!(run(&[&called[..], &[&format!("thread={id}")]].concat()).contains("flies"));
}
