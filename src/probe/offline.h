/* Capture files through one flow cache: records out, nothing live.  Time is
 * packet time. */
#ifndef NFZ_PROBE_OFFLINE_H
#define NFZ_PROBE_OFFLINE_H

#include "base/err.h"
#include "flow/exporter.h"
#include "probe/definition.h"

struct offline;
struct capfile;

struct offline_options {
	/* its sink must take all records, or fail for good */
	struct flowcache_options flows;
	const char *filter;              /* as tcpdump's; NULL: all */
	unsigned key;                    /* KEY_... */
	bool inner;                      /* flows are those inside of tunnels */
	bool fragment_ports;             /* later fragments have the first's */
	struct metrics metrics;          /* its fields stay lent */
	struct export_sampling sampling; /* of frames; by hash, of packets */
	/* told now and then, false: enough; NULL: nobody */
	bool (*progress)(
		void *data, const struct capfile *file, uint64_t frames);
	/* told when a pipe has nothing more for now, and each second; as
	 * progress */
	bool (*pause)(void *data);
	void *data;
};

/* frames = ip + non_ip + filtered + unsampled + truncated + link_type + cache. */
struct offline_result {
	uint64_t frames, ip, non_ip, filtered, unsampled;
	/* lost: an IP header that cannot be read; a link type we do not
	 * dissect; no room, and no record was taken */
	uint64_t truncated, link_type, cache;
	uint32_t unread;      /* the last such link type */
	uint64_t clock_jumps; /* of an hour or more, to or from a packet */
	struct flowcache_stats flows;
};

int offline_new(const struct offline_options *options, struct offline **ret,
	struct err *err) NFZ_MUST_CHECK;
void offline_free(struct offline *o);
/* One more file.  One that breaks off is an error, after what could be read
 * has been added; NFZ_E_INTERRUPTED where progress said so. */
int offline_read(
	struct offline *o, const char *path, struct err *err) NFZ_MUST_CHECK;
/* No more files: all records leave. */
int offline_end(struct offline *o, struct err *err) NFZ_MUST_CHECK;
void offline_result(const struct offline *o, struct offline_result *ret);
/* What the records have besides, by options. */
struct flow_shape offline_shape(const struct offline_options *options);
/* Of a record just offered to the sink, and only there; NULL where the shape
 * has nothing. */
const struct flow_more *offline_more(
	struct offline *o, const struct flow_record *r);
/* The time reached: of the latest packet. */
int64_t offline_now(const struct offline *o);

#endif
