/* ssh-keygen does the work.  An ed25519 and an ecdsa key for every machine;
 * the RSA key, slow to make, is one for the whole site -- until a machine gets
 * other keys: then it has an RSA key of its own, too (MACHINE_rsa.own), so
 * that the change is seen whichever kind somebody knows. */
#define _GNU_SOURCE
#include "lab/keys.h"
#include "base/file.h"
#include "base/mem.h"
#include "lab/nodefiles.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 4, KEY_MAX = 16 << 10 };

struct kind {
	const char *name, *bits;
	bool shared;
};

static const struct kind kinds[] = {{"ed25519", "256", false},
	{"ecdsa", "256", false}, {"rsa", "2048", true}};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void own_mark(const char *dir, const struct lab_machine *m,
	const struct kind *kind, char path[static 256])
{
	snprintf(path, 256, "%.200s/%s_%s.own", dir, m->key, kind->name);
}

static void key_path(const char *dir, const struct lab_machine *m,
	const struct kind *kind, char path[static 256])
{
	bool own = !kind->shared;

	if (!own) {
		own_mark(dir, m, kind, path);
		own = access(path, F_OK) == 0;
	}
	snprintf(path, 256, "%.200s/%s_%s", dir, own ? m->key : "site",
		kind->name);
}

/* ssh-keygen writes beside, so that a half-made key is never used. */
static pid_t start(const char *path, const struct kind *kind)
{
	char fresh[272];
	pid_t pid;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	pid = fork();
	if (pid != 0)
		return pid;
	int null = open("/dev/null", O_RDWR);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	execlp("ssh-keygen", "ssh-keygen", "-q", "-t", kind->name, "-b",
		kind->bits, "-N", "", "-C", "root@testbed", "-f", fresh,
		(char *)NULL);
	_exit(127);
}

static int finish(pid_t pid, const char *path, struct err *err)
{
	char fresh[272], pub[272], fresh_pub[288];
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, NFZ_E_IO,
			"ssh-keygen could not make a host key (status %d)",
			WEXITSTATUS(status));
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	snprintf(fresh_pub, sizeof(fresh_pub), "%s.pub", fresh);
	snprintf(pub, sizeof(pub), "%s.pub", path);
	if (rename(fresh_pub, pub) < 0 || rename(fresh, path) < 0)
		return err_sys(err, "%s", path);
	return 0;
}

struct job {
	pid_t pid;
	char path[256];
};

struct jobs {
	struct job at[AT_ONCE];
	size_t n;
};

static int finish_first(struct jobs *jobs, struct err *err)
{
	int r = finish(jobs->at[0].pid, jobs->at[0].path, err);

	memmove(&jobs->at[0], &jobs->at[1], --jobs->n * sizeof(jobs->at[0]));
	return r;
}

static int make(struct jobs *jobs, const char *path, const struct kind *kind,
	struct err *err)
{
	int r = 0;

	if (access(path, R_OK) == 0)
		return 0;
	for (size_t i = 0; i < jobs->n; i++)
		if (strcmp(jobs->at[i].path, path) == 0)
			return 0;
	if (jobs->n == AT_ONCE)
		r = finish_first(jobs, err);
	if (r != 0)
		return r;
	struct job *j = &jobs->at[jobs->n++];
	snprintf(j->path, sizeof(j->path), "%s", path);
	j->pid = start(path, kind);
	if (j->pid < 0) {
		jobs->n--;
		return err_sys(err, "fork");
	}
	return 0;
}

static int public_line(const char *dir, const struct lab_machine *m,
	const struct kind *kind, char **ret, struct err *err)
{
	struct buf text = BUF_INIT(KEY_MAX);
	char path[256], pub[272];
	int r;

	key_path(dir, m, kind, path);
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

static int make_all(const char *dir, struct lab_site *site, const int *machines,
	size_t n, struct err *err)
{
	struct jobs jobs = {.n = 0};
	int r = 0;

	for (size_t k = 0; k < N_KINDS; k++)
		for (size_t i = 0; i < n && r == 0; i++) {
			char path[256];

			key_path(dir, &site->machines[machines[i]], &kinds[k],
				path);
			r = make(&jobs, path, &kinds[k], err);
		}
	while (jobs.n > 0) {
		struct err later = ERR_INIT;
		int q = finish_first(&jobs, r == 0 ? err : &later);

		if (r == 0)
			r = q;
	}
	return r;
}

int keys_ensure(const char *dir, struct lab_site *site, const int *machines,
	size_t n, struct err *err)
{
	char lock_path[256];
	int lock, r;

	r = file_make_dirs(dir, 0700, err);
	if (r != 0)
		return r;
	snprintf(lock_path, sizeof(lock_path), "%.200s/lock", dir);
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || lockf(lock, F_LOCK, 0) < 0)
		r = err_sys(err, "%s", lock_path);
	if (r == 0)
		r = make_all(dir, site, machines, n, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct lab_machine *m = &site->machines[machines[i]];

		r = public_line(dir, m, &kinds[0], &m->host_key_ed25519, err);
		if (r == 0)
			r = public_line(
				dir, m, &kinds[1], &m->host_key_ecdsa, err);
		if (r == 0)
			r = public_line(
				dir, m, &kinds[2], &m->host_key_rsa, err);
	}
	if (lock >= 0)
		close(lock);
	return r;
}

static void mark(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

void keys_forget(const char *dir, struct lab_machine *m)
{
	for (size_t k = 0; k < N_KINDS; k++) {
		char path[256];

		if (kinds[k].shared) {
			own_mark(dir, m, &kinds[k], path);
			mark(path);
		}
		key_path(dir, m, &kinds[k], path);
		unlink(path);
	}
}

int keys_files(const char *dir, const struct lab_machine *m,
	struct nodefiles *to, struct err *err)
{
	const char *const lines[N_KINDS] = {
		m->host_key_ed25519, m->host_key_ecdsa, m->host_key_rsa};
	int r = 0;

	for (size_t k = 0; k < N_KINDS && r == 0; k++) {
		struct buf key = BUF_INIT(KEY_MAX), pub = BUF_INIT(KEY_MAX);
		char path[256], name[96];

		key_path(dir, m, &kinds[k], path);
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
