"use strict";
// The bar, C to H, J and K.
(function () {
	const num = (v) => h("td", { class: "n" }, v);
	const head = (...names) => h("thead", {}, h("tr", {}, names.filter((n) => n !== null).map((n) => h("th", { class: n.startsWith(">") ? "n" : null, scope: "col" }, n.replace(/^>/, "")))));
	const name = (t, full) => h("td", { class: "name", title: full || t }, t);

	// The bar: what is chosen, and selects for those without a mouse.
	const select = (id, label, items, value, pick) => h("label", {}, label, h("select", { id, onchange: (ev) => pick(ev.target.value === "" ? null : Number(ev.target.value)) },
		h("option", { value: "" }, "all"), items.map(([v, t]) => h("option", { value: v, selected: v === value }, shorten(t, 60)))));
	let barOf = "";
	function chosenBar() {
		const now = JSON.stringify([chosen.link, chosen.end, chosen.proto, chosen.pair, chosen.port, chosen.range, sum.links.length, sum.ends, sum.protocols.map((p) => p.proto), chosen.range && sum.begin_ms]);
		if (now === barOf) return;
		barOf = now;
		const focus = document.activeElement && document.activeElement.id;
		const sorted = (a) => a.sort((x, y) => byName(x[1], y[1]));
		put("choices",
			select("pick-link", "Link", sorted(sum.links.map((l, i) => [i, l.name])), chosen.link, (v) => choose({ link: v, row: null })),
			select("pick-host", "Host", sorted(sum.ends.map((e, i) => [i, endName(i)])), chosen.end, (v) => choose({ end: v, pair: null, row: null })),
			select("pick-proto", "Protocol", sum.protocols.map((p) => [p.proto, protoName(p.proto)]), chosen.proto, (v) => choose({ proto: v, row: null })),
			chosen.pair && h("button", { onclick: () => choose({ pair: null }) }, endName(chosen.pair[0]) + " → " + endName(chosen.pair[1]) + " ✕"),
			chosen.port !== null && h("button", { onclick: () => choose({ port: null }) }, "to port " + chosen.port + " ✕"),
			chosen.range && h("button", { id: "range-clear", onclick: () => choose({ range: null }) }, timeText(pieceAt(range()[0])) + " – " + timeText(pieceAt(range()[1] + 1)) + " ✕"),
			(isFiltered() || chosen.range) && h("button", { id: "clear", onclick: () => choose({ link: null, end: null, proto: null, pair: null, port: null, range: null, row: null }) }, "Show all"));
		if (focus && byId(focus)) byId(focus).focus();
	}
	panels.push(chosenBar);

	// Tiles: of all that was recorded, or of what is chosen.
	function tiles() {
		const st = sum.status, ledger = st.ledger, t = totals();
		const lost = st.probes.length ? Object.values(ledger.lost || {}).reduce((a, b) => a === null || b === null ? null : a + b, 0) : null;
		const whole = !isFiltered() && !chosen.range;
		const tile = (value, label, cls) => h("li", { class: cls || null }, h("b", {}, value), h("span", {}, label));
		put("tiles",
			st.coverage.links ? tile(st.coverage.covered + " / " + st.coverage.links, "links watched", st.coverage.covered === st.coverage.links ? "good" : "bad") : tile("–", "no link is known"),
			tile(count(whole ? sum.flows : t.flows === null ? undefined : t.flows).replace("unknown", "–"), whole ? "flows" : "flows chosen"),
			tile(count(whole ? sum.packets : t.packets), whole ? "packets, each once" : "packets chosen"),
			tile(bytesText(whole ? sum.bytes : t.bytes), whole ? "each byte once" : "bytes chosen"),
			tile(sum.buckets ? bits(rate(whole ? sum.bytes : t.bytes, pieces())) : "–", "mean rate"),
			tile(lost === null ? "unknown" : count(lost), "frames lost by probes", lost ? "bad" : lost === 0 ? "good" : null));
	}
	panels.push(tiles);

	// C
	function protocols() {
		const all = groupsBy((g) => g.proto).sort(byBytes);
		const t = totals();
		const order = all.map((e) => e.key);
		const stack = (what, label, show) => {
			if (t[what] === null) return [];
			const total = t[what] || 1;
			return [h("div", { class: "soft" }, label + " ", h("span", {}, show(t[what]))),
				h("div", { class: "stack" }, all.map((e) => {
					const b = h("button", { class: "b" + Math.min(order.indexOf(e.key), 7), title: protoName(e.key) + ": " + show(e[what]) + ", " + percent(e[what] / total),
						"aria-label": protoName(e.key) + " " + percent(e[what] / total) + " of " + label, onclick: () => choose({ proto: chosen.proto === e.key ? null : e.key }) });
					b.style.flexGrow = String(e[what] / total);
					return b;
				}))];
		};
		put("protocols", all.length ? [stack("bytes", "bytes", bytesText), stack("packets", "packets", count), stack("flows", "flows", count),
			h("table", {}, head("", "Protocol", ">Bytes", ">Packets", ">Flows"), h("tbody", {}, all.slice(0, 8).map((e, i) => h("tr", {},
				h("td", {}, s("svg", { width: 10, height: 10, "aria-hidden": "true" }, s("rect", { width: 10, height: 10, rx: 2, class: "f" + Math.min(i, 7) }))),
				h("td", {}, protoName(e.key)), num(bytesText(e.bytes) + " · " + percent(e.bytes / (t.bytes || 1))),
				num(count(e.packets)), num(e.flows === null ? "–" : count(e.flows))))))] : h("p", { class: "empty" }, "Nothing here."));
	}
	panels.push(protocols);

	// D: the most in one piece of time is known of what has a course.
	let talkBy = "pair";
	function peak(courses) {
		const sumOf = new Map(), [lo, hi] = range();
		for (const c of courses)
			for (let i = 0; c && i < c.length; i += 4)
				if (c[i] >= lo && c[i] <= hi) sumOf.set(c[i], (sumOf.get(c[i]) || 0) + c[i + 1]);
		return (courses.includes(null) ? "≥ " : "") + bits(rate(Math.max(0, ...sumOf.values())));
	}
	// Ports of all flows, or of those chosen; null: that is not known.
	function portRows() {
		if (isNarrowed() && (chosen.range || sum.ports.some((p) => !p.parts))) return null;
		return sum.ports.filter((p) => chosen.port === null || p.port === chosen.port).map((p) => ({ key: p.port, course: p.course,
			...(isNarrowed() ? kindsOfPort(p).filter(wanted).reduce(plus, none()) : sumsOf(p)) })).filter((p) => p.packets || p.bytes);
	}
	function talkerRows() {
		if (talkBy === "port") return portRows();
		return talkBy === "pair" ? pairs() : groupsBy({ src: (g) => g.src, dst: (g) => g.dst }[talkBy]);
	}
	const labelOf = (e) => talkBy === "port" ? "port " + e.key : talkBy === "pair" ? endName(e.of.src) + " → " + endName(e.of.dst) : endName(e.key);
	// Of a part of the time, what is among the others may be theirs.
	const bound = (e) => talkBy === "port" || !isCoarse() ? "" : e.of.src < 0 && e.of.dst < 0 ? "≤ " : "≥ ";
	const mostOf = (e) => talkBy === "port" ? isNarrowed() ? "–" : peak([e.course]) : bound(e) + peak(groupsIn(e).map((g) => g.course));
	function pickTalker(e) {
		if (talkBy === "port") { choose({ port: chosen.port === null ? e.key : null, row: null }); return; }
		if (talkBy !== "pair") { choose({ end: e.key < 0 || chosen.end === e.key ? null : e.key }); return; }
		const { src, dst } = e.of;
		choose({ pair: chosen.pair || src < 0 ? null : [src, dst] });
	}
	function talkers() {
		const all = talkerRows(), t = totals();
		if (!all) {
			put("talkers", h("p", { class: "empty" }, "Ports of so small a part are not in this page. "), h("button", { onclick: () => copy(commandText("--by dport")) }, "Copy the command that tells them"));
			return;
		}
		const shown = largest(all, 12), most = all.length ? shown[0].bytes : 1, pick = (e) => () => pickTalker(e);
		put("talkers", all.length ? h("table", {}, head({ pair: "From → to", port: "To port" }[talkBy] || "Host", ">Bytes", ">Share", ">Mean", ">Max"),
			h("tbody", {}, shown.map((e) => h("tr", { tabindex: 0, onclick: pick(e), onkeydown: (ev) => ev.key === "Enter" && pickTalker(e) },
				h("td", { class: "name", title: labelOf(e) }, shorten(labelOf(e), 40), bar(e.bytes / most)), num(bound(e) + bytesText(e.bytes)), num(bound(e) + percent(e.bytes / (t.bytes || 1))), num(bound(e) + bits(rate(e.bytes, pieces()))), num(mostOf(e)))))) :
			h("p", { class: "empty" }, "Nothing here."), all.length > 12 && h("p", { class: "soft" }, "and " + (all.length - 12) + " more"),
		talkBy !== "port" && isCoarse() && h("p", { class: "soft" }, "Of a part of the time the " + sum.groups.filter((g) => g.src >= 0).length + " largest kinds of flows are told apart."));
	}
	byId("talk-by").addEventListener("change", (ev) => { talkBy = ev.target.value; talkers(); });
	panels.push(talkers);

	// F: what probes counted by size, of the link or all links; else, and of others' flows, mean sizes of records.
	const countedSizes = () => {
		const taps = sum.status.probes.flatMap((p) => p.taps).filter((t) => chosen.link === null || t.link === sum.links[chosen.link].name);
		if (!taps.length || taps.some((t) => !t.sizes)) return null;
		const add = (what, i) => taps.reduce((a, t) => a + t.sizes["to_" + what][i] + t.sizes["from_" + what][i], 0);
		return [64, 127, 255, 511, 1023, 1518, null].map((up_to, i) => ({ up_to, packets: add("packets", i), bytes: add("bytes", i) }));
	};
	function sizes() {
		const counted = countedSizes(), all = counted || sum.mean_sizes, total = all.reduce((a, c) => a + c.packets, 0), totalBytes = all.reduce((a, c) => a + c.bytes, 0);
		if (!total) { put("sizes", h("p", { class: "empty" }, "Nothing here.")); return; }
		const W = 400, H = 190, L = 36, B = 34, w = (W - L - 4) / all.length, y = (v) => 8 + (H - B - 8) * (1 - v);
		let run = 0;
		const line = all.map((c, i) => { run += c.packets / total; return `${(L + (i + .5) * w).toFixed(1)} ${y(run).toFixed(1)}`; });
		put("sizes", s("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": counted ? "Distribution of packet sizes" : "Distribution of mean packet sizes" },
			[0, .5, 1].map((v) => [s("path", { class: v ? "gr" : "ax", d: `M${L} ${y(v)}H${W - 4}` }), s("text", { x: L - 5, y: y(v) + 4, "text-anchor": "end" }, 100 * v + " %")]),
			all.map((c, i) => [s("rect", { class: "f0", x: L + i * w + 3, width: w / 2 - 4, y: y(c.packets / total), height: H - B - y(c.packets / total) }, s("title", {}, count(c.packets) + " packets")),
				s("rect", { class: "f1", x: L + (i + .5) * w, width: w / 2 - 4, y: y(c.bytes / totalBytes), height: H - B - y(c.bytes / totalBytes) }, s("title", {}, bytesText(c.bytes))),
				s("text", { x: L + (i + .5) * w, y: H - B + 13, "text-anchor": "middle" }, c.up_to === null ? ">1518" : "≤" + (c.up_to >= 9000 ? c.up_to / 1000 + "k" : c.up_to).toString().replace("65.535k", "64k"))]),
			s("path", { class: "ln s2", d: "M" + line.join("L") }), s("text", { x: (W + L) / 2, y: H - 4, "text-anchor": "middle" }, counted ? "bytes of a packet" : "mean bytes a packet, of each record")),
		h("ul", { class: "legend" }, [["f0", "packets"], ["f1", "bytes"]].map(([c, t]) => h("li", {}, s("svg", { viewBox: "0 0 18 10" }, s("rect", { class: c, width: 18, height: 10, rx: 2 })), t)),
			h("li", {}, s("svg", { viewBox: "0 0 18 10" }, s("path", { class: "ln s2", d: "M0 5H18" })), "packets, so far")));
		byId("sizes-note").textContent = counted ? "Counted by the probes, of the whole time and all flows; at each link once more." :
			"Records carry totals, so these are mean sizes; of the whole time and all flows.";
	}
	panels.push(sizes);

	// G: distribution functions on log axes; place i begins at 2^(i/4).
	const lower = (i) => Math.pow(2, Math.floor(i / 4)) * (1 + (i % 4) / 4);
	function flowSizes() {
		const W = 400, H = 190, L = 40, B = 34;
		const draw = (scale, i, unit, show) => {
			const all = scale.zero + scale.n.reduce((a, v, k) => k % 2 ? a + v : a, 0);
			if (!all) return null;
			let runs = scale.zero / all;
			const points = [];
			for (let k = 0; k < scale.n.length; k += 2) {
				runs += scale.n[k + 1] / all;
				points.push([Math.min(scale.max, lower(scale.n[k] + 1)), runs]);
			}
			const median = (points.find((p) => p[1] >= .5) || [0])[0];
			return { points, median, max: scale.max, i, unit, show };
		};
		const all = [draw(sum.flow_packets, 0, "packets a flow", (v) => si(v, "")), draw(sum.flow_bytes, 1, "bytes a flow", bytesText),
			draw(sum.flow_us, 2, "µs a flow lasts", (v) => spanText(v / 1000))].filter((x) => x && x.points.length);
		if (!all.length) { put("flowsizes", h("p", { class: "empty" }, "Nothing here.")); return; }
		const end = Math.max(1, ...all.map((d) => Math.log10(d.max || 1)));
		const x = (v) => L + (W - L - 6) * Math.max(0, Math.log10(Math.max(1, v))) / end, y = (v) => 8 + (H - B - 8) * (1 - v);
		const ticks = [];
		for (let e = 0; e <= end; e += end > 8 ? 2 : 1) ticks.push(e);
		put("flowsizes", s("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "Share of flows up to a size" },
			[0, .5, 1].map((v) => [s("path", { class: v ? "gr" : "ax", d: `M${L} ${y(v)}H${W - 6}` }), s("text", { x: L - 5, y: y(v) + 4, "text-anchor": "end" }, 100 * v + " %")]),
			ticks.map((e) => s("text", { x: x(Math.pow(10, e)), y: H - B + 13, "text-anchor": "middle" }, si(Math.pow(10, e), "").replace(/\.0+/, "").trim())),
			all.map((d) => s("path", { class: "ln s" + d.i, d: "M" + L + " " + y(0) + d.points.map((p) => `H${x(p[0]).toFixed(1)}V${y(p[1]).toFixed(1)}`).join("") })),
			s("text", { x: (W + L) / 2, y: H - 4, "text-anchor": "middle" }, "up to (log scale): packets, bytes, µs")),
		h("table", {}, head("", "Share of flows by", ">Half up to", ">Most"), h("tbody", {}, all.map((d) => h("tr", {}, h("td", {}, s("svg", { width: 18, height: 10 }, s("path", { class: "ln s" + d.i, d: "M0 5H18", "stroke-width": 2, fill: "none" }))),
			h("td", {}, d.unit.replace("µs a flow lasts", "duration")), num(d.show(d.median)), num(d.show(d.max)))))));
	}
	panels.push(flowSizes);

	// What flows carried that are gone: of all of the time, whatever is chosen.
	const HISTORY_ROWS = 50;
	function historyPanel() {
		const past = sum.history, W = 260, H = 24;
		byId("gone").hidden = !past;
		if (!past) return;
		const all = past.series, shown = largest(all, HISTORY_ROWS);
		const at = (piece) => timeFull(past.begin_ms + piece * past.bucket_ms).slice(0, 16).replace("T", " ");
		const course = (one) => {
			const most = Math.max(1, ...one.course.filter((v, i) => i % 4 === 1));
			let d = "";
			for (let i = 0; i < one.course.length; i += 4)
				d += `M${(W * one.course[i] / past.buckets).toFixed(1)} ${H}v${(-H * one.course[i + 1] / most).toFixed(1)}h${(W / past.buckets).toFixed(1)}V${H}z`;
			return s("svg", { class: "chart", width: W, height: H, viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "at most " + bits(most * 8000 / past.bucket_ms) }, s("path", { class: "area f0", d }));
		};
		byId("gone-note").textContent = "Flows from " + at(0) + " to " + at(past.buckets) + " UTC that are not kept any more: what each link carried. netflowize query --history has all of it.";
		put("history", h("table", {}, head("Link", "Protocol", ">Records", ">Packets", ">Bytes", at(0) + " – " + at(past.buckets)), h("tbody", {}, shown.map((one) => h("tr", {},
			name(one.link < 0 ? "no link" : sum.links[one.link].name), h("td", {}, protoName(one.proto)), num(count(one.records)), num(count(one.packets)), num(bytesText(one.bytes)), h("td", {}, course(one)))))),
			all.length > shown.length && h("p", { class: "soft" }, count(all.length - shown.length) + " more with less."));
	}
	panels.push(historyPanel);

	// H: a loss opens to where it was, when, and what to do.
	const opened = new Set();
	// Counters are sums since the start; the collector notes when they rise.
	function whenLost(k) {
		const seen = (sum.events || []).filter((e) => e.kind === "probe" && new RegExp(" lost .* [0-9]+ " + k).test(e.text)), last = seen.slice(-5);
		return seen.length ? (seen.length > 5 ? "Last" : "Noted") + ": " + last.map((e) => timeText(e.at_ms) + " " + e.text.replace(/^probe on /, "")).join("; ") + "."
			: "When was not noted: these are sums " + (sum.began_ms ? "since " + timeText(sum.began_ms) + " UTC, when the probes began." : "since the probes began.");
	}
	function accounting() {
		const l = sum.status.ledger;
		const ppm = (v, of) => v && of ? Math.round(1e6 * v / of) + " ppm" : "";
		const row = (label, v, of, cls) => h("tr", {}, h("td", {}, label), h("td", {}, v && of ? bar(v / of, cls) : ""), num(count(v)), num(ppm(cls === "f5" ? v : 0, of)));
		const causes = { ring: "lost: ring full", truncated: "lost: truncated", cache: "lost: cache full", queue: "lost: queue full" };
		const hints = { ring: "The meter could not read as fast as frames came. More probes (netflowize plan --max-ifaces N) or more of the processor (netflowize up --set cpu-limit=N%).",
			truncated: "Headers that were cut or made no sense; such frames are in no flow. Look at some: netflowize capture.",
			cache: "More flows at once than the flow cache holds. A shorter idle timeout (netflowize up --set idle=5s), or flow caches of their own (up --caches N).",
			queue: "Records came faster than they could be sent. Longer timeouts (netflowize up --set active=60s), or flow caches of their own (up --caches N)." };
		const where = (k) => sum.status.probes.flatMap((p) => p.taps.filter((t) => t.lost && t.lost[k]).map((t) => p.node + " on " + t.link + ": " + count(t.lost[k]))).join(", ");
		const cause = (k) => h("details", { open: opened.has(k), ontoggle: (ev) => ev.target.open ? opened.add(k) : opened.delete(k) }, h("summary", {}, causes[k] || "lost: " + k), h("p", {}, hints[k] || ""), h("p", {}, "At " + where(k) + "."), h("p", {}, whenLost(k)));
		const lost = Object.entries(l.lost || {}).filter((x) => x[1]);
		const complete = l.wire_frames !== null && !lost.length && l.records_sent === l.records_stored && l.unaccounted === 0;
		const others = l.foreign_stored ? row("from others, not authenticated", l.foreign_stored, l.foreign_stored, "f7") : null;
		if (!sum.status.probes.length) {
			put("accounting", others && h("table", {}, head("", "", ">Number", ">Of it"), h("tbody", {}, others)),
				h("p", {}, "No probe of ours took part: what was on the wire, and what was lost before these records were written, is unknown."));
			return;
		}
		const missing = lost.length || l.unaccounted || l.records_lost;
		put("accounting", h("table", {}, head("", "", ">Number", missing ? ">Of it" : ""), h("tbody", {},
			row("frames on the wire", l.wire_frames, l.wire_frames, "f0"), row("not IP", l.non_ip, l.wire_frames, "f7"),
			row("ours, or counted elsewhere", l.excluded, l.wire_frames, "f7"),
			l.unsampled ? row("not sampled", l.unsampled, l.wire_frames, "f7") : null,
			lost.map(([k, v]) => row(cause(k), v, l.wire_frames, "f5")), row("IP frames metered", l.ip_frames, l.wire_frames, "f0"),
			row("not accounted for", l.unaccounted, l.wire_frames, "f5"),
			row("packets in them", l.packets, l.packets, "f2"), row("packets in stored records", l.packets_stored, l.packets, "f2"),
			row("records sent", l.records_sent, l.records_sent, "f1"), row("records stored", l.records_stored, l.records_sent, "f1"),
			l.records_lost ? row("records lost by probes", l.records_lost, l.records_sent, "f5") : null,
			others)),
		h("p", { class: complete ? "soft" : "" }, complete ? "Complete: nothing was lost between the wire and the disk. " : "Not complete: see above; numbers may be low by that much. ",
			h("span", { class: "soft" }, "Frames are counted at each tap since its start, so a packet that passes two taps is here twice.")));
	}
	panels.push(accounting);

	// J and K
	// Where the programs run, there are logs: a store has none.
	const target = /^netflowize query (\S+)/.exec(page.command);
	const logsOf = target && ((node) => "netflowize logs " + target[1] + " " + quote(node));
	function probes() {
		const all = sum.status.probes;
		// Since when a meter counts: the collector's begin, or its own last one.
		const age = (p) => {
			const again = (sum.events || []).filter((e) => e.node === p.node && / was started again$/.test(e.text)).map((e) => e.at_ms);
			return sum.began_ms && p.heard ? Date.parse(p.heard) - Math.max(sum.began_ms, ...again) : 0;
		};
		const ofCore = (p) => typeof p.cpu_us === "number" && age(p) > 0 ? p.cpu_us / 1000 / age(p) : NaN;
		const sends = (p) => typeof p.bytes_sent === "number" && age(p) > 0 ? p.bytes_sent * 8000 / age(p) : NaN;
		const lostOf = (p) => Object.values(p.lost || {}).reduce((a, b) => a === null || b === null ? null : a + b, 0);
		const cache = (p) => !p.flows_max ? num("–") : h("td", { class: "n", title: count(p.flows_now) + " flows now, " + count(p.flows_max) + " at most, room for " + count(p.flows_room) },
			p.flows_room ? percent(p.flows_now / p.flows_room).replace(" %", "") + " / " + percent(p.flows_max / p.flows_room) : count(p.flows_now) + " (max " + count(p.flows_max) + ")");
		put("probes", h("table", {}, head("Node", "Taps on", ">Packets", ">Lost", ">Cache", ">CPU", ">Sends", ">Clock", logsOf && "Log"), h("tbody", {}, all.map((p) => h("tr", {},
			name(p.node), h("td", { class: "name", title: p.taps.map((t) => t.link).join(" ") }, shorten([...new Set(p.taps.map((t) => t.link))].join(" "), 26)),
			num(count(p.packets)), num(count(lostOf(p))), cache(p),
			num(typeof p.cpu_us === "number" ? si(p.cpu_us / 1e6, "s") + (ofCore(p) >= 0 ? " · " + percent(ofCore(p)) : "") : "unknown"), num(sends(p) >= 0 ? bits(sends(p)) : "unknown"), num(typeof p.clock_offset_ns === "number" ? (p.clock_offset_ns / 1e6).toFixed(2) + " ms" : "unknown"),
			logsOf && h("td", {}, h("button", { title: logsOf(p.node), "aria-label": "Copy the command that shows the log of " + p.node, onclick: () => copy(logsOf(p.node)) }, "log")))))),
		h("p", { class: "soft" }, "Cache: how full of flows it is, now / at most; a full one ends flows early. CPU: user and system time since start, and of one core. Sends: all of it over the control network, with IP headers, mean since start. Clock: correction applied to its times."));
		byId("health").hidden = byId("cost").hidden = !all.length;
		costs(all, ofCore, sends);
	}
	// K: what is not known of one is not known of all.
	function costs(all, ofCore, sends) {
		const add = (of) => all.reduce((a, p) => a + of(p), 0), known = (v) => typeof v === "number" ? v : NaN;
		const cpu = add((p) => known(p.cpu_us)), sent = add((p) => known(p.bytes_sent)), speed = add(sends);
		put("overhead", h("ul", { class: "tiles" }, [[si(cpu / 1e6, "s"), "CPU, all meters, since start"], [percent(add(ofCore) / all.length), "of one core a meter, since start"],
			[bytesText(sent), "over the control network, with IP headers" + (speed >= 0 ? ", " + bits(speed) : "")], [percent(sum.bytes ? sent / sum.bytes : NaN), "of the experiment's bytes"],
			[bytesText(sum.status.collector.disk_bytes), "on the collector's disk"]].map(([v, t]) => h("li", {}, h("b", {}, v), h("span", {}, t)))));
	}
	panels.push(probes);
	byId("theme").addEventListener("click", () => {
		document.documentElement.dataset.theme = isDark() ? "light" : "dark";
	});
	byId("download").addEventListener("click", () => save("netflowize-summary.json", "application/json", JSON.stringify(page.summary)));
})();
