#!/usr/bin/env python3
"""heavykills.py FILE PROJ/EXP KILLS [SEED]: netflowize is killed (-9) at random
moments of up --heavy and of strip, KILLS times each; then up or strip from
another, empty home must converge, and strip leave description, machines and
disks as they were.  BUILD names the build tree.  Prints a line per check that
fails and one summary line; exit status 1 if any failed."""
import os
import random
import subprocess
import sys
import tempfile
import time

from heavycheck import BIN
from heavyfaults import FaultBed
from flowcheck import ROOT

class KillBed(FaultBed):
    def disks(self, where):
        for node in self.names:
            with open(f"{where}/{node}", "w") as to:
                to.write(self.testbed("snapshot", self.exp, node).stdout)

    def compare(self, what, before, after):
        self.disks(after)
        for node in self.names:
            out = subprocess.run([f"{ROOT}/scripts/compare-snapshots",
                                  f"{before}/{node}", f"{after}/{node}"],
                                 capture_output=True, text=True)
            self.check(f"{what}: nothing is left on {node}",
                       out.returncode == 0, out.stdout + out.stderr)

    def killed(self, words, seconds):
        """Starts it and kills it; true when it was over before."""
        run = subprocess.Popen(
            [f"{BIN}/nfz-testbed", "run", "--exp", self.exp, "--",
             f"{BIN}/netflowize", *words], stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL)
        try:
            run.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            return False

    def elsewhere(self, what, words):
        """From an empty home.  The agent that the killed one spoke to may
        hold its node's lock for a moment."""
        with tempfile.TemporaryDirectory() as home:
            os.environ["HOME"] = home
            for _ in range(8):
                try:
                    out = self.netflowize(*words, timeout=120)
                except subprocess.TimeoutExpired as e:
                    self.check(f"{what}: {words[0]} ends", False,
                               (e.stderr or b"").decode()[-3000:] +
                               self.testbed("show", self.exp).stdout)
                    return
                if out.returncode != 5:
                    break
                time.sleep(1)
        self.check(f"{what}: {words[0]} converges", out.returncode == 0,
                   f"{out.returncode} {out.stderr}")


def rounds(bed, kills, text, machines, dirs):
    up, strip = bed.up(), ("strip", bed.exp)
    start = time.monotonic()
    bed.elsewhere("first", up)
    long_up = time.monotonic() - start
    start = time.monotonic()
    bed.elsewhere("first", strip)
    spans = {"up": long_up, "strip": time.monotonic() - start}
    done = 0
    for i in range(2 * kills):
        which = "up" if i % 2 == 0 else "strip"
        if which == "strip":
            bed.elsewhere(f"round {i}", up)
        at = random.random() * spans[which]
        what = f"{which} killed after {at:.2f} of {spans[which]:.1f} s"
        done += bed.killed(up if which == "up" else strip, at)
        if random.random() < 0.5:
            bed.elsewhere(what, up)
        bed.elsewhere(what, strip)
        bed.unchanged(what, text, machines)
        bed.compare(what, *dirs)
        if bed.failed:
            return done
    return done


def main():
    path, exp, kills = sys.argv[1:4]
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int(time.time())
    random.seed(seed)
    bed = KillBed(exp)
    start = time.monotonic()
    done = 0
    try:
        out = bed.testbed("up", path, "--exp", exp)
        bed.check("the testbed comes up", out.returncode == 0, out.stderr)
        text, machines = bed.nsfile(), bed.machines()
        with tempfile.TemporaryDirectory() as before, \
                tempfile.TemporaryDirectory() as after:
            bed.disks(before)
            done = rounds(bed, int(kills), text, machines, (before, after))
    finally:
        bed.testbed("down", exp)
    print(f"{'FAILED' if bed.failed else 'ok'}: {2 * int(kills)} kills of heavy "
          f"mode (seed {seed}, {done} came too late): {bed.ok} checks, "
          f"{len(bed.failed)} failed, all {time.monotonic() - start:.1f} s",
          flush=True)
    return bool(bed.failed)


if __name__ == "__main__":
    sys.exit(main())
