/* Conversations: both directions of the same addresses, ports and protocol. */
#ifndef NFZ_ANALYSIS_TALKS_H
#define NFZ_ANALYSIS_TALKS_H

#include "analysis/study.h"
#include "store/fold.h"
#include "store/index.h"

/* One direction; packets 0: there is none. */
struct talk_side {
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	uint64_t tcp_flags;
};

struct talk {
	struct flow_key key;      /* of side 0: who began */
	struct talk_side side[2]; /* who began; who answers */
	uint64_t symptoms;        /* bits, as symptom_name counts them */
};

struct talks {
	const struct study_ask *ask;
	struct fold *all; /* not turned yet */
};

void *talks_begin(const struct study_ask *ask); /* struct talks */
void talks_free(void *it);
int talks_add(void *it, const struct flow *f, struct err *err) NFZ_MUST_CHECK;
/* All was added: gives each, as often as one asks. */
typedef int (*talk_fn)(void *ctx, const struct talk *t, struct err *err);
int talks_each(
	struct talks *t, talk_fn fn, void *ctx, struct err *err) NFZ_MUST_CHECK;
/* Nobody answered, or refused, or the one who began never went on. */
bool talk_failed(const struct talk *t);
/* Was it tried, by a protocol that has ports? */
bool talk_has_ports(const struct talk *t);

#endif
