#!/bin/bash
# netflowize top on a terminal of its own: what it draws at 80x24, what keys and
# another size do, and that it leaves the terminal as it was, however it ends.
set -u
cd "$(dirname "$0")/../.." || exit 1
exec python3 - "$(realpath "${BUILD:-build}")/bin/netflowize" <<'PY'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

PROGRAM = [sys.argv[1], "top", "examples/ddos.nfz"]
failed = 0


def check(what, good, seen=None):
    global failed
    if not good:
        failed = 1
        print("FAILED:", what, "" if seen is None else repr(seen)[-1500:])


class Screen:
    """The program behind a terminal; .text is all it drew since asked."""

    def __init__(self, rows=24, columns=80, term="xterm"):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.size(rows, columns)
        self.before = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.execve(PROGRAM[0], PROGRAM, {
                "TERM": term, "LANG": "C.UTF-8", "HOME": "/nonexistent",
                "ASAN_OPTIONS": "detect_leaks=0"})  # curses frees nothing
        self.text = ""

    def size(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other side has gone
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def until(self, what, seconds=20):
        end = time.monotonic() + seconds
        while not re.search(what, self.text) and time.monotonic() < end:
            self.read(0.2)
        check("there is " + what, re.search(what, self.text), self.text)

    def settle(self):
        """What was being drawn is drawn: nothing came for half a second."""
        while self.read(0.5):
            pass

    def key(self, key, what):
        self.text = ""
        os.write(self.master, key.encode())
        self.until(what)

    def lines(self):
        """What one sees since the screen was cleared, by rows and columns."""
        rows, y, x = {}, 0, 0
        drawn = self.text.rpartition("\x1b[2J")[2]
        for part in re.finditer(r"\x1b\[(\d*);?(\d*)H|\x1b\[(\d+)d|\x1b\[(\d*)G"
                                r"|\x1b\[[?\d;]*[a-zA-Z]|\x1b[()][0AB]|\x1b."
                                r"|([\r\n])|([^\x1b\r\n])", drawn):
            if part[0].endswith("H") and part[0].startswith("\x1b["):
                y, x = int(part[1] or 1) - 1, int(part[2] or 1) - 1
            elif part[3]:
                y = int(part[3]) - 1
            elif part[5]:
                x, y = (0, y) if part[5] == "\r" else (x, y + 1)
            elif part[6]:
                rows.setdefault(y, {})[x] = part[6]
                x += 1
        return rows

    def ended(self):
        """Its wait status, None where it does not end."""
        status, end = None, time.monotonic() + 20
        while status is None and time.monotonic() < end:
            self.read(0.05)
            pid, code = os.waitpid(self.pid, os.WNOHANG)
            status = code if pid else None
        if status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        while self.read(0):
            pass
        return status

    def end(self, how):
        """Ends it; is the terminal as before, and left by the program?"""
        if isinstance(how, str):
            os.write(self.master, how.encode())
        else:
            os.kill(self.pid, how)
        what = f"after {how!r}"
        check("it ends " + what, self.ended() is not None)
        check("the terminal is as it was " + what,
              termios.tcgetattr(self.slave) == self.before)
        check("the screen is given back " + what,
              "\x1b[?1049l" in self.text and "\x1b[?25h" in self.text
              or "\x1b[?12l\x1b[?25h" in self.text, self.text[-300:])
        os.close(self.master)
        os.close(self.slave)


s = Screen()
s.until("street")
s.settle()
rows = s.lines()
check("at most 24 lines of 80", max(rows) < 24 and
      max(max(r) for r in rows.values()) < 80, (max(rows),))
for key, what in (("f", "victim:9"), ("h", "RECEIVED"), ("p", "CPU"),
                  ("l", "street")):
    s.key(key, what)
s.key("/", "find")
s.key("left\n", "left")
s.settle()
s.text = ""
s.size(12, 60)
os.kill(s.pid, signal.SIGWINCH)
s.until(r"\x1b\[2J[\s\S]*left")
s.settle()
rows = s.lines()
check("at most 12 lines of 60 then", max(rows) < 12 and
      max(max(r) for r in rows.values()) < 60, rows)
s.end("q")
for how in ("\x03", signal.SIGTERM, signal.SIGINT):
    s = Screen()
    s.until("street")
    if how == signal.SIGTERM:  # nothing is to be done
        s.settle()
        with open(f"/proc/{s.pid}/stat") as stat:
            began = sum(map(int, stat.read().rsplit(")")[1].split()[11:13]))
        s.read(1.5)
        with open(f"/proc/{s.pid}/stat") as stat:
            spent = sum(map(int, stat.read().rsplit(")")[1].split()[11:13]))
        check("waiting costs nothing", spent - began <= 2, spent - began)
    s.end(how)
s = Screen(term="nfz-no-such")
check("of an unknown terminal it says so", os.waitstatus_to_exitcode(
    s.ended() or 0) == 2 and "TERM=" in s.text and "--once" in s.text, s.text)
PROGRAM += ["--once", "--screen", "flows"]
for columns, there in ((80, "BIT/S PATH"), (120, "PACKETS/S PATH")):
    s = Screen(columns=columns)
    s.ended()
    longest = max(map(len, s.text.splitlines()))
    check("one frame is as wide as the terminal", there in s.text and
          columns - 40 < longest <= columns, (longest, s.text))
sys.exit(failed)
PY
