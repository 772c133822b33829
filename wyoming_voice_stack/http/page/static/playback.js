// Plays 16-bit PCM while it arrives, without a secure context too: buffers end to end on one AudioContext.
export const RATE = 24000;
const BYTES_PER_SECOND = RATE * 2;
const LEAD_SECONDS = 0.03;

export class Playback {
	#context;
	#next = 0;
	#odd = null;
	#sources = new Set();
	#parts = [];
	#whenSilent = [];
	size = 0;

	/** Create it inside the click: browsers start sound only then. */
	constructor() {
		try {
			this.#context = new AudioContext({ sampleRate: RATE });
		} catch {
			this.#context = new AudioContext();
		}
		this.#context.resume().catch(() => {});
	}

	get seconds() {
		return this.size / BYTES_PER_SECOND;
	}

	/** Add bytes, and return in how many seconds they sound; null if they are not yet one sample. */
	add(bytes) {
		this.#parts.push(bytes);
		this.size += bytes.length;
		const whole = this.#wholeSamples(bytes);
		const count = whole.length >> 1;
		if (!count) return null;
		const view = new DataView(whole.buffer, whole.byteOffset, count * 2);
		const buffer = this.#context.createBuffer(1, count, RATE);
		const samples = buffer.getChannelData(0);
		for (let index = 0; index < count; index++) samples[index] = view.getInt16(index * 2, true) / 32768;
		return this.#schedule(buffer);
	}

	#wholeSamples(bytes) {
		let whole = bytes;
		if (this.#odd !== null) {
			whole = new Uint8Array(bytes.length + 1);
			whole[0] = this.#odd;
			whole.set(bytes, 1);
		}
		this.#odd = whole.length % 2 ? whole[whole.length - 1] : null;
		return whole;
	}

	#schedule(buffer) {
		const now = this.#context.currentTime;
		if (this.#next < now) this.#next = now + LEAD_SECONDS;
		const source = this.#context.createBufferSource();
		source.buffer = buffer;
		source.connect(this.#context.destination);
		source.start(this.#next);
		this.#sources.add(source);
		source.onended = () => {
			this.#sources.delete(source);
			if (!this.#sources.size) this.#silent();
		};
		const wait = this.#next - now;
		this.#next += buffer.duration;
		return wait;
	}

	#silent() {
		for (const resolve of this.#whenSilent.splice(0)) resolve();
	}

	/** Resolve when all that was added has sounded, or has been stopped. */
	finished() {
		return new Promise((resolve) => {
			this.#whenSilent.push(resolve);
			if (!this.#sources.size) this.#silent();
		});
	}

	async stop() {
		for (const source of this.#sources) source.stop();
		this.#sources.clear();
		this.#silent();
		if (this.#context.state !== "closed") await this.#context.close();
	}

	/** All that was added, as a wav file. */
	wav() {
		return wavFile(this.#parts, this.size, RATE);
	}
}

/** A wav file of 16-bit mono samples, given in parts. */
export function wavFile(parts, size, rate) {
	const format = [16, 0x10001, rate, rate * 2, 0x100002]; // Its size; PCM, mono; rates; 2 bytes, 16 bits.
	const numbers = (...values) => Uint32Array.from(values); // All platforms with browsers are little-endian.
	const header = ["RIFF", numbers(36 + size), "WAVEfmt ", numbers(...format), "data", numbers(size)];
	return new Blob([...header, ...parts], { type: "audio/wav" });
}
