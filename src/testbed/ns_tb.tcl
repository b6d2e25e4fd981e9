# The tb- commands, part one: addresses, nodes, experiment-wide settings.
# They become visible when the file reads tb_compat.tcl.

namespace eval ::nfz {
	variable setting       ;# columns of the row in "experiments"
	variable setting_order {}
	variable tarfiles {}   ;# of the experiment: {directory file}
	variable oml_control 1
	variable machines      ;# known machines -> their type
	array set machines {}
	foreach {name value} {mem_usage 0 cpu_usage 3 forcelinkdelays 0
	    uselinkdelays 0 usewatunnels 0 uselatestwadata 1
	    wa_delay_solverweight 1 wa_bw_solverweight 7
	    wa_plr_solverweight 500 encap_style default allowfixnode 1
	    multiplex_factor {} sync_server {} use_ipassign 0
	    ipassign_args {} jail_osname {} delay_osname {}
	    delay_capacity {} usemodelnet {} modelnet_cores {}
	    modelnet_edges {} elab_in_elab {} elabinelab_singlenet {}
	    elabinelab_eid {} elabinelab_cvstag {} security_level {}
	    dpdb {}} {
		set setting($name) $value
		lappend setting_order $name
	}
	set setting(use_physnaming) 0
}

# Checks; each says what is wrong and is false then.

proc ::nfz::known_type {type} {
	variable types

	foreach pattern $types {
		if {[string match $pattern $type]} {
			return 1
		}
	}
	return [expr {$type eq "sim"}]
}

# Without a list of systems, and in a mere check, any name will do.
proc ::nfz::known_os {name} {
	variable oses
	variable check

	return [expr {$check || $oses eq {} || $name in $oses}]
}

proc ::nfz::want {command object classes what} {
	if {[class_of $object] in $classes} {
		return 1
	}
	perror "\[$command] $object is not a $what."
	return 0
}

proc ::nfz::want_lanlink {command object} {
	if {[class_of $object] in {Link Lan}} {
		return 1
	}
	perror "\[$command] $object is not a link or a lan."
	return 0
}

proc ::nfz::want_switch {command value} {
	if {$value == 0 || $value == 1} {
		return 1
	}
	perror "\[$command] $value must be 0/1"
	return 0
}

# Addresses

proc ::nfz::set_ip {command node lan ip} {
	if {![is_ip $ip]} {
		perror "$command - $ip is not a valid IP address."
		return
	}
	set port [Node.find_port $node $lan]
	if {$port == -1} {
		perror "$command - $node is not connected to $lan."
		return
	}
	Node.ip $node $port $ip
}

proc ::nfz::tb-set-ip {node ip} {
	set ports [get $node portlist]
	if {[llength $ports] != 1} {
		perror "\[tb-set-ip] $node does not have a single connection."
		return
	}
	set_ip tb-set-ip $node [lindex $ports 0] $ip
}

proc ::nfz::tb-set-ip-interface {src dst ip} {
	set link [Simulator.find_link [get $src sim] $src $dst]
	if {$link eq {}} {
		perror "\[tb-set-ip-interface] No connection between $src and\
		    $dst."
		return
	}
	set_ip tb-set-ip-interface $src $link $ip
}

proc ::nfz::tb-set-ip-lan {node lan ip} {
	if {[want tb-set-ip-lan $lan Lan LAN]} {
		set_ip tb-set-ip-lan $node $lan $ip
	}
}

proc ::nfz::tb-set-ip-link {node link ip} {
	if {[want tb-set-ip-link $link Link link]} {
		set_ip tb-set-ip-link $node $link $ip
	}
}

proc ::nfz::tb-set-netmask {lanlink netmask} {
	if {[class_of $lanlink] ni {Link Lan}} {
		perror "\[tb-set-netmask] $lanlink is not a link or a lan."
	} elseif {![is_ip $netmask]} {
		perror "\[tb-set-netmask] - $netmask is not a valid IP mask"
	} elseif {([ip_number $netmask] >> 16) != 0xffff} {
		perror "\[tb-set-netmask] - $netmask is too big"
	} else {
		put $lanlink netmask $netmask
	}
}

# Nodes

proc ::nfz::tb-set-hardware {node type args} {
	variable vtypes

	if {![known_type $type] && ![info exists vtypes($type)]} {
		perror "\[tb-set-hardware] Invalid hardware type $type."
		return
	}
	set virtual [expr {[string match pcvm* $type] && ![info exists \
	    vtypes($type)]}]
	Node.set_hwtype $node $type 0 $virtual 0
}

proc ::nfz::tb-set-node-os {node os {parent 0}} {
	if {![known_os $os]} {
		perror "\[tb-set-node-os] Invalid osid $os."
		return
	}
	if {$parent ne {} && $parent ne "0"} {
		if {![known_os $parent]} {
			perror "\[tb-set-node-os] Invalid parent osid $parent."
			return
		}
		put $node parent_osid $parent
	}
	put $node osid $os
}

foreach {::nfz::word ::nfz::var} {tb-set-node-cmdline cmdline
    tb-set-node-startup startup tb-set-node-sharingmode sharing_mode} {
	proc ::nfz::$::nfz::word {node value} [string map \
	    [list VAR $::nfz::var] {put $node VAR $value}]
}

proc ::nfz::tb-set-node-usesharednode {node weight} {
	Node.add-desire $node pcshared $weight
}

proc ::nfz::tb-set-node-rpms {node args} {
	if {$args eq {}} {
		perror "\[tb-set-node-rpms] No rpms given."
		return
	}
	if {[llength $args] == 1} {
		set args [split [lindex $args 0] " "]
	}
	put $node rpms [join $args \;]
}

# Pairs of a local directory and an archive; "" after an error.  A mere check
# looks at the first directory only, as the testbed does.
proc ::nfz::tar_pairs {command words} {
	variable check

	if {[llength $words] == 1} {
		set words [split [lindex $words 0] " "]
	}
	if {[llength $words] % 2} {
		perror "\[$command] Arguments should be node and series of\
		    pairs."
		return {}
	}
	set pairs {}
	foreach {dir file} $words {
		foreach shared {/proj /groups /users /share /scratch} {
			if {[string match $shared/* $dir]} {
				perror "\[$command] '$dir' refers to an NFS\
				    directory instead of the node's local\
				    disk."
				return {}
			}
		}
		if {![string match /* $dir]} {
			perror "\[$command] '$dir' is not an absolute path."
			return {}
		}
		if {$check} {
			return {}
		}
		if {![tar_file $command $file]} {
			return {}
		}
		lappend pairs [list $dir $file]
	}
	return $pairs
}

proc ::nfz::tar_file {command file} {
	if {[string match *://* $file]} {
		if {![regexp {^(https?|ftp|xxx)://} $file]} {
			perror "\[$command] '$file' is not an http, https, or\
			    ftp URL."
			return 0
		}
	} elseif {![regexp {^/(proj|groups|users|scratch)/} $file]} {
		perror "\[$command] '$file' is not in an allowed directory"
		return 0
	}
	if {![regexp {\.(tar|tar\.Z|tar\.gz|tgz|tar\.bz2)$} $file]} {
		perror "\[$command] '$file' does not have a valid extension\
		    (e.g. *.tar, *.tar.Z, *.tar.gz, *.tgz)."
		return 0
	}
	return 1
}

proc ::nfz::tb-set-node-tarfiles {node args} {
	if {$args eq {}} {
		perror "\[tb-set-node-tarfiles] tb-set-node-tarfiles <node>\
		    (<dir> <tar>)+"
		return
	}
	set list {}
	foreach pair [tar_pairs tb-set-node-tarfiles $args] {
		lappend list [join $pair " "]
	}
	put $node tarfiles [join $list \;]
}

proc ::nfz::tb-set-tarfiles {args} {
	variable tarfiles

	if {$args eq {}} {
		perror "\[tb-set-tarfiles] tb-set-tarfiles (<dir> <tar>)+"
		return
	}
	lappend tarfiles {*}[tar_pairs tb-set-tarfiles $args]
}

proc ::nfz::tb-set-node-startcmd {node command} {
	if {[want tb-set-node-startcmd $node Node node]} {
		return [Node.start-command $node \
		    "($command ; /usr/local/etc/emulab/startcmddone \$?)"]
	}
}

proc ::nfz::tb-set-node-failure-action {node type} {
	if {![want tb-set-node-failure-action $node {Node Bridge} node]} {
		return
	}
	if {$type ni {fatal nonfatal ignore}} {
		perror "\[tb-set-node-failure-action] type must be one of\
		    fatal|nonfatal|ignore."
		return
	}
	put $node failureaction $type
}

proc ::nfz::tb-fix-node {node machine} {
	if {[want tb-fix-node $node Node node]} {
		call $node set_fixed $machine
	}
}

proc ::nfz::tb-bind-parent {node machine} {
	tb-fix-node $node $machine
}

proc ::nfz::tb-set-node-id {node id} {
	if {[want tb-set-node-id $node Node node]} {
		put $node numeric_id $id
	}
}

# One of a set of words, into a variable of a node.
foreach {::nfz::word ::nfz::var ::nfz::among} {
    tb-set-node-inner-elab-role inner_elab_role
    {boss boss+router router ops ops+fs fs node}
    tb-set-node-plab-role plab_role {plc node none}} {
	proc ::nfz::$::nfz::word {node role} [string map [list NAME \
	    $::nfz::word VAR $::nfz::var AMONG $::nfz::among] {
		if {![want NAME $node Node node]} {
			return
		}
		if {$role ni {AMONG}} {
			perror "\[NAME] type must be one of\
			    [join {AMONG} |]"
			return
		}
		put $node VAR $role
	}]
}

proc ::nfz::tb-set-node-plab-plcnet {node lanlink} {
	if {![want tb-set-node-plab-plcnet $node Node node]} {
		return
	}
	if {$lanlink ni {control exp} && [class_of $lanlink] ni {Link Lan}} {
		perror "\[tb-set-node-plab-plcnet] $lanlink must be a link,\
		    lan, \"control\", or \"exp\"."
		return
	}
	put $node plab_plcnet $lanlink
}

# Kinds of machines

proc ::nfz::make_vtype {command name weight types} {
	variable vtypes

	foreach type $types {
		if {![known_type $type]} {
			perror "\[$command] Invalid hardware type $type."
		}
	}
	set vtypes($name) [create Vtype $name $weight $types]
}

proc ::nfz::tb-make-soft-vtype {name types} {
	make_vtype tb-make-soft-vtype $name 0.5 $types
}

proc ::nfz::tb-make-hard-vtype {name types} {
	make_vtype tb-make-hard-vtype $name 1.0 $types
}

proc ::nfz::tb-make-weighted-vtype {name weight types} {
	if {![is_float $weight] || $weight <= 0 || $weight >= 1.0} {
		perror "\[tb-make-weighted-vtype] $weight is not a valid\
		    weight. (0 < weight < 1)."
	}
	make_vtype tb-make-weighted-vtype $name $weight $types
}

# Settings of the whole experiment

foreach {::nfz::word ::nfz::var} {tb-set-uselatestwadata uselatestwadata
    tb-set-usewatunnels usewatunnels tb-use-endnodeshaping uselinkdelays
    tb-force-endnodeshaping forcelinkdelays
    tb-fix-current-resources allowfixnode} {
	proc ::nfz::$::nfz::word {onoff} [string map [list NAME \
	    $::nfz::word VAR $::nfz::var] {
		variable setting

		if {[want_switch NAME $onoff]} {
			set setting(VAR) $onoff
		}
	}]
}

foreach {::nfz::word ::nfz::var} {tb-use-ipassign use_ipassign
    tb-set-ipassign-args ipassign_args tb-use-physnaming use_physnaming
    tb-set-inner-elab-eid elabinelab_eid
    tb-set-elabinelab-cvstag elabinelab_cvstag} {
	proc ::nfz::$::nfz::word {value} [string map \
	    [list VAR $::nfz::var] {
		variable setting

		set setting(VAR) $value
	}]
}

# Numbers within bounds.
foreach {::nfz::word ::nfz::var ::nfz::max ::nfz::what} {
    tb-set-colocate-factor multiplex_factor 100 factor
    tb-set-mem-usage mem_usage 5 usage
    tb-set-cpu-usage cpu_usage 5 usage} {
	proc ::nfz::$::nfz::word {value} [string map [list \
	    NAME $::nfz::word VAR $::nfz::var MAX $::nfz::max \
	    WHAT $::nfz::what] {
		variable setting

		if {$value < 1 || $value > MAX} {
			perror "\[NAME] WHAT must be 1 <= factor <= MAX"
			return
		}
		set setting(VAR) $value
	}]
}

foreach {::nfz::word ::nfz::var} {tb-set-jail-os jail_osname
    tb-set-delay-os delay_osname} {
	proc ::nfz::$::nfz::word {os} [string map \
	    [list NAME $::nfz::word VAR $::nfz::var] {
		variable setting

		if {![known_os $os]} {
			perror "\[NAME] Invalid osid $os."
			return
		}
		set setting(VAR) $os
	}]
}

proc ::nfz::tb-set-delay-capacity {links} {
	variable setting

	if {$links <= 0 || $links > 2} {
		perror "\[tb-set-delay-capacity] Must be 0 < X <= 2"
		return
	}
	set setting(delay_capacity) $links
}

proc ::nfz::tb-set-wasolver-weights {delay bw plr} {
	variable setting

	if {$delay < 0 || $bw < 0 || $plr < 0} {
		perror "\[tb-set-wasolver-weights] Weights must be postive\
		    integers."
	} elseif {$delay eq {} || $bw eq {} || $plr eq {}} {
		perror "\[tb-set-wasolver-weights] Must provide delay, bw, and\
		    plr."
	} else {
		set setting(wa_delay_solverweight) $delay
		set setting(wa_bw_solverweight) $bw
		set setting(wa_plr_solverweight) $plr
	}
}

proc ::nfz::tb-set-sync-server {node} {
	variable setting

	if {[want tb-set-sync-server $node Node node]} {
		set setting(sync_server) $node
	}
}

proc ::nfz::tb-set-ip-routing {type} {
	variable routing

	if {$type eq {}} {
		perror "\[tb-set-ip-routing] No type given."
	} elseif {$type ni {none ospf}} {
		perror "\[tb-set-ip-routing] Type is not one of none|ospf"
	} else {
		set routing $type
	}
}

proc ::nfz::tb-set-security-level {level} {
	variable setting

	set known {Green 0 Blue 1 Yellow 2 Orange 3}
	if {$level eq "Red"} {
		perror "\[tb-set-security-level] Red security not implemented\
		    yet"
	} elseif {![dict exists $known $level]} {
		perror "\[tb-set-security-level] $level is not a valid level"
	} else {
		set setting(security_level) [dict get $known $level]
		if {$setting(security_level) == 0} {
			set setting(security_level) {}
		}
	}
}
