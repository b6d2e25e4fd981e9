/* Weights are read to see that they are numbers, and then not used: they are
 * no property of the wire. */
#include "testbed/rocketfuel.h"
#include "base/mem.h"

static bool next_line(struct lines *l, struct span *ret)
{
	while (lines_next(l, ret)) {
		struct span rest = *ret, word;

		if (span_word(&rest, &word) && *word.s != '#')
			return true;
	}
	return false;
}

static bool split(struct span line, struct span word[3])
{
	struct span more;
	double weight;

	return span_word(&line, &word[0]) && span_word(&line, &word[1]) &&
	       span_word(&line, &word[2]) && !span_word(&line, &more) &&
	       span_number(word[2], &weight) && weight >= 0;
}

bool rocketfuel_is(const char *text, size_t len)
{
	struct lines l = lines_over(text, len);
	struct span line, word[3];

	return next_line(&l, &line) && split(line, word);
}

static int node_of(struct draft *d, long line, struct span id, int *ret)
{
	struct buf name = BUF_INIT(1 << 16);
	int rc = 0;

	*ret = draft_find(d, id);
	if (*ret < 0) {
		buf_add(&name, id.s, id.n);
		rc = draft_node_id(d, line, id,
			&(struct topo_node){.name = buf_str(&name)}, ret);
		buf_release(&name);
	}
	return rc;
}

static int read_file(struct draft *d, struct draft_wires *wires)
{
	struct lines l = lines_over(d->from->text, d->from->len);
	struct span line, word[3];
	int rc = 0;

	while (!rc && next_line(&l, &line)) {
		struct draft_wire w = {.line = l.no};

		if (!split(line, word))
			return draft_fail(
				d, l.no, "expected \"FROM TO WEIGHT\" here");
		rc = node_of(d, l.no, word[0], &w.ends[0]);
		if (!rc)
			rc = node_of(d, l.no, word[1], &w.ends[1]);
		MEM_PUSH(wires->items, wires->n, wires->cap) = w;
	}
	return rc;
}

int rocketfuel_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	struct draft_wires wires = {0};
	struct draft d;
	int rc;

	draft_open(&d, from, "rocketfuel", err);
	rc = read_file(&d, &wires);
	if (!rc) {
		draft_wires(&d, &wires, true);
		rc = draft_finish(&d, ret);
	}
	free(wires.items);
	draft_release(&d);
	return rc;
}
