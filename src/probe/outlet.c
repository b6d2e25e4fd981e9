/* One message at a time.  Many at once overrun any collector's buffer, so a
 * paced outlet rests after each burst until its rate is kept.  A stream that
 * takes nothing for a while is given up, and may be opened again. */
#define _GNU_SOURCE
#include "probe/outlet.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BURST = 16, TEXT_MAX = 128, FILE_BUFFER = 1 << 18 };

struct outlet {
	int fd;
	struct outlet_options opt; /* path is not kept */
	int64_t began_ns;          /* of the pacing */
	char name[TEXT_MAX];
	int failed;
	struct err err;
	uint64_t unsent, sent;
	struct outlet_lost pending, lost; /* in the message, or in none */
	uint64_t lost_records;            /* of this connection */
	struct outlet_stats past;         /* of connections before this one */
	uint8_t *buffer; /* of a file: several messages a write */
	size_t buffered;
	bool old; /* a file that still has what was in it before */
	struct exporter exporter;
};

static int connect_to(
	const struct outlet_options *o, int *ret_fd, struct err *err)
{
	const struct export_target *t = &o->target;
	struct sockaddr_in to4 = {
		.sin_family = AF_INET, .sin_port = htons(t->port)};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(t->port)};
	const struct timeval patience = {.tv_sec = o->patience_s};
	bool v4 = net_addr_is_v4(&t->addr);
	int type = t->tcp ? SOCK_STREAM : SOCK_DGRAM;
	char name[EXPORT_TARGET_TEXT];
	int fd = socket(v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, "cannot open a socket for export");
	(void)setsockopt(
		fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	memcpy(&to4.sin_addr, t->addr.b + 12, 4);
	memcpy(&to6.sin6_addr, t->addr.b, 16);
	if (connect(fd, v4 ? (const void *)&to4 : (const void *)&to6,
		    v4 ? sizeof(to4) : sizeof(to6)) < 0) {
		err_sys(err, "cannot export to %s",
			export_target_print(t, name));
		close(fd);
		return -NFZ_E_IO;
	}
	*ret_fd = fd;
	return 0;
}

static int open_fd(const struct outlet_options *o, int *ret_fd, struct err *err)
{
	if (!o->path)
		return connect_to(o, ret_fd, err);
	*ret_fd = STDOUT_FILENO;
	if (strcmp(o->path, "-") != 0)
		*ret_fd = open(o->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return *ret_fd < 0 ? err_sys(err, "%s", o->path) : 0;
}

static void name_it(struct outlet *out, const struct outlet_options *o)
{
	char target[EXPORT_TARGET_TEXT];

	snprintf(out->name, sizeof(out->name), "%s",
		o->path ? o->path : export_target_print(&o->target, target));
}

static bool is_udp(const struct outlet *o)
{
	return !o->buffer && !o->opt.target.tcp;
}

static void begin(struct outlet *o)
{
	struct exporter_options e = o->opt.exporter;

	e.format = o->opt.target.format;
	e.refresh = is_udp(o);
	e.message = e.refresh ? EXPORT_DATAGRAM : EXPORT_MESSAGE_MOST;
	exporter_init(&o->exporter, &e);
	o->began_ns = mono_now().ns;
	o->sent = 0;
	o->pending = (struct outlet_lost){0};
}

int outlet_open(
	const struct outlet_options *o, struct outlet **ret, struct err *err)
{
	struct outlet *out;
	int fd = -1;
	int r = open_fd(o, &fd, err);

	if (r < 0 && !(o->later && !o->path && o->target.tcp))
		return r;
	out = mem_zalloc(1, sizeof(*out));
	out->fd = fd;
	out->opt = *o;
	out->failed = r;
	if (r < 0)
		out->err = *err;
	if (o->path) {
		out->buffer = mem_zalloc(FILE_BUFFER, 1);
		out->opt.target.format = EXPORT_IPFIX;
		out->old = fd != STDOUT_FILENO;
	}
	name_it(out, o);
	out->opt.path = NULL;
	begin(out);
	*ret = out;
	return 0;
}

void outlet_begin(struct outlet *o, int64_t start_ns, unsigned more)
{
	o->opt.exporter.start_ns = start_ns;
	o->opt.exporter.shape.more = more;
	begin(o);
}

bool outlet_reopen(struct outlet *o)
{
	int fd = -1;

	if (connect_to(&o->opt, &fd, &o->err) < 0)
		return false;
	outlet_stats(o, &o->past);
	o->unsent = o->lost_records = 0;
	if (o->fd >= 0)
		close(o->fd);
	o->fd = fd;
	o->failed = 0;
	begin(o);
	return true;
}

void outlet_close(struct outlet *o)
{
	if (!o)
		return;
	if (o->fd >= 0 && o->fd != STDOUT_FILENO)
		close(o->fd);
	free(o->buffer);
	free(o);
}

static void keep_pace(struct outlet *o)
{
	uint64_t pace = o->opt.pace;
	int64_t due;

	if (!pace || ++o->sent % BURST)
		return;
	due = o->began_ns + (int64_t)(o->sent * (uint64_t)NS_PER_S / pace);
	if (due - mono_now().ns >= NS_PER_MS)
		clock_sleep_ms((due - mono_now().ns) / NS_PER_MS);
}

static bool write_all(struct outlet *o, const uint8_t *bytes, size_t len)
{
	o->failed = file_write_all(o->fd, bytes, len, &o->err);
	if (o->failed)
		err_wrap(&o->err, "%s", o->name);
	return o->failed == 0;
}

/* Not sooner than there is something else: who cannot read what was to be
 * written has lost nothing.  A pipe or a device has no length. */
static bool empty(struct outlet *o)
{
	if (o->old && ftruncate(o->fd, 0) < 0 && errno != EINVAL)
		o->failed = err_sys(&o->err, "%s", o->name);
	o->old = false;
	return o->failed == 0;
}

void outlet_expect(struct outlet *o)
{
	if (!o->failed)
		(void)empty(o);
}

static bool write_buffer(struct outlet *o)
{
	size_t len = o->buffered;

	o->buffered = 0;
	return empty(o) && (len == 0 || write_all(o, o->buffer, len));
}

/* Always a whole buffer but for the last: what begins within a page costs the
 * system a quarter more. */
static bool buffer(struct outlet *o, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t n = FILE_BUFFER - o->buffered;

		if (n > len)
			n = len;
		memcpy(o->buffer + o->buffered, bytes, n);
		o->buffered += n;
		bytes += n;
		len -= n;
		if (o->buffered == FILE_BUFFER && !write_buffer(o))
			return false;
	}
	return true;
}

/* A collector says nothing; where there is something to read it has closed,
 * and what is written goes nowhere before the system says so. */
static bool has_closed(struct outlet *o)
{
	char byte;

	if (recv(o->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
		return false;
	o->failed =
		err_set(&o->err, NFZ_E_IO, "%s closed the connection", o->name);
	return true;
}

static bool send_one(struct outlet *o, const uint8_t *bytes, size_t len)
{
	if (is_udp(o)) {
		/* once more after a refusal: it may be the answer to the one
		 * before */
		if (send(o->fd, bytes, len, MSG_NOSIGNAL) < 0 &&
			send(o->fd, bytes, len, MSG_NOSIGNAL) < 0)
			o->unsent++;
		keep_pace(o);
		return true;
	}
	if (!o->buffer) {
		if (!has_closed(o) && write_all(o, bytes, len))
			return true;
		o->unsent++;
		return false;
	}
	return buffer(o, bytes, len);
}

static void lose(struct outlet_lost *to, const struct outlet_lost *more)
{
	to->records += more->records;
	to->packets += more->packets;
	to->octets += more->octets;
}

static bool send_messages(struct outlet *o, int64_t now_ns)
{
	const uint8_t *bytes;
	size_t len;

	while ((len = exporter_take(&o->exporter, now_ns, &bytes)) > 0) {
		const bool sent = send_one(o, bytes, len);

		if (!sent) {
			lose(&o->lost, &o->pending);
			o->lost_records += o->pending.records;
		}
		o->pending = (struct outlet_lost){0};
		if (!sent)
			return false;
	}
	return true;
}

static bool add_one(struct outlet *o, const struct flow_record *r,
	const struct flow_more *more, int64_t now_ns)
{
	const bool both = more && o->opt.exporter.shape.more & MORE_REVERSE &&
			  o->opt.target.format == EXPORT_IPFIX;
	const struct flow_half none = {0},
			       *back = both ? &more->reverse : &none;

	while (!exporter_add(&o->exporter, r, more))
		if (!send_messages(o, now_ns))
			return false;
	lose(&o->pending, &(struct outlet_lost){1, r->packets + back->packets,
				  r->bytes + back->bytes});
	return true;
}

/* Two records where one cannot be both.  Kept apart: most are one. */
static __attribute__((noinline)) bool add_both(struct outlet *o,
	const struct flow_record *r, const struct flow_more *more,
	int64_t now_ns)
{
	const struct flow_record back = flow_more_reverse(r, more);
	struct flow_more turned = *more;

	memcpy(turned.src_mac, more->dst_mac, sizeof(turned.src_mac));
	memcpy(turned.dst_mac, more->src_mac, sizeof(turned.dst_mac));
	turned.values += flow_values(&o->opt.exporter.shape);
	turned.known[0] = more->known[1];
	return (!r->packets || add_one(o, r, more, now_ns)) &&
	       (!back.packets || add_one(o, &back, &turned, now_ns));
}

bool outlet_add(struct outlet *o, const struct flow_record *r,
	const struct flow_more *more, int64_t now_ns)
{
	if (!o)
		return true;
	if (o->failed)
		return false;
	if (!more || o->opt.target.format == EXPORT_IPFIX ||
		!(o->opt.exporter.shape.more & MORE_REVERSE))
		return add_one(o, r, more, now_ns);
	return add_both(o, r, more, now_ns);
}

static bool account(
	struct outlet *o, const struct export_ledger *l, int64_t now_ns)
{
	while (!exporter_account(&o->exporter, l))
		if (!send_messages(o, now_ns))
			return false;
	return true;
}

bool outlet_push(struct outlet *o, int64_t now_ns)
{
	if (!o)
		return true;
	return !o->failed && send_messages(o, now_ns) && write_buffer(o);
}

bool outlet_resample(
	struct outlet *o, const struct export_sampling *how, int64_t now_ns)
{
	if (export_sampling_same(&o->opt.exporter.sampling, how))
		return true;
	if (!outlet_push(o, now_ns))
		return false;
	o->opt.exporter.sampling = *how;
	exporter_resample(&o->exporter, how);
	return true;
}

bool outlet_reshape(
	struct outlet *o, const struct flow_shape *shape, int64_t now_ns)
{
	const bool pushed = outlet_push(o, now_ns);

	o->opt.exporter.shape = *shape;
	exporter_reshape(&o->exporter, shape);
	return pushed;
}

void outlet_remind(
	struct outlet *o, const struct export_ledger *l, int64_t now_ns)
{
	if (!o || o->failed)
		return;
	if (is_udp(o))
		exporter_refresh(&o->exporter);
	(void)account(o, l, now_ns);
}

bool outlet_finish(
	struct outlet *o, const struct export_ledger *l, int64_t now_ns)
{
	if (!o)
		return true;
	if (o->failed || !send_messages(o, now_ns))
		return false;
	return account(o, l, now_ns) && outlet_push(o, now_ns);
}

struct outlet_lost outlet_lost(struct outlet *o)
{
	const struct outlet_lost lost = o->lost;

	o->lost = (struct outlet_lost){0};
	return lost;
}

int outlet_failed(const struct outlet *o, struct err *err)
{
	if (o->failed && err)
		*err = o->err;
	return o->failed;
}

void outlet_stats(const struct outlet *o, struct outlet_stats *ret)
{
	const struct exporter *e = &o->exporter;
	const struct outlet_stats *past = &o->past;

	*ret = (struct outlet_stats){.records = past->records + e->records -
						e->left_out - o->lost_records,
		.messages = past->messages + e->messages,
		.octets = past->octets + e->octets,
		.left_out = past->left_out + e->left_out,
		.retimed = past->retimed + e->retimed,
		.unsent = past->unsent + o->unsent};
}

const char *outlet_name(const struct outlet *o)
{
	return o->name;
}
