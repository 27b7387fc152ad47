"""Takes user names out of paths to home directories."""

import re

import wit_world
from threadkeep import guarded
from wit_world.exports import about, redactor

HOME = re.compile(r"(/home/|/Users/)[\w.-]+")


@guarded
class About(wit_world.exports.About):
    def describe(self):
        return about.Manifest(
            name="{{name}}",
            version="0.1.0",
            summary="Takes user names out of paths to home directories.",
            kind=about.Kind.REDACTOR,
            wants=[],
        )


@guarded
class Redactor(wit_world.exports.Redactor):
    def redact(self, texts):
        return [redactor.Redacted(*HOME.subn(r"\1USER", text)) for text in texts]
