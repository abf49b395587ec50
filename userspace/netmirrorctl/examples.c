// SPDX-License-Identifier: GPL-2.0-only
/* What "help COMMAND" shows to work from. */
#include "netmirrorctl.h"

static const struct {
	const char *command;
	const char *text;	/* lines, each "command\twhat it is for" */
} examples[] = {
	{ "create",
	  "create r0 --leg /dev/vdb --address 10.77.0.1 --peer-name beta --peer-address 10.77.0.2\ta new mirror; copy its configuration to beta then\n"
	  "create r0\tthe leg of beta, with that configuration there\n"
	  "create r0 --source\tthis leg has the data, the other gets a copy\n"
	  "create r0 --dry-run\tcheck everything, write nothing" },
	{ "lvcreate",
	  "lvcreate -n data -L 10G vg0 --peer beta\ta volume here and, with the same command there, on beta\n"
	  "lvcreate -n data -L 10G vg0 --peer beta --dry-run\tthe commands" },
	{ "convert",
	  "convert r0 --leg /dev/sdb --metadata /dev/sdc1 --address 10.77.0.1 --peer-name beta --peer-address 10.77.0.2\ta mirror under a physical volume in use\n"
	  "convert r0 --undo\tthe physical volume without the mirror again" },
	{ "lvremove", "lvremove data\tthe mirror and its volume on this node" },
	{ "up", "up r0\tstart it as secondary\n"
	  "up r0 --dry-run\tthe commands for dmsetup that do the same" },
	{ "down", "down r0\tstop it, unless it is in use\n"
	  "down r0 --force\tstop it when its last user is gone" },
	{ "status", "status r0\thow it is and what to do next\n"
	  "status --exit-code --quiet\tfor scripts: 0 when all are healthy, else 3\n"
	  "status r0 --json | jq -r .state\tone word" },
	{ "detail", "detail r0\tone page with all there is to know\n"
	  "detail r0 --json | jq .changed_settings\twhat is not the default" },
	{ "list", "list --all\tthose that are not up as well\n"
	  "list -o +health,peer --sort -size\twith two columns more, the largest first\n"
	  "list --noheadings -o name,state\tfor scripts\n"
	  "list -o help\tthe columns there are" },
	{ "events", "events r0\twhat became of it\n"
	  "events --follow --json\ta feed for programs" },
	{ "metrics", "metrics\tfor Prometheus\n"
	  "metrics --output /var/lib/prometheus/node-exporter/netmirror.prom\tfor a node exporter" },
	{ "doctor", "doctor\tthis node and all its mirrors\n"
	  "doctor r0\tone of them" },
	{ "promote", "promote r0\tuse the mirror on this node\n"
	  "promote r0 --peer-fenced\tthe peer is dead, and somebody made sure of that\n"
	  "promote r0 --force\tthis leg counts from now on, whatever the peer has" },
	{ "demote", "demote r0\twhen it is unmounted: let the other node use it\n"
	  "demote r0 --deactivate\tthe same with a volume group on it" },
	{ "connect", "connect r0\tlook for the peer again\n"
	  "connect r0 --discard-my-changes\tafter a split brain, on the node whose changes are given up" },
	{ "disconnect", "disconnect r0\tstand alone, for maintenance" },
	{ "fence", "fence r0\tthe peer is dead: let held I/O go on" },
	{ "unfence", "unfence r0\tit was not dead: hold I/O until it is back" },
	{ "attach", "attach r0\tthe failed leg of this node is well again" },
	{ "replace-leg", "replace-leg r0 --leg /dev/vdc\tuse another device; its data come from the peer\n"
	  "replace-leg r0\ta new disk has the name of the old one" },
	{ "invalidate", "invalidate r0\tcopy everything from the peer\n"
	  "invalidate r0 --peer\tcopy everything to the peer" },
	{ "resize", "resize r0 20G --dry-run\tis there room on this node?\n"
	  "resize r0 max\tas large as leg and metadata allow" },
	{ "check", "check r0 --wait\tcompare the legs; 3 if they differ" },
	{ "repair", "repair r0 --wait\tcopy to the peer's leg what differs" },
	{ "idle", "idle r0\tend a check" },
	{ "pause", "pause r0\tno copying during office hours" },
	{ "resync", "resync r0\tgo on with the copying" },
	{ "wait-sync", "wait-sync r0 --timeout 3600\tat most an hour" },
	{ "export", "export r0 --iscsi --acl iqn.2026-01.org.example:client\tto one initiator\n"
	  "export r0\tas the configuration says\n"
	  "export r0 --dry-run\twhat would be written to configfs" },
	{ "unexport", "unexport r0\tend it" },
	{ "dump-md", "dump-md r0\tmetadata of this node's leg\n"
	  "dump-md /dev/vdb --json\tof any device" },
	{ "probe", "probe /dev/vdb\tis this a leg?" },
	{ "help", "help promote\texplain a command" },
	{ "version", "version\tof this program" },
};

const char *nm_examples(const char *command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(examples); i++)
		if (!strcmp(examples[i].command, command))
			return examples[i].text;
	return NULL;
}
