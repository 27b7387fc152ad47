"""Helps to write plugins for Threadkeep in Python."""

import functools
import traceback

from componentize_py_types import Err
from wit_world.imports import log, types

# Functions of the contract that cannot answer with an error.
_NEVER_FAIL = {"describe", "formats", "headings", "codes", "reports", "places", "unit_of"}


def guarded(interface):
    """Decorates a class that implements an interface: what its methods raise becomes the contract's error.

    A plugin that lets an exception go is stopped without a word. What an import raised goes on as it is.
    """
    for name, method in list(vars(interface).items()):
        if callable(method) and not name.startswith("_"):
            setattr(interface, name, _call(name, method))
    return interface


def _call(name, method):
    @functools.wraps(method)
    def call(*args):
        try:
            return method(*args)
        except Err:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the user has to read it
            where = traceback.extract_tb(error.__traceback__)[-1]
            why = f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
            if name in _NEVER_FAIL:
                log.write(log.Level.ERROR, f"{name}: {why}")
                raise
            raise Err(types.Error_Failed(why)) from None

    return call


def invalid(why):
    """An error of the contract, to be raised: the plugin was asked for what makes no sense."""
    return Err(types.Error_Invalid(why))


def pages(ask):
    """Goes through what comes in pages, the last of which is empty."""
    while page := ask():
        yield from page


def thread_ids(threads):
    """Goes through the ids of the threads, in the order in which the user asked for them."""
    last = None
    while page := threads.list(last, 1000):
        yield from page
        last = page[-1]


def facts(threads, ask):
    """Goes through all threads by one of the functions that tell something of them: `facts(threads, threads.names_of)`."""
    last = None
    while page := threads.list(last, 1000):
        yield from ask(page)
        last = page[-1]


def history(threads, thread):
    """Goes through the history of a thread from its beginning: its turns and items."""
    with threads.History.open(thread) as opened:
        for entry in pages(opened.next):
            yield entry.value


def csv_field(value):
    """A field of CSV. A text that a spreadsheet would take for a formula has a `'` before it."""
    text = str(value)
    if text.lstrip()[:1] in tuple("=+-@＝＋－＠") or text[:1] in ("\t", "\r"):
        try:
            float(text)
        except ValueError:
            text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",;\n\r\t') else text
