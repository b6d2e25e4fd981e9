"""What a test expects, and its end, which tells whether all of it was so."""
import sys

_failed = 0


def expect(what, got, want):
    global _failed
    if got != want:
        _failed += 1
        print(f"FAILED: {what}\n  got    {got}\n  wanted {want}")


def finish(said=None):
    if said and not _failed:
        print(said)
    sys.exit(_failed > 0)
