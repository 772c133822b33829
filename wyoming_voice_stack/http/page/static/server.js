// Requests to this server, by relative addresses: Home Assistant adds a prefix.
import { stored, t } from "./language.js";

const KEY_KEPT_AS = "voice-stack-key";
const RETRY_MS = 2000;
const MAX_SILENCE_MS = 40_000; // The server sends something every 15 s.
const MAX_EVENT_CHARS = 4_000_000;

export class ServerError extends Error {
	constructor(message, code = "", status = 0) {
		super(message);
		this.code = code;
		this.status = status;
	}
}

let typedKey = stored(() => sessionStorage.getItem(KEY_KEPT_AS)) ?? "";

export const key = () => typedKey;

export function useKey(value) {
	typedKey = value;
	stored(() => sessionStorage.setItem(KEY_KEPT_AS, value));
}

/** Send a request and return the response; anything but success is raised as a ServerError. */
export async function open(path, { method = "GET", json, body, signal } = {}) {
	const headers = {};
	if (method !== "GET") headers["X-Voice-Stack"] = "1";
	if (json !== undefined) headers["Content-Type"] = "application/json";
	if (typedKey) headers.Authorization = `Bearer ${typedKey}`;
	const sent = json === undefined ? body : JSON.stringify(json);
	let response;
	try {
		response = await fetch(path, { method, headers, body: sent, signal, cache: "no-store" });
	} catch (error) {
		if (error.name === "AbortError") throw error;
		throw new ServerError(t("error.unreachable"));
	}
	if (!response.ok) throw await errorOf(response);
	return response;
}

/** Send a request and return the JSON of its answer; null where there is none. */
export async function call(path, request) {
	const response = await open(path, request);
	const text = await response.text();
	return text ? JSON.parse(text) : null;
}

async function errorOf(response) {
	const text = (await response.text().catch(() => "")).slice(0, 2000);
	try {
		const { message, code, type } = JSON.parse(text).error;
		return new ServerError(message, code ?? type ?? "", response.status);
	} catch {
		return new ServerError(text.trim() || t("error.status", { status: String(response.status) }), "", response.status);
	}
}

/** Read server-sent events from a response, each as {name, data}. */
export async function* eventsOf(response, alive = () => {}) {
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	let waiting = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			alive();
			waiting = (waiting + value).replaceAll("\r\n", "\n");
			if (waiting.length > MAX_EVENT_CHARS) throw new ServerError(t("error.unreachable"));
			const blocks = waiting.split("\n\n");
			waiting = blocks.pop();
			for (const block of blocks) {
				const event = parsed(block);
				if (event) yield event;
			}
		}
	} finally {
		reader.cancel().catch(() => {});
	}
}

function parsed(block) {
	let name = "message";
	const data = [];
	for (const line of block.split("\n")) {
		if (line.startsWith("event:")) name = line.slice(6).trim();
		else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
	}
	return data.length && data[0] !== "[DONE]" ? { name, data: JSON.parse(data.join("\n")) } : null;
}

/**
 * Follow the server's events until the returned function is called; `beforehand` runs before each connection.
 * EventSource sends no key, and stays silent after an answer such as 503.
 */
export function follow(path, beforehand, onEvent, onLost) {
	const stopped = new AbortController();
	const run = async () => {
		while (!stopped.signal.aborted) {
			await once(path, beforehand, onEvent, stopped.signal).catch((error) => {
				if (!stopped.signal.aborted) onLost(error);
			});
			if (!stopped.signal.aborted) await pause(RETRY_MS, stopped.signal);
		}
	};
	run();
	return () => stopped.abort();
}

async function once(path, beforehand, onEvent, signal) {
	const silence = new AbortController();
	let timer;
	const alive = () => {
		clearTimeout(timer);
		timer = setTimeout(() => silence.abort(), MAX_SILENCE_MS);
	};
	signal.addEventListener("abort", () => silence.abort(), { signal: silence.signal });
	try {
		alive();
		await beforehand(silence.signal);
		const response = await open(path, { signal: silence.signal });
		for await (const { name, data } of eventsOf(response, alive)) onEvent(name, data);
		throw new ServerError(t("error.unreachable"));
	} finally {
		clearTimeout(timer);
		silence.abort(); // Removes the listener, too.
	}
}

function pause(duration, signal) {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, duration);
		signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
	});
}
