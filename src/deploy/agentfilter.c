/* Reference: draft-miller-ssh-agent, sections 4.4 and 4.6. */
#define _GNU_SOURCE
#include "deploy/agentfilter.h"
#include "base/cursor.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/unixsock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "nfz-agent."

enum {
	ABANDONED_S = 60,
	MESSAGE_MAX = 256 << 10,
	KEYS_MAX = 1024,
	CLIENTS_MAX = 256,
	ASK_MS = 3000,
	REQUEST_IDENTITIES = 11,
	IDENTITIES_ANSWER = 12,
	SIGN_REQUEST = 13,
	FAILURE = 5
};

struct agentfilter {
	char dir[32], socket[64];
	pid_t parent, pid;
	size_t shown, of;
};

static bool read_all(int fd, void *to, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, (char *)to + at, n - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* One message, without its length. */
static bool receive(int fd, struct buf *out)
{
	uint8_t head[4];
	uint32_t n;
	char *to;

	buf_reset(out);
	if (!read_all(fd, head, sizeof(head)))
		return false;
	n = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 |
	    (uint32_t)head[2] << 8 | head[3];
	to = n && n < MESSAGE_MAX ? buf_space(out, n) : NULL;
	if (!to || !read_all(fd, to, n))
		return false;
	buf_commit(out, n);
	return true;
}

static void put_u32(struct buf *out, size_t n)
{
	const uint8_t b[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16),
		(uint8_t)(n >> 8), (uint8_t)n};

	buf_add(out, b, sizeof(b));
}

static bool send_message(int fd, const void *data, size_t n)
{
	struct buf out = BUF_INIT(MESSAGE_MAX + 4);
	bool sent;

	put_u32(&out, n);
	buf_add(&out, data, n);
	sent = buf_ok(&out) && file_write_all(fd, out.data, out.len, NULL) == 0;
	buf_release(&out);
	return sent;
}

/* ---- the list ---- */

static char *base64(const uint8_t *data, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789+/";
	char *text = mem_zalloc(n / 3 * 4 + 5, 1);
	char *to = text;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)data[i] << 16 |
			     (i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0) |
			     (i + 2 < n ? data[i + 2] : 0);

		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & 63];
		*to++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*to++ = i + 2 < n ? digits[v & 63] : '=';
	}
	return text;
}

struct piece {
	const uint8_t *blob, *comment;
	size_t blob_len, comment_len;
	bool wanted;
};

static bool take_piece(
	struct cursor *c, const struct opt_list *first, struct piece *ret)
{
	cleanup_free char *text = NULL;

	ret->blob_len = cursor_u32(c);
	ret->blob = cursor_bytes(c, ret->blob_len);
	ret->comment_len = cursor_u32(c);
	ret->comment = cursor_bytes(c, ret->comment_len);
	if (!cursor_ok(c))
		return false;
	text = base64(ret->blob, ret->blob_len);
	ret->wanted = opt_list_has(first, text);
	return true;
}

static void put_piece(const struct piece *p, struct buf *out)
{
	put_u32(out, p->blob_len);
	buf_add(out, p->blob, p->blob_len);
	put_u32(out, p->comment_len);
	buf_add(out, p->comment, p->comment_len);
}

int agentfilter_choose(const struct buf *answer, const struct opt_list *first,
	bool only, size_t max, struct buf *out, size_t *ret_of)
{
	struct cursor c = cursor_over(buf_str(answer), answer->len);
	uint8_t type = cursor_u8(&c);
	size_t n = cursor_u32(&c), k = 0;
	struct piece *pieces;

	if (!cursor_ok(&c) || type != IDENTITIES_ANSWER || n > KEYS_MAX)
		return -1;
	pieces = mem_zalloc(n + 1, sizeof(*pieces));
	for (size_t i = 0; i < n; i++)
		if (!take_piece(&c, first, &pieces[i])) {
			free(pieces);
			return -1;
		}
	for (size_t i = 0; i < n; i++)
		k += !only || pieces[i].wanted;
	if (k > max)
		k = max;
	buf_addc(out, (char)IDENTITIES_ANSWER);
	put_u32(out, k);
	*ret_of = n;
	n = k;
	for (int round = 0; round < (only ? 1 : 2); round++)
		for (size_t i = 0; i < *ret_of && k; i++)
			if (pieces[i].wanted == (round == 0)) {
				put_piece(&pieces[i], out);
				k--;
			}
	free(pieces);
	return (int)n;
}

/* ---- the process ---- */

/* Answers one client until it goes; what is not a list or a signature is
 * refused: nobody removes keys through us. */
static bool serve(int fd, const char *agent, const struct buf *list)
{
	struct buf message = BUF_INIT(MESSAGE_MAX);
	const char refusal = FAILURE;
	bool good = receive(fd, &message);
	int up = -1;

	if (good && message.data[0] == REQUEST_IDENTITIES) {
		good = send_message(fd, list->data, list->len);
	} else if (good && message.data[0] == SIGN_REQUEST) {
		(void)!unixsock_connect(agent, ASK_MS, &up, NULL);
		good = up >= 0 && send_message(up, message.data, message.len) &&
		       receive(up, &message);
		good = good ? send_message(fd, message.data, message.len)
			    : send_message(fd, &refusal, 1);
	} else if (good) {
		good = send_message(fd, &refusal, 1);
	}
	if (up >= 0)
		close(up);
	buf_release(&message);
	return good;
}

/* Readable when we are to end, as when our parent has, however. */
static int open_end(void)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return signalfd(-1, &term, SFD_CLOEXEC);
}

static void remove_socket(const struct agentfilter *f)
{
	if (f->socket[0])
		unlink(f->socket);
	if (f->dir[0])
		rmdir(f->dir);
}

static void run(const struct agentfilter *f, int listener, const char *agent,
	const struct buf *list) __attribute__((noreturn));

static void run(const struct agentfilter *f, int listener, const char *agent,
	const struct buf *list)
{
	struct pollfd p[CLIENTS_MAX] = {
		{listener, POLLIN, 0}, {open_end(), POLLIN, 0}};
	nfds_t n = 2;

	prctl(PR_SET_NAME, "nfz-ssh-agent");
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	while (!p[1].revents && getppid() == f->parent) {
		/* who comes when all places are taken waits for one */
		p[0].events = n < CLIENTS_MAX ? POLLIN : 0;
		if (poll(p, n, -1) < 0 && errno != EINTR)
			break;
		for (nfds_t i = n - 1; i > 1; i--)
			if (p[i].revents && !serve(p[i].fd, agent, list)) {
				close(p[i].fd);
				p[i] = p[--n];
			}
		if (p[0].revents && n < CLIENTS_MAX) {
			int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

			if (fd >= 0)
				p[n++] = (struct pollfd){fd, POLLIN, 0};
		}
	}
	remove_socket(f);
	_exit(1);
}

/* A socket of ours that nobody listens at any more: it and its directory.
 * Not one that is about to be made. */
static void sweep_one(int tmp, const char *name)
{
	struct agentfilter f = {0};
	struct err err = ERR_INIT;
	struct stat st;
	int fd = -1;

	if (fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		time(NULL) - st.st_mtime < ABANDONED_S)
		return;
	snprintf(f.dir, sizeof(f.dir), "/tmp/%.20s", name);
	snprintf(f.socket, sizeof(f.socket), "%s/agent", f.dir);
	if (unixsock_connect(f.socket, ASK_MS, &fd, &err) == 0)
		close(fd);
	else if (errno == ECONNREFUSED || errno == ENOENT)
		remove_socket(&f);
}

/* What is left where a command and its filter were killed together. */
static void sweep_abandoned(void)
{
	DIR *tmp = opendir("/tmp");
	const struct dirent *e;

	while (tmp && (e = readdir(tmp)))
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0 &&
			strlen(e->d_name) == strlen(PREFIX) + 6)
			sweep_one(dirfd(tmp), e->d_name);
	if (tmp)
		closedir(tmp);
}

static int listen_at(struct agentfilter *f)
{
	int fd;

	sweep_abandoned();
	snprintf(f->dir, sizeof(f->dir), "/tmp/" PREFIX "XXXXXX");
	if (!mkdtemp(f->dir)) {
		f->dir[0] = '\0';
		return -1;
	}
	snprintf(f->socket, sizeof(f->socket), "%s/agent", f->dir);
	return unixsock_listen(f->socket, &fd, NULL) < 0 ? -1 : fd;
}

struct agentfilter *agentfilter_new(
	const char *agent, const struct opt_list *first, bool only, size_t max)
{
	static const char request = REQUEST_IDENTITIES;
	struct buf answer = BUF_INIT(MESSAGE_MAX), list = BUF_INIT(MESSAGE_MAX);
	struct agentfilter *f = mem_zalloc(1, sizeof(*f));
	int shown = 0, fd = -1, listener = -1;

	if (unixsock_connect(agent, ASK_MS, &fd, NULL) == 0 &&
		send_message(fd, &request, 1) && receive(fd, &answer))
		shown = agentfilter_choose(
			&answer, first, only, max, &list, &f->of);
	if (fd >= 0)
		close(fd);
	if (shown > 0)
		listener = listen_at(f);
	f->parent = getpid();
	if (listener >= 0)
		f->pid = fork();
	if (listener >= 0 && f->pid == 0)
		run(f, listener, agent, &list);
	if (listener >= 0)
		close(listener);
	f->shown = shown > 0 ? (size_t)shown : 0;
	buf_release(&answer);
	buf_release(&list);
	if (f->pid > 0)
		return f;
	agentfilter_free(f);
	return NULL;
}

void agentfilter_free(struct agentfilter *f)
{
	if (!f)
		return;
	if (f->pid > 0) {
		/* it has its parent's handlers of other signals */
		kill(f->pid, SIGKILL);
		(void)proc_wait(f->pid);
	}
	remove_socket(f);
	free(f);
}

const char *agentfilter_socket(const struct agentfilter *f)
{
	return f->socket;
}

size_t agentfilter_shown(const struct agentfilter *f)
{
	return f->shown;
}

size_t agentfilter_of(const struct agentfilter *f)
{
	return f->of;
}
