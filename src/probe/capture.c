/* Which way there is: asked of the kernel by trying, never by its version. */
#include "probe/capture.h"
#include "probe/absorb.h"
#include "probe/capture_packet.h"
#include "probe/capture_pcap.h"

const char *const capture_choices[] = {"auto", "ebpf", "ebpf-tcx",
	"ebpf-clsact", "ebpf-socket", "packet", "pcap", NULL};

static const struct {
	const struct capture_way *way;
	enum capture_place place;
} ways[] = {
	[CAPTURE_EBPF] = {&capture_ebpf, PLACE_BEST},
	[CAPTURE_TCX] = {&capture_ebpf, PLACE_TCX},
	[CAPTURE_CLSACT] = {&capture_ebpf, PLACE_CLSACT},
	[CAPTURE_SOCKET] = {&capture_ebpf, PLACE_SOCKET},
	[CAPTURE_PACKET] = {&capture_packet, PLACE_SOCKET},
#ifndef NFZ_NODE
	[CAPTURE_PCAP] = {&capture_pcap, PLACE_SOCKET},
#endif
};

/* Tried in this order when nobody chooses: adding up in the kernel costs the
 * meter a tenth and the traffic less (tests/bench/live.py). */
static const enum capture_choice best_first[] = {CAPTURE_EBPF, CAPTURE_PACKET};

static int open_best(const struct capture_options *options,
	struct capture **ret, struct err *err)
{
	struct err why = ERR_INIT;
	int r = 0;

	for (size_t i = 0; i < sizeof(best_first) / sizeof(best_first[0]);
		i++) {
		r = ways[best_first[i]].way->open(options, ret, err);
		if (r == 0) {
			if (why.code)
				(*ret)->why = why;
			break;
		}
		if (err && !why.code)
			why = *err;
	}
	return r;
}

int capture_open(enum capture_choice choice,
	const struct capture_options *options, struct capture **ret,
	struct err *err)
{
	struct capture_options chosen = *options;

	if (choice == CAPTURE_AUTO)
		return open_best(options, ret, err);
	if ((size_t)choice >= sizeof(ways) / sizeof(ways[0]))
		return err_set(err, NFZ_E_USAGE,
			"this nfz-meter is built without libpcap");
	chosen.place = ways[choice].place;
	return ways[choice].way->open(&chosen, ret, err);
}

void capture_close(struct capture *c)
{
	if (c)
		c->way->close(c);
}

bool capture_splits(
	enum capture_choice choice, const struct capture_options *options)
{
	struct capture *c = NULL;
	const bool splits =
		capture_open(choice, options, &c, NULL) == 0 && c->way->split;

	capture_close(c);
	return splits;
}

void capture_settle(void)
{
	int r = absorb_settle(NULL); /* it did when the first was opened */

	(void)r;
}
