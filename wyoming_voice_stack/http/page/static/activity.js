// Activity: what the server does, and how long it took since its start.
import { addSection, byId, make, pair, show } from "./dom.js";
import { number, seconds, t } from "./language.js";
import { call } from "./server.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 480;
const HEIGHT = 150;
const FLOOR = 118;
const TOP = 16;

export function mountActivity() {
	addSection("activity", "rest");
	const figures = (data) => byId("now") && draw(data);
	const connected = () => call("api/figures").then(figures, () => {});
	connected();
	return { figures, connected };
}

function draw({ now = {}, histograms = [], requests = 0, errors = [] }) {
	const shown = [
		["activity.connections", number(now.connections ?? 0)],
		["activity.working", number(now.requests ?? 0)],
		["activity.queued", number(now.queued ?? 0)],
		["activity.oldest", seconds(now.oldest_wait_s ?? 0)],
		["activity.requests", number(requests)],
	];
	byId("now").replaceChildren(...shown.map(([key, value]) => pair(t(key), value, false)));
	const open = new Set([...byId("histograms").querySelectorAll("details[open]")].map(({ id }) => id));
	const holdsFocus = byId("histograms").contains(document.activeElement);
	if (!holdsFocus) byId("histograms").replaceChildren(...histograms.map((each) => histogram(each, open)));
	show("errors-part", errors.length > 0);
	byId("error-list").replaceChildren(
		...errors.map(({ code, count, meaning }) =>
			make("tr", {}, make("th", { scope: "row" }, make("code", {}, code)), make("td", {}, number(count)), make("td", {}, meaning)),
		),
	);
}

function histogram({ id, buckets }, open) {
	const total = buckets.reduce((sum, { count }) => sum + count, 0);
	const title = t(`activity.${id}`);
	const figure = make("figure", { id: `figure-${id}` }, make("figcaption", {}, make("h3", {}, title)));
	if (!total) {
		figure.append(make("p", { className: "muted" }, t("activity.none")));
		return figure;
	}
	const label = t("activity.summary", { title, count: total, median: upTo(middle(buckets, total)) });
	const rows = buckets.map(({ le, count }) =>
		make("tr", {}, make("th", { scope: "row" }, le === null ? t("activity.longer") : upTo(le)), make("td", {}, number(count))),
	);
	const heads = [t("activity.time"), t("activity.count")].map((text) => make("th", { scope: "col" }, text));
	const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
	const details = make("details", { id: `table-${id}`, open: open.has(`table-${id}`) });
	details.append(make("summary", {}, t("activity.table")), table);
	figure.append(picture(buckets, label), make("p", { className: "muted" }, label), details);
	return figure;
}

const upTo = (value) => (value === null ? t("activity.longer") : t("activity.upTo", { time: seconds(value) }));

function middle(buckets, total) {
	let passed = 0;
	return buckets.find(({ count }) => (passed += count) * 2 >= total).le;
}

function picture(buckets, label) {
	const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "histogram", role: "img", "aria-label": label });
	const step = WIDTH / buckets.length;
	const highest = Math.max(...buckets.map(({ count }) => count));
	buckets.forEach(({ le, count }, index) => {
		const height = ((FLOOR - TOP) * count) / highest;
		const x = index * step;
		svg.append(shape("rect", { x: x + 2, y: FLOOR - height, width: step - 4, height, rx: 2 }));
		if (count) svg.append(caption(x + step / 2, FLOOR - height - 4, number(count)));
		svg.append(caption(x + step / 2, FLOOR + 16, le === null ? ">" : number(le, 3)));
	});
	svg.append(shape("line", { x1: 0, x2: WIDTH, y1: FLOOR, y2: FLOOR }));
	svg.append(caption(WIDTH / 2, HEIGHT - 6, t("activity.axis")));
	return svg;
}

function shape(name, attributes) {
	const element = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
	return element;
}

function caption(x, y, text) {
	const element = shape("text", { x, y, "text-anchor": "middle" });
	element.textContent = text;
	return element;
}
