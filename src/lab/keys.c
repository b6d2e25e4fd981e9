/* An ed25519 and an ecdsa key for every machine; the RSA key, slow to make, is
 * one for the whole site -- until a machine gets other keys: then it has an RSA
 * key of its own, too, so that the change is seen whichever kind somebody
 * knows. */
#define _GNU_SOURCE
#include "lab/keys.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/sshkey.h"
#include "lab/nodefiles.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { KEY_MAX = 16 << 10 };

struct kind {
	enum sshkey_kind kind;
	const char *name;
	bool shared;
};

static const struct kind kinds[] = {{SSHKEY_ED25519, "ed25519", false},
	{SSHKEY_ECDSA, "ecdsa", false}, {SSHKEY_RSA, "rsa", true}};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* MACHINE of the testbed's own: it has other keys there. */
static void own_mark(const struct keys_dirs *dirs, const struct lab_machine *m,
	char path[static 256])
{
	snprintf(path, 256, "%.200s/%s", dirs->own, m->key);
}

static void key_path(const struct keys_dirs *dirs, const struct lab_machine *m,
	const struct kind *kind, char path[static 256])
{
	bool own;

	own_mark(dirs, m, path);
	own = access(path, F_OK) == 0;
	snprintf(path, 256, "%.200s/%s_%s", own ? dirs->own : dirs->site,
		kind->shared && !own ? "site" : m->key, kind->name);
}

/* The public line first: the key itself is what says that there is one. */
static int make(const char *path, const struct kind *kind, struct err *err)
{
	struct buf file cleanup(buf_release) = BUF_INIT(KEY_MAX);
	struct buf line cleanup(buf_release) = BUF_INIT(KEY_MAX);
	char pub[272];
	int r;

	snprintf(pub, sizeof(pub), "%s.pub", path);
	r = sshkey_make(kind->kind, "root@testbed", &file, &line, err);
	if (r == 0)
		r = file_replace(pub, 0644, line.data, line.len, err);
	if (r == 0)
		r = file_replace(path, 0600, file.data, file.len, err);
	return r;
}

static int public_line(const struct keys_dirs *dirs,
	const struct lab_machine *m, const struct kind *kind, char **ret,
	struct err *err)
{
	struct buf text = BUF_INIT(KEY_MAX);
	char path[256], pub[272];
	int r;

	key_path(dirs, m, kind, path);
	snprintf(pub, sizeof(pub), "%s.pub", path);
	r = file_read(pub, &text, err);
	if (r == 0) {
		free(*ret);
		*ret = mem_strndup(
			buf_str(&text), strcspn(buf_str(&text), "\n"));
	}
	buf_release(&text);
	return r;
}

static int make_all(const struct keys_dirs *dirs, struct lab_site *site,
	const int *machines, size_t n, struct err *err)
{
	int r = 0;

	for (size_t k = 0; k < N_KINDS; k++)
		for (size_t i = 0; i < n && r == 0; i++) {
			char path[256];

			key_path(dirs, &site->machines[machines[i]], &kinds[k],
				path);
			if (access(path, R_OK) < 0)
				r = make(path, &kinds[k], err);
		}
	return r;
}

int keys_ensure(const struct keys_dirs *dirs, struct lab_site *site,
	const int *machines, size_t n, struct err *err)
{
	char lock_path[256];
	int lock, r;

	r = file_make_dirs(dirs->site, 0700, err);
	if (r != 0)
		return r;
	snprintf(lock_path, sizeof(lock_path), "%.200s/lock", dirs->site);
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || lockf(lock, F_LOCK, 0) < 0)
		r = err_sys(err, "%s", lock_path);
	if (r == 0)
		r = make_all(dirs, site, machines, n, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct lab_machine *m = &site->machines[machines[i]];

		r = public_line(dirs, m, &kinds[0], &m->host_key_ed25519, err);
		if (r == 0)
			r = public_line(
				dirs, m, &kinds[1], &m->host_key_ecdsa, err);
		if (r == 0)
			r = public_line(
				dirs, m, &kinds[2], &m->host_key_rsa, err);
	}
	if (lock >= 0)
		close(lock);
	return r;
}

void keys_forget(const struct keys_dirs *dirs, const struct lab_machine *m)
{
	char path[256];
	int fd;

	if (file_make_dirs(dirs->own, 0700, NULL) != 0)
		return;
	own_mark(dirs, m, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	for (size_t k = 0; k < N_KINDS; k++) {
		key_path(dirs, m, &kinds[k], path);
		unlink(path);
	}
}

int keys_files(const struct keys_dirs *dirs, const struct lab_machine *m,
	struct nodefiles *to, struct err *err)
{
	const char *const lines[N_KINDS] = {
		m->host_key_ed25519, m->host_key_ecdsa, m->host_key_rsa};
	int r = 0;

	for (size_t k = 0; k < N_KINDS && r == 0; k++) {
		struct buf key = BUF_INIT(KEY_MAX), pub = BUF_INIT(KEY_MAX);
		char path[256], name[96];

		key_path(dirs, m, &kinds[k], path);
		r = file_read(path, &key, err);
		buf_addf(&pub, "%s\n", lines[k]);
		if (r == 0) {
			snprintf(name, sizeof(name), "/etc/ssh/ssh_host_%s_key",
				kinds[k].name);
			nodefiles_add(to, name, 0600, &key);
			snprintf(name, sizeof(name),
				"/etc/ssh/ssh_host_%s_key.pub", kinds[k].name);
			nodefiles_add(to, name, 0644, &pub);
		}
		buf_release(&key);
		buf_release(&pub);
	}
	return r;
}
