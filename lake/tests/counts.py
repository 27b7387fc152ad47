"""Prints how many rows DuckDB finds through the view of each table, and how many different keys, as JSON.

    counts.py PROGRAM DIRECTORY
"""

import json
import subprocess
import sys

import duckdb

KEYS = {
    "threads": "thread", "turns": "thread, turn", "items": "thread, turn, item", "usage": "thread, request",
    "file_changes": "thread, turn, item, change", "records": "thread, record", "machines": "1",
}


def main(program, directory):
    done = subprocess.run([program, "views", directory, "--engine", "duckdb"], capture_output=True, check=True, timeout=120)
    connection = duckdb.connect()
    connection.execute(done.stdout.decode())
    counts = {}
    for table, key in KEYS.items():
        question = f"SELECT count(*), count(DISTINCT (machine, home, {key})) FROM {table}"
        counts[table] = connection.execute(question).fetchone()
    listed = subprocess.run([program, "files", directory], capture_output=True, check=True, timeout=120)
    files = listed.stdout.decode().split()
    counts["files"] = [len(files), len(set(files))]
    print(json.dumps(counts))


main(sys.argv[1], sys.argv[2])
