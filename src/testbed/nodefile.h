/* Files and reports that tell which shaper stands where: pure parsers of text
 * that others wrote (emulab-api reference, 5.5, 6, 6.1, 6.3).
 *
 * Lines that do not have the right form are passed over; names and interface
 * names with odd characters make a line such a one. */
#ifndef NFZ_TESTBED_NODEFILE_H
#define NFZ_TESTBED_NODEFILE_H

#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NODEFILE_NAME_MAX = 64, NODEFILE_IFACE_MAX = 32 };

/* Letters, digits, - and _, and for links also . ( and ). */
bool nodefile_name_valid(const char *name, bool of_link);

/* One line of ifmap. */
struct nodefile_iface {
	char os_name[NODEFILE_IFACE_MAX];
	uint8_t mac[6];
	bool has_addr; /* ports have none */
	struct net_addr addr;
};
struct nodefile_ifaces {
	struct nodefile_iface *items;
	size_t n, cap;
};
void nodefile_ifmap(const char *text, size_t len, struct nodefile_ifaces *ret);
void nodefile_ifaces_release(struct nodefile_ifaces *list);

struct nodefile_port {
	char name[NODEFILE_IFACE_MAX];    /* the testbed's; "" unknown */
	char os_name[NODEFILE_IFACE_MAX]; /* "" unknown */
	bool has_mac;
	uint8_t mac[6];
};

/* One shaper or trace bridge.  port[0] faces vnode[0]; equal vnodes mean a
 * LAN member, port[1] then faces the LAN. */
struct nodefile_shaper {
	char node[NODEFILE_NAME_MAX]; /* report only: "tbdelay0" */
	char link[NODEFILE_NAME_MAX];
	char vnode[2][NODEFILE_NAME_MAX];
	struct nodefile_port port[2];
	bool shapes;
};
struct nodefile_shapers {
	struct nodefile_shaper *items;
	size_t n, cap;
};
/* Append what the text tells.  delay_mapping: OS names, eight-field lines
 * only (end nodes write others). */
void nodefile_delay_mapping(
	const char *text, size_t len, struct nodefile_shapers *ret);
/* Output of `tmcc delay`: MAC addresses, and which do not shape. */
void nodefile_tmcc_delay(
	const char *text, size_t len, struct nodefile_shapers *ret);
/* The report's "Delay Node Switch Info": the testbed's interface names. */
void nodefile_report(
	const char *text, size_t len, struct nodefile_shapers *ret);
void nodefile_shapers_release(struct nodefile_shapers *list);

#endif
