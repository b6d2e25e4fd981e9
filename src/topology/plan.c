/* The plan's life and its digest; plan_print.c and plan_parse.c are its file
 * form. */
#include "topology/plan.h"
#include "base/mem.h"
#include "format/crypto.h"
#include "format/sha256.h"
#include "topology/topofile.h"

#include <stdlib.h>
#include <string.h>

static const char *const statuses[] = {[PLAN_OPTIMAL] = "optimal",
	[PLAN_FEASIBLE] = "feasible",
	[PLAN_INFEASIBLE] = "infeasible",
	[PLAN_TIMEOUT] = "timeout",
	[PLAN_BUDGET_LIMITED] = "budget_limited"};
enum { STATUSES = sizeof(statuses) / sizeof(statuses[0]) };

const char *plan_status_name(enum plan_status status)
{
	return (size_t)status < STATUSES ? statuses[status] : "unknown";
}

int plan_status_named(const char *name)
{
	for (int i = 0; name && i < STATUSES; i++)
		if (strcmp(name, statuses[i]) == 0)
			return i;
	return -1;
}

struct plan *plan_new(void)
{
	struct plan *plan = mem_zalloc(1, sizeof(*plan));

	plan->collector.node = -1;
	plan->demand.redundancy = 1;
	plan->demand.dedupe = "owner";
	plan->proof.scale = 1;
	return plan;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_release(&plan->arena);
	free(plan);
}

void plan_element_name(
	const struct plan_element *e, const struct topology *t, struct buf *to)
{
	if (e->link < 0)
		buf_addf(to, "%s - %s", t->nodes[e->from].name,
			t->nodes[e->to].name);
	else
		buf_addf(to, "%s%s%s", t->links[e->link].name,
			e->part ? " " : "", e->part ? e->part : "");
}

bool plan_tap_is_outside(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap)
{
	int node = t->ifaces[tap->iface].node;

	return node != plan->probes[tap->probe].node &&
	       t->nodes[node].role == ROLE_VIRTUAL;
}

const char *plan_tap_os_name(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap)
{
	const struct topo_card *card = t->ifaces[tap->iface].card;

	if (!card->host_os_name && !card->os_name)
		return NULL;
	return plan_tap_is_outside(plan, t, tap) ? card->host_os_name
						 : card->os_name;
}

static void add_digest(void *ctx, const char *data, size_t len)
{
	sha256_add(ctx, data, len);
}

void plan_digest(const struct topology *t, char hex[static 65])
{
	struct sha256 state;
	struct buf text = BUF_SPILL(add_digest, &state);
	uint8_t digest[SHA256_SIZE];

	sha256_init(&state);
	topofile_print(t, &text);
	buf_drain(&text);
	sha256_end(&state, digest);
	crypto_hex(digest, sizeof(digest), hex);
	buf_release(&text);
}
