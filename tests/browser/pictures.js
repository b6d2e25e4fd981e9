"use strict";
// Screenshots as a reader sees them from afar: each CELL x CELL pixels are one,
// so that another font or hinting differs little and a panel that is missing,
// cut or of another colour a lot.
const fs = require("fs");
const zlib = require("zlib");

const CELL = 8, CHANNELS = 3;

// Chunks of a PNG with 8 bits a channel, RGB or RGBA, not interlaced: what
// browsers write.
function readPng(data) {
	const parts = [];
	let width, height, channels;
	for (let at = 8; at < data.length;) {
		const length = data.readUInt32BE(at), kind = data.toString("latin1", at + 4, at + 8), body = data.subarray(at + 8, at + 8 + length);
		if (kind === "IHDR") {
			[width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
			channels = { 2: 3, 6: 4 }[body[9]];
			if (body[8] !== 8 || !channels || body[12]) throw new Error("a PNG of another kind");
		}
		if (kind === "IDAT") parts.push(body);
		at += length + 12;
	}
	const raw = zlib.inflateSync(Buffer.concat(parts)), line = width * channels, out = Buffer.alloc(line * height);
	const paeth = (a, b, c) => { const p = a + b - c, x = Math.abs(p - a), y = Math.abs(p - b), z = Math.abs(p - c); return x <= y && x <= z ? a : y <= z ? b : c; };
	for (let y = 0; y < height; y++) {
		const filter = raw[y * (line + 1)], from = y * (line + 1) + 1, to = y * line;
		for (let i = 0; i < line; i++) {
			const left = i >= channels ? out[to + i - channels] : 0, up = y ? out[to - line + i] : 0, corner = y && i >= channels ? out[to - line + i - channels] : 0;
			out[to + i] = raw[from + i] + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
		}
	}
	return { width, height, channels, pixels: out };
}

function writePng({ width, height, pixels }) {
	const chunk = (kind, body) => {
		const out = Buffer.alloc(body.length + 12);
		out.writeUInt32BE(body.length, 0);
		out.write(kind, 4, "latin1");
		body.copy(out, 8);
		out.writeUInt32BE(crc(out.subarray(4, 8 + body.length)), 8 + body.length);
		return out;
	};
	const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
	head.writeUInt32BE(width, 0);
	head.writeUInt32BE(height, 4);
	const raw = Buffer.alloc((width * CHANNELS + 1) * height);
	for (let y = 0; y < height; y++) pixels.copy(raw, y * (width * CHANNELS + 1) + 1, y * width * CHANNELS, (y + 1) * width * CHANNELS);
	return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", zlib.deflateSync(raw, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
function crc(data) {
	let c = ~0;
	for (const byte of data) {
		c ^= byte;
		for (let k = 0; k < 8; k++) c = c >>> 1 ^ (c & 1 ? 0xedb88320 : 0);
	}
	return ~c >>> 0;
}

function fromAfar({ width, height, channels, pixels }) {
	const w = Math.ceil(width / CELL), h = Math.ceil(height / CELL), out = Buffer.alloc(w * h * CHANNELS);
	for (let y = 0; y < h; y++)
		for (let x = 0; x < w; x++)
			for (let c = 0; c < CHANNELS; c++) {
				let sum = 0, n = 0;
				for (let j = y * CELL; j < Math.min(height, (y + 1) * CELL); j++)
					for (let i = x * CELL; i < Math.min(width, (x + 1) * CELL); i++, n++) sum += pixels[(j * width + i) * channels + c];
				out[(y * w + x) * CHANNELS + c] = sum / n;
			}
	return { width: w, height: h, channels: CHANNELS, pixels: out };
}

// Share of cells that a reader would call another, of the taller picture's.
function difference(a, b) {
	const height = Math.max(a.height, b.height);
	let differ = 0;
	if (a.width !== b.width) return 1;
	for (let i = 0; i < a.width * height; i++) {
		let most = 0;
		for (let c = 0; c < CHANNELS; c++) {
			const at = i * CHANNELS + c;
			most = Math.max(most, at < a.pixels.length && at < b.pixels.length ? Math.abs(a.pixels[at] - b.pixels[at]) : 255);
		}
		differ += most > 40;
	}
	return differ / (a.width * height);
}

// The screenshot beside the stored one of that name; UPDATE=1 stores it.
function compare(screenshot, stored) {
	const now = fromAfar(readPng(fs.readFileSync(screenshot)));
	if (process.env.UPDATE) fs.writeFileSync(stored, writePng(now));
	return difference(now, readPng(fs.readFileSync(stored)));
}
module.exports = { compare };
