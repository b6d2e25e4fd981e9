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
 * the agent shall be.
 *
 * Kill it anywhere: what can be left is PLACE/.netflowize-mtime (which holds
 * PLACE's modification time as its own) and PLACE/netflowize/.boot.PID; every
 * agent sweeps them when it starts. */
#include "deploy/bootstrap.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 64 };

#define PLACES "/var/lib /local /var/tmp"
/* An agent that was the one meant has served, or was killed while it did:
 * whoever listens takes what follows for frames. */
#define ENDED                                                                  \
	"x=$?; case $x in 0 | 12[89] | 1[3-9]? | 2[0-9]*) exit $x;; esac; "

#define HELLO "echo; echo NFZ 1 user $SSH_CONNECTION; "

/* Arguments: look|full, then ARCH SHA256 SIZE PACKED for each agent we have. */
static const char script[] =
	"look=$1; shift; h=; "
	"PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; umask 077; "
	/* as uname would say, without a process (Linux 6.1) */
	"k=/proc/sys/kernel; u=; { read -r s <$k/ostype && "
	"read -r m <$k/arch && u=\"$s $m\"; } 2>/dev/null; "
	"if [ -z \"$u\" ]; then u=$(uname -sm); fi; echo \"NFZ 1 root $u\"; "
	"while [ $# -ge 4 ]; do "
	"if [ \"$u\" = \"Linux $1\" ]; then h=$2; n=$3; z=$4; fi; "
	"shift 4; done; "
	"if [ $look = look ]; then x=; for p in " PLACES "; do "
	"if [ -e $p/netflowize ] || [ -e $p/.netflowize-mtime ]; "
	"then x=1; fi; done; "
	/* the controller may go on after that, or hang up */
	"if [ -z \"$x\" ]; then echo NFZ 1 none; IFS= read -r x || exit; "
	"if [ \"$x\" != full ]; then exit; fi; fi; fi; "
	"if [ -z \"$h\" ]; then echo \"NFZ 1 os $u\"; exit; fi; "
	/* an agent that is there already */
	"for p in " PLACES "; do d=$p/netflowize; "
	"if [ -L $d ]; then continue; fi; "
	"if [ -O $d ]; then for a in $d/*/bin/nfz-agent; do "
	"if [ -x \"$a\" ]; then \"$a\" --serve-as $h; " ENDED "fi; "
	"done; fi; done; "
	/* takes back what was made in a place, its time too */
	"tidy() { r=$1/.netflowize-mtime; if [ -O $r ]; then :; else "
	"r=$1/netflowize/.boot.$$; touch -m -r $1 $r; fi; "
	"{ rm -f $1/.netflowize-mtime $1/netflowize/.boot.$$; "
	"rmdir $1/netflowize; touch -m -r /proc/self/fd/9 $1; } 9<$r; }; "
	/* as a last resort in lines that the shell itself can take in */
	"w=text; if command -v head >/dev/null 2>&1; then w=need; "
	"if command -v gzip >/dev/null 2>&1; then w=packed; fi; fi; "
	/* a place where a file can be made, and then, where it can be run */
	"full() { case $1 in *space* | *uota* | 0) b=full;; esac; }; "
	"b=no-place; g=; "
	"for p in " PLACES "; do d=$p/netflowize; f=$d/.boot.$$; "
	"if [ -L $p ] || [ -L $d ]; then continue; fi; "
	"if [ -d $d ]; then if [ -O $d ]; then :; else continue; fi; "
	"elif [ -d $p ] && [ -w $p ]; then :; else continue; fi; "
	/* nobody may be there any more to hear what it says */
	"trap \"tidy $p 2>/dev/null; exit 1\" HUP PIPE TERM; "
	"if [ -d $d ]; then :; else t=$p/.netflowize-mtime; "
	"if [ -e $t ] || [ -L $t ]; then :; else "
	"touch -r $p $t 2>/dev/null; fi; "
	"if e=$(LC_ALL=C mkdir $d 2>&1); then :; else full \"$e\"; "
	"tidy $p 2>/dev/null; continue; fi; fi; "
	"if printf x 2>/dev/null >$f && chmod 700 $f; then :; else "
	"full \"$(stat -f -c %a $p 2>/dev/null)\"; "
	"tidy $p 2>/dev/null; continue; fi; "
	"if [ -z \"$g\" ]; then echo \"NFZ 1 $w ${u#* }\"; k=; case $w in "
	"packed) head -c $z | gzip -dc 2>/dev/null >$f;; "
	"need) head -c $n 2>/dev/null >$f;; "
	"*) while IFS= read -r x && [ \"$x\" != . ]; do "
	"printf \"$x\" || k=full; done 2>/dev/null >$f;; esac || k=full; "
	"else cat $g/netflowize/.boot.$$ 2>/dev/null >$f || k=full; "
	"tidy $g 2>/dev/null; fi; "
	"if [ -z \"$k\" ]; then \"$f\" --serve-as $h --boot $f; " ENDED
	"case $x in 126) g=$p; continue;; esac; fi; "
	"tidy $p 2>/dev/null; echo \"NFZ 1 ${k:-bad}\"; exit; done; "
	"if [ -n \"$g\" ]; then tidy $g 2>/dev/null; fi; echo NFZ 1 $b; exit";

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
	{"text", BOOTSTRAP_TEXT},
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
		buf_addf(out, " %s %s %zu %zu", agents[i].arch,
			agents[i].sha256, agents[i].size, agents[i].packed);
	buf_addf(out, "; %s\n", script);
}

void bootstrap_text(struct buf *b)
{
	struct buf out = BUF_INIT(b->max);
	const unsigned char *at = (const unsigned char *)buf_str(b);

	for (size_t i = 0; i < b->len; i++) {
		const char octal[] = {'\\', (char)('0' + (at[i] >> 6)),
			(char)('0' + (at[i] >> 3 & 7)),
			(char)('0' + (at[i] & 7)),
			(i + 1) % LINE_BYTES && i + 1 < b->len ? '\0' : '\n'};

		buf_add(&out, octal, octal[4] ? 5 : 4);
	}
	buf_adds(&out, ".\n");
	buf_release(b);
	*b = out;
}

void bootstrap_go_on(struct buf *out)
{
	buf_adds(out, "full\n");
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
