// Voices: what there is, listening, renaming, deleting, and OpenAI's names for them.
import { addSection, ask, attempt, byId, listRow, make, note, onSubmit, rowButton, show, write } from "./dom.js";
import { languageNames, seconds, t } from "./language.js";
import { mountAddVoice } from "./add_voice.js";
import { call, open } from "./server.js";
import { fillVoices } from "./speak.js";

const OPENAI_VOICES =
	"alloy ash ballad cedar coral echo fable marin nova onyx sage shimmer verse".split(" ");
const MAX_BUILT_IN = 20; // Some models have hundreds.

export function mountVoices(state, changed) {
	addSection("voices", "rest");
	const voices = new Voices(state, changed);
	const adding = mountAddVoice(state, () => voices.done());
	onSubmit("alias-form", () => attempt("voices-error", () => voices.saveAliases()));
	voices.list();
	return {
		voices: () => voices.list(),
		close() {
			adding.close();
			voices.close();
		},
	};
}

class Voices {
	#state;
	#changed;
	#url = "";

	constructor(state, changed) {
		this.#state = state;
		this.#changed = changed;
	}

	list() {
		return attempt("voices-error", async () => {
			const { voices, aliases, can_clone: canClone, why_not: whyNot } = await call("api/voices");
			if (!byId("voice-list")) return;
			this.#drawList(voices);
			show("add-voice", canClone && this.#state.can_change);
			note("voices-why", this.#state.can_change ? whyNot : this.#state.why_not);
			this.#drawAliases(voices, aliases);
		});
	}

	#drawList(voices) {
		const cloned = voices.filter(({ kind }) => kind === "cloned");
		const shown = [...cloned, ...voices.filter(({ kind }) => kind !== "cloned").slice(0, MAX_BUILT_IN)];
		const left = voices.length - shown.length;
		const more = left ? [make("li", { className: "muted" }, t("voices.more", { count: left }))] : [];
		byId("voice-list").replaceChildren(...shown.map((voice) => this.#row(voice)), ...more);
	}

	#row(voice) {
		const length = voice.seconds ? ` · ${seconds(voice.seconds)}` : "";
		const tags = [t(`voices.${voice.kind}`), ...(voice.default ? [t("voices.default")] : [])];
		const row = listRow({ "data-voice": voice.name }, voice.name, tags, languageNames(voice.languages) + length, voice.problems);
		const button = (key, action) => rowButton(key, voice.name, "voices-error", action);
		const buttons = make("div", { className: "buttons" });
		if (voice.kind === "cloned" && this.#state.can_change)
			buttons.append(button("voices.listen", () => this.#listen(voice)));
		if (voice.can_delete && this.#state.can_change) {
			buttons.append(button("voices.rename", () => this.#rename(voice)));
			buttons.append(button("delete", () => this.#delete(voice)));
		}
		if (buttons.childElementCount) row.append(buttons);
		return row;
	}

	async #listen(voice) {
		const blob = await (await open(`api/voices/${encodeURIComponent(voice.id)}/recording`)).blob();
		URL.revokeObjectURL(this.#url);
		this.#url = URL.createObjectURL(blob);
		const player = byId("voice-sound");
		show(player);
		player.src = this.#url;
		await player.play().catch(() => {}); // Some browsers want a click on the player.
	}

	async #rename(voice) {
		const name = await ask(t("voices.renameText", { name: voice.name }), t("voices.rename"), t("voices.name"), voice.name);
		if (!name || name === voice.name) return;
		await call(`api/voices/${encodeURIComponent(voice.id)}`, { method: "PUT", json: { name } });
		this.done();
	}

	async #delete(voice) {
		if (!(await ask(t("voices.deleteText", { name: voice.name }), t("delete")))) return;
		await call(`api/voices/${encodeURIComponent(voice.id)}`, { method: "DELETE" });
		this.done();
	}

	/** Say how a change is seen elsewhere, and show it here. */
	done() {
		write("voices-result", t("voices.reload"));
		this.#changed();
	}

	#drawAliases(voices, aliases) {
		const part = byId("alias-part");
		show(part, this.#state.can_change);
		if (part.contains(document.activeElement)) return; // Somebody is choosing.
		byId("alias-list").replaceChildren(
			...OPENAI_VOICES.map((name) => {
				const select = make("select", { id: `alias-${name}`, name });
				fillVoices(select, voices, aliases[name] ?? "");
				return make("div", {}, make("label", { htmlFor: select.id }, name), select);
			}),
		);
	}

	async saveAliases() {
		const chosen = [...byId("alias-list").querySelectorAll("select")].filter((select) => select.value);
		const aliases = Object.fromEntries(chosen.map((select) => [select.name, select.value]));
		await call("api/aliases", { method: "PUT", json: { aliases } });
		write("voices-result", t("aliases.saved"));
	}

	close() {
		URL.revokeObjectURL(this.#url);
	}
}
