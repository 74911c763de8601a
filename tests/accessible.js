// What stands in somebody's way on a page, as the browser computes it. Read by accessible.py.
"use strict";

window.accessible = {
  // Every text that is seen, with its contrast against what is painted behind it. Large text is held to 4.5 as well.
  faint: () => (() => {
  const parts = (c) => (c.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const over = (top, [r, g, b]) => { const a = top[3] ?? 1; return [r, g, b].map((v, i) => top[i] * a + v * (1 - a)); };
  const behind = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) layers.push(parts(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((base, layer) => over(layer, base), [255, 255, 255]);
  };
  const faint = [];
  const look = (e, colour, text) => {
    const paper = behind(e), ink = over(parts(colour), paper);
    const [hi, lo] = [light(ink), light(paper)].sort((a, b) => b - a);
    const contrast = (hi + .05) / (lo + .05);
    if (contrast < 4.5) faint.push([text.slice(0, 40), Math.round(contrast * 100) / 100]);
  };
  const root = document.querySelector('dialog[open]') || document.body;
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let node; (node = walk.nextNode());) {
    const e = node.parentElement, style = getComputedStyle(e);
    if (!node.data.trim() || !e.checkVisibility({ visibilityProperty: true }) || e.closest('.unseen, noscript, script')) continue;
    seen += 1;
    look(e, style.color, node.data.trim());
  }
  for (const e of root.querySelectorAll('[placeholder]'))
    if (e.checkVisibility()) look(e, getComputedStyle(e, '::placeholder').color, e.placeholder);
  return { seen, faint };
})(),

  // Controls that a thumb does not hit.
  small: () => [...document.querySelectorAll('button, input:not([type=radio]):not([type=checkbox]), fieldset label, .switch')]
  .filter(e => e.checkVisibility() && (!document.querySelector('dialog[open]') || e.closest('dialog')))
  .map(e => [e.textContent.trim() || e.id, e.getBoundingClientRect()])
  .filter(([, r]) => r.width < 44 || r.height < 44).map(([name, r]) => [name, r.width, r.height]),

  // Out of the window sideways, or wider than its own box.
  out: () => [...document.querySelectorAll('button, input, li, label, p, h1')]
  .filter(e => e.checkVisibility() && !e.closest('.unseen, #captions') && !e.matches('.unseen'))
  .filter(e => !document.querySelector('dialog[open]') || e.closest('dialog'))
  .filter(e => { const r = e.getBoundingClientRect(); return r.left < -1 || r.right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).display !== 'inline' && e.matches('button, label, li'); })
  .map(e => e.id || e.textContent.trim()),

  // One control over another.
  over: () => (() => {
  const all = [...document.querySelectorAll(document.querySelector('dialog[open]') ? 'dialog button, dialog label' : '#controls button, #question, #live li, #status, #stage')]
    .filter(e => e.checkVisibility()).map(e => [e.id || e.textContent.trim(), e.getBoundingClientRect()]);
  const found = [];
  all.forEach(([a, r], i) => all.slice(i + 1).forEach(([b, s]) => {
    if (Math.min(r.right, s.right) - Math.max(r.left, s.left) > 1 && Math.min(r.bottom, s.bottom) - Math.max(r.top, s.top) > 1) found.push([a, b]);
  }));
  return found;
})(),
};
