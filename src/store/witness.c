#include "store/witness.h"
#include "base/clock.h"

#include <stdlib.h>

/* What passes on the way from tap to tap, and what clocks are wrong by. */
#define NEAR_NS NS_PER_S

static int by_tap_and_time(const void *a, const void *b)
{
	const struct witness *x = a, *y = b;

	if (x->row->tap != y->row->tap)
		return x->row->tap < y->row->tap ? -1 : 1;
	if (x->row->first_ns != y->row->first_ns)
		return x->row->first_ns < y->row->first_ns ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Times may be any numbers. */
static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static size_t end_of(const struct witness *w, size_t n, size_t begin)
{
	size_t end = begin;

	while (end < n && w[end].row->tap == w[begin].row->tap)
		end++;
	return end;
}

static bool is_open(const struct witness *w)
{
	return !w->counts && !w->again;
}

/* The tap, by its first row, whose open rows tell most; n: none is open. */
static size_t best(const struct witness *w, size_t n)
{
	uint64_t most = 0;
	size_t found = n;
	bool exact = false;

	for (size_t begin = 0, end; begin < n; begin = end) {
		uint64_t packets = 0;
		bool all = true, any = false;

		end = end_of(w, n, begin);
		for (size_t i = begin; i < end; i++) {
			if (!is_open(&w[i]))
				continue;
			any = true;
			packets += w[i].row->packets;
			all = all && !(w[i].row->flags & RECORD_ESTIMATED);
		}
		if (!any ||
			(found < n && (all != exact ? exact : packets <= most)))
			continue;
		found = begin;
		most = packets;
		exact = all;
	}
	return found;
}

static int64_t middle(const struct flow_record *r)
{
	return r->first_ns / 2 + r->last_ns / 2;
}

/* Until when may another tap see what is in this row? */
static int64_t reach(const struct witness *w)
{
	const int64_t near_ns = plus(w->row->last_ns, NEAR_NS);

	return near_ns < w->closed_ns ? near_ns : w->closed_ns;
}

/* The open rows of a tap count.  Rows of one tap may overlap, so neither ends nor
 * middles are in order: what is of all rows up to one, or from one on, is. */
static void take(struct witness *w, size_t n)
{
	int64_t reach_ns = INT64_MIN, middle_ns = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		w[i].counts = !w[i].again;
		if (reach(&w[i]) > reach_ns)
			reach_ns = reach(&w[i]);
		if (middle(w[i].row) > middle_ns)
			middle_ns = middle(w[i].row);
		w[i].reach_ns = reach_ns;
		w[i].latest_ns = middle_ns;
	}
	middle_ns = INT64_MAX;
	for (size_t i = n; i-- > 0;) {
		if (middle(w[i].row) < middle_ns)
			middle_ns = middle(w[i].row);
		w[i].earliest_ns = middle_ns;
	}
}

/* How many of a tap's rows begin so early that they may be of the time of this
 * one of another: before its middle and what clocks are wrong by after it, and
 * before its own tap was closed. */
static size_t before(
	const struct witness *w, size_t n, const struct witness *other)
{
	const int64_t middle_ns = middle(other->row);
	size_t low = 0;

	while (n > 0) {
		const size_t half = n / 2;
		const int64_t first_ns = w[low + half].row->first_ns;

		if (plus(first_ns, -NEAR_NS) < middle_ns &&
			first_ns <= other->closed_ns) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return low;
}

/* Is the middle of the row in one of the tap's rows, or that of one of those
 * in the row?  If not the first, all rows end before the middle or begin after
 * it. */
static bool saw(const struct witness *w, size_t n, const struct witness *other)
{
	const struct flow_record *r = other->row;
	const size_t i = before(w, n, other);

	if (i > 0 && (middle(r) <= w[i - 1].reach_ns ||
			     w[i - 1].latest_ns >= r->first_ns))
		return true;
	return i < n && w[i].earliest_ns <= r->last_ns;
}

void witness_choose(struct witness *w, size_t n)
{
	size_t begin;

	for (size_t i = 0; i < n; i++)
		w[i].counts = w[i].again = false;
	qsort(w, n, sizeof(*w), by_tap_and_time);
	while ((begin = best(w, n)) < n) {
		const size_t end = end_of(w, n, begin);

		take(w + begin, end - begin);
		for (size_t i = 0; i < n; i++)
			if (is_open(&w[i]) &&
				saw(w + begin, end - begin, &w[i]))
				w[i].again = true;
	}
}
