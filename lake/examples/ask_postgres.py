"""Asks PostgreSQL a question: the tables are in it, so there are no views to make.

    python ask_postgres.py postgres://reader@db.example.com/threads questions/longest_turns.sql
"""

import sys

import psycopg


def open_lake(url):
    # A connection does not know a schema by its URL.
    address, _, schema = url.partition("?schema=")
    connection = psycopg.connect(address, autocommit=True)
    # Hours and weeks are those of this time zone.
    connection.execute("SELECT set_config('TimeZone', 'UTC', false), set_config('search_path', %s, false)",
                       [schema or "threadkeep"])
    return connection


def ask(connection, question):
    """Gives the names of the columns, and the rows."""
    answer = connection.execute(question)
    return [column.name for column in answer.description], answer.fetchall()


if __name__ == "__main__":
    with open(sys.argv[2]) as question:
        columns, rows = ask(open_lake(sys.argv[1]), question.read())
    print(*columns, sep="\t")
    for row in rows:
        print(*row, sep="\t")
