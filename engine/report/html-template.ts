/** The page of `--html`, a template of the project's own: nunjucks fills it in and escapes what it is given. */
export const pageTemplate = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{ names }}: {{ verdict }}</title><style>
:root{color-scheme:light dark;--ok:#2e7d32;--changed:#b26a00;--failed:#c62828;--skipped:#00838f;--unreachable:#ad1457;--rescued:#558b2f;--ignored:#8d6e63;--unknown:#6a1b9a;--line:#8884}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1 small{font-weight:normal;font-size:60%}
h2{font-size:1.1rem;border-bottom:1px solid var(--line);margin-top:2rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;padding:.1rem .8rem .1rem 0}
td{padding:.1rem .8rem .1rem 0}
td.none{opacity:.4}
pre{overflow:auto;max-height:30rem;padding:.6rem;border:1px solid var(--line);border-radius:4px;font-size:13px}
.lanes{width:100%}.lanes th{width:1%;white-space:nowrap}.lanes td{padding:0}
.lanes div{position:relative;height:1.1rem;margin:.15rem 0;background:#8881}
.lanes a{position:absolute;top:0;bottom:0;min-width:2px;box-shadow:inset -1px 0 Canvas}
.scale{display:flex;justify-content:space-between;opacity:.7;font-size:12px}
details{margin:.2rem 0}details.result{margin-left:1.2rem}summary{cursor:pointer}
.place{margin:.2rem 0 .2rem 1.2rem;opacity:.7;font-size:13px}
.key{color:#fff;border-radius:3px;padding:0 .35rem;font-size:12px}
{% for name in counted -%}
.lanes a.{{ name }},.key.{{ name }}{background:var(--{{ name }})}td.{{ name }},b.{{ name }}{color:var(--{{ name }})}
{% endfor -%}
ins,del,.diff span{text-decoration:none}ins{color:var(--ok)}del{color:var(--failed)}
:target>summary{outline:2px solid var(--changed)}
</style></head><body>
<header><h1>{{ names }}{% if checkMode %} <small>prediction (--check)</small>{% endif %}</h1>
<p><b class="{{ "ok" if verdict == "ok" else "failed" }}">{{ verdict }}</b>, exit code {{ exitCode }}, {{ length }}, {{ began }} UTC</p></header>
<section><h2>Hosts</h2>
<table><tr><th></th>{% for name in counted %}<th>{{ name }}</th>{% endfor %}<th>busy</th></tr>
{% for host in hosts -%}
<tr><th>{{ host.name }}</th>{% for count in host.counts %}<td class="{{ counted[loop.index0] if count else "none" }}">{{ count }}</td>{% endfor %}<td>{{ host.busy }}</td></tr>
{% endfor %}</table></section>
<section><h2>Timeline</h2>
<table class="lanes">
{%- for lane in lanes %}
<tr><th>{{ lane.host }}</th><td><div>
{%- for bar in lane.bars %}<a href="#task-{{ bar.id }}" class="{{ bar.word }}" style="left:{{ bar.left }}%;width:{{ bar.width }}%" title="{{ bar.title }}"></a>{% endfor -%}
</div></td></tr>
{%- endfor %}
<tr><th></th><td class="scale">{% for mark in marks %}<span>{{ mark }}</span>{% endfor %}</td></tr></table>
<p>{% for name in counted %}<span class="key {{ name }}">{{ name }}</span> {% endfor %}</p></section>
{% if warnings.length -%}
<section><h2>Warnings</h2>
<ul>{% for warning in warnings %}<li>{{ warning }}</li>{% endfor %}</ul></section>
{% endif -%}
{% for play in plays -%}
<section><h2>Play: {{ play.name }}</h2>
{% for task in play.tasks -%}
<details id="task-{{ task.id }}"{% if task.open %} open{% endif %}><summary>{% if task.handler %}handler {% endif %}<b>{{ task.name }}</b>{% for sum in task.sums %} <span class="key {{ sum.word }}">{{ sum.count }} {{ sum.word }}</span>{% endfor %}</summary>
<p class="place">{{ task.module }}, {{ task.place }}</p>
{% for result in task.results -%}
<details class="result"><summary><span class="key {{ result.word }}">{{ result.word }}</span> {{ result.text }}{% if result.time %} <small>{{ result.time }}</small>{% endif %}</summary>
{%- if result.diff.length %}<pre class="diff">{% for part in result.diff %}<{{ part.kind }}>{{ part.line }}</{{ part.kind }}>
{% endfor %}</pre>{% endif -%}
<pre>{{ result.json }}</pre></details>
{% endfor -%}
</details>
{% endfor -%}
</section>
{% endfor -%}
</body></html>
`;
