"""Asks Spark a question.

    threadkeep push PLACE --views spark > views.sql
    python ask_spark.py views.sql questions/longest_turns.sql
"""

import sys

from pyspark.sql import SparkSession


def open_lake(views):
    # Hours and weeks are those of the time zone.
    settings = {"spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "1"}
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    for statement in views.split(";\n"):
        if statement.strip():
            session.sql(statement)
    # The list of files is read once: every question is asked of the same pushes, and sooner answered.
    session.sql("CACHE TABLE threadkeep_files")
    return session


def ask(session, question):
    """Gives the names of the columns, and the rows."""
    answer = session.sql(question.strip().rstrip(";"))
    return answer.columns, [tuple(row) for row in answer.collect()]


if __name__ == "__main__":
    with open(sys.argv[1]) as views, open(sys.argv[2]) as question:
        columns, rows = ask(open_lake(views.read()), question.read())
    print(*columns, sep="\t")
    for row in rows:
        print(*row, sep="\t")
