/* Reads our archive as it arrives.  The head is bounded, every number in it is
 * bounded, and no file is handed on before it was verified. */
#include "deploy/payload_read.h"
#include "base/buf.h"
#include "base/mem.h"
#include "deploy/unpack/lz4_block.h"
#include "format/crypto.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct payload_reader {
	payload_file_fn fn;
	void *ctx;
	char arch[32];
	struct payload_entry entries[PAYLOAD_FILES_MAX];
	size_t n, at; /* files announced; the one being read */
	bool head_done, failed;
	struct buf head; /* the text until "end" */
	struct buf blob; /* the packed bytes of file `at` */
};

struct payload_reader *payload_reader_new(payload_file_fn fn, void *ctx)
{
	struct payload_reader *r = mem_zalloc(1, sizeof(*r));

	r->fn = fn;
	r->ctx = ctx;
	r->head = (struct buf)BUF_INIT(PAYLOAD_HEAD_MAX);
	r->blob = (struct buf)BUF_INIT(PAYLOAD_FILE_MAX);
	return r;
}

void payload_reader_free(struct payload_reader *r)
{
	if (!r)
		return;
	buf_release(&r->head);
	buf_release(&r->blob);
	free(r);
}

static bool name_ok(const char *name)
{
	if (*name == '.' || *name == '-' || !*name)
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

static bool hex_ok(const char *sha)
{
	return strlen(sha) == 64 && strspn(sha, "0123456789abcdef") == 64;
}

/* The same bytes as the file before, by another name. */
static bool is_again(const struct payload_reader *r, struct payload_entry *e)
{
	const struct payload_entry *before;

	if (e->packed || r->n == 0)
		return false;
	before = &r->entries[r->n - 1];
	if (e->size != before->size || strcmp(e->sha, before->sha) != 0)
		return false;
	e->packed = before->packed;
	return true;
}

static int parse_file(
	struct payload_reader *r, const char *line, struct err *err)
{
	struct payload_entry e = {0};
	int used = 0;

	if (sscanf(line, "file %63s %" SCNo32 " %" SCNu64 " %64s %" SCNu64 "%n",
		    e.name, &e.mode, &e.size, e.sha, &e.packed, &used) != 5 ||
		line[used] || !name_ok(e.name) || !hex_ok(e.sha) ||
		(e.mode & ~0755U) || e.size > PAYLOAD_FILE_MAX ||
		e.packed > PAYLOAD_FILE_MAX)
		return err_set(err, NFZ_E_INPUT,
			"payload: a file line makes no sense");
	e.again = is_again(r, &e);
	if (e.packed == 0)
		return err_set(
			err, NFZ_E_INPUT, "payload: %s has no bytes", e.name);
	if (r->n == PAYLOAD_FILES_MAX)
		return err_set(err, NFZ_E_INPUT, "payload: too many files");
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->entries[i].name, e.name) == 0)
			return err_set(err, NFZ_E_INPUT,
				"payload: %s comes twice", e.name);
	r->entries[r->n++] = e;
	return 0;
}

static int parse_line(
	struct payload_reader *r, const char *line, struct err *err)
{
	if (!r->arch[0]) {
		int used = 0;

		if (sscanf(line, PAYLOAD_MARK " %31s%n", r->arch, &used) != 1 ||
			line[used] || !name_ok(r->arch))
			return err_set(err, NFZ_E_INPUT,
				"payload: this is not a payload archive of "
				"this version");
		return 0;
	}
	if (strcmp(line, "end") != 0)
		return parse_file(r, line, err);
	r->head_done = true;
	return 0;
}

/* Takes head lines from data; *used says how many bytes that were. */
static int add_head(struct payload_reader *r, const char *data, size_t len,
	size_t *used, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		int result;

		if (data[i] != '\n') {
			buf_addc(&r->head, data[i]);
			if (!buf_ok(&r->head) || data[i] == '\0')
				return err_set(err, NFZ_E_INPUT,
					"payload: its head is malformed");
			continue;
		}
		result = parse_line(r, buf_str(&r->head), err);
		/* the ceiling is meant for the whole head, a line is shorter */
		buf_reset(&r->head);
		*used = i + 1;
		if (result < 0 || r->head_done)
			return result;
	}
	*used = len;
	return 0;
}

int payload_reader_head(struct payload_reader *r, const void *data, size_t len,
	size_t *ret_used, struct err *err)
{
	int result = add_head(r, data, len, ret_used, err);

	if (result == 0 && !r->head_done)
		result = err_set(
			err, NFZ_E_INPUT, "payload: the archive is cut off");
	return result;
}

int payload_unpack(const struct payload_entry *e, const void *packed,
	struct buf *out, struct err *err)
{
	char sha[CRYPTO_SHA256_TEXT];
	/* no byte of a block stands for more: no memory for mere words */
	char *to = e->size / LZ4_MORE <= e->packed ? buf_space(out, e->size)
						   : NULL;

	if (!to || !lz4_block_open(packed, e->packed, (uint8_t *)to, e->size))
		return err_set(err, NFZ_E_INPUT,
			"payload: %s is damaged or cut off", e->name);
	buf_commit(out, e->size);
	if (strcmp(crypto_sha256_text(to, e->size, sha), e->sha) != 0)
		return err_set(err, NFZ_E_INPUT,
			"payload: %s is damaged: its SHA-256 is wrong",
			e->name);
	return 0;
}

static int file_whole(struct payload_reader *r, struct err *err)
{
	const struct payload_entry *e = &r->entries[r->at];
	struct buf out = BUF_INIT(e->size);
	int result = payload_unpack(e, r->blob.data, &out, err);

	for (bool again = true; again && result == 0; e++) {
		if (r->fn)
			result = r->fn(r->ctx, e, buf_str(&out), err);
		r->at++;
		again = r->at < r->n && e[1].again;
	}
	buf_release(&out);
	buf_reset(&r->blob);
	return result;
}

int payload_reader_add(
	struct payload_reader *r, const void *data, size_t len, struct err *err)
{
	const char *p = data;
	int result = 0;

	if (r->failed)
		return err_set(err, NFZ_E_INPUT, "payload: damaged before");
	while (len && result == 0) {
		size_t n = 0;

		if (!r->head_done) {
			result = add_head(r, p, len, &n, err);
		} else if (r->at == r->n) {
			result = err_set(err, NFZ_E_INPUT,
				"payload: something follows its end");
		} else {
			n = r->entries[r->at].packed - r->blob.len;
			(void)buf_space(&r->blob, n);
			n = n < len ? n : len;
			buf_add(&r->blob, p, n);
			if (r->blob.len == r->entries[r->at].packed)
				result = file_whole(r, err);
		}
		p += n;
		len -= n;
	}
	r->failed = result < 0;
	return result;
}

bool payload_reader_done(const struct payload_reader *r)
{
	return r->head_done && !r->failed && r->at == r->n;
}

const char *payload_reader_arch(const struct payload_reader *r)
{
	return r->arch;
}

const struct payload_entry *payload_reader_entries(
	const struct payload_reader *r, size_t *ret_n)
{
	*ret_n = r->n;
	return r->entries;
}
