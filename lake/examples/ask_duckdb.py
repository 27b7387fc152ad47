"""Asks DuckDB a question.

    threadkeep push PLACE --views duckdb > views.sql
    python ask_duckdb.py views.sql questions/longest_turns.sql
"""

import sys

import duckdb


def open_lake(views):
    connection = duckdb.connect()
    # Hours and weeks are those of this time zone.
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(views)
    return connection


def ask(connection, question):
    """Gives the names of the columns, and the rows."""
    answer = connection.execute(question)
    return [column[0] for column in answer.description], answer.fetchall()


if __name__ == "__main__":
    with open(sys.argv[1]) as views, open(sys.argv[2]) as question:
        columns, rows = ask(open_lake(views.read()), question.read())
    print(*columns, sep="\t")
    for row in rows:
        print(*row, sep="\t")
