"use strict";
// A: the map.  Its places come from C; here it is only coloured and listened to.
(function () {
	const svg = byId("map"), box = svg && svg.parentNode;
	if (!svg) return;
	const lines = [...svg.querySelectorAll("[data-line]")], halvesOf = lines.map((g) => [...g.querySelectorAll(".h")]);
	const nodes = [...svg.querySelectorAll("[data-node]")];
	let mode = "peak";
	if (!nodes.length) {
		box.before(h("p", { class: "empty" }, "No topology is known of these records."));
		box.hidden = byId("mapkey").hidden = true;
	}
	const whole = svg.getAttribute("viewBox").split(/\s+/).map(Number);
	let view = whole.slice();

	for (const t of svg.querySelectorAll("title")) {
		t.parentNode.dataset.note = t.textContent;
		t.remove();
	}

	// Bits/s in one direction of a link: mean and most of the range.
	function load(course) {
		const [lo, hi] = range();
		let most = 0, all = 0;
		for (let i = 0; i < course.length; i += 4)
			if (course[i] >= lo && course[i] <= hi) {
				most = Math.max(most, course[i + 1]);
				all += course[i + 1];
			}
		return { peak: rate(most), mean: rate(all, pieces()), get p95() { return p95(course, lo, hi); }, get now() { return now(course, hi); } };
	}
	// Of the last piece that is over.
	function now(course, hi) {
		for (let i = course.length - 4; i >= 0 && course[i] >= hi - 1; i -= 4) if (course[i] === hi - 1) return rate(course[i + 1]);
		return 0;
	}
	function p95(course, lo, hi) {
		const values = [];
		for (let i = 0; i < course.length; i += 4) if (course[i] >= lo && course[i] <= hi) values.push(course[i + 1]);
		values.sort((a, b) => a - b);
		const rank = Math.ceil(pieces() * .95) - 1 - (pieces() - values.length);
		return rank >= 0 ? rate(values[rank]) : 0;
	}
	function direction(link, slot, to) {
		const l = sum.links[link];
		if (!l || !l.sides[slot]) return null;
		const from = to && !l.lan ? 1 - slot : slot;
		const side = l.sides[from];
		if (!side) return null;
		const course = to && l.lan ? side.to_course || [] : side.course;
		return Object.assign(load(course), { capacity: (page.capacity[link] || [])[from] || 0 });
	}
	const STEPS = [.001, .1, .25, .5, .8];
	function step(d, most) {
		if (!d) return "un";
		const value = d[mode];
		if (!d.capacity) return value ? "u" + STEPS.filter((x) => value / (most || 1) > x).length : "u0";
		return "u" + STEPS.filter((x) => value / d.capacity > x).length;
	}
	function watchers() {
		const n = sum.links.map(() => 0);
		const at = new Map(sum.links.map((l, i) => [l.name, i]));
		for (const p of sum.status.probes)
			for (const l of new Set(p.taps.map((t) => t.link)))
				if (at.has(l)) n[at.get(l)]++;
		return n;
	}
	// Half a line is the wider the more bits go over it, by their logarithm.
	const THIN = 1.6, THICK = 7.5, FROM = 3; // px, px, log of 1 kb/s
	const width = (v, most) => THIN + (THICK - THIN) * Math.min(1, Math.max(0, (Math.log10(v || 1) - FROM) / Math.max(1, Math.log10(most || 1) - FROM)));
	// The plan's row: why a probe is where it is, why a link has none.
	function planRow() {
		if (mode !== "coverage") { put("plan"); return; }
		const all = sum.status.probes, row = (p) => h("tr", {}, h("td", { class: "name" }, p.node), h("td", {}, [...new Set(p.taps.map((t) => t.link + (t.iface ? " (" + t.iface + ")" : "")))].join(", ")), h("td", {}, p.reason || "–"));
		const of = chosen.link === null ? null : sum.links[chosen.link], picked = chosen.end !== null ? endName(chosen.end) : null;
		const seen = of ? all.filter((p) => p.taps.some((t) => t.link === of.name)) : picked !== null ? all.filter((p) => p.node === picked) : all;
		put("plan", h("p", {}, h("b", {}, of ? "Link " + of.name : picked !== null ? picked : "The plan"), of ? of.gap ? ": not seen completely: " + of.gap : seen.length ? ": seen by" : ": nobody watches it" : seen.length ? "" : ": no probe runs there"),
			seen.length && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The plan's rows" }, h("table", {}, h("thead", {}, h("tr", {}, ["Probe", "Watches", "Why there"].map((t) => h("th", { scope: "col" }, t)))), h("tbody", {}, seen.map(row)))));
	}
	function onPath() {
		if (chosen.row) return new Set(chosen.row.hops.map((x) => x[0]));
		if (chosen.link !== null) return new Set([chosen.link]);
		return null;
	}
	// Most are as they were: those cost nothing.
	function dress(half, cls, wide) {
		if (half.style.strokeWidth !== wide) half.style.strokeWidth = wide;
		if (half.getAttribute("class") !== cls) half.setAttribute("class", cls);
	}
	function paint() {
		const seen = mode === "coverage" ? watchers() : null;
		const path = onPath();
		let most = 0;
		for (const l of sum.links)
			for (const side of l.sides) most = Math.max(most, load(side.course)[mode === "coverage" ? "peak" : mode]);
		lines.forEach((g, i) => {
			const sides = page.lines[i] || [];
			const first = sides.length && sum.links[sides[0][0]];
			const gap = first && first.gap && !first.bytes;
			halvesOf[i].forEach((half, k) => {
				let cls = "un", wide = "";
				if (seen) {
					const n = Math.min(...sides.map((x) => seen[x[0]]), 2);
					cls = "w" + (sides.length ? n : 0);
				} else if (!gap && sides.length) {
					const loads = sides.map(([l, slot]) => direction(l, slot, k === 1));
					cls = loads.map((d) => step(d, most)).sort()[loads.length - 1];
					wide = cls === "un" ? "" : String(Number(width(Math.max(...loads.map((d) => d ? d[mode] : 0)), most).toFixed(1)));
				}
				dress(half, "h " + cls + (first && first.gap && !seen ? " part" : ""), wide);
			});
			g.classList.toggle("sel", !!path && sides.some((x) => path.has(x[0])));
			g.classList.toggle("dim", !!path && !sides.some((x) => path.has(x[0])));
		});
		drops();
		cacheSigns();
		planRow();
		const picked = chosen.end !== null ? endName(chosen.end) : null;
		for (const n of nodes) n.classList.toggle("sel", picked !== null && n.dataset.node === picked);
		legend(seen, most);
	}
	// Centre of a node, and half of its size.
	const boxOf = (n) => n.dataset.at.split(" ").map(Number);
	// An F where a flow cache runs.
	const caching = svg.firstElementChild.appendChild(s("g", {}));
	function cacheSigns() {
		const at = new Set((sum.status.modules || []).filter((m) => m.role === "cache" && m.node).map((m) => m.node));
		caching.replaceChildren(...nodes.filter((n) => at.has(n.dataset.node)).map((n) => {
			const [x, y, wide, tall] = boxOf(n);
			return s("g", { class: "cache" }, s("circle", { cx: x + wide + 2, cy: y - tall - 2, r: 6.5 }), s("text", { x: x + wide + 2, y: y - tall + 1, "text-anchor": "middle" }, "F"));
		}));
	}
	// A triangle at a node where packets die: on the line of the link that all of them should have taken, or
	// came by; else beside the node.
	const dropped = svg.firstElementChild.appendChild(s("g", {}));
	const places = new Map(); // where a link leaves a node: measuring lines makes the browser lay out the page
	function exit(n, link) {
		const key = n.dataset.node + " " + link;
		if (!places.has(key)) places.set(key, measure(link, boxOf(n)));
		return places.get(key);
	}
	function measure(link, [x, y, wide, tall]) {
		const halves = [...lines].flatMap((g, i) => (page.lines[i] || []).some((p) => p[0] === link) ? halvesOf[i] : []);
		const ends = halves.map((half) => [half.getPointAtLength(0), half.getPointAtLength(half.getTotalLength())].sort((p, q) => Math.hypot(p.x - x, p.y - y) - Math.hypot(q.x - x, q.y - y)));
		const [, far] = ends.sort(([p], [q]) => Math.hypot(p.x - x, p.y - y) - Math.hypot(q.x - x, q.y - y))[0] || [];
		if (!far) return [x - wide - 2, y - tall - 3];
		const off = (Math.max(wide, tall) + 12) / (Math.hypot(far.x - x, far.y - y) || 1);
		return [x + off * (far.x - x), y + off * (far.y - y)];
	}
	const only = (all) => all.every((x) => x === all[0]) ? all[0] : null;
	function drops() {
		const at = new Map();
		for (const x of lossySteps()) {
			const name = between(x.from, x.to);
			if (!at.has(name)) at.set(name, []);
			at.get(name).push(x);
		}
		dropped.replaceChildren(...nodes.filter((n) => at.has(n.dataset.node)).map((n) => {
			const steps = at.get(n.dataset.node), [x, y] = exit(n, only(steps.map((k) => k.to)) ?? only(steps.map((k) => k.from)));
			return s("path", { class: "drop", d: `M${x - 7} ${y - 6}h14l-7 12z`, onpointerleave: hideTip, onpointermove: (ev) => showTip(ev, h("b", {}, "Packets die here"),
				h("table", {}, steps.map((k) => h("tr", {}, h("td", {}, "from " + sum.links[k.from].name + " to " + sum.links[k.to].name),
					h("td", { class: "n" }, count(k.sent - k.arrived) + " of " + count(k.sent)), h("td", { class: "n" }, percent((k.sent - k.arrived) / k.sent)))))) });
		}));
	}
	function legend(seen, most) {
		const known = page.capacity.some((c) => c.some((x) => x));
		const sample = (cls, text) => h("li", {}, s("svg", { viewBox: "0 0 22 12", "aria-hidden": "true" },
			s("g", {}, s("path", { class: "k " + cls, d: "M0 6H22" }))), text);
		const items = seen ? [["w0", "not watched"], ["w1", "by one probe"], ["w2", "by two or more"]]
			: [["u0", "idle"], ["u1", "≤ 10 %"], ["u2", "≤ 25 %"], ["u3", "≤ 50 %"], ["u4", "≤ 80 %"], ["u5", "> 80 %"], ["un", "not watched"]];
		put("mapkey", items.map((x) => sample(x[0], x[1])),
			h("li", {}, seen ? "" : known ? "of the capacity, each direction on its sender's half"
				: "of the busiest link (capacities are not known)"),
			!seen && most > 1000 && h("li", {}, "width: bit/s, by their logarithm, 1 kb/s to " + bits(most)),
			caching.firstChild && h("li", {}, s("svg", { viewBox: "0 0 22 14", "aria-hidden": "true" }, s("g", { class: "cache" }, s("circle", { cx: 11, cy: 7, r: 6.5 }), s("text", { x: 11, y: 10, "text-anchor": "middle" }, "F"))), "flow cache"),
			dropped.firstChild && h("li", {}, s("svg", { viewBox: "0 0 22 12", "aria-hidden": "true" }, s("path", { class: "drop", d: "M4 0h14l-7 12z" })), "packets die here"));
	}
	function five(filter) {
		const all = new Map();
		for (const g of kinds()) {
			if (!filter(g)) continue;
			const k = g.src + " " + g.dst + " " + g.proto;
			all.set(k, { g, bytes: ((all.get(k) || {}).bytes || 0) + sumsOf(g).bytes });
		}
		return largest(all.values(), 5).filter((x) => x.bytes).map(({ g, bytes }) =>
			h("tr", {}, h("td", {}, shorten(endName(g.src), 20) + " → " + shorten(endName(g.dst), 20)), h("td", {}, protoName(g.proto)),
				h("td", { class: "n" }, bytesText(bytes))));
	}
	function lineTip(ev, i) {
		const [link, slot] = (page.lines[i] || [])[0] || [];
		const note = lines[i].dataset.note || "";
		if (link === undefined) { showTip(ev, note); return; }
		const l = sum.links[link], isNow = page.live && !chosen.range;
		const way = (to) => {
			const d = direction(link, slot, to);
			const me = l.members[slot] || "?", other = l.lan ? l.name : l.members[1 - slot] || "?";
			return h("tr", {}, h("td", {}, to ? shorten(other, 16) + " → " + shorten(me, 16) : shorten(me, 16) + " → " + shorten(other, 16)),
				isNow && h("td", { class: "n" }, bits(d.now)), h("td", { class: "n" }, bits(d.mean)), h("td", { class: "n" }, bits(d.p95)), h("td", { class: "n" }, bits(d.peak)),
				h("td", { class: "n" }, d.capacity ? percent(d.peak / d.capacity) : ""));
		};
		const t = sumsOf(l);
		showTip(ev, h("b", {}, shorten(note.split("\n").slice(0, 1).join(""), 120)),
			l.gap && h("p", {}, "not seen completely: " + l.gap), l.gap && !l.bytes ? null :
				[h("table", {}, h("thead", {}, h("tr", {}, ["", isNow && "now", "mean", "95 %", "max", "of cap."].filter((x) => x !== false).map((x) => h("th", { class: x ? "n" : null }, x)))),
					h("tbody", {}, way(false), way(true))),
				h("p", {}, count(t.packets) + " packets, " + bytesText(t.bytes) + ", " + si(t.packets * 1000 / sum.bucket_ms / pieces(), "packets/s")),
				lossySteps().filter((x) => x.from === link).map((x) => h("p", {}, count(x.sent - x.arrived) + " (" + percent((x.sent - x.arrived) / x.sent) + ") did not come through to " + sum.links[x.to].name)),
				h("table", {}, five((g) => (sum.paths[g.path] || []).includes(link)))]);
	}
	function nodeTip(ev, n) {
		const e = sum.ends.indexOf(n.dataset.node);
		showTip(ev, h("b", {}, (n.dataset.note || "").split("\n")[0]), (n.dataset.note || "").split("\n").slice(1).map((x) => h("div", {}, shorten(x, 90))),
			e >= 0 && h("table", {}, five((g) => g.src === e || g.dst === e)));
	}
	lines.forEach((g, i) => {
		g.addEventListener("pointermove", (ev) => lineTip(ev, i));
		g.addEventListener("pointerleave", hideTip);
		g.addEventListener("click", () => {
			const side = (page.lines[i] || [])[0];
			if (side && !moved) choose({ link: chosen.link === side[0] ? null : side[0], row: null });
		});
	});
	for (const n of nodes) {
		n.addEventListener("pointermove", (ev) => nodeTip(ev, n));
		n.addEventListener("pointerleave", hideTip);
		n.addEventListener("click", () => {
			const e = sum.ends.indexOf(n.dataset.node);
			if (e >= 0 && !moved) choose({ end: chosen.end === e ? null : e, row: null });
		});
	}

	// Pan and zoom.
	let moved = false, from = null;
	// From far, names stay as large as one can read, as many as have room: those
	// of probes first, each where it was put or else elsewhere beside its node,
	// none over a node or another name.
	const READABLE = 10;
	const boxes = nodes.map(boxOf).map(([x, y, w, h], i) => ({ x, y, w: w + 3, h: h + 3, i }));
	const links = [...svg.querySelectorAll("text.link")];
	const SPOTS = [[0, 1], [0, -1], [1, 0], [-1, 0], [1, 1], [-1, 1], [1, -1], [-1, -1]];
	const ANCHORS = ["start", "middle", "end"];
	// On which side of its node a name was put.
	const wayOf = ({ of, was: [, y, anchor] }) => [1 - Math.max(0, ANCHORS.indexOf(anchor)), y > of.y + of.h ? 1 : y < of.y - of.h ? -1 : 0];
	const names = [...svg.querySelectorAll("[data-of]")].map((g) => ({ el: g.firstChild, of: boxes[g.dataset.of], n: g.textContent.length,
		bold: g.firstChild.classList.contains("bold"), small: g.firstChild.classList.contains("small"),
		was: ["x", "y", "text-anchor"].map((k) => g.firstChild.getAttribute(k)) }))
		.map((t) => ({ ...t, ways: [wayOf(t), ...SPOTS] })).sort((a, b) => b.bold - a.bold || a.small - b.small);
	function setName(t, at) {
		["x", "y", "text-anchor"].forEach((k, i) => at[i] === null ? t.el.removeAttribute(k) : t.el.setAttribute(k, at[i]));
	}
	// What is taken, in squares as large as a few letters.
	function taken(side) {
		const all = new Map(), key = (x, y) => x * 65536 + y;
		const each = (b, see) => {
			for (let x = Math.floor(b[0] / side); x <= Math.floor(b[2] / side); x++)
				for (let y = Math.floor(b[1] / side); y <= Math.floor(b[3] / side); y++) if (see(key(x, y))) return true;
			return false;
		};
		return {
			add: (b, of) => each(b, (k) => { if (!all.has(k)) all.set(k, []); all.get(k).push([b, of]); }),
			hit: (b, of) => each(b, (k) => (all.get(k) || []).some(([o, n]) => n !== of && b[0] < o[2] && b[2] > o[0] && b[1] < o[3] && b[3] > o[1])),
		};
	}
	// [x, y, anchor] beside the node, as far as it takes; its box.
	function spot(t, size, way) {
		const [dx, dy] = way, w = t.n * size * (t.bold ? .62 : .58), o = t.of;
		const x = o.x + dx * (dy ? o.w * .5 : o.w + size * .3), y = dy ? o.y + dy * o.h + (dy > 0 ? size : -size * .3) : o.y + size * .35;
		const left = x - w * (1 - dx) / 2;
		return { at: [x.toFixed(1), y.toFixed(1), ANCHORS[1 - dx]], box: [left, y - size * .85, left + w, y + size * .25] };
	}
	function nearness() {
		const rect = svg.getBoundingClientRect(), a = (svg.getScreenCTM() || { a: 1 }).a || 1, far = a * 12 < READABLE, size = READABLE / a;
		const [w, h] = [rect.width / a, rect.height / a], x0 = view[0] - (w - view[2]) / 2, y0 = view[1] - (h - view[3]) / 2;
		const inside = (b) => b[0] > x0 && b[1] > y0 && b[2] < x0 + w && b[3] < y0 + h;
		const all = far && taken(size * 4);
		svg.classList.toggle("far", far);
		svg.style.setProperty("--far", size.toFixed(1) + "px");
		for (const el of links) el.classList.toggle("out", far);
		if (far) for (const o of boxes) all.add([o.x - o.w, o.y - o.h, o.x + o.w, o.y + o.h], o.i);
		for (const t of names) {
			const place = far && t.ways.map((way) => spot(t, size, way)).find((p) => inside(p.box) && !all.hit(p.box, t.of.i));
			t.el.classList.toggle("out", far && !place);
			setName(t, place ? place.at : t.was);
			if (place) all.add(place.box, -1);
		}
	}
	const apply = () => { svg.setAttribute("viewBox", view.map((x) => x.toFixed(1)).join(" ")); nearness(); };
	function zoom(by, cx, cy) {
		const w = Math.min(Math.max(view[2] * by, whole[2] / 40), whole[2] * 1.5), k = w / view[2];
		view = [cx - (cx - view[0]) * k, cy - (cy - view[1]) * k, w, view[3] * k];
		apply();
	}
	const middle = () => [view[0] + view[2] / 2, view[1] + view[3] / 2];
	byId("map-in").addEventListener("click", () => zoom(.7, ...middle()));
	byId("map-out").addEventListener("click", () => zoom(1 / .7, ...middle()));
	byId("map-fit").addEventListener("click", () => { view = whole.slice(); apply(); });
	box.addEventListener("wheel", (ev) => {
		if (!ev.ctrlKey && !ev.metaKey) return;
		ev.preventDefault();
		const at = new DOMPoint(ev.clientX, ev.clientY).matrixTransform(svg.getScreenCTM().inverse());
		zoom(ev.deltaY > 0 ? 1.18 : 1 / 1.18, at.x, at.y);
	}, { passive: false });
	box.addEventListener("pointerdown", (ev) => { from = [ev.clientX, ev.clientY, view[0], view[1]]; moved = false; });
	window.addEventListener("pointermove", (ev) => {
		if (!from) return;
		const k = 1 / svg.getScreenCTM().a, dx = (ev.clientX - from[0]) * k, dy = (ev.clientY - from[1]) * k;
		if (Math.hypot(ev.clientX - from[0], ev.clientY - from[1]) > 4) moved = true;
		if (!moved) return;
		box.classList.add("pan");
		view[0] = from[2] - dx;
		view[1] = from[3] - dy;
		apply();
	});
	window.addEventListener("pointerup", () => { from = null; box.classList.remove("pan"); setTimeout(() => { moved = false; }, 0); });
	byId("map-by").addEventListener("change", (ev) => { mode = ev.target.value; paint(); });
	byId("find").addEventListener("input", (ev) => {
		const text = ev.target.value.toLowerCase();
		for (const n of nodes) n.classList.toggle("found", !!text && n.dataset.node.toLowerCase().includes(text));
	});
	byId("find").addEventListener("keydown", (ev) => {
		if (ev.key !== "Enter") return;
		const text = ev.target.value.toLowerCase();
		const e = sum.ends.findIndex((x) => String(x).toLowerCase() === text);
		const l = sum.links.findIndex((x) => x.name.toLowerCase() === text);
		const near = sum.ends.findIndex((x) => String(x).toLowerCase().includes(text));
		if (e >= 0) choose({ end: e });
		else if (l >= 0) choose({ link: l });
		else if (near >= 0 && text) choose({ end: near });
		else if (text) say("Nothing is called " + ev.target.value);
	});
	panels.push(paint);
	window.addEventListener("resize", nearness);
	nearness();
})();
