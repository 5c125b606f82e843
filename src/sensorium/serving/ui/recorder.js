// Records from the microphone into WAV, which loses nothing, and whose loudness can be seen while it is recorded.

import { encodeWav } from "./wav.js";

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.AudioWorkletNode);

/**
 * Starts recording.
 *
 * `heard(level, seconds)` is called with the loudness, 0 to 1, as sound comes. `ended(blob)` is called once, after
 * `stop()` or when `most` seconds are full; with null if nothing was heard or after `cancel()`.
 */
export async function record(most, heard, ended) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false },
  });
  // The card's own rate: Firefox refuses another one, and the service resamples anyway.
  const context = new AudioContext();
  const blocks = [];
  let length = 0;
  let isOver = false;

  const finish = (isKept) => {
    if (isOver) return;
    isOver = true;
    stream.getTracks().forEach((track) => track.stop());
    const { sampleRate } = context;
    context.close();
    ended(isKept && length ? encodeWav(joined(blocks, Math.min(length, Math.floor(most * sampleRate))), sampleRate) : null);
  };

  try {
    await context.audioWorklet.addModule(new URL("./tap.js", import.meta.url));
  } catch (error) {
    finish(false);
    throw error;
  }
  const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
  tap.port.onmessage = ({ data }) => {
    if (isOver) return;
    blocks.push(data);
    length += data.length;
    heard(loudness(data), Math.min(most, length / context.sampleRate));
    if (length >= most * context.sampleRate) finish(true);
  };
  context.createMediaStreamSource(stream).connect(tap);
  await context.resume();
  return { stop: () => finish(true), cancel: () => finish(false) };
}

/** Ears hear in decibels: 60 of them fill the meter. */
function loudness(block) {
  let sum = 0;
  for (const sample of block) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / block.length + 1e-12);
  return Math.max(0, Math.min(1, 1 + decibels / 60));
}

function joined(blocks, length) {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole.subarray(0, length);
}
