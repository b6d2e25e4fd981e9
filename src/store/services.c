/* services(5): "name port/protocol aliases # comment".  The first name of a
 * port counts. */
#include "store/services.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/map.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 << 20, NAME_MAX_LEN = 40 };

struct services {
	struct arena arena;
	struct map names; /* of struct port */
};

struct port {
	uint16_t port, proto;
};

static int protocol(const char *name, size_t len)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {{"tcp", 6}, {"udp", 17}, {"dccp", 33}, {"sctp", 132}};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].name) == len &&
			memcmp(known[i].name, name, len) == 0)
			return known[i].number;
	return -1;
}

static void parse_line(struct services *s, const char *line, const char *end)
{
	static const char blanks[] = " \t\r";
	const char *name = line, *number;
	struct port key = {0};
	char *slash;
	unsigned long port;
	size_t len = 0, rest;
	int proto;

	while (line < end && !strchr(blanks, *line))
		line++;
	len = (size_t)(line - name);
	while (line < end && strchr(blanks, *line))
		line++;
	number = line;
	while (line < end && !strchr(blanks, *line))
		line++;
	if (!len || len > NAME_MAX_LEN || number == line || *number < '0' ||
		*number > '9')
		return;
	port = strtoul(number, &slash, 10);
	rest = (size_t)(line - slash);
	if (port > UINT16_MAX || slash >= line || *slash != '/')
		return;
	proto = protocol(slash + 1, rest - 1);
	if (proto < 0)
		return;
	key.port = (uint16_t)port;
	key.proto = (uint16_t)proto;
	if (!map_has(&s->names, &key, sizeof(key)))
		map_put(&s->names, &key, sizeof(key),
			arena_strndup(&s->arena, name, len));
}

struct services *services_parse(const char *text, size_t len)
{
	struct services *s = mem_zalloc(1, sizeof(*s));
	struct lines lines = lines_over(text, len);
	struct span line;

	map_init(&s->names);
	while (lines_next(&lines, &line)) {
		const char *comment = memchr(line.s, '#', line.n);

		if (!memchr(line.s, '\0', line.n))
			parse_line(
				s, line.s, comment ? comment : line.s + line.n);
	}
	return s;
}

int services_load(const char *path, struct services **ret, struct err *err)
{
	struct buf text = BUF_INIT(FILE_MAX);
	int r = file_read(path, &text, err);

	if (r < 0 && err->sys == ENOENT) {
		err_clear(err);
		r = 0;
	}
	if (r == 0)
		*ret = services_parse(buf_str(&text), text.len);
	buf_release(&text);
	return r;
}

void services_free(struct services *s)
{
	if (!s)
		return;
	map_release(&s->names);
	arena_release(&s->arena);
	free(s);
}

const char *services_name(
	const struct services *s, uint8_t proto, uint16_t port)
{
	const struct port key = {port, proto};

	return s ? map_get(&s->names, &key, sizeof(key)) : NULL;
}

uint16_t services_port(const struct services *s, const struct flow_key *k)
{
	const bool src = services_name(s, k->proto, k->sport) != NULL;
	const bool dst = services_name(s, k->proto, k->dport) != NULL;

	if (src != dst)
		return src ? k->sport : k->dport;
	return k->sport < k->dport ? k->sport : k->dport;
}
