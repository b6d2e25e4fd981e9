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

enum {
	ARCHIVE_MAX = 64 << 20,
	UNPACK_MAX = 8192, /* of the line of shell it goes in */
	LINE_ROOM = 5 * UNPACK_MAX
};

static void release(struct payload *p)
{
	buf_release(&p->bytes);
	free(p->entries);
	free(p->offsets);
	free(p->good);
	if (p->boot) {
		buf_release(&p->boot->unpack);
		buf_release(&p->boot->line);
	}
	free(p->boot);
}

/* The packed files follow the head, which is `used` bytes. */
static int set_entries(struct payload *p, const struct payload_reader *r,
	size_t used, struct err *err)
{
	const struct payload_entry *entries = payload_reader_entries(r, &p->n);

	p->entries = mem_zalloc(p->n, sizeof(*p->entries));
	p->offsets = mem_zalloc(p->n, sizeof(*p->offsets));
	p->good = mem_zalloc(p->n, sizeof(*p->good));
	p->boot = mem_zalloc(1, sizeof(*p->boot));
	p->boot->line = (struct buf)BUF_INIT(LINE_ROOM);
	for (size_t i = 0; i < p->n; i++) {
		p->entries[i] = entries[i];
		if (entries[i].again) {
			p->offsets[i] = p->offsets[i - 1];
			continue;
		}
		p->offsets[i] = used;
		used += entries[i].packed;
	}
	p->agent = payload_entry(p, "nfz-agent");
	if (used != p->bytes.len)
		return err_set(
			err, NFZ_E_INPUT, "payload: the archive is cut off");
	if (!p->agent)
		return err_set(
			err, NFZ_E_INPUT, "payload: it holds no nfz-agent");
	return 0;
}

int payload_parse(struct buf *bytes, struct payload *ret, struct err *err)
{
	struct payload p = {.bytes = *bytes};
	struct payload_reader *r = payload_reader_new(NULL, NULL);
	size_t used = 0;
	int result =
		payload_reader_head(r, buf_str(bytes), bytes->len, &used, err);

	*bytes = (struct buf)BUF_INIT(bytes->max);
	if (result == 0)
		result = set_entries(&p, r, used, err);
	snprintf(p.arch, sizeof(p.arch), "%s", payload_reader_arch(r));
	payload_reader_free(r);
	if (result == 0)
		*ret = p;
	else
		release(&p);
	return result;
}

static int load_file(struct payloads *ps, const char *path, struct err *err)
{
	struct buf bytes = BUF_INIT(ARCHIVE_MAX);
	struct payload p;
	int r = file_read(path, &bytes, err);

	if (r == 0)
		r = payload_parse(&bytes, &p, err);
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

int payload_file(const struct payload *p, const struct payload_entry *e,
	struct buf *out, struct err *err)
{
	size_t i = (size_t)(e - p->entries);

	return payload_unpack(e, p->bytes.data + p->offsets[i], out, err);
}

/* A file as it is in the archive: e->packed bytes, which were found right. */
static int packed_file(const struct payload *p, const struct payload_entry *e,
	const char **ret, struct err *err)
{
	size_t i = (size_t)(e - p->entries);

	*ret = p->bytes.data + p->offsets[i];
	p->good[i] = p->good[i] || (e->again && p->good[i - 1]);
	if (!p->good[i]) {
		struct buf whole = BUF_INIT(e->size);
		int r = payload_file(p, e, &whole, err);

		buf_release(&whole);
		if (r < 0)
			return r;
		p->good[i] = true;
	}
	return 0;
}

int payload_boot(const struct payload *p, const struct payload_boot **ret,
	struct err *err)
{
	const struct payload_entry *unpack = payload_entry(p, "nfz-unpack");
	struct payload_boot *b = p->boot;
	int r;

	*ret = b;
	if (!unpack)
		return err_set(
			err, NFZ_E_INPUT, "payload: it holds no nfz-unpack");
	if (b->packed)
		return 0;
	buf_release(&b->unpack);
	b->unpack = (struct buf)BUF_INIT(UNPACK_MAX);
	r = payload_file(p, unpack, &b->unpack, err);
	if (r == 0)
		r = packed_file(p, p->agent, &b->block, err);
	if (r == 0)
		b->packed = p->agent->packed;
	return r;
}

int payload_check(const struct payload *p, struct err *err)
{
	const char *packed;
	int r = 0;

	for (size_t i = 0; i < p->n && r == 0; i++)
		r = packed_file(p, &p->entries[i], &packed, err);
	return r;
}

int payloads_check(const struct payloads *ps, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ps->n && r == 0; i++)
		r = payload_check(&ps->items[i], err);
	return r;
}

int payload_choose(const struct payload *p, const char *const *names, size_t n,
	struct buf *out, struct err *err)
{
	size_t at = 0; /* where the last one's bytes are */
	int r = 0;

	buf_addf(out, PAYLOAD_MARK " %s\n", p->arch);
	for (size_t i = 0; i < p->n; i++) {
		const struct payload_entry *e = &p->entries[i];

		if (!chosen(e->name, names, n))
			continue;
		buf_addf(out, "file %s %04o %llu %s %llu\n", e->name, e->mode,
			(unsigned long long)e->size, e->sha,
			(unsigned long long)(p->offsets[i] == at ? 0
								 : e->packed));
		at = p->offsets[i];
	}
	buf_adds(out, "end\n");
	at = 0;
	for (size_t i = 0; i < p->n && r == 0; i++) {
		const char *packed;

		if (!chosen(p->entries[i].name, names, n) ||
			p->offsets[i] == at)
			continue;
		at = p->offsets[i];
		r = packed_file(p, &p->entries[i], &packed, err);
		if (r == 0)
			buf_add(out, packed, p->entries[i].packed);
	}
	return r;
}
