/**
 * What the preview's page does, as it stands in the page, behind `explorer`: plain JavaScript. It shows what it is told (`ToPage`)
 * and says what was clicked (`FromPage`); the level that its reader chose it keeps itself, and through the editor's restarts.
 */
export const previewScript = `
function start({ uri, level: wanted }) {
  const editor = acquireVsCodeApi();
  const main = document.querySelector('main');
  const problem = document.getElementById('problem');
  const note = document.getElementById('note');
  let chosen = editor.getState()?.level ?? wanted;
  let explored = null;
  let here = [];
  const keep = () => editor.setState({ uri, level: chosen });

  function draw({ body, data }) {
    const left = main.querySelector('.scroll')?.scrollLeft ?? 0;
    const top = document.scrollingElement.scrollTop;
    main.innerHTML = body;
    main.querySelector('.facts p').textContent = 'Point at a node, or reach it with Tab, to see its links and what is in it; a click shows its rule in the text.';
    explored = explore(main, data, {
      level: data.levels.some((l) => l.level === chosen) ? chosen : data.level,
      onLevel: (level) => { chosen = level; keep(); },
      onBox: (box) => editor.postMessage({ type: 'box', box }),
    });
    explored.point(here);
    main.querySelector('.scroll').scrollLeft = left;
    document.scrollingElement.scrollTop = top;
  }

  let shown = '';
  function show({ drawing, stale, problem: wrong }) {
    // Most keys change nothing that is drawn.
    const fresh = JSON.stringify(drawing);
    if (!drawing) main.replaceChildren();
    else if (fresh !== shown) draw(drawing);
    shown = fresh;
    main.classList.toggle('stale', stale && drawing !== null);
    problem.hidden = wrong === null;
    if (wrong) {
      const place = Object.assign(document.createElement('b'), { textContent: 'Line ' + wrong.line + ': ' });
      const others = wrong.count > 1 ? '\\n' + (wrong.count === 2 ? 'and one mistake more' : 'and ' + (wrong.count - 1) + ' mistakes more') : '';
      problem.replaceChildren(place, wrong.message + others);
    }
    note.hidden = drawing !== null || wrong !== null;
    note.textContent = 'There is no network in this file.';
  }

  function point(boxes) {
    const moved = boxes.join() !== here.join();
    here = boxes;
    explored?.point(here);
    if (moved && here.length > 0) main.querySelector('.here')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  problem.addEventListener('click', () => editor.postMessage({ type: 'problem' }));
  addEventListener('message', ({ data }) => data.type === 'drawing' ? show(data) : data.type === 'cursor' ? point(data.boxes) : undefined);
  keep();
  editor.postMessage({ type: 'ready' });
}
`;
