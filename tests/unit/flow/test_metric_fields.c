/* The table of metrics, and each rule of what becomes of several records. */
#include "flow/metric_fields.h"
#include "flow/stream.h"

#include <criterion/criterion.h>
#include <string.h>

struct told {
	uint8_t bytes[OTHERS_MAX];
	struct wire w;
};

static void begin(struct told *t)
{
	t->w = wire_over(t->bytes, sizeof(t->bytes));
}

static void tell(struct told *t, enum metric_field f, uint64_t v)
{
	const struct export_field *field = &metric_fields[f];
	uint8_t value[8];

	for (size_t i = 0; i < field->len; i++)
		value[i] = (uint8_t)(v >> 8 * (field->len - 1 - i));
	cr_assert(flow_others_add_known(&t->w,
		&(const struct flow_element){.enterprise = field->enterprise,
			.id = field->id,
			.value = value,
			.len = field->len}));
}

static struct flow_others others_of(const struct told *t)
{
	return (struct flow_others){t->bytes, wire_len(&t->w)};
}

static void add(struct metric_merge *m, const struct told *t, int64_t first_ns,
	uint64_t packets)
{
	const struct flow_record r = {.first_ns = first_ns, .packets = packets};
	const struct flow_others o = others_of(t);

	metric_merge_add(m, &r, &o);
}

/* What two records of one flow make of a field: the later is added first. */
static uint64_t merged(enum metric_field f, uint64_t early, uint64_t early_n,
	uint64_t late, uint64_t late_n)
{
	struct metric_merge m = {0};
	struct told a, b, to;
	struct flow_others o;
	uint64_t v = 0;

	begin(&a);
	begin(&b);
	begin(&to);
	tell(&a, f, early);
	tell(&b, f, late);
	add(&m, &b, 2000, late_n);
	add(&m, &a, 1000, early_n);
	metric_merge_write(&m, &to.w);
	o = others_of(&to);
	cr_assert(flow_others_sound(&o));
	cr_assert(metric_field_get(&o, f, &v), "%s", metric_fields[f].name);
	return v;
}

Test(metric_fields, each_rule)
{
	for (unsigned i = 0; i < METRIC_FIELD_COUNT; i++) {
		const enum metric_field f = (enum metric_field)i;
		uint64_t want = 0;

		if (!metric_field_is_number(f))
			continue;
		switch (metric_fields[f].rule) {
		case RULE_FIRST:
			want = 40;
			break;
		case RULE_SUM:
			want = 40 + 10;
			break;
		case RULE_LEAST:
			want = 10;
			break;
		case RULE_GREATEST:
			want = 40;
			break;
		case RULE_MEAN: /* 40 of 1 packet, 10 of 2 */
			want = 20;
			break;
		}
		cr_expect_eq(merged(f, 40, 1, 10, 2), want, "%s",
			metric_fields[f].name);
		if (metric_fields[f].rule == RULE_FIRST)
			cr_expect_eq(merged(f, 10, 1, 40, 2), 10);
		cr_expect_eq(merged(f, 0, 1, 0, 1), 0, "a 0 that is known");
	}
}

Test(metric_fields, a_sum_beyond_its_field_is_the_greatest)
{
	cr_expect_eq(merged(METRIC_AGAIN, UINT32_MAX, 1, 5, 1), UINT32_MAX);
	cr_expect_eq(merged(METRIC_JITTER, UINT32_MAX, UINT64_MAX, UINT32_MAX,
			     UINT64_MAX / 2),
		UINT32_MAX, "weights are no overflow");
}

Test(metric_fields, lists_texts_and_what_nobody_knows)
{
	static const uint8_t one[4 * PACKET_SIZES] = {[3] = 1, [27] = 9};
	static const struct flow_element text = {
		.enterprise = METRIC_ENTERPRISE,
		.id = 48,
		.variable = true,
		.value = (const uint8_t *)"4:64",
		.len = 4};
	static const struct flow_element sizes = {
		.enterprise = METRIC_ENTERPRISE,
		.id = 1,
		.value = one,
		.len = sizeof(one)};
	static const struct flow_element strange = {.enterprise = 4242,
		.id = 7,
		.value = (const uint8_t *)"x",
		.len = 1};
	struct metric_merge m = {0};
	char print[ELEMENT_TEXT], name[ELEMENT_NAME];
	struct told a, b, to;
	struct flow_others o;
	struct flow_element e;

	begin(&a);
	begin(&b);
	begin(&to);
	cr_assert(flow_others_add(&a.w, &sizes));
	cr_assert(flow_others_add(&b.w, &sizes));
	cr_assert(flow_others_add(&b.w, &text));
	cr_assert(flow_others_add(&a.w, &strange));
	add(&m, &a, 1, 1);
	add(&m, &b, 2, 1);
	metric_merge_write(&m, &to.w);
	o = others_of(&to);
	cr_assert(flow_others_find(&o, METRIC_ENTERPRISE, 1, &e));
	cr_expect_str_eq(flow_element_print(&e, print), "2 0 0 0 0 0 18");
	cr_expect_str_eq(flow_element_name(&e, name), "sizes");
	cr_assert(flow_others_find(&o, METRIC_ENTERPRISE, 48, &e));
	cr_expect_str_eq(flow_element_print(&e, print), "4:64");
	cr_expect(flow_others_find(&o, 4242, 7, &e), "of the first record");
}

/* Elements of the same numbers that others made as they like. */
Test(metric_fields, other_lengths_are_numbers_or_nothing)
{
	static const uint8_t bytes[16] = {[1] = 2, [15] = 1};
	struct flow_element e = {.enterprise = METRIC_ENTERPRISE,
		.id = 24,
		.value = bytes,
		.len = 2};
	struct metric_merge m = {0};
	struct told a, to;
	struct flow_others o;
	uint64_t v;

	begin(&a);
	begin(&to);
	cr_assert(flow_others_add(&a.w, &e));
	e.id = 25;
	e.len = sizeof(bytes);
	cr_assert(flow_others_add(&a.w, &e));
	e.id = 1;
	cr_assert(flow_others_add(&a.w, &e));
	add(&m, &a, 1, 1);
	add(&m, &a, 2, 1);
	metric_merge_write(&m, &to.w);
	o = others_of(&to);
	cr_assert(metric_field_get(&o, METRIC_AGAIN, &v));
	cr_expect_eq(v, 4);
	cr_expect_not(metric_field_get(&o, METRIC_AGAIN_BYTES, &v));
	cr_expect_not(flow_others_find(&o, METRIC_ENTERPRISE, 1, &e));
}

Test(metric_fields, names_and_numbers_are_each_of_one)
{
	for (unsigned i = 0; i < METRIC_FIELD_COUNT; i++) {
		const struct export_field *f = &metric_fields[i];
		const struct flow_element e = {
			.enterprise = f->enterprise, .id = f->id};

		cr_expect_eq(metric_field_named(f->name, strlen(f->name)), i);
		cr_expect_eq(metric_field_of(&e), i);
	}
	cr_expect_eq(metric_field_named("gap", 3), METRIC_FIELD_COUNT);
}

/* All there is of both directions goes through the stream in one batch. */
Test(metric_fields, two_rows_fit_a_batch)
{
	static const uint8_t values[512] = {1};
	const struct flow_shape shape = {
		.fields = metric_fields, .n_fields = METRIC_FIELD_COUNT};
	struct flow_record r[2] = {{.packets = 1}, {.packets = 2}};
	struct flow_extra extras[2] = {{.vlan = 5, .src_mac = 9}, {.vlan = 6}};
	const struct flow_rows rows = {r, extras, 2};
	static struct stream_content got;
	struct reliable_sender s;
	uint8_t body[CHANNEL_BODY];
	struct told t;
	uint64_t at = 0;
	size_t len;

	begin(&t);
	cr_assert_leq(flow_values(&shape), sizeof(values));
	metric_fields_tell(&shape, values, ~UINT64_C(0), &t.w);
	cr_assert_leq(wire_len(&t.w), STREAM_OTHERS);
	extras[0].others = extras[1].others = others_of(&t);
	reliable_sender_init(&s, 4);
	cr_assert(stream_add_rows(&s, &rows));
	reliable_close(&s);
	len = reliable_next(&s, 0, &at, body);
	cr_assert(stream_read(
		body + RELIABLE_HEADER, len - RELIABLE_HEADER, &got));
	cr_assert_eq(got.n_records, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_eq(got.extras[i].vlan, extras[i].vlan);
		cr_expect_eq(got.extras[i].others.len, wire_len(&t.w));
		cr_expect_arr_eq(got.extras[i].others.at, t.bytes,
			got.extras[i].others.len);
	}
	reliable_sender_release(&s);
}

/* Nothing is told of what was not measured. */
Test(metric_fields, only_what_is_known_is_told)
{
	static const uint8_t values[] = {0, 0, 0, 0, 0, 0, 0, 7};
	const struct flow_shape shape = {
		.fields = &metric_fields[METRIC_RTT], .n_fields = 2};
	struct flow_others o;
	struct told t;
	uint64_t v;

	begin(&t);
	metric_fields_tell(&shape, values, 1, &t.w);
	o = others_of(&t);
	cr_assert(metric_field_get(&o, METRIC_RTT, &v));
	cr_expect_eq(v, 0, "a 0 that was measured");
	cr_expect_not(metric_field_get(&o, METRIC_SERVER_RTT, &v));
}
