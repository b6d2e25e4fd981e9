/* nfz-agent: the only thing a shell on a node starts (nfz-agent(8)).
 *
 *   nfz-agent --serve-as SHA256 [--boot PATH] [--root DIR]
 *                                              frames on stdin and stdout
 *   nfz-agent --keep ROLE STAMP PROGRAM ARG...     beside a program
 *
 * On nodes it is nfz-meter and nfz-cache, too, when it is called so.
 *
 * --boot names the temporary copy this process was started from; it is removed
 * at once.  --root is put in front of every place (tests). */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/program.h"
#include "deploy/agent.h"
#include "format/crypto.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Our own program and its SHA-256. */
static bool hash_self(struct agent *a)
{
	cleanup_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *at = MAP_FAILED;
	struct stat *st = &a->file;

	if (fd >= 0 && fstat(fd, st) == 0)
		at = mmap(NULL, (size_t)st->st_size, PROT_READ,
			MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		return false;
	a->image = at;
	a->image_len = (size_t)st->st_size;
	crypto_sha256_text(a->image, a->image_len, a->sha);
	return true;
}

/* 0: it has served, 1: another program was meant. */
static int serve(int argc, char **argv)
{
	struct agent a = {.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.root = "",
		.input = BUF_INIT(FRAME_BODY_MAX + (128 << 10)),
		.words = BUF_INIT(FRAME_BODY_MAX / 2),
		.held = BUF_INIT(FRAME_BODY_MAX),
		.dep = {.dir = -1, .journal = -1, .lock = -1}};
	struct err err = ERR_INIT;

	for (int i = 3; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--boot") == 0)
			a.boot = argv[i + 1];
		else if (strcmp(argv[i], "--root") == 0)
			a.root = argv[i + 1];
	}
	if (a.boot)
		unlink(a.boot);
	if (!hash_self(&a) || strcmp(a.sha, argv[2]) != 0)
		return 1;
	/* what was started without a name has a number for one */
	prctl(PR_SET_NAME, "nfz-agent");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	umask(077);
	if (chdir("/") < 0 ||
		file_write_all(STDOUT_FILENO, "NFZ 1 agent\n", 12, NULL) < 0)
		a.lost = true;
	if (a.boot)
		agent_place_tidy(&a);
	if (agent_serve(&a, &err) < 0)
		log_err(&err);
	free(a.sockets);
	buf_release(&a.input);
	buf_release(&a.words);
	buf_release(&a.held);
	return 0;
}

int main(int argc, char **argv)
{
#ifdef NFZ_NODE
	if (program_is(argv, "nfz-meter"))
		return meter_main(argc, argv);
	if (program_is(argv, "nfz-cache"))
		return cache_main(argc, argv);
#endif
	proc_begin();
	log_open("nfz-agent", LOG_INFO, false);
	if (argc >= 3 && strcmp(argv[1], "--serve-as") == 0)
		return serve(argc, argv);
	if (argc >= 5 && strcmp(argv[1], "--keep") == 0)
		return keep_main(argc, argv);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("nfz-agent " NFZ_VERSION);
		return 0;
	}
	fputs("usage: nfz-agent --serve-as SHA256 | --version"
	      "    (see nfz-agent(8))\n",
		stderr);
	return 2;
}
