/* IPFIX files (RFC 5655): messages one after the other. */
#include "base/clock.h"
#include "base/mem.h"
#include "exchange/intake.h"
#include "flow/flowset.h"

#include <stdio.h>
#include <string.h>

enum { HEAD = 4, MESSAGE_MAX = 65535 };

static void on_rows(void *ctx, const struct flow_rows *rows)
{
	intake_add(ctx, rows);
}

/* One message; 0: the end. */
static int read_message(FILE *from, uint8_t *to, const char *path,
	size_t *ret_len, struct err *err)
{
	size_t n = fread(to, 1, HEAD, from), len;

	*ret_len = 0;
	if (n == 0)
		return ferror(from) ? err_sys(err, "%s", path) : 0;
	len = n == HEAD ? flowset_length(to) : 0;
	if (!len)
		return err_set(err, NFZ_E_INPUT,
			"%s: what should be an IPFIX message is none", path);
	if (fread(to + HEAD, 1, len - HEAD, from) != len - HEAD)
		return err_set(err, NFZ_E_INPUT,
			"%s: the last message breaks off", path);
	*ret_len = len;
	return 0;
}

int intake_ipfix(struct intake *in, const char *path, struct err *err)
{
	const struct flowset_session session = {.connection = 1};
	cleanup_free uint8_t *message = mem_zalloc(MESSAGE_MAX, 1);
	FILE *from = fopen(path, "rbe");
	struct flowset_message said;
	struct flowset *f;
	size_t len = 1;
	int r = 0;

	if (!from)
		return err_sys(err, "%s", path);
	f = flowset_new(on_rows, in);
	while (r == 0 && len) {
		r = intake_failed(in, err);
		if (r == 0)
			r = read_message(from, message, path, &len, err);
		if (r == 0 && len &&
			!flowset_read(f, &session, message, len, wall_now().ns,
				&said))
			intake_leave_out(in, 1);
	}
	intake_leave_out(in, flowset_counts(f)->left_out);
	flowset_free(f);
	fclose(from);
	return r;
}
