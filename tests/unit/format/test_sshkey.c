/* New keys are those that OpenSSH itself reads: ssh-keygen(1) finds the public
 * line in the private file. */
#include "format/sshkey.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 16 << 10 };

static void ask_openssh(const struct buf *file, struct buf *said)
{
	char path[] = "/tmp/sshkey.XXXXXX";
	int fd = mkstemp(path), status = -1; /* nobody else may read it */
	const char *argv[] = {"ssh-keygen", "-y", "-P", "", "-f", path, NULL};
	struct proc_io io = {.out = said, .timeout_ms = 30000};

	cr_assert_geq(fd, 0);
	cr_assert_eq(file_write_all(fd, file->data, file->len, NULL), 0);
	close(fd);
	cr_assert_eq(proc_run(argv, &io, &status, NULL), 0);
	unlink(path);
	if (status == 127)
		cr_skip_test("no ssh-keygen");
	cr_assert_eq(status, 0, "ssh-keygen refuses it");
}

static void check(enum sshkey_kind kind, const char *type)
{
	struct buf file cleanup(buf_release) = BUF_INIT(TEXT_MAX);
	struct buf line cleanup(buf_release) = BUF_INIT(TEXT_MAX);
	struct buf said cleanup(buf_release) = BUF_INIT(TEXT_MAX);
	struct err err = ERR_INIT;

	cr_assert_eq(sshkey_make(kind, "some one", &file, &line, &err), 0, "%s",
		err.text);
	ask_openssh(&file, &said);
	cr_assert_str_eq(buf_str(&said), buf_str(&line));
	cr_assert_eq(strncmp(buf_str(&line), type, strlen(type)), 0);
	cr_assert_not_null(strstr(buf_str(&line), " some one\n"));
}

Test(sshkey, ed25519)
{
	check(SSHKEY_ED25519, "ssh-ed25519 AAAA");
}

/* A number whose first bit is 1 gets a byte more, one that begins with zeros
 * has fewer: in enough keys there are some of both. */
Test(sshkey, ecdsa)
{
	for (int i = 0; i < 12; i++)
		check(SSHKEY_ECDSA, "ecdsa-sha2-nistp256 AAAA");
}

Test(sshkey, rsa)
{
	check(SSHKEY_RSA, "ssh-rsa AAAA");
}
