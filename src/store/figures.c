/* Groups by one key more.  For a distinct count each of their rows is one value
 * of the group; for a percentile each is a range of values with its flows. */
#include "store/figures.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Flows of one row in one range. */
struct figure_share {
	size_t row;
	uint32_t bin;
	uint64_t flows;
};

struct figure_group {
	size_t figure;
	struct group group;
	bool done;
	struct figure_share *shares;
	size_t n_shares, shares_cap;
};

/* Names ---------------------------------------------------------------- */

static int unknown(const char *text, struct err *err)
{
	err_set(err, NFZ_E_USAGE, "--show: there is no figure %s", text);
	return err_hint(err, "Figures: share bpp bps distinct:KEY pN:MEASURE, "
			     "such as p95:bytes; of packets bytes duration bps "
			     "pps bpp.\nOf metrics: sum: min: max: mean: pN:, "
			     "such as mean:rtt_us, sum:retransmissions");
}

/* A metric that is one number, of which the figure is. */
static bool take_metric(struct figure *f, const char *name)
{
	const struct export_field *field =
		group_metric_named(name, strlen(name));

	if (!field || field->text || field->each)
		return false;
	f->inner.keys[f->inner.n++] = GROUP_BIN;
	f->inner.of_metric = field;
	return true;
}

/* What is mostly asked of a metric. */
static enum figure_kind kind_by(enum merge_rule rule)
{
	switch (rule) {
	case RULE_SUM:
		return FIGURE_SUM;
	case RULE_LEAST:
		return FIGURE_LEAST;
	case RULE_GREATEST:
		return FIGURE_GREATEST;
	case RULE_FIRST:
	case RULE_MEAN:
		break;
	}
	return FIGURE_MEAN;
}

static bool parse_metric(struct figure *f, const char *text)
{
	static const struct {
		const char *word;
		enum figure_kind kind;
	} all[] = {{"sum:", FIGURE_SUM}, {"min:", FIGURE_LEAST},
		{"max:", FIGURE_GREATEST}, {"mean:", FIGURE_MEAN}};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const size_t len = strlen(all[i].word);

		f->kind = all[i].kind;
		if (strncmp(text, all[i].word, len) == 0)
			return take_metric(f, text + len);
	}
	if (!take_metric(f, text))
		return false;
	f->kind = kind_by(f->inner.of_metric->rule);
	return true;
}

static int parse_percentile(struct figure *f, const char *text, struct err *err)
{
	char *rest;
	unsigned long percent = strtoul(text + 1, &rest, 10);

	if (text[1] < '0' || text[1] > '9' || *rest != ':' || percent > 100)
		return unknown(text, err);
	f->kind = FIGURE_PERCENTILE;
	f->percent = (unsigned)percent;
	if (take_metric(f, rest + 1))
		return 0;
	f->inner.keys[f->inner.n++] = GROUP_BIN;
	f->inner.of = measure_find(rest + 1, strlen(rest + 1));
	return f->inner.of == MEASURE_COUNT ? unknown(text, err) : 0;
}

static int parse(struct figure *f, const char *text, struct err *err)
{
	static const char distinct[] = "distinct:";

	if (strcmp(text, "share") == 0)
		f->kind = FIGURE_SHARE;
	else if (strcmp(text, "bpp") == 0)
		f->kind = FIGURE_BPP;
	else if (strcmp(text, "bps") == 0)
		f->kind = FIGURE_BPS;
	else if (strncmp(text, distinct, sizeof(distinct) - 1) == 0) {
		f->kind = FIGURE_DISTINCT;
		return group_by_add(
			&f->inner, text + sizeof(distinct) - 1, err);
	} else if (parse_metric(f, text)) {
		return 0;
	} else if (*text == 'p') {
		return parse_percentile(f, text, err);
	} else {
		return unknown(text, err);
	}
	return 0;
}

int figure_add(struct figure_list *list, const char *text, struct err *err)
{
	struct figure f = {0};
	int r;

	if (list->n == FIGURES_MAX)
		return err_set(err, NFZ_E_USAGE,
			"--show: at most %d figures at once", FIGURES_MAX);
	if (strlen(text) >= sizeof(f.name))
		return unknown(text, err);
	r = parse(&f, text, err);
	if (r < 0)
		return r;
	if (figure_find(list, text) >= 0)
		return err_set(
			err, NFZ_E_USAGE, "--show: %s is there twice", text);
	for (size_t i = 0; text[i]; i++) {
		f.asked[i] = text[i];
		f.name[i] = text[i] == ':' || text[i] == '/' ? '_' : text[i];
	}
	list->v[list->n++] = f;
	return 0;
}

int figure_find(const struct figure_list *list, const char *asked)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].asked, asked) == 0)
			return (int)i;
	return -1;
}

/* Rows have one place for a key: src/8 and src/32 do not both fit. */
static bool is_another(const struct group_by *a, const struct group_by *b)
{
	switch (b->keys[0]) {
	case GROUP_SRC_NET:
		return a->src_len != b->src_len;
	case GROUP_DST_NET:
		return a->dst_len != b->dst_len;
	case GROUP_TIME:
		return a->bucket_ns != b->bucket_ns;
	case GROUP_METRIC:
		return a->metric != b->metric;
	default:
		return false;
	}
}

int figures_check(const struct figure_list *list, const struct group_by *by,
	struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct figure *f = &list->v[i];

		if (f->kind == FIGURE_BPS && !group_by_has(by, GROUP_TIME))
			return err_set(err, NFZ_E_USAGE,
				"--show bps needs --by time:SECONDS");
		if (f->kind == FIGURE_DISTINCT &&
			group_by_has(by, f->inner.keys[0]) &&
			is_another(by, &f->inner))
			return err_set(err, NFZ_E_USAGE,
				"--show %s does not go with --by another %s",
				f->asked,
				f->inner.metric
					? "metric"
					: group_key_name(f->inner.keys[0]));
	}
	return 0;
}

/* Groups --------------------------------------------------------------- */

/* The keys of the groups, and the one more; false: it is among them. */
static bool join_keys(struct group_by *ret, const struct group_by *by,
	const struct group_by *inner)
{
	*ret = *by;
	if (group_by_has(by, inner->keys[0]))
		return false;
	ret->keys[ret->n++] = inner->keys[0];
	ret->of = inner->of;
	ret->of_metric = inner->of_metric;
	if (inner->keys[0] == GROUP_METRIC)
		ret->metric = inner->metric;
	if (inner->keys[0] == GROUP_SRC_NET)
		ret->src_len = inner->src_len;
	if (inner->keys[0] == GROUP_DST_NET)
		ret->dst_len = inner->dst_len;
	if (inner->keys[0] == GROUP_TIME)
		ret->bucket_ns = inner->bucket_ns;
	return true;
}

void figures_init(struct figures *f, const struct figure_list *list,
	const struct group_by *by)
{
	*f = (struct figures){.list = list, .by = by};
	f->groups = mem_zalloc(FIGURES_MAX, sizeof(*f->groups));
	for (size_t i = 0; i < list->n; i++) {
		struct group_by keys;

		if (list->v[i].inner.n == 0 ||
			!join_keys(&keys, by, &list->v[i].inner))
			continue;
		f->groups[f->n_groups].figure = i;
		group_init(&f->groups[f->n_groups++].group, &keys, 0);
	}
}

void figures_release(struct figures *f)
{
	for (size_t i = 0; i < f->n_groups; i++) {
		group_release(&f->groups[i].group);
		free(f->groups[i].shares);
	}
	free(f->groups);
	free(f->values);
	*f = (struct figures){0};
}

static int by_value(const void *a, const void *b)
{
	const struct group_row *x = a, *y = b;

	return group_value_compare(&x->value, &y->value);
}

bool figures_begin(struct figures *f, struct group_row *rows, size_t n)
{
	if (n)
		qsort(rows, n, sizeof(*rows), by_value);
	for (size_t i = 0; i < n; i++)
		rows[i].number = i;
	f->rows = rows;
	f->n_rows = n;
	f->values = mem_zalloc(n * FIGURES_MAX, sizeof(*f->values));
	/* of a key that the groups are by, each has one value */
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < f->list->n; k++)
			if (f->list->v[k].kind == FIGURE_DISTINCT)
				f->values[i * FIGURES_MAX + k] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < f->n_groups; k++)
			f->values[i * FIGURES_MAX + f->groups[k].figure] =
				f->groups[k].group.by.of_metric ? FIGURE_UNKNOWN
								: 0;
	return f->n_groups && n;
}

bool figures_take_blocks(const struct figures *f)
{
	for (size_t i = 0; i < f->n_groups; i++)
		if (!group_takes_blocks(&f->groups[i].group.by))
			return false;
	return true;
}

int figures_add(struct figures *f, const struct flow *flow,
	const struct catalog *c, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < f->n_groups && r == 0; i++)
		if (!f->groups[i].done)
			r = group_add(&f->groups[i].group, flow, c, err);
	return r;
}

int figures_add_block(struct figures *f, struct block *b, const uint16_t *rows,
	size_t n, const struct catalog *c, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < f->n_groups && r == 0; i++)
		if (!f->groups[i].done)
			r = group_add_block(
				&f->groups[i].group, b, rows, n, c, err);
	return r;
}

/* Results -------------------------------------------------------------- */

struct taking {
	struct figures *f;
	struct figure_group *g;
};

/* The key that is one more, out of the row's value. */
static void drop_key(struct group_value *v, enum group_key key)
{
	static const struct group_value none;

	switch (key) {
#define X(name, member)                                                        \
	case GROUP_##name:                                                     \
		v->member = none.member;                                       \
		return;
		GROUP_ADDR_KEYS(X)
		GROUP_NUMBER_KEYS(X)
		X(TIME, time_ns)
#undef X
		GROUP_EXTRA_KEYS(GROUP_CASE)
		group_extra_keep(&v->extra, &none.extra, key);
		return;
	case GROUP_KEY_COUNT:
		return;
	}
}

static int take_row(void *ctx, const struct group_row *row, struct err *err)
{
	const struct taking *t = ctx;
	const struct figure *figure = &t->f->list->v[t->g->figure];
	const struct group_value value = group_value_of(&t->g->group, row);
	struct group_row like = {.value = value};
	const struct group_row *to;

	(void)err;
	drop_key(&like.value, figure->inner.keys[0]);
	to = bsearch(&like, t->f->rows, t->f->n_rows, sizeof(like), by_value);
	if (!to)
		return 0; /* of a group that is not shown */
	if ((figure->inner.of_metric && !value.bin) ||
		(figure->inner.metric && !value.metric))
		return 0; /* not measured */
	if (figure->kind == FIGURE_DISTINCT)
		t->f->values[to->number * FIGURES_MAX + t->g->figure]++;
	else
		MEM_PUSH(t->g->shares, t->g->n_shares, t->g->shares_cap) =
			(struct figure_share){
				to->number, value.bin, row->flows};
	return 0;
}

static int by_row(const void *a, const void *b)
{
	const struct figure_share *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->bin > y->bin) - (x->bin < y->bin);
}

static uint64_t ratio(uint64_t a, uint64_t times, uint64_t b)
{
	return b ? (uint64_t)((double)a * (double)times / (double)b + 0.5) : 0;
}

/* By nearest rank: the least value that percent of the flows do not exceed. */
static uint32_t percentile(
	const struct figure_share *s, size_t n, unsigned percent)
{
	uint64_t all = 0, rank, below = 0;
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		all += s[i].flows;
	rank = all / 100 * percent + (all % 100 * percent + 99) / 100;
	while (at + 1 < n && below + s[at].flows < rank)
		below += s[at++].flows;
	return s[at].bin;
}

/* Of one group, in the order of values: the bin of a metric is one more. */
static uint64_t value_of(
	const struct figure *f, const struct figure_share *s, size_t n)
{
	uint64_t sum = 0, flows = 0;
	uint32_t bin;

	switch (f->kind) {
	case FIGURE_LEAST:
		return s[0].bin - 1;
	case FIGURE_GREATEST:
		return s[n - 1].bin - 1;
	case FIGURE_SUM:
	case FIGURE_MEAN:
		for (size_t i = 0; i < n; i++) {
			sum += (s[i].bin - 1) * s[i].flows;
			flows += s[i].flows;
		}
		return f->kind == FIGURE_SUM ? sum : ratio(sum, 1, flows);
	default:
		break;
	}
	bin = percentile(s, n, f->percent);
	return f->inner.of_metric ? bin - 1 : measure_bin_top(bin);
}

static void take_values(struct figures *f, struct figure_group *g)
{
	size_t begin = 0;

	if (g->n_shares)
		qsort(g->shares, g->n_shares, sizeof(*g->shares), by_row);
	while (begin < g->n_shares) {
		const size_t row = g->shares[begin].row;
		size_t end = begin;

		while (end < g->n_shares && g->shares[end].row == row)
			end++;
		f->values[row * FIGURES_MAX + g->figure] = value_of(
			&f->list->v[g->figure], &g->shares[begin], end - begin);
		begin = end;
	}
}

int figures_end_pass(struct figures *f, bool *ret_again, struct err *err)
{
	int r = 0;

	*ret_again = false;
	for (size_t i = 0; i < f->n_groups && r == 0; i++) {
		struct figure_group *g = &f->groups[i];
		struct taking t = {f, g};

		if (g->done)
			continue;
		r = group_rows(&g->group, take_row, &t, err);
		g->done = r < 0 || !group_again(&g->group);
		*ret_again |= !g->done;
		if (g->done)
			take_values(f, g);
	}
	return r;
}

uint64_t figures_of(
	const struct figures *f, const struct group_row *row, size_t figure)
{
	switch (f->list->v[figure].kind) {
	case FIGURE_SHARE:
		return ratio(row->bytes, 10000, f->all_bytes);
	case FIGURE_BPP:
		return ratio(row->bytes, 1, row->packets);
	case FIGURE_BPS:
		return ratio(
			row->bytes * 8, NS_PER_S, (uint64_t)f->by->bucket_ns);
	case FIGURE_DISTINCT:
	case FIGURE_PERCENTILE:
	case FIGURE_SUM:
	case FIGURE_LEAST:
	case FIGURE_GREATEST:
	case FIGURE_MEAN:
		break;
	}
	return f->values[row->number * FIGURES_MAX + figure];
}

uint64_t figures_rank(
	const struct figures *f, const struct group_row *row, size_t figure)
{
	const uint64_t v = figures_of(f, row, figure);

	return v == FIGURE_UNKNOWN ? 0 : v;
}

bool figures_ask_extras(const struct figure_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (group_asks_extras(&list->v[i].inner))
			return true;
	return false;
}
