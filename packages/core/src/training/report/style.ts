/** The report's look: light and dark by the reader's own setting, one file, nothing fetched. */
export const style: string = `
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #fff; --ink: #16202c; --soft: #5b6878; --rule: #e3e7ec;
  --c0: #2563c9; --c1: #d97706; --c2: #12875d; --c3: #8b46d6; --c4: #cf3a4a; --c5: #0c8599; --good: #12875d; --bad: #cf3a4a; --wait: #a16207; }
@media (prefers-color-scheme: dark) { :root { --paper: #11161d; --card: #1a212b; --ink: #e7ecf2; --soft: #97a4b4; --rule: #2b3542;
  --c0: #6ea8ff; --c1: #f5b04c; --c2: #4cc596; --c3: #c193ff; --c4: #ff7b85; --c5: #4fc6d8; --good: #4cc596; --bad: #ff7b85; --wait: #f5b04c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 32px 20px 64px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; margin-bottom: 20px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 34px 0 12px; }
.state { font-weight: 600; font-size: 13px; padding: 2px 10px; border-radius: 99px; border: 1px solid currentColor; }
.finished { color: var(--good); } .failed { color: var(--bad); } .aborted, .running { color: var(--wait); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.tile, .chart, .picture, .note { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.tile { padding: 12px 14px; } .tile > span:first-child { display: block; color: var(--soft); font-size: 13px; }
.tile small { color: var(--soft); font-weight: 400; font-size: 13px; white-space: nowrap; }
.tile > b { font-size: 21px; font-weight: 600; font-variant-numeric: tabular-nums; }
.note { padding: 10px 14px; margin-top: 12px; border-left: 4px solid var(--wait); } .note.bad { border-left-color: var(--bad); } .note.level { border-left-color: var(--rule); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 14px; }
figure { margin: 0; } .chart { padding: 12px 12px 6px; } .chart svg { display: block; width: 100%; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; padding: 0 2px 6px; }
figcaption > span { color: var(--soft); font-size: 13px; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 14px; } figcaption .keys { margin-left: auto; }
.key { font-size: 13px; color: var(--soft); white-space: nowrap; } .key b { color: var(--ink); font-variant-numeric: tabular-nums; }
.key i { display: inline-block; width: 12px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; background: currentColor; }
.grid { stroke: var(--rule); stroke-width: 1; } .tick { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.line { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } .line.pale { opacity: 0.28; stroke-width: 1; }
.mark { fill: currentColor; }
${[0, 1, 2, 3, 4, 5].map((i) => `.c${i} { color: var(--c${i}); }`).join(' ')}
.bar { display: flex; height: 12px; border-radius: 6px; overflow: hidden; margin: 8px 0 6px; } .bar i { background: currentColor; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 220px), 1fr)); gap: 14px; }
.picture { overflow: hidden; } .picture img { display: block; width: 100%; image-rendering: auto; background: var(--rule); }
.picture figcaption { padding: 8px 12px 10px; font-size: 13px; display: block; } .picture figcaption b { display: block; font-size: 14px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; background: var(--card); border-radius: 10px; overflow: hidden; border: 1px solid var(--rule); }
td { padding: 6px 14px; border-top: 1px solid var(--rule); vertical-align: top; overflow-wrap: anywhere; } tr:first-child td { border-top: 0; }
td:first-child { color: var(--soft); width: 240px; } footer { margin-top: 40px; color: var(--soft); font-size: 13px; }
@media print { body { background: #fff; } .chart, .picture { break-inside: avoid; } }
`;
