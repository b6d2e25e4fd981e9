/* Messages, sets, templates, and data that waits for its template. */
#include "flow/flowset.h"
#include "base/mem.h"
#include "flow/flowset_parts.h"

#include <string.h>

enum { V9 = 9, IPFIX = 10, V9_HEADER = 20, IPFIX_HEADER = 16, SET_HEADER = 4 };
/* One message being read. */
struct reader {
	struct flowset *f;
	struct flowset_domain *domain;
	struct flowset_times times;
	struct flowset_message *message;
};

struct flowset *flowset_new(flowset_records_fn fn, void *ctx)
{
	struct flowset *f = mem_zalloc(1, sizeof(*f));

	f->fn = fn;
	f->ctx = ctx;
	map_init(&f->domains);
	map_init(&f->tellers);
	return f;
}

/* Templates ------------------------------------------------------------ */

/* IPFIX: no fields withdraw one, or, under the set's number, all of a kind. */
static void withdraw(struct reader *r, uint16_t id, bool options)
{
	struct flowset_domain *d = r->domain;

	for (size_t i = d->n; i-- > 0;)
		if (d->templates[i].id == id ||
			(id == (options ? 3 : 2) &&
				d->templates[i].options == options))
			flowset_remove_template(r->f, d, i);
}

static bool is_equal(
	const struct flowset_template *a, const struct flowset_template *b)
{
	return a->options == b->options && a->n_fields == b->n_fields &&
	       memcmp(a->fields, b->fields, a->n_fields * sizeof(*a->fields)) ==
		       0;
}

void flowset_keep_template(struct flowset *f, struct flowset_domain *d,
	const struct flowset_template *t)
{
	struct flowset_template *old = flowset_own_template(d, t->id);

	f->changes += !old || !is_equal(old, t);
	flowset_tells(f, d);
	if (old) {
		free(old->fields);
		*old = *t;
		return;
	}
	if (d->n >= FLOWSET_EACH || (f->counts.templates >= FLOWSET_TEMPLATES &&
					    !flowset_make_room(f, d))) {
		f->counts.refused++;
		free(t->fields);
		return;
	}
	MEM_PUSH(d->templates, d->n, d->cap) = *t;
	f->counts.templates++;
}

static bool read_field(
	struct cursor *c, bool v9, struct flowset_field *ret, size_t *least)
{
	ret->id = cursor_u16(c);
	ret->len = cursor_u16(c);
	ret->enterprise = 0;
	if (!v9 && ret->id & 0x8000) {
		ret->id &= 0x7fff;
		ret->enterprise = cursor_u32(c);
	}
	if (v9 && ret->len == FIELD_VARIABLE)
		return false;
	*least += ret->len == FIELD_VARIABLE ? 1 : ret->len;
	return cursor_ok(c);
}

/* The fields of a template whose head was read; scopes of NetFlow 9 are no
 * information elements. */
static void read_fields(struct reader *r, struct cursor *c, uint16_t id,
	bool options, size_t n, size_t scopes)
{
	struct flowset_template t = {.id = id, .options = options};
	bool good = id >= FIRST_DATA_SET && n > 0 && n <= FLOWSET_FIELDS;

	/* every field has four bytes: more cannot be there */
	good &= cursor_left(c) / 4 >= n;
	if (good)
		t.fields = mem_zalloc(n, sizeof(*t.fields));
	for (size_t i = 0; i < n && good; i++) {
		struct flowset_field *field = &t.fields[t.n_fields++];

		good = read_field(c, r->times.v9, field, &t.least);
		if (i < scopes && r->times.v9)
			field->enterprise = UINT32_MAX;
	}
	if (good && t.least > 0 && t.least <= UINT16_MAX) {
		flowset_keep_template(r->f, r->domain, &t);
		return;
	}
	r->f->counts.refused++;
	free(t.fields);
	if (!good)
		c->bad = true; /* where the next begins is not known */
}

static void read_template(struct reader *r, struct cursor *c, bool options)
{
	const uint16_t id = cursor_u16(c);
	size_t n = cursor_u16(c), scopes = 0;

	if (options && r->times.v9) { /* lengths in bytes */
		scopes = n / 4;
		n = scopes + cursor_u16(c) / 4;
	} else if (n == 0 && !r->times.v9) {
		withdraw(r, id, options);
		return;
	} else if (options) {
		scopes = cursor_u16(c);
	}
	if (!cursor_ok(c) || (options && (!scopes || scopes > n))) {
		c->bad = true;
		return;
	}
	read_fields(r, c, id, options, n, scopes);
}

/* Data ----------------------------------------------------------------- */

static void flush(struct flowset *f)
{
	const struct flow_rows rows = {f->out, f->extras, f->n_out};

	if (f->n_out)
		f->fn(f->ctx, &rows);
	f->n_out = 0;
	f->others_len = 0;
}

static void give(struct flowset *f, const struct flow_record *r,
	const struct flow_extra *e)
{
	f->out[f->n_out] = *r;
	f->extras[f->n_out++] = *e;
}

/* A record, and with it the other direction's: there is room for two. */
static void give_both(struct flowset *f, struct flowset_values *v)
{
	struct flow_extra turned = flow_extra_reverse(&v->extra);
	uint8_t *at;

	f->others_len += v->extra.others.len;
	at = f->others + f->others_len;
	if (v->has_reverse && v->back.len) {
		memcpy(at, v->back.at, v->back.len);
		turned.others = (struct flow_others){at, v->back.len};
		f->others_len += v->back.len;
	}
	give(f, &v->forward, &v->extra);
	if (v->has_reverse)
		give(f, &v->reverse, &turned);
	if (f->n_out + 2 > FLOWSET_OUT)
		flush(f);
}

static uint32_t read_data(
	struct reader *r, struct cursor *c, const struct flowset_template *t)
{
	struct flowset *f = r->f;
	uint8_t back[OTHERS_MAX];
	uint32_t records = 0;

	/* what is less than a record is padding */
	while (cursor_left(c) >= t->least) {
		struct wire others[] = {
			wire_over(f->others + f->others_len, OTHERS_MAX),
			wire_over(back, sizeof(back))};
		struct flowset_values v;

		if (!flowset_values_read(c, t, &r->times, others, &v)) {
			f->counts.bad_sets++;
			break;
		}
		records++;
		if (t->options) {
			if (v.sampling) {
				f->changes += r->domain->sampling != v.sampling;
				r->domain->sampling = v.sampling;
				flowset_tells(f, r->domain);
				r->times.sampling = v.sampling;
			}
		} else if (!v.has_addrs) {
			f->counts.left_out++;
		} else {
			f->counts.cut += v.cut;
			give_both(f, &v);
		}
	}
	return records;
}

static void let_wait(struct reader *r, struct cursor *c, uint16_t set)
{
	struct flowset *f = r->f;
	size_t len = cursor_left(c);
	struct flowset_waiting *w;

	r->message->unknown = true;
	if (f->counts.waiting + len > FLOWSET_WAITING) {
		f->counts.given_up += len;
		return;
	}
	w = &MEM_PUSH(f->waiting, f->n_waiting, f->waiting_cap);
	*w = (struct flowset_waiting){.domain = r->domain,
		.set = set,
		.times = r->times,
		.came_ns = r->f->now_ns,
		.data = mem_zalloc(len, 1),
		.len = len};
	memcpy(w->data, c->at, len);
	f->counts.waiting += len;
}

void flowset_look_at_waiting(struct flowset *f)
{
	size_t to = 0;

	for (size_t i = 0; i < f->n_waiting; i++) {
		struct flowset_waiting w = f->waiting[i];
		const struct flowset_template *t =
			flowset_template_of(f, w.domain, w.set);
		struct flowset_message nobody = {0};
		struct reader r = {.f = f,
			.domain = w.domain,
			.times = w.times,
			.message = &nobody};
		struct cursor c = cursor_over(w.data, w.len);
		bool late = f->now_ns - w.came_ns > FLOWSET_WAIT_NS ||
			    w.domain->goes;

		if (!t && !late) {
			f->waiting[to++] = w;
			continue;
		}
		if (t && !w.domain->goes)
			read_data(&r, &c, t);
		else
			f->counts.given_up += w.len;
		f->counts.waiting -= w.len;
		free(w.data);
	}
	f->n_waiting = to;
}

/* Messages ------------------------------------------------------------- */

static void read_templates(struct reader *r, struct cursor *c, bool options)
{
	/* padding is shorter than a template */
	while (cursor_left(c) >= SET_HEADER && cursor_ok(c))
		read_template(r, c, options);
	if (!cursor_ok(c))
		r->f->counts.bad_sets++;
	flowset_look_at_waiting(r->f);
}

static void read_set(struct reader *r, uint16_t id, struct cursor *c)
{
	const bool v9 = r->times.v9;
	const struct flowset_template *t;

	if (id == (v9 ? 0 : 2)) {
		read_templates(r, c, false);
	} else if (id == (v9 ? 1 : 3)) {
		read_templates(r, c, true);
	} else if (id >= FIRST_DATA_SET) {
		t = flowset_template_of(r->f, r->domain, id);
		if (!t) {
			let_wait(r, c, id);
			return;
		}
		r->message->records += read_data(r, c, t);
		r->domain->data_ns = r->f->now_ns;
	}
}

static void read_sets(struct reader *r, struct cursor *c)
{
	while (cursor_left(c) >= SET_HEADER) {
		uint16_t id = cursor_u16(c);
		size_t len = cursor_u16(c);
		struct cursor set;

		if (len < SET_HEADER || len - SET_HEADER > cursor_left(c)) {
			r->f->counts.bad_sets++;
			return;
		}
		set = cursor_sub(c, len - SET_HEADER);
		read_set(r, id, &set);
	}
}

size_t flowset_length(const uint8_t head[static 4])
{
	size_t len = cursor_load16(head + 2);

	return cursor_load16(head) == IPFIX && len >= IPFIX_HEADER ? len : 0;
}

static bool read_header(struct cursor *c, struct flowset_message *ret)
{
	const size_t whole = cursor_left(c);
	uint16_t len;

	*ret = (struct flowset_message){.version = cursor_u16(c)};
	len = cursor_u16(c);
	if (ret->version == V9 && whole >= V9_HEADER) {
		ret->uptime_ms = cursor_u32(c);
		ret->export_ns = (int64_t)cursor_u32(c) * 1000000000;
		ret->boot_ns =
			ret->export_ns - (int64_t)ret->uptime_ms * 1000000;
	} else if (ret->version == IPFIX && len >= IPFIX_HEADER &&
		   len <= whole) {
		c->end -= whole - len;
		ret->export_ns = (int64_t)cursor_u32(c) * 1000000000;
	} else {
		return false;
	}
	ret->sequence = cursor_u32(c);
	ret->domain = cursor_u32(c);
	return cursor_ok(c);
}

bool flowset_read(struct flowset *f, const struct flowset_session *from,
	const void *data, size_t len, int64_t now_ns,
	struct flowset_message *ret)
{
	struct cursor c = cursor_over(data, len);
	struct reader r = {.f = f, .message = ret};

	if (!read_header(&c, ret))
		return false;
	f->now_ns = now_ns;
	r.domain = flowset_domain_of(f, from, ret->domain);
	if (!r.domain) {
		f->counts.refused++;
		return false;
	}
	r.times = (struct flowset_times){.v9 = ret->version == V9,
		.export_ns = ret->export_ns,
		.boot_ns = ret->boot_ns,
		.sampling = flowset_sampling(f, r.domain)};
	r.domain->heard++;
	read_sets(&r, &c);
	flush(f);
	return true;
}

void flowset_free(struct flowset *f)
{
	if (!f)
		return;
	flowset_remove_all(f);
	map_release(&f->domains);
	map_release(&f->tellers);
	free(f->waiting);
	free(f);
}

const struct flowset_counts *flowset_counts(const struct flowset *f)
{
	return &f->counts;
}
