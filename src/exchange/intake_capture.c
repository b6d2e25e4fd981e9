/* Captures, through a flow cache as nfz-meter --read has it. */
#include "exchange/intake.h"
#include "probe/offline.h"

/* A flow is one record unless it is silent for so long. */
enum { IDLE_MS = 60000, ACTIVE_MS = 24 * 3600 * 1000, FLOWS = 1 << 20 };

struct reading {
	struct intake *in;
	struct offline *offline;
	struct flow_shape shape;
};

static bool on_record(void *data, const struct flow_record *r)
{
	const struct reading *from = data;
	const struct flow_more *more = offline_more(from->offline, r);
	uint8_t values[OTHERS_MAX];
	struct wire w = wire_over(values, sizeof(values));
	struct flow_extra extra = {0};

	if (intake_failed(from->in, NULL) < 0)
		return false;
	if (more)
		metric_fields_tell(
			&from->shape, more->values, more->known[0], &w);
	extra.others = (struct flow_others){values, wire_len(&w)};
	intake_add(from->in, &(const struct flow_rows){r, &extra, 1});
	return intake_failed(from->in, NULL) == 0;
}

static bool on_progress(void *data, const struct capfile *file, uint64_t frames)
{
	const struct reading *from = data;

	(void)file;
	(void)frames;
	return intake_failed(from->in, NULL) == 0;
}

int intake_capture(struct intake *in, const char *path, struct err *err)
{
	struct reading from = {.in = in};
	const struct offline_options options = {.flows = {.idle_ms = IDLE_MS,
							.active_ms = ACTIVE_MS,
							.flows = FLOWS,
							.grows = true,
							.merge_fragments = true,
							.sink = on_record,
							.data = &from},
		.metrics = *intake_metrics(in),
		.progress = on_progress,
		.data = &from};
	struct offline_result result;
	struct err end = ERR_INIT;
	struct offline *o;
	int r = offline_new(&options, &from.offline, err), ended;

	if (r < 0)
		return r;
	o = from.offline;
	from.shape = offline_shape(&options);
	r = offline_read(o, path, err);
	if (r == -NFZ_E_INPUT && !err->hint[0])
		err_hint(err, "Captures, IPFIX files and the CSV of nfdump "
			      "are read.");
	ended = offline_end(o, r < 0 ? &end : err);
	offline_result(o, &result);
	intake_leave_out(in, result.frames - result.ip);
	offline_free(o);
	return r < 0 ? r : ended;
}
