"""Pushes made-up threads, and compares what DuckDB reads through the views with what was pushed.

    engines.py directory|bucket|older PROGRAM DIRECTORY
"""

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb

TABLES = ["threads", "turns", "items", "usage", "file_changes", "records", "machines"]
START = 1_790_000_000_000
DAY = 24 * 3600 * 1000


class Home:
    """Is a home with threads, of which it makes rows."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.threads = {}

    def grow(self, count):
        """Adds threads and turns; gives the lines of a run."""
        for _ in range(count):
            number = self.random.randrange(40)
            thread = self.threads.setdefault(number, {"turns": [], "deleted": False, "generation": 1})
            thread["turns"].append(self.random.randrange(1, 5))
        for number in self.random.sample(sorted(self.threads), 2):
            thread = self.threads[number]
            thread["generation"] += 1
            del thread["turns"][1:]
        self.threads[self.random.choice(sorted(self.threads))].update(deleted=True)
        lines = [{"begin": {"schema": 2, "machine": "m-1", "home": "h-1", "name": None, "system": "linux",
                            "programVersion": "0.1.0", "now": START}}]
        for number, thread in self.threads.items():
            lines += self.rows(number, thread)
        lines.append({"end": {"threads": len(self.threads)}})
        return "".join(json.dumps(line) + "\n" for line in lines).encode()

    def rows(self, number, thread):
        created = START + number * DAY
        yield {"open": {"thread": f"thread-{number:03}", "generation": thread["generation"]}}
        yield {"threads": {"title": f"it's \"{number}\" \u2603\n", "source": "cli", "created_at": created,
                                 "updated_at": created, "archived": False, "turns": len(thread["turns"]),
                                 "tokens": number, "tags": ["a", str(number)], "rollout_bytes": 1, "has_text": True,
                                 "deleted": thread["deleted"], "records": len(thread["turns"]) if number % 2 else None}}
        for turn in range(len(thread["turns"])):
            yield {"records": {"record": turn, "at": created, "text": '{"number": %d}' % number}}
        for turn, items in enumerate(thread["turns"], 1):
            at = created + turn * DAY
            of_turn = {"turn": turn}
            yield {"turns": of_turn | {"turn_id": "u", "started_at": at, "status": "completed", "items": items}}
            yield {"usage": {"request": turn, "at": at, "input": number, "cached_input": 1, "cache_write": 0,
                                   "output": turn, "reasoning": 0, "cost_usd": 0.25}}
            for item in range(1, items + 1):
                yield {"items": of_turn | {"item": item, "item_id": "i", "kind": "message", "at": at,
                                           "text": f"{number} {turn} {item} \u00e9" * 9}}
                yield {"file_changes": of_turn | {"item": item, "change": 1, "at": at, "path": "/a", "kind": "update",
                                                  "status": "completed", "added_lines": item}}
        yield {"close": {}}

    def figures(self):
        there = {number: thread["turns"] for number, thread in self.threads.items() if not thread["deleted"]}
        turns = [(number, turn, items) for number, all in there.items() for turn, items in enumerate(all, 1)]
        items = sum(items for _, _, items in turns)
        return {
            "counts": [len(there), len(turns), items, len(turns), items, sum(number % 2 for number, _, _ in turns), 1],
            "tokens": sum(there), "input": sum(number for number, _, _ in turns), "cost": len(turns) * 0.25,
            "lines": sum(items * (items + 1) // 2 for _, _, items in turns),
            "titles": sorted(f"it's \"{number}\" \u2603\n" for number in there),
            "words": sum(len(f"{number} {turn} {item} \u00e9" * 9) for number, turn, items in turns for item in range(1, items + 1)),
            "tags": sorted(str(number) for number in there),
            "first": min(START + number * DAY for number in there),
        }


def asked(sql):
    """Gives the same figures, asked of DuckDB."""
    connection = duckdb.connect()
    connection.execute(sql)

    def one(question):
        return connection.execute(question).fetchone()[0]

    def all(question):
        return [row[0] for row in connection.execute(question).fetchall()]

    plan = connection.execute("EXPLAIN SELECT count(*) FROM items WHERE month = '2026-10'").fetchall()[0][1]
    assert "Scanning Files" in plan, plan
    # Whole rows may be planned in another way than one column is.
    for table in TABLES:
        assert len(all(f"SELECT * FROM {table}")) == one(f"SELECT count(*) FROM {table}"), table
    return {
        "counts": [one(f"SELECT count(*) FROM {table}") for table in TABLES],
        "tokens": one("SELECT sum(tokens) FROM threads"), "input": one("SELECT sum(\"input\") FROM usage"),
        "cost": one("SELECT sum(cost_usd) FROM usage"), "lines": one("SELECT sum(added_lines) FROM file_changes"),
        "titles": sorted(all("SELECT title FROM threads")), "words": one("SELECT sum(length(\"text\")) FROM items"),
        "tags": sorted(all("SELECT tags[2] FROM threads")), "first": one("SELECT epoch_ms(min(created_at)) FROM threads"),
    }


def run(program, arguments, input=b"", environment=None, code=0):
    done = subprocess.run([program, *arguments], input=input, capture_output=True, env=environment, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stdout[-500:], done.stderr[-800:])
    return done.stdout.decode() + done.stderr.decode()


def directory(program, root):
    home, place = Home(1), os.path.join(root, "it's a lake")
    for step in range(5):
        run(program, ["push", place, *(["--compact"] if step % 2 else [])], home.grow(9))
        assert asked(run(program, ["views", place, "--engine", "duckdb"])) == home.figures(), step
        if step == 3:
            run(program, ["compact", place, "--grace", "0"])
            assert asked(run(program, ["views", place, "--engine", "duckdb"])) == home.figures(), "compacted"


def older(program, root):
    """Goes on with what a program of the first version of the tables wrote."""
    place = os.path.join(root, "lake")
    shutil.copytree(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "version-1"), place)

    def counts():
        connection = duckdb.connect()
        connection.execute(run(program, ["views", place, "--engine", "duckdb"]))
        return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]

    # Where nothing was pushed since, there is no file that tells the columns of the new table.
    run(program, ["push", place], b"".join(json.dumps(line).encode() + b"\n" for line in [
        {"begin": {"schema": 2, "machine": "m-2", "home": "h-1", "name": None, "system": "linux", "programVersion": "0.1.0",
                   "now": START}},
        {"end": {"threads": 0}}]))
    assert counts() == [2, 2, 2, 2, 2, 0, 1], counts()
    home = Home(3)
    run(program, ["push", place], home.grow(9).replace(b'"m-1"', b'"m-2"'))
    assert counts() == [one + other for one, other in zip([2, 2, 2, 2, 2, 0, 1], home.figures()["counts"])], counts()


class Proxy(BaseHTTPRequestHandler):
    """Stands before the server; what becomes of a request, `serve` of those that inherit it says."""

    protocol_version = "HTTP/1.1"
    # Else each answer waits for the acknowledgement of its headers.
    wbufsize, disable_nagle_algorithm = 1 << 16, True
    server_port, count, kinds = 0, 0, []
    lock = threading.Lock()

    def serve(self):
        raise NotImplementedError

    def ask(self, body):
        """Gives the server's answer, and what it has."""
        upstream = HTTPConnection("127.0.0.1", self.server_port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        return answer, answer.read()

    def pass_on(self, answer, content, sent=None):
        """Passes the answer on, with so many bytes of what it has, or all."""
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:sent])

    def close(self):
        self.close_connection = True
        self.connection.close()

    def do_GET(self):
        self.serve()

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):
            pass


class Trouble(Proxy):
    """Fails every so often."""

    def serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        with Trouble.lock:
            Trouble.count += 1
            kind = ["unavailable", "closed", "lost"][Trouble.count // 13 % 3] if Trouble.count % 13 == 0 else None
        if kind:
            Trouble.kinds.append(kind)
        if kind == "unavailable":
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if kind == "closed":
            return self.close()
        answer, content = self.ask(body)
        if kind == "lost":
            return self.close()
        self.pass_on(answer, content)


def asked_of_copy(program, client, root):
    """Asks DuckDB of a copy of the bucket: its own way to S3 is an extension that is not part of its package."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="lake"):
        for found in page.get("Contents", ()):
            copy = os.path.join(root, found["Key"])
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            client.download_file("lake", found["Key"], copy)
    return asked(run(program, ["views", os.path.join(root, "team/one"), "--engine", "duckdb"]))


def bucket(program, root):
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    Trouble.server_port = server.get_host_and_port()[1]
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Trouble)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    secret = "planted-secret-of-the-test"
    environment = {"PATH": os.environ["PATH"], "AWS_ACCESS_KEY_ID": "planted-id", "AWS_SECRET_ACCESS_KEY": secret,
                   "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy.server_port}",
                   "AWS_ALLOW_HTTP": "true"}
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{Trouble.server_port}", region_name="us-east-1",
                          aws_access_key_id="planted-id", aws_secret_access_key=secret)
    client.create_bucket(Bucket="lake")
    home, place = Home(2), "s3://lake/team/one"
    for step in range(3):
        run(program, ["push", place, *(["--compact"] if step == 2 else [])], home.grow(9), environment)
    run(program, ["compact", place, "--grace", "0"], environment=environment)
    run(program, ["compact", place, "--grace", "0"], environment=environment)
    assert set(Trouble.kinds) == {"unavailable", "closed", "lost"}, Trouble.kinds
    live = run(program, ["files", place], environment=environment).split()
    assert all(path.startswith("s3://lake/team/one/v1/") for path in live), live
    assert asked_of_copy(program, client, root) == home.figures()
    # What the server refuses is told, and nothing secret with it.
    said = run(program, ["push", "s3://nowhere/x"], home.grow(1), environment, code=3)
    refused = run(program, ["files", place], environment=environment | {"AWS_ALLOW_HTTP": "false"}, code=1)
    for text in (said, refused):
        assert secret not in text and "planted-id" not in text, text
    assert "failed" in said, said
    server.stop()


if __name__ == "__main__":
    {"directory": directory, "bucket": bucket, "older": older}[sys.argv[1]](sys.argv[2], sys.argv[3])
