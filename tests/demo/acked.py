#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Writes files, and reports each one only when fsync has returned for it and for
its directory. A report is a line of sha256sum's, so "sha256sum -c" checks all
that was acknowledged.

  acked.py tree SRC DST     copies the files below SRC to below DST
  acked.py change DIR NTH   overwrites the head of every NTH file below DIR
  acked.py forever DST      creates new files below DST until it is stopped
"""

import hashlib
import os
import random
import sys


def sync_path(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def report(path, data):
    sync_path(path)
    sync_path(os.path.dirname(path))
    print(hashlib.sha256(data).hexdigest(), "", path, flush=True)


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)
    report(path, data)


def files(top):
    """The regular files below a directory, in a fixed order."""
    for where, dirs, names in os.walk(top):
        dirs.sort()
        for name in sorted(names):
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def tree(src, dst):
    for path in files(src):
        with open(path, "rb") as file:
            put(os.path.join(dst, os.path.relpath(path, src)), file.read())


def change(top, nth):
    for path in list(files(top))[::int(nth)]:
        with open(path, "r+b") as file:
            data = bytearray(file.read())
            head = os.urandom(min(len(data), 4096))
            data[:len(head)] = head
            file.seek(0)
            file.write(head)
        report(path, data)


def forever(dst):
    number = 0
    while True:
        size = random.randint(1, 128 * 1024)
        put(f"{dst}/{number // 50}/{number}", os.urandom(size))
        number += 1


commands = {"tree": tree, "change": change, "forever": forever}
commands[sys.argv[1]](*sys.argv[2:])
