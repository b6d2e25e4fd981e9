/* The libpcap adapter: capture files and filters.  Time stamps are asked for
 * in nanoseconds, whatever the file holds. */
#include "probe/pcapfile.h"
#include "base/clock.h"
#include "base/mem.h"
#include "probe/capfile.h"
#include "probe/pcapold.h"

#include <pcap/pcap.h>

struct pcapfile {
	pcap_t *pcap;
	char *path;
	enum link_layer layer;
	uint32_t link;
};

enum { LINK_RAW = 101, LINK_LOOP = 108 };

/* Numbers in files and libpcap's own differ where systems disagreed once. */
static int find_layer(struct pcapfile *file, struct err *err)
{
	int type = pcap_datalink(file->pcap);

	file->link = type == DLT_RAW    ? LINK_RAW
		     : type == DLT_LOOP ? LINK_LOOP
					: (uint32_t)type;
	if (link_layer_of(file->link, &file->layer))
		return 0;
	return link_unknown(file->path, file->link, err);
}

int pcapfile_open(const char *path, struct pcapfile **ret, struct err *err)
{
	struct pcapfile *file = mem_zalloc(1, sizeof(*file));
	char text[PCAP_ERRBUF_SIZE] = "";
	int r;

	file->path = mem_strdup(path);
	file->pcap = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, text);
	if (!file->pcap)
		r = err_set(err, NFZ_E_INPUT, "%s: %s", path, text);
	else
		r = find_layer(file, err);
	if (r < 0) {
		pcapfile_close(file);
		return r;
	}
	*ret = file;
	return 0;
}

void pcapfile_close(struct pcapfile *file)
{
	if (!file)
		return;
	if (file->pcap)
		pcap_close(file->pcap);
	free(file->path);
	free(file);
}

enum link_layer pcapfile_layer(const struct pcapfile *file)
{
	return file->layer;
}

uint32_t pcapfile_link(const struct pcapfile *file)
{
	return file->link;
}

int pcapfile_next(struct pcapfile *file, struct frame *ret, int64_t *ret_ns,
	struct err *err)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	switch (pcap_next_ex(file->pcap, &header, &data)) {
	case 1:
		break;
	case PCAP_ERROR_BREAK:
		return 0;
	default:
		return err_set(err, NFZ_E_INPUT, "%s: %s", file->path,
			pcap_geterr(file->pcap));
	}
	*ret = (struct frame){.data = data,
		.captured = header->caplen,
		.wire = header->len < header->caplen ? header->caplen
						     : header->len};
	*ret_ns =
		capfile_clamp(capfile_clamp(wall_from_s(header->ts.tv_sec).ns) +
			      header->ts.tv_usec);
	return 1;
}

/* --- filters ------------------------------------------------------------- */

struct pcapfilter {
	struct bpf_program program;
};

int pcapfilter_new(const char *expression, uint32_t linktype,
	struct pcapfilter **ret, struct err *err)
{
	int type = linktype == LINK_RAW    ? DLT_RAW
		   : linktype == LINK_LOOP ? DLT_LOOP
					   : (int)linktype;
	pcap_t *pcap = pcap_open_dead(type, FRAME_MOST);
	struct pcapfilter *filter;
	int r = 0;

	if (!pcap)
		return err_set(err, NFZ_E_FILTER, "no filter for link type %u",
			linktype);
	filter = mem_zalloc(1, sizeof(*filter));
	if (pcap_compile(pcap, &filter->program, expression, 1,
		    PCAP_NETMASK_UNKNOWN) < 0) {
		r = err_set(err, NFZ_E_FILTER, "filter \"%s\": %s", expression,
			pcap_geterr(pcap));
		free(filter);
	} else {
		*ret = filter;
	}
	pcap_close(pcap);
	return r;
}

void pcapfilter_free(struct pcapfilter *filter)
{
	if (!filter)
		return;
	pcap_freecode(&filter->program);
	free(filter);
}

bool pcapfilter_passes(const struct pcapfilter *filter, const struct frame *f)
{
	const struct pcap_pkthdr header = {
		.caplen = f->captured, .len = f->wire};

	return pcap_offline_filter(&filter->program, &header, f->data) != 0;
}
