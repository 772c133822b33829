// Connect and Names: addresses, and what is known from Home Assistant.
import { addSection, attempt, byId, copyButton, make, on, pair, show, write } from "./dom.js";
import { lastFile, transcribe } from "./hear.js";
import { t, when } from "./language.js";
import { call } from "./server.js";

export function mountConnect(state) {
	addSection("connect", "rest");
	const { host, port, base } = reachedAt(state);
	write("announced", t(state.announced ? "connect.announced" : "connect.notAnnounced"));
	byId("addresses").replaceChildren(pair(t("connect.host"), host), pair(t("connect.port"), port));
	byId("api-addresses").replaceChildren(pair(t("connect.base"), base), pair(t("key.label"), t(state.key_required ? "connect.keyNeeded" : "connect.anyKey"), false));
	byId("examples").replaceChildren(...examples(state, base).map(example));
	return {}; // It follows no events.
}

/** Where the server is reached. Only the server knows it in Home Assistant's panel, and its port behind https. */
function reachedAt({ by_ingress: byIngress, wyoming, base_url: base, port }) {
	if (byIngress) return { host: wyoming.split(/[/:]+/)[1], port, base };
	const isProxy = location.protocol === "https:";
	return { host: location.hostname, port: isProxy ? port : location.port || 80, base: new URL("../v1", location).href };
}

function example([title, text]) {
	const line = make("pre", { className: "example", tabIndex: 0 }, text);
	return make("details", {}, make("summary", {}, title), line, copyButton(text, title));
}

function examples({ mode, key_required: keyed }, base) {
	const key = keyed ? "YOUR_KEY" : "any";
	const header = keyed ? ` -H "Authorization: Bearer ${key}"` : "";
	const python = `from openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key="${key}")\n`;
	let curl = `-F model=whisper-1 -F file=@recording.wav`;
	let lines = `with open("recording.wav", "rb") as file:\n    print(client.audio.transcriptions.create(model="whisper-1", file=file).text)`;
	if (mode === "tts") {
		const body = `{"model": "tts-1", "voice": "alloy", "input": "${t("speak.example")}"}`;
		curl = `-H "Content-Type: application/json" \\\n  -d '${body}' -o speech.mp3`;
		lines = `speech = client.audio.speech.create(model="tts-1", voice="alloy", input="${t("speak.example")}")\nspeech.write_to_file("speech.mp3")`;
	}
	const path = mode === "tts" ? "speech" : "transcriptions";
	return [["curl", `curl ${base}/audio/${path}${header} \\\n  ${curl}`], ["Python", python + lines]];
}

export function mountNames() {
	addSection("names", "rest");
	const refresh = () =>
		attempt("names-error", async () => {
			const names = await call("api/names");
			if (!byId("names-text")) return;
			write("names-text", describe(names));
			show("names-try", names.configured && names.since !== null);
		});
	on("compare", "click", compare);
	refresh();
	return { connected: refresh };
}

function describe({ configured, areas, entities, since }) {
	if (!configured) return t("names.off");
	if (!since) return t("names.waiting");
	return t("names.known", { areas, entities, since: when(since) });
}

async function compare() {
	byId("compared").replaceChildren();
	const button = byId("compare");
	button.disabled = true;
	await attempt("names-error", async () => {
		if (!lastFile) throw new Error(t("names.noFile"));
		for (const known of [true, false]) {
			const { text } = await (await transcribe(lastFile, { household_names: known })).json();
			byId("compared").append(pair(t(known ? "names.with" : "names.without"), text || t("hear.nothing"), false));
		}
	});
	button.disabled = false;
}

export function mountLink(other) {
	const link = byId("other");
	show(link, Boolean(other?.url));
	if (!other?.url) return;
	link.href = other.url;
	write(link, t(`head.other.${other.mode}`));
}
