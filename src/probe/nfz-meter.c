/* nfz-meter: counts the packets on its taps into flow records (nfz-meter(8)).
 */
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "flow/setup.h"
#include "probe/meter_print.h"
#include "probe/privs.h"

#include <signal.h>
#include <string.h>

enum { SETUP_FILE_MAX = 16 << 20 };

struct args {
	const char *setup, *read, *to, *status;
	bool print, help, version;
	int style, verbose;
	int64_t limit_ms, ring_mib, uid, idle_ms, active_ms, fin_ms, flows;
};

static const char *const styles[] = {"text", "json", "csv", "v5", NULL};

#define AT(field) offsetof(struct args, field)
static const struct opt table[] = {
	{"setup", 's', OPT_TEXT, AT(setup), "FILE",
		"what to tap and whom to tell", NULL, 0, 0},
	{"read", 'r', OPT_TEXT, AT(read), "FILE",
		"meter a capture file instead", NULL, 0, 0},
	{"print", 'p', OPT_FLAG, AT(print), NULL,
		"records to stdout, no collector", NULL, 0, 0},
	{"output", 'o', OPT_CHOICE, AT(style), "FORMAT",
		"text, json, csv, v5 (with --read)", styles, 0, 0},
	{"to", 't', OPT_TEXT, AT(to), "ADDR:PORT",
		"where v5 datagrams go (with -o v5)", NULL, 0, 0},
	{"for", 'f', OPT_SPAN, AT(limit_ms), "TIME",
		"end after that long (with --print)", NULL, 0, 0},
	{"status", 0, OPT_TEXT, AT(status), "FILE",
		"keep the state in this file", NULL, 0, 0},
	{"ring-mib", 0, OPT_INT, AT(ring_mib), "N",
		"ring memory per tap, in MiB", NULL, 1, 1024},
	{"user", 'u', OPT_INT, AT(uid), "UID", "become this user", NULL, 0,
		INT32_MAX},
	{"idle", 0, OPT_SPAN, AT(idle_ms), "TIME",
		"a flow ends after silence (with --read)", NULL, 0, 0},
	{"active", 0, OPT_SPAN, AT(active_ms), "TIME",
		"a long flow is reported (with --read)", NULL, 0, 0},
	{"fin", 0, OPT_SPAN, AT(fin_ms), "TIME",
		"a flow ends after FIN or RST (with --read)", NULL, 0, 0},
	{"flows", 0, OPT_INT, AT(flows), "N",
		"most flows at once (with --read)", NULL, 1, 1 << 27},
	{"verbose", 'v', OPT_COUNT, AT(verbose), NULL, "say more", NULL, 0, 0},
	{"help", 'h', OPT_FLAG, AT(help), NULL, "this text", NULL, 0, 0},
	{"version", 'V', OPT_FLAG, AT(version), NULL, "which version this is",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int run_live(const struct args *a, struct err *err)
{
	struct buf text = BUF_INIT(SETUP_FILE_MAX);
	struct setup setup = {0};
	int r = file_read(a->setup, &text, err);

	if (r == 0)
		r = setup_parse(buf_str(&text), text.len, &setup, err);
	if (r < 0)
		err_wrap(err, "%s", a->setup);
	explicit_bzero(text.data, text.len); /* keys */
	buf_release(&text);
	if (r == 0 && a->print) {
		const struct meter_print_options o = {.setup = &setup,
			.style = (enum record_style)a->style,
			.ring_bytes = (uint32_t)a->ring_mib << 20,
			.uid = (uint32_t)a->uid,
			.limit_ms = a->limit_ms};

		r = meter_print_run(&o, err);
	}
	setup_release(&setup);
	return r;
}

int main(int argc, char **argv)
{
	struct args a = {.uid = PRIVS_NOBODY};
	struct err err = ERR_INIT;
	int words = 0;
	int r = opt_parse(table, NULL, &a, argc, argv, &words, &err);

	log_open("nfz-meter", LOG_INFO, true);
	signal(SIGPIPE, SIG_IGN);
	if (r == 0 && a.help) {
		printf("usage: nfz-meter --setup FILE | --read FILE\n");
		opt_print(table, stdout);
		return 0;
	}
	if (r == 0 && a.version) {
		printf("nfz-meter %s\n", NFZ_VERSION);
		return 0;
	}
	if (r == 0 && (words > 0 || !a.setup))
		r = err_set(&err, NFZ_E_USAGE, "--setup or --read, please");
	if (r == 0)
		r = run_live(&a, &err);
	if (r < 0)
		log_err(&err);
	return r < 0 ? err_exit_status(err.code) : 0;
}
