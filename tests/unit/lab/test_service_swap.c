/* Changes of an experiment: the states they pass, what failures cost, calls
 * that wait. */
#define _GNU_SOURCE
#include "test_service_world.h"

#include "base/buf.h"
#include "base/mem.h"
#include "format/xmlrpc.h"
#include "lab/service_parts.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { STEP_MS = 30 };

static struct lab_experiment *experiment(struct world *w, const char *eid)
{
	return lab_experiment_find(w->site, "nfexp", eid);
}

/* A request document: method, then name and text pairs, NULL-ended. */
static char *request(const char *method, const char *eid, ...)
{
	struct buf out = BUF_INIT(1 << 20);
	struct value *params[2] = {value_double(0.1), value_new(VALUE_STRUCT)};
	const char *name;
	char *text;
	va_list ap;

	value_set(params[1], "proj", value_string("nfexp"));
	value_set(params[1], "exp", value_string(eid));
	va_start(ap, eid);
	while ((name = va_arg(ap, const char *)))
		value_set(params[1], name,
			value_string(va_arg(ap, const char *)));
	va_end(ap);
	xmlrpc_print_request(
		method, (const struct value *const *)params, 2, &out);
	value_free(params[0]);
	value_free(params[1]);
	text = mem_strdup(buf_str(&out));
	buf_release(&out);
	return text;
}

struct reply {
	int times;
	int64_t code, value;
	char output[4096];
};

static void keep(void *ctx, const char *document, size_t len)
{
	struct reply *r = ctx;
	struct xmlrpc_response a = {0};

	r->times++;
	cr_assert_eq(xmlrpc_parse_response(document, len, &a, NULL), 0);
	cr_assert(!a.fault, "%s", a.fault_text);
	value_get_int(a.value, "code", &r->code);
	value_get_int(a.value, "value", &r->value);
	snprintf(r->output, sizeof(r->output), "%s",
		value_get_text(a.value, "output"));
	xmlrpc_response_release(&a);
}

static struct lab_call *call(
	struct world *w, char *text, const char *uid, struct reply *r)
{
	const struct lab_request q = {text, strlen(text)};
	struct lab_call *c;

	memset(r, 0, sizeof(*r));
	c = lab_service_call(w->svc, world_user(w, uid), &q, keep, r);
	free(text);
	return c;
}

/* Steps until the experiment has settled; notes the states it passed. */
static void settle(struct world *w, struct lab_experiment *e, char seen[256])
{
	struct mono_time end = mono_add_ms(mono_now(), 30000);
	const char *last = lab_state_name(e->state);

	snprintf(seen, 256, "%s", last);
	while (w->svc->changes && !mono_passed(end)) {
		const char *now;

		cr_assert_eq(loop_step(w->loop, 50, NULL), 0);
		now = lab_state_name(e->state);
		if (strcmp(now, last) != 0) {
			size_t n = strlen(seen);

			snprintf(seen + n, 256 - n, " %s", now);
		}
		last = now;
	}
	for (int i = 0; i < 5; i++)
		cr_assert_eq(loop_step(w->loop, 25, NULL), 0);
}

static const char more[] = "source tb_compat.tcl\nset ns [new Simulator]\n"
			   "set client [$ns node]\nset server [$ns node]\n"
			   "set l [$ns duplex-link $client $server 100Mb 0ms "
			   "DropTail]\n$ns run\n";

Test(service_swap, modify_passes_its_states, .timeout = 60)
{
	struct world *w = world_new(STEP_MS);
	struct lab_experiment *e;
	struct reply r;
	char seen[256], before[16];

	if (!w)
		return;
	e = experiment(w, "lan3");
	snprintf(before, sizeof(before), "%s",
		w->site->machines[lab_machine_of(w->site, e, "client")].id);
	cr_assert_null(call(w,
		request("experiment.modify", "lan3", "nsfilestr", more, NULL),
		"ben", &r));
	cr_assert(r.times == 1 && r.code == 0 && r.output[0] == '\0');
	settle(w, e, seen);
	cr_assert_str_eq(seen, "modify_reparse modify_reswap active");
	cr_assert_str_eq(e->ns_text, more);
	cr_assert_eq(lab_machine_of(w->site, e, "tbdelay0"), -1);
	cr_assert_str_eq(
		w->site->machines[lab_machine_of(w->site, e, "client")].id,
		before, "a survivor keeps its machine");
	cr_assert_eq(w->applied, 1);
	world_free(w);
}

struct failing {
	enum lab_inject inject;
	const char *states, *text;
	int64_t value;
	bool active;
};

static void fails(const struct failing *f)
{
	struct world *w = world_new(STEP_MS);
	struct lab_experiment *e;
	struct reply r;
	char seen[256], *old;
	bool was_there;

	if (!w)
		return;
	e = experiment(w, "lan3");
	old = mem_strdup(e->ns_text);
	lab_service_inject(w->svc, f->inject);
	cr_assert_not_null(call(w,
		request("experiment.modify", "lan3", "nsfilestr", more, "wait",
			"true", NULL),
		"ada", &r));
	cr_assert_eq(r.times, 0, "the answer is held back");
	settle(w, e, seen);
	cr_assert_str_eq(seen, f->states);
	cr_assert_eq(r.times, 1);
	cr_assert_eq(r.code, 2);
	cr_assert_eq(r.value, f->value);
	cr_assert_not_null(strstr(r.output, f->text), "%s", r.output);
	cr_assert_str_eq(e->ns_text, old, "the old text stays");
	was_there = lab_machine_of(w->site, e, "tbdelay0") >= 0;
	cr_assert_eq(was_there, f->active);
	cr_assert_eq(e->ns->n_nodes, 3, "the old topology stays");
	free(old);
	world_free(w);
}

Test(service_swap, failures_cost_what_they_cost_there, .timeout = 60)
{
	const struct failing parse = {LAB_INJECT_PARSE, "modify_reparse active",
		"Update aborted; old virtual state restored.", 1, true};
	const struct failing map = {LAB_INJECT_MAP,
		"modify_reparse modify_reswap active",
		"Update aborted; old state restored.", 1, true};
	const struct failing late = {LAB_INJECT_LATE,
		"modify_reparse modify_reswap swapped",
		"Update aborted; experiment swapped out.", 0x41, false};

	fails(&parse);
	fails(&map);
	fails(&late);
}

Test(service_swap, real_mapping_failure_stays_active, .timeout = 60)
{
	static const char hungry[] =
		"source tb_compat.tcl\nset ns [new Simulator]\n"
		"for {set i 0} {$i < 600} {incr i} {set n($i) [$ns node]}\n"
		"$ns run\n";
	struct world *w = world_new(STEP_MS);
	struct lab_experiment *e;
	struct reply r;
	char seen[256];

	if (!w)
		return;
	e = experiment(w, "lan3");
	call(w,
		request("experiment.modify", "lan3", "nsfilestr", hungry,
			"wait", "yes", NULL),
		"ada", &r);
	settle(w, e, seen);
	cr_assert_str_eq(seen, "modify_reparse modify_reswap active");
	cr_assert(r.code == 2 && r.value == 1);
	cr_assert_geq(lab_machine_of(w->site, e, "tbdelay0"), 0);
	cr_assert_eq(w->applied, 0);
	world_free(w);
}

Test(service_swap, swapped_is_modified_without_machines, .timeout = 60)
{
	struct world *w = world_new(STEP_MS);
	struct lab_experiment *e;
	struct reply r;
	char seen[256];

	if (!w)
		return;
	e = experiment(w, "parked");
	call(w, request("experiment.modify", "parked", "nsfilestr", more, NULL),
		"ada", &r);
	settle(w, e, seen);
	cr_assert_str_eq(seen, "modify_parse swapped");
	cr_assert_eq(e->ns->n_nodes, 2);
	call(w,
		request("experiment.swapexp", "parked", "direction", "in",
			NULL),
		"ada", &r);
	settle(w, e, seen);
	cr_assert_str_eq(seen, "activating active");
	cr_assert_geq(lab_machine_of(w->site, e, "server"), 0);
	call(w,
		request("experiment.swapexp", "parked", "direction", "out",
			NULL),
		"ada", &r);
	settle(w, e, seen);
	cr_assert_str_eq(seen, "swapping swapped");
	cr_assert_eq(w->applied, 2);
	world_free(w);
}

Test(service_swap, statewait_sees_the_state_come, .timeout = 60)
{
	struct world *w = world_new(STEP_MS);
	struct lab_experiment *e;
	struct reply waiting, r;
	struct lab_call *gone;
	char seen[256];

	if (!w)
		return;
	e = experiment(w, "parked");
	cr_assert_not_null(
		call(w, request("experiment.waitforactive", "parked", NULL),
			"ada", &waiting));
	gone = call(w, request("experiment.waitforactive", "parked", NULL),
		"ben", &r);
	cr_assert_not_null(gone);
	lab_call_cancel(w->svc, gone);
	call(w,
		request("experiment.swapexp", "parked", "direction", "in",
			NULL),
		"ada", &r);
	settle(w, e, seen);
	cr_assert_eq(waiting.times, 1);
	cr_assert_str_eq(waiting.output, "active");
	cr_assert_eq(r.times, 1, "the other one was cancelled");
	world_free(w);
}

Test(service_swap, slow_answers_come_later, .timeout = 60)
{
	struct world *w = world_new(STEP_MS);
	struct mono_time from = mono_now();
	struct reply r;

	if (!w)
		return;
	from = mono_now();
	lab_service_delay(w->svc, 200);
	cr_assert_not_null(
		call(w, request("experiment.state", "lan3", NULL), "ada", &r));
	while (r.times == 0 && mono_now().ns - from.ns < 5 * NS_PER_S)
		cr_assert_eq(loop_step(w->loop, 50, NULL), 0);
	cr_assert_eq(r.times, 1);
	cr_assert_geq(mono_now().ns - from.ns, 200 * NS_PER_MS);
	world_free(w);
}

/* nscheck lets it pass (recorded); storing the rows does not. */
Test(service_swap, what_nscheck_overlooks_fails_in_modify, .timeout = 60)
{
	static const char bad[] =
		"source tb_compat.tcl\nset ns [new Simulator]\n"
		"set a [$ns node]\nset b [$ns node]\n"
		"set l [$ns duplex-link $a $b 100Mb 0ms DropTail]\n"
		"$l trace everything\n$ns run\n";
	struct world *w = world_new(STEP_MS);
	struct lab_experiment *e;
	struct reply r;
	char seen[256];

	if (!w)
		return;
	e = experiment(w, "lan3");
	call(w, request("experiment.nscheck", "lan3", "nsfilestr", bad, NULL),
		"ada", &r);
	while (r.times == 0)
		cr_assert_eq(loop_step(w->loop, 50, NULL), 0);
	cr_assert_eq(r.code, 0);
	call(w,
		request("experiment.modify", "lan3", "nsfilestr", bad, "wait",
			"true", NULL),
		"ada", &r);
	settle(w, e, seen);
	cr_assert_str_eq(seen, "modify_reparse active");
	cr_assert_eq(r.code, 2);
	world_free(w);
}

/* A file that runs for ever costs its own process, nobody's time. */
Test(service_swap, a_slow_nscheck_holds_up_nobody, .timeout = 60)
{
	static const char endless[] = "while {1} {set x 1}\n";
	struct world *w = world_new(STEP_MS);
	struct lab_call *c;
	struct reply slow, quick;
	struct mono_time from;

	if (!w)
		return;
	c = call(w,
		request("experiment.nscheck", "lan3", "nsfilestr", endless,
			NULL),
		"ada", &slow);
	cr_assert_not_null(c);
	cr_assert_eq(loop_step(w->loop, 50, NULL), 0);
	from = mono_now();
	cr_assert_null(call(
		w, request("experiment.state", "lan3", NULL), "ada", &quick));
	cr_assert_eq(quick.times, 1);
	cr_assert_lt(mono_now().ns - from.ns, 5 * NS_PER_S);
	cr_assert_eq(slow.times, 0);
	lab_call_cancel(w->svc, c);
	world_free(w);
}
