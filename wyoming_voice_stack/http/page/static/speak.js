// Speak: text in, sound out while it is made, and the last few sentences of this tab.
import { addSection, attempt, byId, make, on, onSubmit, options, save, show, write, writeError } from "./dom.js";
import { languageName, number, seconds, t } from "./language.js";
import { Playback } from "./playback.js";
import { call, open } from "./server.js";

const MAX_KEPT = 5;
const ENDINGS = { opus: "ogg" };
const kept = [];
let typed = "";
let chosenVoice = "";

export function mountSpeak() {
	addSection("speak", "try");
	let current = null;
	const text = byId("speak-text");
	text.value = typed || t("speak.example");
	text.addEventListener("input", () => (typed = text.value));
	text.addEventListener("keydown", (event) => {
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("speak-form").requestSubmit();
	});
	const showSpeed = () => write("speed-value", `× ${number(Number(byId("speak-speed").value), 2)}`);
	on("speak-speed", "input", showSpeed);
	showSpeed();
	on("speak-voice", "change", () => (chosenVoice = byId("speak-voice").value));
	on("stop-speaking", "click", () => current?.abort());
	onSubmit("speak-form", async () => {
		current?.abort();
		const mine = new AbortController();
		current = mine;
		const request = { input: text.value, voice: byId("speak-voice").value, speed: Number(byId("speak-speed").value) };
		if (!request.voice) delete request.voice;
		await speak(request, mine, () => current === mine);
	});
	drawKept();
	listVoices();
	return { voices: listVoices, close: () => current?.abort() };
}

function listVoices() {
	return attempt("speak-error", async () => {
		const { voices } = await call("api/voices");
		fillVoices(byId("speak-voice"), voices, chosenVoice);
	});
}

/** Fill a list of voices, grouped by language; cloned voices are marked. */
export function fillVoices(select, voices, chosen) {
	if (!select) return;
	const groups = new Map();
	for (const voice of voices) {
		const one = voice.languages.length === 1;
		const group = one ? languageName(voice.languages[0]) : t("speak.manyLanguages");
		if (!groups.has(group)) groups.set(group, []);
		const label = voice.kind === "cloned" ? t("speak.cloned", { name: voice.name }) : voice.name;
		groups.get(group).push(make("option", { value: voice.name }, label));
	}
	options(select, [["", t("speak.defaultVoice")]], "");
	for (const [label, entries] of [...groups].sort(([one], [other]) => one.localeCompare(other)))
		select.append(make("optgroup", { label }, ...entries));
	if (voices.some((voice) => voice.name === chosen)) select.value = chosen;
}

async function speak(request, controller, isCurrent) {
	const result = byId("speak-result");
	const started = performance.now();
	const playback = new Playback();
	controller.signal.addEventListener("abort", () => playback.stop());
	writeError("speak-error", null);
	phase(result, "waiting", t("speak.waiting"));
	byId("stop-speaking").disabled = false;
	try {
		const response = await open("../v1/audio/speech", {
			method: "POST",
			json: { ...request, response_format: "pcm" },
			signal: controller.signal,
		});
		const reader = response.body.getReader();
		let first = null;
		for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
			const wait = playback.add(piece.value);
			if (first === null && wait !== null) {
				first = performance.now() - started + wait * 1000;
				phase(result, "sounding", t("speak.first", { time: seconds(first / 1000) }));
			}
		}
		const took = (performance.now() - started) / 1000;
		keep(request, playback);
		phase(result, "made", summary(first, playback, took));
		await playback.finished();
		if (!controller.signal.aborted) phase(result, "done", result.textContent);
	} catch (error) {
		await playback.stop();
		const aborted = error.name === "AbortError";
		if (isCurrent()) phase(result, "stopped", aborted ? t("speak.stopped") : "");
		if (isCurrent() && !aborted) writeError("speak-error", error);
	} finally {
		await playback.stop();
		if (isCurrent() && byId("stop-speaking")) byId("stop-speaking").disabled = true;
	}
}

function phase(result, name, text) {
	result.dataset.phase = name;
	write(result, text);
}

function summary(first, playback, took) {
	if (first === null) return t("speak.nothing");
	const figures = { time: seconds(first / 1000), length: seconds(playback.seconds), took: seconds(took) };
	const faster = number(playback.seconds / Math.max(took, 0.001), 1);
	return t("speak.summary", { ...figures, faster });
}

function keep(request, playback) {
	if (!playback.size) return;
	const wav = playback.wav();
	kept.unshift({ request, wav, url: URL.createObjectURL(wav), seconds: playback.seconds });
	for (const old of kept.splice(MAX_KEPT)) URL.revokeObjectURL(old.url);
	drawKept();
}

function drawKept() {
	const list = byId("spoken");
	if (!list) return;
	show("spoken-part", kept.length > 0);
	list.replaceChildren(
		...kept.map((item) => {
			const { input } = item.request;
			const short = input.length > 80 ? `${input.slice(0, 80)}…` : input;
			const button = make("button", { "aria-label": `${t("download")}: ${short}` }, t("download"));
			button.addEventListener("click", () => attempt("speak-error", () => download(item)));
			const about = [item.request.voice || t("speak.defaultVoice"), seconds(item.seconds)].join(" · ");
			return make(
				"li",
				{},
				make("span", { dir: "auto" }, short),
				make("span", { className: "muted" }, about),
				make("audio", { controls: true, src: item.url, "aria-label": short }),
				make("div", { className: "buttons" }, button),
			);
		}),
	);
}

async function download(item) {
	const format = byId("speak-format").value;
	const json = { ...item.request, response_format: format };
	const blob = format === "wav" ? item.wav : await (await open("../v1/audio/speech", { method: "POST", json })).blob();
	save(blob, `speech.${ENDINGS[format] ?? format}`);
}
