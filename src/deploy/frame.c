/* Frames: see frame.h.  Every length is looked at before it is believed; a
 * body larger than FRAME_BODY_MAX is refused from its head alone, so that a
 * liar cannot make the reader wait for it or store it. */
#include "deploy/frame.h"
#include "base/cursor.h"
#include "base/mem.h"

#include <string.h>

void frame_put(
	struct buf *out, enum frame_type type, const void *data, size_t len)
{
	if (len > FRAME_BODY_MAX) {
		out->failed = true;
		return;
	}
	buf_u32(out, (uint32_t)(len + 1));
	buf_u8(out, (uint8_t)type);
	if (len)
		buf_add(out, data, len);
}

void frame_put_data(
	struct buf *out, enum frame_type type, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		size_t n = len < FRAME_DATA_MAX ? len : FRAME_DATA_MAX;

		frame_put(out, type, p, n);
		p += n;
		len -= n;
	}
}

void frame_put_args(struct buf *out, enum frame_type type,
	const char *const *argv, size_t n)
{
	struct buf body = BUF_INIT(FRAME_BODY_MAX);

	if (n > FRAME_ARGS_MAX)
		body.failed = true;
	buf_u16(&body, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		buf_u32(&body, (uint32_t)strlen(argv[i]));
		buf_adds(&body, argv[i]);
	}
	if (buf_ok(&body))
		frame_put(out, type, body.data, body.len);
	else
		out->failed = true;
	buf_release(&body);
}

int frame_next(const void *data, size_t len, struct frame *ret, struct err *err)
{
	struct cursor c = cursor_over(data, len);
	uint32_t size;
	uint8_t type;

	if (len < 4)
		return 0;
	size = cursor_u32(&c);
	if (size < 1 || size > FRAME_BODY_MAX + 1)
		return err_set(err, NFZ_E_REMOTE,
			"a frame of %u bytes makes no sense", size);
	if (len < FRAME_HEAD)
		return 0;
	type = cursor_u8(&c);
	if (type < FRAME_CALL || type > FRAME_RESULT)
		return err_set(
			err, NFZ_E_REMOTE, "unknown frame type %u", type);
	if (cursor_left(&c) < size - 1)
		return 0;
	*ret = (struct frame){
		.type = (enum frame_type)type,
		.body = c.at,
		.len = size - 1,
		.total = size + 4,
	};
	return 1;
}

/* Bytes all strings need with a NUL each; sets c->bad when malformed. */
static size_t args_size(struct cursor c, size_t n, bool *ret_ok)
{
	size_t sum = 0;

	for (size_t i = 0; i < n && cursor_ok(&c); i++) {
		uint32_t len = cursor_u32(&c);
		const uint8_t *p = cursor_bytes(&c, len);

		if (p && memchr(p, '\0', len))
			c.bad = true;
		sum += (size_t)len + 1;
	}
	*ret_ok = cursor_ok(&c) && cursor_left(&c) == 0;
	return sum;
}

int frame_args(
	const struct frame *frame, struct frame_args *ret, struct err *err)
{
	struct cursor c = cursor_over(frame->body, frame->len);
	size_t n = cursor_u16(&c), size;
	char **argv, *text;
	bool ok = false;

	size = args_size(c, n, &ok);
	if (!ok || n > FRAME_ARGS_MAX)
		return err_set(
			err, NFZ_E_REMOTE, "an argument vector is malformed");
	argv = mem_zalloc(1, (n + 1) * sizeof(*argv) + size);
	text = (char *)(argv + n + 1);
	for (size_t i = 0; i < n; i++) {
		uint32_t len = cursor_u32(&c);

		argv[i] = text;
		cursor_copy(&c, text, len);
		text += (size_t)len + 1;
	}
	*ret = (struct frame_args){argv, n};
	return 0;
}

void frame_args_free(struct frame_args *args)
{
	free(args->argv);
	*args = (struct frame_args){0};
}

const char *frame_arg(const struct frame_args *args, size_t i)
{
	return i < args->n ? args->argv[i] : "";
}

const char *frame_value(const struct frame_args *args, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < args->n; i++)
		if (strncmp(args->argv[i], name, len) == 0 &&
			args->argv[i][len] == '=')
			return args->argv[i] + len + 1;
	return NULL;
}
