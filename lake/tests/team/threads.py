"""Is what a team of two did in two months, and the lines by which its machines push that."""

import json
from datetime import datetime, timezone

API, SITE = "https://example.org/api.git", "https://example.org/site.git"


def at(text):
    """Gives a moment in UTC in milliseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


def turn(started, prompt, *items, seconds=60, status="completed", error=None):
    return {"started_at": at(started), "prompt": prompt, "seconds": seconds, "status": status, "error": error, "items": items}


def said(text):
    return {"kind": "agentMessage", "text": text}


def command(text, exit_code, ms, status=None):
    return {"kind": "commandExecution", "command": text, "exit_code": exit_code, "duration_ms": ms,
            "status": status or ("failed" if exit_code else "completed")}


def tool(server, name, ms, status="completed"):
    return {"kind": "mcpToolCall", "server": server, "tool": name, "duration_ms": ms, "status": status}


def changes(*files, status="completed"):
    """Changes files, each told by path, and lines added and deleted."""
    return {"kind": "fileChange", "status": status, "changes": files}


def request(moment, model, uncached, cached, output, cost):
    return {"at": at(moment), "model": model, "input": uncached, "cached_input": cached, "output": output, "cost_usd": cost}


COMPACTED = {"kind": "contextCompaction"}


def thread(id, project, created, turns, requests, repository=None, source="cli", parent=None, fork=None, machine="m-ada"):
    return {"thread": id, "project": project, "repository": repository, "created_at": at(created), "source": source,
            "parent_thread": parent, "forked_from": fork, "machine": machine, "turns": turns, "requests": requests}


PAGES = "Put the list of orders into pages of fifty"
LOGIN = "Find out why the login fails after an hour"
ADA, BOB = "/home/ada/api", "/srv/bob/api"

THREADS = [
    thread("a-pages", ADA, "2026-09-28 08:00", [
        turn("2026-09-28 08:00", PAGES, said("I look first."), command("cargo test", 101, 4000),
             command("git diff", 0, 20), seconds=300),
        turn("2026-09-28 09:30", "go on", changes((ADA + "/src/orders.rs", 30, 4), ("README.md", 2, 0)),
             command("cargo test", 0, 9000), seconds=240),
        turn("2026-10-01 17:05", "Add a test for an empty page", changes((ADA + "/src/orders.rs", 12, 1)), seconds=90,
             status="interrupted"),
    ], [
        request("2026-09-28 08:01", "large", 20_000, 90_000, 500, 0.5),
        request("2026-09-28 09:31", "large", 4_000, 120_000, 2_500, 0.25),
        request("2026-10-01 17:06", "small", 1_000, 30_000, 700, 0.125),
    ], API),
    thread("a-helper", ADA, "2026-09-28 09:31", [
        turn("2026-09-28 09:31", "Read the manual of the database driver", tool("docs", "search", 700),
             tool("docs", "search", 1500, "failed"),
             changes((ADA + "/src/orders.rs", 1, 1)), seconds=45),
    ], [request("2026-09-28 09:32", "small", 9_000, 0, 300, 0.0625)], API, "subAgentThreadSpawn", "a-pages"),
    thread("a-review", ADA, "2026-10-02 07:59", [
        turn("2026-10-02 07:59", "Review the change", said("It is \u201efine\u201c \u2603."),
             changes((ADA + "/src/orders.rs", 1, 0), status="declined"), seconds=30),
    ], [request("2026-10-02 08:00", "small", 5_000, 5_000, 100, 0.0625)], API, "subAgentReview"),
    thread("a-fork", ADA, "2026-09-29 10:00", [
        turn("2026-09-28 08:00", PAGES, changes((ADA + "/src/orders.rs", 5, 5)), seconds=100),
    ], [request("2026-09-29 10:00", "large", 3_000, 1_000, 100, 0.25)], API, fork="a-pages"),
    # A single thing that was asked of it again and again.
    thread("a-long", "/home/ada/notes", "2026-10-05 20:00", [
        turn(f"2026-10-05 20:{minute:02}", f"Sort heading {minute}", *([COMPACTED] if minute in (20, 40) else []), seconds=10)
        for minute in range(55)
    ], [request("2026-10-05 20:54", "local", 180_000, 0, 0, None), request("2026-10-05 20:55", "local", 1, 0, 0, None)]),
    thread("a-usage-only", "/home/ada/site", "2026-10-06 06:00", [
        turn("2026-10-06 06:00", None, seconds=None, status="inProgress"),
    ], [request("2026-10-06 06:01", None, 10, 20, 30, None)], SITE),
    thread("b-pages", BOB, "2026-10-04 22:10", [
        turn("2026-10-04 22:10", " " + PAGES, command("npm test", 1, 800), command("cargo test", 101, 5000), seconds=500,
             status="failed", error="the stream ended"),
        turn("2026-10-04 23:59", PAGES, changes((BOB + "/src/orders.rs", 9, 0), status="failed"), seconds=20, status="interrupted"),
        turn("2026-10-05 00:10", "go on", COMPACTED, changes((BOB + "/src/orders.rs", 40, 2), (BOB + "/src/p\u00e4ge.rs", 8, 0)),
             command("cargo test", None, 5, "declined"), command("make lint", None, 70, "failed"), seconds=700),
    ], [
        request("2026-10-04 22:11", "large", 60_000, 200_000, 1_000, 1.0),
        request("2026-10-05 00:11", "large", 2_000, 300_000, 4_000, 0.75),
    ], API, machine="m-bob"),
    thread("b-login", "/srv/bob/site", "2026-10-20 08:15", [
        turn("2026-10-20 08:15", LOGIN, tool("browser", "open", 12_000), tool("browser", "open", 3000), command("npm test", 1, 900),
             seconds=65, status="failed", error="no credit is left"),
        turn("2026-10-20 08:40", LOGIN, changes(("src/login.ts", 3, 3)), command("npm test", 0, 950), seconds=80),
    ], [request("2026-10-20 08:41", "large", 7_000, 7_000, 70, 0.25)], SITE, "vscode", machine="m-bob"),
    thread("b-login-2", "/srv/bob/site", "2026-10-26 08:00", [
        turn("2026-10-26 08:00", LOGIN, changes(("src/login.ts", 2, 2), ("src/login.test.ts", 20, 0)), seconds=33),
    ], [request("2026-10-26 08:00", "small", 700, 0, 70, 0.125)], SITE, "exec", machine="m-bob"),
    # More than a week later: that is no duplicate of it.
    thread("b-login-3", "/srv/bob/site", "2026-11-20 08:00", [
        turn("2026-11-20 08:00", LOGIN, changes(("src/login.ts", 1, 1)), seconds=34, status="interrupted"),
    ], [request("2026-11-20 08:00", "small", 700, 0, 70, 0.125)], SITE, "exec", machine="m-bob"),
]

# What people call them: the second one has no name.
MACHINES = {"m-ada": "Ada's laptop", "m-bob": None}


def lines(machine, threads, generation=1, deleted=False):
    """Gives the input of a run that pushes threads of a machine."""
    begin = {"schema": 2, "machine": machine, "home": "h-1", "name": MACHINES[machine], "system": "linux x86_64",
             "programVersion": "0.1.0", "now": at("2026-11-21 00:00")}
    mine = [thread for thread in threads if thread["machine"] == machine]
    all = [{"begin": begin}]
    for thread in mine:
        all += [{"open": {"thread": thread["thread"], "generation": generation}}, *rows(thread, deleted), {"close": {}}]
    all.append({"end": {"threads": len(mine)}})
    return "".join(json.dumps(line) + "\n" for line in all).encode()


def rows(thread, deleted):
    same = {key: thread[key] for key in ("project", "repository", "source", "created_at", "parent_thread", "forked_from")}
    yield {"threads": same | {"title": thread["thread"], "updated_at": thread["created_at"], "archived": False, "has_text": True,
                              "turns": len(thread["turns"]), "tags": [], "rollout_bytes": 1, "deleted": deleted}}
    for number, turn in enumerate(thread["turns"], 1):
        yield {"turns": {"turn": number, "turn_id": f"u{number}", "items": len(turn["items"]),
                         "duration_ms": turn["seconds"] and turn["seconds"] * 1000,
                         **{key: turn[key] for key in ("started_at", "prompt", "status", "error")}}}
        for place, item in enumerate(turn["items"], 1):
            where = {"turn": number, "item": place, "at": turn["started_at"]}
            yield {"items": where | {"item_id": f"i{place}"} | {key: item[key] for key in item if key != "changes"}}
            for change, (path, added, deleted_lines) in enumerate(item.get("changes", ()), 1):
                yield {"file_changes": where | {"change": change, "path": path, "kind": "update", "added_lines": added,
                                                "deleted_lines": deleted_lines, "status": item["status"]}}
    for number, request in enumerate(thread["requests"], 1):
        yield {"usage": request | {"request": number, "cache_write": 0, "reasoning": request["output"] // 10}}
