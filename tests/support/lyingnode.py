#!/usr/bin/env python3
"""lyingnode.py: a login shell that means harm to who logs in: it says what
/lies names, never what it was asked for."""
import hashlib
import os
import struct
import sys
import time

HARM = (b"\x1b]0;owned\x07\x1b[2J\x1b[31m\xc2\x9b31m\xe2\x80\xae"
        b"<script>alert(1)</script>$(touch /tmp/canary)")
NOTE, OUT, RESULT = 5, 6, 8


def say(data):
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError:
        sys.exit(0)


def frame(kind, body):
    return struct.pack(">IB", len(body) + 1, kind) + body


def words(*argv):
    return struct.pack(">H", len(argv)) + b"".join(
        struct.pack(">I", len(a)) + a for a in argv)


def calls():
    """The names of calls, from the first hello on: what comes before is the
    script that would have started an agent."""
    got = b""
    begun = False
    while True:
        more = os.read(0, 65536)
        if not more:
            return
        got += more
        at = got.find(b"\x01\x00\x01\x00\x00\x00\x05hello")
        if not begun and at >= 4:
            got = got[at - 4:]
            begun = True
        while begun and len(got) >= 5:
            size, kind = struct.unpack_from(">IB", got)
            if len(got) < size + 4:
                break
            if kind == 1:
                length, = struct.unpack_from(">I", got, 7)
                yield got[11:11 + length]
            got = got[size + 4:]


def forever(data):
    while True:
        say(data)


def file_of(path):
    return (b"file 4 " + path + b"\nevilsha " +
            hashlib.sha256(b"evil").hexdigest().encode() + b"\n")


def answer(call, experiment=None, recipes=()):
    """Well formed, and nothing in it is what it should be."""
    if call == b"hello" and recipes:
        for k, name in enumerate(recipes):
            say(frame(NOTE, words(
                b"deployment", b"%016x" % (k + 1), b"/var/lib/netflowize/1", b"",
                b"experiment=" + experiment, b"recipe=" + name)))
    elif call == b"hello":
        for k in range(3):
            name = b"%016x" % (k + 1)
            say(frame(NOTE, words(
                b"deployment", name, b"/var/lib/netflowize/" + HARM, HARM,
                *(field + b"=" + HARM for field in
                  (b"who", b"host", b"version", b"since", b"mode", b"taps",
                   b"experiment")))))
            say(frame(NOTE, words(b"size", name, b"age=9" * 20,
                                  b"data=9" * 20, b"set=" + HARM)))
        say(frame(NOTE, words(b"stray", HARM)))
    elif call == b"data" and recipes:
        say(frame(OUT, file_of(b"evil") + b"end\n"))
    elif call == b"data":
        for path in (b"../../../../tmp/escaped", b"/tmp/escaped", b"..",
                     b"a\nb", HARM):
            say(frame(OUT, file_of(path)))
        say(frame(OUT, b"end\n"))
    elif call == b"logs":
        say(frame(NOTE, words(b"log", HARM)) + frame(OUT, HARM + b"\n"))
    elif call == b"undo":
        say(frame(NOTE, words(b"kept", HARM, HARM)))
        say(frame(NOTE, words(b"check", b"left", HARM)))
    elif call == b"snapshot":
        say(frame(OUT, HARM + b"\0\n"))
    say(frame(RESULT, words(b"ok", b"arch=x86_64", b"root=1", b"os=Linux",
                            b"path=../../../" + HARM, b"missing=" + HARM,
                            b"ready=READY " + HARM, b"exit=0", b"clean=0")))


def main():
    lie, experiment = open("/lies", "rb").read().split()
    lie = lie.decode()
    if lie == "words":
        say(HARM + b"\n")
        os.write(2, b"sudo: " + HARM + b"\n")
        sys.exit(3)
    if lie == "endless":
        forever(b"A" * 65536)
    if lie == "packed":
        while True:
            say(b"NFZ 1 root Linux x86_64\nNFZ 1 need\nNFZ 1 packed\n")
            time.sleep(0.1)
    say(b"NFZ 1 agent\n")
    if lie == "huge":
        say(struct.pack(">IB", 0xffffffff, RESULT))
    elif lie == "notes":
        forever(frame(NOTE, words(b"deployment", b"0" * 16, b"x" * 60000)))
    elif lie == "ended":
        for _ in calls():
            say(frame(NOTE, words(b"ended", b"Eve" + HARM, b"1" * 16)))
            break
    elif lie == "drips":
        while True:
            say(frame(NOTE, words(b"x")))
            time.sleep(0.2)
    elif lie == "output":
        forever(frame(OUT, HARM * 100))
    elif lie == "errors":
        for _ in calls():
            say(frame(RESULT, words(b"error", b"26", HARM * 50, HARM)))
    elif lie == "answers":
        for call in calls():
            answer(call)
    elif lie == "nothing":
        for call in calls():
            while call == b"snapshot":
                say(frame(OUT, b""))
                time.sleep(0.2)
            answer(call)
    elif lie == "recipes":
        for call in calls():
            answer(call, experiment,
                   (b"x/../../escaped", b"../escaped", HARM))
    elif lie == "many":
        for call in calls():
            answer(call, experiment, [b"r%d" % k for k in range(1000)])
    time.sleep(1)


main()
