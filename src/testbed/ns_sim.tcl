# Simulator: makes nodes, links and LANs, and at "run" checks the whole and
# hands over the virtual tables.

::nfz::class Simulator

# The sets below are Tcl arrays on purpose: automatic addresses are given out
# in the order in which "array names" walks them.
::nfz::method Simulator init {args} {
	variable last

	my $self ids node_list lanlink_list path_list link_map event_list \
	    event_count prog_list eventgroup_list firewall_list \
	    timeline_list sequence_list console_list tiptunnels \
	    topography_list parameters new_node_config clouds
	set ids 0
	set event_list {}
	set event_count 0
	set tiptunnels {}
	foreach set {node_list lanlink_list path_list link_map prog_list
	    eventgroup_list firewall_list timeline_list sequence_list
	    console_list topography_list parameters} {
		array set $set {}
	}
	set new_node_config(-topography) {}
	set last $self
}

::nfz::method Simulator rename {old new} {
}

::nfz::method Simulator node-config {args} {
	my $self new_node_config
	options $args {-topography {}}
	array set new_node_config [array get {}]
}

proc ::nfz::add_node {self class params} {
	variable last
	variable simulated

	my $self ids node_list new_node_config
	if {$params ne {}} {
		punsup "Arguments for node: $params"
	}
	set node [create $class tbnode-n[incr ids] $self]
	if {$simulated && $class eq "Node"} {
		tb-set-hardware $node sim
		Node.add-desire $node FBSD-NSE 0.9
	}
	set node_list($node) {}
	set last $node
	Node.topography $node $new_node_config(-topography)
	return $node
}

::nfz::method Simulator node {args} {
	return [add_node $self Node $args]
}

::nfz::method Simulator bridge {args} {
	return [add_node $self Bridge $args]
}

::nfz::method Simulator duplex-link {n1 n2 bw delay type args} {
	variable last
	variable simulated
	variable errors

	my $self ids lanlink_list link_map
	if {$args ne {}} {
		punsup "Arguments for duplex-link: $args"
	}
	set bad 0
	foreach node [list $n1 $n2] {
		if {![isa $node Node]} {
			perror "\[duplex-link] $node is not a node."
			set bad 1
		}
	}
	if {!$bad && $simulated &&
	    !([get $n1 simulated] && [get $n2 simulated])} {
		real_error "\[duplex-link] Please define links between real\
		    and simulated nodes outside make-simulated"
		set bad 1
	}
	if {$bad} {
		return
	}
	set bw [parse_bw $bw]
	set delay [parse_delay $delay]
	set link tblink-l[incr ids]
	create Link $link $self [list $n1 $n2] $bw $delay $type
	set lanlink_list($link) {}
	set link_map($n1:$n2) $link
	set link_map($n2:$n1) $link
	set last $link
	return $link
}

# An error that counts even inside make-simulated.
proc ::nfz::real_error text {
	variable simulated

	set simulated 0
	perror $text
	set simulated 1
}

::nfz::method Simulator make-lan {nodes bw delay args} {
	variable last
	variable simulated

	my $self ids lanlink_list
	if {$args ne {}} {
		punsup "Arguments for make-lan: $args"
	}
	if {$simulated} {
		foreach node $nodes {
			if {![get $node simulated]} {
				real_error "Please define lans between real\
				    and simulated nodes outside make-simulated"
				return {}
			}
		}
	}
	set lan tblan-lan[incr ids]
	set bw [parse_bw $bw]
	set delay [parse_delay $delay]
	if {$delay % 2 == 1} {
		say "*** WARNING: due to delay implementation, odd delay value\
		    $delay for LAN may be rounded up\n"
	}
	create Lan $lan $self $nodes $bw $delay {}
	set lanlink_list($lan) {}
	set last $lan
	return $lan
}

::nfz::method Simulator make-cloud {nodes bw delay args} {
	if {$args ne {}} {
		punsup "Arguments for make-cloud: $args"
	}
	set lan [Simulator.make-lan $self $nodes $bw $delay]
	put $lan iscloud 1
	LanLink.mustdelay $lan
	return $lan
}

::nfz::method Simulator make-path {links args} {
	variable last

	my $self ids path_list
	set path tbpath-path[incr ids]
	create Path $path $self $links
	set path_list($path) {}
	set last $path
	return $path
}

::nfz::method Simulator rtproto {type args} {
	variable routing
	variable simulated

	if {$simulated} {
		return
	}
	if {$args ne {}} {
		punsup "rtproto: arguments ignored: $args"
	}
	switch -- $type {
	Session - ospf {
		set routing ospf
	}
	Manual - Static - Static-ddijk - Static-old {
		set routing [string tolower $type]
	}
	default {
		punsup "rtproto: unsupported routing protocol ignored: $type"
	}
	}
}

::nfz::method Simulator cost {src dst cost} {
	set link [Simulator.find_link $self $src $dst]
	set port [LanLink.get_port $link $src]
	put $link "cost([list $src $port])" $cost
}

::nfz::method Simulator find_link {src dst} {
	my $self link_map
	if {[info exists link_map($src:$dst)]} {
		return $link_map($src:$dst)
	}
	return {}
}

# One direction of the last link between two nodes.
::nfz::method Simulator link {src dst} {
	variable counter

	set link [Simulator.find_link $self $src $dst]
	set dir [expr {$src eq [get $link src_node] ? "to" : "from"}]
	return [create SimplexLink sl[incr counter] $link $dir]
}

::nfz::method Simulator lanlink {lan node} {
	variable counter

	if {[class_of $node] ne "Node"} {
		perror "\[lanlink] $node is not a node."
		return
	}
	if {[class_of $lan] ne "Lan"} {
		perror "\[lanlink] $lan is not a lan."
		return
	}
	if {[LanLink.get_port $lan $node] eq {}} {
		perror "\[lanlink] $node is not in $lan."
		return
	}
	return [create LLink ll[incr counter] $lan $node]
}

::nfz::method Simulator make-simulated {args} {
	variable simulated

	my $self nseconfig
	set script [string trim $args \{\}]
	if {$script eq {}} {
		return
	}
	set simulated 1
	uplevel 1 $script
	append nseconfig $script \n
	set simulated 0
}

::nfz::method Simulator define-template-parameter {name args} {
	my $self parameters
	if {$args eq {}} {
		perror "\[define-template-parameter] not enough arguments!"
		return
	}
	if {[llength $args] > 2} {
		perror "\[define-template-parameter] too many arguments!"
		return
	}
	set parameters($name) $args
	uplevel 1 [list ::nfz::set $name [lindex $args 0]]
	return 0
}

::nfz::method Simulator unknown {m args} {
	my $self ids
	punsup "Object $m"
	return [create NullClass tbnull-null[incr ids] $m]
}

# Names: an object was renamed.

proc ::nfz::rekey {self set old new} {
	my $self $set
	if {[info exists ${set}($old)]} {
		unset ${set}($old)
		set ${set}($new) {}
	}
}

::nfz::method Simulator rename_lanlink {old new} {
	my $self link_map
	rekey $self lanlink_list $old $new
	if {[class_of $new] eq "Link"} {
		set nodelist [get $new nodelist]
		set src [lindex $nodelist 0 0]
		set dst [lindex $nodelist 1 0]
		set link_map($src:$dst) $new
		set link_map($dst:$src) $new
	}
}

# The run

proc ::nfz::settings {} {
	variable setting
	variable setting_order

	set row {}
	foreach name $setting_order {
		if {$setting($name) ne {}} {
			lappend row $name $setting($name)
		}
	}
	return $row
}

# Names that cannot be names of machines, LANs of one.
proc ::nfz::check_names {self} {
	my $self node_list lanlink_list
	foreach node [lsort [array names node_list]] {
		if {![regexp {^[-0-9A-Za-z]+$} $node]} {
			perror "\[run] Invalid node name $node.  Can only\
			    contain \[-0-9A-Za-z\] due to DNS limitations."
		}
	}
	foreach lan [lsort [array names lanlink_list]] {
		if {![regexp {^[-0-9A-Za-z]+$} $lan]} {
			perror "\[run] Invalid lan/link name $lan.  Can only\
			    contain \[-0-9A-Za-z\] for symmetry with node DNS\
			    limitations."
		}
	}
	foreach lan [array names lanlink_list] {
		if {[llength [get $lan nodelist]] <= 1} {
			perror "\[run] $lan has only a single node.  LANs must\
			    have at least 2 nodes in them."
		}
	}
}

# Implied wishes: hosts of subnodes, firewalled experiments.
proc ::nfz::imply_desires {self} {
	my $self node_list firewall_list
	foreach node [lsort [array names node_list]] {
		if {[get $node subnodehost]} {
			set type [get [get $node subnodechild] type]
			Node.add-desire $node hosts-$type 1.0
		}
	}
	if {[array size firewall_list]} {
		foreach node [lsort [array names node_list]] {
			Node.add-desire $node firewallable 1.0
		}
	}
}

proc ::nfz::make_oml_lan {self} {
	my $self node_list
	variable oml_nodes [lsort [array names node_list]]
	uplevel #0 {::set omllan [$ns make-lan $::nfz::oml_nodes 100Mb 0ms]}
}

::nfz::method Simulator run {} {
	variable compat
	variable ran
	variable errors
	variable setting
	variable oml_control
	variable check

	my $self lanlink_list
	if {!$compat} {
		return -code error \
		    {can't read "oml_use_control": no such variable}
	}
	if {$oml_control == 0} {
		make_oml_lan $self
	}
	if {$ran} {
		perror "The Simulator 'run' statement can only be run once."
		return
	}
	add_firewall $self
	if {!$setting(use_ipassign)} {
		foreach lan [array names lanlink_list] {
			LanLink.fill_ips $lan
		}
	}
	imply_desires $self
	set ran 1
	check_names $self
	if {$errors || $check} {
		return
	}
	hand_over $self
}

# All rows, in the order the testbed stores them.
proc ::nfz::hand_over {self} {
	variable setting
	variable vtypes

	my $self node_list lanlink_list event_list tiptunnels nseconfig \
	    prog_list eventgroup_list firewall_list timeline_list \
	    sequence_list console_list topography_list path_list
	if {[info exists nseconfig]} {
		emit nseconfigs [list vname fullsim nseconfig $nseconfig]
	}
	set first {}
	foreach node [lsort [array names node_list]] {
		call $node updatedb
		if {$first eq {} && ![get $node issubnode] &&
		    ![get $node isbridgenode]} {
			set first $node
		}
	}
	foreach lan [array names lanlink_list] {
		call $lan updatedb
		if {[get $lan iscloud]} {
			lappend event_list \
			    [list 0 * $lan LINK CLEAR {} {} __ns_sequence] \
			    [list 1 * $lan LINK CREATE {} {} __ns_sequence]
		}
	}
	foreach vtype [array names vtypes] {
		call $vtype updatedb
	}
	foreach set {prog_list eventgroup_list firewall_list timeline_list
	    sequence_list console_list} {
		foreach object [array names $set] {
			call $object updatedb
		}
	}
	foreach pair $tiptunnels {
		emit virt_tiptunnels [list host [lindex $pair 0] vnode \
		    [lindex $pair 1]]
	}
	foreach set {topography_list path_list} {
		foreach object [array names $set] {
			call $object updatedb
		}
	}
	if {$setting(sync_server) eq {}} {
		set setting(sync_server) $first
	}
	emit experiments [settings]
	hand_over_rest $self
}

proc ::nfz::hand_over_rest {self} {
	variable opt_order
	variable objtypes
	variable tarfiles

	my $self event_list parameters
	foreach {name type} [list $self SIMULATOR linktest LINKTEST \
	    slothd SLOTHD] {
		emit virt_agents [list vnode * vname $name objecttype \
		    $objtypes($type)]
	}
	if {[array exists ::opt]} {
		foreach name $opt_order {
			emit virt_user_environment [list name $name value \
			    $::opt($name)]
		}
	}
	foreach event $event_list {
		emit_event $event {}
	}
	foreach name [array names parameters] {
		lassign $parameters($name) value description
		set row [list name $name value $value]
		if {$description ne {}} {
			lappend row description $description
		}
		emit virt_parameters $row
	}
	foreach pair $tarfiles {
		emit experiment_blobs [list path [lindex $pair 1] action \
		    unpack:[lindex $pair 0]]
	}
}

# Calls a method of an object whose class is not known beforehand.
proc ::nfz::call {object method args} {
	tailcall ::$object $method {*}$args
}
