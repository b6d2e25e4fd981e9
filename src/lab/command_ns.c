/* nfz-testbed parse, nscheck: an NS file without any machine. */
#include "base/file.h"
#include "base/mem.h"
#include "lab/commands.h"
#include "testbed/ns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NS_MAX = 512 << 10, PRINT_MAX = 64 << 20 };

static int read_file(int argc, char **argv, struct buf *text, struct err *err)
{
	if (argc != 2) {
		err_set(err, NFZ_E_USAGE, "%s needs one file", argv[0]);
		return err_hint(err, "nfz-testbed %s lab.ns", argv[0]);
	}
	if (file_read(argv[1], text, err) == 0)
		return 0;
	err->code = NFZ_E_INPUT; /* it is the caller's to name another */
	return -NFZ_E_INPUT;
}

int lab_parse(int argc, char **argv, int *ret_status, struct err *err)
{
	struct buf text = BUF_INIT(NS_MAX), out = BUF_INIT(PRINT_MAX);
	int r = read_file(argc, argv, &text, err);

	*ret_status = 0;
	if (r == 0)
		r = ns_print(
			buf_str(&text), text.len, argv[1], NULL, &out, err);
	fwrite(buf_str(&out), 1, out.len, stdout);
	if (out.len > 0 && out.data[out.len - 1] != '\n')
		putchar('\n');
	buf_release(&text);
	buf_release(&out);
	return r;
}

int lab_nscheck(int argc, char **argv, int *ret_status, struct err *err)
{
	struct buf text = BUF_INIT(NS_MAX);
	struct ns_limits limits = {.check_only = true};
	struct ns_experiment *e = NULL;
	char *messages = NULL;
	int r = read_file(argc, argv, &text, err);

	*ret_status = 0;
	if (r == 0)
		r = ns_evaluate(buf_str(&text), text.len, argv[1], &limits, &e,
			&messages, err);
	if (messages != NULL)
		fputs(messages, stdout);
	free(messages);
	ns_free(e);
	buf_release(&text);
	return r;
}
