// What every section does with the document.
import { t, translate, translated } from "./language.js";

export const byId = (id) => document.getElementById(id);

/** Make an element; what is no property of it becomes an attribute. */
export function make(tag, properties = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (value === undefined || value === null || value === false) continue;
		if (name in element && !name.includes("-")) element[name] = value;
		else element.setAttribute(name, value);
	}
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

/** Add a section from its template to a column of the page. */
export function addSection(name, column) {
	const title = make("h2", { id: `${name}-title`, "data-t": `${name}.title` });
	const section = make("section", { id: name, className: "card", "aria-labelledby": title.id }, title);
	section.append(byId(`${name}-section`).content.cloneNode(true));
	translate(section);
	byId(column).append(section);
}

const found = (place) => (typeof place === "string" ? byId(place) : place);

export function on(id, event, action) {
	byId(id).addEventListener(event, action);
}

/** Run an action instead of sending a form. */
export function onSubmit(id, action) {
	on(id, "submit", (event) => {
		event.preventDefault();
		action();
	});
}

/** Show or hide an element, given itself or by its id. */
export function show(place, visible = true) {
	found(place).hidden = !visible;
}

/** Show a note where there is a text. */
export function note(id, text) {
	show(id, Boolean(text));
	write(id, translated(text ?? ""));
}

/** Write a text; screen readers are not told the same twice. */
export function write(place, text) {
	const element = found(place);
	if (element.textContent !== text) element.textContent = text;
}

/** Show an error and its code; null clears it. */
export function writeError(id, error) {
	const element = byId(id);
	element.replaceChildren();
	if (!error) return;
	element.append(translated(error.message ?? String(error)));
	if (error.code) element.append(" ", make("code", {}, error.code));
}

/** Run an action; what it raises is shown in the element `errors`, unless its section is gone. */
export async function attempt(errors, action) {
	writeError(errors, null);
	try {
		await action();
	} catch (error) {
		if (byId(errors)) writeError(errors, error);
	}
}

export function options(select, pairs, chosen) {
	select.replaceChildren(...pairs.map(([value, text]) => make("option", { value }, text)));
	if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

/** Ask in a dialog; resolves to the answer, to true where none is asked for, or to null. */
export function ask(text, yes, label = null, value = "") {
	const dialog = byId("question");
	const answer = byId("answer");
	write("question-text", text);
	write("yes", yes);
	for (const element of [answer, byId("answer-label")]) show(element, label !== null);
	answer.required = label !== null;
	write("answer-label", label ?? "");
	answer.value = value;
	dialog.returnValue = "no";
	dialog.showModal();
	return new Promise((resolve) => {
		dialog.addEventListener(
			"close",
			() => resolve(dialog.returnValue === "yes" ? label === null || answer.value.trim() : null),
			{ once: true },
		);
	});
}

/** A row of a list: a name with tags, what is said about it, and warnings. */
export function listRow(attributes, name, tags, about, warnings) {
	const small = (className) => (text) => make("span", { className }, text);
	const head = make("div", { className: "head" }, make("strong", {}, name), ...tags.map(small("tag")));
	return make("li", attributes, head, small("muted")(about), ...warnings.map((text) => small("warning")(`⚠ ${translated(text)}`)));
}

/** A button of a row; what its action raises is shown in the element `errors`. */
export function rowButton(key, name, errors, action) {
	const button = make("button", { "aria-label": `${t(key)}: ${name}` }, t(key));
	button.addEventListener("click", () => attempt(errors, action));
	return button;
}

/** Let a button say whether it starts or stops a recording. */
export function showRecording(id, active) {
	const button = byId(id);
	button.setAttribute("aria-pressed", String(active));
	button.classList.toggle("recording", active);
	write(button, t(active ? "hear.stop" : "hear.record"));
}

/** Copy a text; without a secure context the clipboard's own interface does not exist. */
export async function copy(text) {
	if (navigator.clipboard) {
		try {
			return await navigator.clipboard.writeText(text);
		} catch {
			// Frames may be without the permission; the old way needs none.
		}
	}
	const focused = document.activeElement;
	const area = make("textarea", { value: text, "aria-hidden": "true" });
	document.body.append(area);
	area.select();
	document.execCommand("copy");
	area.remove();
	focused?.focus();
}

/** A button that copies and says so. */
export function copyButton(text, label) {
	const button = make("button", { "aria-label": `${t("copy")}: ${label}` }, t("copy"));
	button.addEventListener("click", async () => {
		await copy(text);
		write(button, t("copied"));
	});
	return button;
}

/** A term and its value, with a button that copies it. */
export function pair(label, value, copied = true) {
	const row = make("div", {}, make("dt", {}, label), make("dd", {}, copied ? make("code", {}, value) : value));
	if (copied) row.lastElementChild.append(" ", copyButton(value, label));
	return row;
}

/** Let the browser keep a file. */
export function save(blob, name) {
	const url = URL.createObjectURL(blob);
	make("a", { href: url, download: name }).click();
	// The download has its own hold on the data by the next turn.
	setTimeout(() => URL.revokeObjectURL(url));
}
