/* What controller and agent say to each other over one byte stream.
 *
 * A frame is a 4-byte length (of what follows it), a 1-byte type and a body.
 * CALL, NOTE and RESULT bodies are argument vectors: a 2-byte count, then each
 * string as 4-byte length and bytes.  Strings hold no NUL.  Integers are
 * big-endian.  No string of a user ever meets a shell.
 *
 *   controller  CALL [DATA... END]  NOOP       (END only where a call takes data)
 *   agent       [NOTE|OUT|ERR]... RESULT       (one RESULT per CALL, in order)
 *               NOOP
 *
 * RESULT is ["ok", word...] or ["error", code number, sentence, remedy]. */
#ifndef NFZ_DEPLOY_FRAME_H
#define NFZ_DEPLOY_FRAME_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum frame_type {
	FRAME_CALL = 1,
	FRAME_DATA,
	FRAME_END,
	FRAME_NOOP,
	FRAME_NOTE,
	FRAME_OUT,
	FRAME_ERR,
	FRAME_RESULT
};

enum {
	FRAME_HEAD = 5,
	FRAME_BODY_MAX = 1 << 20,
	FRAME_DATA_MAX = 32768, /* what we put into one DATA, OUT or ERR */
	FRAME_ARGS_MAX = 4096
};

struct frame {
	enum frame_type type;
	const uint8_t *body; /* inside the buffer it was read from */
	size_t len;          /* of the body */
	size_t total;        /* bytes to consume from the buffer */
};

/* argv is NULL-ended; everything in one block, free it with frame_args_free. */
struct frame_args {
	char **argv;
	size_t n;
};

/* Appends one frame; len above FRAME_BODY_MAX marks the buffer failed. */
void frame_put(
	struct buf *out, enum frame_type type, const void *data, size_t len);
/* As many frames as data needs. */
void frame_put_data(
	struct buf *out, enum frame_type type, const void *data, size_t len);
void frame_put_args(struct buf *out, enum frame_type type,
	const char *const *argv, size_t n);
/* Looks for a whole frame at the start of [data, len): 1 and *ret, 0 when more
 * bytes are needed, or NFZ_E_REMOTE for what can never become one. */
int frame_next(const void *data, size_t len, struct frame *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Takes an argument vector apart; NFZ_E_REMOTE when it is malformed. */
int frame_args(const struct frame *frame, struct frame_args *ret,
	struct err *err) NFZ_MUST_CHECK;
void frame_args_free(struct frame_args *args);
/* Word i, "" when there are fewer. */
const char *frame_arg(const struct frame_args *args, size_t i);
/* The value of the first "name=value" word, or NULL. */
const char *frame_value(const struct frame_args *args, const char *name);

#endif
