# Objects and naming for NS files.
#
# An object is a namespace ::nfz::o<id> that holds its variables and a command
# that carries its present name.  A method is the procedure "Class.method" of
# this namespace; its first parameter, self, is the object's name.  Inside
# ::nfz the word "set" is Tcl's own; the one NS files see (::set, below) also
# gives objects the name of the global variable they are first stored in.
#
# The C side provides ::nfz::emit (one row of a virtual table), ::nfz::say
# (text for the messages), ::nfz::subnet and the variables types, oses,
# threshold, check and base.

rename ::set ::nfz::set
rename ::puts ::nfz::write_channel
rename ::interp ::nfz::interp

namespace eval ::nfz {
	variable serial 0      ;# objects made
	variable counter 0     ;# for names that "new" makes
	variable last {}       ;# object made and not yet named
	variable errors 0
	variable error_line 0
	variable statement_line 0
	variable ran 0
	variable simulated 0   ;# inside make-simulated
	variable compat 0      ;# tb_compat.tcl was read
	variable sources {}
	variable opt_order {}
	variable routing none
	variable vtypes
	variable programs {}   ;# the group of all program agents
	variable super
	array set vtypes {}
	array set super {}
}

proc ::nfz::perror text {
	variable errors
	variable simulated

	if {$simulated} {
		return 0
	}
	say "*** /usr/testbed/lib/ns2ir/parse.tcl: \n    $text\n"
	set errors 1
	note_line
}

# Remembers the line of the user's file where the first error was found: that
# of the statement, or of the innermost one in the body of a loop.
proc ::nfz::note_line {} {
	variable error_line
	variable statement_line

	if {$error_line} {
		return
	}
	set error_line $statement_line
	for {set i 1} {$i < [info frame]} {incr i} {
		set frame [info frame $i]
		if {[dict get $frame type] ne "eval" ||
		    [dict exists $frame proc]} {
			break
		}
		if {[dict get $frame line] > 0} {
			set error_line [expr {$statement_line +
			    [dict get $frame line] - 1}]
		}
	}
}

proc ::nfz::punsup text {
	variable simulated

	if {!$simulated} {
		say "*** WARNING: Unsupported NS Statement!\n    $text\n"
	}
}

# Classes and objects

proc ::nfz::class {name {parent {}}} {
	variable super

	set super($name) $parent
	interp alias {} ::$name {} ::nfz::create_named $name
}

proc ::nfz::method {class name params body} {
	proc ::nfz::$class.$name [linsert $params 0 self] $body
}

# The procedure that serves a method for a class, or "".
proc ::nfz::find {class method} {
	variable super

	while {$class ne {}} {
		if {[info commands ::nfz::$class.$method] ne {}} {
			return ::nfz::$class.$method
		}
		set class $super($class)
	}
	return {}
}

proc ::nfz::create {class name args} {
	variable serial
	variable class_of
	variable name_of
	variable id_of

	if {[info commands ::$name] ne {}} {
		error "can't create object \"$name\": command already exists"
	}
	set id [incr serial]
	namespace eval ::nfz::o$id {}
	set class_of($id) $class
	set name_of($id) $name
	set id_of($name) $id
	interp alias {} ::$name {} ::nfz::send $id
	set init [find $class init]
	if {$init ne {}} {
		$init $name {*}$args
	}
	return $name
}

proc ::nfz::create_named {class name args} {
	variable super

	if {$name eq "info" && [lindex $args 0] eq "instances"} {
		variable class_of
		variable name_of
		set found {}
		foreach id [lsort -integer [array names class_of]] {
			if {$class_of($id) eq $class && ([llength $args] < 2 ||
			    $name_of($id) eq [lindex $args 1])} {
				lappend found $name_of($id)
			}
		}
		return $found
	}
	return [create $class $name {*}$args]
}

proc ::nfz::send {id method args} {
	variable class_of
	variable name_of

	set found [find $class_of($id) $method]
	if {$found ne {}} {
		tailcall $found $name_of($id) {*}$args
	}
	if {[info commands ::nfz::any.$method] ne {}} {
		tailcall ::nfz::any.$method $id {*}$args
	}
	set found [find $class_of($id) unknown]
	if {$found ne {}} {
		tailcall $found $name_of($id) $method {*}$args
	}
	error "$name_of($id): unable to dispatch method $method"
}

# What every object can do.

proc ::nfz::any.set {id var args} {
	return [set ::nfz::o${id}::$var {*}$args]
}

proc ::nfz::any.unset {id args} {
	foreach var $args {
		unset ::nfz::o${id}::$var
	}
}

proc ::nfz::any.array {id what var args} {
	return [array $what ::nfz::o${id}::$var {*}$args]
}

proc ::nfz::any.instvar {id args} {
	foreach var $args {
		lassign $var from to
		if {$to eq {}} {
			set to $from
		}
		uplevel 1 [list upvar #0 ::nfz::o${id}::$from $to]
	}
}

proc ::nfz::any.info {id what args} {
	variable class_of

	switch -- $what {
	class {
		if {[llength $args]} {
			return [kind_of $class_of($id) [lindex $args 0]]
		}
		return $class_of($id)
	}
	vars {
		set names {}
		foreach var [info vars ::nfz::o${id}::*] {
			lappend names [namespace tail $var]
		}
		return $names
	}
	}
	return {}
}

proc ::nfz::any.class {id} {
	variable class_of

	return $class_of($id)
}

proc ::nfz::any.destroy {id} {
	variable class_of
	variable name_of
	variable id_of

	rename ::$name_of($id) {}
	unset id_of($name_of($id)) name_of($id) class_of($id)
	namespace delete ::nfz::o$id
}

proc ::nfz::kind_of {class wanted} {
	variable super

	while {$class ne {}} {
		if {$class eq $wanted} {
			return 1
		}
		set class $super($class)
	}
	return 0
}

# The number of an object; the error is the one its name as a command gives.
proc ::nfz::id {name args} {
	variable id_of

	if {![info exists id_of($name)]} {
		error "Unknown: [list $name {*}$args]"
	}
	return $id_of($name)
}

proc ::nfz::isa {name class} {
	variable class_of

	return [kind_of $class_of([id $name info class $class]) $class]
}

proc ::nfz::class_of {name} {
	variable class_of

	return $class_of([id $name info class])
}

# Links instance variables of self into the calling method.
proc ::nfz::my {self args} {
	variable id_of

	set links {}
	foreach var $args {
		lappend links ::nfz::o$id_of($self)::$var $var
	}
	uplevel 1 [list upvar #0 {*}$links]
}

proc ::nfz::get {name var} {
	variable id_of

	if {![info exists id_of($name)]} {
		id $name set $var
	}
	upvar #0 ::nfz::o$id_of($name)::$var value
	if {![info exists value]} {
		error "can't read \"$var\": no such variable"
	}
	return $value
}

proc ::nfz::put {name var value} {
	variable id_of

	if {![info exists id_of($name)]} {
		id $name set $var $value
	}
	set ::nfz::o$id_of($name)::$var $value
}

# Many variables of an object at once.
proc ::nfz::fill {name pairs} {
	variable id_of

	set space ::nfz::o$id_of($name)
	foreach {var value} $pairs {
		set ${space}::$var $value
	}
}

# Gives an object another name and tells everybody who knows the old one.
proc ::nfz::rename_object {old new} {
	variable id_of
	variable name_of
	variable class_of

	set id [id $old rename $old $new]
	uplevel #0 [list rename $old $new]
	unset id_of($old)
	set id_of($new) $id
	set name_of($id) $new
	set hook [find $class_of($id) rename]
	if {$hook ne {}} {
		$hook $new $old $new
	}
}

# The commands NS files see

proc ::set args {
	::nfz::set var [lindex $args 0]
	if {[llength $args] == 1} {
		return [uplevel 1 "::nfz::set {$var}"]
	}
	::nfz::set val [lindex $args 1]
	if {$::nfz::last eq {}} {
		if {[regexp {^opt\(([-_0-9a-zA-Z]+)\)} $var all name]} {
			lappend ::nfz::opt_order $name
		}
		return [uplevel 1 "::nfz::set {$var} {$val}"]
	}
	# Storing first makes a variable declared "global" one.
	::nfz::set ret [uplevel 1 "::nfz::set {$var} {$val}"]
	if {[uplevel 1 [list info globals [lindex [split $var (] 0]]] eq {}} {
		return $ret
	}
	if {$val eq $::nfz::last} {
		::nfz::set val [string map {( - ) {}} $var]
		if {![catch {info args ::$val}]} {
			error "Already have an object named $val."
		}
		::nfz::rename_object $::nfz::last $val
	}
	::nfz::set ::nfz::last {}
	return [uplevel 1 "::nfz::set {$var} {$val}"]
}

proc ::source {path args} {
	if {[lindex [split $path /] end] ne "tb_compat.tcl"} {
		error "couldn't read file \"$path\": an NS file may only read\
		    tb_compat.tcl"
	}
	::nfz::set ::nfz::compat 1
	foreach proc [info procs ::nfz::tb-*] {
		::nfz::interp alias {} ::[namespace tail $proc] {} $proc
	}
	return {}
}

proc ::puts args {
	::nfz::set end "\n"
	if {[lindex $args 0] eq "-nonewline"} {
		::nfz::set end {}
		::nfz::set args [lrange $args 1 end]
	}
	if {[llength $args] == 2 && [lindex $args 0] eq "stderr"} {
		::nfz::say "[lindex $args 1]$end"
	}
	return {}
}

proc ::exit {{status 0}} {
	::nfz::set ::nfz::exit_status [expr {$status ne "0"}]
	if {!$::nfz::ran && !$::nfz::check} {
		::nfz::perror "The file calls exit before run."
	}
	return -code error -errorcode {NFZ EXIT} "the file calls exit $status"
}

# Line 2 of this procedure shows in traces; scripts look for it there.
proc ::unknown {args} {
    error "Unknown: $args"
}

proc ::new {class args} {
	variable ::nfz::super

	if {![info exists ::nfz::super($class)] ||
	    [lsearch -exact $::nfz::made_by_new $class] < 0} {
		::nfz::punsup "Object: $class"
		return [::nfz::create NullClass null[incr ::nfz::counter] $class]
	}
	::nfz::set name $class[incr ::nfz::counter]
	if {[llength $args] > 1} {
		::nfz::punsup "arguments for $class"
		return $name
	}
	::nfz::create $class $name {*}[lindex $args 0]
	return $name
}

::nfz::class NSObject
::nfz::class NullClass

::nfz::method NSObject unknown {m args} {
	punsup "[class_of $self] $m"
}

::nfz::method NullClass init {type} {
	put $self type $type
}

::nfz::method NullClass unknown {m args} {
	punsup "[get $self type] $m"
}
