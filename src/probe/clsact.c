/* Numbers are those of linux/pkt_sched.h and linux/pkt_cls.h.
 *
 * The kernel asks filters in the order of their priorities, 1 first, and who
 * names none gets one from 49152 down: ours is one in front of the first that
 * is there.  Between two requests others may change what was seen: the worst
 * is that a filter of ours goes with a discipline, which who reads it finds
 * out (clsact_in_front()). */
#include "probe/clsact.h"
#include "base/mem.h"
#include "base/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

enum {
	PRIORITY = 100, /* where there is no other filter */
	HANDLE = 0x6e667a,
	TAG = 80,
	KIND = 16
};

enum { CLSACT_INGRESS, CLSACT_EGRESS, CLSACT_PLACES };

static const uint32_t parents[CLSACT_PLACES] = {
	[CLSACT_INGRESS] = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
	[CLSACT_EGRESS] = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)};

static const char bpf_kind[] = "bpf", clsact_kind[] = "clsact";

struct filter {
	struct tcmsg head;
	bool ours, made; /* made: and so was the discipline */
	struct clsact_owner owner;
	char kind[KIND], name[TAG]; /* "" unknown */
	uint32_t chain; /* others than 0 are asked only when one says so */
};

struct filters {
	struct filter *items;
	size_t n, cap;
};

static void release_filters(struct filters *f)
{
	free(f->items);
}

static void print_tag(
	const struct clsact_owner *who, bool made, char text[static TAG])
{
	snprintf(text, TAG, "nfz-meter/%016" PRIx64 "/%u/%016" PRIx64 "%s",
		who->deployment, who->module, who->life, made ? "/made" : "");
}

/* A name is a tag if we would print it for what was read of it. */
static bool parse_tag(struct filter *ret)
{
	char again[TAG];

	if (sscanf(ret->name, "nfz-meter/%16" SCNx64 "/%5" SCNu16 "/%16" SCNx64,
		    &ret->owner.deployment, &ret->owner.module,
		    &ret->owner.life) != 3)
		return false;
	for (int made = 0; made < 2; made++) {
		print_tag(&ret->owner, made, again);
		ret->made = made;
		if (strcmp(ret->name, again) == 0)
			return true;
	}
	return false;
}

static bool is_of(const struct filter *f, const struct clsact_owner *who)
{
	return f->ours && f->owner.deployment == who->deployment &&
	       (!who->module || f->owner.module == who->module) &&
	       (!who->life || f->owner.life == who->life);
}

static void copy_text(const uint8_t *attr, size_t len, char *to, size_t size)
{
	snprintf(to, size, "%.*s", (int)len, attr ? (const char *)attr : "");
}

static void add_filter(void *data, const uint8_t *body, size_t len)
{
	struct filters *list = data;
	struct filter f = {0};
	size_t n, k;
	const uint8_t *options, *chain, *text;

	if (len < sizeof(f.head))
		return;
	memcpy(&f.head, body, sizeof(f.head));
	chain = netlink_attr(body, len, sizeof(f.head), TCA_CHAIN, &k);
	if (k == sizeof(f.chain))
		memcpy(&f.chain, chain, sizeof(f.chain));
	text = netlink_attr(body, len, sizeof(f.head), TCA_KIND, &n);
	copy_text(text, n, f.kind, KIND);
	options = netlink_attr(body, len, sizeof(f.head), TCA_OPTIONS, &n);
	if (options && strcmp(f.kind, bpf_kind) == 0) {
		text = netlink_attr(options, n, 0, TCA_BPF_NAME, &k);
		copy_text(text, k, f.name, TAG);
		f.ours = parse_tag(&f);
	}
	MEM_PUSH(list->items, list->n, list->cap) = f;
}

static int list_filters(int fd, int ifindex, uint32_t parent,
	struct filters *ret, struct err *err)
{
	const struct tcmsg head = {
		.tcm_ifindex = ifindex, .tcm_parent = parent};
	struct netlink_request r;

	netlink_begin(&r, RTM_GETTFILTER, NLM_F_DUMP, &head, sizeof(head));
	return netlink_ask(fd, &r, add_filter, ret, err);
}

/* Disciplines where received frames are asked for: of one interface, or all. */
struct disciplines {
	int ifindex; /* 0: all */
	struct discipline {
		int ifindex;
		bool clsact;
	} * items;
	size_t n, cap;
};

static void release_disciplines(struct disciplines *d)
{
	free(d->items);
}

static void add_discipline(void *data, const uint8_t *body, size_t len)
{
	struct disciplines *d = data;
	struct tcmsg head;
	size_t n;
	const uint8_t *kind =
		netlink_attr(body, len, sizeof(head), TCA_KIND, &n);

	if (len < sizeof(head) || !kind)
		return;
	memcpy(&head, body, sizeof(head));
	if (head.tcm_parent != TC_H_CLSACT ||
		(d->ifindex && head.tcm_ifindex != d->ifindex))
		return;
	MEM_PUSH(d->items, d->n, d->cap) = (struct discipline){head.tcm_ifindex,
		n == sizeof(clsact_kind) && memcmp(kind, clsact_kind, n) == 0};
}

static int list_disciplines(int fd, struct disciplines *ret, struct err *err)
{
	const struct tcmsg head = {0};
	struct err why = ERR_INIT;
	struct netlink_request r;
	int e;

	netlink_begin(&r, RTM_GETQDISC, NLM_F_DUMP, &head, sizeof(head));
	e = netlink_ask(fd, &r, add_discipline, ret, &why);
	if (e == 0 || why.sys == EOPNOTSUPP)
		return 0; /* a kernel without any has none */
	if (err)
		*err = why;
	return e;
}

/* What has gone by itself, or with its interface, is removed. */
static int unless_gone(int r, const struct err *why, struct err *err)
{
	if (r == 0 || why->sys == ENOENT || why->sys == ENODEV)
		return 0;
	if (err)
		*err = *why;
	return r;
}

static int change_discipline(
	int fd, uint16_t type, uint16_t flags, int ifindex, struct err *err)
{
	const struct tcmsg head = {.tcm_ifindex = ifindex,
		.tcm_parent = TC_H_CLSACT,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0)};
	struct netlink_request r;

	netlink_begin(&r, type, flags | NLM_F_ACK, &head, sizeof(head));
	netlink_put(&r, TCA_KIND, clsact_kind, sizeof(clsact_kind));
	return netlink_ask(fd, &r, NULL, NULL, err);
}

static int remove_discipline(int fd, int ifindex, struct err *err)
{
	struct err why = ERR_INIT;
	int r = change_discipline(fd, RTM_DELQDISC, 0, ifindex, &why);

	return unless_gone(r, &why, err);
}

/* The interface's, made where there is none. */
static int have_discipline(int fd, int ifindex, bool *ret_made, struct err *err)
{
	struct disciplines d cleanup(release_disciplines) = {
		.ifindex = ifindex};
	int r = list_disciplines(fd, &d, err);

	*ret_made = false;
	if (r < 0)
		return r;
	if (d.n)
		return d.items[0].clsact
			       ? 0
			       : err_set(err, NFZ_E_IO,
					 "an ingress discipline is there");
	r = change_discipline(
		fd, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, ifindex, err);
	*ret_made = r == 0;
	return r < 0 ? err_wrap(err, "a clsact discipline") : 0;
}

static uint32_t priority_of(const struct filter *f)
{
	return TC_H_MAJ(f->head.tcm_info) >> 16;
}

/* In front of all, sharing its place with none; 0: there is no such place. */
static uint32_t free_priority(const struct filters *f)
{
	uint32_t first = PRIORITY + 1;

	for (size_t i = 0; i < f->n; i++)
		if (!f->items[i].chain && priority_of(&f->items[i]) < first)
			first = priority_of(&f->items[i]);
	return first - 1;
}

static int add_program(int fd, const struct tcmsg *head, const char *tag,
	int program, struct err *err)
{
	const uint32_t direct = TCA_BPF_FLAG_ACT_DIRECT,
		       here = TCA_CLS_FLAGS_SKIP_HW, number = (uint32_t)program;
	struct netlink_request r;
	size_t options;

	netlink_begin(&r, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
		head, sizeof(*head));
	netlink_put(&r, TCA_KIND, bpf_kind, sizeof(bpf_kind));
	options = netlink_nest(&r, TCA_OPTIONS);
	netlink_put(&r, TCA_BPF_FD, &number, sizeof(number));
	/* of this discipline: the class says which place it is */
	netlink_put(&r, TCA_BPF_CLASSID, &head->tcm_parent,
		sizeof(head->tcm_parent));
	netlink_put(&r, TCA_BPF_NAME, tag, strlen(tag) + 1);
	netlink_put(&r, TCA_BPF_FLAGS, &direct, sizeof(direct));
	netlink_put(&r, TCA_BPF_FLAGS_GEN, &here, sizeof(here));
	netlink_nested(&r, options);
	return netlink_ask(fd, &r, NULL, NULL, err);
}

/* Whoever of us goes last takes the discipline along that any of us made. */
static bool was_made(const struct filters *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].ours && f->items[i].made)
			return true;
	return false;
}

static int add_filters(int fd, const struct clsact_owner *who, int ifindex,
	int program, bool made, struct err *err)
{
	int r = 0;

	for (int i = 0; i < CLSACT_PLACES && r == 0; i++) {
		struct filters f cleanup(release_filters) = {0};
		struct tcmsg head = {.tcm_ifindex = ifindex,
			.tcm_parent = parents[i],
			.tcm_handle = HANDLE};
		uint32_t priority;
		char tag[TAG];

		r = list_filters(fd, ifindex, parents[i], &f, err);
		if (r < 0)
			break;
		priority = free_priority(&f);
		if (!priority)
			return err_set(err, NFZ_E_IO,
				"a filter of another has the first priority");
		head.tcm_info = TC_H_MAKE(priority << 16, htons(ETH_P_ALL));
		print_tag(who, made || was_made(&f), tag);
		r = add_program(fd, &head, tag, program, err);
		if (r < 0)
			(void)err_wrap(err, "a filter of eBPF");
	}
	return r;
}

static int remove_filter(int fd, const struct filter *f, struct err *err)
{
	struct err why = ERR_INIT;
	struct netlink_request r;
	int e;

	netlink_begin(&r, RTM_DELTFILTER, NLM_F_ACK, &f->head, sizeof(f->head));
	netlink_put(&r, TCA_KIND, bpf_kind, sizeof(bpf_kind));
	e = netlink_ask(fd, &r, NULL, NULL, &why);
	return unless_gone(e, &why, err);
}

/* Of one interface.  *ret_left: filters that stay. */
static int remove_filters(int fd, const struct clsact_owner *who, int ifindex,
	bool *ret_made, size_t *ret_left, struct err *err)
{
	int r = 0;

	for (int i = 0; i < CLSACT_PLACES && r == 0; i++) {
		struct filters f cleanup(release_filters) = {0};

		r = list_filters(fd, ifindex, parents[i], &f, err);
		for (size_t k = 0; k < f.n && r == 0; k++) {
			if (!f.items[k].head.tcm_handle)
				continue; /* says that there is a priority */
			*ret_left += !is_of(&f.items[k], who);
			if (!is_of(&f.items[k], who))
				continue;
			*ret_made = *ret_made || f.items[k].made;
			r = remove_filter(fd, &f.items[k], err);
		}
	}
	return r;
}

static int remove_at(int fd, const struct clsact_owner *who, int ifindex,
	bool made, struct err *err)
{
	size_t left = 0;
	int r = remove_filters(fd, who, ifindex, &made, &left, err);

	if (r == 0 && made && left == 0)
		r = remove_discipline(fd, ifindex, err);
	return r;
}

/* An interface where it fails does not keep the others from it. */
int clsact_remove(const struct clsact_owner *who, int ifindex, struct err *err)
{
	struct disciplines d cleanup(release_disciplines) = {
		.ifindex = ifindex};
	cleanup_close int fd = -1;
	int r = netlink_open(&fd, err);

	if (r == 0)
		r = list_disciplines(fd, &d, err);
	for (size_t i = 0; i < d.n; i++)
		if (d.items[i].clsact) {
			int e = remove_at(
				fd, who, d.items[i].ifindex, false, err);

			r = e < 0 ? e : r;
		}
	return r;
}

int clsact_attach(const struct clsact_owner *who, int ifindex, int program,
	struct err *err)
{
	const struct clsact_owner before = {who->deployment, who->module, 0};
	cleanup_close int fd = -1;
	bool made;
	int r = clsact_remove(&before, ifindex, err);

	if (r == 0)
		r = netlink_open(&fd, err);
	if (r == 0)
		r = have_discipline(fd, ifindex, &made, err);
	if (r < 0)
		return r;
	r = add_filters(fd, who, ifindex, program, made, err);
	if (r < 0 && remove_at(fd, who, ifindex, made, NULL) < 0)
		err_hint(err, "something of it may be left: tc filter show");
	return r;
}

bool clsact_in_front(const struct clsact_owner *who, int ifindex)
{
	cleanup_close int fd = -1;
	int r = netlink_open(&fd, NULL);

	for (int i = 0; i < CLSACT_PLACES && r == 0; i++) {
		struct filters f cleanup(release_filters) = {0};
		size_t first = 0;

		r = list_filters(fd, ifindex, parents[i], &f, NULL);
		while (first < f.n && (!f.items[first].head.tcm_handle ||
					      f.items[first].chain))
			first++;
		if (r < 0 || first == f.n || !is_of(&f.items[first], who))
			return false;
	}
	return r == 0;
}

unsigned clsact_count(const struct clsact_owner *who)
{
	struct disciplines d cleanup(release_disciplines) = {0};
	cleanup_close int fd = -1;
	unsigned n = 0;
	int r = netlink_open(&fd, NULL);

	if (r == 0)
		r = list_disciplines(fd, &d, NULL);
	for (size_t i = 0; i < d.n && r == 0; i++)
		for (int p = 0; p < CLSACT_PLACES && d.items[i].clsact; p++) {
			struct filters f cleanup(release_filters) = {0};

			r = list_filters(
				fd, d.items[i].ifindex, parents[p], &f, NULL);
			for (size_t k = 0; k < f.n && r == 0; k++)
				n += is_of(&f.items[k], who);
		}
	return n;
}

void clsact_print(int ifindex, struct buf *out)
{
	static const char *const names[] = {"ingress", "egress"};
	cleanup_close int fd = -1;
	int r = netlink_open(&fd, NULL);

	for (int p = 0; p < CLSACT_PLACES && r == 0; p++) {
		struct filters f cleanup(release_filters) = {0};

		r = list_filters(fd, ifindex, parents[p], &f, NULL);
		for (size_t i = 0; i < f.n && r == 0; i++)
			buf_addf(out, "filter %d %s %u %s %x %s\n", ifindex,
				names[p], priority_of(&f.items[i]),
				f.items[i].kind, f.items[i].head.tcm_handle,
				f.items[i].name);
	}
}
