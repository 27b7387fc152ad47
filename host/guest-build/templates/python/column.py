"""Adds a column that tells how old a thread is."""

import wit_world
from threadkeep import guarded
from wit_world.exports import about, column
from wit_world.imports import clock, threads

DAY = 86_400_000


@guarded
class About(wit_world.exports.About):
    def describe(self):
        return about.Manifest(
            name="{{name}}",
            version="0.1.0",
            summary="Adds a column that tells how many days old a thread is.",
            kind=about.Kind.COLUMN,
            wants=["facts"],
        )


@guarded
class Column(wit_world.exports.Column):
    def headings(self):
        return [column.Heading(name="{{name}}", title="Days", right_aligned=True)]

    def cells(self, heading, threads_of_page):
        created_at = {facts.id: facts.created_at for facts in threads.facts_of(threads_of_page)}
        return [cell(created_at.get(thread)) for thread in threads_of_page]


def cell(created_at):
    if created_at is None:
        return column.Cell(text="", score=None)
    days = (clock.now() - created_at) // DAY
    return column.Cell(text=str(days), score=float(days))
