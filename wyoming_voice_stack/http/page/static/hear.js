// Hear: a microphone, a file or a dropped file in; text out while it grows.
import { addSection, byId, copy, options, save, show, write, writeError } from "./dom.js";
import { byName, seconds, t } from "./language.js";
import { inWords, record, whyNoMicrophone } from "./microphone.js";
import { LiveTranscription } from "./realtime.js";
import { eventsOf, open, ServerError } from "./server.js";

const RATE = 24000;
const MAX_RECORDING_MS = 300_000;
const FORMATS = { txt: "text", srt: "srt", vtt: "vtt", json: "verbose_json" };

let chosenLanguage = "";
let typedWords = "";

export function mountHear(state) {
	const section = addSection("hear", "try");
	const hearing = new Hearing();
	const why = whyNoMicrophone();
	show(byId("microphone"), why === null);
	show(byId("no-microphone"), why !== null);
	write(byId("no-microphone-why"), why ?? "");
	const port = location.port || (location.protocol === "https:" ? "443" : "80");
	write(byId("ssh-line"), `ssh -L ${port}:localhost:${port} ${location.hostname}`);
	if (isSecureContext) byId("no-microphone").querySelector("details").remove();
	options(byId("hear-language"), [["", t("hear.anyLanguage")], ...byName(state.languages)], chosenLanguage);
	byId("hear-language").addEventListener("change", () => (chosenLanguage = byId("hear-language").value));
	byId("words").value = typedWords;
	byId("words").addEventListener("input", () => (typedWords = byId("words").value));
	byId("record").addEventListener("click", () => hearing.toggle());
	byId("cancel-hearing").addEventListener("click", () => hearing.cancel());
	byId("file").addEventListener("change", () => hearing.send(byId("file").files[0]));
	acceptDrops(byId("drop"), (file) => hearing.send(file));
	byId("copy-text").addEventListener("click", async () => {
		await copy(byId("heard").textContent);
		write(byId("hear-state"), t("copied"));
	});
	for (const [ending, format] of Object.entries(FORMATS))
		byId(`to-${ending}`).addEventListener("click", () => hearing.download(ending, format));
	return {
		close() {
			hearing.cancel();
			section.remove();
		},
	};
}

function acceptDrops(zone, accept) {
	const over = (event) => {
		event.preventDefault();
		zone.classList.add("over");
	};
	zone.addEventListener("dragenter", over);
	zone.addEventListener("dragover", over);
	zone.addEventListener("dragleave", () => zone.classList.remove("over"));
	zone.addEventListener("drop", (event) => {
		event.preventDefault();
		zone.classList.remove("over");
		if (event.dataTransfer.files.length) accept(event.dataTransfer.files[0]);
	});
}

class Hearing {
	#microphone = null;
	#live = null;
	#controller = null;
	#timer = null;
	#kept = null;
	#url = "";

	async toggle() {
		await (this.#microphone ? this.#finish() : this.#start());
	}

	async #start() {
		this.#begin(t("hear.starting"));
		const live = "audioWorklet" in AudioContext.prototype ? this.#openLive() : null;
		try {
			this.#microphone = await record({
				rate: RATE,
				onSamples: (samples) => live?.append(samples),
				onPeak: (peak) => (byId("hear-level").value = peak),
			});
		} catch (error) {
			live?.close();
			return this.#fail(inWords(error));
		}
		this.#live = live;
		this.#showRecording(true);
		write(byId("hear-state"), t("hear.recording"));
		this.#timer = setTimeout(() => this.#finish(), MAX_RECORDING_MS);
	}

	#openLive() {
		return new LiveTranscription(chosenLanguage, words(), (text) => write(byId("partial"), text));
	}

	async #finish() {
		const [microphone, live] = [this.#microphone, this.#live];
		this.#microphone = this.#live = null;
		clearTimeout(this.#timer);
		this.#showRecording(false);
		write(byId("hear-state"), t("hear.waiting"));
		const started = performance.now();
		const length = microphone.seconds();
		const file = await microphone.stop();
		this.#keep(file);
		try {
			// Where a proxy passes no WebSocket, the recording is sent as a file.
			const text = (await live?.finish().catch(() => null)) ?? (await this.#transcribe(file));
			this.#done(text, "hear.figures", { time: seconds((performance.now() - started) / 1000), length: seconds(length) });
		} catch (error) {
			this.#fail(error);
		}
	}

	async send(file) {
		if (!file) return;
		this.cancel();
		this.#begin(t("hear.sending"));
		this.#keep(file);
		const started = performance.now();
		try {
			const text = await this.#transcribe(file);
			this.#done(text, "hear.fileFigures", { time: seconds((performance.now() - started) / 1000) });
		} catch (error) {
			this.#fail(error);
		}
	}

	async #transcribe(file) {
		this.#controller = new AbortController();
		byId("cancel-hearing").disabled = false;
		const response = await this.#request(file, { stream: "true" });
		if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return (await response.json()).text;
		let text = "";
		for await (const { data } of eventsOf(response)) {
			if (data.error) throw new ServerError(data.error.message, data.error.code ?? "");
			if (data.type === "transcript.text.done") return data.text;
			text += data.delta ?? "";
			write(byId("partial"), text);
		}
		throw new ServerError(t("error.unreachable"));
	}

	#request(file, fields) {
		const body = new FormData();
		if (chosenLanguage) body.append("language", chosenLanguage);
		for (const word of words()) body.append("keywords[]", word);
		for (const [name, value] of Object.entries(fields)) body.append(name, value);
		body.append("file", file);
		return open("../v1/audio/transcriptions", { method: "POST", body, signal: this.#controller?.signal });
	}

	async download(ending, format) {
		writeError(byId("hear-error"), null);
		try {
			this.#controller = new AbortController();
			const times = format === "verbose_json" ? { "timestamp_granularities[]": "word" } : {};
			const response = await this.#request(this.#kept, { response_format: format, ...times });
			save(await response.blob(), `text.${ending}`);
		} catch (error) {
			writeError(byId("hear-error"), error);
		}
	}

	cancel() {
		clearTimeout(this.#timer);
		this.#controller?.abort();
		this.#live?.close();
		this.#microphone?.stop();
		this.#microphone = this.#live = null;
		this.#showRecording(false);
		for (const id of ["hear-state", "partial"]) write(byId(id), "");
	}

	#begin(text) {
		writeError(byId("hear-error"), null);
		for (const id of ["partial", "heard", "hear-figures"]) write(byId(id), "");
		show(byId("heard-part"), false);
		write(byId("hear-state"), text);
	}

	#keep(file) {
		this.#kept = file;
		URL.revokeObjectURL(this.#url);
		this.#url = URL.createObjectURL(file);
		byId("heard-sound").src = this.#url;
	}

	#done(text, key, figures) {
		write(byId("partial"), "");
		byId("heard").lang = chosenLanguage;
		write(byId("heard"), text);
		write(byId("hear-state"), text ? "" : t("hear.nothing"));
		write(byId("hear-figures"), t(key, figures));
		show(byId("heard-part"));
		byId("cancel-hearing").disabled = true;
	}

	#fail(error) {
		for (const id of ["hear-state", "partial"]) write(byId(id), "");
		if (error.name !== "AbortError") writeError(byId("hear-error"), error);
		byId("cancel-hearing").disabled = true;
	}

	#showRecording(on) {
		const button = byId("record");
		button.setAttribute("aria-pressed", String(on));
		button.classList.toggle("recording", on);
		write(button, t(on ? "hear.stop" : "hear.record"));
		byId("cancel-hearing").disabled = !on;
		if (!on) byId("hear-level").value = 0;
	}
}

function words() {
	return typedWords.split(",").map((word) => word.trim()).filter(Boolean);
}
