/* Which way there is: asked of the kernel by trying, never by its version. */
#include "probe/capture.h"
#include "probe/absorb.h"
#include "probe/capture_packet.h"
#include "probe/capture_pcap.h"

const char *const capture_choices[] = {"auto", "ebpf", "packet", "pcap", NULL};

static const struct capture_way *const ways[] = {
	[CAPTURE_EBPF] = &capture_ebpf,
	[CAPTURE_PACKET] = &capture_packet,
#ifndef NFZ_NODE
	[CAPTURE_PCAP] = &capture_pcap,
#endif
};

/* Tried in this order when nobody chooses (tests/bench/live.py): adding up in
 * the kernel costs the meter a tenth and the traffic less, but for traffic of
 * 100,000 flows at once, where the ring alone is a little cheaper. */
static const enum capture_choice best_first[] = {CAPTURE_EBPF, CAPTURE_PACKET};

static int open_best(const struct capture_options *options,
	struct capture **ret, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(best_first) / sizeof(best_first[0]);
		i++) {
		r = ways[best_first[i]]->open(options, ret, err);
		if (r == 0)
			break;
	}
	return r;
}

int capture_open(enum capture_choice choice,
	const struct capture_options *options, struct capture **ret,
	struct err *err)
{
	if (choice == CAPTURE_AUTO)
		return open_best(options, ret, err);
	if ((size_t)choice >= sizeof(ways) / sizeof(ways[0]))
		return err_set(err, NFZ_E_USAGE,
			"this nfz-meter is built without libpcap");
	return ways[choice]->open(options, ret, err);
}

void capture_close(struct capture *c)
{
	if (c)
		c->way->close(c);
}

void capture_settle(void)
{
	int r = absorb_settle(NULL); /* it did when the first was opened */

	(void)r;
}
