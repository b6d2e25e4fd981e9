/* Which reader a file needs, by its first bytes. */
#include "probe/capfile.h"
#include "base/mem.h"
#include "probe/pcapng.h"
#include "probe/pcapold.h"
#ifndef NFZ_NODE
#include "probe/pcapfile.h"
#endif

#include <string.h>

enum kind { KIND_PCAP, KIND_PCAPNG, KIND_FOREIGN };

struct capfile {
	struct window window;
	char *path;
	enum kind kind;
	struct pcapold old;
	struct pcapng *ng;
	struct pcapfile *foreign;
};

/* By its first bytes (RFC 1952, RFC 8878, and what xz and bzip2 write): what
 * unpacks it; NULL: it is not compressed, or who knows how. */
static const char *unpacker(const struct window *w)
{
	static const struct {
		const char *program;
		size_t n;
		uint8_t begins[6];
	} known[] = {{"zcat", 2, {0x1f, 0x8b}},
		{"zstdcat", 4, {0x28, 0xb5, 0x2f, 0xfd}},
		{"xzcat", 6, {0xfd, '7', 'z', 'X', 'Z', 0}},
		{"bzcat", 3, {'B', 'Z', 'h'}}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (window_left(w) >= known[i].n &&
			memcmp(window_here(w), known[i].begins, known[i].n) ==
				0)
			return known[i].program;
	return NULL;
}

static int open_foreign(struct capfile *file, struct err *err)
{
	const char *with = unpacker(&file->window);

	if (!window_left(&file->window))
		return err_set(err, NFZ_E_INPUT, "%s: is empty", file->path);
	if (with)
		return err_set(err, NFZ_E_INPUT,
			"%s: is compressed; try %s FILE | nfz-meter -r -",
			file->path, with);
#ifndef NFZ_NODE
	if (!file->window.waits) {
		window_close(&file->window);
		file->kind = KIND_FOREIGN;
		return pcapfile_open(file->path, &file->foreign, err);
	}
#endif
	return err_set(
		err, NFZ_E_INPUT, "%s: is no pcap or pcapng file", file->path);
}

static int choose(struct capfile *file, struct err *err)
{
	int r = window_fill(&file->window, PCAPOLD_HEADER, err);

	if (r < 0)
		return r;
	if (r > 0 && pcapold_is(&file->window)) {
		file->kind = KIND_PCAP;
		return pcapold_open(&file->old, &file->window, err);
	}
	if (r > 0 && pcapng_is(&file->window)) {
		file->kind = KIND_PCAPNG;
		return pcapng_open(&file->window, &file->ng, err);
	}
	return open_foreign(file, err);
}

int64_t capfile_clamp(int64_t ns)
{
	const int64_t most = (INT64_C(1) << 62) - (INT64_C(1) << 52);

	return ns > most ? most : ns < -most ? -most : ns;
}

int capfile_open(const char *path, const struct window_pause *pause,
	struct capfile **ret, struct err *err)
{
	struct capfile *file = mem_zalloc(1, sizeof(*file));
	int r;

	file->path = mem_strdup(path);
	r = window_open(&file->window, file->path, pause, err);
	if (r == 0)
		r = choose(file, err);
	if (r < 0) {
		capfile_close(file);
		return r;
	}
	*ret = file;
	return 0;
}

void capfile_close(struct capfile *file)
{
	if (!file)
		return;
	pcapng_free(file->ng);
#ifndef NFZ_NODE
	pcapfile_close(file->foreign);
#endif
	window_close(&file->window);
	free(file->path);
	free(file);
}

static int read_foreign(
	struct capfile *file, struct capfile_frame *ret, struct err *err)
{
#ifndef NFZ_NODE
	int r = pcapfile_next(file->foreign, &ret->frame, &ret->time_ns, err);

	ret->layer = pcapfile_layer(file->foreign);
	ret->link = pcapfile_link(file->foreign);
	return r;
#else
	(void)file;
	(void)ret;
	return err_set(err, NFZ_E_INTERNAL, "no libpcap here");
#endif
}

int capfile_read(struct capfile *file, struct capfile_frame *frames,
	size_t room, struct err *err)
{
	switch (file->kind) {
	case KIND_PCAP:
		return pcapold_read(&file->old, frames, room, err);
	case KIND_PCAPNG:
		return pcapng_read(file->ng, frames, room, err);
	case KIND_FOREIGN:
		break;
	}
	return read_foreign(file, frames, err);
}

uint64_t capfile_done(const struct capfile *file)
{
	return file->window.read;
}

uint64_t capfile_size(const struct capfile *file)
{
	return file->window.size;
}
