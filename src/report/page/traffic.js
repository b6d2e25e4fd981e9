"use strict";
// B: traffic over time.  Links are lines (a packet is on several of them),
// everything else is stacked: there each packet counts once.
(function () {
	const TOP = 6, L = 62, R = 8, T = 8, B = 24;
	let W = 480, H = 350; // as large as there is room, so that words keep their size
	let by = "link", unit = "bits", drag = null;
	const units = {
		bits: { of: (c, i) => rate(c[i + 1]), text: bits, axis: (v) => si(v, "b/s") },
		packets: { of: (c, i) => c[i + 2] * 1000 / sum.bucket_ms, text: (v) => si(v, "packets/s"), axis: (v) => si(v, "p/s") },
		flows: { of: (c, i) => c[i + 3], text: (v) => count(Math.round(v)) + " flows", axis: (v) => si(v, "") },
	};
	function valuesOf(courses) {
		const v = new Float64Array(sum.buckets);
		for (const c of courses)
			for (let i = 0; i < c.length; i += 4) v[c[i]] += units[unit].of(c, i);
		return v;
	}
	function linkSeries() {
		if (chosen.link !== null) {
			const l = sum.links[chosen.link];
			return l.sides.map((side, i) => ({ link: chosen.link,
				name: i < l.members.length ? "from " + (l.members[i] || "?") : "from unknown",
				bytes: side.bytes, values: valuesOf([side.course]) })).filter((x) => x.bytes);
		}
		return largest(sum.links.filter((l) => l.bytes), TOP + 1)
			.map((l) => ({ name: l.name + (l.gap ? " (in part)" : ""), link: sum.links.indexOf(l), values: valuesOf([courseOf(l)]) }));
	}
	function groupSeries() {
		const port = chosen.port !== null && sum.ports.find((p) => p.port === chosen.port);
		if (port) return isNarrowed() ? [] : [{ name: "to port " + port.port, values: valuesOf([port.course]) }];
		const key = { proto: (g) => g.proto, host: (g) => g.src, pair: pairKey }[by];
		const name = { proto: (e) => protoName(e.key), host: (e) => "from " + endName(e.key),
			pair: (e) => endName(e.of.src) + " → " + endName(e.of.dst) }[by];
		const saved = chosen.range;
		chosen.range = null;
		const all = groupsBy(key, sum.groups).sort(byBytes);
		chosen.range = saved;
		const series = all.slice(0, TOP).map((e) => ({ name: name(e), values: valuesOf(groupsIn(e).map((g) => g.course)) }));
		if (all.length > TOP)
			series.push({ name: all.length - TOP + " others", other: true,
				values: valuesOf(all.slice(TOP).flatMap((e) => groupsIn(e).map((g) => g.course))) });
		return series;
	}
	function nice(v) {
		const p = Math.pow(10, Math.floor(Math.log10(v || 1)));
		return [1, 2, 2.5, 5, 10].find((x) => x * p >= v) * p;
	}
	const x = (i) => L + (W - L - R) * i / Math.max(1, sum.buckets);
	function axes(most, y) {
		const parts = [];
		for (let k = 0; k <= 4; k++) {
			const v = most * k / 4;
			parts.push(s("path", { class: k ? "gr" : "ax", d: `M${L} ${y(v).toFixed(1)}H${W - R}` }),
				s("text", { x: L - 6, y: y(v) + 4, "text-anchor": "end" }, k ? units[unit].axis(v) : "0"));
		}
		const step = Math.max(1, Math.ceil(sum.buckets / Math.max(2, Math.floor((W - L) / (sum.days ? 110 : 84)))));
		for (let i = 0; i < sum.buckets; i += step)
			parts.push(s("text", { x: x(i), y: H - 6, "text-anchor": i ? "middle" : "start" }, timeText(pieceAt(i))));
		return parts;
	}
	// A line ends where nobody watched, and begins again behind that.
	function lineOf(v, y, gaps) {
		let path = "", up = true;
		v.forEach((n, i) => {
			if (!n && gaps.some((g) => i >= Math.floor(g.from) && i < g.to)) { up = true; return; }
			path += `${up ? "M" : "L"}${x(i).toFixed(1)} ${y(n).toFixed(1)}H${x(i + 1).toFixed(1)}`;
			up = false;
		});
		return path;
	}
	// Times in which none of those that watch a link was heard from.
	function gapsOf(link, all) {
		const who = watchersOf(link);
		if (!who.length) return [];
		return who.map((node) => all.filter((g) => g.node === node)).reduce((a, b) =>
			a.flatMap((g) => b.map((k) => ({ from: Math.max(g.from, k.from), to: Math.min(g.to, k.to) })).filter((k) => k.from < k.to)));
	}
	// What is not to be relied on: a probe was silent, and what it alone saw is
	// missing.
	function hatched(all) {
		const mine = chosen.link === null ? all : all.filter((g) => watchersOf(chosen.link).includes(g.node));
		return mine.length && [s("defs", {}, s("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("path", { class: "hatch", d: "M0 0V6" }))),
			mine.map((g) => s("rect", { class: "silent", fill: "url(#hatch)", x: x(g.from).toFixed(1), y: T, width: Math.max(2, x(g.to) - x(g.from)).toFixed(1), height: H - T - B }))];
	}
	// Times with records that nobody can authenticate; they are on no link.
	const isForeign = () => sum.foreign_course && by !== "link" && chosen.link === null;
	function foreign() {
		const spans = [], course = isForeign() ? sum.foreign_course : [];
		for (let i = 0; i < course.length; i += 4)
			if (spans.length && spans[spans.length - 1].to === course[i]) spans[spans.length - 1].to++;
			else spans.push({ from: course[i], to: course[i] + 1 });
		return spans.length && [s("defs", {}, s("pattern", { id: "hatch2", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" }, s("path", { class: "hatch2", d: "M0 0V8" }))),
			spans.map((g) => s("rect", { class: "foreign", fill: "url(#hatch2)", x: x(g.from).toFixed(1), y: T, width: (x(g.to) - x(g.from)).toFixed(1), height: H - T - B }))];
	}
	function areaOf(lower, upper, y) {
		const up = [...upper].map((n, i) => `${x(i).toFixed(1)} ${y(n).toFixed(1)}L${x(i + 1).toFixed(1)} ${y(n).toFixed(1)}`).join("L");
		const down = [...lower].map((n, i) => `${x(i + 1).toFixed(1)} ${y(n).toFixed(1)}L${x(i).toFixed(1)} ${y(n).toFixed(1)}`).reverse().join("L");
		return `M${up}L${down}z`;
	}
	// Marks and events: a line each, its words in the first row with room for
	// them; else its number in the list below, at the foot, where that has room.
	const inView = () => (sum.events || []).filter((e) => e.at_ms >= sum.begin_ms && e.at_ms <= pieceAt(sum.buckets));
	function marks() {
		const ends = [0, 0, 0];
		let foot = 0;
		return inView().map((e, i) => {
			const at = x((e.at_ms - sum.begin_ms) / sum.bucket_ms), text = shorten(e.text, 26), wide = 6.2 * text.length + 8;
			const left = at + wide > W - R && at - wide > L, from = left ? at - wide : at;
			const row = left || at + wide <= W - R ? ends.findIndex((end) => from >= end) : -1;
			const line = s("path", { class: "cross", d: `M${at.toFixed(1)} ${T}V${H - B}` });
			if (row >= 0) ends[row] = from + wide;
			else if (at < foot) return s("g", { class: "event " + e.kind }, line);
			else foot = at + 7 * String(i + 1).length + 8;
			return s("g", { class: "event " + e.kind }, line, row >= 0 ? s("text", { x: left ? at - 4 : at + 4, y: T + 10 + 13 * row, "text-anchor": left ? "end" : "start" }, text)
				: s("text", { x: at + 4, y: H - B - 5 }, i + 1));
		});
	}
	function listMarks() {
		put("events", inView().map((e) => h("li", { class: e.kind }, h("b", {}, timeText(e.at_ms)), " " + e.text, h("button", { onclick: () => choose({ range: [Math.min(sum.buckets - 1, Math.max(0, Math.floor((e.at_ms - sum.begin_ms) / sum.bucket_ms))), sum.buckets - 1] }),
			"aria-label": "from here: what came after " + e.text }, "from here"))));
	}
	// Asks how large that is, which costs a layout: not for each drawing.
	function measure() {
		const room = Math.min(1100, Math.max(280, byId("traffic").clientWidth || 480)), other = room !== W;
		W = room;
		H = W < 420 ? 280 : 350;
		return other;
	}
	function render() {
		if (!sum.buckets) { put("traffic", h("p", { class: "empty" }, "No flow was recorded in this time.")); put("traffickey"); put("events"); return; }
		const stacked = by !== "link";
		const series = stacked ? groupSeries() : linkSeries();
		const top = new Float64Array(sum.buckets);
		let most = 0;
		for (const one of series)
			one.values.forEach((v, i) => { top[i] = stacked ? top[i] + v : Math.max(top[i], v); });
		top.forEach((v) => { most = Math.max(most, v); });
		most = nice(most);
		const y = (v) => T + (H - T - B) * (1 - v / most);
		const below = new Float64Array(sum.buckets), silent = silences();
		const shapes = series.map((one, i) => {
			one.colour = one.other ? 7 : i % 7;
			if (!stacked) return s("path", { class: "ln s" + one.colour, d: lineOf(one.values, y, gapsOf(one.link, silent)) });
			const upper = below.map((v, k) => v + one.values[k]);
			const path = s("path", { class: "area f" + one.colour, d: areaOf(below, upper, y) });
			below.set(upper);
			return path;
		});
		const [lo, hi] = range();
		const chart = s("svg", { class: "chart", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "Traffic over time, by " + by },
			axes(most, y), hatched(silent), stacked ? shapes : shapes.reverse(), foreign(), marks(),
			chosen.range && s("rect", { class: "brush", x: x(lo), y: T, width: x(hi + 1) - x(lo), height: H - T - B }),
			s("rect", { class: "ctx", x: L, y: T, width: W - L - R, height: H - T - B }));
		listen(chart, series, silent);
		put("traffic", chart);
		put("traffickey", series.map((one) => h("li", { title: one.name }, s("svg", { viewBox: "0 0 18 10", "aria-hidden": "true" },
			stacked ? s("rect", { class: "f" + one.colour, width: 18, height: 10, rx: 2 }) : s("path", { class: "ln s" + one.colour, d: "M0 5H18" })),
		h("span", {}, shorten(one.name, 40)))));
		byId("traffic-note").textContent = (stacked ? "each packet once" : chosen.link === null ? "both directions of each link" : "each direction") +
			", pieces of " + spanText(sum.bucket_ms) + ", UTC; drag to choose a time" + (silent.length ? "; hatched: a probe was silent, numbers are too low" : "") + (isForeign() ? "; hatched in grey: in part or all of records that are not authenticated" : "");
		listMarks();
		sliders();
	}
	function listen(chart, series, silent) {
		const area = chart.querySelector(".ctx");
		const at = (ev) => {
			const b = area.getBoundingClientRect();
			return Math.min(sum.buckets - 1, Math.max(0, Math.floor((ev.clientX - b.left) / b.width * sum.buckets)));
		};
		area.addEventListener("pointerdown", (ev) => { drag = at(ev); area.setPointerCapture(ev.pointerId); });
		area.addEventListener("pointermove", (ev) => {
			const i = at(ev);
			const alien = isForeign() ? sum.foreign_course.findIndex((v, k) => k % 4 === 0 && v === i) : -1;
			showTip(ev, h("b", {}, timeText(pieceAt(i)) + (drag !== null && i !== drag ? " (" + spanText((Math.abs(i - drag) + 1) * sum.bucket_ms) + ")" : "")),
				silent.filter((g) => i >= Math.floor(g.from) && i < g.to).map((g) => h("p", {}, "nothing heard from " + g.node)),
				alien >= 0 && h("p", {}, units[unit].text(units[unit].of(sum.foreign_course, alien)) + " not authenticated"),
				h("table", {}, series.filter((one) => one.values[i]).map((one) => h("tr", {}, h("td", {}, shorten(one.name, 34)),
					h("td", { class: "n" }, units[unit].text(one.values[i]))))));
		});
		area.addEventListener("pointerleave", hideTip);
		area.addEventListener("pointerup", (ev) => {
			const i = at(ev), d = drag;
			drag = null;
			hideTip();
			if (d === null) return;
			choose({ range: i === d ? null : [Math.min(i, d), Math.max(i, d)] });
		});
	}
	function sliders() {
		const [lo, hi] = range(), a = byId("range-from"), b = byId("range-to");
		a.max = b.max = sum.buckets - 1;
		a.value = lo;
		b.value = hi;
		a.setAttribute("aria-valuetext", timeText(pieceAt(lo)));
		b.setAttribute("aria-valuetext", timeText(pieceAt(hi + 1)));
		byId("range-from-text").textContent = timeText(pieceAt(lo));
		byId("range-to-text").textContent = timeText(pieceAt(hi + 1));
	}
	function slid() {
		const a = Number(byId("range-from").value), b = Number(byId("range-to").value);
		const lo = Math.min(a, b), hi = Math.max(a, b);
		choose({ range: lo === 0 && hi >= sum.buckets - 1 ? null : [lo, hi] });
	}
	byId("range-from").addEventListener("input", slid);
	byId("range-to").addEventListener("input", slid);
	byId("traffic-by").addEventListener("change", (ev) => { by = ev.target.value; render(); });
	byId("traffic-unit").addEventListener("change", (ev) => { unit = ev.target.value; render(); });
	if (!sum.links.length) byId("traffic-by").value = by = "proto"; // records of others
	measure();
	window.addEventListener("resize", () => measure() && render());
	panels.push(render);
})();
