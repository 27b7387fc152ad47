"""Asks ClickHouse a question, in this process: chDB is ClickHouse as a library.

    threadkeep push PLACE --views clickhouse > views.sql
    python ask_clickhouse.py views.sql questions/longest_turns.sql
"""

import sys

from chdb.session import Session


def open_lake(views):
    session = Session()
    for statement in views.split(";\n"):
        if statement.strip():
            session.query(statement)
    return session


def ask(session, question):
    """Gives the names of the columns, and the rows."""
    answer = session.query(question, "ArrowTable")
    return answer.column_names, list(zip(*(column.to_pylist() for column in answer.columns)))


if __name__ == "__main__":
    with open(sys.argv[1]) as views, open(sys.argv[2]) as question:
        columns, rows = ask(open_lake(views.read()), question.read())
    print(*columns, sep="\t")
    for row in rows:
        print(*row, sep="\t")
