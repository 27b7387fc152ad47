"""Asks DuckDB one question of a lake within a bound of memory, and tells as JSON how long that took and how many rows came.

    ask_team.py VIEWS MEMORY TEMPORARY QUESTION|counts [MONTH]
"""

import json
import pathlib
import sys
import time

import duckdb

QUESTIONS = pathlib.Path(__file__).parent.parent.parent / "examples" / "questions"
COUNTS = "SELECT (SELECT count(*) FROM threads), (SELECT count(*) FROM turns), (SELECT count(*) FROM usage)"


def text_of(question, month):
    """Gives the text of a question, with a condition on the month of turns or requests where one is given."""
    if question == "counts":
        return COUNTS
    text = (QUESTIONS / f"{question}.sql").read_text()
    if not month:
        return text
    condition = f"u.month = '{month}'"
    if "\nWHERE " in text:
        return text.replace("\nWHERE ", f"\nWHERE {condition} AND ", 1)
    return text.replace("\nGROUP BY ", f"\nWHERE {condition}\nGROUP BY ", 1)


def main(views, memory, temporary, question, month=""):
    connection = duckdb.connect(config={"memory_limit": memory, "temp_directory": temporary, "threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    began = time.monotonic()
    connection.execute(pathlib.Path(views).read_text())
    opened = time.monotonic()
    try:
        rows = connection.execute(text_of(question, month)).fetchall()
    except duckdb.Error as error:
        print(json.dumps({"error": str(error).splitlines()[0][:200]}))
        return
    answered = time.monotonic()
    answer = list(rows[0]) if question == "counts" else len(rows)
    print(json.dumps({"views": opened - began, "seconds": answered - opened, "answer": answer}))


main(*sys.argv[1:])
