/* nfz-agent: the only thing a shell on a node starts (nfz-agent(8)).
 *
 *   nfz-agent --serve [--boot PATH] [--root DIR]   frames on stdin and stdout
 *   nfz-agent --is SHA256                          status 0 when that is us
 *   nfz-agent --keep ROLE STAMP PROGRAM ARG...     beside a program
 *
 * --boot names the temporary copy this process was started from; it is removed
 * at once.  --root is put in front of every place (tests). */
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "deploy/agent.h"
#include "deploy/payload_read.h"
#include "format/crypto.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_us(const char *sha)
{
	struct buf image = BUF_INIT(PAYLOAD_FILE_MAX);
	char own[CRYPTO_SHA256_TEXT];
	bool same = file_read("/proc/self/exe", &image, NULL) == 0 &&
		    strcmp(crypto_sha256_text(image.data, image.len, own),
			    sha) == 0;

	buf_release(&image);
	return same ? 0 : 1;
}

static int serve(int argc, char **argv)
{
	struct agent a = {.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.root = "",
		.input = BUF_INIT(FRAME_BODY_MAX + (128 << 10)),
		.words = BUF_INIT(FRAME_BODY_MAX / 2),
		.dep = {.dir = -1, .journal = -1, .lock = -1}};
	struct err err = ERR_INIT;
	int r;

	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--boot") == 0)
			unlink(argv[i + 1]);
		else if (strcmp(argv[i], "--root") == 0)
			a.root = argv[i + 1];
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	umask(077);
	if (chdir("/") < 0 ||
		file_write_all(STDOUT_FILENO, "NFZ 1 agent\n", 12, NULL) < 0)
		a.lost = true;
	r = agent_serve(&a, &err);
	if (r < 0)
		log_err(&err);
	free(a.sockets);
	buf_release(&a.input);
	buf_release(&a.words);
	return err_exit_status(r);
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	log_open("nfz-agent", LOG_INFO, false);
	if (crypto_init(&err) < 0) {
		log_err(&err);
		return 1;
	}
	if (argc >= 2 && strcmp(argv[1], "--serve") == 0)
		return serve(argc, argv);
	if (argc == 3 && strcmp(argv[1], "--is") == 0)
		return is_us(argv[2]);
	if (argc >= 5 && strcmp(argv[1], "--keep") == 0)
		return keep_main(argc, argv);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("nfz-agent " NFZ_VERSION);
		return 0;
	}
	fputs("usage: nfz-agent --serve | --version    (see nfz-agent(8))\n",
		stderr);
	return 2;
}
