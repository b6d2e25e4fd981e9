#include "deploy/gateway.h"

#include "deploy/pinned.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct gateway_options options = {
	NULL, "/dev/null", "/dev/null", NULL};

static bool has_ssh(void)
{
	if (access("/usr/bin/ssh", X_OK) == 0)
		return true;
	fprintf(stderr, "[ SKIPPED ] no ssh program\n");
	return false;
}

Test(gateway, this_machine_is_no_gateway_to_go_through)
{
	struct gateways *g = gateways_new(&options);

	cr_assert(gateway_is_here(g, "127.0.0.1"));
	cr_assert(gateway_is_here(g, "localhost"));
	cr_assert_not(gateway_is_here(g, "192.0.2.1"));
	cr_assert_not(gateway_is_here(g, "no.such.host.invalid"));
	gateways_free(g);
}

Test(gateway, names_that_could_be_options_are_refused)
{
	static const char *const names[][3] = {
		{"-oProxyCommand=x", "user", "node"}, {"users", "-oX", "node"},
		{"users", "user", "-x"}, {"users", "user", "a b"},
		{"us;ers", "user", "node"}, {"", "user", "node"}};
	struct gateways *g = gateways_new(&options);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct gateway_stream s;
		struct err err = ERR_INIT;

		const struct gateway_way way = {.gateway = names[i][0],
			.user = names[i][1],
			.host = names[i][2]};

		cr_assert_eq(gateway_open(g, &way, &s, &err),
			-NFZ_E_UNREACHABLE, "%zu", i);
		cr_assert_eq(s.pid, 0);
	}
	gateways_free(g);
}

Test(gateway, what_the_program_says_is_kept, .timeout = 30)
{
	struct gateways *g = gateways_new(&options);
	struct gateway_stream s;
	struct err err = ERR_INIT;
	char said[200], byte;
	struct pollfd p = {.events = POLLIN};

	if (!has_ssh())
		return;
	cr_assert_eq(
		gateway_open(g,
			&(struct gateway_way){.gateway = "no.such.host.invalid",
				.user = "user",
				.host = "node"},
			&s, &err),
		0, "%s", err.text);
	p.fd = s.fd;
	cr_assert_eq(poll(&p, 1, 25000), 1);
	cr_assert_eq(read(s.fd, &byte, 1), 0);
	gateway_said(&s, said, sizeof(said));
	cr_assert_not_null(strstr(said, "no.such.host.invalid"), "%s", said);
	cr_assert_null(strchr(said, '\n'));
	close(s.fd);
	gateway_close(&s);
	gateways_free(g);
}

Test(pinned, a_line_is_the_key_of_its_kind_only)
{
	static const char line[] = "host ssh-ed25519 AAAAC3Nz comment";

	cr_assert(pinned_same(line, "ssh-ed25519", "AAAAC3Nz"));
	cr_assert(pinned_same(line + 5, "ssh-ed25519", "AAAAC3Nz"));
	cr_assert_not(pinned_same(line, "ssh-ed25519", "AAAAC3N"));
	cr_assert_not(pinned_same(line, "ssh-ed25519", "AAAAC3NzX"));
	cr_assert_not(pinned_same(line, "ssh-rsa", "AAAAC3Nz"));
}

Test(pinned, only_kinds_that_can_be_checked_are_asked_for)
{
	static const char *const lines[] = {
		"ssh-rsa AAAAB3", "ecdsa-sha2-nistp256 AAAAE2", NULL};
	static const char *const none[] = {"ssh-dss AAAA", NULL};
	char list[256];

	pinned_kinds(lines, list, sizeof(list));
	cr_assert_str_eq(list, "ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256");
	pinned_kinds(none, list, sizeof(list));
	cr_assert_str_eq(list, "");
}
