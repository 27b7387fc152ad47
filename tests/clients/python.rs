//! Python packages that speak the protocol: each reads every thread, and changes some. `CODEX_PYTHON` names a Python that has them.

use std::path::Path;
use std::process::Command;

use support::skipped;

use super::{Served, THREADS, id};

/// By the official package.
const OFFICIAL: &str = r#"
from openai_codex import Codex
from openai_codex.client import CodexConfig
codex = Codex(CodexConfig(codex_bin=sys.argv[1], env=environment))
ids, cursor = [], None
while True:
    page = codex.thread_list(limit=25, cursor=cursor)
    ids += [thread.id for thread in page.data]
    cursor = page.next_cursor
    if not cursor: break
said = [codex._client.thread_read(thread, include_turns=True).thread.turns[0].items for thread in ids]
thread = codex.thread_resume(sys.argv[3])
thread.set_name("by python")
fork = codex.thread_fork(sys.argv[3])
codex.thread_archive(ids[0]); codex.thread_unarchive(ids[0])
print(len(set(ids)), sum(len(items) for items in said), thread.read().thread.name, fork.id not in ids)
codex.close()
"#;

/// By a package for the protocol of an earlier release.
const CLIENT: &str = r#"
from codex_app_server_client import _sync_client
from codex_app_server_client.types import ThreadReadParams
client = _sync_client.SyncCodexClient(codex_bin=sys.argv[1], env=environment)
client.start()
page = client.thread_list()
read = [client.thread_read(ThreadReadParams(threadId=thread.id, includeTurns=True)) for thread in page.data]
print(len(page.data), len(read))
client.close()
"#;

/// By a package that is asynchronous.
const SDK: &str = r#"
import asyncio
from codex_app_server_sdk import CodexClient
async def main():
    client = CodexClient.connect_stdio(command=[sys.argv[1], "app-server"], env=environment)
    await client.start()
    await client.initialize()
    ids = [thread["id"] for thread in (await client.list_threads(limit=100))["data"]]
    for thread in ids: await client.read_thread(thread, include_turns=True)
    thread = await client.resume_thread(sys.argv[3])
    await thread.set_name("by the sdk")
    fork = await thread.fork()
    await client.archive_thread(ids[0]); await client.unarchive_thread(ids[0])
    print(len(set(ids)), fork.thread_id not in ids)
    await client.close()
asyncio.run(main())
"#;

/// What a script says; none, said on stderr, where there is no such package.
fn says(package: &str, script: &str, home: &Path) -> Option<String> {
    let python = std::env::var_os("CODEX_PYTHON");
    let Some(python) = python else {
        skipped("no Python with clients of Codex (CODEX_PYTHON)");
        return None;
    };
    let is_there = Command::new(&python).args(["-c", &format!("import {package}")]).output().unwrap().status.success();
    if !is_there {
        skipped(&format!("no Python package {package} (CODEX_PYTHON)"));
        return None;
    }
    let program = support::Program::new().command([] as [&str; 0]).get_program().to_owned();
    let head = "import os, sys\nenvironment = dict(os.environ, CODEX_HOME=sys.argv[2], HOME=sys.argv[2])\n";
    let mut command = Command::new(python);
    let output = command.args(["-c", &format!("{head}{script}")]).arg(program).arg(home).arg(id(7)).output().unwrap();
    assert!(output.status.success(), "{package}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn packages_read_every_thread_and_change_some() {
    for (package, script, wanted) in [
        ("openai_codex", OFFICIAL, format!("{THREADS} {} by python True", 2 * THREADS)),
        ("codex_app_server_client", CLIENT, "25 25".into()),
        ("codex_app_server_sdk", SDK, format!("{THREADS} True")),
    ] {
        let served = Served::start();
        if let Some(said) = says(package, script, served.home.home.path()) {
            assert_eq!(said, wanted, "{package}");
        }
    }
}
