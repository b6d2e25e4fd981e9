# Events, program agents, groups, sequences, timelines, firewalls, areas.
#
# An event is {vnode vname object-type event-type arguments atstring}.

::nfz::class Program NSObject
::nfz::class EventGroup NSObject
::nfz::class EventSequence
::nfz::class EventTimeline
::nfz::class Firewall NSObject
::nfz::class Topography NSObject
::nfz::class Vtype

namespace eval ::nfz {
	variable objtypes
	variable eventtypes
	variable triggertypes
	variable simple_events
	array set objtypes {TBCONTROL 0 LINK 1 TRAFGEN 2 TIME 3 PROGRAM 4
	    FRISBEE 5 SIMULATOR 6 LINKTEST 7 NSE 8 SLOTHD 9 NODE 10
	    SEQUENCE 11 TIMELINE 12 CONSOLE 13 TOPOGRAPHY 14 LINKTRACE 15
	    EVPROXY 16 BGMON 17}
	array set eventtypes {REBOOT 0 START 1 STOP 2 UP 3 DOWN 4 UPDATE 5
	    MODIFY 6 SET 7 TIME 8 RESET 9 KILL 10 HALT 11 SWAPOUT 12
	    NSEEVENT 13 REPORT 14 ALERT 15 SETDEST 16 COMPLETE 17
	    MESSAGE 18 LOG 19 RUN 20 SNAPSHOT 21 RELOAD 22 CLEAR 23
	    CREATE 24 STOPRUN 25}
	array set triggertypes {TIMER 0 SWAPOUT 1}
	# "<class> <command>" of events without arguments -> event type
	array set simple_events {
		{Application/Traffic/CBR start} START
		{Application/Traffic/CBR stop} STOP
		{Application/Traffic/CBR reset} RESET
		{EventSequence start} START {EventSequence run} RUN
		{EventSequence reset} RESET
		{EventTimeline start} START {EventTimeline run} RUN
		{EventTimeline reset} RESET
		{Link create} CREATE {Link clear} CLEAR {Link reset} RESET
		{Link up} UP {Link down} DOWN
		{Node reboot} REBOOT
		{Console start} START
		{Program stop} STOP
	}
}

# Fewer words than the event needs; the testbed's own parser trips over its
# message here, and so the reason a user sees is this.
proc ::nfz::need {event count} {
	if {[llength $event] < $count} {
		error {can't read "time": no such variable}
	}
}

::nfz::method Simulator at {time text} {
	variable simulated

	my $self event_list event_count
	if {$simulated} {
		return
	}
	add_events $self $self sim 14000 $time $text
}

# Splits "a; b" into events and appends them to the list of owner.
proc ::nfz::add_events {sim owner outer max time text} {
	my $owner event_list event_count
	if {$time ne "swapout" || $outer ne "sim"} {
		set given $time
		set time [seconds $given]
		if {$time == -1} {
			perror "Invalid time spec: $given"
			return
		}
	}
	if {$event_count > $max} {
		perror "Too many events in your NS file!"
		::exit 1
	}
	foreach event [split $text \;] {
		set made [Simulator.make_event $sim $outer $event]
		if {$made ne {} && [lindex $made 3] eq {}} {
			perror "[lindex $event 0] has no event\
			    [lrange $event 1 end]"
		} elseif {$made ne {}} {
			incr event_count
			lappend event_list [linsert $made 0 $time]
		}
	}
}

::nfz::method Simulator make_event {outer event} {
	lassign $event object command
	if {[string index $object 0] eq "#"} {
		return {}
	}
	if {$command eq {}} {
		perror "Missing event type for $object"
		return
	}
	set class [class_of $object]
	set group [expr {$class eq "EventGroup"}]
	if {$group} {
		set class [get $object mytype]
	}
	switch -glob -- $class {
	Link - Lan - LanLink {
		# A group of links has a class of its own, that no event fits.
		if {$class ne "LanLink"} {
			return [link_event $object $event]
		}
	}
	Queue {
		return [queue_event $object $event]
	}
	Program {
		return [program_event $object $event $group]
	}
	Simulator {
		return [simulator_event $self $object $event]
	}
	Node - Console - Event* - Application/Traffic/CBR {
		return [object_event $object $class $event]
	}
	Agent/TCP/FullTcp* - Application/FTP - Application/Telnet {
		return [list [call $object get_node] $object NSE NSEEVENT \
		    "\$$object $command [lrange $event 2 end]" {}]
	}
	}
	perror "\[make_event] otype was empty; event $event, class $class"
	return [list * {} {} {} {} {}]
}

proc ::nfz::trace_event {name event} {
	need $event 3
	set type {}
	catch {set type [dict get {stop STOP start START kill KILL
	    snapshot SNAPSHOT} [lindex $event 2]]}
	return [list {} $name-tracemon LINKTRACE $type {} {}]
}

proc ::nfz::link_event {link event} {
	variable simple_events

	lassign $event object command value
	set type {}
	set arguments {}
	LanLink.mustdelay $link
	switch -- $command {
	bandwidth {
		need $event 4
		set type MODIFY
		set arguments BANDWIDTH=[parse_bw $value]
	}
	delay {
		need $event 3
		set type MODIFY
		set arguments DELAY=$value
	}
	plr {
		need $event 3
		if {[scan $value %f plr] != 1 || $plr < 0 || $plr > 1} {
			need {} 1
		}
		set type MODIFY
		set arguments PLR=$plr
	}
	trace {
		return [trace_event $link $event]
	}
	default {
		if {[info exists simple_events(Link\ $command)]} {
			set type $simple_events(Link\ $command)
		}
	}
	}
	return [list {} $link LINK $type $arguments {}]
}

proc ::nfz::queue_event {queue event} {
	lassign $event object command name value
	set link [get $queue mylink]
	set agent $link-[get $queue mynode]
	set type {}
	set arguments {}
	LanLink.mustdelay $link
	switch -- $command {
	set {
		need $event 4
		set type MODIFY
		switch -- $name {
		queue-in-bytes_ - limit_ - maxthresh_ - thresh_ - linterm_ {
			set arguments \
			    [string toupper [string trimright $name _]]=$value
		}
		q_weight_ {
			if {[scan $value %f weight] != 1} {
				need {} 1
			}
			set arguments Q_WEIGHT=$weight
		}
		}
	}
	trace {
		return [trace_event $agent $event]
	}
	}
	return [list {} $agent LINK $type $arguments {}]
}

proc ::nfz::program_event {program event group} {
	lassign $event object command
	set node *
	set default {}
	if {!$group} {
		set node [get $program node]
		set default [get $program command]
	}
	set arguments {}
	switch -- $command {
	set - run - start {
		set type [dict get {set MODIFY run RUN start START} $command]
		set arguments [program_arguments [lrange $event 2 end] $default]
		if {$arguments eq "-"} {
			return
		}
	}
	stop {
		set type STOP
	}
	kill {
		need $event 3
		set type KILL
		set arguments SIGNAL=[lindex $event 2]
	}
	default {
		set type {}
	}
	}
	return [list $node $program PROGRAM $type $arguments {}]
}

# The command goes last: what follows it is part of it.  "-" after an error.
proc ::nfz::program_arguments {given default} {
	options $given [list -command $default -dir {} -timeout {} \
	    -expected-exit-code {} -tag {}]
	set text {}
	if {$(-dir) ne {}} {
		append text "DIR={$(-dir)} "
	}
	if {$(-expected-exit-code) ne {}} {
		append text "EXPECTED_EXIT_CODE=$(-expected-exit-code) "
	}
	if {$(-tag) ne {}} {
		append text "TAG=$(-tag) "
	}
	if {$(-timeout) ne {}} {
		set seconds [seconds $(-timeout)]
		if {$seconds == -1} {
			perror "-timeout value is not a relative time:\
			    $(-timeout)"
			return -
		}
		append text "TIMEOUT={$seconds} "
	}
	if {$(-command) ne {}} {
		append text COMMAND=$(-command)
	}
	return $text
}

# Nodes, consoles, traffic, sequences and timelines.
proc ::nfz::object_event {object class event} {
	variable simple_events

	set command [lindex $event 1]
	set vnode {}
	switch -glob -- $class {
	Application/Traffic/CBR {
		set kind TRAFGEN
		set vnode [call $object get_node]
	}
	EventSequence {
		set kind SEQUENCE
	}
	EventTimeline {
		set kind TIMELINE
	}
	Console {
		set kind CONSOLE
		set vnode *
	}
	default {
		set kind NODE
	}
	}
	if {[info exists simple_events($class\ $command)]} {
		return [list $vnode $object $kind \
		    $simple_events($class\ $command) {} {}]
	}
	lassign [event_arguments $class $object $command $event] type arguments
	if {$type eq "-"} {
		return
	}
	return [list $vnode $object $kind $type $arguments {}]
}

# {event-type arguments} of the events with arguments; "-" after an error.
proc ::nfz::event_arguments {class object command event} {
	set given [lrange $event 2 end]
	switch -- "$class $command" {
	{Application/Traffic/CBR set} {
		need $event 4
		lassign $given name value
		switch -- $name {
		packetSize_ - interval_ - iptos_ {
			return [list MODIFY [string toupper \
			    [string trimright $name _]]=$value]
		}
		rate_ {
			return [list MODIFY RATE=[parse_bw $value]]
		}
		}
		return MODIFY
	}
	{Node snapshot-to} {
		if {[llength $given] < 1} {
			perror "Wrong number of arguments: $object $command\
			    $given"
			return -
		}
		if {![known_os [lindex $given 0]]} {
			perror "Unknown image in snapshot-to event:\
			    [lindex $given 0]"
			return -
		}
		return [list SNAPSHOT IMAGE=[lindex $given 0]]
	}
	{Node reload} {
		options $given {-image {}}
		if {$(-image) eq {}} {
			return RELOAD
		}
		if {![known_os $(-image)]} {
			perror "Unknown image in reload event: $(-image)"
			return -
		}
		return [list RELOAD IMAGE=$(-image)]
	}
	{Node setdest} {
		return [setdest_arguments $object $given]
	}
	{Console stop} {
		if {[llength $event] < 3} {
			perror "Wrong number of arguments: $object $command\
			    $given"
			return -
		}
		return [list STOP FILE=[lindex $given 0]]
	}
	}
	return {}
}

proc ::nfz::setdest_arguments {node given} {
	if {[get $node topo] eq {}} {
		perror "$node is not located on a topography"
		return -
	}
	if {[llength $given] < 3} {
		perror "Wrong number of arguments: $node setdest $given;\
		    expecting - <obj> setdest <x> <y> <speed>"
		return -
	}
	lassign $given x y speed
	options [lrange $given 3 end] {-orientation 0}
	return [list SETDEST \
	    "X=$x Y=$y SPEED=$speed ORIENTATION=$(-orientation)"]
}

proc ::nfz::simulator_event {self object event} {
	set command [lindex $event 1]
	set given [lrange $event 2 end]
	set name $self
	set kind SIMULATOR
	set arguments {}
	set type {}
	switch -- $command {
	bandwidth {
		return [list {} {} LINK MODIFY {} {}]
	}
	halt - terminate {
		set type HALT
	}
	swapout - stoprun - report {
		set type [string toupper $command]
	}
	trace-for {
		if {[llength $event] < 3} {
			perror "Wrong number of arguments: $object $command\
			    $given"
			return
		}
		return [list * slothd SLOTHD START \
		    DURATION=[lindex $given 0] {}]
	}
	stabilize {
		set type MODIFY
		set arguments mode=stabilize
	}
	msg - message {
		set type MESSAGE
		set arguments [join $given]
	}
	log {
		set type LOG
		set arguments [join $given]
	}
	snapshot {
		set type SNAPSHOT
		set arguments "LOGHOLE_ARGS='-s'"
	}
	cleanlogs {
		set type RESET
		set arguments ASPECT=LOGHOLE
	}
	linktest {
		options $given {-bw 0 -stopat 3}
		return [list * linktest LINKTEST START \
		    "STARTAT=1 STOPAT=$(-stopat)" {}]
	}
	reset-lans {
		return [list * __all_lans LINK RESET {} {}]
	}
	}
	if {$command eq "report"} {
		options $given {-digester {} -archive {}}
		if {$(-digester) ne {}} {
			set arguments "DIGESTER={$(-digester)}"
		}
		if {$(-archive) ne {}} {
			set arguments "ARCHIVE={$(-archive)} $arguments"
		}
	}
	return [list * $name $kind $type $arguments {}]
}

# One row of eventlist.  An event of a sequence has no time: it is done when
# the one before it is.
proc ::nfz::emit_event {event parent} {
	variable objtypes
	variable eventtypes
	variable triggertypes

	lassign $event time vnode vname kind type arguments at own
	set trigger TIMER
	if {$time eq "swapout"} {
		set trigger SWAPOUT
		set time 0
	}
	set row {}
	if {$time ne "-"} {
		lappend row time $time
	}
	lappend row vnode $vnode vname $vname objecttype $objtypes($kind) \
	    eventtype $eventtypes($type) arguments $arguments atstring $at \
	    triggertype $triggertypes($trigger)
	if {$own ne {}} {
		set parent $own
	}
	if {$parent ne {}} {
		lappend row parent $parent
	}
	emit eventlist $row
}
