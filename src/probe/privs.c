/* setresuid(2), capset(2).  The order matters: groups, then the user with
 * capabilities kept, then all but one capability go, from the bounding set
 * too, so that nothing that is executed could get them back. */
#define _GNU_SOURCE
#include "probe/privs.h"
#include "base/jail.h"
#include "base/log.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_capabilities(enum privs_keep keep, struct err *err)
{
	static const uint32_t bits[] = {[PRIVS_NONE] = 0,
		[PRIVS_NET_RAW] = 1u << CAP_NET_RAW,
		[PRIVS_NET_ADMIN] = 1u << CAP_NET_ADMIN};
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.permitted = bits[keep], .effective = bits[keep]}};

	if (syscall(SYS_capset, &head, data) < 0)
		return err_sys(err, "capset");
	return 0;
}

int privs_drop(uint32_t uid, enum privs_keep keep, struct err *err)
{
	if (geteuid() != 0)
		return 0;
	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(err, "prctl");
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 ||
		setresuid(uid, uid, uid) < 0)
		return err_sys(err, "cannot become user %u", uid);
	if (set_capabilities(keep, err) < 0)
		return -NFZ_E_IO;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "prctl");
	if (uid != 0 && setuid(0) == 0)
		return err_set(
			err, NFZ_E_INTERNAL, "privileges could not be dropped");
	return 0;
}

int privs_jail(struct err *err)
{
	const struct jail jail = {0};
	struct jail_state state;
	int r = jail_enter(&jail, &state, err);

	if (r == 0)
		log_info("jailed; uid=%d seccomp=%s landlock=%d",
			(int)geteuid(), state.seccomp ? "on" : "off",
			state.landlock);
	return r;
}
