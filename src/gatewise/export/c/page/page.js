"use strict";
const codes = {
  "1": `more steps are needed: the model reads ${model.window || "more"}`,
  "-1": "a value is no number, or out of range",
  "-2": "what came is too far from what the model learned from; check its units",
  "-3": "there is nothing to read",
  "-4": "the text is no UTF-8",
};
const find = name => document.getElementById(name);
const bytes = Uint8Array.from(atob(program), letter => letter.charCodeAt(0));
// Nothing is imported: the program is the C of the model and no library.
const wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;

/** What the model says of the bytes of a text, or of numbers; count: bytes, steps or samples. */
function predict(content, count) {
  const start = (Number(wasm.__heap_base.value) + 15) & ~15;
  const lacking = start + content.byteLength - wasm.memory.buffer.byteLength;
  if (lacking > 0) wasm.memory.grow(Math.ceil(lacking / 65536));
  new Uint8Array(wasm.memory.buffer).set(new Uint8Array(content.buffer, content.byteOffset, content.byteLength), start);
  const code = wasm.run(start, count);
  if (code) throw new Error(codes[code] || `the program returned ${code}`);
  return Array.from(new Float32Array(wasm.memory.buffer, wasm.answer(), model.size));
}

const predictText = text => {
  const content = new TextEncoder().encode(text);
  return predict(content, content.length);
};
const predictSound = samples => predict(samples, samples.length);

/** Rows of numbers, one a step; a first line of names is passed over. */
function predictNumbers(text) {
  const lines = text.split(/\r?\n/).map(line => line.trim()).filter(Boolean);
  const cells = lines.map(line => line.split(/[\s,;]+/).filter(Boolean));
  if (cells.length && cells[0].some(cell => Number.isNaN(Number(cell)))) cells.shift();
  cells.forEach((row, number) => {
    if (row.length !== model.channels.length)
      throw new Error(`step ${number + 1} has ${row.length} numbers; the model reads ${model.channels.length} channels: ${model.channels.join(", ")}`);
    if (row.some(cell => Number.isNaN(Number(cell)))) throw new Error(`step ${number + 1} holds ${row.join(" ")}, which are not all numbers`);
  });
  return predict(Float32Array.from(cells.flat().map(Number)), cells.length);
}

function element(name, attributes, ...inside) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...inside);
  return made;
}

function bars(names, shares) {
  const items = names.map((name, place) => [name, shares[place]]).sort((one, other) => other[1] - one[1]).map(([name, share]) => {
    const bar = element("i", {});
    bar.style.width = `${100 * share}%`;
    return element("li", {}, element("span", {}, name), element("span", {className: "track"}, bar),
                   element("span", {className: "share"}, `${(100 * share).toFixed(1)}%`));
  });
  return element("ul", {className: "bars"}, ...items);
}

function table(names, numbers) {
  const cells = (kind, values) => element("tr", {}, ...values.map(value => element(kind, {}, value)));
  const rows = [];
  for (let step = 0; step * names.length < numbers.length; ++step)
    rows.push(cells("td", [`+${step + 1}`, ...names.map((_, place) => numbers[step * names.length + place].toPrecision(6))]));
  return element("div", {className: "wide"}, element("table", {}, cells("th", ["step", ...names]), ...rows));
}

/** Shows what `ask` returns, or the reason why it cannot. */
function show(ask) {
  find("problem").hidden = true;
  try {
    const begin = performance.now(), said = ask(), took = performance.now() - begin;
    const best = said.indexOf(Math.max(...said));
    const shown = [];
    if (model.predicts === "classes") {
      shown.push(element("p", {className: "said", id: "said"}, model.names[best]), bars(model.names, said));
    } else if (model.predicts === "steps") {
      shown.push(element("p", {className: "muted"}, "Probability of every channel at the next step"), bars(model.names, said));
    } else if (model.horizon) {
      shown.push(table(model.names, said));
    } else {
      said.forEach((value, place) => shown.push(element("p", {className: "said", id: "said"}, `${model.names[place]}: ${value.toPrecision(6)}`)));
    }
    shown.push(element("p", {className: "muted"}, `In ${took.toFixed(1)} ms, here in the browser.`));
    find("answer").replaceChildren(...shown);
    find("answer").hidden = false;
  } catch (error) {
    find("answer").hidden = true;
    find("problem").textContent = error.message;
    find("problem").hidden = false;
  }
}

const ask = text => show(() => (model.reads === "text" ? predictText(text) : predictNumbers(text)));

/** A sound file's samples, mixed to one channel and resampled to the model's rate. */
async function samplesOf(content) {
  const decoded = await new OfflineAudioContext(1, 1, model.rate).decodeAudioData(content);
  const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(decoded.duration * model.rate)), model.rate);
  const source = new AudioBufferSourceNode(offline, {buffer: decoded});
  source.connect(offline.destination);
  source.start();
  return (await offline.startRendering()).getChannelData(0);
}

async function take(file) {
  if (model.reads !== "audio") {
    find("typed").value = await file.text();
    ask(find("typed").value);
    return;
  }
  try {
    const samples = await samplesOf(await file.arrayBuffer());
    show(() => predictSound(samples));
  } catch (error) {
    show(() => { throw new Error(`${file.name || "the recording"} cannot be read as sound (${error.message})`); });
  }
}

let recorder = null;
async function record() {
  if (recorder) {
    recorder.stop();
    return;
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({audio: true});
    const pieces = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = event => pieces.push(event.data);
    recorder.onstop = () => {
      stream.getTracks().forEach(track => track.stop());
      recorder = null;
      find("record").textContent = "Record";
      take(new File(pieces, ""));
    };
    recorder.start();
    find("record").textContent = "Stop";
  } catch (error) {
    show(() => { throw new Error(`nothing can be recorded (${error.message})`); });
  }
}

find(model.reads === "audio" ? "sound" : "written").hidden = false;
find("typed").className = model.reads === "text" ? "" : "numbers";
find("what").textContent = model.reads === "text" ? "A text" : `Steps, one a line: ${model.channels.join(", ")}`;
find("run").onclick = () => ask(find("typed").value);
find("choose").onclick = find("open").onclick = () => find("file").click();
find("file").onchange = event => event.target.files[0] && take(event.target.files[0]);
find("record").onclick = record;
find("open").hidden = model.reads === "text";
addEventListener("dragover", event => { event.preventDefault(); document.body.classList.add("over"); });
addEventListener("dragleave", () => document.body.classList.remove("over"));
addEventListener("drop", event => {
  event.preventDefault();
  document.body.classList.remove("over");
  if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
});
// What stands behind # in the address is read at once.
if (location.hash.length > 1 && model.reads !== "audio") {
  find("typed").value = decodeURIComponent(location.hash.slice(1));
  ask(find("typed").value);
}
