/* The bootstrap: see bootstrap.h.
 *
 * The command must survive any login shell, csh as well: one line, no '!',
 * nothing but words, "&&" and ";".  The script is the first line of standard
 * input, where the shell looks for it; a shell may take more at once than that
 * line, but nothing comes
 * behind it before the script has asked for it.
 *
 * Every process it starts costs the node more than a call of the agent's, so it
 * asks for little, and tries instead of looking: an agent says itself whether
 * it is the one that was meant, and a place where nothing can be run shows when
 * nfz-unpack shall be.  That one is a few bytes, which the shell can write; it
 * reads and unpacks the agent without a tool of the node's.
 *
 * Kill it anywhere: what can be left is PLACE/.netflowize.PID and, where
 * /dev/shm will not do, PLACE/.netflowize-mtime.PID, which holds PLACE's
 * modification time as its own; every agent sweeps them when it starts. */
#include "deploy/bootstrap.h"

#include <stdio.h>
#include <string.h>

#define PLACES "/var/lib /local /var/tmp"
/* Comes first, as nothing there has to be made or put back. */
#define SCRATCH "/dev/shm"
#define HELLO "echo; echo NFZ 1 user $SSH_CONNECTION; "

/* Arguments: look|full, then ARCH SHA256 for each agent we have.  An agent that
 * was the one meant has served, or was killed while it did: whoever listens
 * takes what follows for frames. */
static const char script[] =
	"look=$1; shift; h=; "
	"PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; umask 077; "
	/* as uname would say, without a process (Linux 6.1) */
	"k=/proc/sys/kernel; u=; { read -r s <$k/ostype && "
	"read -r m <$k/arch && u=\"$s $m\"; } 2>/dev/null; "
	"if [ -z \"$u\" ]; then u=$(uname -sm); fi; echo \"NFZ 1 root $u\"; "
	"while [ $# -ge 2 ]; do "
	"if [ \"$u\" = \"Linux $1\" ]; then h=$2; fi; shift 2; done; "
	"w=need; if [ $look = look ]; then w=none; for p in " PLACES "; do "
	"for f in $p/netflowize $p/.netflowize-mtime*; do "
	"if [ -e \"$f\" ]; then w=need; fi; done; done; "
	"for f in " SCRATCH "/.netflowize.*; do "
	"if [ -e \"$f\" ]; then w=need; fi; done; fi; "
	"if [ -z \"$h\" ] && [ $w = need ]; then "
	"echo \"NFZ 1 os $u\"; exit; fi; "
	/* an agent that is there already */
	"if [ $w = need ]; then for p in " PLACES "; do d=$p/netflowize; "
	"if [ -L $d ]; then continue; fi; "
	"if [ -O $d ]; then for a in $d/*/bin/nfz-agent; do "
	"if [ -x \"$a\" ]; then \"$a\" --serve-as $h; x=$?; "
	"case $x in 0 | 12[89] | 1[3-9]? | 2[0-9]*) exit $x;; esac; fi; "
	"done; fi; done; fi; echo NFZ 1 $w";

/* Arguments: SHA256 SIZE of the agent, PACKED of its block.  Between these two is
 * nfz-unpack.
 *
 * Others may write to these places: with set -C a shell makes a plain file, and
 * opens what else it finds by that name, a pipe of theirs that is another file
 * by the time it is run.  What is open and plain is ours, and stays so. */
static const char before_unpack[] =
	"put() { { [ -f /proc/self/fd/1 ] && printf '";
static const char after_unpack[] =
	"'; } >$f && chmod 700 $f; }; "
	/* takes back what was made in a place, its time too */
	"tidy() { if [ -O $t ]; then { rm -f $f $t; "
	"touch -m -r /proc/self/fd/9 $p; } 9<$t; else rm -f $f; fi; "
	"} 2>/dev/null; "
	"b=no-place; set -C; "
	"for p in " SCRATCH " " PLACES "; do "
	"f=$p/.netflowize.$$; t=$p/.netflowize-mtime.$$; "
	"if [ -L $p ] || [ ! -d $p ] || [ ! -w $p ]; then continue; fi; "
	"if [ -e $f ] || [ -L $f ]; then continue; fi; "
	/* nobody may be there any more to hear what it says */
	"trap 'tidy; exit 1' HUP PIPE TERM; "
	"if [ $p != " SCRATCH " ] && [ ! -e $t ] && [ ! -L $t ]; then "
	"touch -r $p $t 2>/dev/null; fi; "
	"if put 2>/dev/null; then :; else "
	"case $(stat -f -c %a $p 2>/dev/null) in 0) b=full;; esac; "
	"tidy; continue; fi; "
	/* it removes its file; then there is an agent, or nothing to take back
	 * but the time */
	"$f $3 $2 $f --serve-as $1 --boot $f; x=$?; "
	"if [ $x = 0 ] || [ $x -gt 127 ]; then exit $x; fi; "
	"tidy; case $x in 12[67]) continue;; 28) b=full;; *) b=bad;; esac; "
	"break; done; echo NFZ 1 $b; exit";

static const struct {
	const char *text;
	enum bootstrap_word word;
} words[] = {
	{"user", BOOTSTRAP_USER},
	{"root", BOOTSTRAP_ROOT},
	{"none", BOOTSTRAP_NONE},
	{"os", BOOTSTRAP_OS},
	{"no-place", BOOTSTRAP_NO_PLACE},
	{"need", BOOTSTRAP_NEED},
	{"packed", BOOTSTRAP_PACKED},
	{"full", BOOTSTRAP_FULL},
	{"bad", BOOTSTRAP_BAD},
	{"agent", BOOTSTRAP_AGENT},
};

const char *bootstrap_command(const char *user)
{
	/* Root by another name needs no sudo, and may have none; && is a
	 * mistake to old shells of people. */
	return strcmp(user, "root") == 0 ? HELLO "exec /bin/sh"
					 : HELLO
		       "exec /bin/sh -c 'test -O / && exec /bin/sh; "
		       "exec sudo -n /bin/sh'";
}

void bootstrap_script(const struct bootstrap_agent *agents, size_t n, bool look,
	struct buf *out)
{
	buf_addf(out, "set -- %s", look ? "look" : "full");
	for (size_t i = 0; i < n; i++)
		buf_addf(out, " %s %s", agents[i].arch, agents[i].sha256);
	buf_addf(out, "; %s\n", script);
}

/* As the format of printf(1) between quotes: three digits end a byte. */
static void add_bytes(struct buf *out, const struct buf *bytes)
{
	for (size_t i = 0; i < bytes->len; i++) {
		const unsigned char c = (unsigned char)bytes->data[i];

		if (c > ' ' && c <= '~' && !strchr("%\\'", c))
			buf_addc(out, (char)c);
		else
			buf_addf(out, "\\%03o", c);
	}
}

void bootstrap_send(const char *sha256, size_t size, size_t packed,
	const struct buf *unpack, struct buf *out)
{
	buf_addf(out, "set -- %s %zu %zu; %s", sha256, size, packed,
		before_unpack);
	add_bytes(out, unpack);
	buf_addf(out, "%s\n", after_unpack);
}

enum bootstrap_word bootstrap_parse(const char *line, const char **ret_rest)
{
	static const char prefix[] = "NFZ 1 ";
	size_t len = sizeof(prefix) - 1;

	*ret_rest = "";
	if (strncmp(line, prefix, len) != 0)
		return BOOTSTRAP_NOISE;
	line += len;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		len = strlen(words[i].text);
		if (strncmp(line, words[i].text, len) != 0 ||
			(line[len] && line[len] != ' '))
			continue;
		*ret_rest = line[len] ? line + len + 1 : "";
		return words[i].word;
	}
	return BOOTSTRAP_NOISE;
}
