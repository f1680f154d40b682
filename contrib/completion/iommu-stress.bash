# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for iommu-stress. Commands and options are asked of the program itself,
# so that they are never out of date.

_iommu_stress_commands() {
	"$1" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

_iommu_stress_options() {
	"$@" --help 2>/dev/null | grep -oE -- '--[a-z0-9][a-z0-9-]+' | sort -u
}

# The words of --flood=, behind those that are there already.
_iommu_stress_flood() {
	local word
	for word in icmp udp tcp arp nd igmp mld v4 v6 both rate= size= sources= vlan= \
		burst= surge=; do
		echo "${1%"${1##*,}"}$word"
	done
}

_iommu_stress() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} words=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$(_iommu_stress_commands "$program") --help --version"
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
		return
	fi
	case $previous in
	-t | --target)
		words=$("$program" board list 2>/dev/null | sed -n 's/^\(virt:\)\{0,1\}\([a-z0-9-]\{2,\}\) .*/virt:\2/p')
		[ "$command" = reboot ] || words="$words local ssh:"
		;;
	--rate) words="auto max" ;;
	=)
		case ${COMP_WORDS[COMP_CWORD - 2]} in
		--flood | --spec) words=$(_iommu_stress_flood "$current") ;;
		esac
		;;
	--method)
		words="reboot sysrq kexec poweroff"
		[ "$command" != unplug ] ||
			words="remove unbind power sriov reset reset_subordinate qmp"
		[ "$command" != rebind ] || words="unbind remove module"
		;;
	--vfio) words="group group-noreq iommufd device qemu qemu-iommufd none" ;;
	--release) words="request close-unset unset-close close exit kill never" ;;
	--format)
		words="text json"
		[ "$command" != flood ] || words="lines figures"
		;;
	--tap | --interface) words=$(cd /sys/class/net 2>/dev/null && echo *) ;;
	--measure) words="none count all" ;;
	--engine) words="auto packet turbo raw frames help" ;;
	--suite) words="bookworm trixie sid" ;;
	--device) words="edu port:edu hotplug:edu nvme-sriov e1000e" ;;
	--limit) words="boot= settle= flood= trigger= shutdown= firmware= early-boot= up= bind= unplug= back=" ;;
	esac
	if [ -z "$words" ] && [ "$command" = list ] && [[ $current != -* ]]; then
		# Completion takes a colon for the end of a word: only names without.
		words=$("$program" list 2>/dev/null |
			sed -n 's/^  driver   [^,]*, //p' | tr ',' ' ')
	fi
	if [ -z "$words" ] && [[ $current == -* ]]; then
		words=$(_iommu_stress_options "$program" "$command")
	elif [ -z "$words" ] && [ "$command" = board ] && [ "$COMP_CWORD" -eq 2 ]; then
		words="list prepare shell"
	fi
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	fi
}

complete -o filenames -F _iommu_stress iommu-stress
