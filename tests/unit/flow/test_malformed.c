/* What exporters, or those who pose as one, may send that makes no sense: each
 * is counted by its cause, what is known stays as it was, and sense that comes
 * afterwards is read. */
#include "base/mem.h"
#include "flow/flowset.h"
#include "flow/nf5.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define AT (INT64_C(1790000000) * 1000000000)
/* 256: source, octets; and a record by it, 10.0.0.1, 100 */
#define FIELDS "0100 0002 0008 0004 0001 0004 "
#define RECORD "0a000001 00000064 "

struct seen {
	size_t rows;
	uint64_t bytes;
};

static void on_rows(void *ctx, const struct flow_rows *rows)
{
	struct seen *seen = ctx;

	for (size_t i = 0; i < rows->n; i++)
		seen->bytes += rows->records[i].bytes;
	seen->rows += rows->n;
}

static size_t from_hex(const char *hex, uint8_t *to)
{
	size_t n = 0;
	unsigned v;

	for (const char *p = hex; sscanf(p, " %2x", &v) == 1; n++) {
		to[n] = (uint8_t)v;
		p += strspn(p, " ") + 2;
	}
	return n;
}

/* A message of these sets; IPFIX tells its length. */
static size_t message(int version, const char *sets, uint8_t *to)
{
	size_t n = from_hex(version == 9 ? "0009 0001 00000010 6ab13b80 "
					   "00000000 00000007"
					 : "000a 0000 6ab13b80 00000000 "
					   "00000007",
		to);

	n += from_hex(sets, to + n);
	if (version == 10) {
		to[2] = (uint8_t)(n >> 8);
		to[3] = (uint8_t)n;
	}
	return n;
}

static bool read_sets(struct flowset *f, int version, const char *sets)
{
	static const struct flowset_session session = {.connection = 0};
	struct flowset_message m;
	uint8_t bytes[2000];

	return flowset_read(
		f, &session, bytes, message(version, sets, bytes), AT, &m);
}

static const char *template_of(int version)
{
	return version == 9 ? "0000 0010 " FIELDS : "0002 0010 " FIELDS;
}

/* What becomes of sets when template 256 is known.  T and O in them are the set
 * ids of templates and of options. */
static const struct malformed {
	const char *what, *sets;
	int version; /* 0: both */
	size_t rows;
	unsigned refused, bad_sets, templates;
} malformed[] = {
	{"length 0", "0100 0000 " RECORD, 0, 0, 0, 1, 1},
	{"length 3", "0100 0003 " RECORD, 0, 0, 0, 1, 1},
	{"length 65,535", "0100 ffff " RECORD, 0, 0, 0, 1, 1},
	{"one byte more than there is", "0100 000d " RECORD, 0, 0, 0, 1, 1},
	{"half of a head", "0100", 0, 0, 0, 0, 1},
	{"no records", "0100 0004", 0, 0, 0, 0, 1},
	{"less than a record", "0100 000b 0a000001 000000", 0, 0, 0, 0, 1},
	{"a reserved id", "00fe 0008 00000000", 0, 0, 0, 0, 1},
	{"padding in a set, and behind", "0100 000f " RECORD "000000 0000", 0,
		1, 0, 0, 1},
	{"a template without fields", "T 0008 0101 0000", 9, 0, 1, 1, 1},
	{"one of 10,000", "T 0010 0101 2710 0008 0004 0001 0004", 0, 0, 1, 1,
		1},
	{"one that is cut", "T 000a 0101 0002 0008", 0, 0, 1, 1, 1},
	{"one without bytes", "T 000c 0101 0001 0001 0000", 0, 0, 1, 0, 1},
	{"one of an id of sets", "T 000c 00ff 0001 0001 0004", 0, 0, 1, 1, 1},
	/* a value of a senseless width is passed over */
	{"an address of 50 bytes",
		"T 0010 0101 0002 0008 0032 0001 0004 "
		"0101 003a 0a000001 0a000001 0a000001 0a000001 0a000001 "
		"0a000001 0a000001 0a000001 0a000001 0a000001 0a000001 "
		"0a000001 0a00 00000064",
		0, 0, 0, 0, 2},
	{"the same, its value cut",
		"T 0010 0101 0002 0008 0032 0001 0004 0101 000c " RECORD, 0, 0,
		0, 0, 2},
	{"a width of 65,535", "T 000c 0101 0001 0001 ffff", 9, 0, 1, 1, 1},
	{"a length that goes past the end",
		"T 0010 0101 0002 0008 0004 0052 ffff 0101 000c 0a000001 "
		"09616263",
		10, 0, 0, 1, 2},
	{"one in two more bytes",
		"T 0010 0101 0002 0008 0004 0052 ffff 0101 000c 0a000001 "
		"ffffff61",
		10, 0, 0, 1, 2},
	{"256, told anew",
		"T 0010 0100 0002 0001 0004 0008 0004 "
		"0100 000c 00000064 0a000001",
		0, 1, 0, 0, 1},
	{"options with more scopes than fields",
		"O 000e 0101 0001 0009 0001 0004", 10, 0, 0, 1, 1},
	{"options without scopes", "O 000e 0101 0000 0004 0001 0004", 9, 0, 0,
		1, 1},
	{"data by options",
		"O 0012 0101 0002 0001 0095 0004 0022 0004 0101 000c 00000000 "
		"00000001",
		10, 0, 0, 0, 2},
	{"data by options",
		"O 0012 0101 0004 0004 0001 0004 0022 0004 0101 000c 00000000 "
		"00000001",
		9, 0, 0, 0, 2},
};

/* T and O as the version has them; they are followed by more than they add. */
static void put_ids(char *sets, int version)
{
	static const char *const ids[2][2] = {
		{"0000", "0001"}, {"0002", "0003"}};

	for (char *p = sets; *p; p++)
		if (*p == 'T' || *p == 'O') {
			const bool options = *p == 'O';

			memmove(p + 4, p + 1, strlen(p));
			memcpy(p, ids[version == 10][options], 4);
		}
}

static void check(int version, const struct malformed *row)
{
	struct seen seen = {0};
	struct flowset *f = flowset_new(on_rows, &seen);
	const struct flowset_counts *counts = flowset_counts(f);
	const bool anew = strstr(row->what, "anew");
	char sets[400];

	snprintf(sets, sizeof(sets), "%s", row->sets);
	put_ids(sets, version);
	cr_assert(read_sets(f, version, template_of(version)));
	(void)read_sets(f, version, sets);
	cr_expect_eq(seen.rows, row->rows, "%d, %s: %zu rows", version,
		row->what, seen.rows);
	cr_expect_eq(seen.bytes, 100 * row->rows, "%s", row->what);
	cr_expect_eq(counts->refused, row->refused, "%d, %s: %lu refused",
		version, row->what, (unsigned long)counts->refused);
	cr_expect_eq(counts->bad_sets, row->bad_sets, "%d, %s: %lu bad",
		version, row->what, (unsigned long)counts->bad_sets);
	cr_expect_eq(counts->templates, row->templates, "%d, %s: %lu known",
		version, row->what, (unsigned long)counts->templates);
	cr_expect_eq(counts->waiting, 0, "%s", row->what);
	/* and sense is read as before */
	if (!anew) {
		seen = (struct seen){0};
		cr_assert(read_sets(f, version, "0100 000c " RECORD));
		cr_expect_eq(seen.rows, 1, "%s", row->what);
		cr_expect_eq(seen.bytes, 100, "%s", row->what);
	}
	flowset_free(f);
}

Test(malformed, sets_and_templates)
{
	const size_t n = sizeof(malformed) / sizeof(*malformed);

	for (size_t i = 0; i < n; i++) {
		if (malformed[i].version != 10)
			check(9, &malformed[i]);
		if (malformed[i].version != 9)
			check(10, &malformed[i]);
	}
}

/* A message with a template and two records, cut at each of its bytes, the
 * length that IPFIX tells cut with it or not; memory of just that size, so that
 * a sanitizer sees who reads on. */
Test(malformed, cut_anywhere)
{
	static const struct flowset_session session = {.connection = 0};
	uint8_t whole[200];
	char sets[200];

	for (int version = 9; version <= 10; version++) {
		size_t len;

		snprintf(sets, sizeof(sets), "%s 0100 0014 " RECORD RECORD,
			template_of(version));
		len = message(version, sets, whole);
		for (size_t cut = 0; cut <= 2 * len + 1; cut++) {
			struct seen seen = {0};
			struct flowset *f = flowset_new(on_rows, &seen);
			const size_t n = cut / 2;
			uint8_t *bytes = mem_zalloc(n + 1, 1);
			struct flowset_message m;
			bool read;

			memcpy(bytes, whole, n);
			if (version == 10 && cut % 2 && n >= 4) {
				bytes[2] = (uint8_t)(n >> 8);
				bytes[3] = (uint8_t)n;
			}
			bytes = mem_grow(bytes, n ? n : 1, 1);
			read = flowset_read(f, &session, bytes, n, AT, &m);
			if (version == 10 && !(cut % 2) && n < len)
				cr_assert_not(read, "cut at %zu", n);
			if (n < len)
				cr_assert_lt(seen.rows, 2);
			if (n == len)
				cr_assert_eq(seen.rows, 2);
			flowset_free(f);
			free(bytes);
		}
	}
}

/* A million templates, of 2,000 domains: a few thousand are kept. */
Test(malformed, a_million_templates, .timeout = 120)
{
	static const struct flowset_session session = {.connection = 0};
	struct seen seen = {0};
	struct flowset *f = flowset_new(on_rows, &seen);
	uint8_t bytes[200];
	const size_t n = message(10, "0002 000c 0100 0001 0001 0004", bytes);
	struct flowset_message m;

	for (uint32_t i = 0; i < 1000000; i++) {
		const uint32_t domain = i / 500, id = 256 + i % 500;

		for (int k = 0; k < 4; k++)
			bytes[12 + k] = (uint8_t)(domain >> (24 - 8 * k));
		bytes[20] = (uint8_t)(id >> 8);
		bytes[21] = (uint8_t)id;
		cr_assert(flowset_read(f, &session, bytes, n, AT, &m));
	}
	cr_assert_leq(flowset_counts(f)->templates, FLOWSET_TEMPLATES);
	cr_assert_gt(flowset_counts(f)->templates, 0);
	flowset_free(f);
}

/* The largest datagram: 8,185 records of it, or nothing but zeros. */
Test(malformed, largest_datagram)
{
	static const struct flowset_session session = {.connection = 0};
	struct seen seen = {0};
	struct flowset *f = flowset_new(on_rows, &seen);
	uint8_t *bytes = mem_zalloc(65507, 1);
	struct flowset_message m;

	cr_assert(read_sets(f, 10, template_of(10)));
	(void)message(10, "0100 ffd3", bytes);
	bytes[2] = 0xff;
	bytes[3] = 0xe3;
	cr_assert(flowset_read(f, &session, bytes, 65507, AT, &m));
	cr_assert_eq(m.records, (65507 - 20) / 8);
	cr_assert_eq(flowset_counts(f)->bad_sets, 0);
	memset(bytes + 16, 0, 65507 - 16);
	cr_assert(flowset_read(f, &session, bytes, 65507, AT, &m));
	cr_assert_eq(m.records, 0);
	flowset_free(f);
	free(bytes);
}

/* NetFlow 5 of no time, of the last there is, and of an uptime that is less than
 * that of its flows: times stay in their order. */
Test(malformed, times_that_cannot_be)
{
	static const uint8_t heads[][12] = {{0}, /* uptime, s, ns */
		{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0},
		{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			0xff, 0xff}};
	static const uint8_t first_last[][8] = {{0},
		{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
		{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		{0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0}};

	for (size_t i = 0; i < 16; i++) {
		uint8_t b[NF5_HEADER + NF5_RECORD] = {0, 5, 0, 1};
		struct flow_record out[NF5_RECORDS];
		struct flow_extra extras[NF5_RECORDS];
		struct nf5_header h;

		memcpy(b + 4, heads[i / 4], 12);
		memcpy(b + NF5_HEADER + 24, first_last[i % 4], 8);
		cr_assert(nf5_decode(b, sizeof(b), &h, out, extras));
		cr_assert_leq(out[0].first_ns, out[0].last_ns, "%zu", i);
	}
}
