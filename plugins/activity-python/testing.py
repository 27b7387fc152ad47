"""Gives tests what Threadkeep gives a plugin: threads and files that the test makes up.

To be imported before the plugin. The types of the contract are in `build/bindings`, which `threadkeep plugin build` writes.
"""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "build" / "bindings"))

from componentize_py_types import Err  # noqa: E402 - it is found from here on
from wit_world.imports import types  # noqa: E402

FACTS = {
    "Facts": {"created_at": 0, "updated_at": 0, "archived": False, "source_kind": "cli", "parent": None, "forked_from": None},
    "Names": {"title": "", "name": None, "preview": ""},
    "Places": {"cwd": None, "git_branch": None, "git_commit": None, "git_origin": None},
    "Usage": {"model": None, "model_provider": None, "tokens": None},
}


class Thread:
    """A thread; what is not given is not known."""

    def __init__(self, id, title, **more):
        self.id, self.more, self.history = id, {"title": title, "preview": title, **more}, []

    def item(self, kind, role, title, text, exit_code=None):
        """Adds an item; its role is one of the contract's."""
        threads = _module("threads")
        outcome = threads.Outcome.FAILED if exit_code else threads.Outcome.COMPLETED
        item = threads.Item(f"item-{len(self.history)}", kind, threads.Role[role.upper()], title, text, 0, outcome, exit_code)
        self.history.append(threads.Entry_Item(item))
        return self

    def say(self, who, text):
        """Adds what a `user` or the `agent` said."""
        return self.item("userMessage" if who == "user" else "agentMessage", who, "", text)

    def command(self, command, output, exit_code):
        """Adds a command, its output and its exit code."""
        return self.item("commandExecution", "tool", command, output, exit_code)


class Run:
    """What came of a run."""

    def __init__(self):
        self.files, self.log = [], []

    def output(self):
        return "".join(text for _, text in self.files)


def home(threads=(), files=None, now=0):
    """Sets what a plugin finds from now on; returns what it wrote and said."""
    run, files = Run(), files or {}

    def write(text):
        if not run.files:
            run.files.append(["", ""])
        run.files[-1][1] += text

    _set("log", write=lambda level, text: run.log.append((level, text)))
    _set("progress", report=lambda done, of: None)
    _set("clock", now=lambda: now)
    _set("random", next=lambda: 4)
    _set("output", begin=lambda name: run.files.append([name, ""]), text=write)
    if contract := _module("threads"):
        by_id = {thread.id: thread for thread in threads}

        def tell(record):
            values = lambda thread: {name: thread.more.get(name, unknown) for name, unknown in FACTS[record].items()}  # noqa: E731
            return lambda ids: [getattr(contract, record)(id=id, **values(by_id[id])) for id in ids if id in by_id]

        asked = {f"{record.lower()}_of": tell(record) for record in FACTS}
        _set("threads", list=lambda after, limit: _behind(list(by_id), after, limit), **asked)
        contract.History.open = classmethod(lambda _, of: _Pages(_found(by_id, of).history))
    if sources := _module("source"):
        file = lambda name: sources.File(name=name, size=len(files[name]), modified_at=0)  # noqa: E731
        _set("source", list=lambda after, limit: [file(name) for name in _behind(sorted(files), after, limit)])
        sources.Reader.open = classmethod(lambda _, name, offset: _Pages(_found(files, name)[offset:].splitlines()))
    return run


def _module(name):
    try:
        return importlib.import_module(f"wit_world.imports.{name}")
    except ModuleNotFoundError:
        return None


def _set(name, **functions):
    """Sets functions of an interface, if the plugin is given it."""
    if module := _module(name):
        for function, answer in functions.items():
            setattr(module, function, answer)


def _behind(names, after, limit):
    return names[names.index(after) + 1 if after is not None else 0 :][:limit]


def _found(things, name):
    if name not in things:
        raise Err(types.Error_NotFound())
    return things[name]


class _Pages:
    """One at a time, so that a plugin that takes a page for the whole is found out."""

    def __init__(self, items):
        self.items = list(items)

    def next(self):
        page, self.items = self.items[:1], self.items[1:]
        return page

    def lines(self, limit):
        return self.next()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
