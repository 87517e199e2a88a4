/**
 * What a page does, as it stands in the page: plain JavaScript over the elements that the drawing marks with `data-box`,
 * `data-from` and `data-to`, and `data`, a `PageData`. Works without a server. It defines one function:
 * `explore(page, data, { level, onLevel, onBox })` brings the elements of `pageParts` within `page` to life. `level` is the one
 * shown at first, `onLevel(level)` is called for another, `onBox(id)` for a box that was clicked. It returns `{ point(ids) }`, which
 * marks boxes with the class `here`.
 */
export const explorer = `
function explore(page, data, { level = data.level, onLevel = () => {}, onBox } = {}) {
  const svg = page.querySelector('svg');
  const boxes = [...svg.querySelectorAll('[data-box]')];
  const links = [...svg.querySelectorAll('[data-from]')];
  const facts = page.querySelector('.facts');
  const said = page.querySelector('output');
  const hint = facts.innerHTML;

  const state = (levels) => levels.includes(level) ? 'kept' : levels.length === 0 || levels.includes(data.highest) ? 'cut' : 'gone';

  function show() {
    for (const el of boxes) mark(el, state(data.boxes[el.dataset.box].levels));
    for (const el of links) mark(el, state(data.links[el.dataset.from + ' ' + el.dataset.to]));
    // What is kept lies on top of what is cut.
    for (const el of links) if (el.dataset.state === 'kept') el.parentNode.insertBefore(el, boxes[0]);
    const l = data.levels.find((x) => x.level === level);
    said.innerHTML = '<b>' + l.parameters + '</b> parameters \\u00b7 <b>' + l.macs + '</b> MACs at ' + data.size;
  }

  function mark(el, what) {
    el.dataset.state = what;
    el.classList.toggle('cut', what === 'cut');
    el.classList.toggle('gone', what === 'gone');
  }

  function light(box) {
    svg.classList.add('lit');
    const id = box.dataset.box;
    const near = new Set();
    for (const el of links) {
      el.classList.toggle('in', el.dataset.to === id);
      el.classList.toggle('out', el.dataset.from === id);
      if (el.dataset.to === id) near.add(el.dataset.from);
      if (el.dataset.from === id) near.add(el.dataset.to);
    }
    for (const el of boxes) {
      el.classList.toggle('at', el === box);
      el.classList.toggle('near', near.has(el.dataset.box));
    }
    const [name, ...lines] = data.boxes[id].lines;
    facts.replaceChildren(heading(name), list([...lines, ...neighbours(id)]));
  }

  function neighbours(id) {
    const names = (own, other) => links.filter((el) => el.dataset[own] === id && el.dataset.state !== 'gone').map((el) => el.dataset[other]);
    const [from, to] = [names('to', 'from'), names('from', 'to')];
    return [...(from.length ? ['from ' + from.join(', ')] : []), ...(to.length ? ['to ' + to.join(', ')] : [])];
  }

  const heading = (text) => Object.assign(document.createElement('h2'), { textContent: text });
  function list(lines) {
    const ul = document.createElement('ul');
    ul.append(...lines.map((text) => Object.assign(document.createElement('li'), { textContent: text })));
    return ul;
  }

  function dark() {
    svg.classList.remove('lit');
    facts.innerHTML = hint;
  }

  let held = null;
  for (const el of boxes) {
    // The page says in its panel what the drawing alone says in tooltips.
    el.querySelector('title')?.remove();
    el.setAttribute('tabindex', '0');
    el.setAttribute('role', onBox ? 'button' : 'img');
    el.setAttribute('aria-label', data.boxes[el.dataset.box].lines.join(', '));
    el.addEventListener('pointerenter', () => light(el));
    el.addEventListener('pointerleave', () => held ? light(held) : dark());
    el.addEventListener('focus', () => light(held = el));
    el.addEventListener('blur', () => { held = null; dark(); });
    if (onBox) el.addEventListener('click', () => onBox(el.dataset.box));
  }
  svg.addEventListener('keydown', (e) => {
    const box = document.activeElement.dataset?.box;
    if (box && e.key === 'Escape') document.activeElement.blur();
    if (box && onBox && (e.key === 'Enter' || e.key === ' ')) { e.preventDefault(); onBox(box); }
  });
  for (const radio of page.querySelectorAll('[name=level]')) {
    radio.checked = Number(radio.value) === level;
    radio.addEventListener('change', () => { level = Number(radio.value); show(); onLevel(level); });
  }
  show();
  return { point: (ids) => { for (const el of boxes) el.classList.toggle('here', ids.includes(el.dataset.box)); } };
}
`;

/** The script of a page of its own. */
export const pageScript = `${explorer}explore(document, data);`;
