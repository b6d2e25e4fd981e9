# Links, LANs, their queues, and the addresses of their members.
#
# A member is the pair {node port}; all per-member values are arrays with that
# pair as the key.  "r" values are those from the link to the node.

::nfz::class LanLink NSObject
::nfz::class Link LanLink
::nfz::class Lan LanLink
::nfz::class Queue NSObject
::nfz::class SimplexLink NSObject
::nfz::class LLink NSObject
::nfz::class Path NSObject

# One direction of a link: only there to name its queue.
::nfz::method SimplexLink init {link dir} {
	put $self mylink $link
	put $self mydir $dir
}

::nfz::method SimplexLink queue {} {
	return [get [get $self mylink] [get $self mydir]queue]
}

::nfz::method LLink init {lan node} {
	put $self mylan $lan
	put $self mynode $node
}

::nfz::method LLink queue {} {
	set lan [get $self mylan]
	set node [get $self mynode]
	return [get $lan "linkq([list $node [LanLink.get_port $lan $node]])"]
}

::nfz::method Queue init {link type node} {
	fill $self [list mylink $link mynode $node \
	    gentle_ 0 red_ 0 limit_ 50 maxthresh_ 15 thresh_ 5 \
	    q_weight_ 0.002 linterm_ 10 queue-in-bytes_ 0 bytes_ 0 \
	    mean_pktsize_ 500 wait_ 1 setbit_ 0 drop-tail_ 1 traced 0 \
	    trace_type header trace_expr {} trace_snaplen 0 \
	    trace_endnode 0 trace_mysql 0]
	switch -- $type {
	{} - DropTail {
	}
	RED - GRED {
		put $self red_ 1
		put $self gentle_ [expr {$type eq "GRED"}]
		LanLink.mustdelay $link
	}
	default {
		punsup "Link type $type, using DropTail!"
	}
	}
}

::nfz::method Queue get_link {} {
	return [get $self mylink]
}

::nfz::method Queue get_node {} {
	return [get $self mynode]
}

::nfz::method Queue agent_name {} {
	return [get $self mylink]-[get $self mynode]
}

::nfz::method Queue trace {{type header} {filter {}}} {
	put $self traced 1
	put $self trace_type $type
	put $self trace_expr $filter
}

# The queue's columns of virt_lans, words for truth made numbers.
proc ::nfz::queue_columns {queue} {
	set row {}
	foreach {column var} {q_limit limit_ q_maxthresh maxthresh_
	    q_minthresh thresh_ q_weight q_weight_ q_linterm linterm_
	    q_qinbytes queue-in-bytes_ q_bytes bytes_
	    q_meanpsize mean_pktsize_ q_wait wait_ q_setbit setbit_
	    q_droptail drop-tail_ q_red red_ q_gentle gentle_} {
		set value [get $queue $var]
		if {$var in {queue-in-bytes_ bytes_ red_ gentle_}} {
			set value [string map {true 1 false 0} $value]
		}
		lappend row $column $value
	}
	return $row
}

proc ::nfz::trace_columns {queue} {
	set row {}
	if {[get $queue traced] == 1} {
		foreach {column var} {traced traced trace_type trace_type
		    trace_expr trace_expr trace_snaplen trace_snaplen
		    trace_endnode trace_endnode trace_db trace_mysql} {
			lappend row $column [get $queue $var]
		}
	}
	return $row
}

::nfz::method LanLink init {sim nodes bw ms type} {
	variable counter

	my $self nodelist bandwidth rbandwidth backfill rbackfill delay \
	    rdelay loss rloss cost fixed_iface linkq bridge_links
	fill $self [list sim $sim nodelist {} widearea 0 \
	    protocol ethernet failureaction fatal trivial_ok 1 \
	    uselinkdelay 0 emulated 0 nobwshaping 0 mustdelay 0 \
	    encap default accesspoint {} layer {} implemented_by {} \
	    netmask 255.255.255.0 iscloud 0 ofenabled 0 ofcontroller {} \
	    simulated 1]
	foreach node $nodes {
		if {![get $node simulated]} {
			put $self simulated 0
			break
		}
	}
	if {![get $self simulated] && $bw > 10000000} {
		perror "Bandwidth requested ($bw) exceeds maximum of 10000000\
		    kbps!"
		return
	}
	set half [expr {$ms / 2.0}]
	foreach node $nodes {
		set pair [list $node [Node.add_lanlink $node $self]]
		foreach {column value} [list bandwidth $bw rbandwidth $bw \
		    backfill 0 rbackfill 0 delay $half rdelay $half loss 0 \
		    rloss 0 cost 1 fixed_iface 0] {
			set ${column}($pair) $value
		}
		lappend nodelist $pair
		set linkq($pair) \
		    [create Queue lqq[incr counter] $self $type $node]
		if {[class_of $node] eq "Bridge"} {
			Bridge.addbridgelink $node $self
			set bridge_links($pair) $node
		}
	}
}

::nfz::method Link init {sim nodes bw ms type} {
	variable counter

	LanLink.init $self $sim $nodes $bw $ms $type
	lassign $nodes src dst
	put $self src_node $src
	put $self dst_node $dst
	put $self netmask 255.255.255.0
	set q q[incr counter]
	put $self toqueue [create Queue to$q $self $type $src]
	put $self fromqueue [create Queue from$q $self $type $dst]
}

::nfz::method LanLink mustdelay {} {
	put $self mustdelay 1
}

::nfz::method LanLink enable_openflow {controller} {
	put $self ofenabled 1
	put $self ofcontroller $controller
}

# The queues of all members, in order: on a link its own two.
proc ::nfz::queues {self} {
	if {[class_of $self] eq "Link"} {
		return [list [get $self toqueue] [get $self fromqueue]]
	}
	my $self nodelist linkq
	set queues {}
	foreach pair $nodelist {
		lappend queues $linkq($pair)
	}
	return $queues
}

::nfz::method LanLink trace {{type header} {filter {}}} {
	foreach queue [queues $self] {
		Queue.trace $queue $type $filter
	}
}

foreach ::nfz::word {trace_snaplen trace_endnode} {
	::nfz::method LanLink $::nfz::word value [string map \
	    [list VAR $::nfz::word] {
		foreach queue [queues $self] {
			put $queue VAR $value
		}
	}]
}

::nfz::method LanLink trace_mysql {value} {
	variable setting

	foreach queue [queues $self] {
		put $queue trace_mysql $value
	}
	if {$value} {
		set setting(dpdb) 1
	}
}

# A node that is in a LAN twice has its first port found.
::nfz::method LanLink get_port {node} {
	foreach pair [get $self nodelist] {
		if {[lindex $pair 0] eq $node} {
			return [lindex $pair 1]
		}
	}
	return {}
}

::nfz::method LanLink Queue {node} {
	if {[class_of $self] eq "Link"} {
		if {$node eq [get $self src_node]} {
			return [get $self toqueue]
		}
		if {$node eq [get $self dst_node]} {
			return [get $self fromqueue]
		}
		perror "Queue: $node is not a member of $self"
		return {}
	}
	set port [LanLink.get_port $self $node]
	if {$port eq {}} {
		perror "SetDelayParams: $node is not a member of $self"
		return
	}
	return [get $self "linkq([list $node $port])"]
}

# For members that are bridges: not halved, towards the bridge only.
::nfz::method LanLink SetDelayParams {node delay bw loss} {
	my $self nodelist bandwidth rbandwidth ebandwidth rebandwidth
	set port [LanLink.get_port $self $node]
	if {[get $node role] ne "bridge"} {
		perror "SetDelayParams: $node is not a bridge!\n"
		return
	}
	if {$port eq {}} {
		perror "SetDelayParams: $node is not a member of $self"
		return
	}
	foreach pair $nodelist {
		set ebandwidth($pair) $bandwidth($pair)
		set rebandwidth($pair) $rbandwidth($pair)
	}
	set pair [list $node $port]
	put $self "delay($pair)" [parse_delay $delay]
	put $self "loss($pair)" $loss
	set bandwidth($pair) [parse_bw $bw]
	set rbandwidth($pair) $bandwidth($pair)
}

::nfz::method LanLink SetTraceParams {node {type header} {snaplen 0}
    {filter {}}} {
	set queue [LanLink.Queue $self $node]
	if {$queue eq {}} {
		return
	}
	Queue.trace $queue $type $filter
	if {$snaplen > 0} {
		put $queue trace_snaplen $snaplen
	}
}

::nfz::method Link implemented_by {what} {
	if {[class_of $what] eq "Link"} {
		set mine [get $self layer]
		set its [get $what layer]
		if {$mine eq {}} {
			perror "\[$self implemented_by] no layer set!"
			return
		}
		if {$its eq {}} {
			perror "\[$self implemented_by] no layer set in $what!"
			return
		}
		if {$its == $mine && $mine != 2} {
			perror "\[$self implemented_by] $what is at the same\
			    layer!"
			return
		}
		if {$its > $mine} {
			perror "\[$self implemented_by] $what is not at a\
			    lower layer!"
			return
		}
	} elseif {[class_of $what] ne "Path"} {
		perror "\[$self implemented_by] must be a link or a path!"
		return
	}
	put $self implemented_by $what
}

::nfz::method LanLink get_subnet {} {
	lassign [lindex [get $self nodelist] 0] node port
	return [Node.ip $node $port]
}

::nfz::method LanLink get_netmask {} {
	return [get $self netmask]
}

::nfz::method LanLink cost {value} {
	my $self nodelist cost
	foreach pair $nodelist {
		set cost($pair) $value
	}
}

::nfz::method LanLink set_accesspoint {node} {
	if {[LanLink.get_port $self $node] eq {}} {
		perror "set_accesspoint: No such node $node in lan $self."
		return
	}
	put $self accesspoint $node
}

::nfz::method LanLink set_setting {key value} {
	put $self settings($key) $value
}

::nfz::method LanLink set_member_setting {node key value} {
	if {[LanLink.get_port $self $node] eq {}} {
		perror "set_member_setting: No such node $node in lan $self."
		return
	}
	put $self member_settings($node,$key) $value
}

::nfz::method LanLink set_fixed_iface {node iface} {
	set port [LanLink.get_port $self $node]
	if {$port eq {}} {
		perror "\[set_fixed_iface] $node is not the specified link/lan!"
		return
	}
	put $self "fixed_iface([list $node $port])" $iface
}

# Names

::nfz::method LanLink rename {old new} {
	foreach pair [get $self nodelist] {
		Node.rename_lanlink [lindex $pair 0] $old $new
	}
	Simulator.rename_lanlink [get $self sim] $old $new
	foreach queue [queues $self] {
		put $queue mylink $new
	}
}

::nfz::method LanLink rename_node {old new} {
	my $self nodelist accesspoint src_node dst_node
	foreach var {accesspoint src_node dst_node} {
		if {[info exists $var] && [set $var] eq $old} {
			set $var $new
		}
	}
	set list {}
	foreach pair $nodelist {
		set port [lindex $pair 1]
		if {[lindex $pair 0] eq $old} {
			move_member $self $pair [list $new $port]
			set pair [list $new $port]
		}
		lappend list $pair
	}
	set nodelist $list
	foreach queue [queues $self] {
		if {[get $queue mynode] eq $old} {
			put $queue mynode $new
		}
	}
}

proc ::nfz::move_member {self from to} {
	foreach var {bandwidth rbandwidth ebandwidth rebandwidth backfill
	    rbackfill delay rdelay loss rloss cost fixed_iface linkq
	    bridge_links} {
		my $self $var
		if {[info exists ${var}($from)]} {
			set ${var}($to) [set ${var}($from)]
			unset ${var}($from)
		}
	}
}

# Addresses

# All links and LANs that bridges join to this one, itself included.  An
# array, because its order decides about addresses.
proc ::nfz::joined {self found} {
	upvar 1 $found reachable

	set pending [list $self]
	while {$pending ne {}} {
		set lan [lindex $pending 0]
		set pending [lrange $pending 1 end]
		set reachable($lan) 1
		my $lan bridge_links
		foreach pair [array names bridge_links] {
			foreach next [get $bridge_links($pair) bridgelist] {
				if {![info exists reachable($next)]} {
					lappend pending $next
				}
			}
		}
	}
}

# Gives every member without an address one: from the subnet of those that
# have one, else from the next free subnet, hosts from .2 in member order.
::nfz::method LanLink fill_ips {} {
	set netmask [get $self netmask]
	set mask [ip_number $netmask]
	joined $self reachable
	set subnet {}
	foreach {lan one} [array get reachable] {
		foreach pair [get $lan nodelist] {
			set ip [Node.ip [lindex $pair 0] [lindex $pair 1]]
			if {$ip ne {}} {
				set subnet [expr {[ip_number $ip] & $mask}]
				set used($ip) 1
				subnet use $subnet $mask
			}
		}
	}
	if {$subnet eq {}} {
		set subnet [subnet get $mask]
		if {$subnet eq {}} {
			perror "Ran out of subnets."
			set subnet 0
		}
	}
	set host 2
	foreach {lan one} [array get reachable] {
		foreach pair [get $lan nodelist] {
			lassign $pair node port
			if {[Node.ip $node $port] eq {}} {
				Node.ip $node $port [free_ip $subnet $mask]
			}
		}
	}
}

# The next free address for fill_ips, whose "used" and "host" it shares.
proc ::nfz::free_ip {subnet mask} {
	upvar 1 used used host host

	set max [expr {~$mask & 0xffffffff}]
	while {$host < $max} {
		set ip [ip_text [expr {$subnet | $host}]]
		incr host
		if {![info exists used($ip)]} {
			set used($ip) 1
			return $ip
		}
	}
	perror "Ran out of IP addresses in subnet [ip_text $subnet]."
	return 255.255.255.255
}

# The part of an address that names the host may not be all zeros or ones.
::nfz::method LanLink check-ip-mask {ip netmask} {
	set rest [expr {~[ip_number $netmask] & 0xffffffff}]
	set host [expr {[ip_number $ip] & $rest}]
	if {$host == 0 || $host == $rest} {
		perror "\[check-ip-mask] IP address $ip with netmask $netmask\
		    has either all '0's (reserved) or all '1's (broadcast) in\
		    the host portion of the address."
	}
}
