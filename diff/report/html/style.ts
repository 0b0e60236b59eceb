/** The page's style: light and dark, narrow and wide, on paper. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#656d76;--line:#d5dae0;--soft:#f4f6f8;--bad:#b3261e;--badbg:#fdeceb;
--good:#116329;--goodbg:#e6f4ea;--warn:#7d4e00;--warnbg:#fff4d6;--link:#0a58ca;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{--bg:#11151a;--fg:#e3e8ed;--dim:#98a2ad;--line:#323a43;--soft:#1a2027;--bad:#ff8f86;
--badbg:#3c1a19;--good:#7ee0a0;--goodbg:#12301f;--warn:#f2c14e;--warnbg:#3a2d0c;--link:#79b4ff}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0 auto;padding:0 1.25rem 4rem;max-width:84rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h1{font-size:1.45rem;line-height:1.25;margin:1.1rem 0 .35rem}h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h3{font-size:1rem;margin:0;overflow-wrap:anywhere}h4{font-size:.92rem;margin:.8rem 0 .25rem}
code,pre,.m,td.x{font-family:var(--mono);font-size:.84rem}
code,td,.m{overflow-wrap:anywhere}
pre{margin:.4rem 0;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);padding:.5rem .7rem;border-radius:6px}
p{margin:.35rem 0}
.dim{color:var(--dim)}.bad{color:var(--bad)}.good{color:var(--good)}.warn{color:var(--warn)}
.scroll{overflow-x:auto}
.b{display:inline-block;padding:0 .5em;border-radius:1em;font-size:.78rem;font-weight:600;background:var(--soft);color:var(--dim);white-space:nowrap}
.b.fail{background:var(--badbg);color:var(--bad)}.b.error{background:var(--warnbg);color:var(--warn)}.b.pass{background:var(--goodbg);color:var(--good)}
header{border-left:6px solid var(--line);padding-left:1rem;margin-top:1rem}
header.fail{border-color:var(--bad)}header.error{border-color:var(--warn)}header.pass{border-color:var(--good)}
header p{font-size:.92rem}
.card{border:1px solid var(--line);border-radius:8px;padding:.7rem .9rem;margin:.8rem 0}
.card.first{border-color:var(--bad);border-width:2px}
.cmd{font-family:var(--mono);font-size:.88rem;font-weight:600;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.88rem}
th{text-align:left;font-weight:600;color:var(--dim);font-size:.8rem}
th,td{padding:.16rem .5rem;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0}
.diff{table-layout:fixed;margin:.3rem 0;border:1px solid var(--line);border-radius:6px}
.diff col.k{width:5.5rem}.diff.v col.k{width:24%}
.diff td:first-child{color:var(--dim)}
.diff td{border-left:1px solid var(--line)}.diff td:first-child{border-left:0}
.diff .e{background:var(--badbg)}.diff .o{background:var(--goodbg)}.diff .s{color:var(--dim)}
mark{background:none;color:inherit;font-weight:700;text-decoration:underline;text-decoration-thickness:2px;text-underline-offset:2px}
.lanes td{min-width:9rem;font-size:.82rem}.lanes td.t{min-width:4.5rem;white-space:nowrap;color:var(--dim);font-family:var(--mono);font-size:.78rem}
.lanes .g{border-left:2px solid var(--line)}
.lanes tr.f{background:var(--badbg)}.lanes tr.f td:first-child{box-shadow:inset 4px 0 var(--bad)}
.lanes .two{display:grid;grid-template-columns:1fr 1fr;gap:.4rem}.lanes .two>*{overflow-wrap:anywhere}
.list td{font-size:.86rem}.list td+td{text-align:center}.list td.w{text-align:left}.list a{display:block}
.filters{display:flex;flex-wrap:wrap;gap:.4rem .9rem;align-items:center;font-size:.88rem;margin:.5rem 0}
.filters input[type=search]{flex:1 1 12rem;font:inherit;padding:.2rem .5rem;border:1px solid var(--line);border-radius:6px;background:var(--bg);color:var(--fg)}
article,.below{content-visibility:auto;contain-intrinsic-size:auto 40rem}
article{border-top:1px solid var(--line);padding-top:.8rem;margin-top:1.6rem}
:target,article:focus,.step:focus{outline:3px solid var(--link);outline-offset:4px;border-radius:4px}
summary{cursor:pointer;color:var(--link)}
button{font:inherit;font-size:.78rem;padding:0 .5em;border:1px solid var(--line);border-radius:5px;background:var(--soft);color:var(--fg);cursor:pointer}
.js{display:none}.on .js{display:inline-block}
a.l{color:var(--dim);font-weight:400;padding:0 .3em}
ul{margin:.3rem 0;padding-left:1.2rem}li{overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .9rem;margin:.4rem 0;font-size:.88rem}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
svg.bar{width:100%;max-width:12rem;height:.8rem;vertical-align:middle}svg.bar rect{fill:var(--good)}svg.bar.out rect{fill:var(--bad)}svg.line{width:6rem}svg.line polyline{fill:none;stroke:var(--dim);vector-effect:non-scaling-stroke}
.m .good,.m .bad,.m .warn,.m .dim{display:inline-block;width:.8em;text-align:center}
body:has(#f-d:checked) .list tbody tr:not(.d),body:has(#f-c:checked) .list tbody tr:not(.c),
body:has(#f-j:checked) .list tbody tr:not(.j),body:has(#f-k:checked) .list tbody tr:not(.k),body:has(#f-u:checked) .list tbody tr:not(.u),tr[hidden]{display:none}
@media(max-width:40rem){body{padding:0 .7rem 3rem}h1{font-size:1.2rem}header{padding-left:.7rem}.card{padding:.6rem}
th,td{padding:.16rem .35rem}.on .keys{display:none}dl{grid-template-columns:1fr}dd{margin-bottom:.3rem}
.diff,.diff thead,.diff tbody{display:block}.diff col{display:none}.diff tr{display:grid;grid-template-columns:1fr 1fr}
.diff tr>:first-child{grid-column:1/-1}.diff tr>:first-child:empty{display:none}.diff tr>:nth-child(2){border-left:0}.diff td[colspan]{grid-column:1/-1}
.diff tr>*{border-top:0}.diff tr+tr{border-top:1px solid var(--line)}}
@media print{.filters,.js,.on .js,button,a.l{display:none}body{max-width:none;font-size:11px}.scroll{overflow:visible}
.card,tr,.step{break-inside:avoid}article,.below{content-visibility:visible}}
`;
