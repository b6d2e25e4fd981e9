#!/bin/bash
# S9: "strip under a hostile manifest (paths outside, symlinks, hard links, pid
# reuse): touches nothing outside; reports".  The deployment directory was made
# to mean harm: records that lead outside, links in place of our directories and
# files, hard links to somebody's files, one of them our lock's name, a pipe,
# somebody's directories mounted into ours, a process number that is another's
# by now and one that always was, a manifest and a tag of nonsense.
set -u
exp=hostile/h$$
. "$(dirname "$0")/lib/testbed.bash"
need bin/netflowize payload/x86_64.nfzp
export HOME=$dir

nf() {
	timeout 60 "$build/bin/nfz-testbed" run --exp "$exp" -- \
		"$build/bin/netflowize" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
on() { tb exec "$exp" "$node" -- "$@"; }

tb up topologies/line.ns --exp "$exp" >"$dir/out" 2>"$dir/err" ||
	{ bad "the testbed comes up"; exit 1; }
node=$(tb run --exp "$exp" -- "$build/bin/netflowize" plan --light "$exp" \
	-o json 2>"$dir/err" | python3 -c '
import json, sys
print(json.load(sys.stdin)["probes"][0]["node"])')
tb snapshot "$exp" "$node" | grep -v ' /var/lib/netflowize' >"$dir/before"
nf --light "$exp"
check "up" [ "$status" = 0 ]

# what is not ours: files, a directory, a process; then the harm
cat >"$dir/harm.py" <<'EOF'
import glob, os, subprocess, zlib
os.makedirs("/srv/theirs/log", exist_ok=True)
for name in ("file", "log/file", "secret", "setup", "tmp", "locked"):
    open("/srv/theirs/" + name, "w").write("theirs\n")
os.symlink("/srv/theirs/file", "/srv/theirs/link")
victim = subprocess.Popen(["sleep", "600"], start_new_session=True, cwd="/")
print(victim.pid)
(dep,) = glob.glob("/var/lib/netflowize/????????????????")
os.chdir(dep)
boot = open("journal").read().split("proc ")[1].split()[3]
start = open(f"/proc/{victim.pid}/stat").read().rsplit(")", 1)[1].split()[19]
sha = "0" * 64
bad = ["temp /srv/theirs/file", "temp ../../../../srv/theirs/file",
       "tree /srv/theirs", "tree ../../../../srv/theirs/log",
       "tree ..", "tree .", "mkdir ../..", "temp a/../../../../etc/passwd",
       f"file /srv/theirs/file {sha}", f"secret ../../../srv/theirs/secret {sha}",
       "temp log%2f..%2f..%2f..%2f..%2fsrv%2ftheirs%2ffile", "temp %00",
       # not this very process: it began at another time, in another boot
       f"proc meter {victim.pid} {int(start) + 1} {boot}",
       f"proc meter {victim.pid} {start} {'f' * len(boot)}",
       # it is, but it is no program of ours
       f"proc meter {victim.pid} {start} {boot}",
       f"proc meter {victim.pid + (1 << 32)} {start} {boot}",
       "mkdir door", "temp door/file", "tree door/log",
       f"proc meter 1 1 {boot}", f"proc meter -1 {start} {boot}",
       f"proc meter 0 {start} {boot}", "temp harm/link", "temp harm/hard",
       "temp harm/pipe", f"secret harm/secret {sha}", "tree harm/tree",
       "mkdir harm", "temp " + "x" * 4000, "nothing at all"]
with open("journal", "a") as j:
    for line in bad:
        j.write("%08x %s\n" % (zlib.crc32(line.encode()), line))
    j.write("00000000 temp manifest\n")       # a wrong sum
    j.write("\xff\xfe garbage \x1b[2J\n")
os.mkdir("harm")
os.symlink("/srv/theirs/file", "harm/link")
os.link("/srv/theirs/setup", "harm/hard")
os.link("/srv/theirs/secret", "harm/secret")
os.symlink("/srv/theirs", "harm/tree")
os.mkfifo("harm/pipe")
os.unlink("lock")
os.link("/srv/theirs/locked", "lock")
for name in ("door", "run/door"):             # of the same file system
    os.mkdir(name)
    subprocess.run(["mount", "--bind", "/srv/theirs", name], check=True)
os.rename("log", "log.old")                   # ours, replaced by a link
os.symlink("/srv/theirs/log", "log")
open("manifest", "w").write("/etc/passwd 0644 1 x\n../../x\n\x1b]0;x\x07\n")
EOF
tb exec "$exp" "$node" -- python3 - <"$dir/harm.py" >"$dir/out" 2>"$dir/err" ||
	{ bad "the harm is done"; exit 1; }
victim=$(cat "$dir/out")
lists() {
	on sh -c 'cd /srv/theirs && find . -ls | sed "s/^ *[0-9]* *[0-9]* //" |
		sort -k 9; cat file log/file secret setup tmp locked; cat /etc/passwd'
}
# a hard link of ours that goes changes their link counts and nothing else
lists | sed -E 's/^(\S+ +)[0-9]+ /\1/' >"$dir/theirs"

nf strip "$exp" --yes
echo "strip: exit $status"
lists | sed -E 's/^(\S+ +)[0-9]+ /\1/' >"$dir/theirs.after"
check "nothing outside is touched" cmp -s "$dir/theirs" "$dir/theirs.after"
check "another's process lives" on kill -0 "$victim"
check "no program of ours does" on sh -c '! pgrep nfz- >/dev/null'
check "it ends as it should, not by a bug" [ "$status" != 1 ]
check "strip does not hide what it kept" [ "$status" != 0 ]
check "it names the node" grep -q "$node" "$dir/err"
check "no escape sequence reaches the terminal" \
	sh -c '! grep -q "$(printf "\033")" "$1" "$2"' sh "$dir/out" "$dir/err"
nf strip "$exp" --yes --force
check "what is mounted there is not ours to remove" [ "$status" != 0 ]
check "and that is why" grep -q "mounted there" "$dir/out" "$dir/err"
lists | sed -E 's/^(\S+ +)[0-9]+ /\1/' >"$dir/theirs.after"
check "nothing in there is touched" cmp -s "$dir/theirs" "$dir/theirs.after"
on sh -c 'umount /var/lib/netflowize/*/door /var/lib/netflowize/*/run/door'
nf strip "$exp" --yes --force
check "with --force" [ "$status" = 0 ]
lists | sed -E 's/^(\S+ +)[0-9]+ /\1/' >"$dir/theirs.after"
check "still nothing outside" cmp -s "$dir/theirs" "$dir/theirs.after"
check "and still that process" on kill -0 "$victim"
check "nothing of ours is left" on test ! -e /var/lib/netflowize
on sh -c "kill $victim; rm -rf /srv/theirs"
tb snapshot "$exp" "$node" | grep -v ' /srv' >"$dir/after"
scripts/compare-snapshots "$dir/before" "$dir/after" >"$dir/out" ||
	bad "the node is as it was"
exit $failed
