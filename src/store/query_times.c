/* Which time a question is about, as it is typed. */
#include "store/query.h"
#include "base/clock.h"

int query_set_times(
	struct query *q, const struct query_times *t, struct err *err)
{
	const int64_t now_ns = wall_now().ns;

	if (!t->last_ms && !t->from_ns && !t->to_ns)
		return 0;
	if (t->last_ms && (t->from_ns || t->to_ns))
		return err_set(err, NFZ_E_USAGE,
			"--last does not go with --from and --to");
	q->from_ns = t->from_ns ? t->from_ns : INT64_MIN;
	q->to_ns = t->to_ns ? t->to_ns : INT64_MAX;
	if (t->last_ms && t->last_ms < now_ns / NS_PER_MS)
		q->from_ns = now_ns - t->last_ms * NS_PER_MS;
	return 0;
}
