// Models: what is on disk, what can be fetched, and how far that is.
import { addSection, ask, attempt, byId, listRow, make, note, on, rowButton, show, write, writeError } from "./dom.js";
import { byName, bytes, languageNames, percent, t, translated } from "./language.js";
import { call } from "./server.js";

const MAX_SHOWN = 20;

export function mountModels(state) {
	addSection("models", "rest");
	const models = new Models(state);
	on("model-filter", "input", () => models.drawRemote());
	models.list();
	return { fetch: (data) => models.progress(data), connected: () => models.list() };
}

class Models {
	#state;
	#models = [];
	#progress = new Map();
	#announced = new Map();

	constructor(state) {
		this.#state = state;
	}

	list() {
		return attempt("models-error", async () => {
			this.#models = (await call("api/models")).models;
			this.#draw();
		});
	}

	#draw() {
		if (!byId("model-list")) return;
		note("models-why", this.#state.can_change ? "" : this.#state.why_not);
		const here = this.#models.filter((model) => this.#isHere(model));
		byId("model-list").replaceChildren(...here.map((model) => this.#row(model)));
		this.drawRemote();
	}

	#isHere(model) {
		return model.active || model.state !== "remote";
	}

	drawRemote() {
		const asked = byId("model-filter").value.trim().toLowerCase();
		const remote = this.#models.filter((model) => !this.#isHere(model));
		const found = remote.filter((model) => this.#describe(model).toLowerCase().includes(asked));
		show("remote-part", remote.length > 0);
		byId("remote-list").replaceChildren(...found.slice(0, MAX_SHOWN).map((model) => this.#row(model)));
		const left = found.length - MAX_SHOWN;
		write("models-more", left > 0 ? t("models.more", { count: left }) : "");
	}

	#describe(model) {
		return [model.id, model.name, ...byName(model.languages).map(([, name]) => name)].join(" ");
	}

	#row(model) {
		const tags = model.active ? [t("models.active")] : [];
		const size = model.size_bytes ? bytes(model.size_bytes) : "";
		const about = [size, languageNames(model.languages), translated(model.licence)].filter(Boolean);
		const row = listRow({ "data-model": model.id }, model.name, tags, about.join(" · "), model.needs ? [model.needs] : []);
		if (model.state === "fetching") row.append(...this.#bar(model));
		const buttons = this.#state.can_change ? this.#buttons(model) : [];
		if (buttons.length) row.append(make("div", { className: "buttons" }, ...buttons));
		return row;
	}

	#bar(model) {
		const { bytes: done = 0, total = model.size_bytes } = this.#progress.get(model.id) ?? {};
		const label = t("models.fetching", { name: model.name });
		const bar = make("progress", { "aria-label": label, max: total || 1 });
		if (total) bar.value = done;
		const text = total ? `${percent(done / total)} · ${bytes(done)} / ${bytes(total)}` : bytes(done);
		return [bar, make("span", { className: "muted progress-text" }, text)];
	}

	#buttons(model) {
		const button = (key, action) => rowButton(key, model.name, "models-error", action);
		if (model.state === "fetching") return [button("cancel", () => this.#cancel(model))];
		if (model.state === "remote" && !model.needs) return [button("download", () => this.#fetch(model))];
		return model.can_delete ? [button("delete", () => this.#delete(model))] : [];
	}

	async #fetch(model) {
		await call(address(model.id), { method: "POST" });
		write("models-result", t("models.fetching", { name: model.name }));
		this.#announced.set(model.id, 0);
		await this.list();
	}

	async #cancel(model) {
		await call(address(model.id), { method: "DELETE" });
	}

	async #delete(model) {
		if (!(await ask(t("models.deleteText", { name: model.name }), t("delete")))) return;
		await call(address(model.id), { method: "DELETE" });
		write("models-result", t("models.deleted", { name: model.name }));
		await this.list();
	}

	/** Follow a download; screen readers are told at half and at the end only. */
	progress(data) {
		const model = this.#models.find(({ id }) => id === data.id);
		if (!model) return;
		this.#progress.set(data.id, data);
		if (data.state !== "fetching") return this.#ended(model, data);
		if (model.state !== "fetching") {
			model.state = "fetching";
			this.#draw();
		}
		const row = byId("model-list").querySelector(`[data-model="${CSS.escape(data.id)}"]`);
		const [bar, text] = this.#bar(model);
		row?.querySelector("progress")?.replaceWith(bar);
		row?.querySelector(".progress-text")?.replaceWith(text);
		if (data.total && data.bytes >= data.total / 2 && this.#announced.get(data.id) !== 50) {
			this.#announced.set(data.id, 50);
			write("models-result", `${t("models.fetching", { name: model.name })} ${percent(data.bytes / data.total)}`);
		}
	}

	#ended(model, data) {
		this.#progress.delete(data.id);
		this.#announced.delete(data.id);
		this.list();
		const error = data.state === "failed" ? new Error(`${model.name}: ${data.detail}`) : null;
		write("models-result", error ? "" : t(`models.${data.state}`, { name: model.name }));
		writeError("models-error", error);
	}
}

const address = (id) => `api/models/${encodeURIComponent(id)}`;
