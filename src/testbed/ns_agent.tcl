# Program agents, groups, sequences, timelines, firewalls, areas, kinds of
# machines: the objects that events act on; and traffic generators.

namespace eval ::nfz {
	variable made_by_new {Simulator Program EventGroup EventSequence
	    EventTimeline Firewall Topography Console Path Agent/UDP
	    Agent/Null Agent/TCP Agent/TCPSink Agent/TCP/FullTcp
	    Agent/TCP/FullTcp/Reno Agent/TCP/FullTcp/Newreno
	    Agent/TCP/FullTcp/Tahoe Agent/TCP/FullTcp/Sack
	    Application/Traffic/CBR Application/FTP Application/Telnet}
}

::nfz::method Program init {sim} {
	variable last
	variable programs

	if {$programs eq {}} {
		set programs [uplevel #0 \
		    "::set __all_programs \[::new EventGroup $sim\]"]
	}
	EventGroup.add $programs $self
	fill $self [list sim $sim node {} command {} dir {} \
	    timeout {} expected-exit-code {}]
	enlist $sim prog_list $self
	set last $self
}

::nfz::method Program rename {old new} {
	variable programs

	rekey [get $self sim] prog_list $old $new
	rekey $programs members $old $new
}

::nfz::method Program updatedb {} {
	variable objtypes

	set node [get $self node]
	set command [get $self command]
	if {$node eq {}} {
		perror "\[updatedb] $self has no node."
		return
	}
	if {[string first \n $command] != -1} {
		perror "\[updatedb] $self has disallowed newline in command:\
		    $command"
		return
	}
	if {$node ne "ops" && [get $node simulated]} {
		set node [get $node nsenode]
	}
	emit virt_programs [list vnode $node vname $self command $command \
	    dir [get $self dir] timeout [get $self timeout] \
	    expected_exit_code [get $self expected-exit-code]]
	emit virt_agents [list vnode $node vname $self objecttype \
	    $objtypes(PROGRAM)]
}

::nfz::method EventGroup init {sim} {
	variable last

	my $self members
	put $self sim $sim
	put $self mytype {}
	array set members {}
	enlist $sim eventgroup_list $self
	set last $self
}

::nfz::method EventGroup rename {old new} {
	rekey [get $self sim] eventgroup_list $old $new
}

::nfz::method EventGroup rename-agent {old new} {
	rekey $self members $old $new
}

::nfz::method EventGroup add {args} {
	my $self members mytype
	foreach object $args {
		set class [class_of $object]
		if {$class in {Lan Link}} {
			set class LanLink
		}
		if {$mytype eq {}} {
			set mytype $class
		}
		if {$class ne $mytype} {
			perror "\[$self add $object] All members must be of\
			    the same type!"
			return
		}
		set members($object) {}
	}
}

::nfz::method EventGroup members {} {
	my $self members
	return [array names members]
}

::nfz::method EventGroup updatedb {} {
	my $self members
	foreach member [array names members] {
		set agent $member
		if {[class_of $member] eq "Queue"} {
			set agent [Queue.agent_name $member]
		}
		emit event_groups [list group_name $self agent_name $agent]
	}
}

::nfz::method Simulator event-group {{objects {}}} {
	set group [::new EventGroup $self]
	EventGroup.add $group {*}$objects
	return $group
}

::nfz::method Simulator event-timeline {args} {
	my $self ids
	set name [create EventTimeline tbtl-tl[incr ids] $self]
	enlist $self timeline_list $name
	return $name
}

::nfz::method Simulator event-sequence {{seq {}} {catch {}} {catch_seq {}}} {
	my $self ids
	if {$catch eq {}} {
		set name tbseq-seq[incr ids]
		set lines {}
		foreach line [split $seq \n] {
			lappend lines [uplevel 1 "list $line"]
		}
		create EventSequence $name $self $lines
		enlist $self sequence_list $name
		return $name
	}
	set main tbseq-seq[incr ids]
	set catcher tbseq-seq[incr ids]
	set name tbseq-seq[incr ids]
	create EventSequence $main $self [split [uplevel 1 \
	    [list subst $seq]] \n]
	create EventSequence $catcher $self [split [uplevel 1 \
	    [list subst $catch_seq]] \n]
	create EventSequence $name $self \
	    [list "$main run" "$catcher run"] -errorseq 1
	foreach sequence [list $main $catcher $name] {
		enlist $self sequence_list $sequence
	}
	return $name
}

::nfz::method EventSequence init {sim lines args} {
	variable last

	options $args {-errorseq 0}
	put $self sim $sim
	put $self event_list {}
	put $self error_seq $(-errorseq)
	foreach line $lines {
		if {[llength $line]} {
			EventSequence.append $self $line
		}
	}
	set last $self
}

::nfz::method EventSequence append {event} {
	my $self sim event_list
	set made [Simulator.make_event $sim sequence $event]
	if {$made ne {}} {
		lappend event_list $made
	}
}

::nfz::method EventSequence rename {old new} {
	rekey [get $self sim] sequence_list $old $new
}

::nfz::method EventSequence updatedb {} {
	variable objtypes

	foreach event [get $self event_list] {
		emit_event [linsert $event 0 -] $self
	}
	emit virt_agents [list vnode * vname $self objecttype \
	    $objtypes(SEQUENCE)]
}

::nfz::method EventTimeline init {sim} {
	variable last

	put $self sim $sim
	put $self event_list {}
	put $self event_count 0
	set last $self
}

::nfz::method EventTimeline at {time text} {
	add_events [get $self sim] $self timeline 4000 $time $text
}

::nfz::method EventTimeline rename {old new} {
	rekey [get $self sim] timeline_list $old $new
}

::nfz::method EventTimeline updatedb {} {
	variable objtypes

	foreach event [get $self event_list] {
		emit_event $event $self
	}
	emit virt_agents [list vnode * vname $self objecttype \
	    $objtypes(TIMELINE)]
}

# Firewalls

::nfz::method Firewall init {sim} {
	variable last

	my $self rules
	array set rules {}
	fill $self [list sim $sim type ipfw2-vlan style basic \
	    osid FW-IPFW2 cmdline {} parent {} next_rule 100]
	my $sim firewall_list
	if {[array size firewall_list]} {
		perror "\[add_firewall]: only one firewall per experiment\
		    right now"
		return
	}
	set firewall_list($self) {}
	set last $self
}

::nfz::method Firewall rename {old new} {
	rekey [get $self sim] firewall_list $old $new
}

::nfz::method Firewall set-type {type} {
	switch -- $type {
	ipfw {
		put $self osid FW-IPFW
		put $self type $type
	}
	ipfw2-vlan {
		put $self osid FW-IPFW2
		put $self cmdline /kernel.fw
		put $self type $type
	}
	ipfw2 - ipchains {
		perror "\[set-type] firewall type $type not yet implemented"
	}
	default {
		perror "\[set-type] unknown firewall type: $type"
	}
	}
}

::nfz::method Firewall set-style {style} {
	if {$style ni {closed basic emulab open}} {
		perror "\[set-style] unsupported firewall style: $style"
		return
	}
	put $self style $style
}

::nfz::method Firewall add-rule {rule} {
	my $self next_rule rules
	set rules($next_rule) $rule
	incr next_rule
}

::nfz::method Firewall add-numbered-rule {number rule} {
	my $self rules
	if {$number < 100 || $number >= 50000} {
		perror "\[add-numbered-rule] 100 <= rule_number < 50000!"
		return
	}
	if {[info exists rules($number)]} {
		perror "\[add-numbered-rule] rule $number already exists!"
		return
	}
	set rules($number) $rule
}

::nfz::method Firewall child-of {parent} {
	if {[class_of $parent] ne "Firewall"} {
		perror "\[child-of] $parent is not a Firewall"
	} elseif {$parent eq $self} {
		perror "\[child-of] cannot father yourself"
	} elseif {[get $self parent] ne {}} {
		perror "\[child-of] $self already a child of\
		    [get $self parent]"
	} else {
		put $self parent $parent
	}
}

::nfz::method Firewall updatedb {} {
	my $self rules
	emit virt_nodes [list vname $self type pc ips {} \
	    osname [get $self osid] cmd_line [get $self cmdline] rpms {} \
	    startupcmd {} tarfiles {} fixed {}]
	emit firewalls [list fwname $self type [get $self type] \
	    style [get $self style]]
	foreach rule [array names rules] {
		emit firewall_rules [list fwname $self ruleno $rule \
		    rule $rules($rule)]
	}
}

# A security level brings a firewall named fw.
proc ::nfz::add_firewall {self} {
	variable setting

	set level $setting(security_level)
	if {$level eq {} || $level == 0} {
		return
	}
	uplevel #0 "::set fw \[::new Firewall $self\]"
	Firewall.set-type fw ipfw2-vlan
	Firewall.set-style fw [lindex {{} open basic closed} $level]
}

# Areas for mobile nodes: none here, so none can be loaded.
::nfz::method Topography init {} {
	variable last

	foreach name {area_name width height} {
		put $self $name {}
	}
	set last $self
}

::nfz::method Topography rename {old new} {
}

::nfz::method Topography load_area {area} {
	perror "\[load_area] Unknown area $area."
}

::nfz::method Topography initialized {} {
	return [expr {[get $self width] ne {} && [get $self height] ne {}}]
}

::nfz::method Vtype init {weight types} {
	put $self weight $weight
	put $self types $types
}

::nfz::method Vtype updatedb {} {
	emit virt_vtypes [list name $self weight [get $self weight] \
	    members [get $self types]]
}
