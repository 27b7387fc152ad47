"""Finds threads without a name."""

import wit_world
from threadkeep import guarded
from wit_world.exports import about, check
from wit_world.imports import threads


@guarded
class About(wit_world.exports.About):
    def describe(self):
        return about.Manifest(
            name="{{name}}",
            version="0.1.0",
            summary="Finds threads without a name.",
            kind=about.Kind.CHECK,
            wants=["names"],
        )


@guarded
class Check(wit_world.exports.Check):
    def codes(self):
        return ["unnamed"]

    def examine(self, threads_of_page):
        unnamed = (names for names in threads.names_of(threads_of_page) if names.name is None and names.preview)
        return [
            check.Finding(
                code="unnamed",
                severity=check.Severity.NOTE,
                thread=names.id,
                text=f'"{names.preview}" has no name.',
                proposal=check.Proposal_SetName(names.preview[:40]),
            )
            for names in unnamed
        ]
