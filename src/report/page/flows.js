"use strict";
// I: the flow table, and the path of the flow chosen in it.
(function () {
	let sort = "bytes", up = false, shown = 25;
	const columns = [["first_ms", "First"], ["ms", ">Duration"], ["proto", "Proto"], ["from", "Source"], ["to", "Destination"],
		["packets", ">Packets"], ["bytes", ">Bytes"], ["rate", ">Rate"], ["path", "Path"], ["lost", ">Lost on the way"]];
	const end = (r, e, addr, port) => (e >= 0 && !Array.isArray(sum.ends[e]) ? sum.ends[e] : addr) + (r.sport || r.dport ? ":" + port : "");
	function lostOn(r) {
		let most = 0, last = null;
		for (const hop of r.hops) {
			if (last !== null && hop[1] < last) most += last - hop[1];
			last = hop[1];
		}
		return r.hops.length > 1 ? most : null;
	}
	function rows() {
		const [lo, hi] = [pieceAt(range()[0]), pieceAt(range()[1] + 1)];
		const value = { first_ms: (r) => r.first_ms, ms: (r) => r.last_ms - r.first_ms, proto: (r) => r.proto, from: (r) => end(r, r.src_end, r.src, r.sport),
			to: (r) => end(r, r.dst_end, r.dst, r.dport), packets: (r) => r.packets, bytes: (r) => r.bytes,
			rate: (r) => r.bytes / Math.max(1, r.last_ms - r.first_ms), path: (r) => r.hops.length, lost: (r) => lostOn(r) || 0 }[sort];
		return sum.rows.filter((r) => (chosen.proto === null || r.proto === chosen.proto) && (chosen.end === null || r.src_end === chosen.end || r.dst_end === chosen.end) &&
			(!chosen.pair || (r.src_end === chosen.pair[0] && r.dst_end === chosen.pair[1])) && (chosen.link === null || r.hops.some((x) => x[0] === chosen.link)) && (chosen.port === null || r.dport === chosen.port) &&
			(!chosen.range || (r.last_ms >= lo && r.first_ms < hi)))
			.sort((a, b) => { const x = value(a), y = value(b); return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1); });
	}
	const isChosen = (r) => chosen.row && ["src", "dst", "sport", "dport", "proto", "first_ms"].every((k) => chosen.row[k] === r[k]);
	function flowFilter(r) {
		return `src host ${r.src} and dst host ${r.dst}` + (r.sport || r.dport ? ` and src port ${r.sport} and dst port ${r.dport}` : "") + ` and proto ${r.proto}`;
	}
	function table() {
		const all = rows();
		const body = all.slice(0, shown).map((r) => {
			const pick = () => choose({ row: isChosen(r) ? null : r });
			const ms = r.last_ms - r.first_ms, lost = lostOn(r);
			return h("tr", { tabindex: 0, "aria-selected": isChosen(r) ? "true" : "false", onclick: pick, onkeydown: (ev) => ev.key === "Enter" && pick() },
				h("td", {}, timeText(r.first_ms)), h("td", { class: "n" }, spanText(ms)), h("td", {}, protoName(r.proto)),
				h("td", { class: "name", title: r.src }, shorten(end(r, r.src_end, r.src, r.sport), 32)), h("td", { class: "name", title: r.dst }, shorten(end(r, r.dst_end, r.dst, r.dport), 32)),
				h("td", { class: "n" }, count(r.packets)), h("td", { class: "n" }, count(r.bytes)), h("td", { class: "n" }, ms > 0 ? bits(r.bytes * 8000 / ms) : "–"),
				h("td", { class: "name" }, r.hops.map((x) => sum.links[x[0]].name).join(" ") || "–"),
				h("td", { class: "n" }, lost === null ? "–" : lost ? count(lost) + " · " + percent(lost / (r.hops[0][1] || 1)) : "0"), r.foreign ? h("td", {}, "not authenticated") : null);
		});
		put("flows", h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Flows" }, h("table", { class: "flowtable" }, h("thead", {}, h("tr", {}, columns.map(([k, t]) =>
			h("th", { scope: "col", class: t.startsWith(">") ? "n" : null, "aria-sort": sort === k ? up ? "ascending" : "descending" : null },
				h("button", { onclick: () => { up = sort === k ? !up : false; sort = k; table(); } }, t.replace(/^>/, "") + (sort === k ? up ? " ▲" : " ▼" : "")))))),
		h("tbody", {}, body))),
		all.length > shown && h("p", {}, h("button", { onclick: () => { shown += 100; table(); } }, "Show more"), h("span", { class: "soft" }, "  " + shown + " of " + all.length + " flows")),
		sum.rows.length < sum.flows && h("p", { class: "soft" }, "The " + sum.rows.length + " largest of " + count(sum.flows) + " flows; the command shows all."),
		!all.length && h("p", { class: "empty" }, "No flow here."));
		path();
	}
	function path() {
		const r = chosen.row;
		if (!r) { steps(); return; }
		const at = (t) => h("div", { class: "at", title: t }, t);
		const kids = [at(shorten(end(r, r.src_end, r.src, r.sport), 24))];
		r.hops.forEach((hop, i) => {
			const last = i ? r.hops[i - 1] : null, lost = last ? last[1] - hop[1] : 0;
			if (last) kids.push(at(between(last[0], hop[0])));
			kids.push(h("div", { class: lost > 0 ? "hop lossy" : "hop" }, h("span", {}, sum.links[hop[0]].name), h("span", { class: "on" }, count(hop[1]) + " packets"),
				h("span", { class: "on2" }, bytesText(hop[2])), lost > 0 ? h("span", { class: "lost" }, "− " + count(lost) + " (" + percent(lost / last[1]) + ")") : null,
				last ? h("span", { class: "soft" }, "first " + (hop[3] >= last[3] ? "+" : "−") + spanText(Math.abs(hop[3] - last[3]))) : null));
		});
		kids.push(at(shorten(end(r, r.dst_end, r.dst, r.dport), 24)));
		put("path", h("h3", {}, "The path of this flow: packets on each link, and what did not come through"), h("div", { class: "hops", tabindex: 0, role: "group", "aria-label": "Path" }, kids),
			h("p", { class: "soft" }, "Loss is the difference of what two places counted, give or take packets under way; “first” is when the first packet was seen, by corrected clocks. ",
				h("button", { onclick: () => copy(page.command + " " + quote(flowFilter(r)) + " --observations") }, "Copy as command")));
	}
	// When: what was lost in each piece of time, and when most.
	function lossCourse(x) {
		if (!x.course) return "–";
		const lost = new Map(), [lo, hi] = range();
		for (let i = 0; i < x.course.length; i += 3)
			if (x.course[i] >= lo && x.course[i] <= hi) lost.set(x.course[i], Math.max(0, x.course[i + 1] - x.course[i + 2]));
		const [at, most] = [...lost].reduce((a, b) => b[1] > a[1] ? b : a, [lo, 0]), n = hi - lo + 1;
		const bars = [...lost].map(([i, v]) => `M${(100 * (i - lo) / n).toFixed(2)} 12h${Math.max(.6, 100 / n).toFixed(2)}v${(-12 * v / (most || 1)).toFixed(1)}h${-Math.max(.6, 100 / n).toFixed(2)}z`).join("");
		return [s("svg", { class: "meter", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" }, s("path", { class: "f5", d: bars })),
			h("span", { class: "soft" }, " most at " + timeText(pieceAt(at)) + ": " + count(most))];
	}
	function steps() {
		const all = stepsNow().filter((x) => (chosen.link === null || x.from === chosen.link || x.to === chosen.link) && x.sent > x.arrived)
			.sort((a, b) => (b.sent - b.arrived) - (a.sent - a.arrived)).slice(0, 5);
		put("path", all.length ? [h("h3", {}, "Where packets die: over all flows that took both links"), h("div", { class: "steps", tabindex: 0, role: "region", "aria-label": "Where packets die" }, h("table", {}, h("thead", {}, h("tr", {}, ["From link", "At", "To link", ">Seen before", ">Seen behind", ">Lost", ">Share", "When"].map((t) => h("th", { scope: "col", class: t.startsWith(">") ? "n" : null }, t.replace(/^>/, ""))))),
			h("tbody", {}, all.map((x) => h("tr", {}, h("td", {}, sum.links[x.from].name), h("td", {}, between(x.from, x.to)), h("td", {}, sum.links[x.to].name), h("td", { class: "n" }, count(x.sent)), h("td", { class: "n" }, count(x.arrived)),
				h("td", { class: "n" }, count(x.sent - x.arrived)), h("td", { class: "n" }, percent((x.sent - x.arrived) / x.sent)), h("td", { class: "when" }, lossCourse(x))))))),
			h("p", { class: "soft" }, "When: packets lost in each piece of " + spanText(sum.bucket_ms) + ", from " + timeText(pieceAt(range()[0])) + " to " + timeText(pieceAt(range()[1] + 1)) + " UTC. ",
				h("button", { onclick: () => copy(lossesCommand()) }, "Copy as command"))] : null);
	}
	const lossesCommand = () => page.command.replace(/^netflowize query/, "netflowize analyse losses") + (sum.filter ? " " + quote(sum.filter) : "") +
		(/^nfz-query/.test(page.command) ? " --analysis losses" : "") + (page.times ? " " + page.times : "") + " --bucket " + sum.bucket_ms + "ms";
	byId("copy-flows").addEventListener("click", () => copy(commandText()));
	byId("csv-flows").addEventListener("click", () => {
		const cell = (v) => /[",\n]/.test(v) ? '"' + String(v).replace(/"/g, '""') + '"' : String(v);
		const lines = [["src", "dst", "sport", "dport", "proto", "packets", "bytes", "first", "last", "tcp_flags", "src_node", "dst_node", "path"]];
		const node = (e) => e >= 0 && !Array.isArray(sum.ends[e]) ? sum.ends[e] : "";
		for (const r of rows())
			lines.push([r.src, r.dst, r.sport, r.dport, r.proto, r.packets, r.bytes, timeFull(r.first_ms), timeFull(r.last_ms), r.tcp_flags, node(r.src_end), node(r.dst_end), r.hops.map((x) => sum.links[x[0]].name).join(" ")]);
		save("flows.csv", "text/csv", lines.map((l) => l.map(cell).join(",")).join("\r\n") + "\r\n");
	});
	panels.push(table);
})();
