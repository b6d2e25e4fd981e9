#include "base/file.h"
#include "base/mem.h"
#include "store/ledger.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>

static void counters(struct store *s, uint16_t module, uint64_t life,
	const struct tap_counters *c)
{
	cr_assert_eq(store_append_counters(s,
			     (struct store_source){module, life}, c, 1, NULL),
		0);
}

static struct ledger ledger_of(struct store *s, const struct catalog *c)
{
	struct ledger l;

	cr_assert_eq(store_commit(s, NULL), 0);
	ledger_read(s, c, &l);
	return l;
}

Test(ledger, adds_up_over_lives_and_taps)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct catalog *c = run_catalog();
	struct ledger l;

	for (uint16_t tap = 1; tap <= 4; tap++) {
		struct tap_counters k = {.tap = tap,
			.wire_frames = 100,
			.ip_frames = 90,
			.non_ip = 5,
			.excluded = 3,
			.lost[LOSS_RING] = 2,
			.packets = 95,
			.sizes[SIZES_FROM_NEAR][5] = {95, 95 * 1500}};

		uint16_t module = c->taps[c->tap_of[tap] - 1].module;

		counters(s, module, 1, &k);
		counters(s, module, 2, &k); /* it was started again */
	}
	l = ledger_of(s, c);
	cr_assert_eq(l.n_unheard, 0);
	cr_assert_eq(l.frames.wire, 800);
	cr_assert_eq(l.frames.packets, 760);
	cr_assert_eq(l.frames.lost[LOSS_RING], 16);
	cr_assert_eq(l.frames.unaccounted, 0);
	cr_assert_eq(l.taps[2].frames.wire, 200);
	cr_assert(l.taps[2].sized);
	cr_assert_eq(l.taps[2].sizes[SIZES_FROM_NEAR][5].packets, 190);
	ledger_release(&l);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
}

Test(ledger, records_of_a_cache_are_their_meters)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct catalog *c = run_catalog();
	const struct flow_record r =
		run_record("10.0.1.1", "10.0.3.1", 1, 7, 0);
	struct tap_counters k = {
		.tap = 1, .wire_frames = 9, .ip_frames = 9, .packets = 9};
	struct ledger l;

	counters(s, c->taps[c->tap_of[1] - 1].module, 1, &k);
	run_store(s, 900, 1, &r, 1);
	l = ledger_of(s, c);
	cr_assert_eq(l.taps[0].frames.packets, 9);
	cr_assert_eq(l.taps[0].frames.packets_stored, 7);
	ledger_release(&l);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
}

Test(ledger, knows_what_came_while_no_probe_ran)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct catalog *c = run_catalog();
	struct tap_counters k = {.tap = 1,
		.if_received = 50,
		.if_sent = 5,
		.base_received = 1000,
		.base_sent = 100};
	struct ledger l;

	counters(s, 1, 1, &k);
	k.base_received += k.if_received + 7;
	k.base_sent += k.if_sent + 1;
	counters(s, 1, 2, &k); /* it was started again */
	l = ledger_of(s, c);
	cr_assert_eq(l.taps[0].unwatched, 8);
	cr_assert_eq(l.unwatched, 8);
	ledger_release(&l);
	k.base_received = 3; /* the system was started again */
	counters(s, 1, 3, &k);
	l = ledger_of(s, c);
	cr_assert_eq(l.taps[0].unwatched, LEDGER_UNKNOWN);
	ledger_release(&l);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
}

Test(ledger, says_what_is_missing_and_what_is_not_known)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct catalog *c = run_catalog();
	struct tap_counters k = {.tap = 1, .wire_frames = 100, .ip_frames = 90};
	struct ledger l;

	counters(s, 1, 1, &k);
	l = ledger_of(s, c);
	cr_assert_eq(l.taps[0].frames.unaccounted, 10);
	cr_assert_eq(l.taps[1].frames.wire, LEDGER_UNKNOWN);
	cr_assert_eq(l.n_unheard, 3);
	cr_assert_not(l.taps[1].sized);
	cr_assert_eq(l.frames.wire, LEDGER_UNKNOWN, "a part is not the sum");
	ledger_release(&l);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
}

/* What is printed of the taps, into the store's directory. */
static char *printed(const char *dir, struct store *s, const struct catalog *c,
	enum sheet_format format)
{
	char *path = mem_printf("%s/printed", dir);
	struct buf text = BUF_INIT(1 << 16);

	cr_assert_not_null(freopen(path, "w", stdout));
	cr_assert_eq(ledger_write(s, c, (struct sheet_form){.format = format},
			     LEDGER_ALL, NULL),
		0);
	fflush(stdout);
	cr_assert_eq(file_read(path, &text, NULL), 0);
	free(path);
	return buf_take(&text);
}

Test(ledger, a_tap_of_an_earlier_plan_is_called_so)
{
	char *dir = run_dir(), *table, *csv;
	struct store *s = run_open(dir, STORE_WRITE);
	struct catalog *c = run_catalog();
	struct tap_counters k = {.tap = 1, .wire_frames = 9, .ip_frames = 9};

	counters(s, 1, 1, &k);
	c->taps[0].idle = true;
	cr_assert_eq(store_commit(s, NULL), 0);
	table = printed(dir, s, c, SHEET_TABLE);
	csv = printed(dir, s, c, SHEET_CSV);
	cr_assert(strstr(table, "eth0 (earlier plan) "), "%s", table);
	cr_assert(strstr(csv, ",eth0,"), "%s", csv);
	free(table);
	free(csv);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
}

Test(ledger, counts_records_sent_and_stored)
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct catalog *c = run_catalog();
	struct flow_record r[3] = {run_record("10.0.1.1", "10.0.3.1", 1, 5, 0),
		run_record("10.0.1.1", "10.0.3.1", 2, 5, 0),
		run_record("10.0.1.1", "10.0.3.1", 1, 2, 9)};
	struct module_stats m = {
		.module = 1, .life = 77, .n[STAT_RECORDS_SENT] = 5};
	struct ledger l;

	run_store(s, 1, 1, r, 3);
	l = ledger_of(s, c);
	cr_assert_eq(l.records_sent, LEDGER_UNKNOWN, "it never said");
	cr_assert_eq(l.records_stored, 3);
	cr_assert_eq(l.taps[0].frames.packets_stored, 7);
	ledger_release(&l);
	cr_assert_eq(store_append_stats(s, &m, NULL), 0);
	l = ledger_of(s, c);
	cr_assert_eq(l.records_sent, 5);
	ledger_release(&l);
	m.n[STAT_RECORDS_SENT] = 1;
	cr_assert_eq(store_append_stats(s, &m, NULL), 0);
	run_store(s, STORE_FOREIGN, 1, r, 2);
	l = ledger_of(s, c);
	cr_assert_eq(l.records_sent, 3, "what is here was sent");
	cr_assert_eq(l.records_stored, 3);
	cr_assert_eq(l.foreign_stored, 2);
	ledger_release(&l);
	catalog_free(c);
	store_close(s);
	run_remove(dir);
}

Test(ledger, compares_with_the_interface)
{
	struct ledger_tap t = {.frames.wire = 150,
		.if_received = 100,
		.received = 99,
		.if_sent = 50,
		.sent = 50,
		.uncertainty = 1};

	cr_assert(ledger_verify(&t).agrees);
	t.sent = 52;
	cr_assert_not(ledger_verify(&t).agrees);
	cr_assert_eq(ledger_verify(&t).sent, -2);
	t.frames.lost[LOSS_RING] = 10;
	t.sent = 41;
	cr_assert(ledger_verify(&t).agrees, "the ring says it lost 10");
	t.frames.wire = LEDGER_UNKNOWN;
	cr_assert_not(ledger_verify(&t).known);
}
