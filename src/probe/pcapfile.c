/* The libpcap adapter: capture files only.  Time stamps are asked for in
 * nanoseconds, whatever the file holds. */
#include "probe/pcapfile.h"
#include "base/clock.h"
#include "base/mem.h"

#include <pcap/pcap.h>

struct pcapfile {
	pcap_t *pcap;
	char *path;
	enum link_layer layer;
};

static const struct {
	int linktype;
	enum link_layer layer;
} layers[] = {
	{DLT_EN10MB, LAYER_ETHERNET},
	{DLT_RAW, LAYER_RAW},
	{14, LAYER_RAW},  /* raw IP as some systems number it */
	{101, LAYER_RAW}, /* LINKTYPE_RAW */
	{DLT_IPV4, LAYER_RAW},
	{DLT_IPV6, LAYER_RAW},
	{DLT_LINUX_SLL, LAYER_COOKED},
	{DLT_LINUX_SLL2, LAYER_COOKED2},
	{DLT_NULL, LAYER_FAMILY},
	{DLT_LOOP, LAYER_FAMILY},
	{DLT_PPP, LAYER_PPP},
	{DLT_PPP_SERIAL, LAYER_PPP},
};

static int find_layer(struct pcapfile *file, struct err *err)
{
	int type = pcap_datalink(file->pcap);
	const char *name = pcap_datalink_val_to_name(type);

	for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
		if (layers[i].linktype == type) {
			file->layer = layers[i].layer;
			return 0;
		}
	return err_set(err, NFZ_E_INPUT,
		"%s: frames of link type %d (%s) cannot be read", file->path,
		type, name ? name : "unknown");
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
		r = err_set(err, NFZ_E_INPUT, "%s", text);
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
	*ret_ns = (int64_t)header->ts.tv_sec * NS_PER_S + header->ts.tv_usec;
	return 1;
}
