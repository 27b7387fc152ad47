"""Is what the questions should be answered for `threads`, found without any SQL."""

import math
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone

from .threads import MACHINES, THREADS


def day(moment):
    return datetime.fromtimestamp(moment / 1000, timezone.utc)


def month(moment):
    return f"{day(moment):%Y-%m}"


def place(thread):
    return thread["repository"] or thread["project"]


def by_place(values):
    """Gathers values by what they are told with."""
    groups = defaultdict(list)
    for key, value in values:
        groups[key].append(value)
    return groups


def dollars(requests):
    priced = [request["cost_usd"] for request in requests if request["cost_usd"] is not None]
    return sum(priced) if priced else None


def is_subagent(thread):
    return thread["parent_thread"] is not None or thread["source"].startswith("subAgent")


def relative(thread, path):
    return path.removeprefix(thread["project"] + "/")


def rank(values, share):
    """Gives the smallest value that so many of them are not above."""
    return sorted(values)[math.ceil(len(values) * share) - 1]


REQUESTS = [(thread, request) for thread in THREADS for request in thread["requests"]]
TURNS = [(thread, number, turn) for thread in THREADS for number, turn in enumerate(thread["turns"], 1)]
ITEMS = [(thread, number, turn, item) for thread, number, turn in TURNS for item in turn["items"]]
# Those that were made, with the path as people know it.
CHANGES = [(thread, number, turn, relative(thread, path), added, deleted) for thread, number, turn, item in ITEMS
           if item["kind"] == "fileChange" and item["status"] == "completed" for path, added, deleted in item["changes"]]


def cost_by_repository_and_month():
    groups = by_place(((month(request["at"]), place(thread)), (thread, request)) for thread, request in REQUESTS)
    rows = []
    for (at, where), found in groups.items():
        requests = [request for _, request in found]
        without = sum(request["cost_usd"] is None for request in requests)
        rows.append((at, where, len({thread["thread"] for thread, _ in found}), len(found), dollars(requests), without))
    rows.sort(key=lambda row: (row[4] is None, -(row[4] or 0), row[1]))
    return sorted(rows, key=lambda row: row[0], reverse=True)


def longest_turns():
    rows = [(turn["seconds"] * 1000, place(thread), thread["machine"], thread["thread"], number, turn["status"], len(turn["items"]),
             turn["prompt"]) for thread, number, turn in TURNS if turn["seconds"]]
    return sorted(rows, key=lambda row: (-row[0], row[3], row[2], row[4]))[:50]


def commands_that_fail_most():
    runs, failures, threads, lost = Counter(), Counter(), defaultdict(set), Counter()
    for thread, _, _, item in ITEMS:
        if item["kind"] == "commandExecution" and item["status"] != "declined":
            name = item["command"]
            runs[name] += 1
            threads[name].add(thread["thread"])
            if item["exit_code"] or item["status"] == "failed":
                failures[name] += 1
                lost[name] += item["duration_ms"]
    rows = [(name, failures[name], runs[name], failures[name] / runs[name], len(threads[name]), lost[name]) for name in failures]
    return sorted(rows, key=lambda row: (-row[1], -row[3], row[0]))


def files_most_changed():
    groups = by_place(((place(thread), path), (thread["thread"], added, deleted)) for thread, _, _, path, added, deleted in CHANGES)
    rows = [(*key, len(found), len({thread for thread, _, _ in found}), sum(added for _, added, _ in found),
             sum(deleted for _, _, deleted in found)) for key, found in groups.items()]
    return sorted(rows, key=lambda row: (-row[2], -row[3], row[0], row[1]))


def idle_context():
    rows = []
    for thread in THREADS:
        requests = thread["requests"]
        uncached, cached, output = (sum(request[key] for request in requests) for key in ("input", "cached_input", "output"))
        if uncached + cached >= 100_000:
            rows.append((thread["thread"], thread["machine"], place(thread), len(requests), uncached, cached, output,
                         (uncached + cached) / output if output else None, cached / (uncached + cached), dollars(requests)))
    return sorted(rows, key=lambda row: (row[7] is None, -(row[7] or 0), row[0], row[1]))


def duplicated_work():
    first = {}

    def seen(kind, thread, what, moment):
        key = kind, place(thread), what, thread["parent_thread"] or thread["thread"]
        first[key] = min(moment, first.get(key, moment))

    for thread, _, turn in TURNS:
        if not thread["forked_from"] and turn["prompt"] and len(turn["prompt"].strip()) >= 20:
            seen("prompt", thread, turn["prompt"].strip(), turn["started_at"])
    for thread, _, turn, path, _, _ in CHANGES:
        if not thread["forked_from"]:
            seen("file", thread, path, turn["started_at"])
    rows = []
    for key, moments in by_place((key[:3], moment) for key, moment in first.items()).items():
        series = []
        for moment in sorted(moments):
            if series and day(moment) - day(series[-1][-1]) <= timedelta(days=7):
                series[-1].append(moment)
            else:
                series.append([moment])
        rows += [(*key, len(found), day(found[0]), day(found[-1])) for found in series if len(found) > 1]
    return sorted(rows, key=lambda row: (-row[3], *row[:3], row[4]))


def tokens_by_model_and_week():
    def week(moment):
        return (day(moment) - timedelta(days=day(moment).weekday())).date()

    groups = by_place(((week(request["at"]), request["model"] or "unknown"), request) for _, request in REQUESTS)
    rows = [(*key, len(found), *(sum(request[name] for request in found) for name in ("input", "cached_input", "output")),
             sum(request["output"] // 10 for request in found)) for key, found in groups.items()]
    return sorted(rows, key=lambda row: (-row[0].toordinal(), -row[5], row[1]))


def prompts_that_failed():
    groups = by_place(((place(thread), turn["prompt"].strip()), turn) for thread, _, turn in TURNS if turn["prompt"])
    rows = []
    for key, turns in groups.items():
        statuses = Counter(turn["status"] for turn in turns)
        error = max((turn["error"] for turn in turns if turn["error"]), default=None)
        last = day(max(turn["started_at"] for turn in turns))
        if statuses["failed"] or statuses["interrupted"]:
            rows.append((*key, statuses["failed"], statuses["interrupted"], len(turns), error, last))
    return sorted(rows, key=lambda row: (-row[2], -row[3], row[0], row[1]))


def time_to_first_change():
    waits = defaultdict(list)
    for thread in THREADS:
        first = min((number for other, number, *_ in CHANGES if other is thread), default=None)
        if first:
            times = [(turn["seconds"] or 0) * 1000 for turn in thread["turns"][:first]]
            waits[place(thread)].append((first, sum(times[:-1]), sum(times)))
    all = Counter(place(thread) for thread in THREADS)
    rows = [(where, len(found), all[where] - len(found), *(rank(figures, 0.5) for figures in zip(*found)))
            for where, found in waits.items()]
    return sorted(rows, key=lambda row: (-row[5], row[0]))


def active_hours():
    groups = by_place(((MACHINES[thread["machine"]] or thread["machine"], day(turn["started_at"]).hour), (thread["thread"], turn))
                      for thread, _, turn in TURNS if not is_subagent(thread))
    rows = [(*key, len(found), len({thread for thread, _ in found}), len({day(turn["started_at"]).date() for _, turn in found}))
            for key, found in groups.items()]
    return sorted(rows)


def subagents_share_of_cost():
    rows = []
    for at, found in by_place((month(request["at"]), (thread, request)) for thread, request in REQUESTS).items():
        all = sum(request["cost_usd"] or 0 for _, request in found)
        theirs = sum(request["cost_usd"] or 0 for thread, request in found if is_subagent(thread))
        rows.append((at, len({thread["thread"] for thread, _ in found}),
                     len({thread["thread"] for thread, _ in found if is_subagent(thread)}), all, theirs, theirs / all))
    return sorted(rows, reverse=True)


def threads_that_grew():
    rows = []
    for thread in THREADS:
        compactions = sum(item["kind"] == "contextCompaction" for turn in thread["turns"] for item in turn["items"])
        if compactions or len(thread["turns"]) > 50:
            largest = max(request["input"] + request["cached_input"] for request in thread["requests"])
            rows.append((thread["thread"], thread["machine"], place(thread), len(thread["turns"]), compactions, largest,
                         dollars(thread["requests"])))
    return sorted(rows, key=lambda row: (-row[4], -row[3], row[0], row[1]))


def slowest_tools():
    groups = by_place((("", "shell") if item["kind"] == "commandExecution" else (item["server"], item["tool"]), item)
                      for *_, item in ITEMS if "duration_ms" in item)
    rows = []
    for key, items in groups.items():
        times = [item["duration_ms"] for item in items]
        rows.append((*key, len(items), sum(item["status"] == "failed" for item in items), rank(times, 0.5), rank(times, 0.95),
                     max(times), sum(times)))
    return sorted(rows, key=lambda row: (-row[5], -row[7], row[0], row[1]))


ANSWERS = {answer.__name__: answer for answer in (
    cost_by_repository_and_month, longest_turns, commands_that_fail_most, files_most_changed, idle_context, duplicated_work,
    tokens_by_model_and_week, prompts_that_failed, time_to_first_change, active_hours, subagents_share_of_cost, threads_that_grew,
    slowest_tools)}
