"""Counts the requests that a bucket gets for pushes of a made-up machine, for a compaction, and for a look at what is live.

    count_requests.py PROGRAM GENERATOR
"""

import collections
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from bucket_faults import PLACE, Between, Lake, is_listing

PUSHES = 6


def kind_of(method, path):
    return "LIST" if method == "GET" and is_listing(path) else method


def counted(lake, arguments, lines=b""):
    kinds = collections.Counter()
    Between.begin(lambda count, method, path: kinds.update([kind_of(method, path)]))
    lake.run(arguments, lines=lines)
    return " ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"


def main(program, generator):
    with tempfile.TemporaryDirectory() as root:
        lake = Lake(program, root)
        made = [subprocess.run([generator, "1", str(push), str(PUSHES), "10000"], capture_output=True, check=True).stdout for push in range(PUSHES)]
        for push, lines in enumerate(made):
            print(f"| push {push + 1} | {counted(lake, ['push', PLACE], lines)} |")
        begin, end = made[-1].splitlines()[0], made[-1].splitlines()[-1]
        print(f"| push of nothing | {counted(lake, ['push', PLACE], begin + bytes([10]) + end + bytes([10]))} |")
        print(f"| files | {counted(lake, ['files', PLACE])} |")
        print(f"| compact | {counted(lake, ['compact', PLACE])} |")
        print(f"| compact again | {counted(lake, ['compact', PLACE])} |", flush=True)
    # The server's threads still wait.
    os._exit(0)


main(*sys.argv[1:])
