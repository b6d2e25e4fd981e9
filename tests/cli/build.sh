#!/bin/bash
# What is built is built anew when it would be built otherwise, though no file
# of it is newer: other flags, another version, a file that has gone.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
with() { make -s BUILD="$dir" "$@"; }
needed() { # what for, yes or no, arguments of make
	with -q "${@:3}" >"$dir/out" 2>&1
	case $?$2 in
	0no | 1yes) return ;;
	esac
	echo "FAILED: $1: is it built anew? not \"$2\""
	cat "$dir/out"
	failed=1
}

file=$dir/obj/base/utf8.o version=$dir/obj/cli/cmd_version.o
archive=$dir/libbase.a
two="src/base/utf8.c src/base/hash.c"
with "$version" "$archive" SOURCES="$two" >"$dir/out" 2>&1 ||
	{ cat "$dir/out"; exit 1; }
needed "nothing is new" no "$file" "$version" "$archive" SOURCES="$two"
needed "other flags" yes "$file" CFLAGS="-O1 -DX='\"a b\"'"
needed "another version" yes "$version" VERSION=another
needed "another version, not told" no "$file" VERSION=another
needed "a file has gone" yes "$archive" SOURCES=src/base/utf8.c
with "$archive" SOURCES=src/base/utf8.c >/dev/null
members=$(ar t "$archive")
[ "$members" = utf8.o ] || { echo "FAILED: $archive has $members"; failed=1; }
needed "once is enough" no "$archive" SOURCES=src/base/utf8.c
exit $failed
