/* An expression means another program on each link type: compiled when a type
 * turns up.  One that has no meaning on a link type lets nothing of it pass. */
#include "probe/sieve.h"
#include "base/mem.h"

#ifndef NFZ_NODE
#include "probe/pcapfile.h"

struct program {
	uint32_t link;
	struct pcapfilter *filter; /* NULL: no meaning there */
};

struct sieve {
	char *expression;
	struct program *programs;
	size_t n, cap, last;
};

enum { LINK_ETHERNET = 1 };

int sieve_new(const char *expression, struct sieve **ret, struct err *err)
{
	struct pcapfilter *filter = NULL;
	struct sieve *s;
	int r;

	if (!expression || !*expression)
		return 0;
	r = pcapfilter_new(expression, LINK_ETHERNET, &filter, err);
	if (r < 0)
		return r;
	s = mem_zalloc(1, sizeof(*s));
	s->expression = mem_strdup(expression);
	MEM_PUSH(s->programs, s->n, s->cap) =
		(struct program){LINK_ETHERNET, filter};
	*ret = s;
	return 0;
}

void sieve_free(struct sieve *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		pcapfilter_free(s->programs[i].filter);
	free(s->programs);
	free(s->expression);
	free(s);
}

static const struct program *program_for(struct sieve *s, uint32_t link)
{
	struct pcapfilter *filter = NULL;

	if (s->programs[s->last].link == link)
		return &s->programs[s->last];
	for (size_t i = 0; i < s->n; i++)
		if (s->programs[i].link == link) {
			s->last = i;
			return &s->programs[i];
		}
	if (pcapfilter_new(s->expression, link, &filter, NULL) < 0)
		filter = NULL;
	MEM_PUSH(s->programs, s->n, s->cap) = (struct program){link, filter};
	s->last = s->n - 1;
	return &s->programs[s->last];
}

bool sieve_passes(struct sieve *s, const struct capfile_frame *f)
{
	const struct program *p = program_for(s, f->link);

	return p->filter && pcapfilter_passes(p->filter, &f->frame);
}

#else

int sieve_new(const char *expression, struct sieve **ret, struct err *err)
{
	(void)ret;
	if (!expression || !*expression)
		return 0;
	return err_set(err, NFZ_E_FILTER,
		"the nfz-meter of nodes knows no filter expressions");
}

void sieve_free(struct sieve *s)
{
	(void)s;
}

bool sieve_passes(struct sieve *s, const struct capfile_frame *f)
{
	(void)s;
	(void)f;
	return true;
}

#endif
