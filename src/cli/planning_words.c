/* The options of a plan, as they would be typed again. */
#include "cli/planning.h"

static void add_list(
	struct buf *to, const char *option, const struct opt_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		buf_addf(to, "%s%s", i ? "," : option, list->items[i]);
}

static void add_number(struct buf *to, const char *option, int64_t n)
{
	if (n)
		buf_addf(to, " %s %lld", option, (long long)n);
}

void planning_words(const struct plan_options *o, struct buf *to)
{
	const struct {
		const char *option, *value;
	} texts[] = {{"--cover", o->cover}, {"--select", o->select},
		{"--paths", o->paths}, {"--dedupe", o->dedupe},
		{"--objective", o->objective}, {"--costs", o->costs},
		{"--coverage", o->coverage}, {"--loads", o->loads},
		{"--collector", o->collector}, {"--gap", o->gap}};

	buf_adds(to, o->heavy   ? " --heavy"
		     : o->mixed ? " --mixed"
				: " --light");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].value)
			buf_addf(to, " %s %s", texts[i].option, texts[i].value);
	add_number(to, "--redundancy", o->redundancy);
	add_number(to, "--budget", o->budget);
	add_number(to, "--max-pps", o->max_pps);
	add_number(to, "--max-ifaces", o->max_ifaces);
	add_list(to, " --avoid ", &o->avoid);
	add_list(to, " --require ", &o->require);
}
