/* Messages of NetFlow 9, IPFIX and sFlow, one after another: two bytes of
 * length, then the message.  What is read stays within its bounds, and templates
 * can be kept; the same bytes as a file of kept templates, of both forms. */
#include "base/cursor.h"
#include "flow/flowset.h"
#include "flow/sflow.h"
#include "format/checksum.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_rows(void *ctx, const struct flow_rows *rows)
{
	uint64_t *sum = ctx;

	for (size_t i = 0; i < rows->n; i++) {
		const struct flow_record *r = &rows->records[i];
		const struct flow_extra *e = &rows->extras[i];

		if (!(r->flags & RECORD_FOREIGN) || r->tap != TAP_FOREIGN ||
			e->src_mac >> 48 || e->vlan > 4095 || e->mpls >> 20 ||
			!flow_others_sound(&e->others))
			abort();
		*sum += r->packets + e->src_as;
	}
}

static void check(const struct flowset *f)
{
	if (flowset_counts(f)->templates > FLOWSET_TEMPLATES ||
		flowset_counts(f)->waiting > FLOWSET_WAITING)
		abort();
}

/* What was learnt is told and learnt again. */
static void keep(const struct flowset *f)
{
	struct buf text = BUF_INIT(FLOWSET_KEPT);
	struct flowset *again = flowset_new(on_rows, NULL);

	flowset_save(f, 0, &text);
	if (!flowset_restore(again, text.data, text.len, 0))
		abort();
	check(again);
	flowset_free(again);
	buf_release(&text);
}

/* The bytes as a file of templates under a good checksum. */
static void as_kept(const char *form, const uint8_t *data, size_t size)
{
	struct buf text = BUF_INIT(FLOWSET_KEPT);
	struct flowset *f = flowset_new(on_rows, NULL);

	buf_adds(&text, form);
	buf_u64(&text, 0);
	buf_add(&text, data, size);
	buf_u64(&text, checksum(text.data, text.len));
	if (buf_ok(&text))
		(void)flowset_restore(f, text.data, text.len, 0);
	check(f);
	flowset_free(f);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sflow_datagram sflow;
	struct cursor c = cursor_over(data, size);
	uint64_t sum = 0;
	struct flowset *f = flowset_new(on_rows, &sum);
	int64_t now_ns = 0;

	while (cursor_left(&c) >= 2) {
		size_t len = cursor_u16(&c);
		const size_t left = cursor_left(&c);
		struct flowset_session from = {
			.connection = len & 1, .port = len >> 1 & 7};
		struct flowset_message m;
		struct cursor one = cursor_sub(&c, len < left ? len : left);

		(void)flowset_read(f, &from, one.at, cursor_left(&one),
			now_ns += 7000000000, &m);
		if (sflow_read(one.at, cursor_left(&one), now_ns, &sflow))
			on_rows(&sum, &(const struct flow_rows){sflow.records,
					      sflow.extras, sflow.n});
		if (len % 64 == 63)
			flowset_forget(f, &from);
	}
	check(f);
	keep(f);
	flowset_free(f);
	as_kept("NFZTPL1\n", data, size);
	as_kept("NFZTPL2\n", data, size);
	return 0;
}
