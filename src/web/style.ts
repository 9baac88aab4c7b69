import { createHash } from 'node:crypto'

/** How all pages look: one column, large targets, light or dark as the reader's system is set. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f5f6f4; --card: #ffffff; --text: #1d2421; --dim: #55605b; --line: #d5dbd7; --field: #848e89;
  --main: #14634f; --on-main: #ffffff; --link: #0f5a48; --focus: #0b57d0;
  --act: #8a4b00; --act-soft: #fdf1df; --good: #1a6b3c; --good-soft: #e6f4ea; --bad: #a8201a; --bad-soft: #fdecea;
  --run: #2b5379; --run-soft: #e8f0f8; --over-soft: #ecefed;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #141817; --card: #1d2322; --text: #e8edea; --dim: #a6b2ac; --line: #38413e; --field: #77837d;
    --main: #6fd0b2; --on-main: #06251c; --link: #86dcc1; --focus: #8ab4ff;
    --act: #ffc57a; --act-soft: #3a2a12; --good: #8fdcaa; --good-soft: #16301f; --bad: #ffaaa2; --bad-soft: #3d1917;
    --run: #a5cbf0; --run-soft: #1a2c3d; --over-soft: #2a312f;
  }
}
*, *::before, *::after { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere }
header, main, footer { max-width: 46rem; margin: 0 auto; padding: 0 1rem }
header { padding-top: 1.25rem }
main { padding-bottom: 1.5rem }
footer { padding-bottom: 3rem; color: var(--dim); font-size: .9rem }
.brand { margin: 0; font-weight: 700; letter-spacing: .01em; color: var(--main) }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 1.25rem 0 .25rem }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2rem 0 .75rem }
h3 { font-size: 1.05rem; line-height: 1.35; margin: 0 0 .25rem }
p { margin: .35rem 0 }
a { color: var(--link); text-underline-offset: .15em }
.lead, .dim, .hint { color: var(--dim) }
.hint { font-size: .9rem; margin: 0 }
code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .95em }
address { font-style: normal }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px }
.skip { position: absolute; left: -100vw; top: 0; background: var(--card); padding: .75rem 1rem; z-index: 1 }
.skip:focus { left: 0 }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; margin: 1.25rem 0 }
.card.act { border-color: var(--act); border-left-width: 5px }
.card > h1:first-child, .card > h2:first-of-type { margin-top: 0; margin-bottom: .25rem }
.badge { display: inline-block; vertical-align: .1em; font-size: .85rem; font-weight: 600; line-height: 1.4; padding: .1rem .6rem; border-radius: 1rem; background: var(--over-soft); color: var(--dim) }
.badge.act { background: var(--act-soft); color: var(--act) }
.badge.run { background: var(--run-soft); color: var(--run) }
.badge.good { background: var(--good-soft); color: var(--good) }
.badge.bad { background: var(--bad-soft); color: var(--bad) }

.notice { border: 1px solid; border-left-width: 5px; border-radius: 10px; padding: .75rem 1.25rem; margin: 1.25rem 0 }
.notice.good { background: var(--good-soft); border-color: var(--good) }
.notice.bad { background: var(--bad-soft); border-color: var(--bad) }
.notice:focus { outline: none }
.notice ul { margin: .35rem 0; padding-left: 1.25rem }
.next { background: var(--act-soft); border-radius: 10px; padding: .75rem 1.25rem; margin: 1.25rem 0 }
.next ul { margin: 0; padding: 0; list-style: none }
.next li { margin: .35rem 0 }
.next a { font-weight: 600 }
.deadline { border-left: 3px solid var(--line); padding-left: .75rem; margin: .75rem 0 }

.lines, .history { list-style: none; margin: 0; padding: 0 }
.lines { background: var(--card); border: 1px solid var(--line); border-radius: 10px }
.lines li { padding: .75rem 1.25rem }
.lines li + li { border-top: 1px solid var(--line) }
.lines .what { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem }
.lines p { color: var(--dim) }
.price { font-variant-numeric: tabular-nums }
.history li { border-left: 3px solid var(--line); padding: 0 0 .9rem 1rem }
.history p { margin: 0 }
.history .dim { font-size: .9rem }

.facts { margin: .75rem 0 }
.facts div { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .3rem 0 }
.facts dt { flex: 0 0 6rem; color: var(--dim) }
.facts dd { flex: 1 1 12rem; margin: 0 }

.steps { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: 1rem 0; padding: 0; font-size: .85rem; color: var(--dim) }
.steps li { flex: 1 1 5rem; border-top: 4px solid var(--line); padding-top: .35rem; line-height: 1.25; overflow-wrap: normal }
.steps .done { border-color: var(--main) }
.steps .current { border-color: var(--main); color: var(--text); font-weight: 700 }

.task { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem }
fieldset.line { border: 0; border-top: 1px solid var(--line); margin: 1rem 0 0; padding: 1rem 0 0; min-width: 0 }
legend { float: left; width: 100%; font-size: 1.05rem; font-weight: 700; padding: 0 }
legend + * { clear: both }
.choice { display: flex; gap: .75rem; align-items: flex-start; padding: .5rem 0 }
.choice input { flex: none; width: 1.4rem; height: 1.4rem; margin: .1rem 0 0; accent-color: var(--main) }
.choice label { font-weight: 600; display: block }
.field { margin: .85rem 0 }
.field label { display: block; font-weight: 600 }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 0 1rem; align-items: end }
input:not([type=radio]), select { font: inherit; color: inherit; background: var(--card); width: 100%; min-height: 2.75rem; padding: .45rem .65rem; margin-top: .25rem; border: 1px solid var(--field); border-radius: 6px }
input[type=number], input[type=date] { max-width: 14rem }
[aria-invalid=true] { border: 2px solid var(--bad) !important }
.fault { color: var(--bad); font-weight: 600; margin: .1rem 0 }
.send { margin: 1rem 0 0 }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.25rem; border-radius: 6px; border: 2px solid var(--main); background: var(--main); color: var(--on-main); cursor: pointer }
button.plain { background: transparent; color: var(--link) }
button.danger { background: transparent; border-color: var(--bad); color: var(--bad) }
a.button { display: inline-block; font-weight: 600; padding: .5rem 1.25rem; border-radius: 6px; background: var(--main); color: var(--on-main); text-decoration: none }
button:hover, a.button:hover { box-shadow: inset 0 0 0 2px currentcolor }
.folded { border-top: 1px solid var(--line); margin-top: .75rem; padding-top: .25rem }
.folded + .folded { margin-top: .25rem }
.folded summary { cursor: pointer; font-weight: 600; color: var(--link); padding: .6rem 0 }
.folded .inside { padding-bottom: .75rem }

@media (max-width: 30rem) {
  h1 { font-size: 1.5rem }
  .card, .notice, .next { padding-left: 1rem; padding-right: 1rem }
  .lines li { padding-left: 1rem; padding-right: 1rem }
  .send button { width: 100% }
  .steps { display: block; border-left: 4px solid var(--line); padding-left: .75rem }
  .steps li { border: 0; padding: .1rem 0 }
  .steps .done::before { content: "✓ " }
  .steps .current::before { content: "→ " }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth } }
@media print { .task, .folded, .next, .skip { display: none } body { background: none } }
`

const VERSION = createHash('sha256').update(STYLE).digest('hex').slice(0, 8)

/** Where the pages find it; another style has another address, so it may be kept for ever. */
export const STYLE_PATH = `/o/style.css?v=${VERSION}`
