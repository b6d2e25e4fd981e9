/* Subnets of an experiment: which are taken, which is next. */
#ifndef NFZ_TESTBED_NS_SUBNET_H
#define NFZ_TESTBED_NS_SUBNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ns_subnet {
	uint32_t net, mask; /* host order */
};

struct ns_subnets {
	struct ns_subnet *items;
	size_t n, cap;
	/* Per mask, the last one given: those before it stay taken. */
	struct ns_subnet *last;
	size_t n_last, cap_last;
};

void ns_subnet_use(struct ns_subnets *s, uint32_t net, uint32_t mask);
/* The first free subnet of this mask in 10.0.0.0/8, counted from 10.1.1.0 as
 * the testbed counts; it is taken from then on.  false: none is left. */
bool ns_subnet_get(struct ns_subnets *s, uint32_t mask, uint32_t *ret);

#endif
