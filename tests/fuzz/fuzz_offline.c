/* Any bytes as a capture file through the whole offline meter: each frame is in
 * a record or in one counter, and records end no sooner than they begin.  The
 * first bytes say what is one flow, how many there may be, and timeouts. */
#define _GNU_SOURCE
#include "probe/offline.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEAD = 4, KEYS = 15, BOTH = 16, INNER = 32, PORTS = 64, GROWS = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct told {
	struct offline *meter;
	uint64_t packets, octets;
};

static bool take_record(void *data, const struct flow_record *r)
{
	struct told *t = data;
	const struct flow_more *more = offline_more(t->meter, r);

	if (!r->packets || r->last_ns < r->first_ns)
		abort();
	t->packets += r->packets;
	t->octets += r->bytes;
	if (more && more->reverse.packets) {
		t->packets += more->reverse.packets;
		t->octets += more->reverse.bytes;
	}
	return true;
}

static struct offline_options options(const uint8_t *head, struct told *told)
{
	return (struct offline_options){
		.flows = {.flows = head[1] % 64 + 1u,
			.limit = {.octets = head[1] / 64 * 1000u},
			.idle_ms = head[2] * 100 + 1,
			.active_ms = head[3] * 1000 + 1,
			.fin_ms = head[2] % 8 * 1000,
			.grows = head[0] & GROWS,
			.merge_fragments = true,
			.both = head[0] & BOTH,
			.seen_bytes = 4096,
			.sink = take_record,
			.data = told},
		.key = head[0] & KEYS,
		.inner = head[0] & INNER,
		.fragment_ports = head[0] & PORTS};
}

static void check(const struct offline *meter, const struct told *told)
{
	struct offline_result r;

	offline_result(meter, &r);
	if (r.frames != r.ip + r.non_ip + r.filtered + r.unsampled +
				r.truncated + r.link_type + r.cache ||
		told->packets != r.ip || told->octets != r.flows.octets)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct offline_options opt;
	struct told told = {0};
	char path[64];
	int fd;

	if (len < HEAD)
		return 0;
	fd = memfd_create("capture", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd < 0 || write(fd, data + HEAD, len - HEAD) < 0)
		abort();
	opt = options(data, &told);
	if (offline_new(&opt, &told.meter, NULL) < 0)
		abort();
	if (offline_read(told.meter, path, NULL) > 0)
		abort();
	if (offline_end(told.meter, NULL) < 0)
		abort();
	check(told.meter, &told);
	offline_free(told.meter);
	close(fd);
	return 0;
}
