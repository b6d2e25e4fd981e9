#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/answer.h"
#include "store/ahead.h"
#include "store/pack.h"
#include "store/rollup.h"
#include "store/segment.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { N = 20000, FILE_MAX = 16 << 20, TAIL = 24, NOTHING_MS = 1000 };

static uint32_t state;

static uint32_t some(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)(state >> 4) * below) >> 28);
}

/* Of a foreign exporter, in so many seconds: few ports and hosts have much. */
static struct flow_record random_record(double seconds, double longest)
{
	static const uint8_t protos[] = {6, 6, 6, 17, 17, 1};
	static const uint16_t ports[] = {80, 443, 53, 22, 8080};
	struct flow_record r = run_record("10.0.1.1", "10.0.3.1", TAP_FOREIGN,
		1 + some(some(50) + 1), seconds * some(1 << 20) / (1 << 20));
	char src[32];

	snprintf(src, sizeof(src), "10.%u.0.%u", some(4) ? 1 : some(200),
		some(some(250) + 1));
	r.key.src = run_addr(src);
	snprintf(src, sizeof(src), "2001:db8::%x", some(some(5000) + 1));
	if (some(3) == 0)
		r.key.dst = run_addr(src);
	r.key.proto = protos[some(sizeof(protos))];
	r.key.dport = some(2) ? ports[some(5)] : (uint16_t)some(65536);
	r.key.sport = some(2) ? ports[some(5)] : (uint16_t)some(65536);
	r.bytes = r.packets * (40 + some(1400));
	r.last_ns =
		r.first_ns + (int64_t)(longest * 1e6 * some(some(1000) + 1));
	r.src_slot = r.dst_slot = SLOT_UNKNOWN;
	r.flags = RECORD_FOREIGN;
	return r;
}

/* One segment of them; `odd` is done to one, `ifs` to what was told of all. */
static char *make_of(double seconds, double longest,
	void (*odd)(struct flow_record *r), void (*ifs)(struct flow_extra *e))
{
	char *dir = run_dir();
	struct store *s = run_open(dir, STORE_WRITE);
	struct flow_record *r = mem_zalloc(N, sizeof(*r));
	struct flow_extra *e = mem_zalloc(N, sizeof(*e));
	bool fresh;

	for (size_t i = 0; i < N; i++) {
		r[i] = random_record(seconds, longest);
		/* in the second block nobody tells where they went out */
		e[i].in_if = some(9) ? some(3) : 70000 + some(2);
		e[i].out_if = i < BLOCK_ROWS ? 1 + some(some(300) + 1) : 0;
	}
	if (odd)
		odd(&r[N / 2]);
	if (ifs)
		ifs(e);
	run_write_catalog(dir);
	cr_assert_eq(store_append(s,
			     &(struct store_batch){
				     {STORE_FOREIGN, 1}, 1, 1, r, e, N},
			     &fresh, NULL),
		0);
	cr_assert_eq(store_seal(s, NULL), 0);
	store_close(s);
	free(r);
	free(e);
	return dir;
}

static char *make(
	double seconds, double longest, void (*odd)(struct flow_record *r))
{
	return make_of(seconds, longest, odd, NULL);
}

struct question {
	const char *filter, *by;
	int64_t from_s, to_s; /* from START */
	bool within;
};

/* What nfz-query would print, and how many records rollups told. */
static char *asked(const char *dir, const struct question *q, bool read_all,
	uint64_t *ret_rolled)
{
	struct store *s = run_open(dir, STORE_READ);
	cleanup_free char *keys = mem_strdup(q->by);
	struct catalog *c = NULL;
	struct filter *f = NULL;
	struct answer a = {.format = SHEET_CSV, .sort = SORT_KEY};
	struct answer_sums sums;
	struct err err = ERR_INIT;
	char *text = NULL;
	size_t len;

	for (char *key = strtok(keys, ","); key; key = strtok(NULL, ","))
		cr_assert_eq(group_by_add(&a.by, key, &err), 0, "%s", err.text);
	cr_assert_eq(catalog_load(dir, &c, &err), 0, "%s", err.text);
	cr_assert_eq(filter_parse(q->filter, strlen(q->filter), c, &f, &err), 0,
		"%s", err.hint);
	a.query = (struct query){.catalog = c, .filter = f};
	if (q->to_s) {
		a.query.from_ns = START + q->from_s * SECOND;
		a.query.to_ns = START + q->to_s * SECOND;
	}
	if (q->within) {
		a.by.from_ns = a.query.from_ns;
		a.by.to_ns = a.query.to_ns;
	}
	a.read_all = read_all;
	a.to = open_memstream(&text, &len);
	cr_assert_eq(answer_write(s, &a, &sums, &err), 0, "%s", err.text);
	fclose(a.to);
	text = mem_grow(text, len + 64, 1);
	snprintf(text + len, 64, "%" PRIu64 " of %" PRIu64 "\n",
		sums.query.flows, sums.query.kept);
	*ret_rolled = sums.query.rolled;
	filter_free(f);
	catalog_free(c);
	store_close(s);
	return text;
}

/* Are the answers the same?  How many records were not read? */
static uint64_t compare(const char *dir, const struct question *q)
{
	uint64_t rolled, none;
	cleanup_free char *quick = asked(dir, q, false, &rolled);
	cleanup_free char *slow = asked(dir, q, true, &none);

	cr_assert_str_eq(quick, slow, "%s by %s:\n%s\nand read:\n%s", q->filter,
		q->by, quick, slow);
	cr_assert_eq(none, 0);
	return rolled;
}

/* From seconds to days: pieces of all lengths. */
static const struct {
	double seconds, longest;
} spans[] = {{5, 0}, {120, 60}, {900, 60}, {900, 300}, {86400, 60}};
enum { SPANS = sizeof(spans) / sizeof(*spans), LONG = SPANS - 1 };

/* Those that are told, and those that have to be read. */
static const struct question told[] = {
	{.filter = "", .by = "proto"},
	{.filter = "", .by = "time:3600"},
	{.filter = "", .by = "time:7200,proto"},
	{.filter = "udp", .by = "time:86400"},
	{.filter = "dst port in [80 443]", .by = "time:3600"},
	{.filter = "dst port 80 and not udp", .by = "dport"},
	{.filter = "tcp and src port 53", .by = "proto,time:3600"},
	{.filter = "not dst port 80", .by = "time:3600"},
	{.filter = "not (src port 80 or src port 53)", .by = "proto"},
	{.filter = "src host 10.1.0.1", .by = "time:3600"},
	{.filter = "dst host 10.0.3.1", .by = "dst"},
	{.filter = "in if 1 and tcp", .by = "time:3600"},
	{.filter = "in if in [1 2]", .by = "in_if"},
	{.filter = "not out if 1", .by = "proto"},
	{"", "proto", -10, 200000, false},
	{"", "proto", -10, 200000, true},
	{"tcp", "proto,time:3600", -10, 200000, true},
};
static const struct question untold[] = {
	{.filter = "", .by = "dport"},
	{.filter = "", .by = "src,time:3600"},
	{.filter = "in if 70000", .by = "proto"},
	{.filter = "out if 0", .by = "time:7200"},
	{.filter = "if 1", .by = "proto"},
	{.filter = "in if 1 and out if 1", .by = "proto"},
	{.filter = "", .by = "in_if"},
	{.filter = "not dst port 80", .by = "dport"},
	{.filter = "dst port 80", .by = "sport"},
	{.filter = "dst port > 80", .by = "proto"},
	{.filter = "port 80", .by = "time:3600"},
	{.filter = "bytes > 100", .by = "proto"},
	{.filter = "src net 10.0.0.0/8", .by = "time:3600"},
	{.filter = "src host 10.1.0.1", .by = "proto"},
	{.filter = "dst port 79", .by = "proto"},
	{.filter = "", .by = "time:7"},
	{.filter = "", .by = "link"},
	{"", "proto", 1, 3, false},
	{"tcp", "time:3600", 1, 3, true},
	{"", "time:3600", 0, 2, false},
};
enum {
	TOLD = sizeof(told) / sizeof(*told),
	UNTOLD = sizeof(untold) / sizeof(*untold)
};

/* Is it about ports or hosts, of which a long segment lists none? */
static bool lists(const struct question *q)
{
	return *q->filter && strcmp(q->filter, "udp") != 0;
}

Test(rollup, tells_what_the_records_tell)
{
	for (uint32_t i = 0; i < SPANS; i++) {
		char *dir;

		state = 7 + i;
		dir = make(spans[i].seconds, spans[i].longest, NULL);
		for (size_t q = 0; q < TOLD; q++)
			cr_assert(compare(dir, &told[q]) > 0 ||
					  (i == LONG && lists(&told[q])),
				"%u: %s by %s", i, told[q].filter, told[q].by);
		for (size_t q = 0; q < UNTOLD; q++)
			cr_assert_eq(compare(dir, &untold[q]), 0, "%s by %s",
				untold[q].filter, untold[q].by);
		run_remove(dir);
	}
}

/* Pieces of all lengths that a question may ask for, exact or read. */
Test(rollup, any_piece_of_time_is_right)
{
	static const int s[] = {1, 7, 10, 60, 90, 120, 300, 450, 3600, 86400};
	char *dir = make(300, 90, NULL);
	uint64_t quick = 0;

	for (size_t i = 0; i < sizeof(s) / sizeof(*s); i++) {
		char by[32];

		snprintf(by, sizeof(by), "proto,time:%d", s[i]);
		quick += compare(
			dir, &(struct question){.filter = "", .by = by});
		snprintf(by, sizeof(by), "time:%d", s[i]);
		quick += compare(dir,
			&(struct question){.filter = "dst port 443", .by = by});
	}
	cr_assert_gt(quick, 0);
	run_remove(dir);
}

static void is_ours(struct flow_record *r)
{
	r->flags = 0;
	r->tap = 1;
	r->src_slot = 0;
	r->dst_slot = 1;
}

/* Some in its first piece and in its last, and none between. */
static void carries_little(struct flow_record *r)
{
	r->packets = r->bytes = 2;
	r->last_ns = r->first_ns + 500 * SECOND;
}

static void carries_nothing(struct flow_record *r)
{
	r->packets = r->bytes = 0;
	r->last_ns = r->first_ns + SECOND;
}

static void lasts_for_years(struct flow_record *r)
{
	r->last_ns = r->first_ns + 100000000 * SECOND;
}

static void is_of_no_time(struct flow_record *r)
{
	r->first_ns = INT64_MIN;
}

static void ends_before_it_begins(struct flow_record *r)
{
	r->last_ns = r->first_ns - 20 * SECOND;
}

Test(rollup, a_segment_with_such_a_record_is_read)
{
	static void (*const odd[])(struct flow_record * r) = {is_ours,
		carries_little, carries_nothing, lasts_for_years, is_of_no_time,
		ends_before_it_begins};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		char *dir = make(900, 60, odd[i]);

		for (size_t q = 0; q < TOLD; q++)
			cr_assert_eq(compare(dir, &told[q]), 0, "%zu", i);
		run_remove(dir);
	}
}

static void all_have_one(struct flow_extra *e)
{
	for (size_t i = 0; i < N; i++)
		e[i].in_if = e[i].out_if = 3;
}

static void all_have_none(struct flow_extra *e)
{
	for (size_t i = 0; i < N; i++)
		e[i].in_if = e[i].out_if = 0;
}

static void one_and_then_others(struct flow_extra *e)
{
	all_have_one(e);
	for (size_t i = BLOCK_ROWS; i < N; i++)
		e[i].in_if = (uint32_t)i % 3;
	e[N - 1].out_if = 4;
}

static void one_too_great_to_list(struct flow_extra *e)
{
	for (size_t i = 0; i < N; i++)
		e[i].in_if = e[i].out_if = 1 << 16;
}

Test(rollup, one_interface_is_told_as_several_are)
{
	static const struct {
		void (*ifs)(struct flow_extra *e);
		bool listed;
	} made[] = {{all_have_one, true}, {all_have_none, true},
		{one_and_then_others, true}, {one_too_great_to_list, false}};
	static const struct question questions[] = {
		{.filter = "in if 3", .by = "proto"},
		{.filter = "in if 3 and tcp", .by = "in_if,time:3600"},
		{.filter = "not out if 3", .by = "proto"},
		{.filter = "in if 0", .by = "time:3600"},
		{.filter = "out if 4", .by = "proto"}};

	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		char *dir = make_of(900, 60, NULL, made[i].ifs);
		uint64_t quick = 0;

		for (size_t q = 0; q < sizeof(questions) / sizeof(*questions);
			q++)
			quick += compare(dir, &questions[q]);
		cr_assert_eq(quick > 0, made[i].listed, "%zu", i);
		run_remove(dir);
	}
}

static void all_last_long(struct flow_record *r)
{
	for (size_t i = 0; i < N; i++) {
		struct flow_record *one = r - N / 2 + i;

		one->packets = 100000;
		one->bytes = 1000 * one->packets;
		one->last_ns = one->first_ns + 9000 * SECOND;
	}
}

static struct segment segment_of(const char *dir)
{
	struct segment s;
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/seg-%010u", dir, 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(segment_open(fd, "seg", &s, NULL), 0);
	return s;
}

/* 900 pieces of each record would take a second to add up, three take none. */
Test(rollup, long_records_have_long_pieces)
{
	char *dir = make(5, 0, all_last_long);
	struct segment s = segment_of(dir);
	struct rollup r;

	rollup_init(&r);
	cr_assert(segment_rollup(&s, ROLLUP_TAP, &r));
	cr_assert_eq(r.by->unit_ns, 3600 * SECOND);
	cr_assert_gt(compare(dir, &told[1]), 0);
	rollup_release(&r);
	segment_close(&s);
	run_remove(dir);
}

/* The file without it, as earlier versions wrote it. */
static void take_away(const char *dir)
{
	struct buf file = BUF_INIT(FILE_MAX);
	char path[512];
	size_t footer, rollup, filters, at;
	struct cursor c;

	snprintf(path, sizeof(path), "%s/seg-%010u", dir, 1);
	cr_assert_eq(file_read(path, &file, NULL), 0);
	c = cursor_over(file.data + file.len - TAIL, 8);
	footer = cursor_u32(&c);
	rollup = cursor_u32(&c);
	cr_assert_gt(rollup, 0);
	c = cursor_over(file.data + file.len - TAIL - footer + 8, 8);
	filters = (size_t)cursor_u64(&c);
	at = file.len - TAIL - footer - filters;
	memmove(file.data + at - rollup, file.data + at, file.len - at);
	file.len -= rollup;
	memset(file.data + file.len - TAIL + 4, 0, 4);
	cr_assert_eq(file_replace(path, 0600, file.data, file.len, NULL), 0);
	buf_release(&file);
}

Test(rollup, a_segment_without_one_is_read_and_gets_one_when_packed)
{
	char *dir = make(900, 60, NULL);
	struct pack *p = pack_new(dir, 0);
	struct err err = ERR_INIT;

	cr_assert_gt(compare(dir, &told[0]), 0);
	take_away(dir);
	for (size_t q = 0; q < TOLD; q++)
		cr_assert_eq(compare(dir, &told[q]), 0);
	while (pack_step(p, &err) < NOTHING_MS)
		;
	pack_free(p);
	for (size_t q = 0; q < TOLD; q++)
		cr_assert_gt(compare(dir, &told[q]), 0);
	run_remove(dir);
}

Test(rollup, a_damaged_one_is_not_believed)
{
	char *dir = make(900, 60, NULL);
	struct segment s = segment_of(dir);
	const off_t at = (off_t)(s.filters_at - s.rollup_len / 2);
	uint8_t byte;

	cr_assert_eq(pread(s.fd, &byte, 1, at), 1);
	byte ^= 1;
	cr_assert_eq(pwrite(s.fd, &byte, 1, at), 1);
	segment_close(&s);
	cr_assert_eq(compare(dir, &told[0]), 0);
	run_remove(dir);
}

/* How long it is stands where no checksum does. */
Test(rollup, any_length_of_it_leaves_the_records_readable)
{
	char *dir = make(900, 60, NULL);
	struct segment s = segment_of(dir);
	const off_t at = (off_t)(s.size - TAIL + 4);
	uint32_t len;

	cr_assert_eq(pread(s.fd, &len, sizeof(len), at), sizeof(len));
	for (int bit = 0; bit < 32; bit++) {
		const uint32_t wrong = len ^ UINT32_C(1) << bit;

		cr_assert_eq(
			pwrite(s.fd, &wrong, sizeof(wrong), at), sizeof(wrong));
		cr_assert_eq(compare(dir, &told[0]), 0, "bit %d", bit);
	}
	segment_close(&s);
	run_remove(dir);
}

/* No record has been in all of a series' pieces before. */
Test(rollup, a_series_in_which_nothing_begins_is_not_believed)
{
	for (uint64_t records = 0; records < 2; records++) {
		const struct history_cell c = {
			.series = rollup_series(true, 443, 6),
			.records = records,
			.stayed = 1,
			.packets = 1};
		struct buf text = BUF_INIT(ROLLUP_BYTES);
		struct rollup r, back;

		rollup_init(&r);
		rollup_init(&back);
		cr_assert_gt(history_add_cell(&r.by[ROLLUP_DPORT], &c), 0);
		rollup_encode(&r, &text);
		cr_assert_eq(
			rollup_decode(&back, text.data, text.len, ROLLUP_KINDS),
			records > 0);
		rollup_release(&r);
		rollup_release(&back);
		buf_release(&text);
	}
}

Test(rollup, is_read_as_it_was_written)
{
	char *dir = make(900, 60, NULL);
	struct segment s = segment_of(dir);
	struct buf text = BUF_INIT(ROLLUP_BYTES),
		   again = BUF_INIT(ROLLUP_BYTES);
	struct rollup r, back;

	cr_assert_lt(s.rollup_len, N / 2);
	rollup_init(&r);
	cr_assert(segment_rollup(&s, ROLLUP_KINDS, &r));
	rollup_encode(&r, &text);
	cr_assert_eq(text.len, s.rollup_len);
	for (size_t len = 0; len <= text.len;
		len += len + 9 < text.len ? 9 : 1) {
		rollup_init(&back);
		cr_assert_eq(rollup_decode(&back, text.data, len, ROLLUP_KINDS),
			len == text.len, "%zu bytes", len);
		if (len == text.len)
			rollup_encode(&back, &again);
		rollup_release(&back);
	}
	cr_assert_eq(again.len, text.len);
	cr_assert_eq(memcmp(again.data, text.data, text.len), 0);
	rollup_release(&r);
	buf_release(&text);
	buf_release(&again);
	segment_close(&s);
	run_remove(dir);
}

/* Each tenth from a tap of ours. */
static void some_are_ours(struct flow_record *r)
{
	for (size_t i = 0; i < N / 2; i += 10) {
		is_ours(&r[i]);
		r[i].tap = (uint16_t)(1 + i % 4);
		r[i].src_slot = (uint16_t)(i % 3);
	}
}

/* What remains of a segment is the same by its rollup as by its rows. */
Test(rollup, tells_what_remains)
{
	char *dir = make(900, 60, some_are_ours);
	struct segment s = segment_of(dir);
	struct buf text = BUF_INIT(ROLLUP_BYTES), want = BUF_INIT(ROLLUP_BYTES);
	struct history h;
	const struct store_scan scan = {.block = history_add_block, .ctx = &h};
	struct ahead *ahead = ahead_new(&scan);
	struct rollup r;

	history_init(&h);
	rollup_init(&r);
	cr_assert(segment_rollup(&s, ROLLUP_TAP, &r));
	cr_assert_not(r.exact);
	cr_assert_eq(segment_scan(&s, &scan, ahead, NULL), 0);
	while (h.unit_ns < r.by->unit_ns)
		cr_assert(history_coarsen(&h));
	history_encode(&h, &want);
	history_encode(&r.by[ROLLUP_TAP], &text);
	cr_assert_eq(text.len, want.len);
	cr_assert_eq(memcmp(text.data, want.data, want.len), 0);
	history_add_all(&h, &r.by[ROLLUP_TAP]);
	cr_assert_eq(h.n, r.by->n);
	for (size_t i = 0; i < h.n; i++)
		cr_assert_eq(h.cells[i].bytes, 2 * r.by->cells[i].bytes);
	ahead_free(ahead);
	history_release(&h);
	rollup_release(&r);
	buf_release(&text);
	buf_release(&want);
	segment_close(&s);
	run_remove(dir);
}
