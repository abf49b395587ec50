// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <glob.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <unistd.h>

#include "doctor.h"
#include "limited.h"

/* RoCE and rxe carry 4 KiB in a packet from here on; with 1500, 1 KiB. */
#define GOOD_MTU	4200

/* "10.77.0.1:7790" or "[fd00::2]:7790", without the port */
static void host_part(const char *address, char host[NM_ADDRESS_STRLEN])
{
	snprintf(host, NM_ADDRESS_STRLEN, "%s", address + (*address == '['));
	host[strcspn(host, *address == '[' ? "]" : ":")] = 0;
}

/* The interface that has the address; "" for none. */
static void find_interface(const char *host, char name[IF_NAMESIZE])
{
	unsigned char wanted[sizeof(struct in6_addr)];
	int family = strchr(host, ':') ? AF_INET6 : AF_INET;
	struct ifaddrs *all, *i;

	*name = 0;
	if (inet_pton(family, host, wanted) != 1 || getifaddrs(&all))
		return;
	for (i = all; i; i = i->ifa_next) {
		const void *has;

		if (!i->ifa_addr || i->ifa_addr->sa_family != family)
			continue;
		if (family == AF_INET6)
			has = &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
		else
			has = &((struct sockaddr_in *)i->ifa_addr)->sin_addr;
		if (!memcmp(has, wanted, family == AF_INET6 ? 16 : 4))
			snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
	}
	freeifaddrs(all);
}

/* The first line of a file below /sys; "" if there is none. */
static void read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "re");

	*line = 0;
	if (!f)
		return;
	if (!fgets(line, size, f))
		*line = 0;
	line[strcspn(line, "\n")] = 0;
	fclose(f);
}

/* Does an RDMA device send and receive by this interface? */
static bool has_rdma(const char *interface)
{
	char path[128], line[IF_NAMESIZE + 1];
	bool found = false;
	glob_t g;
	size_t i;

	/* IPoIB */
	snprintf(path, sizeof(path), NM_SYSFS "/class/net/%s/device/infiniband",
		 interface);
	if (!access(path, F_OK))
		return true;
	if (glob(NM_SYSFS "/class/infiniband/*/ports/*/gid_attrs/ndevs/*", 0,
		 NULL, &g))
		return false;
	for (i = 0; i < g.gl_pathc && !found; i++) {
		read_line(g.gl_pathv[i], line, sizeof(line));
		found = !strcmp(line, interface);
	}
	globfree(&g);
	return found;
}

static void check_mtu(struct nm_doctor *d, const char *interface)
{
	char path[128], line[32];

	snprintf(path, sizeof(path), NM_SYSFS "/class/net/%s/mtu", interface);
	read_line(path, line, sizeof(line));
	if (*line && atoi(line) < GOOD_MTU)
		nm_finding(d, NM_WARNING, "mtu",
			   "RDMA over Ethernet cuts data into packets of 4 KiB only if they fit: smaller ones cost throughput.",
			   "Set the MTU to 9000 on both nodes and on the switches between them.",
			   "the interface %s has an MTU of %s", interface, line);
}

static void check_local(struct nm_doctor *d, const struct nm_config *c)
{
	char host[NM_ADDRESS_STRLEN], interface[IF_NAMESIZE];

	host_part(c->self->address, host);
	find_interface(host, interface);
	if (!*interface) {
		nm_finding(d, NM_PROBLEM, "address",
			   "The peer looks for this node at that address.",
			   "Give the address to an interface, or correct it in the configuration of both nodes.",
			   "no interface of this node has the address %s of node %s",
			   host, c->self->name);
		return;
	}
	if (!has_rdma(interface))
		nm_finding(d, NM_PROBLEM, "rdma",
			   "The nodes of the mirror talk over RDMA.",
			   "Load the driver of the adapter. For an adapter without RDMA: rdma link add rxe0 type rxe netdev INTERFACE.",
			   "no RDMA device uses the interface %s, which has the address %s",
			   interface, host);
	check_mtu(d, interface);
}

static const char *text_of(json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		return "";
	return json_object_get_string(value) ?: "";
}

/* The queue pairs that make connections, as rdma(8) knows them. */
static void check_connections(struct nm_doctor *d)
{
	static char *const rdma[] = { "rdma", "-j", "resource", "show", "qp",
				      NULL };
	json_object *all, *qp;
	char *text;
	size_t i;

	if (nm_limited_run(rdma, NM_DOCTOR_SECONDS, &text)) {
		free(text);
		return;
	}
	all = json_tokener_parse(text);
	free(text);
	for (i = 0; json_object_is_type(all, json_type_array) &&
		    i < json_object_array_length(all); i++) {
		qp = json_object_array_get_idx(all, i);
		if (strcmp(text_of(qp, "type"), "GSI") ||
		    strcmp(text_of(qp, "state"), "ERR"))
			continue;
		nm_finding(d, NM_PROBLEM, "connections",
			   "No connection can be made from or to that device any more. Software RDMA gets there when a firewall of this node drops what it sends.",
			   "Let UDP port 4791 out, and make the device anew: rdma link delete, rdma link add.",
			   "the queue pair of %s for connections is in the state ERR",
			   text_of(qp, "ifname"));
	}
	json_object_put(all);
}

/* A ping, if there is one to send and the mirror does not know better. */
static void check_peer(struct nm_doctor *d, const struct nm_mirror *m)
{
	char host[NM_ADDRESS_STRLEN], *text;
	char *const ping[] = { "ping", "-n", "-q", "-c", "1", "-W", "1", host,
			       NULL };
	int ret;

	if (m->is_up && !m->status.failed &&
	    !strcmp(m->status.link, "connected"))
		return;
	host_part(m->config.peer->address, host);
	ret = nm_limited_run(ping, NM_DOCTOR_SECONDS, &text);
	/* 1: no answer; others are ping's own trouble */
	if (ret == 1)
		nm_finding(d, NM_WARNING, "peer",
			   "Without the peer the mirror has one leg.",
			   "See that the node runs and that the network between the nodes works; a firewall may also drop the ping.",
			   "%s does not answer a ping at %s",
			   m->config.peer->name, host);
	free(text);
}

void nm_doctor_network(struct nm_doctor *d, const struct nm_mirror *m)
{
	if (m->config.link != NM_LINK_KIND_RDMA)
		return;
	check_local(d, &m->config);
	check_connections(d);
	check_peer(d, m);
}
