//! The app-server as its clients meet it: how soon it answers, what an answer costs it, many clients at once, and one that
//! does wrong beside others. Where `CODEX_BIN` names a Codex, its own server is asked the same in turn, on a copy of the home.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::app_server::{Client, Lines, Server, introduction, masked};
use support::{Collection, McpClient, Program, Rollout, uuid7};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;

use crate::homes::{Ground, linked, weeks_of_work};
use crate::table::{Table, millis};

/// What is asked of a server, and what an answer may take: milliseconds on the clock, and of the server's processor time.
struct Question {
    what: &'static str,
    method: &'static str,
    params: Value,
    clock: Option<f64>,
    cpu: Option<f64>,
    /// How often it is asked in a run.
    times: u32,
}

/// Clients that ask at once.
const MANY: usize = 50;
/// For how long they ask.
const SPAN: Duration = Duration::from_secs(2);

/// Asks this program's server, and Codex's beside it.
pub(crate) fn servers(ground: &Ground, target: &Path, runs: usize) {
    println!("\nthe app-server");
    let own = Contender { name: "threadkeep", program: Program::on(&ground.home, &ground.state), _copy: None };
    first_answers(ground, &own, runs);
    let contenders: Vec<Contender> = std::iter::once(own).chain(codex(ground, target)).collect();
    for contender in &contenders {
        let socket = contender.program.place().join("run/socket");
        std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
        let server = Server::start(&contender.program, &socket);
        answers(contender, &server, &ground.small, runs);
        first_reads(contender, &server);
        crowd(contender, &server, &ground.small);
    }
    let own = &contenders[0];
    let server = Server::start(&own.program, &own.program.place().join("run/another"));
    bad_neighbours(&server, &ground.small);
}

/// A program that serves.
struct Contender {
    name: &'static str,
    program: Program,
    _copy: Option<TempDir>,
}

/// Codex's server, on a copy of the home: it writes to what it serves.
fn codex(ground: &Ground, target: &Path) -> Option<Contender> {
    let named = std::env::var_os("CODEX_BIN")?;
    let newest: PathBuf = std::env::split_paths(&named).next()?;
    let copy = tempfile::tempdir_in(target).unwrap();
    let home = copy.path().join("home");
    linked(&ground.home, &home);
    // It fills one of its own, which it takes for its own.
    for file in std::fs::read_dir(&home).unwrap().flatten() {
        if file.file_name().to_string_lossy().contains(".sqlite") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    Some(Contender { name: "codex", program: Program::at(newest).variable("CODEX_HOME", home), _copy: Some(copy) })
}

/// From the start of a process to the answer to `initialize`: with a state DB that is whole, and with none; for agents, too.
fn first_answers(ground: &Ground, own: &Contender, runs: usize) {
    const WHOLE: &str = "initialize, from the start of the process";
    const NONE: &str = "initialize, without a state DB";
    const AGENTS: &str = "mcp, initialize, from the start of the process";
    let mut table = Table::default();
    let started = |program: &Program| {
        let mut lines = Lines::start(program);
        lines.send(&json!({"id": 0, "method": "initialize", "params": introduction()}));
        assert!(lines.receive()["result"].is_object());
        lines
    };
    for _ in 0..runs {
        let empty = tempfile::tempdir_in(ground.state.parent().unwrap()).unwrap();
        let unfilled = Program::on(&ground.home, empty.path());
        let (mut first, mut second) = (None, None);
        table.time(WHOLE, || first = Some(started(&own.program)));
        drop(first);
        table.time(NONE, || second = Some(started(&unfilled)));
        drop(second);
        let mut agent = None;
        table.time(AGENTS, || agent = Some(McpClient::of(&own.program)));
        drop(agent);
    }
    table.want(WHOLE, 20.0);
    table.want(NONE, 20.0);
    table.want(AGENTS, 30.0);
    table.print();
}

/// What each kind of answer takes.
fn answers(contender: &Contender, server: &Server, id: &str, runs: usize) {
    let list = |more: Value| {
        let mut params = json!({"limit": 25, "sortKey": "updated_at", "modelProviders": []});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let rows = list(json!({"useStateDbOnly": true}));
    let (read, with_turns) = (json!({"threadId": id}), json!({"threadId": id, "includeTurns": true}));
    let own = contender.name == "threadkeep";
    let wanted = |most: f64| own.then_some(most);
    let questions = [
        Question {
            what: "thread/list of 25, rows",
            method: "thread/list",
            params: rows,
            clock: wanted(2.0),
            cpu: None,
            times: 20,
        },
        Question {
            what: "thread/list of 25",
            method: "thread/list",
            params: list(json!({})),
            clock: wanted(15.0),
            cpu: None,
            times: 20,
        },
        Question {
            what: "thread/read",
            method: "thread/read",
            params: read,
            clock: None,
            cpu: wanted(0.1),
            times: 500,
        },
        Question {
            what: "thread/read with turns",
            method: "thread/read",
            params: with_turns,
            clock: wanted(0.8),
            cpu: None,
            times: 50,
        },
    ];
    let mut client = server.client();
    // The first answers of a process load what all others use.
    for question in &questions {
        client.call(question.method, question.params.clone()).unwrap();
    }
    let (mut clock, mut cpu) = (Table::default(), Table::default());
    for _ in 0..runs {
        for question in &questions {
            let before = processor_time(server.running.id());
            for _ in 0..question.times {
                clock.time(question.what, || client.call(question.method, question.params.clone()).unwrap());
            }
            cpu.note(question.what, (processor_time(server.running.id()) - before) / f64::from(question.times));
        }
    }
    for question in &questions {
        question.clock.into_iter().for_each(|most| clock.want(question.what, most));
        question.cpu.into_iter().for_each(|most| cpu.want(question.what, most));
    }
    println!(" {}, by the clock", contender.name);
    clock.print();
    println!(" {}, processor time of the server for each", contender.name);
    cpu.print();
}

/// What the first answer about a thread takes, of a hundred threads.
fn first_reads(contender: &Contender, server: &Server) {
    const FIRST: &str = "thread/read, the first of a thread";
    let mut client = server.client();
    let list = json!({"limit": 100, "sortKey": "created_at", "sortDirection": "asc", "modelProviders": []});
    let listed = client.call("thread/list", list).unwrap();
    let mut table = Table::default();
    for thread in listed["data"].as_array().unwrap() {
        table.time(FIRST, || client.call("thread/read", json!({"threadId": thread["id"]})).unwrap());
    }
    println!(" {}, of a hundred threads", contender.name);
    table.print();
}

/// Many clients that read at once, and what each costs in memory.
fn crowd(contender: &Contender, server: &Server, id: &str) {
    let alone = resident(server);
    let mut clients: Vec<Client> = (0..MANY).map(|_| server.client()).collect();
    let request = json!({"id": 1, "method": "thread/read", "params": {"threadId": id}}).to_string();
    for client in &mut clients {
        client.call("thread/read", json!({"threadId": id})).unwrap();
    }
    let each = (resident(server).saturating_sub(alone)) as f64 / MANY as f64;
    let over = AtomicBool::new(false);
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let asking: Vec<_> = clients
            .iter_mut()
            .map(|client| {
                scope.spawn(|| {
                    let mut times = Vec::new();
                    while !over.load(Ordering::Relaxed) {
                        times.push(millis(|| {
                            client.socket.send(Message::text(request.as_str())).unwrap();
                            while !client.socket.read().unwrap().is_text() {}
                        }));
                    }
                    times
                })
            })
            .collect();
        std::thread::sleep(SPAN);
        over.store(true, Ordering::Relaxed);
        asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    times.sort_by(f64::total_cmp);
    let a_second = times.len() as f64 / SPAN.as_secs_f64();
    let of = |hundredths: usize| times[times.len() * hundredths / 100];
    println!(
        " {}, {MANY} clients that read: {a_second:.0} a second, median {:.2} ms, p99 {:.2} ms",
        contender.name,
        of(50),
        of(99)
    );
    let loaded = resident(server);
    println!(
        " {}, memory: {:.1} MB alone, {each:.0} KB a client, {:.1} MB at the end",
        contender.name,
        alone as f64 / 1024.0,
        loaded as f64 / 1024.0
    );
    if contender.name == "threadkeep" {
        verdict("8,000 reads a second", a_second >= 8_000.0);
        verdict("p99 below 25 ms", of(99) < 25.0);
        verdict("48 MB alone", alone <= 48 << 10);
        verdict("100 KB a client", each <= 100.0);
    }
}

/// The first pages of threads of any size.
pub(crate) fn first_pages(target: &Path, runs: usize) {
    const LARGE: &str = "thread/turns/list with items, the first page, a rollout of 2 GB";
    const LARGE_ITEMS: &str = "thread/items/list, the first page, the same";
    const LONG: &str = "thread/turns/list with items, the first page, a turn of 420 items and 11 MB";
    const LONG_ITEMS: &str = "thread/items/list, the first page, the same turn";
    let (home, large) = weeks_of_work(target);
    let turn = tempfile::tempdir_in(target).unwrap();
    let long = uuid7(1_772_000_000_000, 1);
    let begun = Rollout::paginated(&long).cwd("/src").user("many things");
    let items = (0..420).fold(begun, |rollout, number| rollout.agent(&format!("{number} {}", "word ".repeat(5_300))));
    items.write(turn.path(), Collection::Active);
    println!("\nthe app-server, large threads");
    let mut table = Table::default();
    for (home, id, turns, entries) in [(&*home, large, LARGE, LARGE_ITEMS), (turn.path(), long, LONG, LONG_ITEMS)] {
        let state = tempfile::tempdir_in(target).unwrap();
        let program = Program::on(home, state.path());
        program.run(["init", "--no-index"]).well();
        let server = Server::start(&program, &program.place().join("run/socket"));
        let mut client = server.client();
        let of = |view: &str| json!({"threadId": id, "limit": 20, "sortDirection": "desc", "itemsView": view});
        for _ in 0..runs {
            table.time(turns, || client.call("thread/turns/list", of("full")).unwrap());
            table.time(entries, || client.call("thread/items/list", of("full")).unwrap());
        }
        table.want(turns, 100.0);
        table.want(entries, 100.0);
    }
    table.print();
}

fn verdict(what: &str, met: bool) {
    println!("  wanted: {what}{}", if met { "" } else { "  MISSED" });
}

/// How long others wait while one client does wrong.
fn bad_neighbours(server: &Server, id: &str) {
    const QUIET: &str = "thread/read, nobody else";
    const PIPELINED: &str = "thread/read beside 10,000 requests at once";
    const LARGE: &str = "thread/read beside frames of 100 MB";
    const COMING: &str = "thread/read beside 1,000 connections that come and go";
    let mut table = Table::default();
    let mut client = server.client();
    let mut read = || client.call("thread/read", json!({"threadId": id})).unwrap();
    read();
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(500) {
        table.time(QUIET, &mut read);
    }
    for what in [PIPELINED, LARGE, COMING] {
        std::thread::scope(|scope| {
            let working = scope.spawn(|| match what {
                PIPELINED => pipelined(server, id),
                LARGE => large_frames(server),
                _ => connections(server),
            });
            while !working.is_finished() {
                table.time(what, &mut read);
            }
        });
        table.want(what, 2.0 * table.median(QUIET));
    }
    println!(" threadkeep, beside clients that do wrong");
    table.print();
}

fn pipelined(server: &Server, id: &str) {
    let mut client = server.client();
    let requests = 10_000;
    let mut sender = client.socket.get_ref().try_clone().unwrap();
    let request = json!({"id": 1, "method": "thread/read", "params": {"threadId": id}}).to_string();
    let frame = masked(request.as_bytes());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            (0..requests).for_each(|_| std::io::Write::write_all(&mut sender, &frame).unwrap());
        });
        (0..requests).for_each(|_| while !client.socket.read().unwrap().is_text() {});
    });
}

fn large_frames(server: &Server) {
    let frame = masked(&vec![b' '; 100 << 20]);
    for _ in 0..5 {
        let client = server.client();
        // The server ends the connection before it was given all.
        let _ = std::io::Write::write_all(&mut client.socket.get_ref(), &frame);
    }
}

fn connections(server: &Server) {
    for _ in 0..4 {
        drop((0..250).map(|_| server.client()).collect::<Vec<_>>());
    }
}

/// The processor time that a process has used, in milliseconds.
pub(crate) fn processor_time(process: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let spent = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    spent.filter_map(|line| line.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e6
}

/// The memory that a server has resident, in KiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.running.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
