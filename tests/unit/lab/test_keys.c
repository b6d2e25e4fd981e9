/* Host keys of machines that several testbeds have. */
#include "base/file.h"
#include "base/mem.h"
#include "lab/keys.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ensure(const struct keys_dirs *dirs, struct lab_site *site)
{
	const int first = 0;
	struct err err = ERR_INIT;

	cr_assert_eq(
		keys_ensure(dirs, site, &first, 1, &err), 0, "%s", err.text);
}

static void free_lines(struct lab_machine *m)
{
	free(m->host_key_rsa);
	free(m->host_key_ed25519);
	free(m->host_key_ecdsa);
}

/* One of two testbeds re-images its machine: the other's is another machine. */
Test(keys, new_ones_are_those_of_one_testbed, .timeout = 120)
{
	char dir[] = "/tmp/nfz-test-XXXXXX", own[2][64];
	struct lab_machine machines[2] = {{.key = "pc1"}, {.key = "pc1"}};
	struct lab_site sites[2];
	struct keys_dirs dirs[2];
	char *rsa, *ed25519;

	cr_assert_not_null(mkdtemp(dir));
	for (int i = 0; i < 2; i++) {
		snprintf(own[i], sizeof(own[i]), "%s/own%d", dir, i);
		dirs[i] = (struct keys_dirs){dir, own[i]};
		sites[i] = (struct lab_site){
			.machines = &machines[i], .n_machines = 1};
		ensure(&dirs[i], &sites[i]);
	}
	rsa = mem_strdup(machines[0].host_key_rsa);
	ed25519 = mem_strdup(machines[0].host_key_ed25519);
	cr_assert_str_eq(machines[1].host_key_rsa, rsa);
	keys_forget(&dirs[0], &machines[0]);
	for (int i = 0; i < 2; i++) {
		ensure(&dirs[i], &sites[i]);
		cr_expect_eq(strcmp(machines[i].host_key_rsa, rsa) == 0, i);
		cr_expect_eq(
			strcmp(machines[i].host_key_ed25519, ed25519) == 0, i);
	}
	for (int i = 0; i < 2; i++)
		free_lines(&machines[i]);
	free(rsa);
	free(ed25519);
	cr_assert_eq(file_remove_tree(dir, NULL), 0);
}
