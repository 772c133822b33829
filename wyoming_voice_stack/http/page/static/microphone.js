// The microphone: its samples while they come, or a recorded file.
import { t } from "./language.js";
import { wavFile } from "./playback.js";

const RECORDER_TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDINGS = { webm: "webm", mp4: "m4a", ogg: "ogg" };
const FLUSH_MS = 1000;

/** Why this page cannot use a microphone, in words; null if it can. */
export function whyNoMicrophone() {
	if (navigator.mediaDevices?.getUserMedia) return null;
	return isSecureContext ? t("microphone.none") : t("insecure.why", { address: location.origin });
}

export function inWords(error) {
	const text = t(`microphone.${error.name}`);
	return text.startsWith("microphone.") ? error : new Error(text);
}

/**
 * Start recording, at `rate` or the device's own. `asItIs` turns off what browsers do to speech. `onSamples` gets Int16Arrays, `onPeak` the peak of each piece, from 0 to 1.
 */
export async function record({ rate = null, asItIs = false, onSamples = () => {}, onPeak = () => {} }) {
	const processed = !asItIs;
	const audio = { channelCount: 1, echoCancellation: processed, noiseSuppression: processed, autoGainControl: processed };
	const stream = await navigator.mediaDevices.getUserMedia({ audio });
	try {
		return "audioWorklet" in AudioContext.prototype
			? await recordSamples(stream, rate, onSamples, onPeak)
			: recordFile(stream);
	} catch (error) {
		release(stream);
		throw error;
	}
}

async function recordSamples(stream, wanted, onSamples, onPeak) {
	const { context, source } = contextFor(stream, wanted);
	const rate = wanted ?? context.sampleRate;
	const fit = context.sampleRate === rate ? (samples) => samples : resampler(context.sampleRate, rate);
	await context.audioWorklet.addModule("capture-worklet.js");
	const node = new AudioWorkletNode(context, "capture");
	const parts = [];
	let size = 0;
	let flushed;
	node.port.onmessage = ({ data }) => {
		if (data === null) return flushed?.();
		const samples = toInt16(fit(data));
		onPeak(data.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0));
		parts.push(samples);
		size += samples.byteLength;
		onSamples(samples);
	};
	source.connect(node).connect(context.destination); // Silent; without it the node may not run.
	await context.resume();
	return {
		seconds: () => size / rate / 2,
		stop: async () => {
			await new Promise((resolve) => {
				flushed = resolve;
				node.port.postMessage(null);
				setTimeout(resolve, FLUSH_MS);
			});
			release(stream);
			await context.close();
			return new File([wavFile(parts, size, rate)], "recording.wav", { type: "audio/wav" });
		},
	};
}

function contextFor(stream, rate) {
	if (rate) {
		const context = new AudioContext({ sampleRate: rate });
		try {
			return { context, source: context.createMediaStreamSource(stream) };
		} catch {
			context.close(); // Firefox does not convert the rate of a microphone.
		}
	}
	const context = new AudioContext();
	return { context, source: context.createMediaStreamSource(stream) };
}

/** Without AudioWorklet: a file in a format of the browser's, complete after the stop. */
function recordFile(stream) {
	const type = RECORDER_TYPES.find((each) => MediaRecorder.isTypeSupported(each));
	const recorder = new MediaRecorder(stream, type ? { mimeType: type } : {});
	const parts = [];
	const started = performance.now();
	recorder.ondataavailable = ({ data }) => parts.push(data);
	recorder.start(1000);
	return {
		seconds: () => (performance.now() - started) / 1000,
		stop: async () => {
			await new Promise((resolve) => {
				recorder.onstop = resolve;
				recorder.stop();
			});
			release(stream);
			const kind = recorder.mimeType.match(/^\w+\/(\w+)/)?.[1];
			return new File(parts, `recording.${ENDINGS[kind] ?? "webm"}`, { type: recorder.mimeType });
		},
	};
}

function release(stream) {
	for (const track of stream.getTracks()) track.stop();
}

/** Convert pieces to a lower rate: each new sample is the mean of those it stands for. */
function resampler(from, to) {
	const step = from / to;
	let [position, sum, count] = [0, 0, 0];
	return (samples) => {
		const made = [];
		for (const sample of samples) {
			sum += sample;
			count++;
			position++;
			if (position >= step) {
				made.push(sum / count);
				position -= step;
				sum = count = 0;
			}
		}
		return made;
	};
}

function toInt16(samples) {
	return Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767));
}
