// What every section does with the document.
import { t, translate } from "./language.js";

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

/** Add a section from its template to a column of the page, and return it. */
export function addSection(name, column) {
	const title = make("h2", { id: `${name}-title`, "data-t": `${name}.title` });
	const section = make("section", { id: name, className: "card", "aria-labelledby": title.id }, title);
	section.append(byId(`${name}-section`).content.cloneNode(true));
	translate(section);
	byId(column).append(section);
	return section;
}

export function show(element, visible = true) {
	element.hidden = !visible;
}

/** Write a text; screen readers are not told the same twice. */
export function write(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** Show an error in the server's words with its code; null clears it. */
export function writeError(element, error) {
	element.replaceChildren();
	if (!error) return;
	element.append(error.message ?? String(error));
	if (error.code) element.append(" ", make("code", {}, error.code));
}

export function options(select, pairs, chosen) {
	select.replaceChildren(...pairs.map(([value, text]) => make("option", { value }, text)));
	if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

/** Ask in a dialog; resolves to the answer, to true where none is asked for, or to null. */
export function ask(text, yes, label = null, value = "") {
	const dialog = byId("question");
	const answer = byId("answer");
	write(byId("question-text"), text);
	write(byId("yes"), yes);
	for (const element of [answer, byId("answer-label")]) show(element, label !== null);
	answer.required = label !== null;
	write(byId("answer-label"), label ?? "");
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

/** A button of a row; what its action raises is shown in the element `errors`. */
export function rowButton(key, name, errors, action) {
	const button = make("button", { type: "button", "aria-label": `${t(key)}: ${name}` }, t(key));
	button.addEventListener("click", async () => {
		writeError(byId(errors), null);
		try {
			await action();
		} catch (error) {
			writeError(byId(errors), error);
		}
	});
	return button;
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
	const button = make("button", { type: "button", "aria-label": `${t("copy")}: ${label}` }, t("copy"));
	button.addEventListener("click", async () => {
		await copy(text);
		write(button, t("copied"));
	});
	return button;
}

/** Let the browser keep a file. */
export function save(blob, name) {
	const url = URL.createObjectURL(blob);
	make("a", { href: url, download: name }).click();
	// The download has its own hold on the data by the next turn.
	setTimeout(() => URL.revokeObjectURL(url));
}
