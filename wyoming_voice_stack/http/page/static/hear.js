// Hear: a microphone, a file or a dropped file in; text out while it grows.
import { addSection, attempt, byId, copy, on, onSubmit, options, save, show, showRecording, write, writeError } from "./dom.js";
import { byName, seconds, t } from "./language.js";
import { inWords, record, whyNoMicrophone } from "./microphone.js";
import { LiveTranscription } from "./realtime.js";
import { call, eventsOf, key, open, ServerError } from "./server.js";

const RATE = 24000;
const MAX_RECORDING_MS = 300_000;
const FORMATS = { txt: "text", srt: "srt", vtt: "vtt", json: "verbose_json" };

// Kept while the section is built again.
const chosen = { "hear-language": "", "hear-model": "", words: "" };
export let lastFile = null; // A recording, or a file.

export function mountHear(state) {
	addSection("hear", "try");
	const hearing = new Hearing();
	const why = whyNoMicrophone();
	show("microphone", why === null);
	show("no-microphone", why !== null);
	write("no-microphone-why", why ?? "");
	const port = location.port || (location.protocol === "https:" ? "443" : "80");
	write("ssh-line", `ssh -L ${port}:localhost:${port} ${location.hostname}`);
	if (isSecureContext) byId("no-microphone").querySelector("details").remove();
	fillLanguages(state.languages);
	byId("words").value = chosen.words;
	listModels(state);
	on("record", "click", () => hearing.toggle());
	byId("sample").value = t("speak.example");
	onSubmit("sample-form", () => hearing.say(byId("sample").value));
	on("cancel-hearing", "click", () => hearing.cancel());
	on("file", "change", () => hearing.send(byId("file").files[0]));
	acceptDrops(byId("drop"), (file) => hearing.send(file));
	on("copy-text", "click", async () => {
		await copy(byId("heard").textContent);
		write("hear-state", t("copied"));
	});
	for (const [ending, format] of Object.entries(FORMATS))
		on(`to-${ending}`, "click", () => hearing.download(ending, format));
	return {
		other: (other) => show("sample-form", other?.mode === "tts"),
		close() {
			hearing.cancel();
			for (const id of Object.keys(chosen)) chosen[id] = byId(id).value;
		},
	};
}

function fillLanguages(tags) {
	options(byId("hear-language"), [["", t("hear.anyLanguage")], ...byName(tags)], chosen["hear-language"]);
}

async function listModels(state) {
	if (state.key_required && !key()) return;
	try {
		const { data } = await call("../v1/models");
		const models = data.filter(({ id, root }) => id === root); // Without the aliases.
		const menu = byId("hear-model");
		if (models.length < 2 || !menu) return;
		options(menu, models.map(({ id }) => [id, id]), chosen["hear-model"]);
		show("model-field");
		const showLanguages = () => fillLanguages(models[menu.selectedIndex].language);
		menu.addEventListener("change", showLanguages);
		showLanguages();
	} catch (error) {
		writeError("hear-error", error);
	}
}

function hints() {
	const [language, model, words] = Object.keys(chosen).map((id) => byId(id).value);
	const keywords = words.split(",").map((word) => word.trim()).filter(Boolean);
	return { ...(language && { language }), ...(model && { model }), ...(keywords.length && { keywords }) };
}

export function transcribe(file, fields, signal) {
	const body = new FormData();
	const { keywords = [], ...rest } = hints();
	for (const word of keywords) body.append("keywords[]", word);
	for (const [name, value] of Object.entries({ ...rest, ...fields })) body.append(name, value);
	body.append("file", file);
	return open("../v1/audio/transcriptions", { method: "POST", body, signal });
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

const since = (started) => seconds((performance.now() - started) / 1000);

class Hearing {
	#microphone = null;
	#live = null;
	#controller = null;
	#timer = null;
	#url = "";

	async toggle() {
		await (this.#microphone ? this.#finish() : this.#start());
	}

	async #start() {
		this.cancel();
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
		write("hear-state", t("hear.recording"));
		this.#timer = setTimeout(() => this.#finish(), MAX_RECORDING_MS);
	}

	#openLive() {
		return new LiveTranscription(hints(), (text) => write("partial", text));
	}

	async #finish() {
		const [microphone, live] = [this.#microphone, this.#live];
		this.#microphone = this.#live = null;
		clearTimeout(this.#timer);
		this.#showRecording(false);
		write("hear-state", t("hear.waiting"));
		const started = performance.now();
		const length = microphone.seconds();
		const file = await microphone.stop();
		this.#keep(file);
		try {
			// Where a proxy passes no WebSocket, the recording is sent as a file.
			const text = (await live?.finish().catch(() => null)) ?? (await this.#transcribe(file));
			this.#done(text, "hear.figures", { time: since(started), length: seconds(length) });
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
			this.#done(text, "hear.fileFigures", { time: since(started) });
		} catch (error) {
			this.#fail(error);
		}
	}

	/** Have the text-to-speech server say a sentence, and hear it. */
	async say(text) {
		this.cancel();
		this.#begin(t("speak.waiting"));
		try {
			const response = await open("api/sample", { method: "POST", json: { text }, signal: this.#signal() });
			const heard = this.send(new File([await response.blob()], "sample.wav"));
			byId("heard-sound").play().catch(() => {}); // Some browsers want a click on the player.
			await heard;
		} catch (error) {
			this.#fail(error);
		}
	}

	/** What ends a request when the user cancels. */
	#signal() {
		this.#controller = new AbortController();
		byId("cancel-hearing").disabled = false;
		return this.#controller.signal;
	}

	async #transcribe(file) {
		const response = await transcribe(file, { stream: "true" }, this.#signal());
		if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) return (await response.json()).text;
		let text = "";
		for await (const { data } of eventsOf(response)) {
			if (data.error) throw new ServerError(data.error.message, data.error.code ?? "");
			if (data.type === "transcript.text.done") return data.text;
			text += data.delta ?? "";
			write("partial", text);
		}
		throw new ServerError(t("error.unreachable"));
	}

	download(ending, format) {
		return attempt("hear-error", async () => {
			const times = format === "verbose_json" ? { "timestamp_granularities[]": "word" } : {};
			const response = await transcribe(lastFile, { response_format: format, ...times });
			save(await response.blob(), `text.${ending}`);
		});
	}

	cancel() {
		clearTimeout(this.#timer);
		this.#controller?.abort();
		this.#live?.close();
		this.#microphone?.stop();
		this.#microphone = this.#live = null;
		this.#showRecording(false);
		for (const id of ["hear-state", "partial"]) write(id, "");
	}

	#begin(text) {
		writeError("hear-error", null);
		for (const id of ["partial", "heard", "hear-figures"]) write(id, "");
		show("heard-part", false);
		write("hear-state", text);
	}

	#keep(file) {
		lastFile = file;
		URL.revokeObjectURL(this.#url);
		this.#url = URL.createObjectURL(file);
		byId("heard-sound").src = this.#url;
	}

	#done(text, key, figures) {
		write("partial", "");
		byId("heard").lang = byId("hear-language").value;
		write("heard", text);
		write("hear-state", text ? "" : t("hear.nothing"));
		write("hear-figures", t(key, figures));
		show("heard-part");
		byId("cancel-hearing").disabled = true;
	}

	#fail(error) {
		if (error.name === "AbortError") return; // What has cancelled it has cleared the rest.
		for (const id of ["hear-state", "partial"]) write(id, "");
		writeError("hear-error", error);
		byId("cancel-hearing").disabled = true;
	}

	#showRecording(on) {
		showRecording("record", on);
		byId("cancel-hearing").disabled = !on;
		if (!on) byId("hear-level").value = 0;
	}
}
