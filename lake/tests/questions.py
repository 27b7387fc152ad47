"""Pushes what a team did, asks an engine every question of lake/examples, and compares its answers with those found without SQL.

    questions.py duckdb|clickhouse|spark PROGRAM DIRECTORY
    questions.py postgres PROGRAM URL
"""

import importlib
import os
import pathlib
import subprocess
import sys
from datetime import date, datetime, timezone
from decimal import Decimal

# Of the times that Spark hands over. For so few rows it is not worth its while to compile much.
os.environ["TZ"] = "UTC"
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
os.environ["PYSPARK_SUBMIT_ARGS"] = (
    "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' --conf spark.sql.codegen.wholeStage=false "
    "--conf spark.sql.codegen.factoryMode=NO_CODEGEN --conf spark.sql.adaptive.enabled=false --conf spark.log.level=ERROR pyspark-shell")
sys.dont_write_bytecode = True
EXAMPLES = pathlib.Path(__file__).parent.parent / "examples"
sys.path.append(str(EXAMPLES))

from team.answers import ANSWERS
from team.threads import MACHINES, THREADS, lines


def run(program, arguments, input=b""):
    done = subprocess.run([program, *arguments], input=input, capture_output=True, timeout=120)
    assert done.returncode == 0, (arguments, done.returncode, done.stdout[-500:], done.stderr[-800:])
    return done.stdout.decode()


def push(program, place):
    """Pushes in several runs, so that there are rows that no longer count."""
    earlier = [thread | {"turns": thread["turns"][:1], "requests": thread["requests"][:1]} for thread in THREADS]
    gone = [thread | {"thread": "gone-" + thread["thread"]} for thread in THREADS[:2]]
    other = [thread | {"turns": thread["turns"][::-1] * 2} for thread in THREADS if thread["thread"] == "b-login"]
    for machine in MACHINES:
        run(program, ["push", place], lines(machine, earlier + gone))
        run(program, ["push", place], lines(machine, other))
        run(program, ["push", place], lines(machine, gone, deleted=True))
        run(program, ["push", place], lines(machine, THREADS, generation=2))


def plain(value):
    """Gives a value as every engine would hand it over."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).astimezone(timezone.utc).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (float, Decimal)):
        return round(float(value), 9)
    return value


def text_of(question, engine):
    """Gives the engine's own text of a question, or else the one of all."""
    own = EXAMPLES / "questions" / f"{question}.{engine}.sql"
    return (own if own.exists() else EXAMPLES / "questions" / f"{question}.sql").read_text()


def wrong_answers(example, lake, engine):
    """Asks every question, and tells what is not as expected."""
    for question, answer in ANSWERS.items():
        text, expected = text_of(question, engine), [tuple(map(plain, row)) for row in answer()]
        assert len(expected) > 1, f"{question} shows nothing by {expected}"
        try:
            columns, rows = example.ask(lake, text)
        except Exception as error:
            yield f"{question}: {str(error)[:1500]}"
            continue
        found = [tuple(map(plain, row)) for row in rows]
        if found != expected or len(columns) != len(expected[0]):
            differing = [pair for pair in zip(found, expected) if pair[0] != pair[1]]
            yield f"{question}: {len(found)} rows for {len(expected)}, found and expected first {differing[:3]}"


def check_page():
    """The page and the folder tell of the same questions, and each text begins with what it asks."""
    page = (EXAMPLES / "README.md").read_text()
    names = {path.name.partition(".")[0] for path in (EXAMPLES / "questions").iterdir()}
    assert names == set(ANSWERS), names ^ set(ANSWERS)
    for path in (EXAMPLES / "questions").iterdir():
        first = path.read_text().partition("\n")[0]
        assert first.startswith("-- ") and first.endswith("?"), f"{path} does not say what it asks"
        assert f"](questions/{path.name})" in page, f"the page lacks {path.name}"


def main(engine, program, directory):
    check_page()
    place = directory if engine == "postgres" else os.path.join(directory, "team's lake")
    push(program, place)
    example = importlib.import_module(f"ask_{engine}")
    lake = example.open_lake(place if engine == "postgres" else run(program, ["views", place, "--engine", engine]))
    if engine == "spark":
        # Else it looks for the current rows with every question, which takes it a minute.
        for table in ("threads", "turns", "items", "usage", "file_changes", "machines"):
            lake.sql(f"CACHE LAZY TABLE {table}")
    wrong = list(wrong_answers(example, lake, engine))
    assert not wrong, "\n".join(wrong)
    if engine == "duckdb":
        # The script names a file where it is run.
        os.chdir(directory)
        lake.execute((EXAMPLES / "snapshot.sql").read_text())
        lake.close()
        snapshot = example.open_lake("ATTACH 'lake.new.duckdb' AS snapshot (READ_ONLY); USE snapshot;")
        wrong = list(wrong_answers(example, snapshot, engine))
        assert not wrong, "of the snapshot: " + "\n".join(wrong)
    print(f"{len(ANSWERS)} questions")


main(*sys.argv[1:])
