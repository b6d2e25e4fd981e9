/* packets and octets are those in records, not those read: the two are equal,
 * or something is lost and says so. */
#include "probe/stats.h"
#include "format/jsonw.h"

#include <inttypes.h>

static void member(struct jsonw *w, const char *key, uint64_t v)
{
	jsonw_key(w, key);
	jsonw_uint(w, v);
}

void stats_print(struct buf *out, const struct offline_result *got)
{
	const struct flowcache_stats *f = &got->flows;
	struct jsonw w;

	jsonw_init(&w, out, JSONW_COMPACT);
	jsonw_object(&w);
	member(&w, "frames", got->frames);
	member(&w, "packets", f->sent_packets);
	member(&w, "octets", f->sent_octets);
	member(&w, "flows", f->distinct);
	if (!f->distinct_exact) {
		jsonw_key(&w, "flows_at_most");
		jsonw_bool(&w, true);
	}
	member(&w, "records", f->records);
	jsonw_key(&w, "lost");
	jsonw_object(&w);
	member(&w, "truncated", got->truncated);
	member(&w, "link_type", got->link_type);
	member(&w, "cache", got->cache);
	member(&w, "records_unsent", f->packets - f->sent_packets);
	jsonw_end(&w);
	member(&w, "non_ip", got->non_ip);
	member(&w, "filtered", got->filtered);
	member(&w, "unsampled", got->unsampled);
	member(&w, "evicted", f->evicted);
	member(&w, "clock_jumps", got->clock_jumps);
	member(&w, "most_flows", f->most_flows);
	member(&w, "memory", f->memory);
	jsonw_end(&w);
	buf_addc(out, '\n');
}

void stats_say(struct buf *out, const struct offline_result *got)
{
	const struct flowcache_stats *f = &got->flows;

	buf_addf(out, "frames %" PRIu64 " = ip %" PRIu64 " + non-ip %" PRIu64,
		got->frames, got->ip, got->non_ip);
	if (got->filtered)
		buf_addf(out, " + filtered %" PRIu64, got->filtered);
	if (got->unsampled)
		buf_addf(out, " + unsampled %" PRIu64, got->unsampled);
	if (got->truncated)
		buf_addf(out, " + truncated %" PRIu64, got->truncated);
	if (got->link_type)
		buf_addf(out, " + link type %" PRIu64, got->link_type);
	if (got->cache)
		buf_addf(out, " + refused %" PRIu64, got->cache);
	buf_addf(out,
		"; packets %" PRIu64 ", octets %" PRIu64 ", records %" PRIu64
		", evicted %" PRIu64 "\n",
		f->sent_packets, f->sent_octets, f->records, f->evicted);
}
