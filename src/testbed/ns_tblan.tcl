# The tb- commands, part two: links and LANs.

# A loss rate is 0 or from 0.000005 to 1.
proc ::nfz::bad_loss {rate} {
	return [expr {![is_float $rate] ||
	    ($rate != 0 && ($rate > 1.0 || $rate < 0.000005))}]
}

proc ::nfz::check_loss {command rate} {
	if {[bad_loss $rate]} {
		perror "\[$command] $rate is not a valid loss rate."
		return 0
	}
	return 1
}

# What each of two members must lose so that both together lose the rate.
# Not braced: a rate that is no number gives the error Tcl gives for it.
proc ::nfz::half_loss {rate} {
	return [expr 1-sqrt(1-$rate)]
}

# The link meant by "<link> <value>" or "<src> <dst> <value>", "" after an
# error; the value goes to the caller's variable.
proc ::nfz::link_or_ends {command first rest value} {
	upvar 1 $value given

	if {[llength $rest] != 2} {
		set given [lindex $rest 0]
		return $first
	}
	lassign $rest dst given
	set link [Simulator.find_link [get $first sim] $first $dst]
	if {$link eq {}} {
		perror "\[$command] No link between $first and $dst."
	}
	return $link
}

# Sets per-member variables of all members.
proc ::nfz::put_all {lan names value} {
	foreach pair [get $lan nodelist] {
		foreach name $names {
			put $lan ${name}($pair) $value
		}
	}
}

proc ::nfz::tb-set-link-loss {first args} {
	set link [link_or_ends tb-set-link-loss $first $args rate]
	if {$link ne {}} {
		check_loss tb-set-link-loss $rate
		put_all $link {loss rloss} [half_loss $rate]
	}
}

proc ::nfz::tb-set-lan-loss {lan rate} {
	if {[want tb-set-lan-loss $lan Lan lan]} {
		check_loss tb-set-lan-loss $rate
		put_all $lan {loss rloss} [half_loss $rate]
	}
}

proc ::nfz::tb-set-link-est-bandwidth {first args} {
	set link [link_or_ends tb-set-link-est-bandwidth $first $args bw]
	if {$link ne {}} {
		put_all $link {ebandwidth rebandwidth} [parse_bw $bw]
	}
}

proc ::nfz::tb-set-link-backfill {first args} {
	set link [link_or_ends tb-set-link-backfill $first $args bw]
	if {$link ne {} && [want tb-set-link-backfill $link Link link]} {
		put_all $link {backfill rbackfill} [parse_bw $bw]
	}
}

foreach {::nfz::word ::nfz::var} {tb-set-lan-est-bandwidth ebandwidth
    tb-set-lan-backfill backfill} {
	proc ::nfz::$::nfz::word {lan bw} [string map [list NAME \
	    $::nfz::word VAR $::nfz::var] {
		if {[want NAME $lan Lan lan]} {
			put_all $lan {VAR rVAR} [parse_bw $bw]
		}
	}]
}

# One member: the pair {node port}, "" after an error.

proc ::nfz::member_of {command node lan class} {
	if {![want $command $node Node node] ||
	    ![want $command $lan $class [string tolower $class]]} {
		return {}
	}
	set port [LanLink.get_port $lan $node]
	if {$port eq {}} {
		perror "\[$command] $node is not in $lan."
		return {}
	}
	return [list $node $port]
}

# Not halved: what is said holds for the member, in both directions.
foreach {::nfz::word ::nfz::var ::nfz::parse} {
    tb-set-node-lan-delay delay parse_delay
    tb-set-node-lan-bandwidth bandwidth parse_bw
    tb-set-node-lan-est-bandwidth ebandwidth parse_bw
    tb-set-node-lan-backfill backfill parse_bw} {
	proc ::nfz::$::nfz::word {node lan value} [string map [list NAME \
	    $::nfz::word VAR $::nfz::var PARSE $::nfz::parse] {
		set pair [member_of NAME $node $lan Lan]
		if {$pair ne {}} {
			set value [PARSE $value]
			put $lan VAR($pair) $value
			put $lan rVAR($pair) $value
		}
	}]
}

proc ::nfz::tb-set-node-lan-loss {node lan rate} {
	set pair [member_of tb-set-node-lan-loss $node $lan Lan]
	if {$pair ne {}} {
		check_loss tb-set-link-loss $rate
		put $lan loss($pair) $rate
		put $lan rloss($pair) $rate
	}
}

proc ::nfz::tb-set-node-lan-params {node lan delay bw loss} {
	tb-set-node-lan-delay $node $lan $delay
	tb-set-node-lan-bandwidth $node $lan $bw
	tb-set-node-lan-loss $node $lan $loss
}

# The member of a link at the other end.
proc ::nfz::other_member {link pair} {
	foreach other [get $link nodelist] {
		if {$other ne $pair} {
			set found $other
		}
	}
	return $found
}

# Halved over the two ends, one direction only.
proc ::nfz::tb-set-link-simplex-params {link src delay bw loss} {
	set command tb-set-link-simplex-params
	if {![want $command $link Link link]} {
		return
	}
	set pair [member_of $command $src $link Link]
	if {$pair eq {} || ![check_loss $command $loss]} {
		return
	}
	set other [other_member $link $pair]
	set half [expr {[parse_delay $delay] / 2.0}]
	set bw [parse_bw $bw]
	set loss [half_loss $loss]
	put $link delay($pair) $half
	put $link rdelay($other) $half
	put $link bandwidth($pair) $bw
	put $link rbandwidth($other) $bw
	put $link loss($pair) $loss
	put $link rloss($other) $loss
}

proc ::nfz::tb-set-link-simplex-backfill {link src bw} {
	set command tb-set-link-simplex-backfill
	if {![want $command $link Link link]} {
		return
	}
	set pair [member_of $command $src $link Link]
	if {$pair ne {}} {
		set bw [parse_bw $bw]
		put $link backfill($pair) $bw
		put $link rbackfill([other_member $link $pair]) $bw
	}
}

proc ::nfz::tb-set-lan-simplex-params {lan node todelay tobw toloss
    fromdelay frombw fromloss} {
	set pair [member_of tb-set-lan-simplex-params $node $lan Lan]
	if {$pair eq {}} {
		return
	}
	check_loss tb-set-link-loss $toloss
	check_loss tb-set-link-loss $fromloss
	put $lan delay($pair) [parse_delay $todelay]
	put $lan rdelay($pair) [parse_delay $fromdelay]
	put $lan loss($pair) $toloss
	put $lan rloss($pair) $fromloss
	put $lan bandwidth($pair) [parse_bw $tobw]
	put $lan rbandwidth($pair) [parse_bw $frombw]
}

proc ::nfz::tb-set-lan-simplex-backfill {lan node tobw frombw} {
	set pair [member_of tb-set-lan-simplex-params $node $lan Lan]
	if {$pair ne {}} {
		put $lan backfill($pair) [parse_bw $tobw 0]
		put $lan rbackfill($pair) [parse_bw $frombw 0]
	}
}

# Whole links and LANs

foreach {::nfz::word ::nfz::var} {tb-set-multiplexed emulated
    tb-set-noshaping nobwshaping tb-set-endnodeshaping uselinkdelay
    tb-set-allowcolocate trivial_ok} {
	proc ::nfz::$::nfz::word {lanlink onoff} [string map [list NAME \
	    $::nfz::word VAR $::nfz::var] {
		if {[want_lanlink NAME $lanlink]} {
			put $lanlink VAR $onoff
		}
	}]
}

proc ::nfz::tb-set-link-failure-action {lanlink type} {
	if {![want_lanlink tb-set-link-failure-action $lanlink]} {
		return
	}
	if {$type ni {fatal nonfatal}} {
		perror "\[tb-set-link-failure-action] must be one of\
		    fatal|nonfatal"
		return
	}
	put $lanlink failureaction $type
}

proc ::nfz::tb-set-useveth {lanlink onoff} {
	if {[want_lanlink tb-set-useveth $lanlink]} {
		put $lanlink encap [expr {$onoff == 0 ? "default" : "veth"}]
	}
}

proc ::nfz::encapsulation {command style} {
	if {$style in {alias gre egre vtun veth veth-ne vlan}} {
		return 1
	}
	perror "\[$command] one of: 'alias', 'veth', 'veth-ne', 'vlan'"
	return 0
}

proc ::nfz::tb-set-link-encap {lanlink style} {
	if {[want_lanlink tb-set-link-encap $lanlink] &&
	    [encapsulation tb-set-link-encap $style]} {
		put $lanlink encap $style
	}
}

proc ::nfz::tb-set-vlink-emulation {style} {
	variable setting

	if {[encapsulation tb-set-encapsulate $style]} {
		set setting(encap_style) $style
	}
}

proc ::nfz::tb-set-encapsulate {onoff} {
	variable setting

	if {[want_switch tb-set-encapsulate $onoff]} {
		set setting(encap_style) \
		    [expr {$onoff ? "default" : "veth-ne"}]
	}
}

proc ::nfz::tb-set-lan-protocol {lan protocol} {
	if {[want tb-set-lan-protocol $lan Lan lan]} {
		put $lan protocol $protocol
	}
}

proc ::nfz::tb-set-link-protocol {link protocol} {
	if {[want tb-set-lan-protocol $link Link link]} {
		put $link protocol $protocol
	}
}

proc ::nfz::tb-set-link-layer {link layer} {
	if {[want tb-set-link-layer $link Link link]} {
		put $link layer $layer
	}
}

proc ::nfz::tb-set-lan-accesspoint {lan node} {
	if {[want tb-set-lan-accesspoint $lan Lan lan] &&
	    [want tb-set-lan-accesspoint $node Node node]} {
		LanLink.set_accesspoint $lan $node
	}
}

proc ::nfz::tb-set-lan-setting {lan key value} {
	if {[want tb-set-lan-setting $lan Lan lan]} {
		LanLink.set_setting $lan $key $value
	}
}

proc ::nfz::tb-set-node-lan-setting {lan node key value} {
	if {[want tb-set-node-lan-setting $lan Lan lan] &&
	    [want tb-set-node-lan-setting $node Node node]} {
		LanLink.set_member_setting $lan $node $key $value
	}
}

proc ::nfz::tb-fix-interface {node lanlink iface} {
	if {![want tb-fix-interface $node Node node]} {
		return
	}
	if {[class_of $lanlink] ni {Link Lan}} {
		perror "\[tb-fix-interface] $lanlink must be a link or lan!"
		return
	}
	LanLink.set_fixed_iface $lanlink $node $iface
}

# Things other testbeds do with an experiment: taken note of.

proc ::nfz::tb-use-modelnet {onoff} {
	variable setting

	foreach name {usemodelnet modelnet_cores modelnet_edges} {
		set setting($name) [expr {$onoff ? 1 : {}}]
	}
}

proc ::nfz::tb-set-modelnet-physnodes {cores edges} {
	variable setting

	if {$cores == 0 || $edges == 0} {
		perror "\[tb-set-modelnet-physnodes] cores and edges must be >\
		    0"
		return
	}
	set setting(usemodelnet) 1
	set setting(modelnet_cores) $cores
	set setting(modelnet_edges) $edges
}

proc ::nfz::tb-elab-in-elab {onoff} {
	variable setting

	set setting(elab_in_elab) [expr {$onoff ? 1 : {}}]
	set setting(elabinelab_singlenet) [expr {$onoff ? 0 : {}}]
}

proc ::nfz::tb-elabinelab-singlenet {{onoff 1}} {
	variable setting

	set setting(elabinelab_singlenet) $onoff
}

proc ::nfz::tb-set-dpdb {onoff} {
	variable setting

	set setting(dpdb) [expr {$onoff ? 1 : {}}]
}

foreach ::nfz::word {tb-elab-in-elab-topology
    tb-set-elabinelab-attribute tb-unset-elabinelab-attribute
    tb-set-elabinelab-role-attribute tb-unset-elabinelab-role-attribute
    tb-set-oml-mp tb-set-node-service tb-add-node-service-hook
    tb-feedback-vlan tb-feedback-vlink} {
	proc ::nfz::$::nfz::word {args} {}
}

proc ::nfz::tb-feedback-vnode {node hardware args} {
	variable setting

	if {![want tb-feedback-vnode $node Node node]} {
		return
	}
	if {![string match pcvm* $hardware]} {
		perror "\[tb-feedback-vnode] Unknown hardware type: $hardware"
		return
	}
	options $args {-scale 1.2 -rclass {} -alertscale 2.0 -initscale 0.01}
	set setting(allowfixnode) 0
	foreach {name full} {cpupercent 92.0 rampercent 80.0} {
		Node.add-desire $node ?+$name \
		    [expr {$full * $(-initscale) * $(-scale)}]
	}
	tb-set-hardware $node $hardware
}

proc ::nfz::tb-set-oml-use-control {flag} {
	variable oml_control

	set oml_control $flag
}

proc ::nfz::oml_command {} {
	return "/usr/bin/oml2-server -l 8000\
	    --logfile=/local/logs/oml-server.log --data-dir=/local/logs"
}

proc ::nfz::tb-set-use-oml {args} {
	uplevel #0 {::set omlserver [$ns node]}
	tb-set-node-os omlserver UBUNTU10-OML
	uplevel #0 {tb-set-node-startcmd omlserver [::nfz::oml_command]}
}

proc ::nfz::tb-set-oml-server {node} {
	if {[want tb-set-oml-server $node Node node]} {
		put $node osid UBUNTU10-OML
		tb-set-node-startcmd $node [oml_command]
	}
}
