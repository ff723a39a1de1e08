// A phone that opens the link of a card also tells the network that the button was tapped. Without script the link opens
// all the same, and nobody hears of the tap.
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("a[data-tap]") : null;
  if (!button) return;
  fetch(button.dataset.tap, {
    method: "POST",
    headers: { "X-CSRF-Token": document.querySelector("input[name=csrf]").value },
    body: new URLSearchParams({ position: button.dataset.position }),
    redirect: "manual",
    keepalive: true,
  }).catch(() => { /* the phone lost its network; the page it opened says so */ });
});
