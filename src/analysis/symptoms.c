#include "analysis/symptoms.h"
#include "base/opt.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define X(name, text, weight) text,
	SYMPTOMS(X)
#undef X
};

void symptoms_init(struct symptoms *s)
{
	static const int64_t weights[] = {
#define X(name, text, weight) weight,
		SYMPTOMS(X)
#undef X
	};

	*s = (struct symptoms){.n_own = 0};
	memcpy(s->weight, weights, sizeof(weights));
}

void symptoms_release(struct symptoms *s)
{
	for (size_t i = 0; i < s->n_own; i++)
		filter_free(s->own[i].filter);
	s->n_own = 0;
}

static const char *nth_name(const void *ctx, size_t i)
{
	(void)ctx;
	return i < SYMPTOM_COUNT ? names[i] : NULL;
}

/* NAME=WEIGHT; what follows. */
static const char *parse(
	const char *text, char name[static SYMPTOM_NAME], int64_t *ret_weight)
{
	const char *at = strchr(text, '=');
	char *end;

	if (!at || at == text || at - text >= SYMPTOM_NAME || at[1] < '0' ||
		at[1] > '9')
		return NULL;
	memcpy(name, text, (size_t)(at - text));
	name[at - text] = '\0';
	*ret_weight = strtol(at + 1, &end, 10);
	return *ret_weight <= 1000000 ? end : NULL;
}

int symptoms_weigh(struct symptoms *s, const char *text, struct err *err)
{
	char name[SYMPTOM_NAME];
	int64_t weight;
	const char *rest = parse(text, name, &weight), *near;

	if (!rest || *rest) {
		err_set(err, NFZ_E_USAGE, "--weight %s makes no sense", text);
		return err_hint(err, "Write it as reset=5.");
	}
	for (size_t i = 0; i < SYMPTOM_COUNT; i++)
		if (strcmp(names[i], name) == 0) {
			s->weight[i] = weight;
			return 0;
		}
	near = opt_nearest(name, nth_name, NULL);
	err_set(err, NFZ_E_USAGE, "--weight: there is no symptom %s", name);
	return err_hint(err,
		"%s%s%sThere are: no-reply reset syn-only unreachable "
		"host-scan port-scan tiny odd-flags",
		near ? "Did you mean " : "", near ? near : "",
		near ? "?\n" : "");
}

int symptoms_add(struct symptoms *s, const char *text, const struct catalog *c,
	struct err *err)
{
	struct symptom_own own = {.weight = 0};
	const char *rest = parse(text, own.name, &own.weight);
	int r;

	if (!rest || *rest != ':') {
		err_set(err, NFZ_E_USAGE, "--symptom %s makes no sense", text);
		return err_hint(err, "Write it as NAME=WEIGHT:FILTER, such as "
				     "'telnet=5:dst port 23'.");
	}
	if (s->n_own == SYMPTOMS_OWN)
		return err_set(err, NFZ_E_USAGE,
			"--symptom: at most %d of them", SYMPTOMS_OWN);
	r = filter_parse(rest + 1, strlen(rest + 1), c, &own.filter, err);
	if (r < 0)
		return r;
	s->own[s->n_own++] = own;
	return 0;
}

const char *symptom_name(const struct symptoms *s, size_t i)
{
	return i < SYMPTOM_COUNT ? names[i] : s->own[i - SYMPTOM_COUNT].name;
}

int64_t symptom_weight(const struct symptoms *s, size_t i)
{
	return i < SYMPTOM_COUNT ? s->weight[i]
				 : s->own[i - SYMPTOM_COUNT].weight;
}
