// Connect and Names: addresses, and what is known from Home Assistant.
import { addSection, byId, copyButton, make, show, write } from "./dom.js";
import { t, when } from "./language.js";
import { call } from "./server.js";

export function mountConnect(state) {
	const section = addSection("connect", "rest");
	const { hostname, port } = new URL(state.wyoming.replace(/^tcp:/, "http:"));
	write(byId("announced"), t(state.announced ? "connect.announced" : "connect.notAnnounced"));
	byId("addresses").replaceChildren(pair(t("connect.host"), hostname), pair(t("connect.port"), port));
	byId("api-addresses").replaceChildren(pair(t("connect.base"), state.base_url), pair(t("connect.key"), t(state.key_required ? "connect.keyNeeded" : "connect.anyKey"), false));
	byId("examples").replaceChildren(...examples(state).map(example));
	return { close: () => section.remove() };
}

function pair(label, value, copied = true) {
	const row = make("div", {}, make("dt", {}, label), make("dd", {}, copied ? make("code", {}, value) : value));
	if (copied) row.lastElementChild.append(" ", copyButton(value, label));
	return row;
}

function example([title, text]) {
	const line = make("pre", { className: "example", tabIndex: 0 }, text);
	return make("details", {}, make("summary", {}, title), line, copyButton(text, title));
}

function examples({ mode, base_url: base, key_required: keyed }) {
	const key = keyed ? "YOUR_KEY" : "any";
	const header = keyed ? ` -H "Authorization: Bearer ${key}"` : "";
	const python = `from openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key="${key}")\n`;
	if (mode === "tts") {
		const body = `{"model": "tts-1", "voice": "alloy", "input": "${t("speak.example")}"}`;
		const curl = `curl ${base}/audio/speech${header} \\\n  -H "Content-Type: application/json" \\\n  -d '${body}' -o speech.mp3`;
		const lines = `speech = client.audio.speech.create(model="tts-1", voice="alloy", input="${t("speak.example")}")\nspeech.write_to_file("speech.mp3")`;
		return [["curl", curl], ["Python", python + lines]];
	}
	const curl = `curl ${base}/audio/transcriptions${header} \\\n  -F model=whisper-1 -F file=@recording.wav`;
	const lines = `with open("recording.wav", "rb") as file:\n    print(client.audio.transcriptions.create(model="whisper-1", file=file).text)`;
	return [["curl", curl], ["Python", python + lines]];
}

export function mountNames() {
	const section = addSection("names", "rest");
	const refresh = async () => {
		try {
			const names = await call("api/names");
			if (byId("names-text")) write(byId("names-text"), describe(names));
		} catch (error) {
			if (byId("names-text")) write(byId("names-text"), error.message);
		}
	};
	refresh();
	return {
		event(name) {
			if (name === "connected") refresh();
		},
		close: () => section.remove(),
	};
}

function describe({ configured, areas, entities, since }) {
	if (!configured) return t("names.off");
	if (!since) return t("names.waiting");
	return t("names.known", { areas, entities, since: when(since) });
}

export function mountLink(other) {
	const link = byId("other");
	show(link, other !== null);
	if (other === null) return;
	link.href = other.url;
	write(link, t(`head.other.${other.mode}`));
}
