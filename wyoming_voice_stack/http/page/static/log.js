// Log: the newest lines, to filter, and to copy with the settings as a report.
import { addSection, attempt, byId, copy, on, write } from "./dom.js";
import { t, when } from "./language.js";
import { call } from "./server.js";

const MAX_LINES = 200;

export function mountLog(state) {
	addSection("log", "rest");
	let lines = [];
	let settings = {};
	const draw = () => {
		if (byId("log-lines")) write("log-lines", chosen(lines).join("\n"));
	};
	const refresh = () =>
		attempt("log-error", async () => {
			({ lines, settings } = await call("api/log"));
			draw();
		});
	on("log-filter", "input", draw);
	on("copy-report", "click", async () => {
		await copy(report(state, settings, lines));
		write("log-result", t("log.copied"));
	});
	refresh();
	return {
		connected: refresh,
		log(line) {
			lines = [...lines, line].slice(-MAX_LINES);
			draw();
		},
	};
}

function chosen(lines) {
	const words = byId("log-filter").value.trim().toLowerCase();
	return lines.map(written).filter((line) => line.toLowerCase().includes(words));
}

function written({ time, level, text }) {
	return `${when(time, { dateStyle: "short", timeStyle: "medium" })} ${level} ${text}`;
}

function report({ name, version, mode, model, device }, settings, lines) {
	const values = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
	const head = `${name} ${version}, ${mode}, ${model}, ${device}`;
	return [head, navigator.userAgent, "", ...values, "", ...lines.map(written), ""].join("\n");
}
