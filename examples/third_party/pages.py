"""The two pages of Tidewater Calendar; everything that comes from elsewhere is escaped by Jinja."""

from __future__ import annotations

HOME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Tidewater Calendar</title><link rel="icon" href="data:,">
<style nonce="{{ nonce }}">
body { font: 1.0625rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
.note { border-inline-start: .25rem solid #b3261e; padding: .25rem 1rem; }
a, button { font: inherit; } li { overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>Tidewater Calendar</h1>
{% if is_unsure %}
<p role="status">Your account site cannot be asked right now. Please try again.</p>
{% elif me %}
<p role="status">Connected as <b>{{ me.name or me.email or "somebody" }}</b>{% if me.email %} ({{ me.email }}){% endif %}.</p>
{% if sessions is none %}
<p>You have not allowed this app to see where you are signed in.</p>
{% else %}
<h2>Where you are signed in</h2>
<ul>{% for row in sessions %}<li>{{ row.client_name or row.device }}{% if row.location %}, {{ row.location }}{% endif %}</li>{% endfor %}</ul>
{% endif %}
<form method="post" action="/disconnect"><button>Disconnect</button></form>
<p>It then stays listed under Settings › Sessions until you revoke it there.</p>
{% else %}
{% if gone %}
<div class="note" role="alert"><p><b>Tidewater Calendar no longer has access to your account.</b> {{ why }} <code>{{ gone }}</code></p></div>
{% elif problem %}
<div class="note" role="alert"><p><b>Your account was not connected.</b> {{ problem }}</p></div>
{% endif %}
<p>Connect your account to see your calendar beside where you are signed in.</p>
<p><a href="/connect">Connect your account</a></p>
<p><a href="/connect?popup=1" data-popup>Connect in a small window</a></p>
<script nonce="{{ nonce }}">
document.querySelector("[data-popup]").addEventListener("click", (event) => {
  event.preventDefault();
  open(event.target.href, "connect", "popup,width=480,height=720");
});
addEventListener("message", (event) => {
  if (event.origin === location.origin && event.data === "connected") location.replace("/");
});
</script>
{% endif %}
</main>
</body>
</html>
"""
CLOSES = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Connected</title><link rel="icon" href="data:,">
<main><h1>Done</h1><p><a href="/">Back to Tidewater Calendar</a></p></main>
<script nonce="{{ nonce }}">
if (opener) { opener.postMessage("connected", location.origin); close(); }
</script>
</html>
"""
