#include "planner/loads.h"

enum { PACKET_BITS = 8000 };

/* What a member can send and receive, 0 if nobody knows. */
static int64_t member_kbps(
	const struct topology *t, const struct topo_member *m)
{
	int64_t speed = t->ifaces[m->iface].card->speed_kbps;
	int64_t shaped = t->ifaces[m->iface].card->shape.bandwidth_kbps;

	if (shaped > 0 && (speed <= 0 || shaped < speed))
		return shaped;
	return speed > 0 ? speed : 0;
}

/* The sum over members of what each sends. */
static int64_t link_load(const struct topology *t, const struct topo_link *l)
{
	int64_t sum = 0;

	for (size_t i = 0; i < l->n_members; i++) {
		int64_t kbps = member_kbps(t, &l->members[i]);

		if (kbps > INT64_C(1) << 40)
			kbps = INT64_C(1) << 40;
		sum += kbps * 1000 / PACKET_BITS;
	}
	return sum;
}

void loads_find(const struct topology *t, const int64_t *given, int64_t *loads)
{
	int64_t most = 0;

	for (size_t i = 0; i < t->n_links; i++) {
		loads[i] = link_load(t, &t->links[i]);
		most = loads[i] > most ? loads[i] : most;
	}
	for (size_t i = 0; i < t->n_links; i++) {
		if (given && given[i] >= 0)
			loads[i] = given[i];
		else if (loads[i] == 0)
			loads[i] = most ? most : 1;
	}
}
