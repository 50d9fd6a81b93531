/** How the widget looks. Every colour, font and radius of it is a custom property that a page may set. */
const css = `
:host{
  --fg:var(--enigma-fg,light-dark(#1c1d22,#ebe9e4));
  --bg:var(--enigma-bg,light-dark(#fff,#181c24));
  --muted:var(--enigma-muted,light-dark(#5b5c66,#a6a8b3));
  --border:var(--enigma-border,light-dark(#dfdbd2,#2c323e));
  --accent:var(--enigma-accent,light-dark(#0b5d52,#63cdb6));
  --accent-fg:var(--enigma-accent-fg,light-dark(#fff,#08211d));
  --danger:light-dark(#a3262a,#ff9a94);
  --1:var(--enigma-chart-1,light-dark(#0b6b5d,#63cdb6));
  --2:var(--enigma-chart-2,light-dark(#b4570b,#f2a65a));
  --3:var(--enigma-chart-3,light-dark(#4450a8,#a3aeff));
  --4:var(--enigma-chart-4,light-dark(#93306f,#f08fcb));
  --5:var(--enigma-chart-5,light-dark(#54720f,#b7d65f));
  --6:var(--enigma-chart-6,light-dark(#5d5148,#cbbcae));
}
.frame{display:flex;flex-direction:column;flex:1;min-block-size:0;box-sizing:border-box;color:var(--fg);background:var(--bg);
  border:1px solid var(--border);border-radius:var(--enigma-radius,.5rem);overflow:hidden;font-variant-numeric:tabular-nums}
[hidden]{display:none!important}
.hidden{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.muted{color:var(--muted)}
.head,.foot,.pager{display:flex;flex-wrap:wrap;gap:.25rem .75rem;align-items:center;padding:.25rem .75rem}
.head:not(:has(.tools:not([hidden]))):not(.titled){padding-block:0}
.tools{display:flex;gap:.375rem;margin-inline-start:auto}
.body{flex:1;min-block-size:0;display:flex;flex-direction:column;position:relative;overflow:hidden}
.foot{border-block-start:1px solid var(--border);font-size:.8125rem;color:var(--muted)}
.foot .badge{color:var(--accent)}
.foot ::slotted(*){margin-inline-start:auto}
button{font:inherit;font-size:.8125rem;color:var(--fg);background:transparent;border:1px solid var(--border);
  border-radius:var(--enigma-radius,.375rem);padding:.125rem .625rem;min-block-size:1.75rem;cursor:pointer}
button.strong{background:var(--accent);border-color:var(--accent);color:var(--accent-fg)}
button:disabled{opacity:.55;cursor:default}
:focus-visible{outline:2px solid var(--accent);outline-offset:-2px}
.note{padding:.75rem;overflow:auto}
.note p{margin:0 0 .5rem}
.error strong{color:var(--danger)}
.wait{flex:1;display:flex;flex-direction:column;gap:.625rem;padding:.75rem;overflow:hidden}
.wait i{block-size:.875rem;border-radius:.25rem;background:var(--border);flex:none;animation:wait 1.6s ease-in-out infinite alternate}
.wait i:nth-child(3n){inline-size:70%}.wait i:nth-child(3n+1){inline-size:92%}
@keyframes wait{to{opacity:.45}}
.waiting{flex:1;min-block-size:0;overflow:hidden}
.table-view,.chart{display:flex;flex-direction:column;flex:1;min-block-size:0;margin:0}
.scroll{flex:1;min-block-size:0;overflow:auto}
table{border-collapse:collapse;inline-size:100%;font-size:.875rem}
th,td{padding:.25rem .75rem;text-align:start;border-block-end:1px solid var(--border);max-inline-size:24rem;
  overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
th{position:sticky;inset-block-start:0;background:var(--bg);color:var(--muted);font-weight:600}
th.number,td.number{text-align:end}
.value-view{padding:.5rem .75rem}.value-view p{margin:0}
.value{font-size:1.75rem;line-height:1.2;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.rise,.fall,.even{font-size:.875rem}
.legend{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.375rem .75rem 0;font-size:.8125rem}
.key{display:inline-flex;gap:.375rem;align-items:center}
.chart-note{margin:0;padding:0 .75rem .25rem;font-size:.8125rem}
.pointed{margin-inline-start:auto}
:host([view=sparkline]) :is(.head,.foot){display:none}
:host([view=sparkline]) .frame{border:0}
:host([view=sparkline][state=stale]) .chart{opacity:.5}
.plot{flex:1;min-block-size:0;overflow:hidden}
svg{display:block}
svg text{fill:var(--muted);font-size:.75rem}
.rule{stroke:var(--border)}.base{stroke:var(--muted)}
.c0{--c:var(--1)}.c1{--c:var(--2);--dash:6 3}.c2{--c:var(--3);--dash:2 3}.c3{--c:var(--4);--dash:8 3 2 3}
.c4{--c:var(--5);--dash:1 3}.c5{--c:var(--6);--dash:10 4}
.line,.dot{fill:none;stroke:var(--c);stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
.line{stroke-dasharray:var(--dash,none)}
.dot{stroke-width:6}
.bar{fill:var(--c)}
.area{fill:var(--c);opacity:.18}
.marker{fill:var(--c);stroke:var(--bg);stroke-width:2}
.gone{display:none}
@media (prefers-reduced-motion:reduce){.wait i{animation:none}}
@media (forced-colors:active){
  .line,.dot,.rule,.base{stroke:CanvasText}.bar{fill:CanvasText;stroke:Canvas}.area{fill:CanvasText}
  svg text{fill:CanvasText}.marker{fill:Highlight}.wait i{background:GrayText}
  button{border-color:ButtonText}
}`

let sheet: CSSStyleSheet | undefined

/** One constructed sheet for every widget of the page. */
export function widgetStyle(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
  }
  return sheet
}
