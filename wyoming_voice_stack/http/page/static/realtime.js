// Text during speech: samples to the server's WebSocket, words back.
import { t } from "./language.js";
import { key, ServerError } from "./server.js";

const RATE = 24000;
const MAX_UNSENT_BYTES = 4_000_000;
const MAX_WAIT_MS = 60_000;

export class LiveTranscription {
	#socket;
	#waiting = [];
	#text = "";
	#onText;
	#result;
	#resolve;
	#reject;

	constructor(hints, onText) {
		this.#onText = onText;
		this.#result = new Promise((resolve, reject) => ([this.#resolve, this.#reject] = [resolve, reject]));
		this.#result.catch(() => {}); // It may fail before anybody asks for it.
		const address = new URL("../v1/realtime?intent=transcription", location.href);
		address.protocol = address.protocol.replace("http", "ws");
		const protocols = ["realtime", ...(key() ? [`openai-insecure-api-key.${key()}`] : [])];
		this.#socket = new WebSocket(address, protocols);
		this.#socket.onopen = () => {
			this.#send(session(hints));
			for (const event of this.#waiting.splice(0)) this.#send(event);
		};
		this.#socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
		this.#socket.onclose = () => this.#reject(new ServerError(t("error.unreachable")));
	}

	append(samples) {
		let binary = "";
		for (const byte of new Uint8Array(samples.buffer)) binary += String.fromCharCode(byte);
		this.#send({ type: "input_audio_buffer.append", audio: btoa(binary) });
		if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#socket.close();
	}

	/** End the recording and return its text. */
	async finish() {
		this.#send({ type: "input_audio_buffer.commit" });
		const timer = setTimeout(() => this.#socket.close(), MAX_WAIT_MS);
		try {
			return await this.#result;
		} finally {
			clearTimeout(timer);
			this.close();
		}
	}

	close() {
		this.#socket.close();
	}

	#send(event) {
		if (this.#socket.readyState === WebSocket.CONNECTING) this.#waiting.push(event);
		else if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(event));
	}

	#receive(event) {
		if (event.type.endsWith("input_audio_transcription.delta")) {
			this.#text += event.delta;
			this.#onText(this.#text);
		} else if (event.type.endsWith("input_audio_transcription.completed")) {
			this.#resolve(event.transcript);
		} else if (event.type.endsWith("input_audio_transcription.failed") || event.type === "error") {
			this.#reject(new ServerError(event.error.message, event.error.code ?? ""));
		}
	}
}

function session(transcription) {
	const input = { format: { type: "audio/pcm", rate: RATE }, transcription, turn_detection: null };
	return { type: "session.update", session: { type: "transcription", audio: { input } } };
}
