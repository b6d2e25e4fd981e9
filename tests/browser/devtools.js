"use strict";
// Chromium without a window, driven over its DevTools pipe (descriptors 3 and
// 4, messages end with NUL): no package but the browser itself.
const { spawn } = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");

class Browser {
	constructor(program) {
		this.profile = fs.mkdtempSync(path.join(os.tmpdir(), "nfz-browser-"));
		this.process = spawn(program, ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
			"--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
			"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=" + this.profile, "about:blank"],
		{ stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
		this.waiting = new Map();
		this.listeners = [];
		this.next = 1;
		let rest = Buffer.alloc(0);
		this.process.stdio[4].on("data", (data) => {
			rest = Buffer.concat([rest, data]);
			for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) this.take(JSON.parse(rest.subarray(0, end).toString()));
		});
	}
	take(message) {
		const w = message.id && this.waiting.get(message.id);
		if (w) {
			this.waiting.delete(message.id);
			if (message.error) w.no(new Error(JSON.stringify(message.error)));
			else w.yes(message.result);
		} else {
			for (const l of this.listeners) l(message);
		}
	}
	send(method, params = {}, sessionId) {
		const id = this.next++;
		this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
		return new Promise((yes, no) => {
			this.waiting.set(id, { yes, no });
			setTimeout(() => this.waiting.delete(id) && no(new Error(method + ": no answer")), 120000).unref();
		});
	}
	async open() {
		const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
		const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
		const tab = new Tab(this, sessionId, targetId);
		for (const domain of ["Page", "Runtime", "Network", "Log", "Performance"]) await tab.send(domain + ".enable");
		await tab.send("Page.setLifecycleEventsEnabled", { enabled: true });
		return tab;
	}
	async close() {
		try { await this.send("Browser.close"); } catch (e) { /* it has gone */ }
		await new Promise((yes) => { this.process.once("exit", yes); setTimeout(yes, 3000).unref(); });
		fs.rmSync(this.profile, { recursive: true, force: true });
	}
}

class Tab {
	constructor(browser, session, target) {
		Object.assign(this, { browser, session, target, problems: [], requests: [] });
		browser.listeners.push((m) => m.sessionId === session && this.hear(m));
	}
	hear(m) {
		if (m.method === "Runtime.exceptionThrown") this.problems.push(m.params.exceptionDetails.exception ? m.params.exceptionDetails.exception.description : m.params.exceptionDetails.text);
		if (m.method === "Runtime.consoleAPICalled" && ["error", "warning"].includes(m.params.type)) this.problems.push(m.params.args.map((a) => a.value).join(" "));
		if (m.method === "Log.entryAdded" && m.params.entry.level === "error") this.problems.push(m.params.entry.text);
		if (m.method === "Network.requestWillBeSent") this.requests.push(m.params.request.url);
	}
	send(method, params) { return this.browser.send(method, params, this.session); }
	async size(width, height, mobile = false) {
		await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile });
	}
	async dark(on) {
		await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: on ? "dark" : "light" }, { name: "prefers-reduced-motion", value: "reduce" }] });
	}
	async go(url) {
		// of that document, or of one that it gave way to before it was
		// loaded; what was there before may be heard late
		const begun = [], loaded = new Set();
		let look = () => {};
		const l = (m) => {
			if (m.sessionId !== this.session || m.method !== "Page.lifecycleEvent") return;
			if (m.params.name === "init") begun.push(m.params.loaderId);
			if (m.params.name === "load") loaded.add(m.params.loaderId);
			look();
		};
		this.browser.listeners.push(l);
		const { loaderId } = await this.send("Page.navigate", { url });
		await new Promise((yes, no) => {
			(look = () => [loaderId, ...begun.slice(begun.indexOf(loaderId) + 1 || begun.length)].some((id) => loaded.has(id)) && yes())();
			setTimeout(() => no(new Error(url + ": not loaded")), 60000).unref();
		});
		this.browser.listeners.splice(this.browser.listeners.indexOf(l), 1);
	}
	async run(expression) {
		const r = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
		if (r.exceptionDetails) throw new Error(expression.slice(0, 80) + ": " + (r.exceptionDetails.exception ? r.exceptionDetails.exception.description : r.exceptionDetails.text));
		return r.result.value;
	}
	async key(key, code, modifiers = 0) {
		const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
		for (const type of ["keyDown", "keyUp"])
			await this.send("Input.dispatchKeyEvent", { type, key, code: code || key, modifiers, text: type === "keyDown" ? text : undefined, windowsVirtualKeyCode: { Enter: 13, Tab: 9, ArrowDown: 40, ArrowRight: 39, ArrowLeft: 37, Home: 36 }[key] || key.charCodeAt(0) });
	}
	async picture(file, whole = true) {
		const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: whole });
		fs.writeFileSync(file, Buffer.from(data, "base64"));
	}
	async print() {
		const { data } = await this.send("Page.printToPDF", { preferCSSPageSize: true, printBackground: true });
		return Buffer.from(data, "base64");
	}
	async close() { await this.browser.send("Target.closeTarget", { targetId: this.target }); }
}
module.exports = { Browser };
