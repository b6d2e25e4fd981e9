# Traffic generators: agents on nodes, applications on agents.

::nfz::class Agent NSObject
foreach ::nfz::word {UDP TCP Null TCPSink TCP/FullTcp} {
	::nfz::class Agent/$::nfz::word Agent
}
foreach ::nfz::word {Reno Newreno Tahoe Sack} {
	::nfz::class Agent/TCP/FullTcp/$::nfz::word Agent/TCP/FullTcp
}
::nfz::class Application NSObject
foreach ::nfz::word {Traffic/CBR FTP Telnet Program} {
	::nfz::class Application/$::nfz::word Application
}

::nfz::method Agent init {} {
	variable last
	variable simulated

	foreach name {node link application destination proto role port} {
		put $self $name {}
	}
	put $self generator TG
	put $self simulated $simulated
	set last $self
}

::nfz::method Agent/TCP/FullTcp init {} {
	Agent.init $self
	put $self simulated 1
	put $self segsize_ 1460
	put $self role source
	put $self generator NSE
}

::nfz::method Agent/TCP/FullTcp listen {} {
	put $self role sink
}

::nfz::method Agent set_node {node} {
	put $self node $node
	put $self port [Node.next_portnumber $node]
}

::nfz::method Agent get_node {} {
	return [get $self node]
}

::nfz::method Agent set_application {application} {
	put $self application $application
	put $self role [get $application role]
}

::nfz::method Agent rename {old new} {
	set application [get $self application]
	if {$application ne {}} {
		put $application agent $new
	}
}

::nfz::method Agent connect {to} {
	set before [get $self destination]
	if {$before ne {}} {
		say "*** WARNING: \[connect] $self is already connected to\
		    $before\n"
	}
	put $self destination $to
}

# What an agent of a class becomes by being connected: {proto role}.
foreach {::nfz::word ::nfz::proto ::nfz::role} {UDP udp source
    TCP tcp source Null {} sink TCPSink tcp sink} {
	::nfz::method Agent/$::nfz::word connect to [string map \
	    [list PROTO $::nfz::proto ROLE $::nfz::role] {
		Agent.connect $self $to
		if {{PROTO} ne {}} {
			put $self proto {PROTO}
		}
		put $self role ROLE
	}]
}

::nfz::method Agent/TCP/FullTcp connect {to} {
	Agent.connect $self $to
	put $self proto tcp
	put $to proto tcp
	put [get $self node] osid FBSD-STD
	put $to osid FBSD-STD
}

# Is the agent complete?
proc ::nfz::agent_ready {self} {
	if {[get $self node] eq {}} {
		perror "\[updatedb] $self is not attached to a node."
	} elseif {[get $self role] eq {}} {
		perror "\[updatedb] $self has no role."
	} elseif {[get $self destination] eq {}} {
		perror "\[updatedb] $self has no destination."
	} elseif {[get $self role] eq "source" &&
	    [get $self application] eq {}} {
		perror "\[updatedb] $self does not have an attached\
		    application."
	} else {
		return 1
	}
	return 0
}

proc ::nfz::emit_trafgen {self name proto target} {
	set to [get $self destination]
	set node [get $self node]
	set other [get $to node]
	emit virt_trafgens [list vnode $node vname $name \
	    role [get $self role] proto $proto port [get $self port] \
	    ip [Node.ip $node 0] target_vnode $other \
	    target_vname $target target_port [get $to port] \
	    target_ip [Node.ip $other 0] generator [get $self generator]]
}

::nfz::method Agent updatedb {} {
	variable objtypes

	if {![agent_ready $self]} {
		return
	}
	set to [get $self destination]
	set name [get $self application]
	set proto [get $self proto]
	set target $to
	if {[get $self role] eq "sink"} {
		set name $self
		set proto [get $to proto]
		set target [get $to application]
	}
	if {[get $self simulated]} {
		return
	}
	emit_trafgen $self $name $proto $target
	emit virt_agents [list vnode [get $self node] vname $name \
	    objecttype $objtypes(TRAFGEN)]
}

::nfz::method Agent/TCP/FullTcp updatedb {} {
	variable objtypes
	variable simulated

	if {![agent_ready $self] || $simulated} {
		return
	}
	emit_trafgen $self $self [get $self proto] [get $self destination]
	foreach name [list $self [get $self application]] {
		if {$name ne {}} {
			emit virt_agents [list vnode [get $self node] \
			    vname $name objecttype $objtypes(NSE)]
		}
	}
}

::nfz::method Application init {} {
	variable last
	variable simulated

	put $self agent {}
	put $self role {}
	put $self simulated $simulated
	set last $self
}

::nfz::method Application attach-agent {agent} {
	put $self agent $agent
	call $agent set_application $self
}

::nfz::method Application get_node {} {
	set agent [get $self agent]
	if {$agent eq {}} {
		perror "\[Application get_node] $self is not attached to an\
		    agent."
		return {}
	}
	return [call $agent get_node]
}

::nfz::method Application rename {old new} {
	set agent [get $self agent]
	if {$agent ne {}} {
		call $agent set_application $self
	}
}

::nfz::method Application/Traffic/CBR init {} {
	Application.init $self
	fill $self {packetSize_ 210 rate_ 100Mbps interval_ {}
	    iptos_ {} role source}
}

::nfz::method Application/Traffic/CBR get_params {} {
	set text PACKETSIZE=[get $self packetSize_]
	set rate [get $self rate_]
	if {$rate ne {} && $rate ne "0"} {
		append text " RATE=[parse_bw $rate 0]"
	} else {
		append text " RATE=-1"
	}
	foreach {word name} {INTERVAL interval_ IPTOS iptos_} {
		set value [get $self $name]
		if {$value eq {} || $value == 0} {
			set value -1
		}
		append text " $word=$value"
	}
	return $text
}

::nfz::method Application/FTP init {} {
	Application.init $self
	put $self role source
}

::nfz::method Application/Telnet init {} {
	Application.init $self
	put $self role source
	put $self interval_ 0.0
}

# The event that gives a constant-rate source its numbers at the start.
proc ::nfz::agent_start {application} {
	variable objtypes
	variable eventtypes

	if {[isa $application Application/Traffic/CBR]} {
		emit eventlist [list time 0 \
		    vnode [call $application get_node] vname $application \
		    objecttype $objtypes(TRAFGEN) \
		    eventtype $eventtypes(MODIFY) \
		    arguments [call $application get_params] atstring {} \
		    parent __ns_sequence]
	}
}

::nfz::method Simulator attach-agent {node agent} {
	variable simulated

	if {![isa $agent Agent]} {
		perror "\[attach-agent] $agent is not an Agent."
		return
	}
	if {![isa $node Node]} {
		perror "\[attach-agent] $node is not a Node."
		return
	}
	if {$simulated && ![get $node simulated]} {
		real_error "Please attach agents on to real nodes outside\
		    make-simulated"
		return {}
	}
	Node.attach-agent $node $agent
}

# Two agents, or a node and the console of another.
::nfz::method Simulator connect {src dst} {
	my $self tiptunnels
	foreach {node console} [list $src $dst $dst $src] {
		if {[isa $node Node] && [isa $console Console]} {
			if {[get $console connected]} {
				perror "\[connect] $console is already\
				    connected"
				return
			}
			put $console connected 1
			lappend tiptunnels [list $node [get $console node]]
			return
		}
	}
	set bad 0
	foreach agent [list $src $dst] {
		if {![isa $agent Agent]} {
			perror "\[connect] $agent is not an Agent."
			set bad 1
		}
	}
	if {!$bad} {
		call $src connect $dst
		call $dst connect $src
	}
}
