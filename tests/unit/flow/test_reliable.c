/* The record stream over a network that loses, repeats and exchanges. */
#include "flow/credit.h"
#include "flow/reliable.h"
#include "flow/stream.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

enum { WAY_MAX = 4096 };

struct packet {
	size_t len;
	uint8_t body[CHANNEL_BODY];
};

struct net {
	struct reliable_sender sender;
	struct reliable_receiver receiver;
	struct packet way[WAY_MAX];
	size_t n;
	unsigned seed;
	int loss, repeat, swap; /* per hundred */
	uint64_t got, made;     /* numbers handed on, made */
	bool hold;
	int64_t now_ms;
};

static bool sink(void *data, uint64_t seq, const uint8_t *items, size_t len)
{
	struct net *net = data;
	static struct stream_content c;

	(void)seq;
	if (net->hold)
		return false;
	cr_assert(stream_read(items, len, &c));
	for (size_t i = 0; i < c.n_records; i++)
		cr_assert_eq(c.records[i].packets, ++net->got);
	return true;
}

static void make(struct net *net, size_t batches)
{
	memset(net, 0, sizeof(*net));
	reliable_sender_init(&net->sender, batches);
	reliable_begin(&net->receiver, 1, 0);
	net->seed = 7;
}

static void drop_net(struct net *net)
{
	reliable_sender_release(&net->sender);
	reliable_receiver_release(&net->receiver);
}

static void produce(struct net *net, size_t n)
{
	while (n--) {
		struct flow_record r = {.packets = net->made + 1};

		if (!stream_add_record(&net->sender, &r))
			return;
		net->made++;
	}
}

static bool chance(struct net *net, int percent)
{
	return rand_r(&net->seed) % 100 < percent;
}

/* And was that told before, for who waits till then? */
static void transmit(struct net *net, int64_t now_ms)
{
	const bool due = reliable_due_ms(&net->sender) <= now_ms;
	struct packet *p;
	uint64_t at = 0, before;

	while (net->n < WAY_MAX - 1) {
		p = &net->way[net->n];
		before = at;
		p->len = reliable_next(&net->sender, now_ms, &at, p->body);
		cr_assert(before || due == (p->len > 0));
		if (!p->len)
			return;
		if (chance(net, net->loss))
			continue;
		net->n++;
		if (chance(net, net->repeat)) {
			net->way[net->n] = *p;
			net->n++;
		}
	}
}

static void arrive(struct net *net)
{
	for (size_t i = 0; i < net->n; i++) {
		size_t j = i;

		if (chance(net, net->swap))
			j = i + (size_t)rand_r(&net->seed) % (net->n - i);
		if (j != i) {
			struct packet p = net->way[i];

			net->way[i] = net->way[j];
			net->way[j] = p;
		}
		cr_assert(reliable_take(
			&net->receiver, net->way[i].body, net->way[i].len));
		reliable_deliver(&net->receiver, sink, net);
	}
	net->n = 0;
}

static void acknowledge(struct net *net, bool durable)
{
	struct received r;

	if (durable) {
		reliable_mark(&net->receiver);
		reliable_durable(&net->receiver);
	}
	reliable_say(&net->receiver, &r);
	if (!chance(net, net->loss))
		cr_assert(reliable_received(&net->sender, &r, net->now_ms));
}

static void run(struct net *net, int rounds, size_t per_round)
{
	for (int i = 0; i < rounds; i++) {
		produce(net, per_round);
		reliable_close(&net->sender);
		net->now_ms += 10;
		transmit(net, net->now_ms);
		arrive(net);
		acknowledge(net, i % 5 == 0);
	}
}

Test(reliable, quiet_network_needs_no_resending)
{
	static struct net net;

	make(&net, 1024);
	run(&net, 100, 40);
	cr_assert_eq(net.got, 4000);
	cr_assert_eq(net.sender.resent, 0);
	cr_assert_eq(net.receiver.duplicates, 0);
	drop_net(&net);
}

Test(reliable, thirty_per_cent_loss_loses_nothing)
{
	static struct net net;

	make(&net, 4096);
	net.loss = 30;
	net.repeat = 10;
	net.swap = 20;
	run(&net, 600, 50);
	run(&net, 1500, 0);
	cr_assert_gt(net.made, 20000);
	cr_assert_eq(net.got, net.made);
	net.loss = 0;
	run(&net, 6, 0);
	cr_assert(reliable_empty(&net.sender));
	drop_net(&net);
}

Test(reliable, keeps_what_is_not_durable_and_is_bounded)
{
	static struct net net;
	uint64_t before;

	make(&net, 8);
	produce(&net, 1000);
	before = net.made;
	cr_assert_lt(before, 1000);
	cr_assert_eq(reliable_room(&net.sender), 0);
	reliable_close(&net.sender);
	transmit(&net, 1);
	arrive(&net);
	acknowledge(&net, false);
	produce(&net, 1000);
	cr_assert_eq(net.made, before, "received is not durable");
	acknowledge(&net, true);
	produce(&net, 1000);
	cr_assert_gt(net.made, before);
	run(&net, 50, 0);
	cr_assert_eq(net.got, net.made);
	drop_net(&net);
}

Test(reliable, receiver_that_cannot_take_gets_it_later)
{
	static struct net net;

	make(&net, 64);
	net.hold = true;
	run(&net, 5, 10);
	cr_assert_eq(net.got, 0);
	net.hold = false;
	reliable_deliver(&net.receiver, sink, &net);
	cr_assert_eq(net.got, 50);
	drop_net(&net);
}

Test(reliable, receiver_without_memory_goes_on_at_the_base)
{
	static struct net net;

	make(&net, 64);
	run(&net, 11, 15);
	cr_assert_gt(net.sender.first, 5);
	cr_assert_eq(net.got, net.made);
	net.got = (net.sender.first - 1) * 15; /* what was durable */
	reliable_begin(&net.receiver, 1, 0);
	reliable_restart(&net.sender);
	run(&net, 20, 15);
	cr_assert_eq(net.got, net.made);
	cr_assert_gt(net.receiver.skipped, 0);
	drop_net(&net);
}

Test(reliable, acknowledgements_of_things_not_sent_are_ignored)
{
	static struct net net;
	struct received r = {.taken = 5, .durable = 5};

	make(&net, 64);
	produce(&net, 20);
	cr_assert_not(reliable_received(&net.sender, &r, 0));
	r = (struct received){.taken = 0, .durable = 1};
	cr_assert_not(reliable_received(&net.sender, &r, 0));
	r = (struct received){.limit = UINT64_MAX};
	cr_assert(reliable_received(&net.sender, &r, 0));
	cr_assert_eq(net.sender.limit, RELIABLE_WINDOW);
	drop_net(&net);
}

Test(reliable, hostile_batches_change_nothing)
{
	static struct net net;
	uint8_t body[40] = {MESSAGE_BATCH};

	make(&net, 64);
	for (size_t n = 0; n <= RELIABLE_HEADER; n++)
		cr_assert_not(reliable_take(&net.receiver, body, n));
	cr_assert_not(reliable_take(&net.receiver, body, 30)); /* base 0 */
	body[17] = 1;                                          /* base 1 */
	body[8] = 200; /* far beyond the window */
	cr_assert_not(reliable_take(&net.receiver, body, 30));
	cr_assert_eq(net.receiver.next, 1);
	drop_net(&net);
}

/* --- digests and their credits -------------------------------------------- */

static struct digest random_digest(unsigned *seed, bool v4)
{
	struct digest d = {.packets = (uint32_t)rand_r(seed),
		.bytes = (uint64_t)rand_r(seed) << 20,
		.tap = (uint16_t)rand_r(seed),
		.src_slot = (uint16_t)rand_r(seed),
		.dst_slot = (uint16_t)rand_r(seed),
		.tcp_flags = (uint8_t)rand_r(seed),
		.tos = (uint8_t)rand_r(seed),
		.vlan = (uint16_t)rand_r(seed),
		.flags = DIGEST_SENT | DIGEST_BY_TOS};

	d.first_ns = 1700000000000000000 + rand_r(seed) % 900000000;
	d.last_ns = d.first_ns + rand_r(seed) % 900000000;
	d.key.src = d.key.dst = net_addr_v4_host((uint32_t)rand_r(seed));
	d.key.sport = (uint16_t)rand_r(seed);
	d.key.proto = 17;
	if (!v4)
		d.key.src.b[0] = d.key.dst.b[0] = 0x20;
	return d;
}

Test(digest, reading_undoes_writing)
{
	struct digest in[DIGEST_MAX + 1], out[DIGEST_MAX];
	const struct digest_header numbers = {
		.meter = 9, .datagram = 8, .seq = 7};
	uint8_t body[CHANNEL_BODY - 1];
	struct digest_header h;
	unsigned seed = 3;

	for (int v4 = 0; v4 < 2; v4++) {
		struct digest_writer w;
		size_t n = 0, len;

		in[0] = random_digest(&seed, v4);
		digest_begin(&w, body, sizeof(body), &in[0]);
		while (digest_add(&w, &in[n]))
			in[++n] = random_digest(&seed, v4);
		cr_assert_eq(n, v4 ? 28 : 18);
		len = digest_end(&w, &numbers);
		cr_assert(digest_read(body, len, &h, out));
		cr_assert_eq(h.count, n);
		cr_assert_eq(h.meter, 9);
		cr_assert_eq(h.datagram, 8);
		cr_assert_eq(h.seq, 7);
		cr_assert_arr_eq(in, out, n * sizeof(in[0]));
		for (size_t cut = 0; cut < len; cut++)
			cr_assert_not(digest_read(body, cut, &h, out));
	}
}

Test(digest, of_no_packets_is_none)
{
	struct digest d = {.packets = 1}, back[DIGEST_MAX];
	struct digest_header h = {0};
	uint8_t body[CHANNEL_BODY];
	struct digest_writer w;

	digest_begin(&w, body, sizeof(body), &d);
	cr_assert(digest_add(&w, &d));
	cr_assert(digest_read(body, digest_end(&w, &h), &h, back));
	d.packets = 0;
	cr_assert(digest_add(&w, &d));
	cr_assert_not(digest_read(body, digest_end(&w, &h), &h, back));
}

Test(digest, any_span_of_time_fits)
{
	static const int64_t spans[] = {0, 1, 3000000000, 4294967295,
		1000000000000, INT64_MAX, -1, INT64_MIN};

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct digest d = {.packets = 1}, back[DIGEST_MAX];
		struct digest_header h = {0};
		uint8_t body[CHANNEL_BODY];
		struct digest_writer w;
		uint64_t error;

		d.first_ns = spans[i] < 0 ? 5 : 0;
		d.last_ns = spans[i];
		digest_begin(&w, body, sizeof(body), &d);
		cr_assert(digest_add(&w, &d), "span %zu", i);
		cr_assert(digest_read(body, digest_end(&w, &h), &h, back));
		error = (uint64_t)d.last_ns - (uint64_t)back[0].last_ns;
		cr_assert_lt(error, UINT64_C(1) << h.shift);
		if (spans[i] >= 0 && spans[i] <= 3000000000)
			cr_assert_eq(error, 0);
	}
}

Test(credit, both_ends_know_what_was_lost)
{
	static struct digest_out out;
	struct digest_in in = {0};
	struct digest digests[DIGEST_MAX], d;
	struct digest_header h;
	struct credit c;
	unsigned seed = 11;
	uint64_t sent = 0, arrived = 0;

	memset(&out, 0, sizeof(out));
	cr_assert_not(digest_out_may(&out), "no credit yet");
	digest_in_say(&in, 1, 100, &c);
	cr_assert(digest_out_credit(&out, &c));
	for (int i = 0; i < 60; i++) {
		size_t len;

		do
			d = random_digest(&seed, true);
		while (digest_out_add(&out, &d));
		cr_assert(digest_out_may(&out));
		len = digest_out_finish(&out, 0, 1);
		sent += 28;
		cr_assert(digest_read(out.data[0] + CHANNEL_HEADER + 1, len - 1,
			&h, digests));
		if (i % 6 == 5)
			continue; /* lost */
		cr_assert(digest_in_take(&in, &h));
		arrived += h.count;
	}
	/* the last one was lost: nobody can know it yet */
	cr_assert_eq(digest_in_lost(&in), sent - arrived - 28);
	digest_in_say(&in, 1, 100, &c);
	cr_assert(digest_out_credit(&out, &c));
	cr_assert_eq(out.got, arrived);
	cr_assert_eq(out.confirmed, sent - 28);
	c.digests = sent + 1;
	cr_assert_not(digest_out_credit(&out, &c), "never sent so many");
}

Test(credit, only_the_share_of_a_dead_cache_moves)
{
	int moved = 0, of_dead = 0;

	for (uint64_t flow = 0; flow < 30000; flow++) {
		uint64_t hash = flow * 0x9e3779b97f4a7c15u, best = 0, other = 0;
		uint16_t before = 0, after = 0;

		for (uint16_t id = 1; id <= 3; id++) {
			uint64_t score = share_score(hash, id);

			if (score > best) {
				best = score;
				before = id;
			}
			if (id != 2 && score > other) {
				other = score;
				after = id;
			}
		}
		of_dead += before == 2;
		moved += before != after;
	}
	cr_assert_eq(moved, of_dead);
	cr_assert(of_dead > 9000 && of_dead < 11000, "%d", of_dead);
}

/* --- rows ------------------------------------------------------------------ */

Test(stream, rows_come_with_what_was_told_besides)
{
	const struct flow_record records[3] = {
		{.packets = 1}, {.packets = 2}, {.packets = 3}};
	const struct flow_extra extras[3] = {
		{0}, {.vlan = 7, .src_mac = 0x123456789abc}, {.mpls = 9}};
	const struct flow_rows rows[] = {
		{records, extras, STREAM_ROWS}, {records + 2, extras + 2, 1}};
	static struct stream_content got;
	struct reliable_sender s;
	uint8_t body[CHANNEL_BODY];
	uint64_t at = 0;
	size_t len;

	reliable_sender_init(&s, 4);
	cr_assert(stream_add_rows(&s, &rows[0]));
	cr_assert(stream_add_rows(&s, &rows[1]));
	reliable_close(&s);
	len = reliable_next(&s, 1, &at, body);
	cr_assert_gt(len, RELIABLE_HEADER);
	cr_assert(stream_read(
		body + RELIABLE_HEADER, len - RELIABLE_HEADER, &got));
	cr_assert_eq(got.n_records, 3);
	cr_assert(got.any_extra);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(got.records[i].packets, i + 1);
		cr_expect_arr_eq(&got.extras[i], &extras[i], sizeof(extras[i]));
	}
	/* cut short, and with a field that there is not */
	for (size_t cut = 1; cut < 60; cut++)
		cr_assert_not(stream_read(body + RELIABLE_HEADER,
			len - RELIABLE_HEADER - cut, &got));
	body[RELIABLE_HEADER + 2 * (1 + RECORD_WIRE)] |= 0x80;
	cr_assert_not(stream_read(
		body + RELIABLE_HEADER, len - RELIABLE_HEADER, &got));
	reliable_sender_release(&s);
}

/* As long as they can be, and not. */
Test(stream, all_rows_or_none)
{
	static uint8_t others[STREAM_OTHERS];
	const struct flow_record records[] = {{.packets = 1}, {.packets = 2}};
	const struct flow_extra longest = {
		.vlan = 1, .others = {others, sizeof(others)}};

	for (size_t long_ = 0; long_ <= STREAM_ROWS; long_++) {
		struct flow_extra extras[STREAM_ROWS] = {{.vlan = 1}};
		const struct flow_rows rows = {records, extras, STREAM_ROWS};
		struct reliable_sender s;
		size_t before = 0, pairs = 0;

		for (size_t i = 0; i < long_; i++)
			extras[i] = longest;
		reliable_sender_init(&s, 2);
		while (stream_add_rows(&s, &rows)) {
			pairs++;
			before = s.fill;
		}
		cr_expect_gt(pairs, 1);
		cr_expect_eq(s.fill, before, "%zu long ones", long_);
		reliable_sender_release(&s);
	}
}

/* They could be taken in part, and would come again as a whole. */
Test(stream, more_rows_are_a_mistake, .signal = SIGABRT)
{
	const struct flow_record records[STREAM_ROWS + 1] = {{.packets = 1}};
	const struct flow_rows rows = {records, NULL, STREAM_ROWS + 1};
	struct reliable_sender s;

	reliable_sender_init(&s, 2);
	(void)stream_add_rows(&s, &rows);
}
