"""What the wheel says of the program comes from the environment, where packaging/dist puts it."""

import os
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


class Facts(MetadataHookInterface):
    def update(self, metadata):
        for name in ("version", "description", "license"):
            metadata[name] = os.environ[f"THREADKEEP_{name.upper()}"]


class Tree(BuildHookInterface):
    def initialize(self, version, build_data):
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{os.environ['THREADKEEP_WHEEL_PLATFORM']}"
        tree = Path(self.root, "tree")
        for file in sorted(tree.rglob("*")):
            inside = file.relative_to(tree)
            if file.is_file():
                kind, name = ("shared_scripts", inside.name) if inside.parts[0] == "bin" else ("shared_data", str(inside))
                build_data[kind][str(file)] = name
