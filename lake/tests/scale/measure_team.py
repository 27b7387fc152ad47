"""Measures a made-up team: what its machines push, what a compaction makes of it, and what questions take.

    measure_team.py PROGRAM GENERATOR [--machines 25,50,100,200] [--threads 10000] [--pushes 6] [--memory 1GB]

PROGRAM is threadkeep-lake, GENERATOR makes the rows (generated_team.rs); this Python has DuckDB. It writes below TMPDIR about 4 GB
for 2,000,000 threads, and removes them. This process stays small, since a child's peak of memory is never told below its parent's.
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
TABLES = ["threads", "turns", "usage", "machines"]
QUESTIONS = ["cost_by_repository_and_month", "subagents_share_of_cost", "tokens_by_model_and_week", "idle_context", "threads_that_grew",
             "longest_turns", "active_hours"]
OF_A_MONTH = ["cost_by_repository_and_month", "tokens_by_model_and_week", "longest_turns"]
MONTH = "2026-10"


class Run:
    """Is what a program took, once it has ended."""

    def __init__(self, arguments, stdin=None):
        began = time.monotonic()
        child = subprocess.Popen(arguments, stdin=stdin, stdout=subprocess.PIPE)
        self.said = child.stdout.read().decode()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0, (arguments, child.returncode, self.said[-500:])
        self.seconds = time.monotonic() - began
        self.processor = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss / 1024


class Sum:
    """Adds up runs of one kind."""

    def __init__(self):
        self.runs, self.seconds, self.processor, self.megabytes = 0, 0, 0, 0

    def add(self, run):
        self.runs += 1
        self.seconds += run.seconds
        self.processor += run.processor
        self.megabytes = max(self.megabytes, run.megabytes)


class Team:
    def __init__(self, options, root):
        self.options, self.root, self.lake = options, root, os.path.join(root, "lake")
        self.first, self.later, self.rows = Sum(), Sum(), collections.Counter()

    def push(self, machine):
        for push in range(self.options.pushes):
            generator = subprocess.Popen(
                [self.options.generator, *map(str, (machine, push, self.options.pushes, self.options.threads))], stdout=subprocess.PIPE)
            run = Run([self.options.program, "push", self.lake], generator.stdout)
            generator.stdout.close()
            assert generator.wait() == 0
            (self.later if push else self.first).add(run)
            self.rows.update(json.loads(run.said.splitlines()[-1])["done"]["rows"])

    def expected(self, machines):
        """Gives how many threads, turns and requests there are: of a thread that goes on, its row and its last turn came twice."""
        threads = machines * self.options.threads
        return [threads, self.rows["turns"] - (self.rows["threads"] - threads), self.rows["usage"]]

    def files(self, lake):
        """Gives files and bytes of each table, those of one month, and what it took to list them."""
        run = Run([self.options.program, "files", lake, "--json"])
        tables, of_month = collections.defaultdict(lambda: [0, 0]), [0, 0]
        for line in run.said.splitlines():
            file = json.loads(line)
            for figures in [tables[file["table"]], *([of_month] if file["month"] == MONTH else [])]:
                figures[0] += 1
                figures[1] += file["bytes"]
        return tables, of_month, run

    def ask(self, lake, question, month=""):
        views = os.path.join(self.root, "views.sql")
        pathlib.Path(views).write_text(Run([self.options.program, "views", lake, "--engine", "duckdb"]).said)
        temporary = os.path.join(self.root, "temporary")
        run = Run([sys.executable, str(HERE / "ask_team.py"), views, self.options.memory, temporary, question, *([month] if month else [])])
        return json.loads(run.said) | {"megabytes": run.megabytes}


def manifests(lake):
    """Gives how many manifests there are, and the bytes of the newest one of each home."""
    homes = [sorted(home.iterdir()) for home in pathlib.Path(lake, "v1", "_manifests").iterdir()]
    return sum(map(len, homes)), sum(home[-1].stat().st_size for home in homes)


def line(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def told(figures):
    return " ".join(f"{table} {figures[table][0]} / {figures[table][1] / 1e6:.1f} MB;" for table in TABLES)


def stage(team, machines):
    """Tells what there is, compacts a copy, and asks it; what is pushed goes on in what was not compacted."""
    print(f"\n## {machines} machines\n", flush=True)
    for name, sums in (("first pushes", team.first), ("later pushes", team.later)):
        line(name, f"{sums.runs} in {sums.seconds:.1f} s", f"{sums.seconds / sums.runs * 1000:.0f} ms each",
             f"{sums.processor:.1f} s of processor", f"at most {sums.megabytes:.0f} MB")
    tables, of_month, run = team.files(team.lake)
    line("files before", sum(count for count, _ in tables.values()), told(tables), f"of {MONTH}: {of_month}")
    count, size = manifests(team.lake)
    line("manifests", count, f"newest {size / 1e6:.2f} MB", f"listed in {run.seconds:.2f} s", f"{run.megabytes:.0f} MB")
    copy = os.path.join(team.root, "copy")
    # Files are never changed: so names are enough for a copy.
    subprocess.run(["cp", "-al", team.lake, copy], check=True)
    run = Run([team.options.program, "compact", copy, "--grace", "0"])
    line("compaction", f"{run.seconds:.1f} s", f"{run.processor:.1f} s of processor", f"{run.megabytes:.0f} MB", run.said.strip())
    tables, of_month, run = team.files(copy)
    line("files after", sum(count for count, _ in tables.values()), told(tables), f"of {MONTH}: {of_month}")
    count, size = manifests(copy)
    line("manifests", count, f"newest {size / 1e6:.2f} MB", f"listed in {run.seconds:.2f} s", f"{run.megabytes:.0f} MB")
    print()
    for lake, name in ((team.lake, "before"), (copy, "after")):
        counts = team.ask(lake, "counts")
        line("counts", name, counts)
        assert "error" in counts or counts["answer"] == team.expected(machines), team.expected(machines)
        # One question shows what small files cost; the others are asked where somebody has compacted.
        asked = [(question, "") for question in QUESTIONS] + [(question, MONTH) for question in OF_A_MONTH]
        if name == "before":
            asked = [(QUESTIONS[0], ""), (QUESTIONS[0], MONTH)]
        for question, month in asked:
            answer = team.ask(lake, question, month)
            if "error" in answer:
                line(question, name, month or "all", answer["error"])
            else:
                line(question, name, month or "all", f"views {answer['views']:.2f} s", f"{answer['seconds']:.2f} s",
                     f"{answer['answer']} rows", f"{answer['megabytes']:.0f} MB")
    shutil.rmtree(copy)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("generator")
    parser.add_argument("--machines", default="25,50,100,200")
    parser.add_argument("--threads", type=int, default=10_000)
    parser.add_argument("--pushes", type=int, default=6)
    parser.add_argument("--memory", default="1GB")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="team-") as root:
        team, done = Team(options, root), 0
        for machines in map(int, options.machines.split(",")):
            for machine in range(done, machines):
                team.push(machine)
            done = machines
            stage(team, machines)


main()
