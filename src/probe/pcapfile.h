/* libpcap: capture files of formats we have no reader for, and filters.  The
 * one place that knows it; not part of node builds. */
#ifndef NFZ_PROBE_PCAPFILE_H
#define NFZ_PROBE_PCAPFILE_H

#include "base/err.h"
#include "probe/dissect.h"

#include <stdint.h>

struct pcapfile;

/* NFZ_E_INPUT for a file that is none, or of a link type we do not dissect.
 * "-" is stdin. */
int pcapfile_open(const char *path, struct pcapfile **ret,
	struct err *err) NFZ_MUST_CHECK;
void pcapfile_close(struct pcapfile *file);
enum link_layer pcapfile_layer(const struct pcapfile *file);
uint32_t pcapfile_link(const struct pcapfile *file); /* LINKTYPE_ number */
/* 1: a frame, which lives until the next call; 0: the end; < 0: the rest of
 * the file cannot be read. */
int pcapfile_next(struct pcapfile *file, struct frame *ret, int64_t *ret_ns,
	struct err *err) NFZ_MUST_CHECK;

struct pcapfilter;

/* NFZ_E_FILTER with libpcap's words. */
int pcapfilter_new(const char *expression, uint32_t linktype,
	struct pcapfilter **ret, struct err *err) NFZ_MUST_CHECK;
void pcapfilter_free(struct pcapfilter *filter);
bool pcapfilter_passes(const struct pcapfilter *filter, const struct frame *f);

#endif
