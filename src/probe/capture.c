/* Which way there is: asked of the kernel by trying, never by its version. */
#include "probe/capture.h"
#include "probe/absorb.h"
#include "probe/capture_packet.h"

const char *const capture_choices[] = {"auto", "packet", "ebpf", NULL};

static const struct capture_way *const ways[] = {
	[CAPTURE_PACKET] = &capture_packet, [CAPTURE_EBPF] = &capture_ebpf};

int capture_open(enum capture_choice choice,
	const struct capture_options *options, struct capture **ret,
	struct err *err)
{
	const size_t n = sizeof(ways) / sizeof(ways[0]);
	int r = 0;

	if (choice != CAPTURE_AUTO)
		return ways[choice]->open(options, ret, err);
	for (size_t i = CAPTURE_AUTO + 1; i < n; i++) {
		r = ways[i]->open(options, ret, err);
		if (r == 0)
			break;
	}
	return r;
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
