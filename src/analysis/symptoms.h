/* What may be wrong with a conversation, and how much each weighs. */
#ifndef NFZ_ANALYSIS_SYMPTOMS_H
#define NFZ_ANALYSIS_SYMPTOMS_H

#include "store/filter.h"

#include <stdint.h>

/* X(name, text, weight); netflowize-analyse(1) says what each means. */
#define SYMPTOMS(X)                                                            \
	X(NO_REPLY, "no-reply", 1)                                             \
	X(RESET, "reset", 1)                                                   \
	X(SYN_ONLY, "syn-only", 1)                                             \
	X(UNREACHABLE, "unreachable", 2)                                       \
	X(HOST_SCAN, "host-scan", 3)                                           \
	X(PORT_SCAN, "port-scan", 3)                                           \
	X(TINY, "tiny", 1)                                                     \
	X(ODD_FLAGS, "odd-flags", 3)

enum symptom {
#define X(name, text, weight) SYMPTOM_##name,
	SYMPTOMS(X)
#undef X
		SYMPTOM_COUNT
};
enum { SYMPTOMS_OWN = 16, SYMPTOM_NAME = 32 };

/* One of the user's: a filter that a flow of the conversation fits. */
struct symptom_own {
	char name[SYMPTOM_NAME];
	int64_t weight;
	struct filter *filter;
};

struct symptoms {
	int64_t weight[SYMPTOM_COUNT]; /* 0: does not count */
	struct symptom_own own[SYMPTOMS_OWN];
	size_t n_own;
};

void symptoms_init(struct symptoms *s);
void symptoms_release(struct symptoms *s);
/* "reset=5" */
int symptoms_weigh(
	struct symptoms *s, const char *text, struct err *err) NFZ_MUST_CHECK;
/* "telnet=5:dst port 23" */
int symptoms_add(struct symptoms *s, const char *text, const struct catalog *c,
	struct err *err) NFZ_MUST_CHECK;
/* Bit i is symptom i, those of the user behind the others. */
const char *symptom_name(const struct symptoms *s, size_t i);
int64_t symptom_weight(const struct symptoms *s, size_t i);

#endif
