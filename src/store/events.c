/* DIR/events.
 *
 * An event is one write at the end of the file, so that writers need no lock:
 * the collector, and nfz-query where no collector runs.  A crash may leave a
 * line without its end; whoever appends next begins a new one. */
#include "store/events.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "store/answer.h"
#include "store/control.h"
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS_FILE "events"
enum {
	LINE_BYTES = 64 + EVENT_TEXT_MAX,
	FILE_BYTES_MAX = EVENTS_MAX * LINE_BYTES
};

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = {
#define X(name, word) word,
		EVENT_KINDS(X)
#undef X
	};

	return names[kind];
}

/* Writing -------------------------------------------------------------- */

/* One line of the text, without blanks around it; cut between characters. */
static size_t tidy(const char *text, char to[static EVENT_TEXT_MAX + 1])
{
	size_t n = 0;

	for (; *text && n < EVENT_TEXT_MAX; text++) {
		unsigned char ch = (unsigned char)*text;

		if (ch <= ' ' || ch == 127)
			ch = ' ';
		if (ch != ' ' || n)
			to[n++] = (char)ch;
	}
	if ((*text & 0xc0) == 0x80) { /* within a character of UTF-8 */
		while (n && (to[n - 1] & 0xc0) == 0x80)
			n--;
		n -= n > 0;
	}
	while (n && to[n - 1] == ' ')
		n--;
	to[n] = '\0';
	return n;
}

/* A line without its end would take ours in. */
static bool is_torn(int fd, off_t size)
{
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

int events_add(const char *dir, const struct event *e, struct err *err)
{
	char text[EVENT_TEXT_MAX + 1];
	struct buf line = BUF_INIT(LINE_BYTES + 64);
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	if (tidy(e->text, text) == 0)
		return err_set(err, NFZ_E_USAGE, "a mark needs words");
	r = store_file_open(
		dir, EVENTS_FILE, O_RDWR | O_CREAT | O_APPEND, &fd, err);
	if (r < 0)
		return r;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "%s/" EVENTS_FILE, dir);
	if (st.st_size > FILE_BYTES_MAX - LINE_BYTES)
		return err_set(err, NFZ_E_LIMIT,
			"%s/" EVENTS_FILE " holds as many as it may", dir);
	buf_adds(&line, is_torn(fd, st.st_size) ? "\n" : "");
	buf_addf(&line, "%" PRId64 " %s ", e->at_ns, event_kind_name(e->kind));
	if (e->kind == EVENT_PROBE)
		buf_addf(&line, "%u ", e->module);
	buf_addf(&line, "%s\n", text);
	r = file_write_all(fd, buf_str(&line), line.len, err);
	buf_release(&line);
	if (r == 0 && fsync(fd) < 0)
		r = err_sys(err, "%s/" EVENTS_FILE, dir);
	return r < 0 || st.st_size ? r : store_dir_sync(dir, err);
}

int events_tell(const char *dir, const struct event *told, struct err *err)
{
	/* no longer than a line may be; cut as it should be when it is added */
	cleanup_free char *line = mem_printf("%s %" PRId64 " %.400s",
		event_kind_name(told->kind), told->at_ns, told->text);
	struct buf answer = BUF_INIT(1 << 16);
	struct event e = *told;
	int r;

	if (!e.at_ns)
		e.at_ns = wall_now().ns;
	for (char *ch = line; *ch; ch++)
		*ch = *ch == '\n' ? ' ' : *ch;
	r = control_ask(dir, line, 5000, &answer, err);
	buf_release(&answer);
	if (r != -NFZ_E_UNREACHABLE)
		return r;
	err_clear(err);
	return events_add(dir, &e, err);
}

/* Reading -------------------------------------------------------------- */

static const char *node_of(const struct catalog *c, unsigned long module)
{
	for (size_t i = 0; i < c->n_taps; i++)
		if (c->taps[i].module == module)
			return c->nodes[c->taps[i].node].name;
	return NULL;
}

static int kind_of(const char *word)
{
	for (int i = 0; i < EVENT_KIND_COUNT; i++)
		if (strcmp(word, event_kind_name((enum event_kind)i)) == 0)
			return i;
	return -1;
}

/* "NS KIND TEXT", "NS probe MODULE TEXT"; false: nothing we know. */
static bool parse(struct events *to, const struct catalog *c, char *line,
	struct event *ret)
{
	char *rest = line, *kind, *end;
	int64_t module;
	int k;

	errno = 0;
	ret->at_ns = strtoll(strsep(&rest, " "), &end, 10);
	kind = *end || errno || end == line ? NULL : strsep(&rest, " ");
	k = kind ? kind_of(kind) : -1;
	if (k < 0 || !rest || !*rest)
		return false;
	ret->kind = (enum event_kind)k;
	ret->text = rest;
	if (ret->kind != EVENT_PROBE)
		return true;
	if (!span_count(span_of(strsep(&rest, " ")), UINT16_MAX, &module) ||
		!rest)
		return false;
	ret->module = (uint16_t)module;
	ret->node = node_of(c, ret->module);
	ret->text = ret->node ? arena_printf(&to->arena, "probe on %.100s %s",
					ret->node, rest)
			      : arena_printf(&to->arena, "module %u %s",
					ret->module, rest);
	return true;
}

/* Stable, and quick where they are in order, as they nearly always are. */
static void sort(struct events *e)
{
	for (size_t i = 1; i < e->n; i++)
		for (size_t k = i;
			k > 0 && e->items[k].at_ns < e->items[k - 1].at_ns;
			k--) {
			struct event later = e->items[k - 1];

			e->items[k - 1] = e->items[k];
			e->items[k] = later;
		}
}

int events_read(const char *dir, const struct catalog *c, struct events *ret,
	struct err *err)
{
	cleanup_free char *path = mem_printf("%s/" EVENTS_FILE, dir);
	struct buf text = BUF_INIT(FILE_BYTES_MAX);
	char *line, *rest;
	int r;

	*ret = (struct events){0};
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0;
	r = file_read(path, &text, err);
	/* what follows the last end of a line is not whole */
	while (text.len && text.data[text.len - 1] != '\n')
		text.len--;
	rest = r < 0 ? NULL
		     : arena_strndup(&ret->arena, buf_str(&text), text.len);
	buf_release(&text);
	while ((line = strsep(&rest, "\n")) && ret->n < EVENTS_MAX) {
		struct event e = {0};

		if (parse(ret, c, line, &e))
			MEM_PUSH(ret->items, ret->n, ret->cap) = e;
	}
	sort(ret);
	return r;
}

void events_release(struct events *e)
{
	arena_release(&e->arena);
	free(e->items);
	*e = (struct events){0};
}

static bool has(const struct events *all, const struct event *e)
{
	char text[EVENT_TEXT_MAX + 1];

	tidy(e->text, text);
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].at_ns == e->at_ns &&
			all->items[i].kind == e->kind &&
			strcmp(all->items[i].text, text) == 0)
			return true;
	return false;
}

int events_tell_new(const char *dir, const struct event *items, size_t n,
	size_t *ret_new, struct err *err)
{
	const struct catalog nobody = {0}; /* probes are not asked for */
	struct events all;
	int r = events_read(dir, &nobody, &all, err);

	*ret_new = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (has(&all, &items[i]))
			continue;
		r = events_tell(dir, &items[i], err);
		*ret_new += r == 0;
	}
	events_release(&all);
	return r;
}

int events_print(const struct events *e, const struct events_range *range,
	struct sheet_form form, struct err *err)
{
	static const struct sheet_column heads[] = {
		{.name = "AT"}, {.name = "KIND"}, {.name = "TEXT", .text = 30}};
	static const struct sheet_column names[] = {
		{.name = "at"}, {.name = "kind"}, {.name = "text"}};
	struct sheet s;

	sheet_print(&s, form, form.format == SHEET_TABLE ? heads : names, 3);
	sheet_begin(&s, "netflowize.events/1", "events");
	for (size_t i = 0; i < e->n; i++) {
		if (!events_range_has(range, &e->items[i]))
			continue;
		answer_time_cell(&s, e->items[i].at_ns);
		sheet_text(&s, event_kind_name(e->items[i].kind));
		sheet_text(&s, e->items[i].text);
	}
	sheet_end(&s);
	return sheet_close(&s, err);
}
