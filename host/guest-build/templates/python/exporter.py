"""Writes what was said in threads as plain text."""

import wit_world
from threadkeep import facts, guarded, history
from wit_world.exports import about, exporter
from wit_world.imports import output, threads
from wit_world.imports.threads import Item, Role


@guarded
class About(wit_world.exports.About):
    def describe(self):
        return about.Manifest(
            name="{{name}}",
            version="0.1.0",
            summary="Writes what was said in threads as plain text.",
            kind=about.Kind.EXPORTER,
            wants=["names", "history"],
        )


@guarded
class Exporter(wit_world.exports.Exporter):
    def formats(self):
        return [exporter.Format(name="{{name}}", title="Plain text", extension="txt", media_type="text/plain")]

    def export(self, format, settings):
        for names in facts(threads, threads.names_of):
            output.text(f"# {names.title}\n")
            for entry in history(threads, names.id):
                if isinstance(entry, Item) and entry.role == Role.USER:
                    output.text("\n> " + entry.text.replace("\n", "\n> ") + "\n")
                elif isinstance(entry, Item) and entry.role == Role.AGENT:
                    output.text(f"\n{entry.text}\n")
