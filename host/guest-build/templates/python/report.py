"""Counts threads by directory."""

from collections import Counter

import wit_world
from threadkeep import csv_field, facts, guarded
from wit_world.exports import about, report
from wit_world.imports import output, threads


@guarded
class About(wit_world.exports.About):
    def describe(self):
        return about.Manifest(
            name="{{name}}",
            version="0.1.0",
            summary="Counts threads by directory.",
            kind=about.Kind.REPORT,
            wants=["places"],
        )


@guarded
class Report(wit_world.exports.Report):
    def reports(self):
        return [report.Heading(name="{{name}}", title="Threads by directory", extension="csv")]

    def run(self, name, settings):
        counts = Counter(places.cwd or "" for places in facts(threads, threads.places_of))
        output.text("directory,threads\n")
        for directory, count in sorted(counts.items()):
            output.text(f"{csv_field(directory)},{count}\n")
