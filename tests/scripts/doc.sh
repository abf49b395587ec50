# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# doc.sh - the commands of a document, for scenarios to source after mirror_boot.
#
#   doc_hosts                   guest 1 becomes alpha and guest 2 beta, which the
#                               documents call them; each has ssh to the other
#   doc_run DOCUMENT MARK [SED...]
#                               runs the commands of Documentation/DOCUMENT.rst behind
#                               ".. run: MARK HOST", with sizes, devices and directories
#                               as the scripts SED make them; the first that fails ends it
#   $doc_commands               how many that were so far
#
# SED sees "HOST<tab>COMMAND". A line that begins with "alpha# " or "beta# " is for that
# host, whatever HOST says. tests/docs.t wants such a mark, or ".. shown", before each
# literal block, and a scenario that runs each mark.

top=${top?"mirror.sh comes first"}
doc_commands=0

doc_hosts()
{
	local n

	for n in 1 2; do
		lab_run "$n" 'mkdir -p -m 700 /root/.ssh' &&
			lab_put "$n" "${lab__image:?}/id_ed25519" /root/.ssh/id_ed25519 &&
			lab_run "$n" "hostname $(cut -d ' ' -f "$n" <<<'alpha beta') &&
			chmod 600 /root/.ssh/id_ed25519 &&
			printf '10.77.0.1 alpha\n10.77.0.2 beta\n' >>/etc/hosts &&
			echo StrictHostKeyChecking no >/root/.ssh/config" || return
	done
}

# "HOST<tab>COMMAND" a line
doc__commands()
{
	perl -e '
		my ($document, $mark) = @ARGV;
		my ($host, $block, $command) = ("", 0, "");
		open(my $file, "<", $document) or die("$document: $!\n");
		while (<$file>) {
			if (/^\s*\.\. run: (\S+)(?: (\w+))?$/ && $1 eq $mark) {
				($host, $block) = ($2 // "-", 0);
			} elsif ($host ne "" && !$block && /::$/) {
				$block = 1;
			} elsif ($block && /^ {4,}(\S.*?)( \\)?$/) {
				$command .= $command eq "" ? $1 : " $1";
				next if $2;
				my $on = $command =~ s/^(alpha|beta)# +// ? $1 : $host;
				print("$on\t$command\n");
				$command = "";
			} elsif ($block && /^ {0,3}\S/) {
				last;
			}
		}' "$top/Documentation/$1.rst" "$2"
}

doc_run()
{
	local document=$1 mark=$2 scripts=() lines line n

	shift 2
	for n in "$@"; do scripts+=(-e "$n"); done
	mapfile -t lines < <(doc__commands "$document" "$mark" | sed "${scripts[@]:--e b}")
	if [ ${#lines[@]} = 0 ]; then
		echo "$document.rst has no commands behind \".. run: $mark\""
		return 1
	fi
	for line in "${lines[@]}"; do
		case ${line%%$'\t'*} in
		alpha) n=1 ;;
		beta) n=2 ;;
		*) echo "on which host? $line"; return 1 ;;
		esac
		doc_commands=$((doc_commands + 1))
		lab_run "$n" "${line#*$'\t'}" || return
	done
}
