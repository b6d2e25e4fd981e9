/* Bundled programs: finding, verifying and choosing from the archives. */
#include "deploy/payload.h"
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARCHIVE_MAX = 64 << 20 };

static int take_file(void *ctx, const struct payload_entry *e, const void *data,
	struct err *err)
{
	struct payload *p = ctx;

	(void)err;
	if (strcmp(e->name, "nfz-agent") == 0) {
		buf_add(&p->agent, data, e->size);
		snprintf(p->agent_sha, sizeof(p->agent_sha), "%s", e->sha);
	}
	return 0;
}

static void release(struct payload *p)
{
	buf_release(&p->bytes);
	buf_release(&p->agent);
	free(p->entries);
	free(p->offsets);
}

/* The packed files follow the head, which is what remains of the archive. */
static void set_entries(
	struct payload *p, const struct payload_entry *entries, size_t n)
{
	size_t packed = 0, at;

	p->n = n;
	p->entries = mem_zalloc(n, sizeof(*p->entries));
	p->offsets = mem_zalloc(n, sizeof(*p->offsets));
	for (size_t i = 0; i < n; i++)
		packed += entries[i].packed;
	at = p->bytes.len - packed;
	for (size_t i = 0; i < n; i++) {
		p->entries[i] = entries[i];
		p->offsets[i] = at;
		if (strcmp(entries[i].name, "nfz-agent") == 0) {
			p->agent_packed = p->bytes.data + at;
			p->agent_packed_len = entries[i].packed;
		}
		at += entries[i].packed;
	}
}

int payload_parse(
	const void *data, size_t len, struct payload *ret, struct err *err)
{
	struct payload p = {.bytes = BUF_INIT(ARCHIVE_MAX),
		.agent = BUF_INIT(PAYLOAD_FILE_MAX)};
	struct payload_reader *r = payload_reader_new(take_file, &p);
	int result = payload_reader_add(r, data, len, err);

	if (result == 0 && !payload_reader_done(r))
		result = err_set(
			err, NFZ_E_INPUT, "payload: the archive is cut off");
	if (result == 0 && !p.agent_sha[0])
		result = err_set(
			err, NFZ_E_INPUT, "payload: it holds no nfz-agent");
	if (result == 0) {
		const struct payload_entry *entries;
		size_t n;

		entries = payload_reader_entries(r, &n);
		buf_add(&p.bytes, data, len);
		set_entries(&p, entries, n);
		snprintf(p.arch, sizeof(p.arch), "%s", payload_reader_arch(r));
		*ret = p;
	} else {
		release(&p);
	}
	payload_reader_free(r);
	return result;
}

static int load_file(struct payloads *ps, const char *path, struct err *err)
{
	struct buf bytes = BUF_INIT(ARCHIVE_MAX);
	struct payload p;
	int r = file_read(path, &bytes, err);

	if (r == 0)
		r = payload_parse(bytes.data, bytes.len, &p, err);
	buf_release(&bytes);
	if (r < 0)
		return err_wrap(err, "%s", path);
	if (payloads_for(ps, p.arch))
		release(&p);
	else
		MEM_PUSH(ps->items, ps->n, ps->cap) = p;
	return 0;
}

static int load_dir(struct payloads *ps, const char *dir, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && (e = readdir(d))) {
		const char *dot = strrchr(e->d_name, '.');
		cleanup_free char *path = mem_printf("%s/%s", dir, e->d_name);

		if (dot && strcmp(dot, ".nfzp") == 0)
			r = load_file(ps, path, err);
	}
	if (d)
		closedir(d);
	return r;
}

int payloads_load(struct payloads *ret, struct err *err)
{
	const char *wish = getenv("NETFLOWIZE_PAYLOAD");
	char exe[4096] = "";
	cleanup_free char *beside = NULL, *installed = NULL;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	struct stat st;
	int r = 0;

	*ret = (struct payloads){0};
	if (n > 0 && strrchr(exe, '/'))
		*strrchr(exe, '/') = '\0';
	beside = mem_printf("%s/../payload", exe);
	installed = mem_printf("%s/../lib/netflowize", exe);
	if (wish && *wish && stat(wish, &st) == 0 && S_ISREG(st.st_mode))
		r = load_file(ret, wish, err);
	else if (wish && *wish)
		r = load_dir(ret, wish, err);
	else
		r = load_dir(ret, beside, err);
	if (r == 0 && ret->n == 0 && !(wish && *wish))
		r = load_dir(ret, installed, err);
	if (r == 0 && ret->n == 0) {
		r = err_set(err, NFZ_E_CONFIG,
			"the programs for the nodes are not found (%s)",
			wish && *wish ? wish : beside);
		err_hint(err, "Build them with: make node payload\n"
			      "Or name them: NETFLOWIZE_PAYLOAD=DIRECTORY");
	}
	if (r < 0)
		payloads_release(ret);
	return r;
}

void payloads_release(struct payloads *p)
{
	for (size_t i = 0; i < p->n; i++)
		release(&p->items[i]);
	free(p->items);
	*p = (struct payloads){0};
}

const struct payload *payloads_for(const struct payloads *p, const char *arch)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i].arch, arch) == 0)
			return &p->items[i];
	return NULL;
}

const struct payload_entry *payload_entry(
	const struct payload *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->entries[i].name, name) == 0)
			return &p->entries[i];
	return NULL;
}

static bool chosen(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

void payload_choose(const struct payload *p, const char *const *names, size_t n,
	struct buf *out)
{
	buf_addf(out, "NFZP 1 %s\n", p->arch);
	for (size_t i = 0; i < p->n; i++) {
		const struct payload_entry *e = &p->entries[i];

		if (chosen(e->name, names, n))
			buf_addf(out, "file %s %04o %llu %s %llu\n", e->name,
				e->mode, (unsigned long long)e->size, e->sha,
				(unsigned long long)e->packed);
	}
	buf_adds(out, "end\n");
	for (size_t i = 0; i < p->n; i++)
		if (chosen(p->entries[i].name, names, n))
			buf_add(out, p->bytes.data + p->offsets[i],
				p->entries[i].packed);
}
