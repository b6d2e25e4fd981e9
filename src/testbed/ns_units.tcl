# Bandwidths, delays, times, addresses; named options.

# "10Mb", "1.5Mbps", plain bits -> kb/s.
proc ::nfz::parse_bw {text {link 1}} {
	if {$text eq "*"} {
		return 0
	}
	switch -- [scan $text %f%s amount unit] {
	1 {
		set unit b
	}
	0 - -1 {
		perror "Bandwidth \"$text\" is no number with a unit, like 10Mb."
		return 0
	}
	}
	switch -- $unit {
	b - bps {
		set kbps [expr {int($amount/1000)}]
	}
	k - kb - kbps - K - Kb - Kbps {
		set kbps [expr {int($amount)}]
	}
	M - Mb - Mbps {
		set kbps [expr {int($amount*1000)}]
	}
	G - Gb - Gbps {
		set kbps [expr {int($amount*1000000)}]
	}
	default {
		perror "Unknown bandwidth unit $unit."
		set kbps 100000
	}
	}
	if {$kbps < 10 && $link} {
		perror "Bandwidth of $kbps Kbs is too low."
		return 0
	}
	return $kbps
}

# "10ms", "0.01s", plain seconds -> whole milliseconds.
proc ::nfz::parse_delay {text} {
	variable threshold

	switch -- [scan $text %f%s amount unit] {
	1 {
		set unit s
	}
	0 - -1 {
		perror "Delay \"$text\" is no number with a unit, like 10ms."
		return 0
	}
	}
	switch -- $unit {
	s {
		set ms [expr {$amount*1000}]
	}
	ms {
		set ms $amount
	}
	ns {
		set ms [expr {$amount/1000}]
	}
	default {
		perror "Unknown delay unit $unit."
		return 0
	}
	}
	if {$ms != 0 && $ms < $threshold} {
		perror "The delay of ${ms}ms is invalid, it must be either 0 or\
		    at least ${threshold}ms."
		return 0
	}
	return [expr {int($ms)}]
}

# "20", "1h20m3s" -> seconds, -1 when it is neither.
proc ::nfz::seconds {text} {
	if {[regexp {^([0-9]+(\.[0-9]+)?|\.[0-9]+)$} $text]} {
		return $text
	}
	if {![regexp {^(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?$} $text all \
	    a h b m c s]} {
		return -1
	}
	foreach part {h m s} {
		scan 0[set $part] %d $part
	}
	return [expr {$h*3600 + $m*60 + $s}]
}

# Options "-name value" into the array "" of the caller, over defaults.
proc ::nfz::options {given defaults} {
	upvar 1 {} opt

	array set opt $defaults
	foreach {name value} $given {
		if {![info exists opt($name)]} {
			error "bad option '$name', should be one of:\
			    [lsort [array names opt]]"
		}
		set opt($name) $value
	}
}

# "10.1.2.3" -> a number of 32 bits, and back.
proc ::nfz::ip_number {ip} {
	if {[scan $ip %d.%d.%d.%d a b c d] != 4} {
		perror "\[inet_atohl] Invalid ip $ip; cannot be converted!"
		return 0
	}
	return [expr {(($a << 24) | ($b << 16) | ($c << 8) | $d) & 0xffffffff}]
}

proc ::nfz::ip_text {n} {
	return [expr {($n >> 24) & 255}].[expr {($n >> 16) & 255}].[expr {
	    ($n >> 8) & 255}].[expr {$n & 255}]
}

proc ::nfz::is_ip {text} {
	return [regexp {^([0-9]{1,3}\.){3,3}[0-9]{1,3}$} $text]
}

proc ::nfz::is_float {text} {
	return [regexp {^([0-9]+(\.[0-9]+)?|\.[0-9]+)$} $text]
}
