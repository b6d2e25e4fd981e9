#include "base/clock.h"
#include "deploy/agentfilter.h"
#include "deploy/knownhosts.h"
#include "deploy/sshconf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

Test(sshconf, what_ssh_says_is_taken_apart)
{
	static const char text[] =
		"user lee\nhostname pc3.example.net\nport 2200\n"
		"identitiesonly yes\nstricthostkeychecking true\n"
		"userknownhostsfile /a /b\nproxyjump lee@[2001:db8::1]:22\n"
		"proxycommand none\nidentityfile /k,1\nidentityfile /k2\n"
		"hostkeyalias pc\nsomething new\nnovalue\n";
	struct ssh_settings s;

	sshconf_parse(text, sizeof(text) - 1, &s);
	cr_assert_str_eq(s.user, "lee");
	cr_assert_str_eq(s.hostname, "pc3.example.net");
	cr_assert_eq(s.port, 2200);
	cr_assert(s.identities_only);
	cr_assert(s.strict);
	cr_assert_str_eq(s.jump, "lee@[2001:db8::1]:22");
	cr_assert_str_eq(s.command, "");
	cr_assert_str_eq(s.alias, "pc");
	cr_assert_eq(s.identities.n, 2);
	cr_assert_str_eq(s.identities.items[0], "/k,1");
	cr_assert_eq(s.known_hosts.n, 2);
	sshconf_settings_release(&s);
}

Test(sshconf, host_lines_name_hosts)
{
	cr_assert(sshconf_match("*", "a"));
	cr_assert(sshconf_match("a? b*", "ax"));
	cr_assert(sshconf_match("pc*.Example.net", "PC3.example.net"));
	cr_assert_not(sshconf_match("pc*", "node"));
	cr_assert_not(sshconf_match("* !node", "node"));
	cr_assert_not(sshconf_match("!node", "other"), "only says who is not");
	cr_assert(sshconf_match("a*b*c", "aXbbYc"));
	cr_assert_not(sshconf_match("a*b*c", "aXbbY"));
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(text, f);
	fclose(f);
	cr_assert_eq(chmod(path, mode), 0);
}

/* An ssh that does not come back is waited for once, whoever is asked for. */
Test(sshconf, an_ssh_that_hangs_is_asked_no_more, .timeout = 30)
{
	char dir[] = "/tmp/nfz-ssh.XXXXXX", path[64], search[4200];
	struct mono_time began;
	struct stat asked;
	struct sshconf *c;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ssh", dir);
	write_file(path, "#!/bin/sh\necho >>\"${0%/*}/asked\"\nexec sleep 60\n",
		0700);
	snprintf(search, sizeof(search), "%s:%s", dir, getenv("PATH"));
	setenv("PATH", search, 1);
	/* each host has lines of its own */
	snprintf(path, sizeof(path), "%s/config", dir);
	write_file(path, "Match host b\n", 0600);
	c = sshconf_new(path, 1000);
	began = mono_now();
	for (const char *host = "abcdefghij"; *host; host++)
		cr_assert_null(sshconf_for(c, (char[]){*host, '\0'}));
	cr_assert_geq(mono_now().ns - began.ns, 1 * NS_PER_S);
	sshconf_free(c);
	unlink(path);
	snprintf(path, sizeof(path), "%s/ssh", dir);
	unlink(path);
	/* a byte each; it may have been too slow for that */
	snprintf(path, sizeof(path), "%s/asked", dir);
	if (stat(path, &asked) == 0)
		cr_assert_leq(asked.st_size, 1);
	unlink(path);
	rmdir(dir);
}

/* What is only ssh's own choice is not taken for the user's, and ssh is asked
 * what it chooses by itself only where the configuration names such lists. */
static void check_lists(const char *config, bool wished, int asked)
{
	char dir[] = "/tmp/nfz-ssh.XXXXXX", path[64], search[4200], line[200];
	const struct ssh_settings *s;
	struct sshconf *c;
	FILE *f;
	int n = 0;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ssh", dir);
	snprintf(line, sizeof(line),
		"#!/bin/sh\necho >>%s/asked\ncase $* in *none*) echo ciphers "
		"own;; *) echo ciphers %s;; esac\n",
		dir, wished ? "mine" : "own");
	write_file(path, line, 0700);
	snprintf(search, sizeof(search), "%s:%s", dir, getenv("PATH"));
	setenv("PATH", search, 1);
	snprintf(path, sizeof(path), "%s/config", dir);
	write_file(path, config, 0600);
	c = sshconf_new(path, 5000);
	s = sshconf_for(c, "node");
	cr_assert_not_null(s);
	cr_assert_str_eq(s->ciphers, wished ? "mine" : "", "%s", config);
	sshconf_free(c);
	unlink(path);
	snprintf(path, sizeof(path), "%s/asked", dir);
	f = fopen(path, "r");
	cr_assert_not_null(f);
	for (int ch; (ch = fgetc(f)) != EOF;)
		n += ch == '\n';
	fclose(f);
	cr_assert_eq(n, asked, "%s: asked %d times", config, n);
	unlink(path);
	snprintf(path, sizeof(path), "%s/ssh", dir);
	unlink(path);
	rmdir(dir);
}

Test(sshconf, the_users_lists_are_told_from_ssh_s_own)
{
	check_lists("Host *\n  User lee\n", false, 1);
	check_lists("Host *\n  Ciphers own\n", false, 2);
	check_lists("Host *\n  ciphers=mine\n", true, 2);
	check_lists("\"Ciphers\" mine\n", true, 2);
}

static enum knownhosts_answer ask(const char *text, const char *name,
	uint16_t port, const char *type, const char *key, char *kinds)
{
	struct knownhosts *k = knownhosts_new();
	enum knownhosts_answer answer;

	knownhosts_text(k, text, strlen(text));
	answer = knownhosts_ask(k, name, port, type, key, kinds, 64);
	knownhosts_free(k);
	return answer;
}

Test(knownhosts, lines_name_hosts_and_ports)
{
	static const char text[] = "# comment\n\nhost,10.0.0.* ssh-rsa KEY x\n"
				   "[host]:2222 ssh-ed25519 OTHER\n";
	char kinds[64];

	cr_assert_eq(
		ask(text, "HOST", 0, "ssh-rsa", "KEY", kinds), KNOWNHOSTS_SAME);
	cr_assert_eq(ask(text, "10.0.0.7", 22, "ssh-rsa", "KEY", kinds),
		KNOWNHOSTS_SAME);
	cr_assert_eq(ask(text, "host", 22, "ssh-rsa", "NEW", kinds),
		KNOWNHOSTS_CHANGED);
	cr_assert_eq(ask(text, "host", 2222, "ssh-ed25519", "OTHER", kinds),
		KNOWNHOSTS_SAME);
	cr_assert_eq(ask(text, "host", 22, "ssh-ed25519", "OTHER", kinds),
		KNOWNHOSTS_OTHER);
	cr_assert_str_eq(kinds, "ssh-rsa");
	cr_assert_eq(ask(text, "stranger", 22, "ssh-rsa", "KEY", kinds),
		KNOWNHOSTS_NEW);
}

Test(knownhosts, revoked_keys_count_wherever_they_stand)
{
	static const char text[] = "host ssh-rsa KEY\n@revoked * ssh-rsa KEY\n"
				   "@cert-authority * ssh-rsa CA\n";

	cr_assert_eq(ask(text, "host", 22, "ssh-rsa", "KEY", NULL),
		KNOWNHOSTS_REVOKED);
	cr_assert_eq(ask(text, "other", 22, "ssh-rsa", "CA", NULL),
		KNOWNHOSTS_NEW, "an authority's key is no host's");
}

static enum knownhosts_answer ask_files(struct knownhosts *k)
{
	return knownhosts_ask(k, "host", 22, "ssh-rsa", "NEW", NULL, 0);
}

Test(knownhosts, a_file_that_cannot_be_opened_now_is_not_empty)
{
	char path[] = "/tmp/knownhosts-XXXXXX";
	const char text[] = "host ssh-rsa KEY\n";
	char command[80];
	struct knownhosts *k = knownhosts_new();
	struct rlimit was, none;
	struct err err = ERR_INIT;
	int fd = mkstemp(path), r;

	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	knownhosts_file(k, path);
	knownhosts_file(k, "/nowhere/known_hosts");
	getrlimit(RLIMIT_NOFILE, &was);
	none = (struct rlimit){0, was.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	r = knownhosts_read(k, &err);
	setrlimit(RLIMIT_NOFILE, &was);
	cr_expect_eq(r, -NFZ_E_HOST_KEY);
	cr_expect(strstr(err.text, path) && strstr(err.text, "open files"),
		"%s", err.text);
	cr_expect_eq(knownhosts_read(k, &err), 0);
	cr_expect_eq(ask_files(k), KNOWNHOSTS_CHANGED);
	(void)knownhosts_remedy(k, &err);
	snprintf(command, sizeof(command), "ssh-keygen -f '%s' -R 'host'\n",
		path);
	cr_expect(strstr(err.hint, command), "%s", err.hint);
	knownhosts_file(k, "/");
	cr_expect_eq(knownhosts_read(k, &err), -NFZ_E_HOST_KEY);
	knownhosts_free(k);
	unlink(path);
}

Test(knownhosts, keys_that_end_alike_are_not_the_same)
{
	static const char text[] = "a ssh-rsa FIRST+abcdefghijklmnop\n"
				   "b ssh-rsa SECOND+abcdefghijklmnop\n";

	cr_assert_eq(
		ask(text, "a", 22, "ssh-rsa", "FIRST+abcdefghijklmnop", NULL),
		KNOWNHOSTS_SAME);
	cr_assert_eq(
		ask(text, "a", 22, "ssh-rsa", "SECOND+abcdefghijklmnop", NULL),
		KNOWNHOSTS_CHANGED);
	cr_assert_eq(ask(text, "c", 22, "ssh-rsa", "abcdefghijklmnop", NULL),
		KNOWNHOSTS_NEW);
}

/* as ssh-keygen makes them */
Test(knownhosts, hashed_names)
{
	struct buf text = BUF_INIT(1 << 16);
	FILE *p = popen("d=$(mktemp -d) && echo 'host ssh-rsa AAAAB3NzaC1yc2E"
			"AAAADAQABAAAAgQC7' >$d/k && ssh-keygen -H -f $d/k "
			">/dev/null 2>&1; cat $d/k; rm -rf $d",
		"r");
	char line[1024] = "";

	cr_assert_not_null(p);
	if (fgets(line, sizeof(line), p))
		buf_adds(&text, line);
	pclose(p);
	if (strncmp(line, "|1|", 3) != 0) {
		fprintf(stderr, "[ SKIPPED ] no ssh-keygen\n");
		buf_release(&text);
		return;
	}
	cr_assert_eq(ask(buf_str(&text), "host", 22, "ssh-rsa",
			     "AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7", NULL),
		KNOWNHOSTS_SAME);
	cr_assert_eq(ask(buf_str(&text), "ghost", 22, "ssh-rsa",
			     "AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7", NULL),
		KNOWNHOSTS_NEW);
	buf_release(&text);
}

static const char keys[] = "\014\0\0\0\3"
			   "\0\0\0\3abc\0\0\0\1x"
			   "\0\0\0\3abd\0\0\0\1y"
			   "\0\0\0\3abe\0\0\0\1z";

Test(agentfilter, wanted_keys_come_first_and_few_of_the_others)
{
	struct buf answer = BUF_INIT(1024), out = BUF_INIT(1024);
	struct opt_list first = {0};
	size_t of;

	buf_add(&answer, keys, sizeof(keys) - 1);
	opt_list_add(&first, "YWJl"); /* abe */
	cr_assert_eq(
		agentfilter_choose(&answer, &first, false, 2, &out, &of), 2);
	cr_assert_eq(of, 3);
	cr_assert_eq(memcmp(out.data,
			     "\014\0\0\0\2\0\0\0\3abe\0\0\0\1z\0\0\0\3abc"
			     "\0\0\0\1x",
			     out.len),
		0);
	buf_reset(&out);
	cr_assert_eq(
		agentfilter_choose(&answer, &first, true, 5, &out, &of), 1);
	answer.len -= 3;
	cr_assert_eq(agentfilter_choose(&answer, &first, true, 5, &out, &of),
		-1, "cut off");
	opt_list_release(&first);
	buf_release(&answer);
	buf_release(&out);
}
