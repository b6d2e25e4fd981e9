"use strict";
// The findings' buttons, and new data where a server gives it.
(function () {
	const levels = { Problem: "bad", Attention: "warn", Note: "note", Good: "good" };
	function findings() {
		put("findings", page.findings.map((f) => h("li", { class: levels[f.level] || "note" }, h("b", {}, f.level), f.text, " ",
			f.filter ? h("button", { onclick: () => copy(page.command + " " + quote(f.filter)), "aria-label": "copy command that shows these flows" }, "copy command") : null)));
	}
	panels.push(findings);
	draw();
	performance.mark("drawn");
	document.documentElement.dataset.ready = "1";
	if (!page.live) return;

	let paused = false, last = "5m", busy = false;
	const keepNames = () => ({ link: chosen.link !== null ? sum.links[chosen.link].name : null, end: chosen.end !== null ? endName(chosen.end) : null,
		pair: chosen.pair && chosen.pair.map(endName), at: chosen.range && chosen.range.map(pieceAt) });
	const find = (list, name) => { const i = list.findIndex((x) => String(x.name || x) === name); return i >= 0 ? i : null; };
	function renew(next) {
		const was = keepNames();
		page.summary = next.summary;
		sum = unpack(page.summary);
		page.findings = next.findings;
		page.capacity = next.capacity;
		page.times = next.times;
		chosen.link = was.link === null ? null : find(sum.links, was.link);
		chosen.end = was.end === null ? null : find(sum.ends, was.end);
		chosen.pair = was.pair ? was.pair.map((n) => find(sum.ends, n)) : null;
		if (chosen.pair && chosen.pair.includes(null)) chosen.pair = null;
		if (!sum.ports.some((p) => p.port === chosen.port)) chosen.port = null;
		if (was.at) {
			const to = was.at.map((ms) => Math.round((ms - sum.begin_ms) / sum.bucket_ms));
			chosen.range = to[1] < 0 || to[0] >= sum.buckets ? null : [Math.max(0, to[0]), Math.min(sum.buckets - 1, to[1])];
		}
		if (told.question && told.question === question()) take(told.answer);
		else Object.assign(told, { question: "", answer: null, kinds: null }); // of the data before
		if (chosen.row) chosen.row = sum.rows.find((r) => ["src", "dst", "sport", "dport", "proto"].every((k) => r[k] === chosen.row[k])) || null;
		const from = performance.now();
		draw();
		window.nfzRefresh = performance.now() - from;
	}
	async function get(words) {
		const answer = await fetch("data?" + words, { credentials: "same-origin", cache: "no-store" });
		if (!answer.ok) throw new Error(await answer.text());
		return answer.json();
	}
	// Of what is chosen, what the page's own data does not tell; once more when there is newer data.
	async function answerNow(again) {
		const words = question();
		if (!words || (words === told.question && !again)) return;
		const answer = await get(words + "&last=" + encodeURIComponent(last));
		if (words !== question()) return;
		Object.assign(told, { question: words, answer });
		take(answer);
		draw();
	}
	async function poll() {
		if (busy || paused || document.hidden) return;
		busy = true;
		try {
			renew(await get("last=" + encodeURIComponent(last)));
			await answerNow(true);
			document.documentElement.classList.remove("late");
			byId("live-state").textContent = "live, " + timeText(Date.now()) + " UTC";
		} catch (e) {
			document.documentElement.classList.add("late");
			byId("live-state").textContent = "no new data: " + shorten(e.message || "the command has ended", 120);
		}
		busy = false;
	}
	panels.push(() => {
		const [from, to] = [pieceAt(0), pieceAt(sum.buckets)];
		put("subtitle", sum.buckets ? document.createTextNode(`${sum.status.mode || ""}, ${timeText(from)} – ${timeText(to)} UTC (${spanText(to - from)})`) : document.createTextNode("nothing recorded yet"));
	});
	ask = () => { if (!busy) answerNow(false).catch(() => {}); };
	document.documentElement.classList.add("live");
	byId("live-last").addEventListener("change", (ev) => { last = ev.target.value; poll(); });
	byId("live-pause").addEventListener("click", (ev) => {
		paused = !paused;
		ev.target.setAttribute("aria-pressed", String(paused));
		if (!paused) poll();
	});
	poll();
	setInterval(poll, page.refresh_ms || 2000);
})();
