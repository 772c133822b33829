// The words of the page in the user's language, and numbers as they are written there.
const LANGUAGES = { en: "English", de: "Deutsch" };
const MAX_NAMED = 6;
const KEPT_AS = "voice-stack-language";

let words = {};
let phrases = [];
export let language = "en";

/** Choose a language: a kept choice, else the browser's. */
export async function loadLanguage(chosen = kept() ?? preferred()) {
	const answer = await fetch(`${chosen}.json`);
	if (!answer.ok) throw new Error(`${chosen}.json: ${answer.status}`);
	words = await answer.json();
	phrases = Object.entries(words.server ?? {}).map(([said, word]) => [new RegExp(`^${said.split("{}").map(quoted).join("(.+?)")}`), word]);
	language = chosen;
	document.documentElement.lang = chosen;
	translate(document);
}

export const languages = () => Object.entries(LANGUAGES);

/** Use the browser's storage. A frame may have none; then a choice lasts as long as the page. */
export function stored(action) {
	try {
		return action();
	} catch {
		return null;
	}
}

export function keepLanguage(chosen) {
	stored(() => localStorage.setItem(KEPT_AS, chosen));
}

function kept() {
	const chosen = stored(() => localStorage.getItem(KEPT_AS));
	return chosen in LANGUAGES ? chosen : null;
}

function preferred() {
	const tags = navigator.languages.map((tag) => tag.split("-")[0].toLowerCase());
	return tags.find((tag) => tag in LANGUAGES) ?? "en";
}

const quoted = (text) => text.replace(/[.*+?()[\]]/g, "\\$&");

/** A sentence of the server, which writes English, found by how it begins; `{}` stands for what differs. */
export function translated(sentence) {
	for (const [said, word] of phrases) {
		const [found, ...values] = said.exec(sentence) ?? [];
		if (found) return word.replace(/\{\}/g, () => values.shift());
	}
	return sentence;
}

/** A text of the page; `count` chooses between its `.one` and `.other` form. */
export function t(key, values = {}) {
	let text = key.split(".").reduce((group, name) => group?.[name], words);
	if (text?.other) text = text[new Intl.PluralRules(language).select(values.count)] ?? text.other;
	return (text ?? key).replace(/\{(\w+)\}/g, (whole, name) => {
		const value = values[name] ?? whole;
		return typeof value === "number" ? number(value) : value;
	});
}

export function translate(root) {
	for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
	for (const element of root.querySelectorAll("[data-t-label]"))
		element.setAttribute("aria-label", t(element.dataset.tLabel));
}

export function number(value, digits = 0) {
	return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

function unit(value, name, digits) {
	const style = { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits };
	return new Intl.NumberFormat(language, style).format(value);
}

export const seconds = (value) =>
	value && value < 1 ? unit(value * 1000, "millisecond", 0) : unit(value, "second", value < 10 ? 1 : 0);
export const percent = (share) => new Intl.NumberFormat(language, { style: "percent" }).format(share);

export function bytes(count) {
	if (count >= 1e9) return unit(count / 1e9, "gigabyte", 1);
	return unit(count / 1e6, "megabyte", count < 1e7 ? 1 : 0);
}

export function when(time, style = {}) {
	const moment = new Date(typeof time === "number" ? time * 1000 : time);
	if (Number.isNaN(moment.getTime())) return String(time ?? "");
	return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", ...style }).format(moment);
}

/** The name of a language, such as "German (Austria)" for de-AT. */
export function languageName(tag) {
	try {
		return new Intl.DisplayNames([language], { type: "language" }).of(tag.replace("_", "-")) ?? tag;
	} catch {
		return tag;
	}
}

export function byName(tags) {
	const pairs = tags.map((tag) => [tag, languageName(tag)]);
	return pairs.sort((one, other) => one[1].localeCompare(other[1], language));
}

/** The names of languages, or how many they are. */
export function languageNames(tags) {
	if (tags.length > MAX_NAMED) return t("languages", { count: tags.length });
	return byName(tags).map(([, name]) => name).join(", ");
}
