/* Gathers thirty records to a datagram.  Many at once overrun any collector's
 * buffer, so a paced exporter rests after each burst. */
#define _GNU_SOURCE
#include "probe/v5out.h"
#include "base/clock.h"
#include "base/mem.h"
#include "flow/nf5.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BURST = 16, REST_US = 2000, TEXT_MAX = 80 };

struct v5out {
	int fd;
	bool paced;
	struct nf5_exporter exporter;
	struct flow_record records[NF5_RECORDS];
	size_t n;
	struct v5out_stats stats;
};

static int connect_to(
	const struct v5out_options *o, int *ret_fd, struct err *err)
{
	struct sockaddr_in to4 = {
		.sin_family = AF_INET, .sin_port = htons(o->port)};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(o->port)};
	bool v4 = net_addr_is_v4(&o->to);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, "cannot open a socket for NetFlow v5");
	memcpy(&to4.sin_addr, o->to.b + 12, 4);
	memcpy(&to6.sin6_addr, o->to.b, 16);
	if (connect(fd, v4 ? (const void *)&to4 : (const void *)&to6,
		    v4 ? sizeof(to4) : sizeof(to6)) < 0) {
		err_sys(err, "cannot send NetFlow v5");
		close(fd);
		return -NFZ_E_IO;
	}
	*ret_fd = fd;
	return 0;
}

int v5out_open(
	const struct v5out_options *o, struct v5out **ret, struct err *err)
{
	int fd = -1;
	int r = connect_to(o, &fd, err);

	if (r < 0)
		return r;
	*ret = mem_zalloc(1, sizeof(**ret));
	(*ret)->fd = fd;
	(*ret)->paced = o->paced;
	nf5_exporter_init(&(*ret)->exporter,
		o->start_ns ? o->start_ns : wall_now().ns, o->engine);
	return 0;
}

void v5out_close(struct v5out *v)
{
	if (!v)
		return;
	close(v->fd);
	free(v);
}

void v5out_push(struct v5out *v)
{
	uint8_t out[NF5_DATAGRAM];
	size_t done = 0, used = 0, len;

	if (!v)
		return;
	while ((len = nf5_encode(&v->exporter, wall_now().ns, v->records + done,
			v->n - done, out, &used)) > 0) {
		done += used;
		v->stats.datagrams++;
		/* once more after a refusal: it may be the answer to the
		 * one before */
		if (send(v->fd, out, len, MSG_NOSIGNAL) < 0 &&
			send(v->fd, out, len, MSG_NOSIGNAL) < 0)
			v->stats.unsent++;
		if (v->paced && v->stats.datagrams % BURST == 0)
			usleep(REST_US);
	}
	v->n = 0;
}

void v5out_add(struct v5out *v, const struct flow_record *r)
{
	if (!v)
		return;
	v->stats.records++;
	v->records[v->n++] = *r;
	if (v->n == NF5_RECORDS)
		v5out_push(v);
}

void v5out_stats(const struct v5out *v, struct v5out_stats *ret)
{
	*ret = v->stats;
	ret->left_out = v->exporter.left_out;
}

int v5out_parse(const char *text, struct v5out_options *ret, struct err *err)
{
	const char *colon = strrchr(text, ':');
	char addr[TEXT_MAX], *start = addr, *end;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (len > 0 && len < sizeof(addr) && port > 0 && port <= 65535 &&
		*end == '\0') {
		memcpy(addr, text, len);
		addr[len] = '\0';
		if (addr[0] == '[' && addr[len - 1] == ']') {
			addr[len - 1] = '\0';
			start++;
		}
		if (net_addr_parse(start, &ret->to)) {
			ret->port = (uint16_t)port;
			return 0;
		}
	}
	return err_set(err, NFZ_E_USAGE, "\"%s\" is no ADDRESS:PORT", text);
}
