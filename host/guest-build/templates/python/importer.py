"""Reads sessions of a program that keeps each as a text file: a line that begins with `> ` is the user's, any other the agent's."""

import wit_world
from threadkeep import guarded
from wit_world.exports import about, importer
from wit_world.imports import source


@guarded
class About(wit_world.exports.About):
    def describe(self):
        return about.Manifest(
            name="{{name}}",
            version="0.1.0",
            summary="Reads chats that are kept as text files.",
            kind=about.Kind.IMPORTER,
            wants=[],
        )


@guarded
class Importer(wit_world.exports.Importer):
    def places(self):
        return [".chats"]

    def unit_of(self, file):
        return file if file.endswith(".chat") else None

    def sessions(self, files):
        last, found = None, []
        while page := source.list(last, 1000):
            last = page[-1].name
            found += [session_of(file) for file in page if file.name in files]
        return found


def session_of(file):
    return importer.Session(
        id=file.name,
        title=None,
        parent=None,
        forked_from=None,
        created_at=file.modified_at,
        updated_at=file.modified_at,
        archived=False,
        cwd=None,
        git_branch=None,
        model=None,
        model_provider=None,
        version=None,
        stamp=f"{file.size} {file.modified_at}",
        titles=[],
    )
