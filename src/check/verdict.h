/* What the checker found: one line a check. */
#ifndef NFZ_CHECK_VERDICT_H
#define NFZ_CHECK_VERDICT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum finding_result {
	FINDING_HOLDS,
	FINDING_BROKEN,
	FINDING_OPEN, /* neither shown nor refuted within the limits */
	FINDING_NOTE  /* beside the placement, and not verified */
};

struct finding {
	const char *check; /* "coverage" */
	enum finding_result result;
	const char *text;
};

struct verdict {
	struct arena arena;
	struct finding *items;
	size_t n, cap;
};

void verdict_release(struct verdict *v);
void verdict_add(struct verdict *v, const char *check,
	enum finding_result result, const char *fmt, ...) NFZ_PRINTF(4, 5);
/* BROKEN if any is, else OPEN if any is. */
enum finding_result verdict_sum(const struct verdict *v);
void verdict_print(const struct verdict *v, bool unicode, struct buf *out);
void verdict_print_json(const struct verdict *v, struct buf *out);

/* What is wrong within one check: the first in words, the rest counted. */
struct trouble {
	char first[600];
	size_t n;
};

void trouble_add(struct trouble *t, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* BROKEN with the trouble if there is any, else HOLDS with the sentence. */
void verdict_close(struct verdict *v, const char *check,
	const struct trouble *t, const char *fmt, ...) NFZ_PRINTF(4, 5);

#endif
