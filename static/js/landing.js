/* The page of a link: finds the secret in the address, hides it from the address bar, asks what it opens, and fills the
   form. Written for phones of 2013: no syntax newer than ES5. Without this script the reader pastes the link. */
(function () {
  "use strict";
  var root = document.getElementById("link");
  var ref = root.getAttribute("data-ref");
  var key = "pli:" + ref;
  var form = document.getElementById("unlock");
  var secretField = form.elements.s;
  var password = document.getElementById("password");
  var ALPHABET = /^[1-9A-HJ-NP-Za-km-z]+$/;

  function clean(text) {
    return text.replace(/[\s\u00a0\u200b-\u200f\u2060\ufeff]/g, "").replace(/^[#\/]+/, "").replace(/[\/.,;:!?)\]>»”']+$/, "");
  }

  function isSecret(text) {
    return (text.length === 16 || text.length === 22) && ALPHABET.test(text);
  }

  /* Mail filters turn "#" into "%23", sometimes twice, and some apps into "/". */
  function fromAddress() {
    var text = location.pathname + location.hash;
    try { text = decodeURIComponent(decodeURIComponent(text)); } catch (ignored) { /* a lone % is no encoding */ }
    var start = text.indexOf(ref);
    return start < 0 ? "" : clean(text.slice(start + ref.length));
  }

  function store(value) {
    try { sessionStorage.setItem(key, value); } catch (ignored) { /* private mode: the form field still holds it */ }
  }

  function forget() {
    try { sessionStorage.removeItem(key); } catch (ignored) { /* private mode: nothing was kept */ }
  }

  function stored() {
    try { return sessionStorage.getItem(key) || ""; } catch (ignored) { return ""; }
  }

  function each(selector, action) {
    var found = root.querySelectorAll(selector);
    for (var i = 0; i < found.length; i += 1) { action(found[i]); }
  }

  function show(state) {
    root.setAttribute("data-state", state);
    each("[data-when]", function (part) {
      part.hidden = (" " + part.getAttribute("data-when") + " ").indexOf(" " + state + " ") < 0;
    });
  }

  function fill(name, value) {
    each("[data-slot=" + name + "]", function (slot) {
      slot.textContent = value || "";
      var whole = slot;
      while (whole && !whole.hasAttribute("data-if-slot")) { whole = whole.parentElement; }
      if (whole) { whole.hidden = !value; }
    });
  }

  function link(name, href) {
    each("a[data-slot=" + name + "]", function (slot) {
      if (href) { slot.setAttribute("href", href); } else { slot.removeAttribute("href"); }
    });
  }

  function askFor(kind) {
    var asked = kind === "none" ? "no" : "yes";
    each("[data-password]", function (part) { part.hidden = part.getAttribute("data-password") !== asked; });
    password.required = kind !== "none";
    if (kind === "none") { return; }
    each("[data-kind]", function (hint) { hint.hidden = hint.getAttribute("data-kind") !== kind; });
    /* A code printed on a letter is easier to type when it can be read; a password of one's own stays hidden. */
    if (kind === "generated") {
      reveal(true);
      password.className += " input--code";
      password.setAttribute("autocapitalize", "characters");
    }
  }

  function reveal(on) {
    var button = document.getElementById("reveal");
    password.type = on ? "text" : "password";
    button.textContent = button.getAttribute(on ? "data-hide" : "data-show");
    button.setAttribute("aria-pressed", on ? "true" : "false");
  }

  function countDown(seconds) {
    var end = new Date().getTime() + seconds * 1000;
    var timer = setInterval(tick, 500);
    function tick() {
      var left = Math.max(0, Math.ceil((end - new Date().getTime()) / 1000));
      each("[data-seconds]", function (place) { place.textContent = (left < 60 ? "" : Math.floor(left / 60) + " min ") + left % 60 + " s"; });
      each("#unlock button[name=then]", function (button) { button.disabled = left > 0; });
      if (left === 0) {
        clearInterval(timer);
        each("[data-waiting]", function (part) { part.hidden = true; });
      }
    }
    tick();
  }

  function describe(answer) {
    fill("sender", answer.sender);
    /* A number written in groups stays on one line. */
    fill("contact", (answer.contact || "").replace(/(\d) (?=\d)/g, "$1\u00a0"));
    link("contact", answer.contact_href);
    fill("title", answer.title);
    fill("expires", answer.expires);
    if (answer.brand) {
      document.documentElement.style.setProperty("--brand", answer.brand);
      document.documentElement.style.setProperty("--brand-ink", answer.brand_ink);
    }
    if (answer.state === "unknown") { forget(); }
    if (answer.state === "live") { askFor(answer.password); }
    if (answer.state === "wait") { countDown(answer.retry_after); }
    show(answer.state === "wait" ? "live" : answer.state);
  }

  function hello(secret) {
    var request = new XMLHttpRequest();
    show("asking");
    request.open("POST", "/" + ref + "/hello");
    request.setRequestHeader("Content-Type", "application/json");
    request.timeout = 20000;
    request.onload = function () {
      var answer = null;
      try { answer = JSON.parse(request.responseText); } catch (ignored) { /* handled below */ }
      if (answer && answer.state) { describe(answer); } else { show("offline"); }
    };
    request.onerror = request.ontimeout = function () { show("offline"); };
    request.send(JSON.stringify({ s: secret }));
  }

  function start() {
    var found = fromAddress();
    var secret = isSecret(found) ? found : isSecret(secretField.value) ? secretField.value : stored();
    /* The answer to a form is no page to come back to: "back" would ask to send the password again. */
    if ((isSecret(found) || location.pathname === "/" + ref + "/unlock") && history.replaceState) { history.replaceState(null, "", "/" + ref + location.search); }
    var wait = root.getAttribute("data-wait");
    if (wait) { countDown(Number(wait)); }
    if (!isSecret(secret)) {
      show("paste");
      each("[data-cut]", function (note) { note.hidden = false; });
      return;
    }
    store(secret);
    secretField.value = secret;
    hello(secret);
  }

  document.getElementById("reveal").onclick = function () { reveal(password.type === "password"); };
  each("[data-again]", function (button) { button.onclick = start; });
  each("form[data-needs-secret]", function (other) {
    other.onsubmit = function () { other.elements.s.value = secretField.value; };
  });
  /* A second tap would spend a second try. A download leaves the page as it is, so the buttons come back. */
  var then = "open";
  each("#unlock button[name=then]", function (button) {
    button.onclick = function () { then = button.value; };
  });
  form.onsubmit = function () {
    if (form.getAttribute("data-sent")) { return false; }
    each("[data-then]", function (text) { text.hidden = text.getAttribute("data-then") !== then; });
    then = "open";
    form.setAttribute("data-sent", "1");
    document.getElementById("opening").hidden = false;
    setTimeout(free, 12000);
    return true;
  };
  function free() {
    form.removeAttribute("data-sent");
    document.getElementById("opening").hidden = true;
  }
  window.onpageshow = free;
  document.getElementById("reveal").hidden = false;
  window.onhashchange = start;
  start();
})();
