// The page: its head, which sections it has, and what reaches them from the server.
import { mountActivity } from "./activity.js";
import { mountConnect, mountLink, mountNames } from "./connect.js";
import { byId, on, onSubmit, options, show, write, writeError } from "./dom.js";
import { mountHear } from "./hear.js";
import { keepLanguage, language, languages, loadLanguage, percent, t } from "./language.js";
import { mountLog } from "./log.js";
import { mountModels } from "./models.js";
import { call, follow, key, useKey } from "./server.js";
import { mountSpeak } from "./speak.js";
import { mountVoices } from "./voices.js";

const SIGNS = { loading: "…", ready: "✓", resting: "–", failed: "✗", away: "✗" };

let state = null;
let rights = {}; // What this visitor may do; the events do not tell.
let sections = []; // Functions by the event that they follow; `close` ends a section.
let built = "";
let stopFollowing = () => {};

function receive(name, data) {
	if (name === "state") return update({ ...rights, ...data });
	for (const section of sections) section[name]?.(data);
}

function update(next) {
	if (state && state.version !== next.version) return location.reload();
	const wasAway = byId("state").dataset.state === "away";
	state = next;
	drawHead();
	// What decides which sections there are, and what they offer.
	const wanted = JSON.stringify([language, next.mode, next.can_change, next.why_not, next.languages, next.announced, next.key_required, key()]);
	if (wanted !== built) build(wanted);
	else if (wasAway) for (const name of ["connected", "voices"]) receive(name, null);
	receive("other", next.other);
}

function build(wanted) {
	for (const section of sections.splice(0)) section.close?.();
	for (const column of ["try", "rest"]) byId(column).replaceChildren();
	built = wanted;
	const voicesChanged = () => receive("voices", null);
	const speaks = state.mode === "tts";
	sections = [
		speaks ? mountSpeak() : mountHear(state),
		...(speaks ? [mountVoices(state, voicesChanged)] : [mountNames()]),
		mountModels(state),
		mountActivity(),
		mountConnect(state),
		...(state.can_change ? [mountLog(state)] : []),
	];
	document.body.dataset.ready = state.mode;
}

function drawHead() {
	document.title = `${state.name} · ${t(`mode.${state.mode}`)}`;
	write("name", state.name);
	write("kind", [t(`mode.${state.mode}`), state.model, state.device, state.version].filter(Boolean).join(" · "));
	const loading = state.state === "loading";
	const share = loading && state.progress !== null ? ` ${percent(state.progress)}` : "";
	drawState(state.state, `${t(`state.${state.state}`)}${share}`, state.detail);
	const bar = byId("loading");
	show(bar, loading);
	if (state.progress === null) bar.removeAttribute("value");
	else bar.value = state.progress;
	show("key-form", state.key_required);
	mountLink(state.other);
}

function drawState(name, text, detail) {
	const place = byId("state");
	place.dataset.state = name;
	if (!place.firstChild) place.append(document.createElement("strong"), document.createElement("span"));
	const [head, rest] = place.children;
	write(head, `${SIGNS[name]} ${text}`);
	write(rest, detail ?? "");
}

function lost(error) {
	drawState("away", t("state.away"), error.code || error.status ? error.message : t("state.awayDetail"));
	show("loading", false);
}

async function askState(signal) {
	rights = await call("api/state", { signal });
}

function start() {
	stopFollowing();
	stopFollowing = follow("api/events", askState, receive, lost);
}

function prepareHead() {
	const inFrame = window.self !== window.top;
	show("new-tab", inFrame);
	byId("new-tab").href = location.href;
	show("language-field");
	options(byId("language"), languages(), language);
	on("language", "change", async () => {
		keepLanguage(byId("language").value);
		await loadLanguage(byId("language").value);
		if (state) update(state);
	});
	onSubmit("key-form", () => setKey(byId("key").value.trim()));
}

function setKey(value) {
	useKey(value);
	byId("key").value = "";
	write("key-note", value ? t("key.used") : "");
	start();
}

try {
	await loadLanguage();
	prepareHead();
	start();
} catch (error) {
	writeError("head-error", error);
}
