// Passes what the microphone hears to the page, in pieces of a twentieth of a second.
const PIECE_SECONDS = 0.05;

class Capture extends AudioWorkletProcessor {
	#piece = new Float32Array(Math.round(sampleRate * PIECE_SECONDS));
	#filled = 0;
	#open = true;

	constructor() {
		super();
		this.port.onmessage = () => {
			this.#open = false;
			this.#send();
			this.port.postMessage(null);
		};
	}

	process([channels]) {
		const samples = channels[0];
		for (let start = 0; samples && this.#open && start < samples.length; ) {
			const count = Math.min(samples.length - start, this.#piece.length - this.#filled);
			this.#piece.set(samples.subarray(start, start + count), this.#filled);
			this.#filled += count;
			start += count;
			if (this.#filled === this.#piece.length) this.#send();
		}
		return this.#open;
	}

	#send() {
		if (this.#filled) this.port.postMessage(this.#piece.slice(0, this.#filled));
		this.#filled = 0;
	}
}

registerProcessor("capture", Capture);
