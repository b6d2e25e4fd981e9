"use strict";
// E: who sent how much to whom.  Hosts of one place are side by side; when there
// are more hosts than fit, places are, and a place opens to its hosts.
(function () {
	const MOST = 200, LEFT = 84, RIGHT = 46, LEAST_ALPHA = .16;
	let opened = null; // places whose hosts are shown
	let at = null; // [row, column] of the keys

	// Where a host is: its LAN, else the busiest crossing it hangs on; addresses
	// that are no node's by their network.
	const places = { of: null, list: [] };
	function placesOf() {
		if (places.of === sum) return places.list;
		const degree = new Map(), near = new Map(), lans = new Map();
		for (const l of sum.links)
			for (const m of l.members) if (m) degree.set(m, (degree.get(m) || 0) + 1);
		for (const l of sum.links)
			for (const m of l.members) {
				if (!m) continue;
				if (l.lan) lans.set(m, lans.has(m) ? null : l.name);
				for (const o of l.lan ? [] : l.members)
					if (o && o !== m && (!near.has(m) || degree.get(o) > degree.get(near.get(m)))) near.set(m, o);
			}
		const network = (a) => a.includes(":") ? a.split(":").slice(0, 4).join(":") + "::/64" : a.replace(/\.\d+$/, ".0/24");
		places.of = sum;
		places.list = sum.ends.map((e) => Array.isArray(e) ? network(e[0]) : lans.get(e) || (near.has(e) ? "at " + near.get(e) : e));
		return places.list;
	}
	// Rows and columns: {name, place, bytes}; of is which one an end is in.
	function axes(all) {
		// by end + 1: there may be tens of thousands of pairs
		const place = placesOf(), weight = new Float64Array(sum.ends.length + 1), seen = new Uint8Array(weight.length);
		for (const { bytes, of: g } of all) {
			weight[g.src + 1] += bytes;
			if (g.dst !== g.src) weight[g.dst + 1] += bytes;
			seen[g.src + 1] = seen[g.dst + 1] = 1;
		}
		let ends = [...seen.keys()].filter((i) => seen[i]).map((i) => i - 1);
		if (opened) ends = ends.filter((e) => opened.has(e < 0 ? "others" : place[e]));
		const whole = ends.length <= MOST || opened;
		const rows = new Map(), id = (e) => whole ? e : e < 0 ? "others" : place[e];
		for (const e of ends) {
			if (!rows.has(id(e))) rows.set(id(e), { name: whole ? endName(e) : String(id(e)), place: e < 0 ? "others" : place[e], bytes: 0, n: 0, last: e < 0 });
			rows.get(id(e)).bytes += weight[e + 1];
			rows.get(id(e)).n++;
		}
		let order = [...rows.entries()].sort((a, b) => b[1].bytes - a[1].bytes);
		const rest = order.length > MOST ? order.splice(MOST - 1) : [];
		order.sort(([, a], [, b]) => a.last - b.last || byName(a.place, b.place) || byName(a.name, b.name));
		order = order.map(([key, r]) => ({ key, ...r }));
		const index = new Map(order.map((r, i) => [r.key, i]));
		if (rest.length) {
			for (const [key] of rest) index.set(key, order.length);
			order.push({ key: "rest", name: rest.length + (whole ? " more hosts" : " more places"), place: "", bytes: 0, n: rest.length, last: true });
		}
		const seats = new Int16Array(weight.length).fill(-1);
		for (const e of ends) seats[e + 1] = index.get(id(e));
		return { order, whole, rest: rest.map(([key]) => key), seats };
	}
	// By row and column; where each pair has one of its own, it is the pair.
	function cellsOf(all, { order, seats, whole, rest }) {
		const n = order.length, cells = new Array(n * n), own = whole && !rest.length;
		for (const e of all) {
			const a = seats[e.of.src + 1], b = seats[e.of.dst + 1];
			if (a < 0 || b < 0) continue;
			const k = a * n + b;
			if (cells[k]) plus(cells[k], e);
			else cells[k] = own ? e : { flows: e.flows, packets: e.packets, bytes: e.bytes, of: e.of };
		}
		return cells;
	}
	function extremes(cells) {
		let small = Infinity, large = 0;
		for (const c of cells) {
			if (!c) continue;
			small = Math.min(small, c.bytes);
			large = Math.max(large, c.bytes);
		}
		return [small, large];
	}
	// [red, green, blue] of a cell; kept, as asking takes all styles anew.
	const inks = {};
	function ink(scheme) {
		if (!inks[scheme]) {
			const text = getComputedStyle(document.documentElement).getPropertyValue("--c0").trim();
			inks[scheme] = [1, 3, 5].map((i) => parseInt(text.slice(i, i + 2), 16));
		}
		return inks[scheme];
	}
	function paint(canvas, n, cells, shade) {
		canvas.width = canvas.height = n;
		const pen = canvas.getContext("2d"), image = pen.createImageData(n, n);
		const [r, g, b] = ink(isDark() ? "dark" : "light");
		const colour = new Uint32Array(image.data.buffer), base = b << 16 | g << 8 | r; // as memory has it, little end first
		for (let k = 0; k < cells.length; k++) if (cells[k]) colour[k] = (255 * shade(cells[k].bytes) << 24 | base) >>> 0;
		pen.putImageData(image, 0, 0);
	}
	const pairName = ({ order }, [a, b]) => h("b", {}, order[a].name + " → " + order[b].name);
	const words = (c) => [bytesText(c.bytes) + ", " + count(c.packets) + " packets" + (c.flows === null ? "" : ", " + count(c.flows) + " flows")];
	function pick(axis, c, [a, b]) {
		hideTip();
		if (axis.whole) { choose({ pair: chosen.pair || c.of.src < 0 || axis.order[a].key === "rest" || axis.order[b].key === "rest" ? null : [c.of.src, c.of.dst] }); return; }
		const here = (i) => axis.order[i].key === "rest" ? axis.rest : [axis.order[i].key];
		opened = new Set([...here(a), ...here(b)]);
		draw();
	}
	function legend(least, most, shade) {
		const steps = 5, value = (i) => Math.pow(10, least + (most - least) * i / (steps - 1)) - 1;
		return h("ul", { class: "legend" }, h("li", {}, "row: sender, column: receiver; log scale"), [...Array(steps).keys()].map((i) => h("li", {},
			s("svg", { viewBox: "0 0 18 10", "aria-hidden": "true" }, s("rect", { class: "f0", width: 18, height: 10, "fill-opacity": shade(value(i)).toFixed(2) })), bytesText(Math.round(Math.max(1, value(i)))))));
	}
	function render() {
		const all = pairs(), axis = axes(all), { order, whole } = axis, n = order.length;
		if (!n) { opened = null; put("matrix", h("p", { class: "empty" }, "Nothing here.")); return; }
		const cells = cellsOf(all, axis), [small, large] = extremes(cells);
		const most = Math.log10(large + 1), least = Math.min(most - 1, Math.log10(small + 1));
		const shade = (v) => LEAST_ALPHA + (1 - LEAST_ALPHA) * Math.max(0, (Math.log10(v + 1) - least) / (most - least || 1));
		const size = Math.min(30, (450 - LEFT - RIGHT) / n), side = LEFT + n * size, named = size >= 9, middle = (i) => LEFT + (i + .5) * size;
		const canvas = h("canvas", { tabindex: 0, role: "img", "aria-label": "Bytes from each sender (row) to each receiver (column). Arrows go from one to the next, Enter chooses; the table of top talkers has the figures." });
		paint(canvas, n, cells, shade);
		const over = s("svg", { class: "chart", viewBox: `0 0 ${side + RIGHT} ${side}`, "aria-hidden": "true" });
		const runs = []; // of one place
		order.forEach((r, i) => { if (!runs.length || runs[runs.length - 1].place !== r.place) runs.push({ place: r.place, from: i, to: i }); runs[runs.length - 1].to = i; });
		const seat = (i, text) => [s("text", { x: LEFT - 5, y: middle(i) + 4, "text-anchor": "end" }, text),
			s("text", { x: 0, y: 0, transform: `translate(${middle(i) + 4} ${LEFT - 5}) rotate(-55)` }, text)];
		const every = Math.ceil(14 / size);
		const seats = named || !whole ? order.filter((r, i) => i % every === 0).map((r, i) => seat(i * every, shorten(r.name, 12)))
			: runs.filter((r) => (r.to - r.from + 1) * size >= 14).map((r) => seat((r.from + r.to) / 2, shorten(r.place, 12)));
		fill(over, {}, [s("path", { class: "gr", d: named ? order.map((e, i) => `M${LEFT} ${LEFT + i * size}H${side}M${LEFT + i * size} ${LEFT}V${side}`).join("") : "" }),
			s("path", { class: "ax", d: whole && runs.length > 1 && runs.length < n ? runs.slice(1).map((r) => `M${LEFT} ${LEFT + r.from * size}H${side}M${LEFT + r.from * size} ${LEFT}V${side}`).join("") : "" }),
			s("rect", { class: "ax", x: LEFT, y: LEFT, width: n * size, height: n * size }), seats]);
		const mark = over.appendChild(s("rect", { class: "brush", width: size, height: size, visibility: "hidden" }));
		const box = h("div", { class: "matrix" }, canvas, over);
		box.style.maxWidth = 1.2 * (side + RIGHT) + "px";
		for (const [k, v] of [["left", LEFT / (side + RIGHT)], ["top", LEFT / side], ["width", n * size / (side + RIGHT)], ["height", n * size / side]]) canvas.style[k] = 100 * v + "%";
		listen(canvas, mark, axis, cells, (a, b) => { mark.setAttribute("x", LEFT + b * size); mark.setAttribute("y", LEFT + a * size); mark.setAttribute("visibility", "visible"); });
		put("matrix", box, legend(least, most, shade),
			opened && h("p", { class: "soft" }, h("button", { onclick: () => { opened = null; draw(); } }, "Back to all places"), "  hosts of " + shorten([...opened].join(", "), 60)),
			!whole && h("p", { class: "soft" }, order.reduce((t, r) => t + (r.key === "rest" ? 0 : r.n), 0) + " hosts by where they are; a cell opens to its hosts."),
			isCoarse() && h("p", { class: "soft" }, "Of a part of the time, the smaller ones are “others”."),
			isCut() && h("p", { class: "soft" }, "More pairs than a page holds: the smallest are “others”."));
	}
	function listen(canvas, mark, axis, cells, show) {
		const n = axis.order.length, clip = (v) => Math.min(n - 1, Math.max(0, v));
		const under = (ev) => {
			const r = canvas.getBoundingClientRect();
			return [clip(Math.floor((ev.clientY - r.top) / r.height * n)), clip(Math.floor((ev.clientX - r.left) / r.width * n))];
		};
		const tip = (ev, [a, b]) => {
			const c = cells[a * n + b];
			show(a, b);
			showTip(ev, pairName(axis, [a, b]), c ? words(c) : "nothing");
		};
		const leave = () => { mark.setAttribute("visibility", "hidden"); hideTip(); };
		canvas.addEventListener("pointermove", (ev) => tip(ev, under(ev)));
		canvas.addEventListener("pointerleave", leave);
		canvas.addEventListener("blur", leave);
		canvas.addEventListener("click", (ev) => { const [a, b] = under(ev), c = cells[a * n + b]; if (c) pick(axis, c, [a, b]); });
		canvas.addEventListener("keydown", (ev) => {
			const way = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[ev.key];
			if (way) {
				ev.preventDefault();
				at = at ? [clip(at[0] + way[0]), clip(at[1] + way[1])] : [0, 0];
				const r = canvas.getBoundingClientRect();
				tip({ clientX: r.left + (at[1] + .5) / n * r.width, clientY: r.top + (at[0] + .5) / n * r.height }, at);
			} else if (ev.key === "Enter" && at && cells[at[0] * n + at[1]]) {
				pick(axis, cells[at[0] * n + at[1]], at);
				const next = byId("matrix").querySelector("canvas");
				if (next) next.focus();
			}
		});
	}
	panels.push(render);
})();
