// A new voice: a text to read aloud, a level meter, and the server's verdict in words.
import { attempt, byId, make, note, on, onSubmit, options, show, showRecording, write, writeError } from "./dom.js";
import { byName, language, seconds, t, translated } from "./language.js";
import { inWords, record, whyNoMicrophone } from "./microphone.js";
import { call } from "./server.js";

const MAX_RECORDING_SECONDS = 60;
const QUIET = 0.1;
const LOUD = 0.97;
const PEAK_FALLS = 0.93; // With each twentieth of a second, so that a word can be read.

export function mountAddVoice(state, added) {
	const adding = new AddVoice(added);
	const why = whyNoMicrophone();
	show("voice-microphone", why === null);
	note("voice-no-microphone", why);
	on("add-voice", "toggle", () => adding.loadTexts(state.languages), { once: true });
	on("read-language", "change", () => adding.showText());
	on("record-voice", "click", () => adding.toggle());
	on("voice-file", "change", () => adding.use(byId("voice-file").files[0] ?? null));
	onSubmit("voice-form", () => adding.save());
	return adding;
}

class AddVoice {
	#added;
	#texts = {};
	#microphone = null;
	#recording = null;
	#url = "";
	#peak = 0;

	constructor(added) {
		this.#added = added;
	}

	loadTexts(languages) {
		return attempt("add-error", async () => {
			this.#texts = await (await fetch("reading.json")).json();
			const known = Object.keys(this.#texts);
			const fitting = known.filter((tag) => languages.some((each) => each.split(/[-_]/)[0] === tag));
			options(byId("read-language"), byName(fitting.length ? fitting : known), language);
			this.showText();
		});
	}

	showText() {
		const tag = byId("read-language").value;
		byId("read-text").lang = tag;
		write("read-text", this.#texts[tag] ?? "");
	}

	async toggle() {
		writeError("add-error", null);
		try {
			await (this.#microphone ? this.#finish() : this.#start());
		} catch (error) {
			this.#showRecording(false);
			writeError("add-error", inWords(error));
		}
	}

	async #start() {
		this.use(null);
		byId("verdict").replaceChildren();
		this.#microphone = await record({ asItIs: true, onPeak: (peak) => this.#showLevel(peak) });
		this.#showRecording(true);
	}

	async #finish() {
		const microphone = this.#microphone;
		this.#microphone = null;
		this.#showRecording(false);
		this.use(await microphone.stop());
	}

	#showLevel(peak) {
		if (!this.#microphone) return;
		this.#peak = Math.max(peak, this.#peak * PEAK_FALLS);
		byId("voice-level").value = this.#peak;
		const word = this.#peak >= LOUD ? "level.loud" : this.#peak < QUIET ? "level.quiet" : "level.good";
		write("voice-level-word", t(word));
		write("voice-time", seconds(this.#microphone.seconds()));
		if (this.#microphone.seconds() >= MAX_RECORDING_SECONDS) this.toggle();
	}

	#showRecording(on) {
		showRecording("record-voice", on);
		if (!on) byId("voice-level").value = this.#peak = 0;
		if (!on) write("voice-level-word", "");
	}

	/** Take a recording or a file for the new voice; null takes none. */
	use(file) {
		this.#recording = file;
		URL.revokeObjectURL(this.#url);
		this.#url = file ? URL.createObjectURL(file) : "";
		const player = byId("new-voice-sound");
		show(player, file !== null);
		if (file) player.src = this.#url;
		else player.removeAttribute("src");
		byId("save-voice").disabled = file === null;
		write("voice-state", file ? t("voices.recorded") : "");
	}

	async save() {
		const body = new FormData();
		const name = byId("voice-name").value.trim();
		body.append("name", name);
		body.append("file", this.#recording);
		writeError("add-error", null);
		byId("verdict").replaceChildren();
		byId("save-voice").disabled = true;
		write("voice-state", t("voices.saving"));
		try {
			const { voice, verdict } = await call("api/voices", { method: "POST", body });
			byId("voice-form").reset();
			this.showText();
			this.use(null);
			write("voice-state", t(voice.problems.length ? "voices.savedBut" : "voices.saved", { name }));
			byId("verdict").replaceChildren(...verdict.map((text) => make("li", {}, translated(text))));
			this.#added();
		} catch (error) {
			write("voice-state", "");
			writeError("add-error", error);
			byId("save-voice").disabled = false;
		}
	}

	close() {
		this.#microphone?.stop();
		URL.revokeObjectURL(this.#url);
	}
}
