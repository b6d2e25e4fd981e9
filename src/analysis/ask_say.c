#include "analysis/ask_say.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void ask_say_sums(
	const struct answer_sums *sums, bool of_flows, int64_t took_ns)
{
	char of[32] = "", rolled[64] = "";

	if (sums->found)
		snprintf(of, sizeof(of), " of %" PRIu64, sums->found);
	if (sums->query.rolled)
		snprintf(rolled, sizeof(rolled),
			", %" PRIu64 " of them told by rollups",
			sums->query.rolled);
	if (!of_flows) {
		fprintf(stderr, "%" PRIu64 " row%s.  %.2f s\n", sums->shown,
			sums->shown == 1 ? "" : "s", (double)took_ns / 1e9);
		return;
	}
	fprintf(stderr,
		"%" PRIu64 " row%s%s.  Each flow counted once: %" PRIu64
		" records gave %" PRIu64 " flow%s%s.  %.2f s\n",
		sums->shown, sums->shown == 1 ? "" : "s", of, sums->query.kept,
		sums->query.flows, sums->query.flows == 1 ? "" : "s", rolled,
		(double)took_ns / 1e9);
}

/* Nothing is an answer, too; but of what?  A time as it was understood: what
 * was typed may have been another zone's. */
void ask_say_none(
	const char *filter, const char *own, const struct query_times *t)
{
	const bool timed = t->last_ms || t->from_ns || t->to_ns;
	char text[CLOCK_TEXT];

	if (!timed && !*filter) {
		fputs("Nothing was recorded so far: has anything been sent "
		      "over the watched links?\n",
			stderr);
		return;
	}
	if (own && strcmp(filter, own) == 0)
		fprintf(stderr, "No flow is of this kind, '%s'%s", own,
			timed ? ", and of this time" : "");
	else
		fprintf(stderr, "No record is of %s%s%s",
			*filter ? "this filter" : "",
			*filter && timed ? " and " : "",
			timed ? "this time" : "");
	if (t->last_ms)
		fprintf(stderr, ", the last %.12g s", (double)t->last_ms / 1e3);
	if (t->from_ns)
		fprintf(stderr, ", from %s",
			wall_print_s((struct wall_time){t->from_ns}, text));
	if (t->to_ns)
		fprintf(stderr, "%s to %s", t->from_ns ? "" : ",",
			wall_print_s((struct wall_time){t->to_ns}, text));
	fputs(timed ? ".  When there are some: analyse summary\n" : ".\n",
		stderr);
}
