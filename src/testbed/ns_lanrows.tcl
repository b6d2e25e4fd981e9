# The rows of links, LANs and paths, column by column as the testbed has them.

proc ::nfz::member_columns {self pair queue} {
	foreach var {netmask widearea emulated uselinkdelay nobwshaping encap
	    trivial_ok protocol mustdelay} {
		set $var [get $self $var]
	}
	my $self delay rdelay bandwidth rbandwidth backfill rbackfill loss \
	    rloss cost
	set row [list vname $self member [join $pair :] mask $netmask \
	    delay $delay($pair) rdelay $rdelay($pair) \
	    bandwidth $bandwidth($pair) rbandwidth $rbandwidth($pair) \
	    backfill $backfill($pair) rbackfill $rbackfill($pair) \
	    lossrate $loss($pair) rlossrate $rloss($pair) \
	    cost $cost($pair) widearea $widearea emulated $emulated \
	    uselinkdelay $uselinkdelay nobwshaping $nobwshaping \
	    encap_style $encap]
	lappend row {*}[queue_columns $queue] trivial_ok $trivial_ok \
	    protocol $protocol
	return $row
}

# Columns that are only there when somebody asked for them.
proc ::nfz::optional_columns {self pair queue} {
	my $self ebandwidth rebandwidth fixed_iface bridge_links
	set row {}
	foreach {var column} {ebandwidth est_bandwidth
	    rebandwidth rest_bandwidth} {
		if {[info exists ${var}($pair)]} {
			lappend row $column [set ${var}($pair)]
		}
	}
	lappend row {*}[trace_columns $queue]
	if {$fixed_iface($pair) ne "0"} {
		lappend row fixed_iface $fixed_iface($pair)
	}
	set layer [get $self layer]
	if {$layer ne {}} {
		lappend row layer $layer
	}
	set by [get $self implemented_by]
	if {$by ne {}} {
		lappend row implemented_by_[string tolower [class_of $by]] $by
	}
	lappend row ofenabled [get $self ofenabled] \
	    ofcontroller [get $self ofcontroller]
	if {[info exists bridge_links($pair)]} {
		lappend row bridge_vname $bridge_links($pair)
	}
	return $row
}

::nfz::method LanLink updatedb {} {
	variable setting

	my $self nodelist linkq
	set is_link [expr {[class_of $self] eq "Link"}]
	if {!$is_link && $setting(modelnet_cores) ne {}} {
		perror "Lans are not allowed when using modelnet; just duplex\
		    links."
		return
	}
	emit virt_lan_lans [list vname $self failureaction \
	    [get $self failureaction]]
	emit_settings $self
	set index 0
	foreach pair $nodelist {
		lassign $pair node port
		set queue $linkq($pair)
		if {$is_link} {
			set queue [get $self [expr {$node eq [get $self \
			    src_node] ? "toqueue" : "fromqueue"}]]
		}
		set ip [Node.ip $node $port]
		if {!$setting(use_ipassign)} {
			LanLink.check-ip-mask $self $ip [get $self netmask]
		}
		set row [member_columns $self $pair $queue]
		if {!$is_link} {
			lappend row is_accesspoint \
			    [expr {$node eq [get $self accesspoint]}]
		}
		lappend row vnode $node vport $port ip $ip \
		    mustdelay [get $self mustdelay] \
		    {*}[optional_columns $self $pair $queue] vindex $index
		incr index
		emit virt_lans $row
		emit_member_settings $self $pair
	}
}

proc ::nfz::emit_settings {self} {
	my $self settings
	foreach key [array names settings] {
		emit virt_lan_settings [list vname $self capkey $key \
		    capval $settings($key)]
	}
}

proc ::nfz::emit_member_settings {self pair} {
	my $self member_settings
	foreach name [array names member_settings] {
		lassign [split $name ,] node key
		if {$node eq [lindex $pair 0]} {
			emit virt_lan_member_settings [list vname $self \
			    member [join $pair :] capkey $key \
			    capval $member_settings($name)]
		}
	}
}

# A path: links in a row.
::nfz::method Path init {sim links} {
	put $self sim $sim
	put $self mylinklist $links
}

::nfz::method Path rename {old new} {
	rekey [get $self sim] path_list $old $new
}

::nfz::method Path updatedb {} {
	set index 0
	foreach link [get $self mylinklist] {
		emit virt_paths [list pathname $self segmentname $link \
		    segmentindex $index]
		incr index
	}
}
