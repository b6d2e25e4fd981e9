/* Foreign exporters (private to foreign*.c): those that cannot be
 * authenticated.  Only when the setup names a port, only from the addresses it
 * lists, every record flagged.  They cannot be asked to send again: what the
 * disk does not take is counted. */
#ifndef NFZ_COLLECTOR_FOREIGN_H
#define NFZ_COLLECTOR_FOREIGN_H

#include "collector/collector.h"
#include "collector/sources.h"
#include "flow/flowset.h"
#include "flow/sflow.h"
#include "flow/udp.h"

struct foreign_streams;

/* What DIR/templates holds (templates.c). */
struct foreign_templates {
	uint64_t changes; /* as saved last */
	int64_t saved_ns;
};

struct foreign {
	struct collector *c;
	struct udp udp;
	struct foreign_streams *streams; /* IPFIX over TCP */
	struct sources sources;
	struct flowset *sets;
	struct foreign_templates kept;
	struct sflow_datagram sflow;
	uint32_t message_flows; /* of the message being read */
	uint64_t seq, life;
	uint64_t counted; /* messages whose counts the store has */
	uint64_t malformed, unlisted, unstored;
	uint64_t dropped; /* connections that others were let in for, or idle */
};

bool foreign_listed(const struct foreign *f, const struct net_addr *addr);
/* One NetFlow 9 or IPFIX message. */
void foreign_message(struct foreign *f, const struct flowset_session *from,
	const uint8_t *data, size_t len);

/* templates.c */
void foreign_load_templates(struct foreign *f);
void foreign_save_templates(struct foreign *f);

/* foreign_tcp.c */
int foreign_streams_open(struct foreign *f, struct err *err) NFZ_MUST_CHECK;
void foreign_streams_close(struct foreign *f);
/* Closes those that have sent no whole message for half an hour. */
void foreign_streams_expire(struct foreign *f, struct mono_time now);

#endif
