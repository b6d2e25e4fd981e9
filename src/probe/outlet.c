/* One message at a time.  Many at once overrun any collector's buffer, so a
 * paced outlet rests after each burst until its rate is kept. */
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
	enum outlet_transport transport;
	uint32_t pace;
	int64_t began_ns; /* of the pacing */
	char name[TEXT_MAX];
	int failed;
	struct err err;
	uint64_t unsent, sent;
	uint8_t *buffer; /* of a file: several messages a write */
	size_t buffered;
	struct exporter exporter;
};

static int connect_to(
	const struct outlet_options *o, int *ret_fd, struct err *err)
{
	struct sockaddr_in to4 = {
		.sin_family = AF_INET, .sin_port = htons(o->port)};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(o->port)};
	bool v4 = net_addr_is_v4(&o->to);
	int type = o->transport == OUTLET_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, "cannot open a socket for export");
	memcpy(&to4.sin_addr, o->to.b + 12, 4);
	memcpy(&to6.sin6_addr, o->to.b, 16);
	if (connect(fd, v4 ? (const void *)&to4 : (const void *)&to6,
		    v4 ? sizeof(to4) : sizeof(to6)) < 0) {
		err_sys(err, "cannot export to port %u", o->port);
		close(fd);
		return -NFZ_E_IO;
	}
	*ret_fd = fd;
	return 0;
}

static int open_fd(const struct outlet_options *o, int *ret_fd, struct err *err)
{
	if (o->transport != OUTLET_FILE)
		return connect_to(o, ret_fd, err);
	*ret_fd = STDOUT_FILENO;
	if (strcmp(o->path, "-") != 0)
		*ret_fd = open(o->path,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return *ret_fd < 0 ? err_sys(err, "%s", o->path) : 0;
}

static void name_it(struct outlet *out, const struct outlet_options *o)
{
	const char *format = export_format_name(o->exporter.format);
	char addr[NET_ADDR_TEXT];

	if (o->transport == OUTLET_FILE)
		snprintf(
			out->name, sizeof(out->name), "%s %s", format, o->path);
	else
		snprintf(out->name, sizeof(out->name), "%s%s %s:%u", format,
			o->transport == OUTLET_TCP ? "+tcp" : "",
			net_addr_print(&o->to, addr), o->port);
}

int outlet_open(
	const struct outlet_options *o, struct outlet **ret, struct err *err)
{
	struct exporter_options exporter = o->exporter;
	struct outlet *out;
	int fd = -1;
	int r = open_fd(o, &fd, err);

	if (r < 0)
		return r;
	out = mem_zalloc(1, sizeof(*out));
	out->fd = fd;
	out->transport = o->transport;
	out->pace = o->transport == OUTLET_UDP ? o->pace : 0;
	out->began_ns = mono_now().ns;
	if (o->transport == OUTLET_FILE)
		out->buffer = mem_zalloc(FILE_BUFFER, 1);
	name_it(out, o);
	exporter.refresh = o->transport == OUTLET_UDP;
	exporter.message =
		exporter.refresh ? EXPORT_DATAGRAM : EXPORT_MESSAGE_MOST;
	exporter_init(&out->exporter, &exporter);
	*ret = out;
	return 0;
}

void outlet_close(struct outlet *o)
{
	if (!o)
		return;
	if (o->fd != STDOUT_FILENO)
		close(o->fd);
	free(o->buffer);
	free(o);
}

static void keep_pace(struct outlet *o)
{
	int64_t due;

	if (!o->pace || ++o->sent % BURST)
		return;
	due = o->began_ns + (int64_t)(o->sent * (uint64_t)NS_PER_S / o->pace);
	if (due - mono_now().ns >= NS_PER_MS)
		clock_sleep_ms((due - mono_now().ns) / NS_PER_MS);
}

static bool write_all(struct outlet *o, const uint8_t *bytes, size_t len)
{
	o->failed = file_write_all(o->fd, bytes, len, &o->err);
	return o->failed == 0;
}

static bool write_buffer(struct outlet *o)
{
	size_t len = o->buffered;

	o->buffered = 0;
	return len == 0 || write_all(o, o->buffer, len);
}

static bool send_one(struct outlet *o, const uint8_t *bytes, size_t len)
{
	switch (o->transport) {
	case OUTLET_UDP:
		/* once more after a refusal: it may be the answer to the one
		 * before */
		if (send(o->fd, bytes, len, MSG_NOSIGNAL) < 0 &&
			send(o->fd, bytes, len, MSG_NOSIGNAL) < 0)
			o->unsent++;
		keep_pace(o);
		return true;
	case OUTLET_TCP:
		return write_all(o, bytes, len);
	case OUTLET_FILE:
		break;
	}
	if (o->buffered + len > FILE_BUFFER && !write_buffer(o))
		return false;
	memcpy(o->buffer + o->buffered, bytes, len);
	o->buffered += len;
	return true;
}

static bool send_messages(struct outlet *o, int64_t now_ns)
{
	const uint8_t *bytes;
	size_t len;

	while ((len = exporter_take(&o->exporter, now_ns, &bytes)) > 0)
		if (!send_one(o, bytes, len))
			return false;
	return true;
}

bool outlet_add(struct outlet *o, const struct flow_record *r, int64_t now_ns)
{
	if (!o)
		return true;
	if (o->failed)
		return false;
	if (exporter_add(&o->exporter, r))
		return true;
	return send_messages(o, now_ns) && exporter_add(&o->exporter, r);
}

bool outlet_push(struct outlet *o, int64_t now_ns)
{
	if (!o)
		return true;
	return !o->failed && send_messages(o, now_ns) && write_buffer(o);
}

bool outlet_finish(
	struct outlet *o, const struct export_ledger *l, int64_t now_ns)
{
	if (!o)
		return true;
	if (o->failed || !send_messages(o, now_ns))
		return false;
	exporter_account(&o->exporter, l);
	return outlet_push(o, now_ns);
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

	*ret = (struct outlet_stats){.records = e->records - e->left_out,
		.messages = e->messages,
		.octets = e->octets,
		.left_out = e->left_out,
		.unsent = o->unsent};
}

const char *outlet_name(const struct outlet *o)
{
	return o->name;
}

/* --- addresses ----------------------------------------------------------- */

static bool parse_address(const char *text, struct outlet_options *ret)
{
	const char *colon = strrchr(text, ':');
	char addr[TEXT_MAX], *start = addr, *end;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (len == 0 || len >= sizeof(addr) || port == 0 || port > 65535 ||
		*end != '\0')
		return false;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (addr[0] == '[' && addr[len - 1] == ']') {
		addr[len - 1] = '\0';
		start++;
	}
	ret->port = (uint16_t)port;
	return net_addr_parse(start, &ret->to);
}

/* The words in front of "://"; their length, or none. */
static bool parse_format(
	const char *text, size_t len, struct outlet_options *ret)
{
	for (int i = 0; i < EXPORT_FORMATS; i++) {
		const char *name = export_format_name((enum export_format)i);
		size_t n = strlen(name);

		if (len < n || memcmp(text, name, n) != 0)
			continue;
		ret->exporter.format = (enum export_format)i;
		ret->transport = OUTLET_UDP;
		if (len == n)
			return true;
		ret->transport = OUTLET_TCP;
		return i == EXPORT_IPFIX && len == n + 4 &&
		       memcmp(text + n, "+tcp", 4) == 0;
	}
	return false;
}

int outlet_parse(const char *text, struct outlet_options *ret, struct err *err)
{
	const char *mark = strstr(text, "://");

	ret->transport = OUTLET_UDP;
	ret->exporter.format = EXPORT_NF5;
	if (mark && !parse_format(text, (size_t)(mark - text), ret))
		return err_set(err, NFZ_E_USAGE,
			"\"%s\" is none of the formats nf1, nf5, nf7, nf9, "
			"ipfix, ipfix+tcp",
			text);
	if (parse_address(mark ? mark + 3 : text, ret))
		return 0;
	return err_set(err, NFZ_E_USAGE, "\"%s\" is no ADDRESS:PORT", text);
}
