# Nodes, bridges, consoles.

::nfz::class Node NSObject
::nfz::class Bridge Node
::nfz::class Console NSObject

::nfz::method Node init {sim} {
	variable simulated

	fill $self [list sim $sim portlist {} iplist {} \
	    agentlist {} next_portnumber_ 5000 type pc isremote 0 isvirt 0 \
	    virthost 0 issubnode 0 subnodehost 0 subnodechild {} osid {} \
	    parent_osid {} bridgelist {} isbridgenode 0 cmdline {} rpms {} \
	    startup {} tarfiles {} failureaction fatal inner_elab_role {} \
	    plab_role none plab_plcnet none fixed {} nseconfig {} \
	    sharing_mode {} role {} topo {} X_ {} Y_ {} Z_ 0.0 \
	    orientation_ 0.0 simulated $simulated numeric_id {}]
	my $self routelist desirelist
	array set routelist {}
	array set desirelist {}
	set console [create Console $self-console $sim $self]
	enlist $sim console_list $console
	put $self console_ $console
}

::nfz::method Bridge init {sim} {
	Node.init $self $sim
	put $self role bridge
	put $self isbridgenode 1
}

proc ::nfz::enlist {self set object} {
	my $self $set
	set ${set}($object) {}
}

# Every interface of a node is a port, counted from 0; portlist and iplist are
# in that order.
::nfz::method Node add_lanlink {lan} {
	my $self portlist iplist
	lappend portlist $lan
	lappend iplist {}
	return [expr {[llength $portlist] - 1}]
}

::nfz::method Node ip {port args} {
	my $self iplist
	if {$args eq {}} {
		return [lindex $iplist $port]
	}
	set iplist [lreplace $iplist $port $port [lindex $args 0]]
}

::nfz::method Node find_port {lan} {
	return [lsearch -exact [get $self portlist] $lan]
}

::nfz::method Node find_commonlan {node} {
	foreach lan [get $self portlist] {
		if {[Node.find_port $node $lan] != -1} {
			return $lan
		}
	}
	return {}
}

::nfz::method Node rename {old new} {
	foreach lan [get $self portlist] {
		LanLink.rename_node $lan $old $new
	}
	set sim [get $self sim]
	rekey $sim node_list $old $new
	set console [get $self console_]
	put $console node $new
	rename_object $console $new-console
	put $self console_ $new-console
}

::nfz::method Node rename_lanlink {old new} {
	foreach var {portlist bridgelist} {
		set list {}
		foreach lan [get $self $var] {
			lappend list [expr {$lan eq $old ? $new : $lan}]
		}
		put $self $var $list
	}
}

::nfz::method Node attach-agent {agent} {
	my $self agentlist
	lappend agentlist $agent
	Agent.set_node $agent $self
}

::nfz::method Node next_portnumber {} {
	my $self next_portnumber_
	return [incr next_portnumber_]
}

::nfz::method Node set_hwtype {type remote virtual sub} {
	fill $self [list type $type isremote $remote \
	    isvirt $virtual issubnode $sub]
}

::nfz::method Node set_numeric_id {id} {
	put $self numeric_id $id
}

::nfz::method Node set_fixed {machine} {
	variable id_of
	variable machines

	if {[info exists id_of($machine)] && [isa $machine Node]} {
		if {[get $self issubnode]} {
			put $machine subnodehost 1
			put $machine subnodechild $self
		} elseif {![get $self isvirt]} {
			perror "\[set-fixed] Improper fix-node $self to\
			    $machine!"
			return
		}
	}
	put $self fixed $machine
	if {![get $self isvirt] && [info exists machines($machine)]} {
		put $self type $machines($machine)
	}
}

::nfz::method Node add-route {dst hop} {
	my $self routelist
	if {[info exists routelist($dst)]} {
		perror "\[add-route] route from $self to $dst already exists!"
	}
	set routelist($dst) $hop
}

::nfz::method Node add-desire {name weight} {
	my $self desirelist
	if {[info exists desirelist($name)]} {
		perror "\[add-desire] Desire $name on $self already exists!"
	}
	set desirelist($name) $weight
}

# A program agent "<node>_startcmd" that an event starts at once.
::nfz::method Node start-command {command} {
	set sim [get $self sim]
	set program [uplevel 2 "::set ${self}_startcmd \[::new Program $sim\]"]
	put $program node $self
	put $program command $command
	Simulator.at $sim 0 "$program start"
	return $program
}

::nfz::method Node program-agent {args} {
	options $args {-command {} -dir {} -timeout {} -expected-exit-code {}}
	set program [::new Program [get $self sim]]
	put $program node $self
	put $program command $(-command)
	put $program dir "{$(-dir)}"
	put $program expected-exit-code $(-expected-exit-code)
	if {$(-timeout) ne {}} {
		set seconds [seconds $(-timeout)]
		if {$seconds == -1} {
			perror "-timeout value is not a relative time:\
			    $(-timeout)"
			return
		}
		put $program timeout $seconds
	}
	return $program
}

::nfz::method Node topography {topo} {
	if {$topo eq {}} {
		put $self topo {}
		return
	}
	if {![isa $topo Topography]} {
		perror "\[topography] $topo is not a Topography."
		return
	}
	if {![Topography.initialized $topo]} {
		perror "\[topography] $topo is not initialized."
		return
	}
	put $self topo $topo
	put $topo sim [get $self sim]
	enlist [get $self sim] topography_list $topo
	if {[get $self fixed] eq {} && [get $self type] eq "pc"} {
		put $self type robot
	}
}

::nfz::method Node console {} {
	return [get $self console_]
}

::nfz::method Bridge addbridgelink {link} {
	my $self bridgelist
	lappend bridgelist $link
}

::nfz::method Console init {sim node} {
	put $self sim $sim
	put $self node $node
	put $self connected 0
}

::nfz::method Console rename {old new} {
	rekey [get $self sim] console_list $old $new
}

::nfz::method Console updatedb {} {
	variable objtypes

	emit virt_agents [list vnode [get $self node] vname $self \
	    objecttype $objtypes(CONSOLE)]
}

# Rows

# The operating system that runs on the node, checked against its parent.
proc ::nfz::node_os {self} {
	variable default_os

	set os [get $self osid]
	if {$os eq {}} {
		return [expr {[known_type [get $self type]] ? $default_os : {}}]
	}
	if {[get $self virthost]} {
		perror "You may not specify an OS for hosting virtnodes\
		    ($self)!"
	}
	return $os
}

proc ::nfz::node_ips {self} {
	set ips {}
	set port 0
	foreach ip [get $self iplist] {
		if {$ip eq {}} {
			set ip 0.0.0.0
		}
		lappend ips $port:$ip
		incr port
	}
	return $ips
}

# A subnode sits on a machine of its own, made here if none was named.
proc ::nfz::place_subnode {self} {
	set type [get $self type]
	set host [expr {$type in {mica mica2} ? "mote-host" : "pc"}]
	emit virt_nodes [list vname host-$self type $host ips {} osname {} \
	    cmd_line {} rpms {} startupcmd {} tarfiles {} fixed {}]
	emit virt_node_desires [list vname host-$self desire hosts-$type \
	    weight 1.0]
	put $self fixed host-$self
}

::nfz::method Node updatedb {} {
	variable routing
	variable setting
	variable machines

	if {$self eq "ops"} {
		perror "You may not use the name for 'ops' for a node!"
		return
	}
	set os [node_os $self]
	if {[get $self issubnode] && [get $self fixed] eq {}} {
		place_subnode $self
	}
	if {![get $self issubnode] && $setting(use_physnaming) == 1 &&
	    [get $self fixed] eq {} && [info exists machines($self)]} {
		put $self fixed $self
	}
	set ips [node_ips $self]
	node_agents $self
	node_routes $self
	set row [list vname $self type [get $self type] ips $ips osname $os]
	foreach {column var} {cmd_line cmdline rpms rpms startupcmd startup
	    tarfiles tarfiles failureaction failureaction} {
		lappend row $column [get $self $var]
	}
	lappend row routertype $routing fixed [get $self fixed]
	emit virt_nodes [concat $row [node_extras $self]]
	node_desires $self
}

proc ::nfz::node_extras {self} {
	set row {}
	foreach {column var unset} {inner_elab_role inner_elab_role {}
	    role role {} plab_role plab_role none plab_plcnet plab_plcnet {}
	    sharing_mode sharing_mode {} numeric_id numeric_id {}} {
		set value [get $self $var]
		if {$value ne $unset} {
			lappend row $column $value
		}
	}
	set parent [get $self parent_osid]
	if {$parent ne {} && $parent ne "0"} {
		lappend row parent_osname $parent
	}
	return $row
}

# What the node's traffic agents want of it.
proc ::nfz::node_agents {self} {
	foreach agent [get $self agentlist] {
		call $agent updatedb
		set application [get $agent application]
		if {$application ne {}} {
			agent_start $application
		}
	}
}

proc ::nfz::node_desires {self} {
	variable objtypes

	my $self desirelist
	foreach name [lsort [array names desirelist]] {
		emit virt_node_desires [list vname $self desire $name \
		    weight $desirelist($name)]
	}
	# A bridge has a network agent of its name already.
	set name $self
	if {[get $self role] eq "bridge"} {
		set name _$self
	}
	emit virt_agents [list vnode $self vname $name objecttype \
	    $objtypes(NODE)]
}

::nfz::method Bridge updatedb {} {
	Node.updatedb $self
	foreach link [get $self bridgelist] {
		emit virt_bridges [list vname $self vlink $link \
		    vport [Node.find_port $self $link]]
	}
}

# Where a route goes: {address type mask}, or {} after an error.
proc ::nfz::route_target {dst} {
	switch -- [class_of $dst] {
	Node {
		if {[llength [get $dst portlist]] != 1} {
			perror "\[add-route] $dst must have only one link."
		}
		set link [lindex [get $dst portlist] 0]
		return [list [Node.ip $dst 0] host [get $link netmask]]
	}
	SimplexLink {
		set link [get $dst mylink]
		set src [get $link src_node]
		return [list [Node.ip $src [Node.find_port $src $link]] net \
		    [get $link netmask]]
	}
	Link - Lan {
		return [list [LanLink.get_subnet $dst] net [get $dst netmask]]
	}
	}
	perror "\[add-route] Bad argument. Must be a node or a link."
	return {}
}

proc ::nfz::node_routes {self} {
	my $self routelist
	foreach dst [lsort [array names routelist]] {
		set hop $routelist($dst)
		set link [Simulator.find_link [get $self sim] $self $hop]
		if {$link eq {}} {
			set link [Node.find_commonlan $self $hop]
		}
		set port [Node.find_port $hop $link]
		if {$port == -1} {
			perror "\[add-route] Cannot find a link from $self to\
			    $hop!"
			return
		}
		set src [Node.ip $self [Node.find_port $self $link]]
		set target [route_target $dst]
		if {$target eq {}} {
			return
		}
		lassign $target ip type mask
		emit virt_routes [list vname $self src $src dst $ip \
		    nexthop [Node.ip $hop $port] dst_type $type dst_mask $mask]
	}
}
