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
		;;
	--method) words="reboot sysrq kexec poweroff" ;;
	--suite) words="bookworm trixie sid" ;;
	--limit) words="boot= settle= flood= trigger= shutdown= firmware= early-boot= up=" ;;
	esac
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
